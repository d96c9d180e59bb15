"""The usual recipe, as dashboards of this kind have it: layer by layer, picture by picture, nothing shared.

For each layer the whole set is sent through the whole network, one picture at a time, with a hook on
that layer; feature maps are averaged over cells; scikit-learn's PCA keeps 90 % of the variance; openTSNE
is fitted anew for each perplexity; a second PCA gives two dimensions for the plot.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.models import Classifier, module_at, to_pixels


def collect(classifier: Classifier, pictures: np.ndarray, key: str, side: int) -> np.ndarray:
    """Features of one layer.

    Parameters
    ----------
    classifier : Classifier
    pictures : ndarray of uint8, (N, S, S, 3)
    key : str
        Path of a torch module.
    side : int
        Of the feature maps once they are averaged; of no effect on vectors.

    Returns
    -------
    ndarray of float32, (N, d)
    """
    rows: list[np.ndarray] = []

    def keep(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if output.ndim == 4:
            output = functional.adaptive_avg_pool2d(output, side)
        rows.append(output.detach().numpy().reshape(-1).copy())

    hook = module_at(classifier.module, key).register_forward_hook(keep)
    try:
        with torch.no_grad():
            for picture in pictures:
                classifier.module(classifier.normalize(to_pixels(picture[None])))
    finally:
        hook.remove()
    return np.stack(rows)


def reduce(features: np.ndarray, variance: float, random_state: int) -> np.ndarray:
    """Principal components (N, k) that keep a share of the variance."""
    from sklearn.decomposition import PCA

    return PCA(variance, random_state=random_state).fit_transform(features)


def embed(
    scores: np.ndarray,
    perplexity: float,
    *,
    early_exaggeration: float,
    n_iter: int,
    random_state: int,
    n_jobs: int,
) -> np.ndarray:
    """t-SNE (N, 2) with everything that openTSNE chooses by itself."""
    from openTSNE import TSNE

    return np.asarray(
        TSNE(
            perplexity=perplexity,
            early_exaggeration=early_exaggeration,
            n_iter=n_iter,
            random_state=random_state,
            n_jobs=n_jobs,
        ).fit(scores)
    )


def project(features: np.ndarray, random_state: int) -> np.ndarray:
    """Two principal components (N, 2), found anew."""
    from sklearn.decomposition import PCA

    return PCA(2, random_state=random_state).fit_transform(features)


def save(folder: Path, name: str, array: np.ndarray) -> None:
    """As a file of its own, in the precision that it has."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{name}.npy", array)
