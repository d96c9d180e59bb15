"""Networks that end in features, not in classes: what is known of them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from layerscope.activations.pooling import forward
from layerscope.errors import InputError
from layerscope.explanation.methods import METHODS
from layerscope.explanation.registry import attribute, list_unsupported
from layerscope.features.kernels import read_class_vectors
from layerscope.models.graph.tracing import trace_graph
from layerscope.models.layer_table import layer_table
from layerscope.models.layers import INPUT, NO_CLASSES, PROBABILITIES
from layerscope.models.registry import Classifier, load_model
from tests.shared.networks import make_weights, save_module
from tests.shared.own_models import SIDE, make_backbone, make_small

pytestmark = pytest.mark.usefixtures("one_thread")

OWN = {"factory": "tests.shared.own_models:make_backbone", "input_size": SIDE, "classes": 0}
TIMM = (
    "timm:vit_small_patch16_dinov3",  # has no head
    "timm:fastvit_mci0",  # ends in the space of a text's features
)


def load(model: str | dict[str, Any], folder: Path) -> Classifier:
    path = folder / "weights.safetensors"
    if isinstance(model, str):
        make_weights(model, path)
    else:
        torch.manual_seed(0)
        save_module(make_backbone(), path)
    return load_model(model, path)


@pytest.mark.parametrize("model", [OWN, *TIMM])
def test_a_backbone_ends_in_its_features(model: str | dict[str, Any], tmp_path: Path) -> None:
    classifier = load(model, tmp_path)
    assert (classifier.has_classes, classifier.categories, classifier.note) == (False, (), "")
    pictures = np.random.default_rng(0).integers(0, 256, (2, *classifier.inputs.shape), np.uint8)
    with torch.no_grad():
        features = classifier.module(classifier.to_inputs(pictures))
    for depth in ("stages", "blocks", "all"):
        layers = layer_table(classifier, depth)
        assert layers[0].key == INPUT and layers[-1].shape == features.shape[1:]
        assert PROBABILITIES not in [layer.key for layer in layers]
        found: dict[str, Tensor] = {}

        def receive(key: str, output: Tensor, found: dict[str, Tensor] = found) -> None:
            found[key] = output.clone()

        probabilities = forward(classifier, pictures, layers, receive)
        assert probabilities.shape == (2, 0) and probabilities.dtype == np.float32
        assert set(found) == {layer.key for layer in layers}
        torch.testing.assert_close(found[layers[-1].key], features)
    graph = trace_graph(classifier, layer_table(classifier))
    assert PROBABILITIES not in [operator.key for operator in graph.operators]
    assert graph.operators[-1].shape == features.shape[1:]


def test_what_needs_a_class_is_refused_in_the_same_line(tmp_path: Path) -> None:
    classifier = load(OWN, tmp_path)
    assert list_unsupported(classifier) == dict.fromkeys(METHODS, NO_CLASSES)
    pictures = np.zeros((1, SIDE, SIDE, 3), np.uint8)
    for key in METHODS:
        with pytest.raises(InputError) as error:
            attribute(key, classifier, pictures, np.array([0]))
        assert str(error.value) == NO_CLASSES
    with pytest.raises(InputError, match=NO_CLASSES):
        read_class_vectors(classifier)


def test_features_of_a_dict_are_the_pooled_ones(tmp_path: Path) -> None:
    classifier = load(OWN, tmp_path)
    pixels = torch.rand(2, 3, SIDE, SIDE)
    torch.manual_seed(0)
    expected = make_backbone().eval()(pixels)["pooler_output"]
    torch.testing.assert_close(classifier.module(pixels), expected)


@pytest.mark.parametrize("classes", [5, None])
def test_a_number_of_classes_that_fits_changes_nothing(classes: int | None, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_module(make_small(), path)
    spec: dict[str, Any] = {"factory": "tests.shared.own_models:make_small", "input_size": SIDE}
    spec |= {} if classes is None else {"classes": classes}
    found = load_model(spec, path)
    assert found.has_classes and [each.name for each in found.categories] == list("01234")


@pytest.mark.parametrize("classes", [4, 6, -1, "5"])
def test_another_number_of_classes_is_refused_in_one_line(classes: object, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_module(make_small(), path)
    spec = {"factory": "tests.shared.own_models:make_small", "input_size": SIDE}
    with pytest.raises(InputError) as error:
        load_model(spec | {"classes": classes}, path)
    message = str(error.value)
    assert f"is {classes!r}, but it gives 5" in message and "\n" not in message
