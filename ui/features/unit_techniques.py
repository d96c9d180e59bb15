"""What the three ways to ask a unit what it looks for are, whence they are, and how they fail."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import streamlit as st

from layerscope.explanation.method import Failure, Option, Source
from layerscope.features.maximization import Ascent

_START = Ascent()


@dataclass(frozen=True)
class Technique:
    """A way to ask.

    Attributes
    ----------
    key, name : str
    summary : str
        Two sentences: what is computed, and how to read it.
    formula : str
        In KaTeX.
    sources : tuple of Source
    failure : Failure
    """

    key: str
    name: str
    summary: str
    formula: str
    sources: tuple[Source, ...]
    failure: Failure


_ERHAN = Source(
    "Erhan et al.",
    2009,
    "Visualizing Higher-Layer Features of a Deep Network",
    "https://www.researchgate.net/publication/265022827",
)
_MAHENDRAN = Source(
    "Mahendran and Vedaldi",
    2016,
    "Visualizing Deep Convolutional Neural Networks Using Natural Pre-images",
    "https://arxiv.org/abs/1512.02017",
)
_OLAH = Source(
    "Olah, Mordvintsev and Schubert",
    2017,
    "Feature Visualization",
    "https://distill.pub/2017/feature-visualization/",
)
_ZEILER = Source(
    "Zeiler and Fergus",
    2014,
    "Visualizing and Understanding Convolutional Networks",
    "https://arxiv.org/abs/1311.2901",
)
_BOROWSKI = Source(
    "Borowski et al.",
    2021,
    "Exemplary Natural Images Explain CNN Activations Better than State-of-the-Art Feature Visualization",
    "https://arxiv.org/abs/2010.12606",
)
_BOLUKBASI = Source(
    "Bolukbasi et al.",
    2021,
    "An Interpretability Illusion for BERT",
    "https://arxiv.org/abs/2104.07143",
)
_MORCOS = Source(
    "Morcos et al.",
    2018,
    "On the Importance of Single Directions for Generalization",
    "https://arxiv.org/abs/1803.06959",
)

MAXIMIZATION = Technique(
    "maximization",
    "Input maximisation",
    "A picture is changed step by step along the gradient of the unit's value, so that the unit answers "
    "to it ever more strongly. What emerges shows what drives the unit, not what it is for: shapes that "
    "return with another seed are the unit's, the rest is the path's.",
    r"x^\ast = \arg\max_x \; \frac{a_u(\tau(x))}{\mathrm{rms}\,\nabla a_u} - \lambda_{TV}\,\mathrm{TV}(x) "
    r"- \lambda_2 \lVert x - \tfrac12 \rVert^2",
    (_ERHAN, _MAHENDRAN, _OLAH),
    Failure(
        "The regularisation chooses the look: other weights, views or colours give another picture of the "
        "same unit, and people predict a unit better from real samples than from such pictures.",
        _BOROWSKI,
    ),
)
TOP_SAMPLES = Technique(
    "top",
    "Top-activating patches",
    "Of all samples the ten whose largest activation of the channel is highest, each cut to the receptive "
    "field of that peak: all that the peak can depend on. What the ten have in common is a guess at what "
    "the channel detects.",
    r"\mathrm{top}_{10}\; \max_{y,x} \; a_c(x_i)_{y,x}",
    (_ZEILER,),
    Failure(
        "Ten extremes hide what middling activations are for: a unit can look pure at its top and answer to "
        "something else most of the time, and other data show other tops.",
        _BOLUKBASI,
    ),
)
SELECTIVITY = Technique(
    "selectivity",
    "Class selectivity",
    "How much the channel's mean activation for its favourite class exceeds that for all others: 0 where "
    "classes are alike, 1 where only one wakes it. It is defined where no class has a negative mean, as "
    "behind a ReLU.",
    r"s_c = \frac{\mu_{\max} - \mu_{\mathrm{rest}}}{\mu_{\max} + \mu_{\mathrm{rest}}}",
    (_MORCOS,),
    Failure(
        "It misses what many channels code together and features that are no class, and it hardly tells "
        "how much the answers need the channel: networks do without selective ones about as well.",
        _MORCOS,
    ),
)

# Of `layerscope.features.maximization.Ascent`, as a visitor may set them.
OPTIONS = (
    Option(
        "n_steps",
        "Steps",
        "Changes of the picture. Most of the rise comes in the first fifty.",
        _START.n_steps,
        8,
        512,
    ),
    Option(
        "learning_rate",
        "Learning rate",
        "How far each step of Adam goes.",
        _START.learning_rate,
        0.01,
        0.5,
    ),
    Option(
        "total_variation",
        "Total variation",
        "Weight of the differences between neighbouring pixels: more is smoother.",
        _START.total_variation,
        0.0,
        2.0,
    ),
    Option(
        "l2",
        "L2",
        "Weight of the squared distance from mid grey: more is paler.",
        _START.l2,
        0.0,
        1.0,
    ),
    Option(
        "jitter",
        "Jitter",
        "Each step sees the picture shifted by up to so many pixels.",
        int(_START.jitter),
        0,
        32,
    ),
    Option(
        "scale",
        "Scale",
        "Each step sees it enlarged or reduced by up to this share.",
        _START.scale,
        0.0,
        0.5,
    ),
    Option(
        "rotation",
        "Rotation",
        "Each step sees it turned by up to so many degrees.",
        int(_START.rotation),
        0,
        45,
    ),
    Option(
        "random_state",
        "Seed",
        "Of the noise to start from, and of the views.",
        _START.random_state,
        0,
        9999,
    ),
)


def draw_technique(technique: Technique) -> None:
    """A quiet button that tells what the technique is."""
    with st.popover("How, source, failure", type="tertiary", key=f"how-{technique.key}"):
        st.html(
            f'<h2 class="title">{escape(technique.name)}</h2>'
            f'<p class="said">{escape(technique.summary)}</p>'
        )
        with st.container(key=f"units-formula-{technique.key}"):
            st.latex(technique.formula)
        failure = technique.failure
        cited = "; ".join(f"{_cite(each)}: {escape(each.title)}" for each in technique.sources)
        st.html(
            f'<p class="failure"><b>Known failure.</b> {escape(failure.statement)} '
            f'{_cite(failure.source)}</p><p class="source">{cited}</p>'
        )


def _cite(source: Source) -> str:
    return (
        f'<a href="{escape(source.url)}" target="_blank" rel="noopener" title="{escape(source.title)}">'
        f"{escape(source.authors)} {source.year}</a>"
    )
