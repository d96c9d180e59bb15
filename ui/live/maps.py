"""What layers make of a picture, at full resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerscope.models.layers import Layer
from ui.live.models import Source, load
from ui.live.turns import computing

if TYPE_CHECKING:
    from torch import Tensor


def find_maps(
    source: Source, picture: np.ndarray, layers: tuple[Layer, ...]
) -> dict[str, np.ndarray]:
    """Outputs of inner layers by key, float32 each, (C, H, W) or (C,), by one pass up to the last of them.

    Parameters
    ----------
    source : Source
    picture : ndarray of uint8, (S, S, 3)
    layers : tuple of Layer
    """
    classifier = load(source)
    from layerscope.activations.pooling import forward_until

    found: dict[str, np.ndarray] = {}

    def keep(key: str, output: Tensor) -> None:
        found[key] = output[0].float().cpu().numpy().copy()  # an in-place ReLU may come next

    with computing:
        forward_until(classifier, picture[None], layers, keep)
    return found


def find_head_maps(
    source: Source, picture: np.ndarray, layer: str, query: int | None
) -> tuple[np.ndarray, bool] | None:
    """What a token attends to in a layer, (heads, h, w), and whether there is a class token.

    None where the layer does not attend from all tokens to all. See
    `layerscope.explanation.attention.find_attention`.
    """
    classifier = load(source)
    from layerscope.explanation.attention import find_attention, find_tokens

    with computing:
        maps = find_attention(classifier, picture[None], layer, query)
        tokens = None if maps is None else find_tokens(classifier)
    return None if maps is None or tokens is None else (maps[0], tokens.has_class)
