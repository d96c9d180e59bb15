"""Runs whose pictures have no labels, or odd ones, through the stages behind `prepare` and the pages."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest

from layerscope.embedding.defined import tell_vote
from layerscope.errors import NO_LABELS, InputError
from layerscope.runs.predictions import Predictions
from layerscope.storage.store import Store, store_path
from tests.shared.networks import RUN, run_stage_of
from tests.shared.odd_runs import N, build
from tests.shared.pages import open_app, text_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
PAGES = ("", "UMAP_Tour", "Explain", "Features", "Network", "Performance", "Experiments")
KINDS = {  # labels of 24 samples
    "no labels": np.full(N, -1),
    "one class": np.zeros(N, int),
    "one picture a class": np.arange(N),
    "two pictures a class": np.arange(N) // 2,
    "uneven": np.repeat([0, 1], [N - 3, 3]),
    "classes without samples": np.arange(N) + 1000,
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("odd")
    build(folder, KINDS[request.param])
    with chdir(folder):
        yield request.param


def read_rows() -> list[dict[str, str]]:
    with Path("data", RUN, "layers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_figures_are_there_or_empty_with_a_reason(kind: str) -> None:
    rows = read_rows()
    for row in rows:
        for name in ("knn_accuracy", "silhouette"):
            assert (row[name] == "") <= (f"{name}: " in row.get("note", ""))
        assert row["trustworthiness"]
    summary = json.loads(Path("data", RUN, "metrics.json").read_text(encoding="utf-8"))
    assert summary["samples"] == N and summary["mean_trustworthiness"]
    assert "top1" not in summary  # the model knows none of these classes
    said = {row.get("note", "") for row in rows if row["size"] == str(N)}
    assert (
        said
        == {
            "no labels": {f"knn_accuracy: {NO_LABELS}; silhouette: {NO_LABELS}"},
            "one class": {
                "knn_accuracy: all samples are of one class; silhouette: all samples are of one class"
            },
            "one picture a class": {
                "knn_accuracy: too few classes have two samples or more; "
                "silhouette: each sample has a class of its own"
            },
            "two pictures a class": {"knn_accuracy: by 2 neighbours, not 10, as classes are small"},
            "uneven": {"knn_accuracy: by 4 neighbours, not 10, as classes are small"},
            "classes without samples": {
                "knn_accuracy: too few classes have two samples or more; "
                "silhouette: each sample has a class of its own"
            },
        }[kind]
    )


def test_channels_are_told_apart_by_what_there_is(kind: str) -> None:
    store, predictions = (
        Store(store_path(RUN, "channels")),
        Predictions(store_path(RUN, "predictions")),
    )
    means = store.read(f"{N}/class_mean")
    if kind != "no labels":
        assert "outputs" not in store.attributes
        assert np.isfinite(means).any(axis=0).sum() == len(np.unique(KINDS[kind]))
        return
    known = np.unique(predictions.predicted)
    assert store.attributes["outputs"] == known.tolist() and means.shape[1] == len(known)
    start, stop = store.attributes["rows"]["probabilities"]
    mine = predictions.predicted == known[0]
    expected = predictions.probabilities[mine].mean(axis=0)
    np.testing.assert_allclose(means[start:stop, 0], expected, rtol=1e-3, atol=1e-6)


def test_no_sample_without_a_label_has_a_true_output(kind: str) -> None:
    predictions = Predictions(store_path(RUN, "predictions"))
    assert (predictions.targets(np.array([-1, -1])) == -1).all()
    cam = Store(store_path(RUN, "cam")).read("cam")
    assert np.isfinite(cam[:, 0]).all() and np.isnan(cam[:, 1]).all()


def test_faithfulness_is_refused_in_one_line_where_nothing_is_labelled(kind: str) -> None:
    if kind == "no labels":
        with pytest.raises(InputError, match=f"^{RUN}: {NO_LABELS}; take it out of"):
            run_stage_of("faithfulness")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens(kind: str, page: str) -> None:
    said = text_of(open_app(page, run=RUN, sample="1", size=str(N)))
    if page == "Performance":
        assert (NO_LABELS in said) == (kind == "no labels")
    if not page:  # a figure that no sample has is empty with its reason
        told = [row for row in read_rows() if row["size"] == str(N)]
        reason = tell_vote(KINDS[kind], (N - 1) // 2)
        is_told = any(row["knn_accuracy"] for row in told)
        assert is_told != (f"– {reason}" in said)


@pytest.mark.parametrize("view", ["units", "kernels", "classes", "trial"])
def test_every_view_of_features_opens(kind: str, view: str) -> None:
    pinned = {"sample": "1"} if view != "trial" else {}
    said = text_of(
        open_app("Features", run=RUN, show=view, layer="features.28", channel="3", **pinned)
    )
    if view == "units" and kind == "no labels":
        assert "by predicted class" in said and "by class" not in said
    if view == "trial":
        assert (f"kNN accuracy: {NO_LABELS}" in said) == (kind == "no labels")


@pytest.mark.parametrize("view", ["confusion", "classes", "thresholds", "calibration", "errors"])
def test_every_view_of_performance_opens(kind: str, view: str) -> None:
    said = text_of(open_app("Performance", run=RUN, perf=view))
    many = len(np.unique(KINDS[kind])) > 10 or kind == "classes without samples"
    assert ("a colour stands for several" in said) == (view == "confusion" and many)
