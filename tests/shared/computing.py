"""The engine's face without its process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ui.live.engine import Work

T = TypeVar("T")


class Here:
    """Computes at once, on the thread that asks."""

    def call(self, function: Callable[..., T], *args: object) -> T:
        """As `ui.live.engine.Engine.call`."""
        return function(*args)

    def work(self, function: Callable[..., T], *args: object, is_long: bool = False) -> Work[T]:
        """As `ui.live.engine.Engine.work`."""
        return lambda publish, is_unwanted: function(*args, publish, is_unwanted)
