"""What of the Network page stands in the address beside the selection that all pages share."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields

from layerscope.models.graph.model_graph import ModelGraph
from ui.address import Reading, recall_part, write_part

VIEWS = {"graph": "Graph", "distributions": "Distributions", "training": "Training"}
LEVELS = {"stages": "Stages", "operators": "Operators"}
QUANTITIES = {
    "weight": "Weights",
    "bias": "Biases",
    "activation": "Activations",
    "gradient": "Gradients",
}
SCALES = {"linear": "Linear", "symlog": "Symmetric log"}
DRAWINGS = {"ridges": "Ridges", "heat": "Heat map"}
FINAL = "final"  # in the place of a training: the weights of the run's own model as they are
_MOST = 20_000  # letters that the list of open groups may have
_EPOCH = re.compile(r"0|[1-9]\d{0,4}")


@dataclass(frozen=True)
class NetworkChoice:
    """What is looked at.

    Attributes
    ----------
    network_view : str
        A key of `VIEWS`.
    level : str
        A key of `LEVELS`: which groups are open at first.
    node : str or None
        Key of an operator or a group; checked against the graph by `check_graph`.
    opened : str or None
        Keys of the groups that are open, with ``~`` between them; None for those of the level.
    training : str or None
        Name of a training, or `FINAL`; None for the run's own.
    quantity : str
        A key of `QUANTITIES`.
    epoch : int or None
        0 is before training; None for the last. Checked against the training by whoever reads it.
    scale : str
        A key of `SCALES`.
    drawing : str
        A key of `DRAWINGS`.
    part : str or None
        Key of what has distributions inside a layer that is a block; where it is of another layer, or
        of none, it is not heeded.
    """

    network_view: str = "graph"
    level: str = "stages"
    node: str | None = None
    opened: str | None = None
    training: str | None = None
    quantity: str = "weight"
    epoch: int | None = None
    scale: str = "linear"
    drawing: str = "ridges"
    part: str | None = None

    def to_params(self) -> dict[str, str]:
        """As query parameters; what is as it was at the start is left out."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        starts = {each.name: each.default for each in fields(self)}
        return {key: str(value) for key, value in values.items() if value != starts[key]}


KEYS = tuple(each.name for each in fields(NetworkChoice))


def read_choice(
    params: Mapping[str, str], trainings: Collection[str]
) -> tuple[NetworkChoice, list[str]]:
    """What the address asks for, and the names of values that there are not.

    Parameters
    ----------
    params : mapping
        Query parameters.
    trainings : collection of str
        What can stand for `NetworkChoice.training`.
    """
    reading = Reading(params)
    choose, refused = reading.choose, reading.refused

    training = params.get("training")
    if training is not None and training not in trainings:
        refused.append("training")
        training = None
    epoch = params.get("epoch")
    if epoch is not None and not _EPOCH.fullmatch(epoch):
        refused.append("epoch")
        epoch = None
    opened = params.get("opened")
    if opened is not None and len(opened) > _MOST:
        refused.append("choice of open groups")
        opened = None
    choice = NetworkChoice(
        choose("network_view", VIEWS, "graph", "view"),
        choose("level", LEVELS, "stages", "level"),
        params.get("node"),
        opened,
        training,
        choose("quantity", QUANTITIES, "weight", "quantity"),
        int(epoch) if epoch is not None else None,
        choose("scale", SCALES, "linear", "scale"),
        choose("drawing", DRAWINGS, "ridges", "drawing"),
        params.get("part"),
    )
    return choice, refused


def check_graph(
    choice: NetworkChoice, graph: ModelGraph
) -> tuple[str | None, frozenset[str], list[str]]:
    """The node that is chosen, the groups that are open, and the names of what the graph has not."""
    refused = []
    groups = [group.key for group in graph.groups]
    node = choice.node
    if node is not None and node not in {*groups, *(each.key for each in graph.operators)}:
        refused.append("node")
        node = None
    usual = frozenset(groups if choice.level == "operators" else ())
    if choice.opened is None:
        return node, usual, refused
    opened = frozenset(filter(None, choice.opened.split("~")))
    if not opened <= set(groups):
        refused.append("choice of open groups")
        opened = usual
    return node, opened, refused


def write_opened(opened: Iterable[str], graph: ModelGraph, level: str) -> str | None:
    """Open groups as they stand in the address, in the order of execution; None for the level's own."""
    groups = [group.key for group in graph.groups]
    found = [key for key in groups if key in set(opened)]
    if found == (groups if level == "operators" else []):
        return None
    return "~".join(found) or "~"


def write_choice(choice: NetworkChoice) -> None:
    """Put the choice in the address, and remember it for the next visit to the page."""
    write_part("network", KEYS, choice.to_params())


def recall_choice() -> None:
    """Where the page is opened without a choice, go on with the one of this session."""
    recall_part("network", KEYS)
