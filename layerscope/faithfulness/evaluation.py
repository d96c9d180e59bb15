"""All measures of one method, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layerscope.explanation.filling import fill_picture
from layerscope.explanation.registry import attribute
from layerscope.faithfulness.baselines import BASELINES
from layerscope.faithfulness.curves import compute_area, rank_cells, replace_in_steps
from layerscope.faithfulness.localization import measure_mass, measure_rank, play_pointing_game
from layerscope.faithfulness.parts import correlate_parts
from layerscope.faithfulness.randomization import cascade, compare_maps
from layerscope.faithfulness.scoring import compute_probabilities
from layerscope.models.registry import Classifier

Measured = dict[str, np.ndarray]

# Signed gradients: their sign says whether a pixel should be brighter or darker, not whether it speaks
# for the output or against it, and would cancel in sums. They are measured as saliency is.
_SENSITIVITIES = {"deconvolution", "guided_backpropagation", "guided_grad_cam"}


@dataclass(frozen=True)
class Explainer:
    """A method, or a baseline, with its settings.

    Attributes
    ----------
    key : str
        Of ``METHODS`` or ``BASELINES``.
    random_state : int
    options : mapping
        Of the method's entry; what is not given has the entry's default.
    """

    key: str
    random_state: int
    options: Mapping[str, Any] = field(default_factory=dict)

    def explain(
        self, classifier: Classifier, pictures: np.ndarray, outputs: np.ndarray
    ) -> np.ndarray:
        """Relevance (N, H, W) float32 of pictures (N, H, W, C) for one output each, (N,).

        Of methods whose sign is that of a gradient, the absolute value.
        """
        baseline = BASELINES.get(self.key)
        if baseline is not None:
            return np.stack([baseline.compute(each, self.random_state) for each in pictures])
        found = attribute(
            self.key,
            classifier,
            pictures,
            outputs,
            random_state=self.random_state,
            **self.options,
        ).values
        return np.abs(found) if self.key in _SENSITIVITIES else found


@dataclass(frozen=True)
class GroundTruth:
    """What is known of one picture.

    Attributes
    ----------
    part_map : ndarray of uint8, (H, W)
    importance : ndarray of float32, (K,)
        Of each part of `layerscope.faithfulness.parts.list_parts`.
    """

    part_map: np.ndarray
    importance: np.ndarray


@dataclass(frozen=True)
class Perturbation:
    """How a picture is deleted and inserted.

    Attributes
    ----------
    cell : int
        Side in pixels of what goes or comes at once.
    n_steps : int
    deletion_fill, insertion_fill : str
        Of ``FILLS``: what deleted cells become, and what inserted ones were.
    """

    cell: int
    n_steps: int
    deletion_fill: str
    insertion_fill: str


def measure_localization(
    values: np.ndarray, truth: GroundTruth, tolerance: float
) -> dict[str, float]:
    """What one map (H, W) makes of the object and its parts, by measure."""
    mask = truth.part_map > 0
    return {
        "pointing_game": play_pointing_game(values, mask, tolerance),
        "mass": measure_mass(values, mask),
        "rank": measure_rank(values, mask),
        "parts": correlate_parts(values, truth.part_map, truth.importance),
    }


def trace_curves(
    classifier: Classifier,
    picture: np.ndarray,
    output: int,
    values: np.ndarray,
    perturbation: Perturbation,
    random_state: int,
) -> dict[str, np.ndarray]:
    """The output's probability, (n_steps + 1,) float32, as a picture is deleted and as it is inserted."""
    ranks = rank_cells(values, perturbation.cell, random_state)
    deleted = fill_picture(picture, perturbation.deletion_fill, random_state)
    hidden = fill_picture(picture, perturbation.insertion_fill, random_state)
    ways = {"deletion": (picture, deleted), "insertion": (hidden, picture)}
    return {
        name: compute_probabilities(
            classifier, replace_in_steps(start, end, ranks, perturbation.n_steps), output
        )
        for name, (start, end) in ways.items()
    }


def measure_maps(
    explainer: Explainer,
    classifier: Classifier,
    pictures: np.ndarray,
    outputs: np.ndarray,
    truths: list[GroundTruth] | None,
    *,
    tolerance: float,
    perturbation: Perturbation,
) -> Measured:
    """What a method's maps are worth.

    Parameters
    ----------
    explainer : Explainer
    classifier : Classifier
    pictures : ndarray of uint8, (N, H, W, C)
    outputs : ndarray of int, (N,)
        Which output is explained.
    truths : list of GroundTruth, optional
        One per picture.
    tolerance : float
        Of the pointing game, in pixels.
    perturbation : Perturbation

    Returns
    -------
    dict of ndarray of float64
        Per sample, (N,): ``deletion`` and ``insertion``, areas under the curves; ``pointing_game``,
        ``mass``, ``rank`` and ``parts`` where there are truths. And the curves themselves,
        ``deletion_curve`` and ``insertion_curve``, (N, n_steps + 1).
    """
    maps = explainer.explain(classifier, pictures, outputs)
    rows = []
    for i, (picture, output, values) in enumerate(zip(pictures, outputs, maps, strict=True)):
        curves = trace_curves(
            classifier, picture, int(output), values, perturbation, explainer.random_state
        )
        row: dict[str, np.ndarray | float] = {
            f"{name}_curve": each for name, each in curves.items()
        }
        row |= {name: compute_area(each) for name, each in curves.items()}
        if truths is not None:
            row |= measure_localization(values, truths[i], tolerance)
        rows.append(row)
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}


def measure_randomization(
    explainer: Explainer,
    classifier: Classifier,
    pictures: np.ndarray,
    outputs: np.ndarray,
    n_points: int,
) -> Measured:
    """How far a method's maps stay the same while the model's weights become random.

    Parameters
    ----------
    explainer, classifier, pictures, outputs
        As in `measure_maps`.
    n_points : int
        Of `layerscope.faithfulness.randomization.cascade`.

    Returns
    -------
    dict of ndarray of float64
        ``randomized_curve`` and ``ssim_curve``, (N, points): rank correlation and structural
        similarity with the maps of the trained model. ``randomized`` and ``ssim``, (N,), their means
        over the points; ``randomized_all``, (N,), the rank correlation where all layers are random.
    """
    trained = explainer.explain(classifier, pictures, outputs)
    points = []
    for _, forgetting in cascade(classifier, n_points, explainer.random_state):
        maps = explainer.explain(forgetting, pictures, outputs)
        points.append([compare_maps(*pair) for pair in zip(trained, maps, strict=True)])
    ranks, ssim = np.array(points, dtype=np.float64).transpose(2, 1, 0)  # (N, points) each
    return {
        "randomized_curve": ranks,
        "ssim_curve": ssim,
        "randomized": ranks.mean(axis=1),
        "randomized_all": ranks[:, -1],
        "ssim": ssim.mean(axis=1),
    }
