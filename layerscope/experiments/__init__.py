"""Experiments: the same pipeline under other parameters, what came of it, and how far two agree."""
