"""What a page says of a technique: in two sentences, as a formula, its known limitation, and its source."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import streamlit as st

from layerscope.explanation.method import Citation
from ui import markup


def cite(citation: Citation) -> str:
    """HTML: authors and year as a link that names the title."""
    return (
        f'<a href="{escape(citation.url)}" target="_blank" rel="noopener" '
        f'title="{escape(citation.title)}">{escape(citation.authors)} {citation.year}</a>'
    )


@dataclass(frozen=True)
class Technique:
    """A technique.

    Attributes
    ----------
    key, name : str
    summary : str
        Two sentences.
    formulas : tuple of str
        In KaTeX.
    failure : str
        When it misleads.
    warned : Citation, optional
        Who says so.
    sources : tuple of Citation
        Where it comes from.
    kind : str
        What it is one of.
    reading : str
        How to read what comes out, said below the formulas.
    note : str
        What else is to be known, such as what is normalised; before the sources.
    """

    key: str
    name: str
    summary: str
    formulas: tuple[str, ...]
    failure: str
    warned: Citation | None
    sources: tuple[Citation, ...]
    kind: str = ""
    reading: str = ""
    note: str = ""


def draw_technique(
    technique: Technique, key: str = "formula", named: bool = True, titled: bool = True
) -> None:
    """All that is said of a technique.

    Parameters
    ----------
    technique : Technique
    key : str
        Of the formulas' container, beginning with "formula"; no other on the page has it.
    named : bool
        Whether the name stands above.
    titled : bool
        Whether the sources' titles stand beside their authors.
    """
    title = markup.heading(technique.name, technique.kind) if named else ""
    st.html(f'{title}<p class="said">{escape(technique.summary)}</p>')
    with st.container(key=key):
        for formula in technique.formulas:
            st.latex(formula)
    if technique.reading:
        st.html(f'<p class="said">{escape(technique.reading)}</p>')
    warned = f" {cite(technique.warned)}" if technique.warned else ""
    note = f"{escape(technique.note)} " if technique.note else ""
    sources = "; ".join(
        f"{cite(source)}: {escape(source.title)}" if titled else cite(source)
        for source in technique.sources
    )
    st.html(
        f'<p class="failure"><b>Known limitation.</b> {escape(technique.failure)}{warned}</p>'
        f'<p class="source">{note}{sources}</p>'
    )


def offer_technique(technique: Technique) -> None:
    """A quiet button that opens what is said of a technique."""
    with st.popover("How, source, limitation", type="tertiary", key=f"how-{technique.key}"):
        draw_technique(technique, key=f"formula-{technique.key}")
