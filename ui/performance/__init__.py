"""How well a model does on a data set, and where it errs."""
