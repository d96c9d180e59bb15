"""Measurements of the app and of the pipeline; run by `make bench-app`."""
