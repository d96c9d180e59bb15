"""Who may change runs: nobody on a hosted app."""

from __future__ import annotations

import streamlit as st

from layerscope.errors import InputError
from ui.library import load_params

_OWN = {"localhost", "127.0.0.1", "::1"}  # what only this machine reaches


def is_editable() -> bool:
    """Whether runs are changed here: ``app.editable``, on a server that listens to this machine alone."""
    try:
        return load_params().app.editable and st.get_option("server.address") in _OWN
    except InputError:
        return False
