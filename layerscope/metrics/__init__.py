"""How good a model is, and how faithful an embedding."""
