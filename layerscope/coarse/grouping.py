"""The rule that puts a class into a group: the nearest head above it in WordNet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from layerscope.coarse.table import Coarse
from layerscope.coarse.wordnet import Synset
from layerscope.errors import InputError


@dataclass(frozen=True)
class GroupHead:
    """A synset whose kinds belong to a group.

    Attributes
    ----------
    wnid : str
    word : str
        Its first word, so that the table can be read, and a mistyped wnid shows.
    coarse : Coarse
    """

    wnid: str
    word: str
    coarse: Coarse


def read_heads(rows: Iterable[Mapping[str, str]]) -> dict[str, GroupHead]:
    """Heads by wnid, from rows with wnid, word, group and family.

    Raises
    ------
    InputError
        For a synset that is listed twice, and for a group in two families.
    """
    heads: dict[str, GroupHead] = {}
    families: dict[str, str] = {}
    for row in rows:
        wnid, coarse = row["wnid"], Coarse(row["group"], row["family"])
        if wnid in heads:
            raise InputError(f"{wnid} ({row['word']}) heads two groups; remove one")
        if families.setdefault(coarse.group, coarse.family) != coarse.family:
            raise InputError(f"{coarse.group!r} is in two families; rename one")
        heads[wnid] = GroupHead(wnid, row["word"], coarse)
    return heads


def climb(wnid: str, nouns: Mapping[str, Synset]) -> Iterator[str]:
    """A synset, then its hypernyms, then theirs, each once: the nearest come first.

    Equally near ones come in WordNet's order.
    """
    reached = [wnid]
    for here in reached:  # which grows on the way
        yield here
        reached += [each for each in nouns[here].hypernyms if each not in reached]


def group_classes(
    wnids: Collection[str], nouns: Mapping[str, Synset], heads: Mapping[str, GroupHead]
) -> dict[str, Coarse]:
    """Put each class into the group of its nearest head.

    Parameters
    ----------
    wnids : collection of str
        The classes.
    nouns : mapping of str to Synset
    heads : mapping of str to GroupHead

    Returns
    -------
    dict of str to Coarse
        By wnid, in the order of the classes.

    Raises
    ------
    InputError
        Where a class or a head is not in WordNet, a head's word is another, a class has no head, or
        a head has no class.
    """
    for head in heads.values():
        if head.wnid not in nouns or nouns[head.wnid].words[0] != head.word:
            raise InputError(f"{head.wnid} is not WordNet's {head.word!r}; correct the head")
    unknown = [wnid for wnid in wnids if wnid not in nouns]
    if unknown:
        raise InputError(f"WordNet has no {', '.join(unknown)}")
    nearest = {
        wnid: next((each for each in climb(wnid, nouns) if each in heads), None) for wnid in wnids
    }
    without = [nouns[wnid].words[0] for wnid, head in nearest.items() if head is None]
    if without:
        raise InputError(f"no head above {', '.join(without)}; add one")
    idle = [head.word for head in heads.values() if head.wnid not in nearest.values()]
    if idle:
        raise InputError(f"no class is nearest to {', '.join(idle)}; remove these heads")
    return {wnid: heads[head].coarse for wnid, head in nearest.items() if head is not None}
