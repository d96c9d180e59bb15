"""Layerscope: a look inside convolutional classifiers, layer by layer, down to a neuron.

The library takes arrays and returns arrays. It imports neither Streamlit nor DVC, but for `show`, which hands
over to what lies beside it.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def show(*args: Any, **kwargs: Any) -> Any:
    """Look at a network from a notebook or a script: see `projects.notebook.show`."""
    from importlib import import_module

    from layerscope.home import enter_home

    enter_home()
    return import_module("projects.notebook").show(*args, **kwargs)
