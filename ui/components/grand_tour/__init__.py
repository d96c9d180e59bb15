"""A Grand Tour of the layers of one or two networks, turned, dragged and travelled in the browser.

The clouds themselves are put on the page by `ui.components.clouds`, the pictures by
`ui.components.thumbnails`. Python hears only of what is chosen, and of the tour where it rests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import streamlit as st

from ui.assets import read_asset
from ui.components.points import SCRIPT, STYLE
from ui.components.scatter import Coloring
from ui.components.triggers import (
    Handle,
    Moment,
    read_handles,
    read_lasso,
    read_layer,
    read_moment,
    read_only,
    read_pin,
    read_switch,
)

_SCRIPTS = (
    "core.js",
    "shaders.js",
    "renderer.js",
    "handles.js",
    "zoom.js",
    "course.js",
    "movement.js",
    "trust_meter.js",
    "groups.js",
    "cloud_view.js",
    "layer_track.js",
    "timeline.js",
    "quality.js",
    "export.js",
    "saving.js",
    "journey.js",
    "pointing.js",
    "gestures.js",
    "shortcuts.js",
    "looks.js",
    "loop.js",
    "grand_tour.js",
)
_STYLES = ("grand_tour.css", "track.css", "timeline.css")
_render = st.components.v2.component(
    "layerscope.grand_tour",
    html=read_asset(__file__, "grand_tour.html"),
    css="\n".join((STYLE, *(read_asset(__file__, name) for name in _STYLES))),
    js="\n".join((SCRIPT, *(read_asset(__file__, name) for name in _SCRIPTS))),
)
T = TypeVar("T")


@dataclass(frozen=True)
class Stop:
    """A layer on the track of a network.

    Attributes
    ----------
    key, kind, label : str
        As in the table of layers.
    kept : float or None
        Trustworthiness of the embedding against the layer itself.
    accuracy : float or None
        Of a classifier on the layer.
    """

    key: str
    kind: str
    label: str
    kept: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Network:
    """What is known of a network's layers and of its predictions.

    Attributes
    ----------
    family : str
        Of its clouds.
    name : str
    stops : sequence of Stop
        From input to output.
    layer : str
        Key of the one that is shown.
    predicted : ndarray of int, (n,)
        Index into `outputs`.
    outputs : sequence of str
        Names of all classes that were predicted.
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the network has no such class.
    confidence : ndarray of float32, (n,)
        Probability of the predicted class.
    """

    family: str
    name: str
    stops: Sequence[Stop]
    layer: str
    predicted: np.ndarray
    outputs: Sequence[str]
    correct: np.ndarray
    confidence: np.ndarray


@dataclass(frozen=True)
class Scene:
    """What is shown.

    Attributes
    ----------
    networks : sequence of Network
        One or two, of the same samples.
    labels : ndarray of int, (n,)
        Index into `classes`.
    classes : sequence of str
    coloring : Coloring
    movement : sequence of str, or None
        Steps of a scale of colours, from low to high, where samples are coloured by how far they moved
        from layer to layer; the groups of `coloring` then say nothing.
    faded : ndarray of bool, (n,)
        What filters leave out: grey, and out of the pointer's reach.
    family : str
        Of the samples' pictures.
    dimensions : int
        Of the clouds.
    """

    networks: Sequence[Network]
    labels: np.ndarray
    classes: Sequence[str]
    coloring: Coloring
    movement: Sequence[str] | None
    faded: np.ndarray
    family: str
    dimensions: int = 15


def draw_grand_tour(
    scene: Scene,
    *,
    pinned: int | None,
    only: frozenset[int],
    lassoed: Sequence[int],
    pictures: bool,
    handles: Sequence[Handle],
    aligned: bool,
    moment: Moment,
    key: str,
    on_pin: Callable[[int | None], None],
    on_only: Callable[[frozenset[int]], None],
    on_lasso: Callable[[tuple[int, ...]], None],
    on_pictures: Callable[[bool], None],
    on_layer: Callable[[int, str], None],
    on_moment: Callable[[Moment], None],
    on_handles: Callable[[tuple[Handle, ...]], None],
    on_aligned: Callable[[bool], None],
) -> None:
    """Draw the tour, as high as the style's `--tour-height` (720 px without it).

    Parameters
    ----------
    scene : Scene
    pinned : int or None
        The sample that is marked.
    only : frozenset of int
        Entries of the legend that are kept; empty for all.
    lassoed : sequence of int
        Samples that stand out, rising; empty for none.
    pictures : bool
        Whether samples are pictures rather than points.
    handles : sequence of Handle
        Besides those of the classes.
    aligned : bool
        Whether the second network is turned onto the first.
    moment : Moment
        Where the tour begins: it plays from step 0 and stands still at any other.
    key : str
        Of the component.
    on_pin : callable
        Called with a uid when a sample is pinned, with None when it is released.
    on_layer : callable
        Called with the number of a network and the key of the layer that it shows now.
    on_only, on_lasso, on_pictures, on_moment, on_handles, on_aligned : callable
        Called with the new value of what is named like them.
    """
    count = len(scene.labels)
    entries = scene.movement if scene.movement is not None else scene.coloring.entries
    layers = [[stop.key for stop in network.stops] for network in scene.networks]

    def receive(name: str, read: Callable[[object], T], tell: Callable[[T], None]) -> None:
        with suppress(ValueError):
            tell(read(st.session_state[key][name]))

    _render(
        key=key,
        data={
            **_describe(scene),
            "pinned": -1 if pinned is None else pinned,
            "only": sorted(only),
            "lassoed": [int(uid) for uid in lassoed],
            "pictures": pictures,
            "handles": [{"name": each.name, "uids": list(each.uids)} for each in handles],
            "aligned": aligned,
            "moment": asdict(moment),
        },
        on_pin_change=lambda: receive("pin", lambda sent: read_pin(sent, count), on_pin),
        on_only_change=lambda: receive("only", lambda sent: read_only(sent, len(entries)), on_only),
        on_lasso_change=lambda: receive("lasso", lambda sent: read_lasso(sent, count), on_lasso),
        on_pictures_change=lambda: receive("pictures", read_switch, on_pictures),
        on_layer_change=lambda: receive(
            "layer", lambda sent: read_layer(sent, layers), lambda found: on_layer(*found)
        ),
        on_moment_change=lambda: receive(
            "moment", lambda sent: read_moment(sent, scene.dimensions), on_moment
        ),
        on_handles_change=lambda: receive(
            "handles", lambda sent: read_handles(sent, count), on_handles
        ),
        on_aligned_change=lambda: receive("aligned", read_switch, on_aligned),
    )


def _describe(scene: Scene) -> dict[str, object]:
    coloring = scene.coloring
    return {
        "scene": _pack(scene),
        "networks": [
            {
                "family": each.family,
                "name": each.name,
                "stops": [asdict(stop) for stop in each.stops],
                "layer": each.layer,
                "outputs": list(each.outputs),
            }
            for each in scene.networks
        ],
        "classes": list(scene.classes),
        "coloring": {
            "title": coloring.title,
            "entries": [asdict(entry) for entry in coloring.entries],
            "ends": coloring.ends and list(coloring.ends),
        },
        "movement": scene.movement and list(scene.movement),
        "family": scene.family,
    }


def _pack(scene: Scene) -> pa.Table:
    """The arrays as bytes, in the types that the script expects."""
    columns = {
        "labels": (scene.labels, "<i4"),
        "groups": (scene.coloring.groups, "<i4"),
        "faded": (scene.faded, "u1"),
    }
    for k, network in enumerate(scene.networks):
        columns |= {
            f"predicted{k}": (network.predicted, "<i4"),
            f"correct{k}": (network.correct, "i1"),
            f"confidence{k}": (network.confidence, "<f4"),
        }
    return pa.table(
        {
            name: pa.array([np.ascontiguousarray(values, dtype=kind).tobytes()], pa.binary())
            for name, (values, kind) in columns.items()
        }
    )
