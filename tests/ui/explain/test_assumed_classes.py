"""A run whose weights name no classes: the app names them by the data set, and says that this is assumed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import store_path
from tests.shared.networks import RUN, try_network
from tests.shared.pages import open_app, text_of
from ui.explain.networks import OF_RUN, open_network

pytestmark = pytest.mark.usefixtures("one_thread")


def test_classes_are_the_data_sets_on_every_page_and_this_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import timm  # needs what `layerscope.vision` prepares

    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    module = timm.create_model("test_resnet", pretrained=False, num_classes=10)
    file = tmp_path / "own.ckpt"
    torch.save({"state_dict": {f"model.{k}": v for k, v in module.state_dict().items()}}, file)
    stages = ("prepare", "predict", "activations", "pca")
    outcome = try_network(
        "timm:test_resnet",
        stages=stages,
        methods=False,
        pages=(),
        weights=str(file),
        layers="stages",
    )
    assert outcome.worked == list(stages)
    classes = Samples(store_path(RUN, "samples")).categories
    predictions = Predictions(store_path(RUN, "predictions"))
    assert predictions.categories == classes and len(classes) == 10
    assert predictions.outputs.tolist() == list(range(10))
    assert "assumed" in predictions.note
    opened = open_network(OF_RUN, RUN)
    assert opened.categories == classes
    maps = [layer.key for layer in predictions.layers[1:] if len(layer.shape) == 3]
    assert [layer.key for layer in opened.layers] == maps  # as deep as the run, not as is usual
    for page in ("", "Explain"):
        said = text_of(open_app(page, run=RUN, sample="1"))
        predicted = classes[int(predictions.predicted[1])].name
        assert predicted in said, page
    app = open_app(run=RUN, sample="1", method="pca")
    assert any("assumed" in each.value for each in app.toast)
