"""How high the container is that something is drawn into, for what wants to know it in pixels."""

from __future__ import annotations

from ui.components.component import Component

LEAST, MOST = 160, 4000  # pixels
_COMPONENT = Component("room")


def measure_room(key: str, start: int) -> int:
    """The height of the container that this is drawn into, in pixels.

    The container needs a height of its own, not that of what is in it. At first `start` is returned; the
    page runs again where the height is another.
    """
    found = _COMPONENT.render(
        key=key, data={}, default={"height": None}, on_height_change=lambda: None
    )
    return read_height(found.height, start)


def read_height(sent: object, start: int) -> int:
    """A height in pixels, else `start`: what a browser sends may be anything."""
    return sent if type(sent) is int and LEAST <= sent <= MOST else start
