"""How finely feature maps are averaged before layers are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Averaging:
    """To one grid for all layers, or each map over cells of a factor.

    With a factor each pool halves the grid of the layer before it, and what changes there is partly our own
    averaging; on one grid no layer differs from the next by it.

    Attributes
    ----------
    kind : "grid" or "pool"
        Cells along a side that all maps get as far as they have them, or places along a side of a cell.
    number : int
        At least 1.
    """

    kind: Literal["grid", "pool"]
    number: int

    @property
    def name(self) -> str:
        """What its arrays are called: "grid7", "pool4"."""
        return f"{self.kind}{self.number}"

    def side(self, side: int) -> int:
        """Side of an averaged feature map: with a factor never below 2; never above the map's own."""
        if self.kind == "grid":
            return min(side, self.number)
        return min(side, max(2, -(-side // self.number)))
