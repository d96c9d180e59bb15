"""What a folder's sub-folders mean: splits, classes, or nothing. It looks at names only."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from layerscope.errors import InputError

_SPLITS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing", "eval"),
}
_WORDS = {word: split for split, words in _SPLITS.items() for word in words}
_AROUND = re.compile(r"(set|split|data|images|img)$")


@dataclass
class Layout:
    """What was taken for what.

    Attributes
    ----------
    splits, classes : dict of str to str
        Of each picture that is taken, by its path: the split; the class's folder below split folders.
        Empty texts where there are none.
    notes : list of str
        A line each, for people.
    left_out : dict of str to list of str
        Paths by the reason.
    """

    splits: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)


def split_of(name: str) -> str | None:
    """The split that a word stands for, in any spelling: "Validation_Set" is "val". None for other words."""
    word = re.sub(r"[^a-z]", "", unicodedata.normalize("NFKC", name).casefold())
    return _WORDS.get(word) or _WORDS.get(_AROUND.sub("", word))


class _Tree:
    """Folders that hold pictures, at any depth."""

    def __init__(self, pictures: Iterable[str]) -> None:
        self.direct: dict[str, list[str]] = defaultdict(list)
        below: dict[str, set[str]] = defaultdict(set)
        for path in pictures:
            folder, _, _ = path.rpartition("/")
            self.direct[folder].append(path)
        for folder in self.direct:
            while folder:
                above, _, _ = folder.rpartition("/")
                below[above].add(folder)
                folder = above
        self._below = {folder: sorted(found) for folder, found in below.items()}
        self.all = self.direct.keys() | below.keys()

    def below(self, folder: str) -> list[str]:
        """Folders in a folder."""
        return self._below.get(folder, [])

    def has_direct(self, folder: str) -> bool:
        return folder in self.direct

    def pictures(self, folder: str) -> list[str]:
        """All at any depth."""
        found = list(self.direct.get(folder, ()))
        for each in self.below(folder):
            found += self.pictures(each)
        return found

    def parts(self, folder: str) -> dict[str, str]:
        """Split folders in a folder with the split that they stand for; none where it has no splits."""
        below = self.below(folder)
        known = {each: split for each in below if (split := split_of(_name(each)))}
        # One that stands beside others is a class that happens to be called so: cars, planes, train.
        is_split = len(known) == len(below) or len(set(known.values())) > 1
        return known if is_split else {}

    def is_whole(self, folder: str) -> bool:
        """Whether a folder has split folders and nothing else."""
        return bool(self.parts(folder)) and not self.has_direct(folder)

    def shallowest(self, folder: str) -> list[str]:
        """The first folders on the way down that hold pictures themselves."""
        if self.has_direct(folder):
            return [folder]
        return [found for each in self.below(folder) for found in self.shallowest(each)]


def arrange(pictures: Sequence[str], folders: Sequence[str]) -> Layout:
    """Find out what folders are.

    Parameters
    ----------
    pictures : sequence of str
        Relative paths.
    folders : sequence of str
        All folders, also those without pictures.

    Raises
    ------
    InputError
        Where several data sets lie in the folder.
    """
    tree, layout = _Tree(pictures), Layout()
    base = _find_base(tree, "")
    if base:
        layout.notes.append(f"the data set was found in {base}/")
        _leave_out(layout, f"outside {base}/", tree.direct.get("", []))
    parts = tree.parts(base)
    if not parts and _is_class_first(tree, base):
        _arrange_class_first(tree, base, layout)
        return layout
    if not parts:
        _refuse_several(tree, base)
        for each in tree.below(base):
            if split_of(_name(each)):
                layout.notes.append(f"{_name(each)}/ is taken for a class, like those beside it")
    units = parts or {base: ""}
    if parts:
        told = ", ".join(f"{_name(each)}/ as {split}" for each, split in parts.items())
        layout.notes.append(f"split folders: {told}")
        _leave_out(layout, "beside the split folders", tree.direct.get(base, []))
        for each in tree.below(base):
            if each not in parts:
                _leave_out(layout, "beside the split folders", tree.pictures(each))
    _arrange_classes(tree, units, layout)
    for each in folders:
        above, _, name = each.rpartition("/")
        if each not in tree.all and (above in units or (above == base and split_of(name))):
            _leave_out(layout, "folder without pictures", [each])
    return layout


def _find_base(tree: _Tree, folder: str) -> str:
    """The folder that the data set lies in: one level down, or more, where nothing else is there."""
    below = tree.below(folder)
    if (
        tree.has_direct(folder)
        or len(below) != 1
        or tree.parts(folder)
        or tree.has_direct(below[0])
    ):
        return folder
    inner = _find_base(tree, below[0])
    return inner if tree.parts(inner) or len(tree.below(inner)) > 1 else folder


def _is_class_first(tree: _Tree, base: str) -> bool:
    """Whether splits lie in the classes: ``cat/train``, ``cat/val``, ``dog/train``, ..."""
    below = tree.below(base)
    if len(below) < 2 or tree.has_direct(base) or not all(map(tree.is_whole, below)):
        return False
    return all(
        tree.has_direct(part) and not tree.below(part) for e in below for part in tree.below(e)
    )


def _arrange_class_first(tree: _Tree, base: str, layout: Layout) -> None:
    layout.notes.append("split folders lie in the class folders")
    for folder in tree.below(base):
        for part, split in tree.parts(folder).items():
            for path in tree.direct[part]:
                layout.splits[path], layout.classes[path] = split, _name(folder)


def _refuse_several(tree: _Tree, base: str) -> None:
    whole = [
        _name(each)
        for each in tree.below(base)
        if tree.is_whole(each) and len(set(tree.parts(each).values())) > 1
    ]
    if whole:
        where = f" of {base}/" if base else ""
        raise InputError(
            f"several data sets in one folder{where}: {', '.join(whole)[:200]}; set `root` to one of them"
        )


def _arrange_classes(tree: _Tree, units: dict[str, str], layout: Layout) -> None:
    """Classes below each split folder, or below the one folder there is."""
    outer = [each for unit in units for each in tree.below(unit)]
    inner = {each: tree.shallowest(each) for each in outer}
    is_nested = any(len(found) > 1 for found in inner.values())
    if is_nested:
        names: dict[str, set[str]] = defaultdict(set)
        for each, found in inner.items():
            for folder in found:
                names[_name(folder)].add(_name(each))
        repeated = sorted(name for name, tops in names.items() if len(tops) > 1)
        if repeated:
            layout.notes.append(
                f"inner folders repeat ({repeated[0]}): the outer ones are the classes"
            )
            is_nested = False
        else:
            layout.notes.append("folders are nested: the inner ones are the classes")
    for unit, split in units.items():
        for each in tree.below(unit):
            for folder in inner[each] if is_nested else [each]:
                for path in tree.pictures(folder):
                    layout.splits[path] = split
                    layout.classes[path] = folder[len(unit) + 1 if unit else 0 :]
        if outer:
            _leave_out(layout, "beside the class folders", tree.direct.get(unit, []))
        else:
            layout.splits |= dict.fromkeys(tree.direct.get(unit, []), split)
            layout.classes |= dict.fromkeys(tree.direct.get(unit, []), "")


def _leave_out(layout: Layout, reason: str, paths: Iterable[str]) -> None:
    for path in paths:
        layout.left_out.setdefault(reason, []).append(path)


def _name(folder: str) -> str:
    return folder.rpartition("/")[2]
