"""What is being looked at: one frozen value, kept in the address so that a link restores it.

The address is the only place where the selection lives. Widgets are set from it before each run of a
page, and their callbacks write to it. What it holds may come from anyone: each value is accepted only
if its text equals that of something there is to choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from ui.library import Contents, is_built

METHODS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
KEYS = ("run", "size", "layer", "method", "perplexity", "sample")
_LARGEST_AT_START = 1000
T = TypeVar("T")


@dataclass(frozen=True)
class Selection:
    """A view of a run.

    Attributes
    ----------
    run : str
    size : int
        Number of samples.
    layer : str
        A layer's key.
    method : str
        A key of `METHODS`.
    perplexity : str or None
        As in file names; used by t-SNE only, kept with other methods. None where there is none.
    sample : int or None
        Uid of the pinned sample.
    """

    run: str
    size: int
    layer: str
    method: str
    perplexity: str | None
    sample: int | None

    @property
    def embedding(self) -> str:
        """Its name in ``layers.csv``."""
        return f"tsne-{self.perplexity}" if self.method == "tsne" else self.method

    def to_params(self) -> dict[str, str]:
        """As query parameters; what is None is left out."""
        values = {key: getattr(self, key) for key in KEYS}
        return {key: str(value) for key, value in values.items() if value is not None}


def choose_run(params: Mapping[str, str], runs: tuple[str, ...]) -> tuple[str, list[str]]:
    """The run that the address asks for, or the first that is built; and what was refused."""
    start = next((run for run in runs if is_built(run)), runs[0])
    chosen, refused = _match(params, "run", runs, start)
    return chosen, ["run"] if refused else []


def read_selection(params: Mapping[str, str], contents: Contents) -> tuple[Selection, list[str]]:
    """The selection that the address asks for, and the names of values that are not there."""
    keys = [layer.key for layer in contents.layers]
    dense = [layer.key for layer in contents.layers if layer.kind == "dense"]
    small = [size for size in contents.sizes if size <= _LARGEST_AT_START]
    size, no_size = _match(params, "size", contents.sizes, (small or contents.sizes)[-1])
    layer, no_layer = _match(params, "layer", keys, (dense or keys)[-1])
    method, no_method = _match(params, "method", METHODS, "tsne")
    at_hand = contents.perplexities
    usual = "30" if "30" in at_hand else (at_hand[len(at_hand) // 2] if at_hand else None)
    perplexity, no_perplexity = _match(params, "perplexity", at_hand, usual)
    sample, no_sample = _match(params, "sample", range(size), None)
    refused = {
        "number of samples": no_size,
        "layer": no_layer,
        "method": no_method,
        "perplexity": no_perplexity,
        "sample": no_sample,
    }
    selection = Selection(contents.run, size, layer, method, perplexity, sample)
    return selection, [name for name, missing in refused.items() if missing]


def write_selection(selection: Selection) -> None:
    """Put the selection in the address; other parameters stay."""
    wanted = selection.to_params()
    for key in KEYS:
        if key not in wanted and key in st.query_params:
            del st.query_params[key]
    if any(st.query_params.get(key) != value for key, value in wanted.items()):
        st.query_params.update(wanted)


def _match(params: Mapping[str, str], key: str, options: Iterable[T], start: T) -> tuple[T, bool]:
    """The option whose text the parameter is, else `start`; and whether one was refused."""
    text = params.get(key)
    if text is None:
        return start, False
    for option in options:
        if str(option) == text:
            return option, False
    return start, True
