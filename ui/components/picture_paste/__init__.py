"""A picture from the clipboard: whoever presses Ctrl+V on the page brings what was copied."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import streamlit as st

from ui.assets import read_asset

_render = st.components.v2.component(
    "layerscope.picture_paste",
    html='<p class="paste" role="status"></p>',
    css=read_asset(__file__, "picture_paste.css"),
    js=read_asset(__file__, "picture_paste.js"),
)


def draw_paste(max_bytes: int, *, key: str, on_paste: Callable[[bytes], None]) -> None:
    """Listen for a picture that is pasted.

    Parameters
    ----------
    max_bytes : int
        Larger files are refused in the browser, and here if it sends them nevertheless.
    key : str
    on_paste : callable
        Called with the content of the file, which may be anything.
    """

    def receive() -> None:
        content = read_pasted(st.session_state[key].paste, max_bytes)
        if content is not None:
            on_paste(content)

    _render(key=key, data={"most": max_bytes}, on_paste_change=receive)


def read_pasted(sent: object, max_bytes: int) -> bytes | None:
    """What a browser sent, base64 (RFC 4648, 4), as bytes; None where it is anything else."""
    if not isinstance(sent, str) or not 0 < len(sent) <= 4 * (max_bytes // 3 + 1):
        return None
    try:
        return base64.b64decode(sent, validate=True)
    except (binascii.Error, ValueError):
        return None
