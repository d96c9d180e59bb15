"""The usual recipe, as dashboards of this kind have it: layer by layer, picture by picture, nothing shared.

For each layer the whole set is sent through the whole network, one picture at a time, with a hook on
that layer; feature maps are averaged over cells; scikit-learn's PCA keeps 90 % of the variance; openTSNE
is fitted anew for each perplexity; a second PCA gives two dimensions for the plot. Every library may use
all cores. Pictures are decoded once and kept, which favours it: many such tools read them for each layer.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import torch
from openTSNE import TSNE
from sklearn.decomposition import PCA
from torch import Tensor, nn
from torch.nn import functional

from bench.measured import Measured
from layerscope.activations.pooling import pooled_shape
from layerscope.models.layers import INPUT, PROBABILITIES
from layerscope.models.registry import Classifier, load_model, module_at, to_pixels
from layerscope.params import TsneParams, read_params
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import store_path

STORED = "recipe"
# For judging afterwards: the recipe itself has no use for them, so they are no part of what it stores.
SCORES = "recipe-scores"


def collect(
    classifier: Classifier, pictures: np.ndarray, key: str, shape: tuple[int, ...]
) -> np.ndarray:
    """Features of one layer.

    Parameters
    ----------
    classifier : Classifier
    pictures : ndarray of uint8, (N, S, S, 3)
    key : str
        Path of a torch module; or one of the ends, pixels and softmax.
    shape : tuple of int
        (C, h, w) that feature maps are averaged to, or (C,).

    Returns
    -------
    ndarray of float32, (N, d)
    """
    rows: list[np.ndarray] = []

    def keep(output: Tensor) -> None:
        if output.ndim == 4:
            output = functional.adaptive_avg_pool2d(output, (shape[1], shape[2]))
        rows.append(output.detach().numpy().reshape(-1).copy())

    inner = key not in {INPUT, PROBABILITIES}
    hook = None
    if inner:
        module: nn.Module = module_at(classifier.module, key)
        hook = module.register_forward_hook(lambda _module, _inputs, output: keep(output))
    try:
        with torch.no_grad():
            for picture in pictures:
                pixels = to_pixels(picture[None])
                if key == INPUT:
                    keep(pixels)
                    continue
                logits = classifier.module(classifier.normalize(pixels))
                if key == PROBABILITIES:
                    keep(logits.softmax(dim=1))
    finally:
        if hook is not None:
            hook.remove()
    return np.stack(rows)


def reduce(features: np.ndarray, variance: float, random_state: int) -> np.ndarray:
    """Principal components (N, k) that keep a share of the variance; two where one would do."""
    scores = PCA(variance, random_state=random_state).fit_transform(features)
    return scores if scores.shape[1] > 1 else project(features, random_state)


def embed(scores: np.ndarray, perplexity: float, settings: TsneParams, n_jobs: int) -> np.ndarray:
    """t-SNE (N, 2) with everything that openTSNE chooses by itself."""
    return np.asarray(
        TSNE(
            perplexity=perplexity,
            early_exaggeration=settings.early_exaggeration,
            n_iter=settings.n_iter,
            random_state=settings.random_state,
            n_jobs=n_jobs,
        ).fit(scores)
    )


def project(features: np.ndarray, random_state: int) -> np.ndarray:
    """Two principal components (N, 2), found anew."""
    return PCA(2, random_state=random_state).fit_transform(features)


def save(folder: Path, name: str, array: np.ndarray) -> None:
    """As a file of its own, in the precision that it has."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{name}.npy", array)


def run(name: str, n: int) -> Measured:
    """All layers of a run, in the working folder; each phase writes what it made."""
    logging.getLogger("openTSNE").setLevel(logging.ERROR)  # a perplexity that few samples lower
    params, measured = read_params(), Measured()
    chosen, folder = params.run(name), Path(STORED)
    layers = Predictions(store_path(name, "predictions")).layers
    averaging, n_jobs = params.activations.averaging_of(n), os.cpu_count() or 1
    with measured.timing("forward", "decode"):
        pictures = Samples(store_path(name, "samples")).pictures(0, n)
        classifier = load_model(chosen.model, chosen.weights_file)
    for layer in layers:
        with measured.timing("forward", "forward"):
            features = collect(classifier, pictures, layer.key, pooled_shape(layer, averaging))
            save(folder, f"{layer.key}-features", features)
        with measured.timing("PCA", "pca"):
            scores = reduce(features, params.pca.variance, 0)
        with measured.timing("PCA", "two components"):
            save(folder, f"{layer.key}-pca", project(features, 0))
        save(Path(SCORES), layer.key, scores)
        for perplexity in params.tsne.perplexity:
            with measured.timing("t-SNE", f"tsne {perplexity:g}"):
                points = embed(scores, perplexity, params.tsne, n_jobs)
                save(folder, tsne_name(layer.key, perplexity), points)
    return measured


def tsne_name(layer: str, perplexity: float) -> str:
    """What an embedding's file is called, without its ending."""
    return f"{layer}-tsne-{perplexity:g}"
