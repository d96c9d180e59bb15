"""The one order in which samples are taken: seeded, class-balanced, nested."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import numpy as np

from layerscope.datasets.dataset import Dataset, PictureSource, Sample, printable
from layerscope.datasets.place import Unreachable
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import FEWEST, InputError

Item = TypeVar("Item")
Skipped = Callable[[PictureSource, InputError], None]


def select(dataset: Dataset, n: int, *, split: str, random_state: int) -> Iterator[PictureSource]:
    """The first `n` sources of the order, unread.

    The order goes round the classes, one picture of each in turn, each class shuffled by
    `random_state`; without labels all pictures are shuffled. So a smaller selection is the beginning
    of a larger one, and a multiple of the number of classes is balanced perfectly, for as long as no
    class is used up.

    Parameters
    ----------
    dataset : Dataset
    n : int
        How many.
    split : str
        "train", "val", "test" or "all".
    random_state : int

    Returns
    -------
    iterator of PictureSource

    Raises
    ------
    InputError
        At once, when the split has fewer than `n` pictures.
    """
    queues = _shuffled(dataset, n, split, random_state)
    return islice(_go_round(queues, lambda queue: next(queue, None)), n)


def draw(
    dataset: Dataset,
    n: int,
    *,
    split: str,
    random_state: int,
    inputs: Preprocessing,
    on_skip: Skipped | None = None,
) -> Iterator[tuple[PictureSource, Sample]]:
    """Read the first `n` readable pictures of the order of `select`.

    An unreadable picture is replaced by the next of its class, which keeps the balance and the
    nesting.

    Further parameters as of `select`.

    Parameters
    ----------
    inputs : Preprocessing
        What pictures are brought to.
    on_skip : callable, optional
        Told each unreadable source and its InputError.

    Returns
    -------
    iterator of (PictureSource, Sample)

    Raises
    ------
    InputError
        At once, when the split has fewer than `n` pictures; while reading, when fewer than `n` of
        them are readable.
    """
    queues = _shuffled(dataset, n, split, random_state)
    unread: list[str] = []

    def read_next(queue: Iterator[PictureSource]) -> tuple[PictureSource, Sample] | None:
        for source in queue:
            try:
                return source, dataset.read(source, inputs)
            except Unreachable:
                raise
            except InputError as error:
                unread.append(source.path)
                if on_skip:
                    on_skip(source, error)
        return None

    def read() -> Iterator[tuple[PictureSource, Sample]]:
        n_read = 0
        for item in islice(_go_round(queues, read_next), n):
            yield item
            n_read += 1
        if n_read < n:
            raise _too_few(dataset, n, split, n_read, unread)

    return read()


def _shuffled(
    dataset: Dataset, n: int, split: str, random_state: int
) -> list[Iterator[PictureSource]]:
    """The sources of each class, shuffled, after a check that they suffice."""
    sources = dataset.sources(split)
    if n > len(sources):
        raise _too_few(dataset, n, split, len(sources), [])
    members: list[list[PictureSource]] = [[] for _ in dataset.categories or ("all",)]
    for source in sources:
        members[max(source.label, 0)].append(source)
    queues = []
    for label, own in enumerate(members):
        order = np.random.default_rng([random_state, label]).permutation(len(own))
        queues.append(iter([own[i] for i in order]))
    return queues


def _go_round(
    queues: list[Iterator[PictureSource]], take: Callable[[Iterator[PictureSource]], Item | None]
) -> Iterator[Item]:
    """One item of each class in turn; a class with none left drops out."""
    while queues:
        left = []
        for queue in queues:
            item = take(queue)
            if item is not None:
                yield item
                left.append(queue)
        queues = left


def _too_few(dataset: Dataset, n: int, split: str, there: int, unread: Sequence[str]) -> InputError:
    counts = Counter(source.split for source in dataset.sources("all"))
    parts = ", ".join(f"{part} {counts[part]}" for part in dataset.splits if counts[part])
    by_split = f" (of {parts})" if len(dataset.splits) > 1 and not unread else ""
    not_read = f" (not {_list_some(unread)})" if unread else ""
    suffices = there >= FEWEST
    ways = [f"end `sizes` with {there}" if suffices else f"add pictures, as a run needs {FEWEST}"]
    if split != "all" and counts.total() >= (n if suffices else FEWEST):
        ways.append("set `split` to all")
    return InputError(
        f"{dataset.name}: {n} samples of split {split!r} wanted, {there}"
        f"{' readable' if unread else ''} there{by_split}{not_read}; {', or '.join(ways)} "
        "(of the run in params.yaml; by command --sizes and --split, by make SIZES= and SPLIT=)"
    )


def _list_some(names: Sequence[str]) -> str:
    further = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(printable(name) for name in names[:10]) + further
