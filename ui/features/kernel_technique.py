"""What weights can tell and what not: the texts of the two views, and how such a text is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import streamlit as st

from layerscope.explanation.method import Failure, Source
from ui import markup


@dataclass(frozen=True)
class Explained:
    """What is said of a technique.

    Attributes
    ----------
    name, kind : str
        Its name, and what it is one of.
    summary : str
        Two sentences.
    formula : str
        In KaTeX.
    sources : tuple of Source
    failure : Failure
    note : str
        What else is to be known, such as what is normalised.
    """

    name: str
    kind: str
    summary: str
    formula: str
    sources: tuple[Source, ...]
    failure: Failure
    note: str


KERNELS = Explained(
    "Learned filters",
    "weights",
    "Each filter is a small picture that is laid over its input at every place: where the input looks "
    "like it, the channel answers. Those of the first layer read colours, so that they are pictures "
    "themselves; those of later layers read the channels before.",
    r"\begin{gathered} a_f = \textstyle\sum_{c} w_{f,c} \ast x_c + b_f \\ "
    r"\lVert w_f \rVert^2 = \textstyle\sum_{c,i,j} w_{f,c,i,j}^2 \end{gathered}",
    (
        Source(
            "Krizhevsky et al.",
            2012,
            "ImageNet Classification with Deep Convolutional Neural Networks",
            "https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks",
        ),
        Source(
            "Zeiler and Fergus",
            2014,
            "Visualizing and Understanding Convolutional Networks",
            "https://arxiv.org/abs/1311.2901",
        ),
    ),
    Failure(
        "Only filters of the first layer can be read as pictures; behind it the eye finds patterns in noise. "
        "A large norm is no importance either: between layers with ReLU, one may be doubled and the next "
        "halved without any change of the answer.",
        Source(
            "Neyshabur et al.",
            2015,
            "Path-SGD: Path-Normalized Optimization in Deep Neural Networks",
            "https://arxiv.org/abs/1506.02617",
        ),
    ),
    "Weights are shown as they are stored: they apply to the normalised picture, and where batch norm was "
    "folded in, its scale is in them. All tiles of a layer have one scale; zero is mid grey.",
)

CLASS_VECTORS = Explained(
    "Class vectors",
    "last layer",
    "A class's logit is the product of its weight vector with the features before it: similar vectors mean "
    "that the same features speak for both classes. The map shows them scaled to length one; the list "
    "compares them in all dimensions.",
    r"\begin{gathered} z_k = w_k^{\top} h + b_k \\ \cos(k, l) = \frac{w_k^{\top} w_l}"
    r"{\lVert w_k \rVert \, \lVert w_l \rVert} \end{gathered}",
    (
        Source(
            "Papyan et al.",
            2020,
            "Prevalence of Neural Collapse During the Terminal Phase of Deep Learning Training",
            "https://arxiv.org/abs/2008.08186",
        ),
        Source(
            "van der Maaten and Hinton",
            2008,
            "Visualizing Data using t-SNE",
            "https://www.jmlr.org/papers/v9/vandermaaten08a.html",
        ),
    ),
    Failure(
        "Bias and spread of the features are left out: directions in which they hardly vary count like any "
        "other. Of a map of thirty points believe neighbours at most, not distances between groups.",
        Source(
            "Wattenberg et al.",
            2016,
            "How to Use t-SNE Effectively",
            "https://distill.pub/2016/misread-tsne/",
        ),
    ),
    "K vectors that are equally far apart have cosines of −1 / (K − 1).",
)


def draw_explained(explained: Explained) -> None:
    """The texts, the formula between them."""
    st.html(markup.heading(explained.name, explained.kind))
    st.html(f'<p class="said">{escape(explained.summary)}</p>')
    with st.container(key="formula"):
        st.latex(explained.formula)
    failure = explained.failure
    sources = "; ".join(map(_cite, explained.sources))
    st.html(
        f'<p class="failure"><b>Known failure.</b> {escape(failure.statement)} {_cite(failure.source)}</p>'
        f'<p class="source">{escape(explained.note)} {sources}</p>'
    )


def _cite(source: Source) -> str:
    return (
        f'<a href="{escape(source.url)}" target="_blank" rel="noopener" title="{escape(source.title)}">'
        f"{escape(source.authors)} {source.year}</a>"
    )
