"""What points are coloured by and what filters leave out, on a small run with known answers."""

from __future__ import annotations

import io
from csv import DictReader
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY

from layerscope.predictions import Predictions
from layerscope.store import store_path
from ui.explorer.coloring import color_points, fade, read_answers
from ui.explorer.lasso import write_csv
from ui.library import Contents, read_contents
from ui.selection import Selection, read_selection

VIEW = Selection(TINY, 40, "features.0", "pca", "30", None)


@pytest.fixture
def contents(tiny_run: Path) -> Contents:
    return read_contents(TINY)


def probabilities(size: int = 40) -> np.ndarray:
    return Predictions(store_path(TINY, "predictions")).probabilities[:size]


def test_answers_are_read_off_the_probabilities(contents: Contents) -> None:
    answers = read_answers(TINY, 20)
    rows = np.sort(probabilities(20), axis=1)
    assert np.allclose(answers.confidence, rows[:, -1])
    assert np.allclose(answers.margin, rows[:, -1] - rows[:, -2])
    assert np.array_equal(answers.predicted, probabilities(20).argmax(axis=1))
    truth = np.array([0, 1, -1])[answers.labels]  # the model lacks the third class
    assert np.array_equal(answers.correct == -1, truth == -1)
    assert np.array_equal(answers.correct == 1, truth == answers.predicted)


def test_true_and_predicted_classes_share_their_colours(contents: Contents) -> None:
    answers = read_answers(TINY, 40)
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
    answers = read_answers(TINY, 40)
    coloring = color_points(replace(VIEW, color="correct"), contents, answers)
    assert [entry.name for entry in coloring.entries] == [
        "wrong",
        "correct",
        "class unknown to the model",
    ]
    assert np.array_equal(np.array([0, 1, -1])[coloring.groups], answers.correct)


@pytest.mark.parametrize("color", ["confidence", "margin"])
def test_a_scale_rises_with_the_value_and_says_its_ends(contents: Contents, color: str) -> None:
    answers = read_answers(TINY, 40)
    values = getattr(answers, color)
    coloring = color_points(replace(VIEW, color=color), contents, answers)
    assert coloring.ends == (f"{values.min():.2f}", f"{values.max():.2f}")
    assert (np.diff(coloring.groups[np.argsort(values)]) >= 0).all()
    assert coloring.groups[values.argmin()] == 0
    assert coloring.groups[values.argmax()] == len(coloring.entries) - 1


def test_clusters_are_of_the_layer_that_is_asked_for(contents: Contents) -> None:
    answers = read_answers(TINY, 40)
    view = replace(VIEW, color="cluster", cluster="features.0")
    coloring = color_points(view, contents, answers)
    assert coloring.title == "Cluster of features.0"
    assert len(coloring.entries) == 10
    # The layouts of the run lie apart by class, so no cluster may hold two.
    mixed = [len(set(answers.labels[coloring.groups == g])) for g in range(10)]
    assert mixed == [1] * 10


def test_filters_fade_and_do_not_remove(contents: Contents) -> None:
    answers = read_answers(TINY, 40)
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
    answers = read_answers(TINY, 40)
    uids = np.array([3, 17, 2])
    text = write_csv(uids, VIEW, contents, answers).decode()
    rows = list(DictReader(io.StringIO(text)))
    assert [row["uid"] for row in rows] == ["3", "17", "2"]
    assert [row["path"] for row in rows] == ["val/000003", "val/000017", "val/000002"]
    assert [row["true"] for row in rows] == ["disc", "<b>knot</b>", "<b>knot</b>"]
    assert rows[2]["correct"] == ""
    assert float(rows[1]["confidence"]) == pytest.approx(answers.confidence[17], abs=1e-4)
    assert {row["layer"] for row in rows} == {"features.0"}


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
