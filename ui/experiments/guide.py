"""The explanation of experiments: what one is, how they are compared, and the known limitations."""

from __future__ import annotations

from html import escape

import streamlit as st

from ui import markup
from ui.glossary import define
from ui.library import name_program

_SAID = (
    f"{define('experiment')} Its results are kept as well: metrics, and every layer's embeddings. Lines and "
    "table show which parameters differ and what was measured, and any two can be seen side by side on the "
    "same pictures."
)
_AGREEMENT = (
    "Neighbours agree as far as a picture's ten nearest neighbours are the same in both layouts. This "
    "depends neither on scale nor on orientation, which mean nothing in t-SNE and UMAP; B is rotated and "
    "mirrored onto A for display only."
)
_FAILURES = (
    "KL divergences can be compared at the same perplexity only.",
    "<code>activations.grid</code> changes the layer that an embedding is compared with, so a better "
    "trustworthiness may come from an easier layer.",
    "A difference that comes without a change of parameters is noise: below the name of a column stands half "
    "the range of experiments that differ in their seeds only, and figures within it are faint. It is of few "
    "repetitions, so the truth is rather wider. UMAP's seed alone replaces many "
    "neighbours. t-SNE is initialised with principal components here, so its seed changes nothing; yet where "
    "a layer has no clear groups, rounding errors do: see <code>base</code> beside <code>workspace</code>.",
)
_COMMANDS = (
    "A sweep computes every combination of the values, of this run alone, beside the workspace, which stays "
    "as it is. What a clone does not keep is made again, once for all. Interrupted, it keeps what is "
    "finished, and the same command goes on. <code>dvc exp run</code> works too, with <code>--temp</code> "
    "beside the workspace; without it, what is interrupted leaves its parameters behind. "
    "<code>dvc exp apply</code> takes an experiment over; that it ends with a list of missing arrays, which "
    "a clone does not keep, means no harm."
)
_SOURCES = (
    ("Jaccard 1901", "https://doi.org/10.5169/seals-266450"),
    ("Schönemann 1966", "https://doi.org/10.1007/BF02289451"),
    ("Venna and Kaski 2001", "https://doi.org/10.1007/3-540-44668-0_68"),
    ("Inselberg 1985", "https://doi.org/10.1007/BF01898350"),
)


def list_commands(run: str) -> str:
    """Commands that run a sweep of a run, for a shell."""
    sweep = f"{name_program()} sweep {run}"
    return (
        f"{sweep} -S 'tsne.perplexity=[5],[50]'\n"
        f"{sweep} -S 'runs.{run}.sizes=[100]' -S umap.min_dist=0.1,0.5 -S umap.n_neighbors=5,50\n"
        "dvc exp show"
    )


def draw_guide(run: str) -> None:
    """What to know, with formulas, sources and commands."""
    st.html(markup.heading("What an experiment is") + f'<p class="said">{_SAID}</p>')
    st.html(markup.heading("How two are compared") + f'<p class="said">{_AGREEMENT}</p>')
    st.latex(
        r"J = \frac1n\sum_i \frac{|N_A(i)\cap N_B(i)|}{|N_A(i)\cup N_B(i)|},\quad "
        r"Q = \arg\min_{Q^\top Q = I}\lVert BQ - A\rVert_F"
    )
    failures = " ".join(_FAILURES)
    st.html(f'<p class="failure"><b>Known limitations.</b> {failures}</p>')
    links = ", ".join(
        f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(name)}</a>'
        for name, url in _SOURCES
    )
    st.html(f'<p class="source">{links}</p>')
    st.html(markup.heading("Run your own"))
    st.code(list_commands(run), language="bash")
    st.html(f'<p class="said">{_COMMANDS}</p>')
