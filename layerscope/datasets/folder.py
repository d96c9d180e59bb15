"""Pictures as people have them: in folders, archives and below URLs, with a table or without."""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np

from layerscope.datasets.categories import Category, name_categories
from layerscope.datasets.dataset import SPLITS, Dataset, PictureSource, Sample, splits_of
from layerscope.datasets.layout import Layout, arrange, split_of
from layerscope.datasets.picture import decode
from layerscope.datasets.picture_file import is_picture, unread_kind
from layerscope.datasets.place import Place, open_place
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.datasets.table import NAMES, Row, Table, read_table
from layerscope.errors import InputError

VALIDATION_SHARE = 0.2
MOST_CLASSES = np.iinfo(np.int16).max  # what labels are stored as


def read_folder(
    name: str, root: Path, categories: tuple[Category, ...], folders: Sequence[str]
) -> Dataset:
    """A data set in ``root/{train,val}/<class folder>/``.

    Parameters
    ----------
    name : str
        The data set's name.
    root : Path
        The folder that holds ``train`` and ``val``.
    categories : tuple of Category
        In the order of the labels.
    folders : sequence of str
        The class folders' names, in the same order.

    Returns
    -------
    Dataset
        Its ``sources`` raise InputError when a class folder is missing or empty.
    """

    @cache
    def sources(split: str) -> tuple[PictureSource, ...]:
        return tuple(
            PictureSource(part, f"{part}/{folder}/{file}", label)
            for part in splits_of(split)
            for label, folder in enumerate(folders)
            for file in _class_pictures(root / part / folder)
        )

    return Dataset(name, categories, (), sources, _reader(lambda path: root / path))


def _class_pictures(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such class folder; add it with its pictures")
    names = _list_pictures(open_place(folder), {})
    if not names:
        raise InputError(f"{folder}: no pictures in this class folder; add some or remove it")
    return names


def open_imagefolder(
    *, root: Path | str, random_state: int, download: bool, labels: str | None = None
) -> Dataset:
    """Any folder, archive or URL of pictures; see `layerscope.datasets.layout.arrange`.

    Folders named by WordNet ids are mapped to ImageNet's classes. A table, see
    `layerscope.datasets.table.read_table`, says more than folders do: pictures that it does not name are left
    out; its labels and splits take the place of folders', where it has any; further columns become facts.

    Without splits all pictures are taken. Where one is asked for, a fifth of each class is set aside for
    validation, by `random_state`.

    Parameters
    ----------
    root : Path or str
    random_state : int
    download : bool
        Without meaning here.
    labels : str, optional
        The table: a file, or one below the root. By default the highest that is called
        ``labels.csv``, ``labels.tsv`` or ``labels.parquet``.

    Raises
    ------
    InputError
        When there is no such folder, no picture in it, the table does not fit, or a name is not UTF-8.
    """
    place = open_place(root)
    left_out = {reason: list(paths) for reason, paths in place.left_out.items()}
    pictures = _list_pictures(place, left_out)
    if not pictures:
        kinds = _tell(left_out)
        raise InputError(
            f"{place.name}: no class folders and no pictures that can be read here"
            + (f" ({kinds})" if kinds else "")
            + "; it needs pictures, in a sub-folder a class where there are classes"
        )
    table = _find_table(place, labels, left_out)
    try:
        layout = arrange(pictures, place.folders)
    except InputError as error:
        if table is None or table.label_column is None:
            raise InputError(f"{place.name}: {error}") from None
        layout = Layout(dict.fromkeys(pictures, ""), dict.fromkeys(pictures, ""))
    facts: dict[str, Row] = {}
    if table is not None:
        facts = _match(table, pictures, layout, left_out)
        _take_table(table, facts, layout, left_out)
    for reason, paths in layout.left_out.items():
        left_out.setdefault(reason, []).extend(paths)
    return _assemble(place, layout, facts, left_out, random_state)


def _list_pictures(place: Place, left_out: dict[str, list[str]]) -> list[str]:
    """Paths of what is a picture by its ending. Raises InputError where a name is not UTF-8."""
    found = []
    for path in place.files:
        if is_picture(path):
            _check_name(place.name, path)
            found.append(path)
        else:
            left_out.setdefault(unread_kind(path), []).append(path)
    return found


def _check_name(folder: str, path: str) -> None:
    for name in path.split("/"):
        try:
            name.encode()
        except UnicodeEncodeError:
            raise InputError(f"{folder}: the name {name!a} is not UTF-8; rename it") from None
        folder = f"{folder}/{name}"


# --- tables ------------------------------------------------------------------------------------


def _find_table(place: Place, labels: str | None, left_out: dict[str, list[str]]) -> Table | None:
    """The table that is named, else the one that lies highest in the folder."""
    if labels is not None and Path(labels).is_file():
        return read_table(Path(labels).read_bytes(), labels)
    found = [path for path in place.files if PurePosixPath(path).name.lower() in NAMES]
    found.sort(key=lambda path: (path.count("/"), path))
    if labels is not None:
        if labels not in place.files:
            raise InputError(f"{labels}: no such table here or in {place.name}; correct `labels`")
        found = [labels]
    if not found:
        return None
    if len(found) > 1 and found[1].count("/") == found[0].count("/"):
        raise InputError(
            f"{place.name}: several tables ({', '.join(found)[:200]}); set `labels` to one of them"
        )
    for paths in left_out.values():
        paths[:] = [path for path in paths if path != found[0]]
    content = place.read(found[0])
    if isinstance(content, Path):
        content = content.read_bytes()
    return read_table(content, found[0])


def _match(
    table: Table, pictures: Sequence[str], layout: Layout, left_out: dict[str, list[str]]
) -> dict[str, Row]:
    """Rows by the picture that they are of: by its path, or the end of it that only one has."""
    there = set(pictures)
    ends: dict[str, list[str]] = defaultdict(list)
    for path in pictures:
        parts = path.split("/")
        for i in range(1, len(parts)):
            ends["/".join(parts[i:])].append(path)
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in table.rows:
        path = row.path.replace("\\", "/").removeprefix("./")
        candidates = [path] if path in there else ends.get(path, [])
        if path.startswith("/") or ".." in path.split("/"):
            reason = "row whose path leads out of the folder"
        elif not path:
            reason = "row without a path"
        elif not candidates:
            reason = "row whose picture is not there"
        elif len(candidates) > 1:
            reason = "row that is of several pictures"
        else:
            rows[candidates[0]].append(row)
            continue
        left_out.setdefault(reason, []).append(f"row {row.number}: {row.path}")
    if not rows:
        raise InputError(
            f"{table.name}: none of its {len(table.rows)} rows is of a picture that is there; paths in "
            f"column {table.path_column!r} are below the folder of the pictures"
        )
    found = {}
    for path, own in rows.items():
        if any(replace(row, number=0) != replace(own[0], number=0) for row in own[1:]):
            left_out.setdefault("rows of the same picture that differ", []).append(path)
            continue
        found[path] = own[0]
        for row in own[1:]:
            told = f"row {row.number}: {row.path}"
            left_out.setdefault("row that is there twice", []).append(told)
    doubled = rows.keys() - found.keys()
    without = [path for path in pictures if path not in found and path not in doubled]
    if without:
        left_out.setdefault("picture without a row", []).extend(without)
    for paths in layout.left_out.values():  # a table names what it takes, wherever that lies
        paths[:] = [path for path in paths if path not in there]
    return found


def _take_table(
    table: Table, facts: dict[str, Row], layout: Layout, left_out: dict[str, list[str]]
) -> None:
    """Labels and splits of the table in place of those of folders."""
    has_labels = table.label_column is not None and any(row.label for row in facts.values())
    has_splits = table.split_column is not None and any(row.split for row in facts.values())
    told = [f"{table.name}: paths in {table.path_column!r}"]
    told += [f"labels in {table.label_column!r}"] if has_labels else []
    told += [f"splits in {table.split_column!r}"] if has_splits else []
    if has_labels:
        layout.notes = [each for each in layout.notes if "class" not in each]
    layout.notes.append(", ".join(told))
    if table.label_column is not None and not has_labels:
        layout.notes.append(f"{table.name}: column {table.label_column!r} is empty: no labels")
    for path, row in list(facts.items()):
        reason = None
        if has_labels:
            layout.classes[path] = row.label
            reason = None if row.label else "row with an empty label"
        elif table.label_column is not None or path not in layout.classes:
            layout.classes[path] = ""
        if has_splits:
            layout.splits[path] = split_of(row.split) or ""
            reason = reason or (
                None
                if layout.splits[path]
                else f"row whose split is no known word ({row.split!r:.40})"
            )
        elif path not in layout.splits:
            layout.splits[path] = ""
        if reason:
            del facts[path]
            left_out.setdefault(reason, []).append(f"row {row.number}: {row.path}")
    for path in layout.classes.keys() - facts.keys():
        del layout.classes[path]
        layout.splits.pop(path, None)


# --- the data set ------------------------------------------------------------------------------


def _assemble(
    place: Place,
    layout: Layout,
    rows: dict[str, Row],
    left_out: dict[str, list[str]],
    random_state: int,
) -> Dataset:
    """A data set of what was taken for what."""
    for found, kind in ((layout.classes, "class"), (layout.splits, "split")):
        if any(found.values()):
            for path in [path for path, value in found.items() if not value]:
                left_out.setdefault(f"without a {kind}, which others have", []).append(path)
                for each in (layout.classes, layout.splits):
                    each.pop(path, None)
    if not layout.classes:
        raise InputError(
            f"{place.name}: no picture is left ({_tell(left_out)}); complete the table, or the folder"
        )
    classes = sorted({each for each in layout.classes.values() if each})
    if len(classes) > MOST_CLASSES:
        raise InputError(
            f"{place.name}: {len(classes):,} classes, at most {MOST_CLASSES:,} are read"
        )
    categories = name_categories(_shorten(classes) if not rows else classes)
    numbers = {each: label for label, each in enumerate(classes)}
    splits = tuple(split for split in SPLITS if split in layout.splits.values())
    parts = layout.splits if splits else _split_by_chance(layout.classes, random_state)
    listed = [
        PictureSource(
            parts[path], path, numbers.get(each, -1), rows[path].facts if path in rows else {}
        )
        for path, each in layout.classes.items()
    ]
    listed.sort(key=lambda source: (SPLITS.index(source.split), source.label, source.path))

    @cache
    def sources(split: str) -> tuple[PictureSource, ...]:
        wanted = splits_of(split, splits or ("train", "val"))
        found = tuple(each for each in listed if each.split in wanted)
        lonely = Counter(layout.classes.values()) if not splits and split != "all" else {}
        alone = next((each for each, n in lonely.items() if n == 1), None)
        if alone is not None:
            raise InputError(
                f"{place.name}: one picture of class {alone!r:.80} cannot be split in train and val; add "
                "more, or set `split: all`"
            )
        return found

    return Dataset(
        "imagefolder",
        categories,
        (),
        sources,
        _reader(place.read),
        splits=splits,
        notes=tuple(layout.notes),
        left_out={reason: tuple(paths) for reason, paths in left_out.items() if paths},
    )


def _tell(left_out: dict[str, list[str]]) -> str:
    return "; ".join(f"{reason}: {len(paths)}" for reason, paths in left_out.items() if paths)


def _shorten(folders: list[str]) -> list[str]:
    """The last part of each folder's path, where no two have the same."""
    names = [folder.rpartition("/")[2] for folder in folders]
    return names if len(set(names)) == len(names) else folders


def _split_by_chance(classes: dict[str, str], random_state: int) -> dict[str, str]:
    """80 to 20 in each class, for training: by a picture's path the split."""
    members: dict[str, list[str]] = defaultdict(list)
    for path, each in sorted(classes.items()):
        members[each].append(path)
    parts: dict[str, str] = {}
    for each, paths in members.items():
        # A class's split depends on its own name and files only: adding a class moves nothing.
        rng = np.random.default_rng([random_state, zlib.crc32(each.encode())])
        n_validation = max(1, round(VALIDATION_SHARE * len(paths))) if len(paths) > 1 else 0
        chosen = set(rng.permutation(len(paths))[:n_validation].tolist())
        parts |= {path: "val" if i in chosen else "train" for i, path in enumerate(paths)}
    return parts


def _reader(
    find: Callable[[str], Path | bytes],
) -> Callable[[PictureSource, Preprocessing], Sample]:
    def read(source: PictureSource, inputs: Preprocessing) -> Sample:
        return Sample(decode(find(source.path), inputs=inputs, source=source.path), None)

    return read
