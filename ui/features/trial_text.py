"""What PCA and t-SNE do, in two sentences and a formula, and how each fails."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import streamlit as st

from ui import markup


@dataclass(frozen=True)
class Source:
    """A publication."""

    name: str
    title: str
    url: str

    def cite(self) -> str:
        """As a link."""
        return (
            f'<a href="{escape(self.url)}" target="_blank" rel="noopener" title="{escape(self.title)}">'
            f"{escape(self.name)}</a>"
        )


@dataclass(frozen=True)
class Technique:
    """A method, and how it fails."""

    name: str
    kind: str
    said: str
    formulas: tuple[str, ...]
    reading: str
    failure: str
    sources: tuple[Source, ...]


PEARSON = Source(
    "Pearson 1901",
    "On lines and planes of closest fit to systems of points in space",
    "https://doi.org/10.1080/14786440109462720",
)
HOTELLING = Source(
    "Hotelling 1933",
    "Analysis of a complex of statistical variables into principal components",
    "https://doi.org/10.1037/h0071325",
)
MAATEN = Source(
    "van der Maaten and Hinton 2008",
    "Visualizing data using t-SNE",
    "https://www.jmlr.org/papers/v9/vandermaaten08a.html",
)
WATTENBERG = Source(
    "Wattenberg, Viégas and Johnson 2016",
    "How to use t-SNE effectively",
    "https://distill.pub/2016/misread-tsne",
)
KOBAK = Source(
    "Kobak and Berens 2019",
    "The art of using t-SNE for single-cell transcriptomics",
    "https://doi.org/10.1038/s41467-019-13056-x",
)
CHARI = Source(
    "Chari and Pachter 2023",
    "The specious art of single-cell genomics",
    "https://doi.org/10.1371/journal.pcbi.1011288",
)

TECHNIQUES = {
    "pca": Technique(
        "PCA",
        "a projection",
        "Principal component analysis turns the cloud of features so that it spreads the most along the "
        "first axis, then along the second. It is linear, has no parameter and no chance in it, and what "
        "lies apart in its plane lies apart in the layer.",
        (
            r"\mathbf{y}_i = W^{\top}(\mathbf{x}_i - \bar{\mathbf{x}}), \qquad "
            r"\tfrac{1}{n} X^{\top} X \,\mathbf{w}_j = \lambda_j \mathbf{w}_j",
        ),
        "The share λ₁ + λ₂ of the variance stands above the plot: the smaller it is, the less the plane "
        "shows. t-SNE is not given the features themselves but as many components as keep 90 % of the "
        "variance.",
        "What needs more than two straight axes is folded onto itself: classes that are well apart in the "
        "layer overlap in the plane, and a few loud directions may be all that one sees.",
        (PEARSON, HOTELLING),
    ),
    "tsne": Technique(
        "t-SNE",
        "neighbours kept by force",
        "t-distributed stochastic neighbour embedding says for each sample how likely each other is its "
        "neighbour, with a bell whose width is set so that about as many count as the perplexity says. "
        "Then it moves points in the plane until likelihoods with heavy tails there match, which keeps "
        "near ones near and lets far ones go anywhere.",
        (
            r"p_{j|i} = \frac{e^{-\lVert x_i - x_j\rVert^2 / 2\sigma_i^2}}"
            r"{\sum_{k \ne i} e^{-\lVert x_i - x_k\rVert^2 / 2\sigma_i^2}}, \qquad "
            r"2^{H(P_i)} = \text{perplexity}",
            r"q_{ij} = \frac{(1 + \lVert y_i - y_j\rVert^2)^{-1}}"
            r"{\sum_{k \ne l} (1 + \lVert y_k - y_l\rVert^2)^{-1}}, \qquad "
            r"\mathrm{KL}(P \,\Vert\, Q) = \sum_{i \ne j} p_{ij} \log \frac{p_{ij}}{q_{ij}}",
        ),
        "For its first iterations all p are multiplied (early exaggeration), so that clusters gather "
        "before they unfold; where the perplexity is a tenth of the samples or more it draws all of them "
        "together to a speck (watch the spread), and little of the start is left. The divergence can be "
        "compared between runs of one perplexity only.",
        "Sizes of clusters and distances between them mean nothing, and a low perplexity makes clumps out "
        "of noise. From a random start the clusters lie elsewhere each time; from PCA the picture looks "
        "steadier than it is.",
        (MAATEN, WATTENBERG, KOBAK, CHARI),
    ),
}


def draw_technique(technique: Technique) -> None:
    """All that is said of one."""
    st.html(markup.heading(technique.name, technique.kind))
    st.html(f'<p class="said">{escape(technique.said)}</p>')
    with st.container(key=f"formula-{technique.name.lower()}"):
        for formula in technique.formulas:
            st.latex(formula)
    st.html(f'<p class="said">{escape(technique.reading)}</p>')
    st.html(
        f'<p class="failure"><b>Known failure.</b> {escape(technique.failure)}</p>'
        f'<p class="source">{", ".join(source.cite() for source in technique.sources)}</p>'
    )
