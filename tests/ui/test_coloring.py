"""What points are coloured by and what filters leave out, on a small run with known answers."""

from __future__ import annotations

import io
from csv import DictReader
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from layerscope.coarse import list_groups
from layerscope.datasets.categories import IMAGENETTE, IMAGEWOOF, Category
from layerscope.runs.predictions import Predictions
from layerscope.storage.store import store_path
from tests.shared.project import TINY
from ui.coloring import color_points, fade, read_predictions
from ui.lasso import write_csv
from ui.layouts import load_layout
from ui.library import Contents, read_contents
from ui.palette import FAMILY_COLORS, mark_coarse
from ui.selection import COLORS, Selection, offers, read_selection

VIEW = Selection(TINY, 40, "features.0", "pca", "30", None)


@pytest.fixture
def contents(tiny_run: Path) -> Contents:
    return read_contents(TINY)


def probabilities(size: int = 40) -> np.ndarray:
    return Predictions(store_path(TINY, "predictions")).probabilities[:size]


def test_answers_are_read_off_the_probabilities(contents: Contents) -> None:
    answers = read_predictions(TINY, 20)
    rows = np.sort(probabilities(20), axis=1)
    assert np.allclose(answers.confidence, rows[:, -1])
    assert np.allclose(answers.margin, rows[:, -1] - rows[:, -2])
    assert np.array_equal(answers.predicted, probabilities(20).argmax(axis=1))
    truth = np.array([0, 1, -1])[answers.labels]  # the model lacks the third class
    assert np.array_equal(answers.correct == -1, truth == -1)
    assert np.array_equal(answers.correct == 1, truth == answers.predicted)


def test_true_and_predicted_classes_share_their_colours(contents: Contents) -> None:
    answers = read_predictions(TINY, 40)
    true = color_points(VIEW, contents, answers)
    predicted = color_points(replace(VIEW, color="predicted"), contents, answers)
    assert [entry.name for entry in true.entries] == ["disc", "bar", "<b>knot</b>"]
    assert np.array_equal(true.groups, answers.labels)
    marks = {entry.name: (entry.color, entry.shape) for entry in predicted.entries}
    for entry in true.entries[:2]:
        assert marks[entry.name] == (entry.color, entry.shape)
    names = [predicted.entries[group].name for group in predicted.groups]
    assert names == [contents.outputs[output].name for output in answers.predicted]
    assert len(set(marks.values())) == len(marks)


def test_correct_wrong_and_unknown_are_three_entries(contents: Contents) -> None:
    answers = read_predictions(TINY, 40)
    coloring = color_points(replace(VIEW, color="correct"), contents, answers)
    assert [entry.name for entry in coloring.entries] == [
        "wrong",
        "correct",
        "class unknown to the model",
    ]
    assert np.array_equal(np.array([0, 1, -1])[coloring.groups], answers.correct)


@pytest.mark.parametrize("color", ["confidence", "margin"])
def test_a_scale_rises_with_the_value_and_says_its_ends(contents: Contents, color: str) -> None:
    answers = read_predictions(TINY, 40)
    values = getattr(answers, color)
    coloring = color_points(replace(VIEW, color=color), contents, answers)
    assert coloring.ends == (f"{values.min():.2f}", f"{values.max():.2f}")
    assert (np.diff(coloring.groups[np.argsort(values)]) >= 0).all()
    assert coloring.groups[values.argmin()] == 0
    assert coloring.groups[values.argmax()] == len(coloring.entries) - 1


def test_clusters_are_of_the_layer_that_is_asked_for(contents: Contents) -> None:
    answers = read_predictions(TINY, 40)
    view = replace(VIEW, color="cluster", cluster="features.0")
    coloring = color_points(view, contents, answers)
    assert coloring.title == "Cluster of features.0"
    assert len(coloring.entries) == 10
    # The layouts of the run lie apart by class, so no cluster may hold two.
    mixed = [len(set(answers.labels[coloring.groups == g])) for g in range(10)]
    assert mixed == [1] * 10


OUTPUTS = (*IMAGENETTE, *IMAGEWOOF[:2])
GROUPS_OF_OUTPUTS = (
    "fish",
    "sporting dog",
    "audio, TV, phone",
    "tool",
    "church, monument",
    "wind instrument",
    "truck and van",
    "other device",
    "ball",
    "aircraft",
    "toy dog",
    "hound",
)
DOGS = (IMAGEWOOF[2], IMAGEWOOF[6], IMAGEWOOF[9])  # beagle, golden retriever, dingo


def test_coarse_classes_are_of_the_predicted_outputs_where_these_are_imagenets(
    contents: Contents,
) -> None:
    answers = read_predictions(TINY, 40)
    seen = replace(contents, outputs=OUTPUTS, categories=DOGS)
    coloring = color_points(replace(VIEW, color="coarse"), seen, answers)
    assert coloring.title == "Coarse class, predicted"
    names = [coloring.entries[group].name for group in coloring.groups]
    assert names == [GROUPS_OF_OUTPUTS[output] for output in answers.predicted]
    assert [entry.name for entry in coloring.entries] == [each.group for each in list_groups()]


def test_coarse_classes_are_of_the_true_classes_otherwise(contents: Contents) -> None:
    answers = read_predictions(TINY, 40)
    seen = replace(contents, categories=DOGS)  # the outputs have names only
    coloring = color_points(replace(VIEW, color="coarse"), seen, answers)
    assert coloring.title == "Coarse class, true"
    names = [coloring.entries[group].name for group in coloring.groups]
    assert names == [("hound", "sporting dog", "wolf and fox")[label] for label in answers.labels]


def test_coarse_classes_are_offered_where_all_classes_have_one(contents: Contents) -> None:
    every, others = tuple(COLORS), tuple(key for key in COLORS if key != "coarse")
    assert offers(contents) == others
    assert offers(replace(contents, outputs=OUTPUTS)) == every
    assert offers(replace(contents, categories=DOGS)) == every
    strange = Category("n00001740", None, "entity")  # WordNet's, but not of the 1000
    assert offers(replace(contents, categories=(*DOGS[:2], strange))) == others
    assert offers(replace(contents, outputs=(*OUTPUTS[:11], Category(None, None, "x")))) == others


def test_an_address_that_asks_for_coarse_classes_in_vain_is_refused(contents: Contents) -> None:
    asked = replace(VIEW, color="coarse").to_params()
    assert read_selection(asked, contents) == (VIEW, ["colouring"])
    offered = replace(contents, outputs=OUTPUTS)
    assert read_selection(asked, offered) == (replace(VIEW, color="coarse"), [])


# --- colours of coarse classes ---------------------------------------------------------------

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", 2009: severity 1, on linear RGB. Ottosson's OKLab, 2020.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def read_linear(colors: list[str]) -> np.ndarray:
    """Linear RGB in [0, 1], (n, 3)."""
    values = np.array([list(bytes.fromhex(color[1:])) for color in colors]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def measure_distances(colors: list[str], vision: np.ndarray) -> np.ndarray:
    """Between any two colours in OKLab, (n, n)."""
    seen = np.clip(read_linear(colors) @ vision.T, 0, 1)
    lab = np.cbrt(seen @ TO_LMS.T) @ TO_LAB.T
    return np.linalg.norm(lab[:, None] - lab[None], axis=2)


def test_distance_is_that_of_oklab() -> None:
    # Ottosson: white has L 1, black 0; pure red is (0.628, 0.225, 0.126).
    found = measure_distances(["#000000", "#ffffff", "#ff0000"], VISIONS["normal"])
    assert found[0, 1] == pytest.approx(1, abs=1e-3)
    assert found[0, 2] == pytest.approx(np.linalg.norm([0.628, 0.225, 0.126]), abs=1e-3)


@pytest.mark.parametrize("vision", VISIONS)
def test_families_can_be_told_apart_by_colour(vision: str) -> None:
    far = measure_distances([c for pair in FAMILY_COLORS for c in pair], VISIONS[vision])
    first, second = np.arange(0, len(far), 2), np.arange(1, len(far), 2)
    np.fill_diagonal(far, np.inf)
    assert far[np.ix_(first, first)].min() >= 0.08
    assert far[first, second].min() >= 0.095
    assert far.min() >= 0.055


def test_colours_of_coarse_classes_stand_out_from_the_panel() -> None:
    luminance = np.array([0.2126, 0.7152, 0.0722])  # WCAG 2
    panel = read_linear(["#14181d"]) @ luminance
    marks = read_linear([color for pair in FAMILY_COLORS for color in pair]) @ luminance
    assert ((marks + 0.05) / (panel + 0.05)).min() >= 3.4


def test_every_coarse_class_has_a_mark_of_its_own_in_the_colours_of_its_family(
    contents: Contents,
) -> None:
    seen = replace(contents, outputs=OUTPUTS)
    coloring = color_points(replace(VIEW, color="coarse"), seen, read_predictions(TINY, 40))
    marks = [(entry.color, entry.shape) for entry in coloring.entries]
    assert len(set(marks)) == len(marks) == len(list_groups())
    families = list(dict.fromkeys(each.family for each in list_groups()))
    assert len(families) == len(FAMILY_COLORS)
    for each, (color, _) in zip(list_groups(), marks, strict=True):
        assert color in FAMILY_COLORS[families.index(each.family)]
    assert [mark_coarse(1, member)[1] for member in (0, 1, 2, 6)] == [
        "circle",
        "circle",
        "diamond",
        "square",
    ]


def test_filters_fade_and_do_not_remove(contents: Contents) -> None:
    answers = read_predictions(TINY, 40)
    assert not fade(VIEW, answers).any()
    wrong = fade(replace(VIEW, verdict="wrong"), answers)
    assert np.array_equal(~wrong, answers.correct == 0)
    right = fade(replace(VIEW, verdict="correct"), answers)
    assert np.array_equal(~right, answers.correct == 1)
    some = fade(replace(VIEW, confidence=(20, 60)), answers)
    inside = (answers.confidence >= 0.2) & (answers.confidence <= 0.6)
    assert np.array_equal(~some, inside)
    assert 0 < inside.sum() < 40


def test_the_table_of_a_set_has_a_row_a_sample(contents: Contents) -> None:
    answers = read_predictions(TINY, 40)
    uids = np.array([3, 17, 2])
    text = write_csv(uids, VIEW, contents, answers).decode("utf-8-sig")
    rows = list(DictReader(io.StringIO(text)))
    assert [row["uid"] for row in rows] == ["3", "17", "2"]
    assert [row["path"] for row in rows] == ["val/000003", "val/000017", "val/000002"]
    assert [row["true"] for row in rows] == ["disc", "<b>knot</b>", "<b>knot</b>"]
    assert rows[2]["correct"] == ""
    assert float(rows[1]["confidence"]) == pytest.approx(answers.confidence[17], abs=1e-4)
    assert {row["layer"] for row in rows} == {"features.0"}


def test_the_table_of_a_set_opens_in_a_spreadsheet_as_it_is(contents: Contents) -> None:
    """Names in any script, and none that is computed."""
    names = ("猫", "=HYPERLINK(1)", "-knot")
    named = tuple(replace(e, name=n) for e, n in zip(contents.categories, names, strict=True))
    answers = read_predictions(TINY, 40)
    written = write_csv(np.arange(6), VIEW, replace(contents, categories=named), answers)
    assert written.startswith(b"\xef\xbb\xbf")
    rows = list(DictReader(io.StringIO(written.decode("utf-8-sig"))))
    assert [row["true"] for row in rows] == ["猫", "'=HYPERLINK(1)", "'-knot"] * 2
    layout = load_layout(VIEW, contents)
    found = [[float(row[axis]) for axis in "xy"] for row in rows]
    np.testing.assert_allclose(found, layout[:6], atol=1e-4)  # negative ones are numbers
    assert (layout[:6] < 0).any()


def test_an_address_is_read_back_as_it_was_written(contents: Contents) -> None:
    view = Selection(
        TINY,
        20,
        "features.0",
        "umap",
        "5",
        sample=7,
        color="cluster",
        cluster="classifier.0",
        only=frozenset({0, 2, 11}),
        verdict="wrong",
        confidence=(5, 95),
        marks="pictures",
        why=3,
        against=0,
        channel=0,
        order="channel",
    )
    assert view.to_params()["only"] == "0.2.11"
    assert read_selection(view.to_params(), contents) == (view, [])
    plain = replace(VIEW, sample=None)
    assert set(plain.to_params()) == {"run", "size", "layer", "method", "perplexity"}
    assert read_selection(plain.to_params(), contents) == (plain, [])
