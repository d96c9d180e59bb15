"""What a visitor may set of an ascent, the climb of input maximisation."""

from __future__ import annotations

from layerscope.explanation.method import Option
from layerscope.features.maximization import Ascent

_START = Ascent()

# Keys are fields of `layerscope.features.maximization.Ascent`.
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
