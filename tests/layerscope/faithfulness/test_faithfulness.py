"""Measures of explanations: by hand, against scipy, and on models whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch
from scipy.ndimage import distance_transform_edt
from scipy.special import expit
from scipy.stats import spearmanr
from torch import nn

from layerscope.datasets.categories import IMAGENETTE
from layerscope.datasets.rendered import DATASETS, render
from layerscope.errors import InputError
from layerscope.explanation.filling import fill_picture
from layerscope.explanation.registry import attribute
from layerscope.faithfulness.baselines import BASELINES, compute_edges
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
from layerscope.faithfulness.evaluation import (
    Explainer,
    GroundTruth,
    Noise,
    Perturbation,
    compute_chances,
    measure_again,
    measure_localization,
    measure_maps,
    trace_curves,
)
from layerscope.faithfulness.localization import (
    measure_mass,
    measure_rank,
    play_pointing_game,
    widen,
)
from layerscope.faithfulness.measures import GROUPS, MEASURES
from layerscope.faithfulness.parts import (
    correlate_parts,
    list_parts,
    measure_importance,
    render_without,
)
from layerscope.faithfulness.randomization import (
    cascade,
    compare_maps,
    list_points,
    list_weighted,
)
from layerscope.faithfulness.sampling import choose_samples
from layerscope.faithfulness.statistics import correlate_ranks
from layerscope.faithfulness.summary import gather, summarize, tabulate
from layerscope.models.registry import Classifier
from tests.shared.inputs import take

pytestmark = pytest.mark.usefixtures("one_thread")
rng = np.random.default_rng(11)
NOISE = Noise(2, 0.1)


def mask_of(*places: tuple[int, int], size: int = 5) -> np.ndarray:
    mask = np.zeros((size, size), dtype=bool)
    mask[tuple(zip(*places, strict=True))] = True
    return mask


def paint(n: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def classify(module: nn.Module, size: int, n_outputs: int) -> Classifier:
    """A classifier that takes pixels as they are."""
    module = module.eval().requires_grad_(False)
    return Classifier(
        "small", module, take(size, mean=(0.0,) * 3, std=(1.0,) * 3), IMAGENETTE[:n_outputs]
    )


def linear_model(size: int, seed: int = 0) -> tuple[Classifier, np.ndarray]:
    """One output against a constant one, and its weight of each pixel and channel (S, S, 3)."""
    weight = np.random.default_rng(seed).normal(0, 1, (size, size, 3)).astype(np.float32)
    dense = nn.Linear(3 * size * size, 2)
    dense.weight.data = torch.zeros_like(dense.weight)
    dense.weight.data[0] = torch.from_numpy(weight.transpose(2, 0, 1).ravel())
    dense.bias.data = torch.zeros(2)
    return classify(nn.Sequential(nn.Flatten(), dense), size, 2), weight


def small_net() -> Classifier:
    torch.manual_seed(3)
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(8 * 8 * 8, 4),
    )
    module(torch.randn(8, 3, 16, 16))  # so that batch norm has seen something
    return classify(module, 16, 4)


# --- where the object is -------------------------------------------------------------------------


def test_pointing_game_counts_a_maximum_within_the_tolerance() -> None:
    values, mask = np.zeros((5, 5)), mask_of((2, 2))
    values[0, 0] = 1  # 2.83 pixels away
    assert play_pointing_game(values, mask, 2.8) == 0
    assert play_pointing_game(values, mask, 2.9) == 1
    values[2, 2] = 1
    assert play_pointing_game(values, mask, 0) == 0.5  # of two maxima one hits
    values[2, 2] = 1.1
    assert play_pointing_game(values - 5, mask, 0) == 1  # also where nothing is positive


def test_a_map_that_says_nothing_does_as_well_as_chance() -> None:
    mask = rng.random((16, 16)) < 0.3
    for values in (np.zeros((16, 16)), np.full((16, 16), 0.5)):
        assert play_pointing_game(values, mask, 0) == pytest.approx(mask.mean())
        assert play_pointing_game(values, mask, 1) == pytest.approx(widen(mask, 1).mean())
        assert measure_mass(values, mask) == pytest.approx(mask.mean())
        assert measure_rank(values, mask) == pytest.approx(mask.mean())


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 4])
def test_widening_is_by_euclidean_distance(tolerance: float) -> None:
    mask = rng.random((40, 40)) < 0.01
    assert (widen(mask, tolerance) == (distance_transform_edt(~mask) <= tolerance)).all()


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        play_pointing_game(np.zeros((5, 5)), np.zeros((5, 5), dtype=bool), 1)


def test_mass_is_the_share_of_what_is_positive() -> None:
    values = np.zeros((5, 5))
    values[0, :4] = [6, 3, 1, -8]
    assert measure_mass(values, mask_of((0, 0), (0, 3))) == pytest.approx(0.6)
    assert measure_mass(values, mask_of((0, 3))) == 0
    assert measure_mass(-values, mask_of((0, 3), (4, 4))) == 1


def test_rank_counts_the_largest_values_on_the_object() -> None:
    values = np.arange(25.0).reshape(5, 5) - 30  # the last pixels are the largest
    assert measure_rank(values, mask_of((4, 4), (4, 3))) == 1
    assert measure_rank(values, mask_of((4, 4), (4, 3), (0, 0), (0, 1))) == 0.5
    assert measure_rank(values, mask_of((0, 0), (0, 1))) == 0


def test_rank_breaks_ties_at_random_in_expectation() -> None:
    values = np.array([[3.0, 1, 1, 1, 0]])
    mask = np.array([[True, True, False, False, False]])
    # Of the second place each of three pixels is as worthy, and one of them is on the object.
    assert measure_rank(values, mask) == pytest.approx((1 + 1 / 3) / 2)
    orders = [
        [0, *tied, 4] for tied in permutations((1, 2, 3))
    ]  # every way to break the ties, by hand
    counted = [mask[0, order[:2]].mean() for order in orders]
    assert measure_rank(values, mask) == pytest.approx(np.mean(counted))


def test_chance_is_what_the_object_covers() -> None:
    maps = [np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)]
    maps[0][0, 0], maps[1][:2] = 1, 2
    maps[1][2:] = 3
    maps[1][2:, 2:] = 0
    truths = [GroundTruth(maps[0], np.ones(1)), GroundTruth(maps[1], np.array([4.0, 2.0]))]
    chances = compute_chances(truths, 1)
    assert chances["mass"].tolist() == chances["rank"].tolist() == [1 / 16, 12 / 16]
    assert chances["pointing_game"].tolist() == [3 / 16, 15 / 16]
    # What area alone says of parts: of a single one nothing, of two that the larger one matters more.
    np.testing.assert_allclose(chances["parts"], [np.nan, 1])
    np.testing.assert_array_equal(chances["parts_density"], [np.nan, 0])
    assert compute_chances([], 1) == {}


# --- parts ---------------------------------------------------------------------------------------


def test_parts_are_ranked_by_their_summed_relevance_and_by_that_of_a_pixel() -> None:
    part_map = np.array([[2, 2, 0], [5, 7, 7], [9, 9, 9]], dtype=np.uint8)
    values = np.array([[1, 2, 50], [4, -3, 2], [0.5, 0, 0]])
    assert list_parts(part_map).tolist() == [2, 5, 7, 9]
    # Sums are 3, 4, -1 and 0.5; a pixel has 1.5, 4, -0.5 and 0.17.

    def correlate(*importance: float) -> dict[str, float]:
        return correlate_parts(values, part_map, np.array(importance))

    for importance, expected in (
        ((30, 40, 1, 2.0), 1),
        ((2, 1, 40, 30.0), -1),
        ((9, 8, 1, 2.0), 0.8),  # ranks 3, 4, 1, 2 against 4, 3, 1, 2: 1 - 6 * 2 / (4 * 15)
    ):
        found = correlate(*importance)
        assert found["parts"] == found["parts_density"] == pytest.approx(expected)
    # Areas 2, 1, 2, 3 have ranks 2.5, 1, 2.5, 4: with relevance and its like -3 / sqrt(22.5).
    assert correlate(30, 40, 1, 2.0)["parts_partial"] == pytest.approx(1)
    # Importance 9, 8, 1, 2: with relevance .8, with area -1.5 / sqrt(22.5).
    x, y = -3 / 22.5**0.5, -1.5 / 22.5**0.5
    expected = (0.8 - x * y) / ((1 - x**2) * (1 - y**2)) ** 0.5
    assert correlate(9, 8, 1, 2.0)["parts_partial"] == pytest.approx(expected)


def test_a_part_with_little_relevance_on_many_pixels_is_not_a_relevant_one() -> None:
    part_map = np.repeat(np.uint8([1, 2, 3]), [1, 4, 16])[None]
    values = np.repeat([3.0, 2.0, 1.0], [1, 4, 16])[None]  # sums 3, 8, 16
    found = correlate_parts(values, part_map, np.array([1.0, 2.0, 3.0]))
    assert found["parts"] == pytest.approx(1) and found["parts_density"] == pytest.approx(-1)


@pytest.mark.parametrize("level", [1.0, 0.1, 1 / 3, 2e-7, 0.0])
def test_a_constant_map_has_nothing_beyond_area(level: float) -> None:
    for seed in range(20):
        drawn = np.random.default_rng(seed)
        part_map = drawn.choice(6, (40, 40), p=[0.3, 0.02, 0.08, 0.1, 0.2, 0.3]).astype(np.uint8)
        importance = drawn.normal(size=5)
        found = correlate_parts(np.full((40, 40), level), part_map, importance)
        assert found["parts_density"] == found["parts_partial"] == 0
        areas = np.bincount(part_map.ravel())[1:]
        expected = spearmanr(areas, importance).statistic if level else 0
        assert found["parts"] == pytest.approx(expected)


def test_parts_without_an_order_have_no_correlation() -> None:
    part_map = np.array([[1, 2], [0, 0]], dtype=np.uint8)
    none = correlate_parts(np.zeros((2, 2)), part_map, np.array([1.0, 2]))
    assert none["parts"] == none["parts_density"] == 0 and np.isnan(none["parts_partial"])
    single = np.array([[1, 1], [0, 0]], dtype=np.uint8)
    assert np.isnan(list(correlate_parts(np.ones((2, 2)), single, np.array([1.0])).values())).all()


def test_importance_is_the_drop_of_the_logit() -> None:
    classifier, weight = linear_model(6)
    pictures = paint(4, 6)
    logits = (pictures / 255 * weight).sum(axis=(1, 2, 3))
    found = measure_importance(classifier, pictures, 0)
    np.testing.assert_allclose(found, logits[0] - logits[1:], rtol=1e-4)
    assert (measure_importance(classifier, pictures, 1) == 0).all()


@pytest.mark.parametrize("dataset", ["objects", "birds"])
def test_renderer_takes_away_each_part_that_is_seen(dataset: str) -> None:
    names = DATASETS[dataset].part_names
    drawn = render(dataset, seed=4, split="val", index=12)
    pictures = render_without(dataset, "val/000012", drawn.part_map, names, 4, 3)
    numbers = list_parts(drawn.part_map)
    assert len(pictures) == 1 + len(numbers) > 2
    assert (pictures[0] == drawn.picture).all()
    for number, picture in zip(numbers, pictures[1:], strict=True):
        gone = frozenset({names[number - 1]})
        expected = render(dataset, seed=4, split="val", index=12, without=gone)
        assert not (expected.part_map == number).any()
        assert (picture == expected.picture).all() and (picture != drawn.picture).any()


def test_another_picture_than_the_stored_one_is_refused() -> None:
    names, drawn = DATASETS["birds"].part_names, render("birds", seed=4, split="val", index=12)
    with pytest.raises(InputError, match="val/000013 is not the picture that was stored"):
        render_without("birds", "val/000013", drawn.part_map, names, 4, 3)


# --- deletion and insertion ----------------------------------------------------------------------


def test_cells_are_ranked_by_their_mean_also_at_the_edge() -> None:
    values = np.array(
        [
            [1, 1, 9, 9, 7],
            [1, 1, 9, 8, 7],
            [0, 0, 2, 2, 3],
            [0, 0, 2, 2, 3],
            [4, 6, 6, 6, 10.0],  # cells of two pixels and of one
        ]
    )
    # Means: 1, 8.75, 7; 0, 2, 3; 5, 6, 10
    expected = np.array([[7, 1, 2], [8, 6, 5], [4, 3, 0]])
    found = rank_cells(values, 2, 0)
    assert found.tolist() == expected.repeat([2, 2, 1], 0).repeat([2, 2, 1], 1).tolist()


def test_pixels_are_ranked_by_value_and_ties_at_random() -> None:
    values = rng.random((6, 6))
    ranks = rank_cells(values, 1, 0)
    assert (np.diff(values.ravel()[ranks.ravel().argsort()]) < 0).all()
    tied = np.zeros((6, 6))
    tied[3, 3] = 1
    found = np.stack([rank_cells(tied, 1, seed) for seed in range(200)])
    assert (found[:, 3, 3] == 0).all()
    assert (rank_cells(tied, 1, 7) == found[7]).all()
    means = np.delete(found.mean(axis=0).ravel(), 21)  # no place comes first for where it lies
    assert abs(means - 18).max() < 3.5


def test_a_picture_is_replaced_in_steps_that_grow() -> None:
    picture, filling = paint(2, 4)
    ranks = rank_cells(rng.random((4, 4)), 1, 0)
    shares = list_shares(4)
    assert shares.tolist() == [0, 1 / 16, 4 / 16, 9 / 16, 1]
    stack = replace_in_steps(picture, filling, ranks, shares)
    assert (stack[0] == picture).all() and (stack[-1] == filling).all()
    for count, each in zip((0, 1, 4, 9, 16), stack, strict=True):
        replaced = ranks < count
        assert replaced.sum() == count
        assert (each[replaced] == filling[replaced]).all()
        assert (each[~replaced] == picture[~replaced]).all()


def test_area_is_that_under_the_polygon() -> None:
    assert compute_area(np.array([1.0, 0.5, 0.0]), np.array([0, 0.5, 1])) == pytest.approx(0.5)
    curves = np.array([[1.0, 0.2, 0.2], [0.4, 0.4, 0.4]])
    found = compute_area(curves, np.array([0, 0.1, 1]))
    np.testing.assert_allclose(found, [0.1 * 0.6 + 0.9 * 0.2, 0.4])


def test_curves_of_a_linear_model_are_known_and_its_own_order_is_the_best() -> None:
    classifier, weight = linear_model(6)
    picture = paint(1, 6)[0]
    worth = (picture / 255 * weight).sum(axis=2)
    perturbation = Perturbation(1, 6, ("black", "mean"), 2)  # after 1, 4, 9, 16, 25 and 36 pixels
    counts = np.arange(7) ** 2

    def areas(values: np.ndarray) -> tuple[float, float]:
        curves = trace_curves(classifier, picture, 0, values, perturbation, 0)
        deletion, insertion = (compute_area(curves[k], list_shares(6))[0] for k in sorted(curves))
        return deletion, insertion

    curves = trace_curves(classifier, picture, 0, worth, perturbation, 0)
    added = np.concatenate([[0], np.cumsum(np.sort(worth, axis=None)[::-1])])[counts]
    np.testing.assert_allclose(curves["deletion"][0], expit(worth.sum() - added), rtol=1e-3)
    np.testing.assert_allclose(curves["insertion"][0], expit(added), rtol=1e-3)
    mean = fill_picture(picture, "mean")[0, 0] / 255
    gain = ((picture / 255 - mean) * weight).sum(axis=2).ravel()[worth.ravel().argsort()[::-1]]
    added = np.concatenate([[0], np.cumsum(gain)])[counts]
    nothing = (mean * weight).sum()
    np.testing.assert_allclose(
        curves["deletion"][1], expit(nothing + gain.sum() - added), rtol=1e-3
    )
    np.testing.assert_allclose(curves["insertion"][1], expit(nothing + added), rtol=1e-3)
    least, most = areas(worth)
    for values in [-worth, *rng.random((30, 6, 6))]:
        deletion, insertion = areas(values)
        assert deletion > least and insertion < most


def test_fills_are_drawn_for_a_picture_and_are_the_same_for_all_maps_of_it() -> None:
    perturbation = Perturbation(2, 3, ("mean", "black", "blur", "noise"), 2)
    pictures, classifier = paint(400, 6), linear_model(6)[0]
    chosen = np.array([perturbation.choose(each, 1) for each in pictures])
    assert (np.diff(chosen, axis=1) > 0).all()
    assert (abs(np.bincount(chosen.ravel()) - 200) < 40).all()  # each is tried on half of them
    assert not (chosen == [perturbation.choose(each, 2) for each in pictures]).all()
    both = replace(perturbation, n_fills=4)
    for picture, places in zip(pictures[:4], chosen, strict=False):
        for values in rng.random((2, 6, 6)):
            some = trace_curves(classifier, picture, 0, values, perturbation, 1)
            all_four = trace_curves(classifier, picture, 0, values, both, 1)
            for name, curves in some.items():
                assert np.flatnonzero(np.isfinite(curves).all(axis=1)).tolist() == places.tolist()
                np.testing.assert_allclose(curves[places], all_four[name][places], rtol=1e-5)


# --- what maps are like --------------------------------------------------------------------------


def test_complexity_by_hand() -> None:
    assert measure_complexity(np.full((4, 5), -0.3)) == pytest.approx(np.log(20))
    assert measure_complexity(np.eye(1, 20)) == 0
    assert measure_complexity(np.array([[0.5, -0.5, 0]])) == pytest.approx(np.log(2))
    assert measure_sparseness(np.full((4, 5), -0.3)) == pytest.approx(0)
    assert measure_sparseness(np.eye(1, 20)) == pytest.approx(19 / 20)
    assert measure_sparseness(np.array([[3.0, -1.0]])) == pytest.approx(
        0.25
    )  # (1 * 3 - 1 * 1) / (2 * 4)
    assert measure_histogram(np.array([0.0, 1.0, 1.0, 1.0])) == pytest.approx(
        -0.25 * np.log(0.25) - 0.75 * np.log(0.75)
    )
    assert measure_change(np.array([[3.0, 4.0]]), np.array([[3.0, 3.0]])) == pytest.approx(0.2)
    nothing = np.zeros((3, 3))
    assert np.isnan(
        [measure_complexity(nothing), measure_sparseness(nothing), measure_change(nothing, nothing)]
    ).all()


def test_what_maps_are_like_is_as_quantus_has_it() -> None:
    # Values of Quantus 0.6.0 (Hedström et al. 2023), which puts another OpenCV over ours and so is no
    # requirement: `Complexity`, `Sparseness` and `MaxSensitivity` with ``normalise=False`` and the first two
    # with ``abs=True``, and `discrete_entropy`, of which its `EfficientMPRT` takes the relative rise.
    drawn = np.random.default_rng(2024)
    maps = drawn.normal(size=(3, 12, 12))
    maps[1] = np.maximum(maps[1], 0)
    maps[2] **= 3
    changes = drawn.normal(scale=0.1, size=(4, 3, 12, 12))
    quantus = {
        measure_complexity: [4.648162777619594, 4.015793421572049, 3.45115686288294],
        measure_sparseness: [0.4410345745342835, 0.7008868113699419, 0.8272595784190664],
        measure_histogram: [3.9635521346924283, 2.5785883796957303, 2.0305289221962513],
    }
    for measure, expected in quantus.items():
        np.testing.assert_allclose([measure(each) for each in maps], expected, rtol=1e-5)
    found = np.max([list(map(measure_change, maps, maps + each)) for each in changes], axis=0)
    np.testing.assert_allclose(
        found, [0.10790943058469621, 0.13891403903173646, 0.01994569223790655], rtol=1e-9
    )


def test_noise_is_another_for_each_copy_and_picture_and_the_same_whatever_comes_with_it() -> None:
    pictures = np.full((2, 40, 40, 3), 128, dtype=np.uint8)
    pictures[1] = 64
    copies = Noise(3, 0.05).lay(pictures, 4)
    assert copies.shape == (3, 2, 40, 40, 3) and copies.dtype == np.uint8
    assert (copies - pictures.astype(float)).std() == pytest.approx(0.05 * 255, rel=0.02)
    alone = Noise(3, 0.05).lay(pictures[1:], 4)
    assert (copies[:, 1:] == alone).all()
    offsets = (copies - pictures.astype(float)).reshape(6, -1)
    assert len(np.unique(offsets, axis=0)) == 6
    assert Noise(1, 1.0).lay(pictures, 0).min() == 0  # clipped, not wrapped


def test_sensitivity_of_a_gradient_of_a_linear_model_is_none() -> None:
    classifier, _ = linear_model(16)
    found = measure_again(
        Explainer("saliency", 0), classifier, paint(2, 16), np.array([0, 0]), 2, NOISE
    )
    np.testing.assert_allclose(found["max_sensitivity"], 0, atol=1e-6)


def test_sensitivity_is_the_largest_change_that_noise_makes() -> None:
    classifier, pictures = small_net(), paint(3, 16)
    explainer, outputs = Explainer("saliency", 7), np.array([0, 1, 2])
    found = measure_again(explainer, classifier, pictures, outputs, 2, NOISE)["max_sensitivity"]
    before = explainer.explain(classifier, pictures, outputs)
    changes = []
    for copy in NOISE.lay(pictures, 7):
        change = explainer.explain(classifier, copy, outputs) - before
        changes.append(np.sqrt((change**2).sum(axis=(1, 2)) / (before**2).sum(axis=(1, 2))))
    np.testing.assert_allclose(found, np.maximum(*changes), rtol=1e-5)
    assert (found > 0.05).all()


# --- weights made random -------------------------------------------------------------------------


def test_points_go_evenly_from_the_output_to_all() -> None:
    assert list_points(16, 5) == [1, 5, 8, 12, 16]
    assert list_points(3, 8) == [1, 2, 3]
    assert list_weighted(small_net().module) == ["0", "1", "4", "7"]


def test_cascade_makes_layers_random_from_the_output_and_leaves_the_model_alone() -> None:
    classifier = small_net()
    before = {k: v.clone() for k, v in classifier.module.state_dict().items()}
    seen = []
    for point, forgetting in cascade(classifier, 4, 5):
        state = forgetting.module.state_dict()
        changed = {k.split(".")[0] for k, v in state.items() if not torch.equal(v, before[k])}
        seen.append((point, sorted(changed)))
    assert seen == [(1, ["7"]), (2, ["4", "7"]), (3, ["1", "4", "7"]), (4, ["0", "1", "4", "7"])]
    assert all(torch.equal(v, before[k]) for k, v in classifier.module.state_dict().items())
    assert state["0.bias"].abs().max() == 0 and state["1.weight"].min() == 1
    assert state["1.running_mean"].abs().max() == 0


def test_random_weights_have_the_variance_of_he_and_follow_the_seed() -> None:
    module = nn.Sequential(nn.Conv2d(3, 64, 5, groups=1), nn.Conv2d(64, 64, 3, groups=64))
    classifier = classify(module, 16, 4)

    def weights(seed: int) -> list[np.ndarray]:
        *_, (_, last) = cascade(classifier, 2, seed)
        return [last.module[i].weight.numpy().copy() for i in range(2)]

    first, again, other = weights(1), weights(1), weights(2)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not any((a == b).any() for a, b in zip(first, other, strict=True))
    assert first[0].std() == pytest.approx((2 / 75) ** 0.5, rel=0.05)
    assert first[1].std() == pytest.approx((2 / 9) ** 0.5, rel=0.1)


def test_maps_are_compared_without_their_signs() -> None:
    first, second = rng.normal(size=(2, 20, 20))
    assert compare_maps(first, -3 * first) == (pytest.approx(1), pytest.approx(1))
    rank, ssim = compare_maps(first, second)
    assert rank == pytest.approx(spearmanr(abs(first).ravel(), abs(second).ravel()).statistic)
    assert abs(rank) < 0.2 and ssim < 0.3
    assert compare_maps(first, np.zeros((20, 20)))[0] == 0


def test_edges_stay_fresh_noise_does_not_and_gradients_follow_the_model() -> None:
    classifier, pictures, outputs = small_net(), paint(3, 16), np.array([0, 1, 2])
    found = {
        key: measure_again(Explainer(key, 0), classifier, pictures, outputs, 3, NOISE)
        for key in ("edges", "random", "saliency")
    }
    edges = found["edges"]
    assert edges["randomized_curve"] == pytest.approx(np.ones((3, 3)))
    for name in ("ssim", "randomized_all", "randomized_smooth"):
        assert edges[name] == pytest.approx(1)
    assert edges["complexity_rise"] == pytest.approx(0)
    assert abs(found["random"]["randomized_curve"]).max() < 0.25  # 256 pixels
    changed = found["saliency"]["randomized_curve"]
    assert changed.shape == (3, 3) and changed.max() < 0.9
    assert found["saliency"]["randomized"] == pytest.approx(changed.mean(axis=1))
    assert found["saliency"]["randomized_all"].tolist() == changed[:, -1].tolist()


def test_smooth_and_efficient_variants_compare_with_the_model_whose_weights_are_all_random() -> (
    None
):
    classifier, pictures, outputs = small_net(), paint(2, 16), np.array([0, 1])
    explainer = Explainer("saliency", 3)
    found = measure_again(explainer, classifier, pictures, outputs, 2, NOISE)
    maps = {}
    for name, model in (("trained", classifier), ("random", None)):
        if model is None:
            *_, (_, model) = cascade(classifier, 2, 3)
        versions = [pictures, *NOISE.lay(pictures, 3)]
        maps[name] = np.stack([explainer.explain(model, each, outputs) for each in versions])
    for i in range(2):
        smooth = [maps[name].mean(axis=0)[i].ravel() for name in ("trained", "random")]
        assert found["randomized_smooth"][i] == pytest.approx(
            spearmanr(*smooth).statistic, abs=1e-6
        )
        before, after = (measure_histogram(maps[name][0, i]) for name in ("trained", "random"))
        assert found["complexity_rise"][i] == pytest.approx((after - before) / before)


def test_a_gradient_of_a_linear_model_is_its_weights_and_only_they() -> None:
    # Random from the output on is random at once: the map is that of the new weights.
    classifier, _ = linear_model(16)
    pictures, outputs = paint(2, 16), np.array([0, 0])
    found = measure_again(Explainer("saliency", 0), classifier, pictures, outputs, 2, NOISE)
    assert found["randomized_curve"].shape == (2, 1)  # there is one layer
    (_, forgetting), *_ = cascade(classifier, 2, 0)
    maps = [
        abs(model.module[1].weight[0].numpy().reshape(3, 16, 16)).max(axis=0)
        for model in (classifier, forgetting)
    ]
    expected = spearmanr(maps[0].ravel(), maps[1].ravel()).statistic
    assert found["randomized"] == pytest.approx(expected, abs=1e-5)


# --- baselines -----------------------------------------------------------------------------------


def test_noise_is_another_for_each_picture_whatever_comes_with_it() -> None:
    pictures, outputs = paint(3, 16), np.zeros(3, dtype=int)
    classifier = small_net()
    noise = Explainer("random", 5).explain(classifier, pictures, outputs)
    alone = Explainer("random", 5).explain(classifier, pictures[1:2], outputs[:1])
    assert noise.shape == (3, 16, 16) and noise.dtype == np.float32
    assert (noise[1] == alone[0]).all() and not (noise[0] == noise[1]).any()
    assert not (Explainer("random", 6).explain(classifier, pictures, outputs) == noise).any()


def test_edges_of_a_step_by_hand() -> None:
    picture = np.zeros((6, 6, 3), dtype=np.uint8)
    picture[:, 3:] = 200
    assert compute_edges(picture, 0).tolist() == [[0, 0, 800, 800, 0, 0]] * 6  # (1 + 2 + 1) 200


def test_centre_falls_off_alike_on_all_sides() -> None:
    bell = BASELINES["centre"].compute(paint(1, 8)[0], 0)
    assert (bell == bell[::-1]).all() and (bell == bell.T).all() and bell.max() == bell[4, 4]
    assert bell[4, 0] / bell[4, 4] == pytest.approx(np.exp((0.25**2 - 1.75**2) / 2), rel=1e-5)


# --- all of it -----------------------------------------------------------------------------------


def test_a_model_that_looks_at_one_part_is_explained_by_its_gradient() -> None:
    classifier, weight = linear_model(16)
    part_map = np.zeros((16, 16), dtype=np.uint8)
    part_map[2:5, 2:5], part_map[8:14, 8:14], part_map[2:5, 9:13] = 1, 2, 3
    factor = np.choose(part_map, [0, 5, 0.1, 1]).astype(np.float32)[:, :, None]
    classifier.module[1].weight[0] = torch.from_numpy(  # type: ignore[index]
        (abs(weight) * factor).transpose(2, 0, 1).ravel()
    )
    picture = paint(1, 16)
    gone = np.stack([np.where((part_map == k)[:, :, None], 0, picture[0]) for k in (1, 2, 3)])
    importance = measure_importance(classifier, np.concatenate([picture, gone]).astype(np.uint8), 0)
    methods: dict[str, dict[str, str]] = {
        "integrated_gradients": {"fill": "black"},
        "random": {},
        "edges": {},
    }
    found = {
        key: measure_maps(
            Explainer(key, 0, options),
            classifier,
            picture,
            np.array([0]),
            [GroundTruth(part_map, importance)],
            tolerance=1,
            perturbation=Perturbation(1, 8, ("black", "mean"), 2),
        )
        for key, options in methods.items()
    }
    right = found["integrated_gradients"]
    assert right["mass"] == pytest.approx(1) and right["rank"] == pytest.approx(1)
    assert right["parts"] == pytest.approx(1) and right["pointing_game"] == 1
    assert right["parts_density"] == pytest.approx(1) and np.isnan(
        right["parts_partial"]
    )  # of three
    assert right["deletion_curve"].shape == (1, 2, 9) and right["deletion_fills"].shape == (1, 2)
    for name in ("deletion", "insertion"):
        areas = compute_area(right[f"{name}_curve"], list_shares(8))
        np.testing.assert_allclose(right[f"{name}_fills"], areas)
        assert right[name] == pytest.approx(areas.mean())
    for wrong in (found["random"], found["edges"]):
        assert wrong["mass"] < 0.5 and wrong["parts"] < 1  # the largest part matters least
        assert wrong["deletion"] > right["deletion"] and wrong["insertion"] < right["insertion"]


def test_gradients_are_measured_without_their_sign_and_other_maps_with_it() -> None:
    classifier, pictures, outputs = small_net(), paint(2, 16), np.array([0, 1])
    for key, positive in (("guided_backpropagation", True), ("integrated_gradients", False)):
        raw = attribute(key, classifier, pictures, outputs).values
        assert raw.min() < 0
        found = Explainer(key, 0).explain(classifier, pictures, outputs)
        assert (found == (abs(raw) if positive else raw)).all()


def test_options_reach_the_method_and_wrong_ones_are_refused() -> None:
    classifier, pictures, outputs = small_net(), paint(1, 16), np.array([0])
    coarse = Explainer("occlusion", 0, {"patch": 16, "stride": 16}).explain(
        classifier, pictures, outputs
    )
    assert np.ptp(coarse) == 0  # a single patch covers all
    with pytest.raises(InputError, match="unknown option 'steps'"):
        Explainer("occlusion", 0, {"steps": 2}).explain(classifier, pictures, outputs)


# --- samples and tables --------------------------------------------------------------------------


def test_samples_are_balanced_nested_seeded_and_eligible() -> None:
    labels = np.arange(60) % 3
    eligible = (np.arange(60) % 4 > 0) | (labels == 1)
    chosen = choose_samples(labels, eligible, 18, 3)
    assert len(set(chosen.tolist())) == 18 and eligible[chosen].all()
    for n in (3, 6, 18):
        assert np.bincount(labels[chosen[:n]]).tolist() == [n // 3] * 3
    assert (choose_samples(labels, eligible, 7, 3) == chosen[:7]).all()
    assert set(choose_samples(labels, eligible, 18, 4)) != set(chosen)
    few = eligible & ((labels > 0) | (np.arange(60) < 8))  # two are left of the first class
    assert np.bincount(labels[choose_samples(labels, few, 12, 0)]).tolist() == [2, 5, 5]
    assert len(choose_samples(labels, few, 100, 0)) == few.sum()


def test_rank_correlation_is_scipys_and_zero_without_an_order() -> None:
    first, second = rng.integers(0, 5, (2, 30)).astype(float)  # with ties
    assert correlate_ranks(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert correlate_ranks(first.reshape(5, 6), np.exp(first).reshape(5, 6)) == pytest.approx(1)
    assert correlate_ranks(first, np.full(30, 2.0)) == 0


def test_figures_are_gathered_averaged_and_set_beside_chance() -> None:
    results = [
        ("lrp", [0, 1], {"mass": np.array([0.2, 0.4]), "curve": np.ones((2, 3))}),
        ("lrp", [2], {"mass": np.array([0.6]), "curve": np.zeros((1, 3))}),
        ("lime", [0, 1], {"mass": np.array([0.5, 0.5])}),
    ]
    found = gather(["lrp", "lime"], 3, iter(results))
    assert found["mass"][0].tolist() == [0.2, 0.4, 0.6]
    assert np.isnan(found["mass"][1]).tolist() == [False, False, True]
    assert found["curve"][0].tolist() == [[1] * 3, [1] * 3, [0] * 3]
    chances = {"mass": np.array([0.1, 0.3, 0.5])}
    rows = tabulate(["lrp", "lime"], found, chances, 0)
    assert [(row["method"], row["value"], row["n"], row["chance"]) for row in rows] == [
        ("lrp", 0.4, 3, 0.3),
        ("lime", 0.5, 2, 0.2),  # of the two samples that it explained
    ]
    assert rows[0]["low"] < 0.4 < rows[0]["high"] and rows[1]["low"] == rows[1]["high"] == ""
    expected = {"chance": {"mass": 0.3}, "lrp": {"mass": 0.4}, "lime": {"mass": 0.5}}
    assert summarize(rows, chances) == expected


def test_methods_are_compared_with_the_best_that_is_no_baseline() -> None:
    drawn = np.random.default_rng(3)
    hardness = drawn.normal(
        size=60
    )  # of the samples: it moves all methods, and must not hide a difference
    keys = ["lrp", "lime", "saliency", "edges"]
    offsets = np.array([0.5, 0.5, 0.0, 0.9])[:, None]
    values = 3 + hardness + offsets + drawn.normal(scale=0.3, size=(4, 60))
    rows = {
        measure: {
            str(row["method"]): row["p_value"] for row in tabulate(keys, {measure: values}, {}, 0)
        }
        for measure in ("mass", "deletion", "complexity")
    }
    assert rows["mass"]["lrp"] > 0.2 and rows["mass"]["lime"] > 0.2  # one of them is the best
    assert 1.0 in (rows["mass"]["lrp"], rows["mass"]["lime"])
    assert (
        rows["mass"]["saliency"] < 0.01 and rows["mass"]["edges"] < 0.01
    )  # the baseline is better still
    assert rows["deletion"]["saliency"] == 1 and rows["deletion"]["lrp"] < 0.01  # less is better
    assert set(rows["complexity"].values()) == {""}  # methods are not ranked by it


def test_what_was_never_measured_has_no_row() -> None:
    found = {"parts": np.array([[np.nan, np.nan], [0.5, np.nan]])}
    rows = tabulate(["lrp", "lime"], found, {}, 0)
    assert [(row["method"], row["n"], row["chance"]) for row in rows] == [("lime", 1, "")]


def test_every_measure_has_a_place_and_a_meaning() -> None:
    truth = GroundTruth(np.arange(25, dtype=np.uint8).reshape(5, 5) // 5, np.arange(4.0))
    measured = set(measure_localization(rng.random((5, 5)), truth, 1))
    classifier, pictures, outputs = small_net(), paint(1, 16), np.array([0])
    perturbation = Perturbation(4, 2, ("mean",), 1)
    explainer = Explainer("edges", 0)
    measured |= set(
        measure_maps(
            explainer, classifier, pictures, outputs, None, tolerance=1, perturbation=perturbation
        )
    )
    measured |= set(measure_again(explainer, classifier, pictures, outputs, 2, NOISE))
    assert {name for name in measured if not name.endswith(("_curve", "_fills"))} == set(MEASURES)
    assert {measure.group for measure in MEASURES.values()} == set(GROUPS)
    assert all(not measure.better for measure in MEASURES.values() if measure.group == "weights")


def test_an_explainer_leaves_the_model_as_it_is() -> None:
    classifier = replace(small_net())
    before = {k: v.clone() for k, v in classifier.module.state_dict().items()}
    measure_maps(
        Explainer("grad_cam", 0),
        classifier,
        paint(2, 16),
        np.array([1, 2]),
        None,
        tolerance=1,
        perturbation=Perturbation(4, 3, ("mean", "blur"), 1),
    )
    assert all(torch.equal(v, before[k]) for k, v in classifier.module.state_dict().items())
    assert not any(part._forward_hooks for part in classifier.module.modules())
