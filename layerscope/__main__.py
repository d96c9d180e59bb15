"""``layerscope``, the command, and ``python -m layerscope``."""

from __future__ import annotations

from importlib import import_module

from layerscope.home import enter_home


def main() -> None:
    """Hand over to `projects.command`, which a wheel carries beside the app."""
    enter_home()
    import_module("projects.command").main()


if __name__ == "__main__":
    main()
