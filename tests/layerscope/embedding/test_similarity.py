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

from layerscope.embedding.similarity import (
    choose_size,
    compare,
    compute_unit_cloud,
    compute_unit_gram,
    measure_cka,
    measure_nuclear,
    permute_samples,
)
from layerscope.errors import InputError
from layerscope.storage.store import Store, store_path, writing
from stages.similarity import main
from tests.shared.project import LAYERS, ROOT, SIZES, TINY, edit_params, replace_attributes
from ui.arrays import Unavailable
from ui.components.similarity_matrix import SimilarityMeasure, read_pair
from ui.similarities import load_similarity

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
    # |X'Y|^2 = 10, |X'X| = 2, |Y'Y| = sqrt(40)
    found = measure_cka(gram_of(X), gram_of(Y))
    assert found == pytest.approx(10 / (2 * 40**0.5), abs=1e-6)


def test_nuclear_similarity_of_a_hand_computed_example() -> None:
    # |X'Y|_* = sqrt(10), as a single row; |X'X|_* = 2, |Y'Y|_* = 8
    found = measure_nuclear(cloud_of(X), cloud_of(Y))
    assert found == pytest.approx((10 / 16) ** 0.5, abs=1e-6)


def test_cka_is_the_textbook_formula_with_a_centring_matrix() -> None:
    n = 40
    layers = [rng.normal(2, 1, (n, d)) for d in (3, 17, 200)]
    centring = np.eye(n) - 1 / n

    def hsic(one: np.ndarray, other: np.ndarray) -> float:
        grams = [centring @ (each @ each.T) @ centring for each in (one, other)]
        return float(np.trace(grams[0] @ grams[1]))

    expected = [[hsic(a, b) / np.sqrt(hsic(a, a) * hsic(b, b)) for b in layers[:2]] for a in layers]
    assert measure_cka(gram_of(*layers), gram_of(*layers[:2])) == pytest.approx(
        np.array(expected), abs=2e-6
    )


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
        assert 0 < before < 0.9
        assert measure(describe(copy), describe(other)) == pytest.approx(before, abs=1e-5)

    def test_a_stretched_copy_is_not_the_same(self, measure: Any, describe: Any) -> None:
        layer = rng.normal(size=(30, 6))
        assert measure(describe(layer), describe(layer * [9, 1, 1, 1, 1, 1])) < 0.9

    def test_values_lie_between_nothing_and_one_and_swap_with_the_sides(
        self, measure: Any, describe: Any
    ) -> None:
        layers = describe(*rng.normal(size=(5, 20, 3)))
        values = measure(layers, layers)
        assert values.dtype == np.float32
        assert np.diag(values) == pytest.approx(1, abs=1e-5)
        assert (values >= 0).all() and (values <= 1).all()
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
        found = compare(measure, layers, layers, permute_samples(33, 5, 0))
        for values in (found.values, found.null_mean, found.null_high):
            assert np.isnan(values[2]).all() and np.isnan(values[:, 2]).all()
            assert np.isfinite(values[:2, :2]).all()

    def test_layers_that_agree_exceed_chance_and_others_do_not(
        self, measure: Any, describe: Any
    ) -> None:
        source = rng.normal(size=(120, 8))
        first = describe(source, rng.normal(size=(120, 8)))
        second = describe(source @ rotation(8) + rng.normal(0, 0.5, (120, 8)))
        found = compare(measure, first, second, permute_samples(120, 200, 0))
        assert found.values[0, 0] > 2 * found.null_high[0, 0]
        assert found.values[1, 0] < 1.2 * found.null_high[1, 0]
        assert (found.null_mean < found.null_high).all()


def test_null_of_cka_is_at_its_expectation_over_all_permutations() -> None:
    # E tr(K P L P') = tr K tr L / (n - 1) for centred K and L: half the energy of a wide layer.
    n = 80
    layers = [rng.normal(size=(n, d)) for d in (2, 30, 900)]
    grams = gram_of(*layers)
    traces = np.trace(grams, axis1=1, axis2=2)
    found = compare(measure_cka, grams, grams, permute_samples(n, 300, 1))
    expected = np.outer(traces, traces) / (n - 1)
    assert found.null_mean == pytest.approx(expected, rel=0.08)
    assert expected[2, 2] > 0.8  # so similar are unrelated layers with more channels than samples


def test_null_of_the_nuclear_norm_is_at_the_level_of_random_matrices() -> None:
    # Singular values of a k x k matrix of independent numbers of variance v follow the quarter
    # circle of radius 2 sqrt(v k), whose mean is 8 / (3 pi) sqrt(v k); here v = 1 / (n k^2).
    n, k = 1500, 15
    clouds = cloud_of(*rng.normal(size=(2, n, k)))
    found = compare(measure_nuclear, clouds[:1], clouds[1:], permute_samples(n, 40, 0))
    assert found.null_mean == pytest.approx(8 / (3 * np.pi) * np.sqrt(k / n), rel=0.04)


def test_null_is_summed_up_by_mean_and_quantile() -> None:
    grams = gram_of(*rng.normal(size=(3, 12, 4)))
    orders = permute_samples(12, 30, 3)
    null = np.stack([measure_cka(grams[:1], grams[1:], order) for order in orders])
    found = compare(measure_cka, grams[:1], grams[1:], orders)
    assert found.null_mean == pytest.approx(null.mean(axis=0))
    ranked = np.sort(null, axis=0)  # the quantile lies at 0.99 * 29 = 28.71
    assert found.null_high == pytest.approx(0.29 * ranked[28] + 0.71 * ranked[29], abs=1e-6)


def test_permutations_are_seeded_and_complete() -> None:
    orders = permute_samples(50, 4, 9)
    assert (np.sort(orders, axis=1) == np.arange(50)).all()
    assert len({order.tobytes() for order in orders}) == 4
    assert np.array_equal(orders, permute_samples(50, 4, 9))
    assert not np.array_equal(orders, permute_samples(50, 4, 10))


def test_half_precision_features_are_compared_in_full() -> None:
    # 300 squared overflows float16; a large mean would swallow the differences without centring.
    features = (rng.normal(size=(40, 500)) + 300).astype(np.float16)
    exact = features.astype(np.float64)
    exact -= exact.mean(axis=0)
    gram = exact @ exact.T
    assert compute_unit_gram(features) == pytest.approx(gram / np.linalg.norm(gram), abs=1e-6)


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
    orders = permute_samples(40, 25, 0)
    for one, other in (("first", "first"), ("first", "second"), ("second", "second")):
        for i, (name, measure) in enumerate((("cka", measure_cka), ("nuclear", measure_nuclear))):
            expected = compare(measure, sides[one][i], sides[other][i], orders)
            found = store.read(f"{one}-{other}/{name}")
            stacked = np.stack([expected.values, expected.null_mean, expected.null_high])
            assert np.allclose(found, stacked, atol=1e-6, equal_nan=True)
            assert np.isnan(found).any() == (name == "cka")  # its second layer is constant
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
    parts = (found.values, found.null_mean, found.null_high)
    return all(
        one is not None and np.array_equal(one, other, equal_nan=True)
        for one, other in zip(parts, stored, strict=True)
    )


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
