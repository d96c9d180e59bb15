"""What is being looked at: one frozen value, kept in the address so that a link restores it.

The address is the only place where the selection lives; a session remembers it for pages that are
opened without one. Widgets are set from it before each run of a page, and their callbacks write to it.
What it holds may come from anyone: each value is accepted only if its text equals that of something
there is to choose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from layerscope.models.layers import GIVEN
from layerscope.storage.store import store_path
from projects.state import find_run
from ui.address import Reading, recall_part, write_part
from ui.coarse import find_coarse
from ui.columns import Keep, list_colorings, read_filters, write_filters
from ui.library import Contents, is_built

METHODS = {
    "pca": "PCA",
    "tsne": "t-SNE",
    "umap": "UMAP",
    "densmap": "densMAP",
    "pacmap": "PaCMAP",
}
COLORS = {
    "true": "True class",
    "predicted": "Predicted class",
    "coarse": "Coarse class",
    "correct": "Correct or not",
    "confidence": "Confidence",
    "margin": "Top-1 margin",
    "cluster": "Cluster of a layer",
    "kept": "Neighbours kept",
}
VERDICTS = {"all": "All", "correct": "Correct", "wrong": "Wrong"}
ORDERS = ("-score", "score", "channel", "-channel")
MARKS = ("points", "pictures")
NEAR = {"euclidean": "Euclidean", "cosine": "cosine"}
_LARGEST_AT_START = 1000
_ENTRIES = re.compile(r"\d{1,4}(\.\d{1,4}){0,999}")


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
    color : str
        One of `offers`: a key of `COLORS`, or of a column.
    cluster : str or None
        Key of the layer whose clusters colour the plot; used by that colouring only.
    only : frozenset of int
        Entries of the legend that are kept; empty for all.
    verdict : str
        A key of `VERDICTS`: whether correct or wrong predictions are kept.
    confidence : tuple of int
        Lowest and highest per cent that are kept.
    where : tuple of (str, str or None)
        Columns with values that are kept, of `list_filters`: of one column any, of several columns all.
    marks : str
        One of `MARKS`.
    why, against : int or None
        Outputs of the target and the contrast class, under the names that they have in the address; None for
        the predicted one, and for none.
    channel : int or None
        The channel of the layer that is open.
    order : str
        One of `ORDERS`: of the grid of channels.
    near : str
        A key of `NEAR`: the distance by which samples are the nearest in a layer.
    """

    run: str
    size: int
    layer: str
    method: str
    perplexity: str | None
    sample: int | None
    color: str = "true"
    cluster: str | None = None
    only: frozenset[int] = frozenset()
    verdict: str = "all"
    confidence: tuple[int, int] = (0, 100)
    where: tuple[Keep, ...] = ()
    marks: str = "points"
    why: int | None = None
    against: int | None = None
    channel: int | None = None
    order: str = "-score"
    near: str = "euclidean"

    @property
    def embedding(self) -> str:
        """Its name in ``layers.csv``."""
        return f"tsne-{self.perplexity}" if self.method == "tsne" else self.method

    def to_params(self) -> dict[str, str]:
        """As query parameters; what is as it was at the start is left out."""
        values = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name in _ALWAYS or getattr(self, field.name) != field.default
        }
        values["only"] = write_entries(self.only)
        if "confidence" in values:
            values["confidence"] = write_range(self.confidence)
        if "where" in values:
            values["where"] = write_filters(self.where)
        return {key: str(value) for key, value in values.items() if value not in {None, ""}}


KEYS = tuple(field.name for field in fields(Selection))
_ALWAYS = frozenset(KEYS[:6])


def offers(contents: Contents) -> tuple[str, ...]:
    """What a run can be coloured by: not every one has labels, predictions, or classes of ImageNet."""
    vain = set() if find_coarse(contents) is not None else {"coarse"}
    if not contents.outputs:
        vain |= {"predicted", "correct", "confidence", "margin"}
    if not contents.categories:
        vain |= {"true", "correct"}
    return (*(key for key in COLORS if key not in vain), *list_colorings(contents.columns))


def name_coloring(key: str) -> str:
    """One of `offers` as people read it."""
    return COLORS.get(key) or key[:1].upper() + key[1:]


def write_entries(entries: Iterable[int]) -> str:
    """Numbers of legend entries as they stand in the address."""
    return ".".join(map(str, sorted(entries)))


def write_range(ends: tuple[int, int]) -> str:
    """A range of per cents as it stands in the address."""
    return f"{ends[0]}-{ends[1]}"


def choose_run(params: Mapping[str, str], runs: tuple[str, ...]) -> tuple[str, list[str]]:
    """The run that the address asks for, or the first that is built; and what was refused.

    A first look that is no longer there is its run.
    """
    start = next((run for run in runs if is_built(run)), runs[0])
    asked = {"run": find_run(params["run"], runs)} if "run" in params else {}
    reading = Reading(asked)
    return reading.choose("run", runs, start), reading.refused


def read_selection(params: Mapping[str, str], contents: Contents) -> tuple[Selection, list[str]]:
    """The selection that the address asks for, and the names of values that are not there."""
    reading = Reading(params)
    choose, refused = reading.choose, reading.refused

    keys = [layer.key for layer in contents.layers]
    dense = [layer.key for layer in contents.layers if layer.kind == "dense" and contents.outputs]
    small = [size for size in contents.sizes if size <= _LARGEST_AT_START]
    size = choose("size", contents.sizes, (small or contents.sizes)[-1], "number of samples")
    own = [key for key in keys if key != GIVEN]
    layer = choose("layer", keys, (dense or own)[-1])
    at_hand = contents.perplexities
    there = "umap" if store_path(contents.run, "umap").exists() else "pca"  # while it is built
    method = choose("method", METHODS, "tsne" if at_hand else there)
    usual = "30" if "30" in at_hand else (at_hand[len(at_hand) // 2] if at_hand else None)
    outputs = range(len(contents.outputs))
    start = "true" if contents.categories else "cluster"
    selection = Selection(
        contents.run,
        size,
        layer,
        method,
        choose("perplexity", at_hand, usual),
        sample=choose("sample", range(size), None),
        color=choose("color", offers(contents), start, "colouring"),
        cluster=choose("cluster", keys, None, "layer to cluster"),
        only=_read_entries(params, refused),
        verdict=choose("verdict", VERDICTS if contents.categories else ("all",), "all"),
        confidence=_read_range(params, refused),
        where=_read_filters(params, contents, refused),
        marks=choose("marks", MARKS, "points"),
        why=choose("why", outputs, None, "class to explain"),
        against=choose("against", outputs, None, "class to compare"),
        channel=choose("channel", range(contents.layer(layer).shape[0]), None),
        order=choose("order", ORDERS, "-score"),
        near=choose("near", NEAR, "euclidean", "distance"),
    )
    return selection, refused


def write_selection(selection: Selection) -> None:
    """Put the selection in the address, and remember it; other parameters stay."""
    write_part("selection", KEYS, selection.to_params())


def recall_selection() -> None:
    """Where a page is opened without a selection, go on with the one of this session."""
    recall_part("selection", KEYS)


def _read_entries(params: Mapping[str, str], refused: list[str]) -> frozenset[int]:
    text = params.get("only")
    if text is None:
        return frozenset()
    if len(text) > 5000 or not _ENTRIES.fullmatch(text):
        refused.append("choice of classes")
        return frozenset()
    return frozenset(map(int, text.split(".")))


def _read_filters(
    params: Mapping[str, str], contents: Contents, refused: list[str]
) -> tuple[Keep, ...]:
    """Those of the filters by columns that the run has: where it lacks one, the others still count."""
    text = params.get("where")
    if text is None:
        return ()
    found, complete = read_filters(text, contents.columns)
    if not complete:
        refused.append("filter by column")
    return found


def _read_range(params: Mapping[str, str], refused: list[str]) -> tuple[int, int]:
    text = params.get("confidence")
    if text is None:
        return 0, 100
    ends = re.fullmatch(r"(\d{1,3})-(\d{1,3})", text)
    low, high = map(int, ends.groups()) if ends else (1, 0)
    if not low <= high <= 100:
        refused.append("range of confidence")
        return 0, 100
    return low, high
