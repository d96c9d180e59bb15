"""One short module per stage: read the parameters, read the inputs, compute, write."""
