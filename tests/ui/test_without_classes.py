"""A run whose network has no classes, on every page: each opens, and says what it cannot show."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest

from bench.projects import edit_params
from layerscope.errors import InputError
from layerscope.models.layers import NO_CLASSES
from layerscope.runs.predictions import Predictions
from layerscope.storage.files import read_table
from layerscope.storage.store import Store, store_path
from tests.shared.networks import RUN, STAGES, run_stage_of, try_network
from tests.shared.pages import address, open_app, text_of
from ui.coloring import read_predictions
from ui.lasso import write_csv
from ui.library import read_contents
from ui.selection import offers, read_selection

pytestmark = pytest.mark.usefixtures("one_thread", "run")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backbone")
    with chdir(folder):
        outcome = try_network("backbone", methods=False, pages=())
    assert not outcome.failed and not outcome.refused and set(outcome.worked) == set(STAGES)
    return folder


@pytest.fixture
def run(project: Path) -> Iterator[None]:
    with chdir(project):
        yield


def test_stages_keep_what_needs_no_class_and_leave_out_the_rest() -> None:
    predictions = Predictions(store_path(RUN, "predictions"))
    assert predictions.probabilities.shape == (12, 0) and predictions.categories == ()
    assert (predictions.predicted == -1).all() and (predictions.outputs == -1).all()
    assert predictions.layers[-1].shape == (12,)  # the pooled features
    assert Store(store_path(RUN, "cam")).attributes["skipped"] == NO_CLASSES
    means = Store(store_path(RUN, "channels")).read("12/class_mean")
    assert np.isfinite(means).any()  # by the data's classes
    confusion = read_table(Path("data", RUN, "confusion.csv"))
    assert {row["predicted"] for row in confusion} == {""} and all(row["true"] for row in confusion)


def test_faithfulness_says_so_before_it_does_anything(capsys: pytest.CaptureFixture[str]) -> None:
    edit_params("faithfulness", methods=["saliency"], options={})
    with pytest.raises(InputError, match=f"^{RUN}: {NO_CLASSES}; take it out of"):
        run_stage_of("faithfulness")
    assert capsys.readouterr().out == "" and not store_path(RUN, "faithfulness").exists()


def test_the_explorer_shows_samples_and_layers_without_predictions() -> None:
    app = open_app(run=RUN, sample="1", color="predicted", confidence="50-100", verdict="wrong")
    said = text_of(app)
    assert NO_CLASSES in said and "Nearest in this layer" in said
    assert "Top 10" not in said and "Predicted" not in said
    assert "color" not in address(app)  # the usual one
    contents = read_contents(RUN)
    assert offers(contents) == ("true", "cluster", "kept")
    layers = [layer.key for layer in contents.layers]
    assert address(app)["layer"] == layers[-1] == "norm"
    for layer in layers:
        assert not open_app(run=RUN, sample="0", layer=layer, color="cluster").exception


def test_a_set_of_samples_is_written_without_predictions() -> None:
    contents = read_contents(RUN)
    selection, _ = read_selection({"method": "pca"}, contents)
    answers = read_predictions(RUN, 12)
    table = write_csv(np.array([3]), selection, contents, answers).decode("utf-8-sig")
    (row,) = csv.DictReader(table.splitlines())
    assert row["true"] and row["x"]
    for name in ("predicted", "correct", "confidence", "margin"):
        assert row[name] == ""


@pytest.mark.parametrize("page", ["Explain", "Performance"])
def test_pages_of_predictions_say_so(page: str) -> None:
    assert NO_CLASSES in text_of(open_app(page, run=RUN, sample="1"))


@pytest.mark.parametrize("view", ["units", "kernels", "classes", "trial"])
def test_every_view_of_features_opens(view: str) -> None:
    said = text_of(open_app("Features", run=RUN, sample="1", show=view))
    assert (NO_CLASSES in said) == (
        view in {"classes", "trial"}
    )  # the second colours by predictions


@pytest.mark.parametrize("page", ["Network", "UMAP_Tour", "Experiments", "About"])
def test_all_other_pages_open(page: str) -> None:
    app = open_app(page, run=RUN, sample="1")
    if page == "UMAP_Tour":
        assert NO_CLASSES in text_of(app)


def test_a_photograph_is_explained_by_the_other_networks_only() -> None:
    said = text_of(open_app("Explain", run=RUN, source="dog", network="run"))
    assert NO_CLASSES in said
