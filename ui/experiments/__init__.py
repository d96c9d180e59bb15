"""Sweeps of parameters, compared."""
