"""Explanations: of a picture by any method, place by place, and of a sample for the inspector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from layerscope.datasets.categories import Category
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.explanation.heatmap import colorize, fit_to_picture, shade
from layerscope.explanation.method import Cancelled, Setting
from layerscope.explanation.methods import METHODS
from layerscope.explanation.object_share import share_on_object
from layerscope.models.layers import Layer
from ui.live.engine import Publish
from ui.live.models import Source, load
from ui.live.rendering import render
from ui.live.turns import computing
from ui.markup import embed_pixels

if TYPE_CHECKING:
    from layerscope.explanation.cam import Explain
    from layerscope.explanation.occlusion import OcclusionProgress
    from layerscope.models.registry import Classifier


@dataclass(frozen=True)
class Network:
    """What the app knows of a network that pictures are shown to.

    Attributes
    ----------
    source : Source
    name : str
    inputs : Preprocessing
        What it wants of a picture.
    categories : tuple of Category
        The outputs, in order.
    layers : tuple of Layer
        Those with feature maps.
    unsupported : mapping of str to str
        Keys of the methods that do not work on it, with one line that says why.
    """

    source: Source
    name: str
    inputs: Preprocessing
    categories: tuple[Category, ...]
    layers: tuple[Layer, ...]
    unsupported: Mapping[str, str]


@dataclass(frozen=True)
class Score:
    """What is explained: an output of a network, or how much it exceeds another."""

    source: Source
    target: int
    contrast: int | None


@dataclass(frozen=True)
class DrawnExplanation:
    """An explanation, ready to be sent.

    Attributes
    ----------
    layer : str
        What is laid over the picture, a data URL.
    low, high : float
        Smallest and largest value.
    total : tuple of float or None
        The sum of the values, and what they should sum to, where a method promises that.
    baseline : float
        Of a sweep, the probability of the class on the whole picture.
    """

    layer: str
    low: float
    high: float
    total: tuple[float, float] | None = None
    baseline: float = 0.0


def describe(source: Source) -> Network:
    """What is known of a network. Raises `InputError` where it cannot be had."""
    from layerscope.explanation.registry import list_unsupported
    from layerscope.models.layer_table import layer_table

    private = _copy(source)
    with computing:
        layers = tuple(layer for layer in layer_table(private)[1:] if len(layer.shape) == 3)
        unsupported = list_unsupported(private)
    return Network(source, private.name, private.inputs, private.categories, layers, unsupported)


def predict(source: Source, pictures: np.ndarray) -> np.ndarray:
    """Probabilities (N, K) float32 of pictures (N, H, W, C) uint8."""
    import torch

    classifier = _copy(source)
    with computing, torch.no_grad():
        logits = classifier.module(classifier.to_inputs(pictures))
        found: np.ndarray = logits.softmax(dim=1).float().cpu().numpy()
    return found


def _copy(source: Source) -> Classifier:
    """The network without anybody's hooks: whoever hooks makes a copy of it first."""
    return _copy_loaded(load(source))


@lru_cache(maxsize=1)
def _copy_loaded(shared: Classifier) -> Classifier:
    from layerscope.explanation.task import prepare

    blank = np.zeros((1, *shared.inputs.shape), np.uint8)
    with computing:  # nobody has hooks on the shared one now that the copy would take over
        return prepare(shared, blank, np.array([0])).classifier


def explain(
    score: Score,
    picture: np.ndarray,
    key: str,
    at: str | None,
    options: Mapping[str, Setting],
    publish: Publish,
    is_unwanted: Callable[[], bool],
) -> DrawnExplanation:
    """A picture (H, W, C) uint8 explained by a method, at a layer where it looks at one."""
    from layerscope.explanation.registry import attribute

    found = attribute(
        key,
        _copy(score.source),
        picture[None],
        np.array([score.target]),
        contrast=None if score.contrast is None else np.array([score.contrast]),
        layer=at,
        progress=lambda done, total: publish(done, total, None),
        cancelled=is_unwanted,
        **dict[str, Any](options),
    )
    values = found.values[0]
    total = None if found.total is None else (float(values.sum()), float(found.total[0]))
    return _draw(values, METHODS[key].signed, total)


def sweep(
    score: Score,
    picture: np.ndarray,
    options: Mapping[str, Setting],
    publish: Publish,
    is_unwanted: Callable[[], bool],
) -> DrawnExplanation:
    """A picture occluded place by place; what is known by then is published."""
    from layerscope.explanation.occlusion import occlude

    drawn = None
    for step in occlude(
        _copy(score.source),
        picture,
        score.target,
        contrast=score.contrast,
        cancelled=is_unwanted,
        **dict[str, Any](options),
    ):
        drawn = _draw_sweep(step, picture.shape[:2], options)
        publish(step.done, step.drops.size, drawn)
    assert drawn is not None  # there is always a first place
    return drawn


def _draw_sweep(
    step: OcclusionProgress, size: tuple[int, ...], options: Mapping[str, Setting]
) -> DrawnExplanation:
    from layerscope.explanation.occlusion import spread

    values = spread(step.drops, size, int(options["patch"]), int(options["stride"]))
    return _draw(values, True, baseline=step.probability)


def _draw(
    values: np.ndarray,
    signed: bool,
    total: tuple[float, float] | None = None,
    baseline: float = 0.0,
) -> DrawnExplanation:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return DrawnExplanation(render(values, signed), low, high, total, baseline)


# --- of samples ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Explained:
    """Explanations of a sample.

    Attributes
    ----------
    layers : dict of str to str
        Methods to pictures as data URLs.
    shares : dict of str to float or None
        Methods to the share that falls on the object, where that is known.
    problem : str or None
        One line, where some methods are not made for the model.
    """

    layers: dict[str, str]
    shares: dict[str, float | None]
    problem: str | None = None


@dataclass(frozen=True)
class ExplainedSample:
    """What an explanation is made from.

    Attributes
    ----------
    picture : ndarray of uint8, (H, W, C)
    mask : ndarray of bool, (H, W), or None
        Where the object is.
    cam : ndarray of float, (h, w), or None
        A stored Grad-CAM.
    layer : str
        That maps are stored of, or that ``params.yaml`` names.
    layers : tuple of Layer
        Of the model.
    """

    picture: np.ndarray
    mask: np.ndarray | None
    cam: np.ndarray | None
    layer: str
    layers: tuple[Layer, ...]


def show_cam(cam: np.ndarray, size: tuple[int, ...], mask: np.ndarray | None) -> Explained:
    """A Grad-CAM alone, for which no model is needed."""
    large = fit_to_picture(cam, size)
    shares = {} if mask is None else {"cam": share_on_object(large, mask)}
    return Explained({"cam": embed_pixels(colorize(large))}, shares)


def explain_sample(
    source: Source,
    subject: ExplainedSample,
    output: int,
    _publish: Publish,
    _is_unwanted: Callable[[], bool],
) -> Explained:
    """Why a sample should be of an output's class. Raises `InputError`, whatever went wrong."""
    try:
        return _explain_sample(load(source), subject, output)
    except (InputError, Cancelled):
        raise
    except Exception as error:  # a model of anyone's may fail in any way
        problem = f"The model could not be explained: {type(error).__name__}"
        raise InputError(problem) from error


def _explain_sample(classifier: Classifier, subject: ExplainedSample, output: int) -> Explained:
    from layerscope.explanation.guided import guided_backprop, guided_grad_cam

    pictures, outputs = subject.picture[None], np.array([output])
    found, problems, signed, cams = Explained({}, {}), [], {}, None
    with computing:
        try:
            cams = _find_cams(classifier, subject, outputs)
            found = show_cam(cams[0], subject.picture.shape[:2], subject.mask)
        except InputError as error:  # it is not made for this model; what follows may be
            problems.append(str(error))
        try:
            gradients = guided_backprop(classifier, pictures, outputs)
            signed["guided"] = gradients[0]
        except InputError as error:
            problems.append(str(error))
    if signed and cams is not None:
        signed["product"] = guided_grad_cam(gradients, cams)[0]
    layers = {key: embed_pixels(shade(values)) for key, values in signed.items()}
    shares: dict[str, float | None] = {}
    if subject.mask is not None:
        shares = {key: share_on_object(values, subject.mask) for key, values in signed.items()}
    return Explained(found.layers | layers, found.shares | shares, "; ".join(problems) or None)


def _find_cams(classifier: Classifier, subject: ExplainedSample, outputs: np.ndarray) -> np.ndarray:
    """The stored Grad-CAM (1, h, w), or one that is made. Raises `InputError` for a model without maps."""
    from layerscope.explanation.cam import choose_layer

    if subject.cam is not None:
        return subject.cam[None]
    layer = choose_layer(subject.layers, subject.layer).key
    return _open_cam(classifier, layer)[1](subject.picture[None], outputs)


@lru_cache(maxsize=1)
def _open_cam(classifier: Classifier, layer: str) -> tuple[ExitStack, Explain]:
    """Grad-CAM on its private copy of the model, which takes too long to make for each sample."""
    from layerscope.explanation.cam import grad_cam

    stack = ExitStack()
    return stack, stack.enter_context(grad_cam(classifier, layer))
