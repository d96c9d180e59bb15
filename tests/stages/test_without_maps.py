"""A run whose model has no feature maps: what needs them is left out, in the same words everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.projects import edit_params
from layerscope.explanation.cam import NO_MAPS
from layerscope.explanation.methods import METHODS
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, store_path
from tests.shared.networks import RUN, run_stage_of, try_network
from ui.library import find_source
from ui.live.explanations import ExplainedSample, explain_sample
from ui.sample.explainer import read_stored_cam

pytestmark = pytest.mark.usefixtures("one_thread")

STAGES = ("prepare", "predict", "cam")
AT_LAYER = {key for key, method in METHODS.items() if method.at_layer} - {"score_cam"}  # not tried


def test_stages_methods_and_inspector_leave_out_what_needs_maps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = try_network("perceptron", stages=STAGES, pages=())
    assert not outcome.failed and set(STAGES) <= set(outcome.worked)
    assert f"{RUN}: Grad-CAM is left out: {NO_MAPS}" in capsys.readouterr().out
    store = Store(store_path(RUN, "cam"))
    assert store.attributes["skipped"] == NO_MAPS and "cam" not in store
    assert {key for key, line in outcome.refused.items() if line == NO_MAPS} == AT_LAYER
    assert {"lrp", "saliency", "integrated_gradients", "lime"} <= set(outcome.worked)

    # The inspector finds no stored map and no damage, and says the same line.
    predictions = Predictions(store_path(RUN, "predictions"))
    assert read_stored_cam(RUN, 0, int(predictions.predicted[0])) is None
    picture = Samples(store_path(RUN, "samples")).picture(0)
    subject = ExplainedSample(picture, None, None, "last", predictions.layers)
    explained = explain_sample(find_source(RUN), subject, 0, lambda *_: None, lambda: False)
    assert set(explained.layers) == {"guided"} and explained.problem == NO_MAPS

    edit_params("faithfulness", methods=["saliency", "grad_cam", "lrp"], options={})
    edit_params("faithfulness", n_samples=4, n_again=1, n_points=2, n_noisy=1, n_steps=3)
    run_stage_of("faithfulness")
    found = Store(store_path(RUN, "faithfulness")).attributes
    assert found["skipped"] == {"grad_cam": NO_MAPS}
    assert found["methods"][:2] == ["saliency", "lrp"]
    assert f"{RUN}: grad_cam is left out: {NO_MAPS}" in capsys.readouterr().out
