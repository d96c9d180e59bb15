"""LIME on superpixels: a linear model of what the score does when parts of the picture are missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from layerscope.explanation.filling import fill_picture
from layerscope.explanation.gradients import to_channels
from layerscope.explanation.method import Attribution
from layerscope.explanation.task import BATCH, ExplanationTask

# As in the authors' code for pictures: the kernel's width, and the penalty of ridge regression.
_KERNEL_WIDTH = 0.25
_PENALTY = 1.0


def find_segments(picture: np.ndarray, n_segments: int) -> np.ndarray:
    """Superpixels of a picture (H, W, C) uint8, by SLIC (Achanta et al. 2012).

    Returns
    -------
    ndarray of int32, (H, W)
        Numbered from 0. There are about `n_segments`.
    """
    from skimage.segmentation import slic

    found = slic(picture, n_segments=n_segments, compactness=10, sigma=1, start_label=0)
    return found.astype(np.int32)


def draw_presence(n_samples: int, n_segments: int, random_state: int) -> Tensor:
    """Which superpixels are there in each sample, each with a chance of one half; in the first, all.

    Returns
    -------
    Tensor of int64, (n_samples, n_segments)
        0 or 1.
    """
    generator = torch.Generator().manual_seed(random_state)
    drawn = torch.rand(n_samples, n_segments, generator=generator) < 0.5
    drawn[0] = True
    return drawn.long()


def closeness(present: Tensor) -> Tensor:
    """Weights (n,) of samples (n, n_segments): an exponential kernel on the cosine distance to all."""
    distance = 1 - present.float().mean(dim=1).sqrt()
    return torch.exp(-(distance**2) / _KERNEL_WIDTH**2).sqrt()


def lime(task: ExplanationTask, n_samples: int, n_segments: int, fill: str) -> Attribution:
    """The coefficients of ridge regression on the presence of superpixels, by Captum."""
    from captum.attr import Lime

    # isort: split
    # After what the other methods import: threads that enter a package at two places wait for each other.
    from captum._utils.models.linear_model import SkLearnRidge

    task.watch.expect(n_samples)
    picture = task.pictures[0]
    segments = find_segments(picture, n_segments)
    drawn = draw_presence(n_samples, int(segments.max()) + 1, task.random_state).to(
        task.classifier.device
    )

    def present(*_: object, **__: object) -> Iterator[Tensor]:
        yield from drawn[:, None]

    def similarity(_: object, __: object, row: Tensor, **___: Any) -> Tensor:
        return closeness(row)

    method = Lime(
        task.score,
        interpretable_model=SkLearnRidge(alpha=_PENALTY),
        similarity_func=similarity,
        perturb_func=present,
    )
    found = method.attribute(
        task.classifier.to_inputs(task.pictures),
        baselines=task.classifier.to_inputs(fill_picture(picture, fill, task.random_state)[None]),
        additional_forward_args=(task.targets,),
        feature_mask=torch.from_numpy(segments).long().to(task.classifier.device)[None, None],
        n_samples=n_samples,
        perturbations_per_eval=BATCH,
    )
    # A superpixel's coefficient stands in each of its pixels, and in each channel the same.
    return Attribution(to_channels(found)[..., 0], segments=segments[None])
