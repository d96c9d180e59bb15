"""A picture from the clipboard: whoever presses Ctrl+V on the page brings what was copied."""

from __future__ import annotations

import base64
from collections.abc import Callable

from ui.components.component import Component, Trigger

_COMPONENT = Component("picture_paste", html='<p class="paste" role="status"></p>')


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
    paste = Trigger(lambda sent: read_pasted(sent, max_bytes), on_paste)
    _COMPONENT.draw(key=key, data={"most": max_bytes}, triggers={"paste": paste})


def read_pasted(sent: object, max_bytes: int) -> bytes:
    """What a browser sent, base64 (RFC 4648, 4), as bytes; ValueError where it is anything else."""
    if not isinstance(sent, str) or not 0 < len(sent) <= 4 * (max_bytes // 3 + 1):
        raise ValueError("not a text of that length")
    return base64.b64decode(sent, validate=True)
