"""A Grand Tour of the layers of one or two networks, turned, dragged and travelled in the browser.

The clouds themselves are put on the page by `ui.components.clouds`, the pictures by
`ui.components.thumbnails`. Python hears only of what is chosen, and of the tour where it rests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import pyarrow as pa

from layerscope.embedding.repetition import Repetition
from ui.components.component import Component, Trigger, pack
from ui.components.points import PlotChoices, PlotPredictions, PlotSamples
from ui.components.triggers import (
    Handle,
    Moment,
    read_handles,
    read_layer,
    read_moment,
    read_switch,
)

_COMPONENT = Component("grand_tour")


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
    repeated : Repetition or None
        What another seed makes of the layer's embedding.
    """

    key: str
    kind: str
    label: str
    kept: float | None
    accuracy: float | None
    repeated: Repetition | None = None


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
    predictions : PlotPredictions
    """

    family: str
    name: str
    stops: Sequence[Stop]
    layer: str
    predictions: PlotPredictions


@dataclass(frozen=True)
class Scene:
    """What is shown.

    Attributes
    ----------
    samples : PlotSamples
    networks : sequence of Network
        One or two, of the same samples.
    movement : sequence of str, or None
        Steps of a scale of colours, from low to high, where samples are coloured by how far they moved
        from layer to layer; the groups of their coloring then say nothing.
    dimensions : int
        Of the clouds.
    n_neighbors : int
        That repetition was measured by.
    """

    samples: PlotSamples
    networks: Sequence[Network]
    movement: Sequence[str] | None
    dimensions: int = 15
    n_neighbors: int = 10


def draw_grand_tour(
    scene: Scene,
    choices: PlotChoices,
    *,
    handles: Sequence[Handle],
    aligned: bool,
    moment: Moment,
    key: str,
    on_layer: Callable[[int, str], None],
    on_handles: Callable[[tuple[Handle, ...]], None],
    on_aligned: Callable[[bool], None],
    on_moment: Callable[[Moment], None],
) -> None:
    """Draw the tour, as high as the style's `--tour-height` (720 px without it).

    Parameters
    ----------
    scene : Scene
    choices : PlotChoices
    handles : sequence of Handle
        Besides those of the classes.
    aligned : bool
        Whether the second network is turned onto the first.
    moment : Moment
        Where the tour begins: it plays from step 0 and stands still at any other.
    key : str
        Of the component.
    on_layer : callable
        Called with the number of a network and the key of the layer that it shows now.
    on_handles, on_aligned, on_moment : callable
        Called with the new value of what is named like them.
    """
    count = len(scene.samples)
    entries = scene.samples.coloring.entries if scene.movement is None else scene.movement
    layers = [[stop.key for stop in network.stops] for network in scene.networks]
    _COMPONENT.draw(
        key=key,
        data={
            **scene.samples.describe(),
            **choices.describe(),
            "scene": _pack(scene),
            "networks": [_describe(each) for each in scene.networks],
            "movement": scene.movement and list(scene.movement),
            "handles": [{"name": each.name, "uids": list(each.uids)} for each in handles],
            "aligned": aligned,
            "moment": asdict(moment),
            "neighbors": scene.n_neighbors,
        },
        triggers={
            **choices.triggers(count, len(entries)),
            "layer": Trigger(lambda sent: read_layer(sent, layers), lambda found: on_layer(*found)),
            "moment": Trigger(lambda sent: read_moment(sent, scene.dimensions), on_moment),
            "handles": Trigger(lambda sent: read_handles(sent, count), on_handles),
            "aligned": Trigger(read_switch, on_aligned),
        },
    )


def _describe(network: Network) -> dict[str, object]:
    return {
        "family": network.family,
        "name": network.name,
        "stops": [_describe_stop(stop) for stop in network.stops],
        "layer": network.layer,
        "outputs": list(network.predictions.outputs),
    }


def _describe_stop(stop: Stop) -> dict[str, object]:
    return {**asdict(stop), "repeated": stop.repeated and stop.repeated._asdict()}


def _pack(scene: Scene) -> pa.Table:
    columns = scene.samples.columns()
    for k, network in enumerate(scene.networks):
        columns |= network.predictions.columns(str(k))
    return pack(**columns)
