"""The words of the app, each explained in one line, as `docs/glossary.md` has them."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path

_FILE = Path(__file__).parents[1] / "docs/glossary.md"
_TERM = re.compile(r"- \*\*(?P<term>[^*]+)\*\*: (?P<meaning>.+)")


@cache
def read_glossary() -> dict[str, dict[str, str]]:
    """Chapters with their terms and what these mean, in the order of the file."""
    chapters: dict[str, dict[str, str]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            chapters[line[3:]] = {}
        elif found := _TERM.fullmatch(line):
            [*_, last] = chapters
            chapters[last][found["term"]] = found["meaning"]
    return chapters


def define(term: str) -> str:
    """What a term means, as a sentence. KeyError for a term that the glossary lacks.

    Parameters
    ----------
    term : str
        As the glossary writes it, for example "kNN accuracy".
    """
    meanings = {name: text for terms in read_glossary().values() for name, text in terms.items()}
    meaning = meanings[term]
    return meaning[0].upper() + meaning[1:]


def fill_terms(text: str) -> str:
    """HTML with definitions in place of terms in braces; ``{glossary}`` stands for all of them."""

    def replace(found: re.Match[str]) -> str:
        return _list_terms() if found[1] == "glossary" else escape(define(found[1]))

    return re.sub(r"\{([\w ]+)\}", replace, text)


def _list_terms() -> str:
    chapters = []
    for title, terms in read_glossary().items():
        rows = (f"<dt>{escape(term)}</dt><dd>{escape(define(term))}</dd>" for term in terms)
        chapters.append(f"<h3>{escape(title)}</h3><dl>{''.join(rows)}</dl>")
    return "\n".join(chapters)
