"""The words of the app: those it quotes are in the glossary, and those it gave up are nowhere."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared.project import ROOT
from ui.glossary import define, read_glossary

SOURCES = [*(ROOT / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
SCRIPTS = [
    each
    for suffix in ("ts", "html")
    for each in (ROOT / "ui/components").rglob(f"*.{suffix}")
    if not {"dist", "node_modules"} & set(each.parts)
]
LINES = [
    line[2:]
    for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("- ")
]
TERMS = {term for terms in read_glossary().values() for term in terms}

# What stood on the screen, and what stands there now. Small and capital letters count where a word of
# the language is meant elsewhere.
FORMER = {
    r"(?i)\bon trial\b": "t-SNE playground",
    r"(?i)\bwhich (methods )?(can be|to) trust(ed)?\b": "faithfulness benchmark",
    r"(?i)\b(occluded?|occlusion) by hand\b": "manual occlusion",
    r"(?i)\binput maximi[sz]ation\b": "activation maximisation",
    r"(?i)\bstrongest (samples?|patch(es)?|pictures?)\b": "top-activating images",
    r"(?i)\bclass vectors?\b": "class weight vectors",
    r"(?i)\btaken for\b": "predicted as",
    r"(?i:\banswered (with|as)\b)|(^|[\">`])Answered([\"<`]|$)": "predicted",
    r"(?i)\bfalse alarms?\b": "false positives",
    r"(?i)\bscale of roots\b": "square-root scale",
    r"(?i)\bhow far off\b": "calibration error",
    r"(?i)\blearns from\b": "training",
    r"(?i)\bknown failures?\b": "known limitation",
    r"(^|[\">`])Release([\"<`]|$)": "Unpin",
    r"\bBeside it\b": "Compare with",
    r"\bDecided at\b": "Neighbours agree from",
    r"(?i)\bbell in the middle\b": "centre prior",
    r"(?i)\bpictures? of yours\b": "upload an image",
}


def list_literals(file: Path) -> Iterator[str]:
    """Every string of a module, those of f-strings and docstrings among them."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def list_quoted(file: Path) -> Iterator[str]:
    """The terms that a module asks the glossary for."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name == "define" and node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def test_terms_that_are_quoted_exist() -> None:
    quoted = {term: file for file in SOURCES for term in list_quoted(file)}
    assert len(quoted) > 10
    assert not {term: file.name for term, file in quoted.items() if term not in TERMS}


def test_a_term_is_one_line_and_one_sentence() -> None:
    for line in LINES:
        assert re.fullmatch(r"\*\*[^*]+\*\*: \S.*[^.]\.", line), line


def test_no_term_stands_twice() -> None:
    names = Counter(line.partition(":")[0].strip("*").lower() for line in LINES)
    assert [name for name, times in names.items() if times > 1] == []
    assert len(TERMS) == len(LINES)


def test_a_definition_is_a_sentence_and_an_unknown_term_an_error() -> None:
    assert all(define(term)[0] == define(term)[0].upper() for term in TERMS)
    with pytest.raises(KeyError):
        define("a word that nobody uses")


def find_former(texts: Iterator[str]) -> list[str]:
    texts = list(texts)
    return [
        f"{match[0]!r}, which is now {now!r}"
        for pattern, now in FORMER.items()
        for text in texts
        if (match := re.search(pattern, text))
    ]


def test_former_words_are_in_no_text_of_python() -> None:
    found = {str(file.relative_to(ROOT)): find_former(list_literals(file)) for file in SOURCES}
    assert {file: words for file, words in found.items() if words} == {}


def test_former_words_are_in_no_script_and_no_html() -> None:
    found = {
        str(file.relative_to(ROOT)): find_former(iter([file.read_text(encoding="utf-8")]))
        for file in SCRIPTS
    }
    assert {file: words for file, words in found.items() if words} == {}
