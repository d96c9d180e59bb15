"""The Explorer: what is chosen, how it is coloured and drawn, what a lasso has caught."""
