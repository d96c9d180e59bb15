"""Class weight vectors: found in any head, compared with scikit-learn, mapped by direction."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn

from layerscope.datasets.categories import IMAGENETTE
from layerscope.embedding.layouts import effective_perplexity
from layerscope.embedding.neighbors import knn_accuracy, nearest_neighbors
from layerscope.errors import InputError
from layerscope.features.class_vectors import (
    ClassMap,
    choose_classes,
    find_most_alike,
    find_nearest_classes,
    map_by_pca,
    map_by_tsne,
    map_by_umap,
    measure_kept_neighbors,
    to_unit_length,
)
from layerscope.features.kernels import read_class_vectors
from layerscope.models.registry import Classifier, load_model
from tests.shared.inputs import take

pytestmark = pytest.mark.usefixtures("one_thread")


def classify(module: nn.Module, n_classes: int) -> Classifier:
    module = module.eval().requires_grad_(False)
    return Classifier("small", module, take(8), IMAGENETTE[:n_classes])


# --- the head --------------------------------------------------------------------------------


class _Backwards(nn.Module):
    """Registers its last layer first, and a head for training that evaluation does not use."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(4, 4)
        self.first = nn.Linear(3 * 8 * 8, 4)
        self.auxiliary = nn.Linear(4, 4)

    def forward(self, values: Tensor) -> Tensor:
        return self.last(self.first(values.flatten(1)).relu())


def test_the_last_layer_is_the_last_that_is_called() -> None:
    module = _Backwards()
    found = read_class_vectors(classify(module, 4))
    np.testing.assert_array_equal(found, module.last.weight.detach().numpy())
    assert all(not part._forward_hooks for part in module.modules())


def test_a_convolution_of_one_by_one_is_a_head_too() -> None:
    # As in SqueezeNet: the convolution, then a ReLU and an average over the map.
    head = nn.Conv2d(6, 5, 1)
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.ReLU(), head, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    found = read_class_vectors(classify(module, 5))
    assert found.shape == (5, 6)
    np.testing.assert_array_equal(found, head.weight.detach().numpy()[:, :, 0, 0])


def test_a_model_without_such_a_layer_is_refused() -> None:
    wide = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(InputError, match="5 outputs"):
        read_class_vectors(classify(wide, 5))


def test_logits_of_a_real_model_are_products_with_its_class_vectors() -> None:
    classifier = load_model("efficientnet_lite0")
    vectors = read_class_vectors(classifier)
    assert vectors.shape == (1000, 1280)
    features: list[Tensor] = []
    head = classifier.module.get_submodule("classifier")
    handle = head.register_forward_pre_hook(lambda _, inputs: features.append(inputs[0]))
    with torch.no_grad():
        logits = classifier.module(torch.zeros(1, 3, 64, 64))
    handle.remove()
    bias = head.bias.detach().numpy()
    np.testing.assert_allclose(features[0].numpy() @ vectors.T + bias, logits, atol=1e-3)
    dogs = set(range(151, 269))
    assert set(find_nearest_classes(vectors, 207, 10).indices) <= dogs  # golden retriever


# --- nearest classes -------------------------------------------------------------------------


def test_orthonormal_vectors_are_all_equally_far() -> None:
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(16, 16)))[0][:8]
    found = find_nearest_classes(vectors * np.arange(1, 9)[:, None], 3, 100)
    assert sorted(found.indices) == [0, 1, 2, 4, 5, 6, 7]
    np.testing.assert_allclose(found.similarities, 0, atol=1e-6)


def test_cosines_by_hand() -> None:
    vectors = np.array([[2, 0], [0, 5], [3, 3], [-1, 0], [0, 0], [9, 0]], dtype=np.float32)
    found = find_nearest_classes(vectors, 0, 5)
    np.testing.assert_array_equal(found.indices, [5, 2, 1, 4, 3])
    np.testing.assert_allclose(found.similarities, [1, np.sqrt(0.5), 0, 0, -1], atol=1e-6)
    np.testing.assert_array_equal(find_nearest_classes(vectors, 0, 2).indices, [5, 2])


def test_nearest_classes_are_those_of_scikit_learn() -> None:
    vectors = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    search = NearestNeighbors(n_neighbors=7, metric="cosine").fit(vectors)
    distances, indices = search.kneighbors()
    for index in range(40):
        found = find_nearest_classes(vectors, index, 7)
        np.testing.assert_array_equal(found.indices, indices[index])
        np.testing.assert_allclose(found.similarities, 1 - distances[index], atol=1e-5)


@pytest.mark.parametrize("index", [-1, 40])
def test_a_class_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(IndexError):
        find_nearest_classes(np.ones((40, 3)), index, 5)


# --- which classes ---------------------------------------------------------------------------


def test_thirty_of_a_thousand_are_spread_evenly() -> None:
    chosen = choose_classes(1000, random_state=0)
    assert len(chosen) == 30 and (np.diff(chosen) > 0).all()
    middles = (np.arange(30) + 0.5) * 1000 / 30
    assert np.abs(chosen - middles).max() <= 1000 / 60 + 1  # one in each thirtieth
    np.testing.assert_array_equal(chosen, choose_classes(1000, random_state=0))
    assert not np.array_equal(chosen, choose_classes(1000, random_state=1))


def test_every_class_can_be_chosen() -> None:
    seen = np.unique([choose_classes(100, 7, random_state=seed) for seed in range(300)])
    np.testing.assert_array_equal(seen, np.arange(100))


@pytest.mark.parametrize("n_classes", [1, 20, 30])
def test_of_few_classes_all_are_chosen(n_classes: int) -> None:
    chosen = choose_classes(n_classes, random_state=3)
    np.testing.assert_array_equal(chosen, np.arange(n_classes))


# --- maps ------------------------------------------------------------------------------------

TSNE = {"early_exaggeration": 12, "n_iter": 250, "tolerance": 0, "random_state": 0}
MAPS: dict[str, Callable[[np.ndarray], ClassMap]] = {
    "pca": map_by_pca,
    "tsne": lambda vectors: map_by_tsne(vectors, perplexity=10, **TSNE),
    "umap": lambda vectors: map_by_umap(vectors, n_neighbors=10, min_dist=0.1, random_state=0),
}
# UMAP is compiled on its first use, which takes longer than all else here.
NAMES = ["pca", "tsne", pytest.param("umap", marks=pytest.mark.slow)]
GROUPS = np.repeat(np.arange(3), 12)


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Three directions with twelve classes each, of lengths that differ by a factor of ten."""
    rng = np.random.default_rng(0)
    directions = np.eye(3, 20)[GROUPS] + 0.1 * rng.normal(size=(36, 20))
    return (directions * rng.uniform(0.5, 5, (36, 1))).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_a_map_brings_together_what_points_the_same_way(name: str, vectors: np.ndarray) -> None:
    found = MAPS[name](vectors)
    assert found.points.shape == (36, 2) and found.points.dtype == np.float32
    assert knn_accuracy(nearest_neighbors(found.points, 5).indices, GROUPS, 5) == 1
    np.testing.assert_array_equal(found.points, MAPS[name](vectors).points)


@pytest.mark.parametrize("name", NAMES)
def test_lengths_do_not_matter(name: str, vectors: np.ndarray) -> None:
    unit = to_unit_length(vectors)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-6)
    powers = np.exp2(np.arange(36, dtype=np.float32) % 4)  # of two: not even rounding differs
    scaled = MAPS[name](unit * powers[:, None])
    np.testing.assert_array_equal(MAPS[name](unit).points, scaled.points)


def test_pca_is_that_of_scikit_learn(vectors: np.ndarray) -> None:
    reference = PCA(2, svd_solver="full")
    expected = reference.fit_transform(to_unit_length(vectors).astype(np.float64))
    found = map_by_pca(vectors)
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected), atol=1e-4)
    ratio = reference.explained_variance_ratio_.sum()
    assert found.facts["explained_variance"] == pytest.approx(ratio, abs=1e-5)


def test_two_components_of_orthonormal_vectors_show_what_two_of_seven_can() -> None:
    # Eight equidistant points are a simplex: seven dimensions with the same variance in each.
    found = map_by_pca(np.eye(8, dtype=np.float32))
    assert found.facts["explained_variance"] == pytest.approx(2 / 7, abs=1e-5)


def test_what_was_used_is_told(vectors: np.ndarray) -> None:
    facts = map_by_tsne(vectors, perplexity=30, **TSNE).facts
    assert facts["perplexity"] == effective_perplexity(30, 36) and facts["kl_divergence"] > 0
    assert map_by_tsne(vectors, perplexity=5, **TSNE).facts["perplexity"] == 5


@pytest.mark.slow
def test_umap_tells_how_many_neighbours_there_were(vectors: np.ndarray) -> None:
    umap = map_by_umap(vectors[:9], n_neighbors=15, min_dist=0.1, random_state=0)
    assert umap.facts == {"n_neighbors": 8} and np.isfinite(umap.points).all()


@pytest.mark.parametrize(
    ("name", "least"),
    [("pca", 3), ("tsne", 7), pytest.param("umap", 7, marks=pytest.mark.slow)],
)
def test_the_fewest_classes(name: str, least: int, vectors: np.ndarray) -> None:
    assert np.isfinite(MAPS[name](vectors[::5][:least]).points).all()
    with pytest.raises(InputError, match=f"at least {least}"):
        MAPS[name](vectors[::5][: least - 1])


@pytest.mark.parametrize("name", MAPS)
def test_vectors_that_all_point_the_same_way_are_refused(name: str) -> None:
    one = np.random.default_rng(0).normal(size=12)
    along = (np.arange(1, 11)[:, None] * one).astype(np.float32)
    for vectors in (np.zeros((10, 12), np.float32), along):
        with pytest.raises(InputError, match="all of them point the same way"):
            MAPS[name](vectors)


# --- how true a map is -----------------------------------------------------------------------


def test_the_most_alike_by_hand() -> None:
    vectors = np.array([[1, 0], [0, 1], [-1, 0.1], [3, 3], [5, 4]], dtype=np.float32)
    assert find_most_alike(vectors) == (3, 4)
    assert find_most_alike(np.eye(3, dtype=np.float32)) == (0, 1)


def test_neighbours_that_are_kept_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(30, 8)).astype(np.float32)
    points = rng.normal(size=(30, 2))
    near = [
        NearestNeighbors(n_neighbors=5, metric=metric, algorithm="brute").fit(x).kneighbors()[1]
        for x, metric in ((vectors, "cosine"), (points, "euclidean"))
    ]
    expected = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(*near, strict=True)])
    assert measure_kept_neighbors(vectors, points, 5) == pytest.approx(expected)


def test_a_map_of_the_directions_keeps_all_and_scale_does_not_matter() -> None:
    angles = np.random.default_rng(5).uniform(0, 1, 20)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    vectors = (points * np.arange(1, 21)[:, None]).astype(np.float32)
    assert measure_kept_neighbors(vectors, points, 4) == 1
    assert measure_kept_neighbors(vectors, points, 19) == 1  # all others
