"""WordNet's nouns, as far as they are needed: their words, and what they are kinds of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_HYPERNYM = "@"


@dataclass(frozen=True)
class Synset:
    """A meaning that several words share.

    Attributes
    ----------
    words : tuple of str
        The most usual first.
    hypernyms : tuple of str
        Wnids of what it is a kind of, in WordNet's order.
    """

    words: tuple[str, ...]
    hypernyms: tuple[str, ...]


def read_nouns(lines: Iterable[str]) -> dict[str, Synset]:
    """Read ``data.noun``, whose format is that of the manual page wndb(5WN).

    Parameters
    ----------
    lines : iterable of str
        Those of the licence begin with a blank, all others with a synset's offset.

    Returns
    -------
    dict of str to Synset
        By wnid: "n" and the offset.
    """
    return dict(_read_noun(line) for line in lines if line.strip() and not line.startswith(" "))


def _read_noun(line: str) -> tuple[str, Synset]:
    """``offset file type n_words (word id)* n_pointers (symbol offset type ends)* | gloss``."""
    offset, _, _, count, *rest = line.partition(" | ")[0].split()
    end = 2 * int(count, 16)  # the one number that is hexadecimal
    words = tuple(word.replace("_", " ") for word in rest[:end:2])
    pointers = zip(rest[end + 1 :: 4], rest[end + 2 :: 4], strict=False)
    return f"n{offset}", Synset(
        words, tuple(f"n{to}" for kind, to in pointers if kind == _HYPERNYM)
    )
