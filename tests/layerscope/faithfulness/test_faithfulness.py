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
from layerscope.explanation.registry import attribute
from layerscope.faithfulness.baselines import BASELINES, compute_edges
from layerscope.faithfulness.curves import compute_area, rank_cells, replace_in_steps
from layerscope.faithfulness.evaluation import (
    Explainer,
    GroundTruth,
    Perturbation,
    measure_maps,
    measure_randomization,
    trace_curves,
)
from layerscope.faithfulness.localization import (
    measure_mass,
    measure_rank,
    play_pointing_game,
    widen,
)
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
from layerscope.faithfulness.statistics import average, correlate_ranks
from layerscope.faithfulness.summary import compute_chances, gather, summarize, tabulate
from layerscope.models.registry import Classifier
from tests.shared.inputs import take

pytestmark = pytest.mark.usefixtures("one_thread")
rng = np.random.default_rng(11)


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
    chances = compute_chances([GroundTruth(each, np.zeros(1)) for each in maps], 1)
    assert chances["mass"].tolist() == chances["rank"].tolist() == [1 / 16, 8 / 16]
    assert chances["pointing_game"].tolist() == [3 / 16, 12 / 16]
    assert compute_chances([], 1) == {}


# --- parts ---------------------------------------------------------------------------------------


def test_parts_are_ranked_by_their_summed_relevance() -> None:
    part_map = np.array([[2, 2, 0], [5, 7, 7], [9, 0, 0]], dtype=np.uint8)
    values = np.array([[1, 2, 50], [4, -3, 2], [0.5, 0, 0]])
    assert list_parts(part_map).tolist() == [2, 5, 7, 9]  # sums 3, 4, -1, 0.5
    assert correlate_parts(values, part_map, np.array([30, 40, 1, 2.0])) == pytest.approx(1)
    assert correlate_parts(values, part_map, np.array([2, 1, 40, 30.0])) == pytest.approx(-1)
    # Ranks 3, 4, 1, 2 against 4, 3, 1, 2: 1 - 6 * 2 / (4 * 15)
    assert correlate_parts(values, part_map, np.array([9, 8, 1, 2.0])) == pytest.approx(0.8)


def test_parts_without_an_order_have_no_correlation() -> None:
    part_map = np.array([[1, 2], [0, 0]], dtype=np.uint8)
    assert correlate_parts(np.zeros((2, 2)), part_map, np.array([1.0, 2])) == 0
    single = np.array([[1, 1], [0, 0]], dtype=np.uint8)
    assert np.isnan(correlate_parts(np.ones((2, 2)), single, np.array([1.0])))


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


def test_a_picture_is_replaced_in_equal_steps() -> None:
    picture, filling = paint(2, 4)
    ranks = rank_cells(rng.random((4, 4)), 1, 0)
    stack = replace_in_steps(picture, filling, ranks, 5)
    assert (stack[0] == picture).all() and (stack[-1] == filling).all()
    for count, each in zip((0, 3, 6, 10, 13, 16), stack, strict=True):
        replaced = ranks < count
        assert replaced.sum() == count
        assert (each[replaced] == filling[replaced]).all()
        assert (each[~replaced] == picture[~replaced]).all()


def test_area_is_that_under_the_polygon() -> None:
    assert compute_area(np.array([1.0, 0.5, 0.0])) == pytest.approx(0.5)
    assert compute_area(np.array([1.0, 0.2, 0.2, 0.2, 0.2])) == pytest.approx(0.3)


def test_curves_of_a_linear_model_are_known_and_its_own_order_is_the_best() -> None:
    classifier, weight = linear_model(6)
    picture = paint(1, 6)[0]
    worth = (picture / 255 * weight).sum(axis=2)
    perturbation = Perturbation(1, 36, "black", "black")  # a pixel a step

    def areas(values: np.ndarray) -> tuple[float, float]:
        curves = trace_curves(classifier, picture, 0, values, perturbation, 0)
        return compute_area(curves["deletion"]), compute_area(curves["insertion"])

    curves = trace_curves(classifier, picture, 0, worth, perturbation, 0)
    added = np.concatenate([[0], np.cumsum(np.sort(worth, axis=None)[::-1])])
    np.testing.assert_allclose(curves["deletion"], expit(worth.sum() - added), rtol=1e-3)
    np.testing.assert_allclose(curves["insertion"], expit(added), rtol=1e-3)
    least, most = areas(worth)
    for values in [-worth, *rng.random((30, 6, 6))]:
        deletion, insertion = areas(values)
        assert deletion > least and insertion < most


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


def test_edges_stay_while_gradients_follow_the_model() -> None:
    classifier, pictures, outputs = small_net(), paint(3, 16), np.array([0, 1, 2])
    found = {
        key: measure_randomization(Explainer(key, 0), classifier, pictures, outputs, 3)
        for key in ("edges", "saliency")
    }
    assert found["edges"]["randomized_curve"] == pytest.approx(np.ones((3, 3)))
    assert found["edges"]["ssim"] == pytest.approx(1)
    changed = found["saliency"]["randomized_curve"]
    assert changed.shape == (3, 3) and changed.max() < 0.9
    assert found["saliency"]["randomized"] == pytest.approx(changed.mean(axis=1))
    assert found["saliency"]["randomized_all"].tolist() == changed[:, -1].tolist()


def test_a_gradient_of_a_linear_model_is_its_weights_and_only_they() -> None:
    # Random from the output on is random at once: the map is that of the new weights.
    classifier, _ = linear_model(16)
    pictures, outputs = paint(2, 16), np.array([0, 0])
    found = measure_randomization(Explainer("saliency", 0), classifier, pictures, outputs, 2)
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
            perturbation=Perturbation(1, 8, "black", "black"),
        )
        for key, options in methods.items()
    }
    right = found["integrated_gradients"]
    assert right["mass"] == pytest.approx(1) and right["rank"] == pytest.approx(1)
    assert right["parts"] == pytest.approx(1) and right["pointing_game"] == 1
    assert right["deletion_curve"].shape == (1, 9)
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


def test_interval_of_a_mean() -> None:
    values = rng.normal(3, 2, 400)
    figure = average(values, 0)
    error = values.std() / 20
    assert figure.value == pytest.approx(values.mean()) and figure.n == 400
    assert figure.low == pytest.approx(values.mean() - 1.96 * error, abs=0.3 * error)
    assert figure.high == pytest.approx(values.mean() + 1.96 * error, abs=0.3 * error)
    constant = average(np.full(5, 0.25), 0)
    assert (constant.value, constant.low, constant.high) == (0.25, 0.25, 0.25)


def test_figures_are_gathered_averaged_and_set_beside_chance() -> None:
    results = [
        ("one", [0, 1], {"mass": np.array([0.2, 0.4]), "curve": np.ones((2, 3))}),
        ("one", [2], {"mass": np.array([0.6]), "curve": np.zeros((1, 3))}),
        ("two", [0, 1], {"mass": np.array([0.5, 0.5])}),
    ]
    found = gather(["one", "two"], 3, iter(results))
    assert found["mass"][0].tolist() == [0.2, 0.4, 0.6]
    assert np.isnan(found["mass"][1]).tolist() == [False, False, True]
    assert found["curve"][0].tolist() == [[1] * 3, [1] * 3, [0] * 3]
    chances = {"mass": np.array([0.1, 0.3, 0.5])}
    rows = tabulate(["one", "two"], found, chances, 0)
    assert [(row["method"], row["value"], row["n"], row["chance"]) for row in rows] == [
        ("one", 0.4, 3, 0.3),
        ("two", 0.5, 2, 0.2),  # of the two samples that it explained
    ]
    assert rows[0]["low"] < 0.4 < rows[0]["high"] and rows[1]["low"] == rows[1]["high"] == 0.5
    expected = {"chance": {"mass": 0.3}, "one": {"mass": 0.4}, "two": {"mass": 0.5}}
    assert summarize(rows, chances) == expected


def test_what_was_never_measured_has_no_row() -> None:
    found = {"parts": np.array([[np.nan, np.nan], [0.5, np.nan]])}
    rows = tabulate(["one", "two"], found, {}, 0)
    assert [(row["method"], row["n"], row["chance"]) for row in rows] == [("two", 1, "")]


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
        perturbation=Perturbation(4, 3, "mean", "blur"),
    )
    assert all(torch.equal(v, before[k]) for k, v in classifier.module.state_dict().items())
    assert not any(part._forward_hooks for part in classifier.module.modules())
