"""Measurements of the app and of the pipeline; `make help` lists them."""
