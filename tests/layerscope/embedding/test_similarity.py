"""Similarity of layers: the measures, their null, the stage, and what the app reads of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from scipy.linalg import orthogonal_procrustes
from scipy.stats import t as student

from layerscope.embedding.similarity import (
    STATISTICS,
    bound_cka,
    choose_size,
    compute_unit_cloud,
    compute_unit_gram,
    find_null,
    measure_cka,
    measure_nuclear,
    permute_samples,
)
from layerscope.errors import InputError
from layerscope.params import read_params
from layerscope.storage.store import Store, store_path, writing
from stages.similarity import compare_sides, find_side, main
from tests.shared.project import LAYERS, ROOT, SIZES, TINY, edit_params, replace_attributes
from ui.arrays import Unavailable
from ui.components.similarity_matrix import SimilarityMeasure, read_pair
from ui.similarities import load_repetition, load_similarity

OTHER = "objects-other"
rng = np.random.default_rng(7)


def gram_of(*layers: np.ndarray) -> np.ndarray:
    return np.stack([compute_unit_gram(layer) for layer in layers])


def cloud_of(*clouds: np.ndarray) -> np.ndarray:
    return np.stack([compute_unit_cloud(cloud) for cloud in clouds])


def rotation(k: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(k, k)))[0]


# --- the measures ------------------------------------------------------------------------------

# Two centred layers of three samples: X'Y = (3, 1), X'X = 2, Y'Y = [[6, 0], [0, 2]].
X = np.array([[-1.0], [0.0], [1.0]])
Y = np.array([[-1.0, -1.0], [-1.0, 1.0], [2.0, 0.0]])


def test_cka_of_a_hand_computed_example() -> None:
    # The corners of a square, and the last two of them swapped. Products are 0 beside and -1 across, and
    # U-centring leaves 1/3 and -2/3. Across are (0, 2) and (1, 3) in the first, (0, 3) and (1, 2) in the
    # second, so that the product of the two is 2 (2 * 1/9 - 4 * 2/9), and that of each with itself
    # 2 (4 * 1/9 + 2 * 4/9).
    square = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    found = measure_cka(gram_of(square), gram_of(square, square[[0, 1, 3, 2]]))
    assert found == pytest.approx(np.array([[1, -0.5]]), abs=1e-6)


def test_nuclear_similarity_of_a_hand_computed_example() -> None:
    # |X'Y|_* = sqrt(10), as a single row; |X'X|_* = 2, |Y'Y|_* = 8
    found = measure_nuclear(cloud_of(X), cloud_of(Y))
    assert found == pytest.approx((10 / 16) ** 0.5, abs=1e-6)


def unbiased_hsic(one: np.ndarray, other: np.ndarray) -> float:
    """Song et al. (2012), equation 5, of two layers (n, d)."""
    n = len(one)
    k, m = (each @ each.T * (1 - np.eye(n)) for each in (one, other))
    ones = np.ones(n)
    whole = (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
    crossed = 2 / (n - 2) * (ones @ k @ m @ ones)
    return float((np.trace(k @ m) + whole - crossed) / (n * (n - 3)))


def test_cka_is_the_published_formula() -> None:
    layers = [rng.normal(2, 1, (40, d)) for d in (3, 17, 200)]
    expected = [
        [
            unbiased_hsic(a, b) / np.sqrt(unbiased_hsic(a, a) * unbiased_hsic(b, b))
            for b in layers[:2]
        ]
        for a in layers
    ]
    assert measure_cka(gram_of(*layers), gram_of(*layers[:2])) == pytest.approx(
        np.array(expected), abs=1e-5
    )


def test_cka_of_unrelated_layers_is_nothing_whatever_their_width() -> None:
    # The biased estimate is .91 here, d / (n + d); without bias it goes below 0 as often as above.
    found = []
    for _ in range(30):
        one, other = rng.normal(size=(2, 100, 1000))
        found.append(measure_cka(gram_of(one), gram_of(other)).item())
    assert np.abs(found).max() < 0.06
    assert abs(np.mean(found)) < 0.01
    assert 5 < sum(each < 0 for each in found) < 25


def test_cka_has_no_bias_where_layers_share_something() -> None:
    # In the population, of covariances: |S_xy|^2 / (|S_xx| |S_yy|), here of y = x + noise of three times its
    # width, in 400 dimensions: 1 / 10. The biased estimate of 60 samples is above .8.
    found = []
    for _ in range(20):
        layer = rng.normal(size=(60, 400))
        other = layer + 3 * rng.normal(size=(60, 400))
        found.append(measure_cka(gram_of(layer), gram_of(other)).item())
    assert np.mean(found) == pytest.approx(0.1, abs=0.01)


def test_layers_without_a_pattern_of_distances_have_no_cka() -> None:
    layer = rng.normal(size=(12, 5))
    outlier, apart = np.zeros((12, 3)), np.eye(12)
    outlier[4, 1] = 7  # all samples but one are the same
    found = measure_cka(gram_of(layer, outlier, apart), gram_of(layer, outlier, apart))
    assert found[0, 0] == pytest.approx(1, abs=1e-6)
    assert np.isnan(found[1:]).all() and np.isnan(found[:, 1:]).all()


# --- other samples -----------------------------------------------------------------------------


def test_interval_is_the_jackknife_by_leaving_each_sample_out() -> None:
    n = 25
    layers = [rng.normal(size=(n, 4))]
    layers.append(layers[0] @ rng.normal(size=(4, 6)) + rng.normal(size=(n, 6)))
    without = [
        measure_cka(*(gram_of(np.delete(each, i, axis=0)) for each in layers)).item()
        for i in range(n)
    ]
    z = np.arctanh(without)
    middle = np.arctanh(measure_cka(*(gram_of(each) for each in layers)).item())
    reach = student(n - 1).ppf(0.975) * np.sqrt((n - 1) * z.var())
    low, high = bound_cka(*(gram_of(each) for each in layers))
    assert (low.item(), high.item()) == pytest.approx(
        np.tanh([middle - reach, middle + reach]), abs=1e-5
    )


@pytest.mark.parametrize(("n", "d", "noise"), [(20, 5, 0.5), (50, 20, 3), (100, 5, 1), (50, 5, 10)])
def test_interval_covers_what_all_samples_of_the_kind_would_give(
    n: int, d: int, noise: float
) -> None:
    turn = rng.normal(size=(d, d))
    spread = turn.T @ turn + noise**2 * np.eye(d)
    true = (turn**2).sum() / np.sqrt(d * (spread**2).sum())
    covered = []
    for _ in range(300):
        layer = rng.normal(size=(n, d))
        other = layer @ turn + noise * rng.normal(size=(n, d))
        low, high = bound_cka(gram_of(layer), gram_of(other))
        covered.append(low.item() <= true <= high.item())
    assert np.mean(covered) > 0.92  # 95 %, less two and a half standard errors


def test_interval_of_the_same_layer_is_a_point_and_of_a_constant_one_nothing() -> None:
    layers = gram_of(rng.normal(size=(30, 6)), np.full((30, 2), 0.1))
    low, high = bound_cka(layers, layers)
    assert low[0, 0] == high[0, 0] == 1
    for bound in (low, high):
        assert np.isnan(bound[1]).all() and np.isnan(bound[:, 1]).all()


# --- the other measure, and both ---------------------------------------------------------------


def test_nuclear_similarity_is_what_procrustes_leaves() -> None:
    one, other = rng.normal(size=(60, 5)), rng.normal(size=(60, 5)) * [3, 1, 1, 1, 0.2]
    unit = [(each - each.mean(axis=0)) for each in (one, other)]
    unit = [each / np.linalg.norm(each) for each in unit]
    turn, _ = orthogonal_procrustes(*unit)
    left = np.linalg.norm(unit[0] @ turn - unit[1]) ** 2  # 2 - 2 * similarity, of unit norms
    found = measure_nuclear(cloud_of(one), cloud_of(other))
    assert found == pytest.approx(1 - left / 2, abs=1e-6)


@pytest.mark.parametrize(
    ("measure", "describe"), [(measure_cka, gram_of), (measure_nuclear, cloud_of)]
)
class TestBothMeasures:
    def test_a_turned_shifted_and_scaled_copy_is_the_same(
        self, measure: Any, describe: Any
    ) -> None:
        layer, other = rng.normal(size=(30, 6)), rng.normal(size=(30, 4))
        copy = 0.01 * layer @ rotation(6) + 5
        assert measure(describe(layer), describe(copy)) == pytest.approx(1, abs=1e-5)
        before = measure(describe(layer), describe(other))
        assert -1 < before < 0.9
        assert measure(describe(copy), describe(other)) == pytest.approx(before, abs=1e-5)

    def test_a_stretched_copy_is_not_the_same(self, measure: Any, describe: Any) -> None:
        layer = rng.normal(size=(30, 6))
        assert measure(describe(layer), describe(layer * [9, 1, 1, 1, 1, 1])) < 0.9

    def test_values_are_one_at_most_and_swap_with_the_sides(
        self, measure: Any, describe: Any
    ) -> None:
        layers = describe(*rng.normal(size=(5, 20, 3)))
        values = measure(layers, layers)
        assert values.dtype == np.float32
        assert np.diag(values) == pytest.approx(1, abs=1e-5)
        assert (values >= (-1 if measure is measure_cka else 0)).all() and (values <= 1).all()
        assert measure(layers[:2], layers[2:]) == pytest.approx(
            measure(layers[2:], layers[:2]).T, abs=1e-6
        )

    def test_permuting_both_alike_changes_nothing(self, measure: Any, describe: Any) -> None:
        one, other = rng.normal(size=(25, 4)), rng.normal(size=(25, 7))
        order = rng.permutation(25)
        expected = measure(describe(one), describe(other))
        assert measure(describe(one[order]), describe(other[order])) == pytest.approx(
            expected, abs=1e-6
        )
        # The order that the null is made with is one of the samples of the second.
        assert measure(describe(one), describe(other), order) == pytest.approx(
            measure(describe(one), describe(other[order])), abs=1e-6
        )
        assert measure(describe(one), describe(other), order) != pytest.approx(expected, abs=1e-3)

    def test_a_constant_layer_has_no_similarity_and_takes_none_from_others(
        self, measure: Any, describe: Any
    ) -> None:
        # 0.1 is not a sum of powers of two: the mean of its copies differs from it by rounding.
        layers = describe(*rng.normal(size=(2, 33, 3)), np.full((33, 3), np.float16(0.1)))
        null = find_null(measure, layers, layers, permute_samples(33, 5, 0))
        for values in (measure(layers, layers, None), null.mean, null.high):
            assert np.isnan(values[2]).all() and np.isnan(values[:, 2]).all()
            assert np.isfinite(values[:2, :2]).all()

    def test_layers_that_agree_exceed_chance_and_others_do_not(
        self, measure: Any, describe: Any
    ) -> None:
        source = rng.normal(size=(120, 8))
        first = describe(source, rng.normal(size=(120, 8)))
        second = describe(source @ rotation(8) + rng.normal(0, 0.5, (120, 8)))
        values = measure(first, second, None)
        null = find_null(measure, first, second, permute_samples(120, 200, 0))
        assert values[0, 0] > 2 * null.high[0, 0]
        assert values[1, 0] < 1.2 * null.high[1, 0]
        assert (null.mean < null.high).all()

    def test_layers_that_share_only_their_classes_do_not_exceed_what_classes_give(
        self, measure: Any, describe: Any
    ) -> None:
        labels = np.tile(np.arange(4), 40)
        centres = 3 * np.eye(4)[labels]
        within = 0.7 * rng.normal(size=(160, 4))

        def see(common: np.ndarray) -> np.ndarray:
            return centres + common + 0.3 * rng.normal(size=(160, 4))

        first = describe(see(within), see(np.zeros(4)))
        second = describe(see(within), see(np.zeros(4)))
        values = measure(first, second, None)
        chance = find_null(measure, first, second, permute_samples(160, 100, 0))
        classes = find_null(measure, first, second, permute_samples(160, 100, 0, labels))
        assert (values > 3 * chance.high).all()  # shuffling all says that all four pairs are alike
        assert values[0, 0] > classes.high[0, 0]
        assert values[1, 1] < classes.high[1, 1]
        assert values[1, 1] == pytest.approx(classes.mean[1, 1], abs=0.01)


def test_null_of_cka_is_nothing() -> None:
    # By chance, of wide layers as of narrow ones: the biased one's is tr K tr L / (n - 1), .8 of the widest.
    grams = gram_of(*(rng.normal(size=(80, d)) for d in (2, 30, 900)))
    found = find_null(measure_cka, grams, grams, permute_samples(80, 300, 1))
    assert np.abs(found.mean).max() < 0.02
    assert (found.high > found.mean + 0.02).all()


def test_null_of_the_nuclear_norm_is_at_the_level_of_random_matrices() -> None:
    # Singular values of a k x k matrix of independent numbers of variance v follow the quarter
    # circle of radius 2 sqrt(v k), whose mean is 8 / (3 pi) sqrt(v k); here v = 1 / (n k^2).
    n, k = 1500, 15
    clouds = cloud_of(*rng.normal(size=(2, n, k)))
    found = find_null(measure_nuclear, clouds[:1], clouds[1:], permute_samples(n, 40, 0))
    assert found.mean == pytest.approx(8 / (3 * np.pi) * np.sqrt(k / n), rel=0.04)


def test_null_is_summed_up_by_mean_and_quantile() -> None:
    grams = gram_of(*rng.normal(size=(3, 12, 4)))
    orders = permute_samples(12, 30, 3)
    null = np.stack([measure_cka(grams[:1], grams[1:], order) for order in orders])
    found = find_null(measure_cka, grams[:1], grams[1:], orders)
    assert found.mean == pytest.approx(null.mean(axis=0))
    ranked = np.sort(null, axis=0)  # the quantile lies at 0.99 * 29 = 28.71
    assert found.high == pytest.approx(0.29 * ranked[28] + 0.71 * ranked[29], abs=1e-6)


def test_permutations_are_seeded_and_complete() -> None:
    orders = permute_samples(50, 4, 9)
    assert (np.sort(orders, axis=1) == np.arange(50)).all()
    assert len({order.tobytes() for order in orders}) == 4
    assert np.array_equal(orders, permute_samples(50, 4, 9))
    assert not np.array_equal(orders, permute_samples(50, 4, 10))


def test_permutations_within_classes_move_nobody_to_another_class() -> None:
    labels = np.array([2, 0, 0, 1, 2, 0, 2, 0, 5])
    orders = permute_samples(9, 400, 0, labels)
    assert (np.sort(orders, axis=1) == np.arange(9)).all()
    assert (labels[orders] == labels).all()
    assert (orders[:, [3, 8]] == [3, 8]).all()  # alone in their classes
    # Each of a class comes to each of its places as often: a quarter, and a third, of the times.
    assert np.bincount(orders[:, 1])[[1, 2, 5, 7]] / 400 == pytest.approx(0.25, abs=0.08)
    assert np.bincount(orders[:, 0])[[0, 4, 6]] / 400 == pytest.approx(1 / 3, abs=0.08)


def test_half_precision_features_are_compared_in_full() -> None:
    # 300 squared overflows float16; a large mean would swallow the differences without centring.
    features = (rng.normal(size=(40, 500)) + 300).astype(np.float16)
    exact = features.astype(np.float64)
    exact -= exact.mean(axis=0)
    found = measure_cka(gram_of(features), gram_of(exact))
    assert found == pytest.approx(1, abs=1e-5)
    assert compute_unit_gram(features) == pytest.approx(compute_unit_gram(exact), abs=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "size", "chosen"),
    [
        ((100, 1000), (100, 1000), 1000, 1000),
        ((100, 1000, 7000), (100, 1000, 7000), 1000, 1000),
        ((100, 1000), (100, 500), 1000, 100),
        ((100,), (100, 1000), 1000, 100),
        ((7000,), (7000,), 1000, None),
        ((100,), (200,), 1000, None),
    ],
)
def test_the_largest_size_that_both_runs_have_is_compared(
    first: tuple[int, ...], second: tuple[int, ...], size: int, chosen: int | None
) -> None:
    assert choose_size(first, second, size) == chosen


# --- the stage ---------------------------------------------------------------------------------


def write_activations(run: str, seed: int) -> None:
    """Noise of each layer's shape; the second layer is constant."""
    noise = np.random.default_rng(seed)
    layers = Store(store_path(run, "umap")).attributes["layers"]
    with writing(store_path(run, "activations"), layers=layers) as store:
        for i, layer in enumerate(layers):
            values = noise.normal(size=(SIZES[-1], 3, 4, 4) if i < 2 else (SIZES[-1], 12))
            values[:] = 0.1 if i == 1 else values
            dims = ["sample", "channel", "y", "x"][: values.ndim]
            store.add(f"grid7/{layer}", values.astype(np.float16), dims)


@pytest.fixture
def two_runs(tiny_run: Path) -> Path:
    """The tiny run, and one with other activations, another embedding and one layer less."""
    other = tiny_run.with_name(OTHER)
    shutil.copytree(tiny_run, other)
    noise = np.random.default_rng(3)
    keys = [layer.key for layer in LAYERS[:3]]
    with writing(other / "umap.zarr", layers=keys) as store:
        for size in SIZES:
            points = noise.normal(size=(3, size, 15)).astype(np.float32)
            store.add(f"{size}/15d", points, ["layer", "sample", "component"])
    known = Store(other / "predictions.zarr").attributes["layers"]
    replace_attributes(other / "predictions.zarr", layers=known[:3])
    write_activations(TINY, 1)
    write_activations(OTHER, 2)
    run = YAML(typ="safe").load(Path("params.yaml"))["runs"][TINY]
    edit_params(
        runs={TINY: run, OTHER: run},
        comparisons={
            "both": {"first": TINY, "second": OTHER},
            "own": {"first": OTHER, "second": OTHER},
        },
        similarity={"size": 1000, "n_permutations": 25, "random_state": 0},
    )
    return tiny_run


def read_layers(run: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    activations = Store(store_path(run, "activations"))
    features = [
        activations.read(f"grid7/{layer}")[:n].reshape(n, -1)
        for layer in activations.attributes["layers"]
    ]
    return gram_of(*features), cloud_of(*Store(store_path(run, "umap")).read(f"{n}/15d"))


def test_stage_compares_all_layers_of_both_runs(two_runs: Path) -> None:
    main("both")
    store = Store(store_path("similarity", "both"))
    assert store.attributes["runs"] == [TINY, OTHER]
    assert [len(layers) for layers in store.attributes["layers"]] == [4, 3]
    assert (store.attributes["n"], store.attributes["n_permutations"]) == (40, 25)
    sides = {"first": read_layers(TINY, 40), "second": read_layers(OTHER, 40)}
    labels = Store(store_path(TINY, "samples")).read("label")[:40]
    chance, classes = permute_samples(40, 25, 0), permute_samples(40, 25, 0, labels)
    for one, other in (("first", "first"), ("first", "second"), ("second", "second")):
        for i, (name, measure) in enumerate((("cka", measure_cka), ("nuclear", measure_nuclear))):
            pair = sides[one][i], sides[other][i]
            nulls = [find_null(measure, *pair, orders) for orders in (chance, classes)]
            expected = [measure(*pair, None), *(part for null in nulls for part in null)]
            found = store.read(f"{one}-{other}/{name}")
            assert np.allclose(found[:5], expected, atol=1e-6, equal_nan=True)
            if name == "cka":
                assert np.allclose(found[5:], bound_cka(*pair), atol=1e-6, equal_nan=True)
            else:
                assert np.isnan(found[5:]).all()
            assert np.isnan(found[:5]).any() == (name == "cka")  # its second layer is constant
    assert store.attributes["statistics"] == list(STATISTICS)
    assert store.attributes["without_classes"] == ""
    assert len([path for path in store.path.rglob("*") if path.is_file()]) <= 16


def test_stage_compares_a_run_with_itself_once(two_runs: Path) -> None:
    edit_params(similarity={"size": 30, "n_permutations": 3, "random_state": 0})
    main("own")
    store = Store(store_path("similarity", "own"))
    assert store.attributes["n"] == 20  # the largest size up to 30
    assert store.attributes["runs"] == [OTHER, OTHER]
    assert [len(layers) for layers in store.attributes["layers"]] == [3, 3]
    assert {path.name for path in store.path.iterdir()} == {"zarr.json", "first-first"}
    own = store.read("first-first/nuclear")[0]
    assert np.diag(own) == pytest.approx(1, abs=1e-5)


def test_runs_of_other_samples_are_refused(two_runs: Path) -> None:
    path = store_path(OTHER, "samples")
    paths = list(Store(path).attributes["paths"])
    replace_attributes(path, paths=[*paths[:-2], *paths[:-3:-1]])
    with pytest.raises(InputError, match=f"{TINY} and {OTHER} do not have the same 40 samples"):
        main("both")
    replace_attributes(path, paths=paths, dataset="birds")  # numbered alike, but other pictures
    with pytest.raises(InputError, match="same 40 samples"):
        main("both")
    assert not store_path("similarity", "both").exists()


def test_wrong_parameters_are_refused_in_one_line(two_runs: Path) -> None:
    with pytest.raises(InputError, match=r"no comparisons\.mine; known: both, own"):
        main("mine")
    edit_params(similarity={"size": 15, "n_permutations": 3, "random_state": 0})
    with pytest.raises(InputError, match="none of up to 15 is in both"):
        main("own")
    done = subprocess.run(
        [sys.executable, "-m", "stages.similarity", "own"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: objects-other has sizes [20, 40]")
    assert done.stderr.count("\n") == 1


# --- what the app reads ------------------------------------------------------------------------


def same(found: SimilarityMeasure, stored: np.ndarray) -> bool:
    parts = [part for name, part in vars(found).items() if name != "repeated"]
    return all(
        one is not None and np.array_equal(one, other, equal_nan=True)
        for one, other in zip(parts, stored, strict=True)
    )


def write_repetition(run: str, similarity: list[float], size: int = 40) -> None:
    """The same clouds, with what repetition gives of each layer."""
    path = store_path(run, "umap")
    store = Store(path)
    clouds = {each: store.read(f"{each}/15d") for each in SIZES}
    figures = np.array([(each, 0.4, 0.6, 0.7) for each in similarity], dtype=np.float32)
    with writing(path, layers=store.attributes["layers"]) as changed:
        for each, cloud in clouds.items():
            changed.add(f"{each}/15d", cloud, ["layer", "sample", "component"])
        changed.add(f"{size}/15d_repeated", figures, ["layer", "figure"])


def test_app_tells_what_repetition_gives_of_both_layers_of_a_pair(two_runs: Path) -> None:
    assert load_similarity(TINY, OTHER, 40).measures["nuclear"].repeated is None
    write_repetition(TINY, [0.81, 0.64, 1, np.nan])
    assert load_similarity(TINY, OTHER, 40).measures["nuclear"].repeated is None  # not of both
    write_repetition(OTHER, [0.25, 1, 0.49])
    expected = np.outer([0.9, 0.8, 1, np.nan], [0.5, 1, 0.7])
    for stored in (False, True):
        if stored:
            main("both")
        found = load_similarity(TINY, OTHER, 40).measures
        assert found["nuclear"].repeated == pytest.approx(expected, abs=1e-6, nan_ok=True)
        turned = load_similarity(OTHER, TINY, 40).measures["nuclear"].repeated
        assert turned == pytest.approx(expected.T, abs=1e-6, nan_ok=True)
    assert found["cka"].repeated is None
    assert load_similarity(TINY, TINY, 40).measures["nuclear"].repeated is not None
    write_repetition(TINY, [0.9] * 3)  # of other layers than there are
    assert load_repetition(TINY, 40, 15) == ()


def test_app_takes_no_figures_of_an_earlier_version_for_those_of_this(two_runs: Path) -> None:
    main("both")
    path = store_path("similarity", "both")
    replace_attributes(path, statistics=["value", "null_mean", "null_high"])
    assert list(load_similarity(TINY, OTHER, 20).measures) == ["nuclear"]


def test_stage_leaves_out_classes_that_say_nothing(two_runs: Path) -> None:
    labels = np.zeros(40, dtype=np.int16)
    side = find_side("first", TINY, 40, read_params())
    found = compare_sides("nuclear", side, side, labels, 4, 0)
    assert np.isfinite(found[:3]).all() and np.isnan(found[3:5]).all()


def test_app_reads_a_stored_pair_in_either_order_and_each_run_with_itself(two_runs: Path) -> None:
    main("both")
    store = Store(store_path("similarity", "both"))
    for first, second, pair in (
        (TINY, OTHER, "first-second"),
        (TINY, TINY, "first-first"),
        (OTHER, OTHER, "second-second"),
    ):
        found = load_similarity(first, second, 20)
        assert found.n == 40  # what is stored counts, whatever is asked for
        assert list(found.measures) == ["cka", "nuclear"]
        assert all(same(found.measures[key], store.read(f"{pair}/{key}")) for key in found.measures)
    turned = load_similarity(OTHER, TINY, 40)
    assert (turned.first_name, turned.second_name) == ("objects / other", "objects / tiny")
    assert [layer.key for layer in turned.first_layers] == [layer.key for layer in LAYERS[:3]]
    assert list(turned.second_layers) == list(LAYERS)
    stored = store.read("first-second/cka").swapaxes(1, 2)
    assert same(turned.measures["cka"], stored)


def measured_live(first: str, second: str, size: int) -> None:
    found = load_similarity(first, second, size)
    assert (list(found.measures), found.n) == (["nuclear"], size)
    clouds = [
        cloud_of(*Store(store_path(run, "umap")).read(f"{size}/15d")) for run in (first, second)
    ]
    measure = found.measures["nuclear"]
    assert np.array_equal(measure.values, measure_nuclear(*clouds))
    assert measure.null_mean is None and measure.null_high is None
    assert not measure.values.flags.writeable


def test_app_measures_what_is_not_stored(two_runs: Path) -> None:
    measured_live(TINY, OTHER, 20)
    measured_live(OTHER, TINY, 40)
    main("own")
    measured_live(TINY, OTHER, 40)  # the store of one run with itself says nothing of this pair
    assert list(load_similarity(OTHER, OTHER, 40).measures) == ["cka", "nuclear"]


def test_app_passes_over_stores_that_are_outdated_or_damaged(two_runs: Path) -> None:
    main("both")
    path = store_path("similarity", "both")
    facts = Store(path).attributes
    replace_attributes(path, layers=[facts["layers"][0], ["input", "conv1", "fc"]])
    measured_live(TINY, OTHER, 40)
    replace_attributes(path, layers=facts["layers"])
    assert "cka" in load_similarity(TINY, OTHER, 40).measures
    shutil.copytree(path, path.with_name("third.zarr"))
    replace_attributes(path.with_name("third.zarr"), runs=7)
    path.rename(path.with_name("another.zarr"))
    shutil.rmtree(path.with_name("another.zarr") / "first-second" / "nuclear" / "c")
    measured_live(TINY, OTHER, 40)
    (path.with_name("another.zarr") / "zarr.json").write_text("{")
    measured_live(TINY, TINY, 40)


def test_app_says_what_is_missing(two_runs: Path) -> None:
    shutil.rmtree(store_path(OTHER, "umap"))
    with pytest.raises(Unavailable) as error:
        load_similarity(TINY, OTHER, 40)
    assert (error.value.run, error.value.name, error.value.broken) == (OTHER, "umap", False)


@pytest.mark.parametrize(
    "sent",
    [None, "ab", ["a"], ["a", "b", "a"], ["a", 1], ["b", "a"], ["a", "z"], {"a": "b"}, [[], []]],
)
def test_only_pairs_of_known_layers_are_accepted(sent: object) -> None:
    assert read_pair(["a", "b"], ["a"], ["b", "c"]) == ("a", "b")
    with pytest.raises(ValueError, match="not"):
        read_pair(sent, ["a"], ["b", "c"])
