"""Which two experiments are looked at, and how: what of it stands in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from ui.address import Reading, recall_part, write_part
from ui.experiments.entries import ExperimentEntry
from ui.selection import Selection

SHADES = {"class": "True class", "agreement": "Agreement of neighbours"}


@dataclass(frozen=True)
class ExperimentsChoice:
    """What is looked at.

    Attributes
    ----------
    exp_a, exp_b : str
        Keys of entries.
    lay_a, lay_b : str
        Embeddings, each one that its entry has.
    tint : str
        Key of the figure that colours lines.
    shade : str
        A key of `SHADES`: what colours points.
    sort : str or None
        Of the table; None for the order in which experiments were made.
    """

    exp_a: str
    lay_a: str
    exp_b: str
    lay_b: str
    tint: str
    shade: str
    sort: str | None

    def to_params(self) -> dict[str, str]:
        """As query parameters."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {key: value for key, value in values.items() if value is not None}


KEYS = tuple(each.name for each in fields(ExperimentsChoice))


def read_choice(
    params: Mapping[str, str],
    entries: Sequence[ExperimentEntry],
    selection: Selection,
    tints: Iterable[str],
    orders: Iterable[str],
) -> tuple[ExperimentsChoice, list[str]]:
    """What the address asks for, and the names of values that are not there.

    Parameters
    ----------
    params : mapping
        Query parameters.
    entries : sequence of ExperimentEntry
        What there is to look at; at least the workspace.
    selection : Selection
        Whose embedding is the usual one.
    tints, orders : iterable of str
        Figures, and orders of the table.
    """
    reading = Reading(params)
    choose, refused = reading.choose, reading.refused
    by_key = {entry.key: entry for entry in entries}

    first = by_key[choose("exp_a", by_key, entries[0].key, "first experiment")]
    lay_a = choose("lay_a", first.embeddings, _usual(first, selection.embedding), "first embedding")
    other = find_other(entries, first, lay_a)
    second = by_key[choose("exp_b", by_key, other.key, "second experiment")]
    lay_b = choose("lay_b", second.embeddings, _beside(first, lay_a, second), "second embedding")
    tints = tuple(tints)
    order = params.get("sort")
    if order is not None and order not in set(orders):
        refused.append("order of the table")
        order = None
    choice = ExperimentsChoice(
        first.key,
        lay_a,
        second.key,
        lay_b,
        choose("tint", tints, tints[0], "figure"),
        choose("shade", SHADES, "class", "colouring"),
        order,
    )
    return choice, refused


def _usual(entry: ExperimentEntry, wanted: str) -> str:
    tsne = [name for name in entry.embeddings if name.startswith("tsne-")]
    return wanted if wanted in entry.embeddings else [*tsne[-1:], *entry.embeddings][0]


def _beside(first: ExperimentEntry, embedding: str, second: ExperimentEntry) -> str:
    """The embedding to look at beside another: the same, but of the same entry a different one."""
    if first.key != second.key:
        return _usual(second, embedding)
    method = embedding.partition("-")[0]
    others = [name for name in second.embeddings if name != embedding]
    alike = [name for name in others if name.partition("-")[0] == method]
    return [*alike, *others, embedding][0]


def find_other(
    entries: Sequence[ExperimentEntry], first: ExperimentEntry, embedding: str
) -> ExperimentEntry:
    """The first entry whose figures of an embedding are not those of a given one."""

    def measured(entry: ExperimentEntry) -> object:
        return entry.figures.get((str(entry.sizes[-1]), embedding))

    others = [entry for entry in entries if entry.key != first.key]
    different = [e for e in others if measured(e) and measured(e) != measured(first)]
    return [*different, *others, first][0]


def write_choice(choice: ExperimentsChoice) -> None:
    """Put the choice in the address, and remember it for the next visit to the page."""
    write_part("experiments", KEYS, choice.to_params())


def recall_choice() -> None:
    """Where the page is opened without a choice, go on with the one of this session."""
    recall_part("experiments", KEYS)
