"""Activation maximisation: pictures that activate a unit most strongly, by gradient ascent on the input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from layerscope.features.ascent import MaximizationSettings, MaximizationStep, State
from layerscope.features.spectrum import draw_spectrum, to_picture, to_spectrum, whiten
from layerscope.features.unit import Unit
from layerscope.features.units import measure_before, measure_unit
from layerscope.models.registry import Classifier

_EPSILON = 0.02  # of Adam, see `layerscope.features.spectrum.whiten`
_PATIENCE = 48  # silent steps in turn, after which a unit is given up


def maximize(
    classifier: Classifier,
    unit: Unit,
    settings: MaximizationSettings | None = None,
    *,
    start: np.ndarray | None = None,
    every: int = 8,
) -> Iterator[MaximizationStep]:
    """Change a picture step by step so that a unit's value rises; whoever stops asking stops it.

    Activation maximisation (Erhan et al. 2009), regularised by total variation (Mahendran and Vedaldi
    2015, 2016) and by views that differ from step to step, over Fourier coefficients of decorrelated
    colours (Olah, Mordvintsev and Schubert 2017; see `layerscope.features.spectrum`).

    Parameters
    ----------
    classifier : Classifier
        Left as it is: no hook is on it, and no gradient in it, whenever a step is handed out. While a step
        is computed no other thread may use it.
    unit : Unit
    settings : MaximizationSettings, optional
    start : ndarray of uint8, (H, W, C), optional
        A picture to start from, as the classifier takes it; noise by default.
    every : int
        Steps between two that carry a picture.

    Yields
    ------
    MaximizationStep
        ``n_steps + 1`` of them, fewer where the unit is dead.

    Raises
    ------
    InputError
        Where the model has no such unit.
    ValueError
        For a picture of another size.
    """
    settings = settings or MaximizationSettings()
    rng = np.random.default_rng(settings.random_state)
    spectrum = _begin(classifier, settings, start)
    optimizer = torch.optim.Adam([spectrum], lr=settings.learning_rate, eps=_EPSILON)
    silent = 0
    for index in range(settings.n_steps + 1):
        with torch.enable_grad():  # not across a yield: it holds for the whole thread
            pixels = to_picture(spectrum, classifier.inputs.size)
        slope = _find_slope(classifier, unit, settings, pixels.detach(), rng)
        silent = silent + 1 if slope.state == "silent" else 0
        state = "dead" if silent > _PATIENCE else slope.state
        last = index == settings.n_steps or state == "dead"
        picture = _to_levels(pixels) if last or index % every == 0 else None
        yield MaximizationStep(index, picture, slope.objective, slope.total_variation, state)
        if last:
            return
        (gradient,) = torch.autograd.grad(pixels, spectrum, slope.downhill)
        spectrum.grad = whiten(gradient, classifier.inputs.size)
        optimizer.step()


def measure_total_variation(pixels: Tensor) -> Tensor:
    """Mean absolute difference between neighbours, down and to the right together.

    The anisotropic form of Rudin, Osher and Fatemi (1992).

    Parameters
    ----------
    pixels : Tensor, (N, C, H, W)

    Returns
    -------
    Tensor, ()
        Sum of all absolute differences by the number of values; below 2 for pixels in [0, 1].
    """
    return (_differences(pixels, 2) + _differences(pixels, 3)) / pixels.numel()


def view(pixels: Tensor, shift: tuple[float, float], scale: float, rotation: float) -> Tensor:
    """Pixels seen shifted, scaled and turned about the middle, reflected at the edges.

    Parameters
    ----------
    pixels : Tensor, (1, C, H, W)
    shift : tuple of float
        What is at the middle afterwards lies so many pixels down and to the right of it now.
    scale : float
        Above 1 enlarges.
    rotation : float
        Degrees.
    """
    angle, (height, width) = rotation * pi / 180, pixels.shape[2:]
    right, down = 2 * shift[1] / width, 2 * shift[0] / height  # the grid runs from -1 to 1
    rows = [
        [cos(angle) / scale, -sin(angle) / scale * (height / width), right],
        [sin(angle) / scale * (width / height), cos(angle) / scale, down],
    ]
    places = functional.affine_grid(
        pixels.new_tensor([rows]), list(pixels.shape), align_corners=False
    )
    return functional.grid_sample(pixels, places, padding_mode="reflection", align_corners=False)


@dataclass(frozen=True)
class _Slope:
    """How each pixel is to change, against the sign of `downhill`, and what was measured for it."""

    downhill: Tensor
    objective: float
    total_variation: float
    state: State


def _begin(
    classifier: Classifier, settings: MaximizationSettings, start: np.ndarray | None
) -> Tensor:
    shape = classifier.inputs.shape
    if start is not None and start.shape != shape:
        taken = " x ".join(map(str, shape))
        raise ValueError(f"a picture {start.shape}, where {classifier.name} takes {taken}")
    spectrum = draw_spectrum(shape, settings.random_state) if start is None else to_spectrum(start)
    return spectrum.to(classifier.device).requires_grad_()


def _find_slope(
    classifier: Classifier,
    unit: Unit,
    settings: MaximizationSettings,
    pixels: Tensor,
    rng: np.random.Generator,
) -> _Slope:
    with torch.enable_grad():
        pixels.requires_grad_()
        seen = _draw_view(pixels, settings, rng)
        value = measure_unit(classifier, unit, seen)
        before = measure_before(classifier, unit, seen) if value == 0 else None
        (uphill,) = torch.autograd.grad(value if before is None else before, pixels)
        variation = measure_total_variation(pixels)
        penalty = settings.total_variation * variation * pixels.numel()
        penalty = penalty + settings.l2 * (pixels - 0.5).square().sum()
        (downhill,) = torch.autograd.grad(penalty, pixels)
    size = float(uphill.square().mean().sqrt())
    state: State = "active" if before is None else "silent"
    if size > 0:
        downhill = downhill - uphill / size
    elif value == 0:
        state = "dead"
    return _Slope(downhill, value.item(), variation.item(), state)


def _draw_view(pixels: Tensor, settings: MaximizationSettings, rng: np.random.Generator) -> Tensor:
    down, right, share, turn = rng.uniform(-1, 1, 4)
    shift = (down * settings.jitter, right * settings.jitter)
    return view(pixels, shift, 1 + share * settings.scale, turn * settings.rotation)


def _differences(pixels: Tensor, axis: int) -> Tensor:
    return pixels.diff(dim=axis).abs().sum()


def _to_levels(pixels: Tensor) -> np.ndarray:
    levels = (pixels.detach()[0] * 255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous().cpu().numpy()
