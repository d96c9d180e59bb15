"""Texts from data stay texts in every markup."""

from __future__ import annotations

import re
from html import escape, unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ui.markup import escape_markdown, escape_plotly, heading

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp", "Zs")), min_size=1
)
SIGNS = st.text("*_`$[]()<>&#:!|~-=+.\\1aw@/{}'\"", min_size=1, max_size=20)
NAMES = (
    "**bold** _it_ `code`",
    "# head",
    "1. one",
    "- one",
    "> said",
    "[a](https://example.org)",
    "![a](b)",
    "<b>b</b>",
    "<script>",
    "&quot;&amp;&#65;",
    "a\\b",
    "~~s~~",
    "| a | b |",
    "---",
)

REPLACED = (
    *(":material/home:", ":material_home:", ":streamlit:", ":smile:"),
    *("a -> b", "a <-> b", "a <- b", "a -- b", "a >= b", "a <= b", "a ~= b"),
    *("www.example.org", "https://example.org", "a@example.org"),
)


def show(text: str) -> str:
    """What CommonMark, with GitHub's tables and strikethrough, makes of an escaped text."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return reader.render(escape_markdown(text)).replace("\u2060", "").strip()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_paragraph_of_text(name: str) -> None:
    assert unescape(show(name)) == f"<p>{name}</p>"


@settings(deadline=None)
@given(TEXT | SIGNS)
def test_any_text_is_one_paragraph_of_text(text: str) -> None:
    shown = show(text)
    assert re.fullmatch(r"<p>[^<>]*</p>", shown)
    assert unescape(shown[3:-4]) == unescape(escape(text))


@pytest.mark.parametrize("name", REPLACED)
def test_what_streamlit_replaces_in_texts_is_not_there(name: str) -> None:
    """Its front end looks for these in what is left when escapes have been read."""
    left = unescape(MarkdownIt("commonmark").render(escape_markdown(name)))
    found = r":material[/_]\w+:|:streamlit:|:\w+:|<->|->|<-|--|>=|<=|~=|www\.|https?://|\w@\w"
    assert not re.search(found, left.replace("<p>", "").replace("</p>", ""))
    assert left.replace("\u2060", "") == f"<p>{name}</p>\n"


def test_lines_become_one() -> None:
    assert escape_markdown(" one\n\n    two\tthree ") == "one two three"


@settings(deadline=None)
@given(TEXT | SIGNS)
def test_plotly_reads_a_text_as_it_is(text: str) -> None:
    """It splits at tags, then knows these entities by name and all by number."""
    written = escape_plotly(text)
    assert not re.search(r"<[^<>]*>", written)
    known = {
        "amp": "&",
        "lt": "<",
        "gt": ">",
        "nbsp": "\u00a0",
        "times": "×",
        "mu": "μ",
        "deg": "°",
    }
    read = re.sub(
        r"&(#\d+|#x[\da-fA-F]+|[a-z]+);", lambda found: known.get(found[1], found[0]), written
    )
    assert read == text


def test_a_long_heading_leaves_its_figure_whole() -> None:
    drawn = heading('<b>"' + "x" * 90, "12 samples")
    name = "&lt;b&gt;&quot;" + "x" * 90
    assert drawn == f'<h2 class="title"><b title="{name}">{name}</b><span>12 samples</span></h2>'
