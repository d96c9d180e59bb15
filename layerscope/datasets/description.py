"""What a data set was taken for, told before anything is computed.

``python -m layerscope.datasets.description ROOT [LABELS]`` tells it of a folder, with all that is left out.
"""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator

from layerscope.datasets.dataset import Dataset, list_columns, printable, read_column
from layerscope.errors import InputError

_MOST = 5  # names that a line tells


def describe(dataset: Dataset, *, split: str = "all", size: int | None = None) -> list[str]:
    """Lines of what a data set was taken for.

    Parameters
    ----------
    dataset : Dataset
    split : str
        That samples are drawn from.
    size : int, optional
        How many samples at most.

    Returns
    -------
    list of str
        Pictures and classes, splits, columns, what was taken for what, what was left out and why: the number
        and the first of each kind.
    """
    sources = dataset.sources("all")
    counts = Counter(source.label for source in sources)
    names = [category.name for category in dataset.categories]
    told = [f"{dataset.name}: {_count(len(sources), 'picture')}, {_classes(names, counts)}"]
    if dataset.splits:
        parts = Counter(source.split for source in sources)
        told.append("splits: " + ", ".join(f"{part} {parts[part]:,}" for part in dataset.splits))
    elif split == "all":
        told.append("no splits: all pictures are taken")
    else:
        n = len(dataset.sources(split))
        told.append(
            f"no splits: {split} is drawn by chance, {n:,} of {_count(len(sources), 'picture')}"
        )
    told += dataset.notes
    columns = list_columns(sources, dataset.splits)
    for name, facts in columns.items():
        column, _ = read_column(name, facts)
        values = f" of {_count(len(column.names), 'value')}" if column.names else ""
        missing = sum(fact is None for fact in facts)
        gaps = f", missing for {missing:,}" if missing else ""
        told.append(f"column {printable(name)}: {column.kind}{values}{gaps}")
    empty = [name for name in (sources[0].facts if sources else ()) if name not in columns]
    told += [f"column {printable(name)}: empty, left out" for name in empty]
    told += _warn(dataset, split, size)
    for reason, paths in dataset.left_out.items():
        told.append(f"left out, {reason}: {len(paths):,} (the first: {printable(paths[0])})")
    return told


def list_left_out(dataset: Dataset) -> list[str]:
    """A line for each thing that was left out, and why."""
    return [
        f"{printable(path)}: {reason}"
        for reason, paths in dataset.left_out.items()
        for path in paths
    ]


def _classes(names: list[str], counts: Counter[int]) -> str:
    if not names:
        return "no labels"
    most = sorted(counts.values())
    spread = f"of {most[0]:,}" if most[0] == most[-1] else f"of {most[0]:,} to {most[-1]:,}"
    shown = ", ".join(printable(name) for name in names[:_MOST])
    further = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return f"{_count(len(names), 'class')} {spread} ({shown}{further})"


def _warn(dataset: Dataset, split: str, size: int | None) -> Iterator[str]:
    alike = defaultdict(list)
    for category in dataset.categories:
        alike[unicodedata.normalize("NFKC", category.name).casefold().strip()].append(category.name)
    for found in alike.values():
        if len(found) > 1:
            yield f"classes with almost the same name, kept apart: {', '.join(map(printable, found))}"
    chosen = {source.label for source in dataset.sources(split)}
    absent = len(dataset.categories) - len(chosen) if dataset.categories else 0
    if absent:
        yield f"{_count(absent, 'class')} without a picture in split {split}"
    if size is not None and size < len(chosen):
        yield (
            f"{len(chosen):,} classes, but {size:,} samples: {len(chosen) - size:,} classes, the last by "
            f"name, are not among them; write a size of {len(chosen):,} or more"
        )


def _count(n: int, word: str) -> str:
    return f"{n:,} {word}" + ("" if n == 1 else "es" if word.endswith("s") else "s")


def main() -> None:
    """Describe the folder, archive or URL of the command line."""
    from layerscope.datasets.registry import open_dataset

    root, *labels = sys.argv[1:3]
    try:
        dataset = open_dataset("imagefolder", root=root, labels=labels[0] if labels else None)
        lines = [*describe(dataset), *list_left_out(dataset)]
    except InputError as error:
        sys.exit(f"error: {error}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
