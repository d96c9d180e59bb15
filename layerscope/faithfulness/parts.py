"""Whether relevance ranks the parts of an object as removing them does, and beyond how large they are.

The renderer draws a picture again without a part, all else as it was, so that nothing has to be made
up for the place where the part was, and the picture stays one that the model could have been trained
on. The measure is that of FunnyBirds (Hesse, Schaub-Meyer and Roth 2023).
"""

from __future__ import annotations

import numpy as np

from layerscope.datasets.picture import stretch, stretch_labels
from layerscope.datasets.rendered import render
from layerscope.errors import InputError
from layerscope.faithfulness.scoring import compute_logits
from layerscope.faithfulness.statistics import correlate_ranks, correlate_ranks_given
from layerscope.models.registry import Classifier


def list_parts(part_map: np.ndarray) -> np.ndarray:
    """Numbers (K,) of the parts that can be seen in a part map (H, W), rising."""
    return np.unique(part_map[part_map > 0])


def render_without(
    dataset: str,
    path: str,
    part_map: np.ndarray,
    part_names: tuple[str, ...],
    random_state: int,
    channels: int,
) -> np.ndarray:
    """A picture, and the same without each part that can be seen in it.

    Parameters
    ----------
    dataset : str
        Of the rendered ones.
    path : str
        Split and number of the picture.
    part_map : ndarray of uint8, (H, W)
        That it is known to have.
    part_names : tuple of str
    random_state : int
        Of the data set.
    channels : int
        Of the pictures, 1 or 3.

    Returns
    -------
    ndarray of uint8, (1 + K, H, W, C)
        The whole picture, then without each part of `list_parts`.

    Raises
    ------
    InputError
        Where the renderer draws another picture than the part map is of.
    """
    split, index = path.split("/")
    gone = [frozenset[str](), *(frozenset({part_names[k - 1]}) for k in list_parts(part_map))]
    drawn = [
        render(dataset, seed=random_state, split=split, index=int(index), without=parts)
        for parts in gone
    ]
    if not np.array_equal(stretch_labels(drawn[0].part_map, part_map.shape), part_map):
        raise InputError(
            f"{dataset}: {path} is not the picture that was stored; run `dvc repro` to draw anew"
        )
    return np.stack([stretch(each.picture, (*part_map.shape, channels)) for each in drawn])


def measure_importance(classifier: Classifier, pictures: np.ndarray, output: int) -> np.ndarray:
    """What each part is to the model.

    Parameters
    ----------
    classifier : Classifier
    pictures : ndarray of uint8, (1 + K, H, W, C)
        Of `render_without`.
    output : int

    Returns
    -------
    ndarray of float32, (K,)
        By how much the output's logit drops without the part.
    """
    logits = compute_logits(classifier, pictures)[:, output]
    return logits[0] - logits[1:]


def correlate_parts(
    values: np.ndarray, part_map: np.ndarray, importance: np.ndarray
) -> dict[str, float]:
    """Rank correlations of the relevance of parts with their importance.

    A large part has more relevance for its many pixels, and costs more for them when it is removed: a map
    that is the same everywhere does well. So there are two more figures of what is left after area.

    Parameters
    ----------
    values : ndarray, (H, W)
    part_map : ndarray of uint8, (H, W)
    importance : ndarray, (K,)
        Of the parts of `list_parts`.

    Returns
    -------
    dict of float
        ``parts``, Spearman's correlation of a part's summed relevance with its importance;
        ``parts_density``, of its relevance per pixel; ``parts_partial``, of its summed relevance given its
        area. In [-1, 1]; NaN for pictures with a single part, which has no order, the last one for fewer
        than four and where importance follows area.
    """
    parts = list_parts(part_map)
    if len(parts) < 2:
        return dict.fromkeys(("parts", "parts_density", "parts_partial"), float("nan"))
    areas = np.array([(part_map == part).sum() for part in parts])
    sums = np.array([values[part_map == part].sum(dtype=np.float64) for part in parts])
    return {
        "parts": correlate_ranks(sums, importance),
        "parts_density": correlate_ranks(_settle(sums / areas), importance),
        "parts_partial": correlate_ranks_given(_settle(sums), importance, areas),
    }


def _settle(values: np.ndarray) -> np.ndarray:
    """Values without the digits that rounding left, by which equal ones would be ranked."""
    peak = np.abs(values).max()
    return np.round(values / peak, 9) if peak else values
