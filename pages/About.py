"""What the app shows, how it was made, and how far to trust it."""

from __future__ import annotations

import re
from html import escape

import streamlit as st

from ui.assets import read_asset
from ui.glossary import define, read_glossary
from ui.shell import open_page


def list_glossary() -> str:
    """All terms as HTML, chapter by chapter."""
    chapters = []
    for title, terms in read_glossary().items():
        rows = (f"<dt>{escape(term)}</dt><dd>{escape(define(term))}</dd>" for term in terms)
        chapters.append(f"<h3>{escape(title)}</h3><dl>{''.join(rows)}</dl>")
    return "\n".join(chapters)


def fill(text: str) -> str:
    """The page's text with what stands in braces: a term of the glossary, or all of it."""
    return re.sub(
        r"\{([\w ]+)\}",
        lambda found: list_glossary() if found[1] == "glossary" else escape(define(found[1])),
        text,
    )


open_page("About")
st.html(f"<style>{read_asset(__file__, 'About.css')}</style>")
with st.container(key="about"):
    st.html(fill(read_asset(__file__, "About.html")))
