"""The view of class weight vectors without a browser: families, address, chart, what a browser may send."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from layerscope.coarse import coarse_of
from layerscope.datasets.categories import Category, imagenet
from layerscope.features.class_vectors import SHOWN, ClassMap
from ui.components.room import MOST, read_height
from ui.features.classes.chart import (
    ClassPoints,
    build_figure,
    place_names,
    read_place,
)
from ui.features.classes.choice import (
    KEYS,
    ClassChoice,
    Offer,
    read_class_choice,
    to_params,
)
from ui.features.classes.families import (
    LEAST,
    find_members,
    list_coarse,
    list_names,
    mark_families,
    mark_outputs,
)
from ui.features.classes.maps import choose_shown, make_work, tell_figures
from ui.library import Contents
from ui.live.weights import DrawnMap
from ui.palette import mark_class

IMAGENET = tuple(imagenet())
THINGS = tuple(Category(None, None, f"thing {i}") for i in range(20))


def contents(outputs: tuple[Category, ...], classes: tuple[Category, ...]) -> Contents:
    return Contents("run", (10,), (), (), classes, outputs)


LARGE = contents(IMAGENET, THINGS[:3])
SMALL = contents(THINGS, THINGS[10:])
COARSE = list_coarse(LARGE)
OFFER = Offer(1000, (10, 30, 90), 0, list_names(COARSE))
FEW = Offer(20, (10, 30, 90), 0, ())


# --- families --------------------------------------------------------------------------------


def test_only_outputs_of_imagenet_have_families() -> None:
    assert len(COARSE) == 1000 and list_coarse(SMALL) == ()
    assert list_coarse(contents(THINGS, IMAGENET[:3])) == ()  # those are classes, no outputs


def test_names_are_families_and_groups_that_every_map_can_carry() -> None:
    names = list_names(COARSE)
    assert len(set(names)) == len(names) and names[0] == "dog"
    for name in names:
        assert len(find_members(COARSE, name)) >= LEAST
    assert "household / box and bag" in names and not any("person" in name for name in names[-1:])
    assert "music, sport and people / person" not in names  # three classes


def test_members_are_those_of_the_table() -> None:
    kinds = [coarse_of(category) for category in IMAGENET]
    dogs = find_members(COARSE, "dog")
    assert [i for i, kind in enumerate(kinds) if kind and kind.family == "dog"] == dogs.tolist()
    group = find_members(COARSE, "other mammal / other mammal")
    family = find_members(COARSE, "other mammal")
    assert 0 < len(group) < len(family) and set(group) < set(family)


def test_families_have_colours_of_their_own_and_count_all_classes() -> None:
    rows = mark_families(COARSE)
    assert len({color for _, color, _ in rows}) == len(rows) == 12
    assert sum(count for _, _, count in rows) == 1000
    marks = mark_outputs(LARGE, COARSE, "family")
    by_mark = {mark: COARSE[i].family for i, mark in enumerate(marks)}
    assert all(by_mark[mark] == COARSE[i].family for i, mark in enumerate(marks))


def test_outputs_that_stand_for_a_class_have_its_colour() -> None:
    marks = mark_outputs(SMALL, (), "class")
    assert marks[10:] == [mark_class(i) for i in range(10)]
    assert marks[:10] == [mark_class(i) for i in range(10, 20)]


# --- what is shown ---------------------------------------------------------------------------


def test_a_thousand_classes_start_with_thirty_and_few_with_all() -> None:
    start = OFFER.start
    assert (start.method, start.perplexity, start.shown) == ("tsne", 30, "drawn")
    shown = choose_shown(start, 1000, COARSE)
    assert len(shown) == SHOWN == 30 and (np.diff(shown) > 0).all()
    again = ClassChoice("pca", 30, "drawn", 0, "dog", "family", None)
    other = ClassChoice("pca", 30, "drawn", 1, "dog", "family", None)
    np.testing.assert_array_equal(choose_shown(again, 1000, COARSE), shown)
    assert (choose_shown(other, 1000, COARSE) != shown).any()
    assert FEW.sets == ("all",) and len(choose_shown(FEW.start, 20, ())) == 20


def test_a_family_or_all_can_be_shown() -> None:
    family = ClassChoice("pca", 30, "coarse", 0, "bird", "family", None)
    assert Counter(COARSE[i].family for i in choose_shown(family, 1000, COARSE)) == {"bird": 59}
    everything = ClassChoice("pca", 30, "all", 0, "bird", "family", None)
    assert len(choose_shown(everything, 1000, COARSE)) == 1000


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_map_is_judged_by_the_neighbours_that_it_keeps(method: str) -> None:
    vectors = np.random.default_rng(0).normal(size=(12, 6)).astype(np.float32)
    choice = ClassChoice(method, 30, "all", 0, "", "class", None)
    drawn = make_work(vectors, choice, False)(lambda done, total, result: None, lambda: False)
    assert drawn.found.points.shape == (12, 2)
    assert drawn.by_chance == pytest.approx(5 / 11) and 0 <= drawn.kept <= 1
    said, figures = tell_figures(choice, drawn)
    assert figures[-1] == ("5-NN kept", f"{drawn.kept:.0%}, chance 45%")
    if method == "tsne":
        assert said == "perplexity 3.67 (30 asked)"  # a third of eleven others


def test_settings_that_were_kept_are_told_plainly() -> None:
    choice = ClassChoice("umap", 30, "all", 0, "", "class", None)
    points = np.zeros((40, 2), np.float32)
    few = DrawnMap(ClassMap(points, {"n_neighbors": 7}), 0.5, 0.1)
    enough = DrawnMap(ClassMap(points, {"n_neighbors": 15}), 0.5, 0.1)
    assert tell_figures(choice, few)[0] == "n_neighbors 7 (15 asked), min_dist 0.1"
    assert tell_figures(choice, enough)[0] == "n_neighbors 15, min_dist 0.1"


# --- the address -----------------------------------------------------------------------------


def test_an_address_and_back() -> None:
    choice = ClassChoice("umap", 90, "coarse", 7, "bird / songbird", "class", 999)
    params = to_params(choice, OFFER)
    assert set(params) == set(KEYS)
    assert read_class_choice(params, OFFER) == (choice, [])
    assert to_params(OFFER.start, OFFER) == {}
    assert read_class_choice({}, OFFER) == (OFFER.start, [])


HOSTILE = [
    ("class_map", "isomap", "method"),
    ("class_perplexity", "31", "perplexity"),
    ("class_set", "none", "choice of classes"),
    ("class_seed", "100", "draw of classes"),
    ("class_coarse", "person", "family"),
    ("class_color", "red", "colouring"),
    ("class_of", "1000", "class"),
    ("class_of", "-1", "class"),
    ("class_of", "", "class"),
    ("class_of", "007", "class"),
]


@pytest.mark.parametrize(("key", "value", "name"), HOSTILE)
def test_what_is_not_there_is_refused_by_name(key: str, value: str, name: str) -> None:
    found, refused = read_class_choice({key: value}, OFFER)
    assert refused == [name] and found == OFFER.start


def test_a_model_without_families_refuses_them() -> None:
    params = {"class_set": "drawn", "class_coarse": "dog", "class_color": "family"}
    found, refused = read_class_choice(params, FEW)
    assert refused == ["choice of classes", "family", "colouring"] and found == FEW.start


# --- the chart -------------------------------------------------------------------------------


def draw(n: int, chosen: int | None = 1, name: str = "class") -> ClassPoints:
    points = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    names = [f"{name} {i}" for i in range(n)]
    nearest = [] if chosen is None else [2, 3]
    return ClassPoints(points, names, [""] * n, [("#ffffff", "triangle")] * n, chosen, nearest, "r")


def test_lines_lead_from_the_chosen_class_to_its_nearest() -> None:
    lines, points, ring = build_figure(draw(30)).to_plotly_json()["data"]
    assert len(points["x"]) == 30 and list(ring["x"]) == [points["x"][1]]
    assert list(lines["x"][0::3]) == [points["x"][1]] * 2
    assert list(lines["x"][1::3]) == list(points["x"][2:4])
    assert points["marker"]["symbol"][0] == "triangle-up"


def test_names_of_data_are_no_markup() -> None:
    figure = build_figure(draw(4, name="<b>&"))
    assert "&lt;b&gt;&amp;" in figure.data[1].hovertext[0]
    assert "<b>&" not in figure.data[1].text[0]


def test_of_many_classes_the_chosen_and_its_nearest_are_named() -> None:
    texts = build_figure(draw(500)).data[1].text
    assert texts[1] == "class 1"
    assert {text for text in texts if text} <= {"class 1", "class 2", "class 3"}
    assert not any(build_figure(draw(500, chosen=None)).data[1].text)


def test_names_cover_no_point_and_no_other_name() -> None:
    points = np.random.default_rng(1).normal(size=(60, 2))
    names = [f"some class {i}" for i in range(60)]
    found = place_names(points, names)
    assert 20 < sum(map(bool, found)) < 60
    scale = min(640 / np.ptp(points[:, 0]) / 1.32, 540 / np.ptp(points[:, 1]) / 1.14)
    at = points * scale
    boxes = []
    for i, place in enumerate(found):
        if not place:
            continue
        width = 6.1 * len(names[i]) + 8
        across = {"middle right": 1, "middle left": -1}.get(place, 0) * (width / 2 + 7)
        up = {"top center": 15.4, "bottom center": -15.4}.get(place, 0)
        x, y = at[i, 0] + across, at[i, 1] + up
        boxes.append((x - width / 2, y - 7, x + width / 2, y + 7))
        others = np.delete(at, i, axis=0)
        inside = (abs(others[:, 0] - x) < width / 2) & (abs(others[:, 1] - y) < 7)
        assert not inside.any()
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart = a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]
            assert apart


def test_the_chosen_class_is_named_even_in_a_crowd() -> None:
    points = np.concatenate([np.random.default_rng(2).normal(0, 1e-3, (80, 2)), [[9, 9]]])
    found = place_names(points, [f"class {i}" for i in range(81)], [40, 41])
    assert found[40]


@pytest.mark.parametrize(
    "point",
    [
        {},
        {"curveNumber": 0, "pointNumber": 1},
        {"curveNumber": 1, "pointNumber": 30},
        {"curveNumber": 1, "pointNumber": -1},
        {"curveNumber": 1, "pointNumber": True},
        {"curveNumber": 1},
    ],
)
def test_clicks_on_nothing_choose_nothing(point: dict[str, object]) -> None:
    assert read_place(point, 30) is None


def test_a_click_on_a_point_chooses_it() -> None:
    assert read_place({"curveNumber": 1, "pointNumber": 29}, 30) == 29


# --- what else a browser sends ---------------------------------------------------------------


@pytest.mark.parametrize("sent", [None, True, "600", 12, MOST + 1, 600.5, float("nan")])
def test_heights_that_are_none_are_not_believed(sent: object) -> None:
    assert read_height(sent, 586) == 586
    assert read_height(905, 586) == 905
