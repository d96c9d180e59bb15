"""All measures of one method, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from zlib import crc32

import numpy as np

from layerscope.explanation.filling import fill_picture
from layerscope.explanation.registry import attribute
from layerscope.faithfulness.baselines import BASELINES
from layerscope.faithfulness.complexity import (
    measure_change,
    measure_complexity,
    measure_histogram,
    measure_sparseness,
)
from layerscope.faithfulness.curves import (
    compute_area,
    list_shares,
    rank_cells,
    replace_in_steps,
)
from layerscope.faithfulness.localization import measure_mass, measure_rank, play_pointing_game
from layerscope.faithfulness.parts import correlate_parts
from layerscope.faithfulness.randomization import cascade, compare_maps
from layerscope.faithfulness.scoring import compute_probabilities
from layerscope.models.registry import Classifier

Measured = dict[str, np.ndarray]
CURVES = ("deletion", "insertion")

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
    fills : tuple of str
        Of ``FILLS``: what deleted cells become, and what inserted ones were.
    n_fills : int
        How many of them are tried on a picture, the same by all methods; which, is drawn.
    """

    cell: int
    n_steps: int
    fills: tuple[str, ...]
    n_fills: int

    def choose(self, picture: np.ndarray, random_state: int) -> np.ndarray:
        """Which fills are tried on a picture, whatever other pictures there are: their places, rising."""
        drawn = np.random.default_rng([random_state, crc32(picture.tobytes())])
        return np.sort(drawn.permutation(len(self.fills))[: self.n_fills])


@dataclass(frozen=True)
class Noise:
    """What is laid over pictures that are explained again.

    Attributes
    ----------
    n_copies : int
        Of each picture.
    spread : float
        Standard deviation, as a share of the range of pixels.
    """

    n_copies: int
    spread: float

    def lay(self, pictures: np.ndarray, random_state: int) -> np.ndarray:
        """Noisy copies (n_copies, N, H, W, C) uint8 of pictures (N, H, W, C): another noise for each."""
        shape = (self.n_copies, *pictures.shape[1:])
        drawn = [
            np.random.default_rng([random_state, crc32(each.tobytes())]).normal(
                0, 255 * self.spread, shape
            )
            for each in pictures
        ]
        return np.clip((pictures + np.stack(drawn, axis=1)).round(), 0, 255).astype(np.uint8)


def measure_localization(
    values: np.ndarray, truth: GroundTruth, tolerance: float
) -> dict[str, float]:
    """What one map (H, W) makes of the object and its parts, by measure."""
    mask = truth.part_map > 0
    return {
        "pointing_game": play_pointing_game(values, mask, tolerance),
        "mass": measure_mass(values, mask),
        "rank": measure_rank(values, mask),
        **correlate_parts(values, truth.part_map, truth.importance),
    }


def compute_chances(truths: list[GroundTruth], tolerance: float) -> Measured:
    """What a map gets that is the same everywhere, per sample (n,), by measure of `measure_localization`."""
    rows = [measure_localization(np.ones(each.part_map.shape), each, tolerance) for each in truths]
    return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else ())}


def trace_curves(
    classifier: Classifier,
    picture: np.ndarray,
    output: int,
    values: np.ndarray,
    perturbation: Perturbation,
    random_state: int,
) -> dict[str, np.ndarray]:
    """The output's probability as a picture is deleted and as it is inserted, (fills, n_steps + 1).

    NaN under the fills that are not tried on the picture.
    """
    ranks = rank_cells(values, perturbation.cell, random_state)
    shares = list_shares(perturbation.n_steps)
    chosen = perturbation.choose(picture, random_state)
    fillings = [fill_picture(picture, perturbation.fills[place], random_state) for place in chosen]
    between = [
        replace_in_steps(*ends, ranks, shares[1:-1])
        for filling in fillings
        for ends in ((picture, filling), (filling, picture))
    ]
    asked = np.concatenate([[picture, *fillings], *between])
    whole, *found = compute_probabilities(classifier, asked, output)
    empty = np.array(found[: len(fillings)])[:, None]
    inner = np.reshape(found[len(fillings) :], (len(fillings), 2, len(shares) - 2))
    full = np.full_like(empty, whole)
    curves = {name: np.full((len(perturbation.fills), len(shares)), np.nan) for name in CURVES}
    curves["deletion"][chosen] = np.concatenate([full, inner[:, 0], empty], axis=1)
    curves["insertion"][chosen] = np.concatenate([empty, inner[:, 1], full], axis=1)
    return curves


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
        Per sample, (N,): ``deletion`` and ``insertion``, areas under the curves, the mean over the fills
        that are tried; ``complexity`` and ``sparseness``; those of `measure_localization` where there are
        truths. And ``deletion_fills`` and ``insertion_fills``, areas by fill, (N, fills);
        ``deletion_curve`` and ``insertion_curve``, (N, fills, n_steps + 1).
    """
    maps = explainer.explain(classifier, pictures, outputs)
    shares = list_shares(perturbation.n_steps)
    rows = []
    for i, (picture, output, values) in enumerate(zip(pictures, outputs, maps, strict=True)):
        row: dict[str, Any] = {
            "complexity": measure_complexity(values),
            "sparseness": measure_sparseness(values),
        }
        curves = trace_curves(
            classifier, picture, int(output), values, perturbation, explainer.random_state
        )
        for name, curve in curves.items():
            areas = compute_area(curve, shares)
            row |= {name: np.nanmean(areas), f"{name}_fills": areas, f"{name}_curve": curve}
        if truths is not None:
            row |= measure_localization(values, truths[i], tolerance)
        rows.append(row)
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}


def measure_again(
    explainer: Explainer,
    classifier: Classifier,
    pictures: np.ndarray,
    outputs: np.ndarray,
    n_points: int,
    noise: Noise,
) -> Measured:
    """How far a method's maps stay the same under noise, and while the model's weights become random.

    Parameters
    ----------
    explainer, classifier, pictures, outputs
        As in `measure_maps`. Under random weights the baseline that is noise is drawn anew.
    n_points : int
        Of `layerscope.faithfulness.randomization.cascade`.
    noise : Noise

    Returns
    -------
    dict of ndarray of float64
        ``randomized_curve`` and ``ssim_curve``, (N, points): rank correlation and structural
        similarity with the maps of the trained model. And per sample, (N,): ``randomized`` and ``ssim``,
        their means over the points; ``randomized_all``, the rank correlation where all layers are random;
        ``randomized_smooth``, the same of maps averaged over the picture and its noisy copies;
        ``complexity_rise``, by what share the entropy of the map's histogram is larger there than of the
        trained model; ``max_sensitivity``, the largest of the changes that noise makes to the maps of the
        trained model (Yeh et al. 2019).
    """
    copies = noise.lay(pictures, explainer.random_state)
    trained, *around = (
        explainer.explain(classifier, each, outputs) for each in (pictures, *copies)
    )
    points = []
    for n_random, forgetting in cascade(classifier, n_points, explainer.random_state):
        again = explainer
        if explainer.key in BASELINES:
            again = replace(explainer, random_state=explainer.random_state + n_random)
        maps = again.explain(forgetting, pictures, outputs)
        points.append([compare_maps(*pair) for pair in zip(trained, maps, strict=True)])
    smooth = [
        np.mean(each, axis=0)
        for each in (
            [trained, *around],
            [maps, *(again.explain(forgetting, each, outputs) for each in copies)],
        )
    ]
    ranks, ssim = np.array(points, dtype=np.float64).transpose(2, 1, 0)  # (N, points) each
    changes = [list(map(measure_change, trained, each)) for each in around]
    before, after = (np.array([measure_histogram(each) for each in of]) for of in (trained, maps))
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = np.where(before > 0, after / before - 1, np.nan)
    return {
        "randomized_curve": ranks,
        "ssim_curve": ssim,
        "randomized": ranks.mean(axis=1),
        "ssim": ssim.mean(axis=1),
        "randomized_all": ranks[:, -1],
        "randomized_smooth": np.array(
            [compare_maps(*pair)[0] for pair in zip(*smooth, strict=True)]
        ),
        "complexity_rise": rise,
        "max_sensitivity": np.max(changes, axis=0),
    }
