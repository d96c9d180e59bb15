"""What plots of samples share in the browser: colours, marks, the legend, the tooltip.

A plot's component puts `SCRIPT` before its own scripts and `STYLE` before its own style.
"""

from __future__ import annotations

from ui.assets import read_asset

_SCRIPTS = (
    "geometry.js",
    "easing.js",
    "elements.js",
    "keys.js",
    "choice.js",
    "cast.js",
    "album.js",
    "sizes.js",
    "marks.js",
    "legend.js",
    "tooltip.js",
)
SCRIPT = "\n".join(read_asset(__file__, name) for name in _SCRIPTS)
STYLE = read_asset(__file__, "points.css")
