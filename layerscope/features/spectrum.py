"""Pictures as Fourier coefficients of decorrelated colours, which gradient ascent moves.

Steps of one size in pixels favour high frequencies, which activate networks strongly and pictures hardly
have. Here one step changes all frequencies, and the colours, about as strongly as they vary in photographs:
from Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017, with the constants of its
code (github.com/tensorflow/lucid, ``optvis/param``). What is new here is `whiten`, and that the mean
colour moves faster.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from layerscope.models.registry import to_pixels

# A square root of the covariance of colours in ImageNet: brightness varies most, then blue against
# yellow, then green against purple.
_COLORS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
_COLORS /= _COLORS.norm(dim=0).max()
_GAIN = 0.25  # of coefficients, so that a learning rate of 0.1 suits
_MEAN_GAIN = 4.0  # of the mean colour besides: a plain colour would take too many steps
_NOISE = 0.01  # standard deviation of coefficients to start from: nearly grey
_MARGIN = 2 / 255  # black and white themselves are infinitely far away


def to_picture(spectrum: Tensor, size: tuple[int, int]) -> Tensor:
    """The picture that a spectrum stands for.

    Parameters
    ----------
    spectrum : Tensor of complex64, (1, C, H, W // 2 + 1)
    size : tuple of int
        H and W: the latter may be even or odd.

    Returns
    -------
    Tensor of float32, (1, C, H, W)
        Between 0 and 1; mid grey for a spectrum of zeros.
    """
    planes = torch.fft.irfft2(spectrum * _weights(size, spectrum.device), s=size, norm="ortho")
    return _mix(planes, _colors(planes.shape[1])).sigmoid()


def to_spectrum(picture: np.ndarray) -> Tensor:
    """Inverse of `to_picture`, but that levels within 2 of black and white are drawn in to there.

    Parameters
    ----------
    picture : ndarray of uint8, (H, W, C)

    Returns
    -------
    Tensor of complex64, (1, C, H, W // 2 + 1)
    """
    planes = _mix(
        to_pixels(picture[None]).logit(_MARGIN), torch.linalg.inv(_colors(picture.shape[2]))
    )
    return torch.fft.rfft2(planes, norm="ortho") / _weights(picture.shape[:2], planes.device)


def whiten(gradient: Tensor, size: tuple[int, int]) -> Tensor:
    """A gradient by coefficients as if all frequencies were equally strong, the largest scaled to 1.

    Adam then compares like with like, and its epsilon is relative to the largest. Without that it
    makes a step of what rounding and the edges of the picture leave of a gradient as large as of the
    gradient itself: a unit that wants one plain colour gets clouds of its complement.
    """
    even = gradient / _weights(size, gradient.device)
    return even / even.abs().max().clamp(min=torch.finfo(torch.float32).tiny)


def draw_spectrum(shape: tuple[int, int, int], random_state: int) -> Tensor:
    """Coefficients of a nearly grey picture (H, W, C) of noise, as `to_picture` takes them."""
    generator = torch.Generator().manual_seed(random_state)
    height, width, channels = shape
    parts = torch.randn(1, channels, height, width // 2 + 1, 2, generator=generator)
    return torch.view_as_complex(_NOISE * parts)


def _weights(size: tuple[int, ...], device: torch.device) -> Tensor:
    """How strong each frequency is in a picture for a coefficient of 1: its period in pixels."""
    rows, columns = torch.fft.fftfreq(size[0]), torch.fft.rfftfreq(size[1])
    frequency = torch.hypot(rows[:, None], columns).clamp(min=1 / max(size))  # cycles a pixel
    weights = _GAIN / frequency
    weights[0, 0] *= _MEAN_GAIN
    return weights.to(device)


def _colors(channels: int) -> Tensor:
    """What mixes planes to channels: grey has brightness alone."""
    return _COLORS if channels == 3 else torch.ones(1, 1)


def _mix(planes: Tensor, matrix: Tensor) -> Tensor:
    return torch.einsum("oc,nchw->nohw", matrix.to(planes.device), planes)
