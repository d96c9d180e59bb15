"""LIME on superpixels: a linear model of what the score does when parts of the picture are missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from layerscope.explanation.filling import FILL, fill_picture
from layerscope.explanation.gradients import to_channels
from layerscope.explanation.method import Attribution, Citation, Failure, Method, Option
from layerscope.explanation.task import BATCH, ExplanationTask

# As in the authors' code for pictures: the kernel's width, and the penalty of ridge regression.
_KERNEL_WIDTH = 0.25
_PENALTY = 1.0


def find_segments(picture: np.ndarray, n_segments: int) -> np.ndarray:
    """Superpixels of a picture (S, S, 3) uint8, by SLIC (Achanta et al. 2012).

    Returns
    -------
    ndarray of int32, (S, S)
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
    from captum._utils.models.linear_model import SkLearnRidge
    from captum.attr import Lime

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


LIME = Method(
    "lime",
    "LIME",
    "perturbation",
    "The picture is cut into superpixels, random ones are removed, and a linear model is fitted to how "
    "the score follows, those with little removed counting most. A superpixel's value is what it adds "
    "to the score by itself; negative ones speak against the class.",
    r"\hat w = \arg\min_w \sum_{z} \pi(z)\left(S(x_z) - w_0 - w^\top z\right)^2 + \lambda\|w\|^2",
    Citation(
        "Ribeiro, Singh and Guestrin",
        2016,
        "“Why Should I Trust You?” Explaining the Predictions of Any Classifier",
        "https://arxiv.org/abs/1602.04938",
    ),
    Failure(
        "It is unstable: pictures that look the same, and other random samples, give different "
        "explanations.",
        Citation(
            "Alvarez-Melis and Jaakkola",
            2018,
            "On the Robustness of Interpretability Methods",
            "https://arxiv.org/abs/1806.08049",
        ),
    ),
    signed=True,
    explain=lime,
    options=(
        Option(
            "n_samples",
            "Samples",
            "How many pictures with parts removed are scored.",
            256,
            20,
            2000,
        ),
        Option("n_segments", "Superpixels", "About how many the picture is cut into.", 50, 4, 200),
        FILL,
    ),
    long=True,
)
