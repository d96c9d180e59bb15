"""A model's graph from top to bottom: boxes to open and to choose from, tensors as lines between them.

dagre finds the places (a layered drawing after Sugiyama, with the network simplex of Gansner et al. 1993).
Opening, zooming and walking stay in the browser; Python hears of what is chosen and of what is open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import Component, Trigger, hear_choice
from ui.components.triggers import read_one_of

_COMPONENT = Component("network_graph")


@dataclass(frozen=True)
class Box:
    """An operator, or a group of them.

    Attributes
    ----------
    key : str
    parent : str or None
        Key of the group that it is in.
    is_group : bool
        Whether it can be opened.
    label, detail : str
        Two lines of text.
    kind : str
        What kind of operator; of a group, that of most of what it learns.
    color : str
    shape, field : str
        Of the output; and how much of the picture a unit of it sees.
    parameters, multiply_adds : str
        As people read them; empty for none.
    parameter_share, multiply_add_share : float
        In [0, 1] of the whole model's.
    """

    key: str
    parent: str | None
    is_group: bool
    label: str
    detail: str
    kind: str
    color: str
    shape: str
    field: str
    parameters: str
    multiply_adds: str
    parameter_share: float
    multiply_add_share: float


@dataclass(frozen=True)
class Link:
    """A tensor between two operators: their keys and its shape."""

    source: str
    target: str
    shape: str


def draw_network_graph(
    boxes: Sequence[Box],
    links: Sequence[Link],
    *,
    name: str,
    chosen: str,
    reveals: bool,
    opened: Collection[str],
    kinds: Sequence[tuple[str, str]],
    key: str,
    on_pick: Callable[[str], None],
    on_open: Callable[[frozenset[str]], None],
) -> None:
    """Draw the graph, as high as the style's `--graph-height`.

    Parameters
    ----------
    boxes : sequence of Box
        Operators in the order of execution; groups before what is in them.
    links : sequence of Link
        Between operators.
    name : str
        Of the model and the level: another one is shown from its beginning.
    chosen : str
        Key of the box that is marked.
    reveals : bool
        Whether a new graph begins at that box rather than at the input.
    opened : collection of str
        Keys of the groups that are open.
    kinds : sequence of (str, str)
        Names and colours for the legend.
    key : str
        Of the component.
    on_pick : callable
        Called with the key of a box.
    on_open : callable
        Called with the keys of all groups that are open.
    """
    known = [box.key for box in boxes]
    groups = [box.key for box in boxes if box.is_group]
    _COMPONENT.draw(
        key=key,
        data={
            "name": name,
            "boxes": [asdict(box) for box in boxes],
            "links": [asdict(link) for link in links],
            "kinds": [list(kind) for kind in kinds],
            "chosen": chosen,
            "reveals": reveals,
            "opened": [each for each in groups if each in opened],
        },
        triggers={
            "pick": hear_choice(known, on_pick),
            "open": Trigger(lambda sent: read_groups(sent, groups), on_open),
        },
    )


def read_groups(sent: object, groups: Sequence[str]) -> frozenset[str]:
    """Keys of some groups, from what a browser sent; ValueError for anything else."""
    if not isinstance(sent, list) or len(sent) > len(groups):
        raise ValueError("not a list of groups")
    return frozenset(read_one_of(each, groups) for each in sent)
