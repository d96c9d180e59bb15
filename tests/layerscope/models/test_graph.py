"""A model as a graph: its operators, what they cost, and the stages they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from layerscope.errors import InputError
from layerscope.models.graph import capture
from layerscope.models.graph.capture import capture_calls, copy_without_data
from layerscope.models.graph.model_graph import Edge, ModelGraph, add_up
from layerscope.models.graph.stages import find_unit
from layerscope.models.graph.tracing import trace_graph
from layerscope.models.layer_table import find_opened, layer_table
from layerscope.models.layers import Layer
from layerscope.models.registry import Classifier, load_model
from tests.shared.inputs import take
from tests.shared.project import ROOT

RENDERED = ROOT / "weights/rendered/vgg16_slim.safetensors"
pytestmark = pytest.mark.usefixtures("one_thread")


class Block(nn.Module):
    """A residual block whose two ends have as many channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.act(self.norm(self.conv(x)))


class Tiny(nn.Module):
    """A stem, a block, a pool over everything and a dense layer; and a head that is never run."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.stages = nn.Sequential(Block())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4, 5)
        self.helper = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.stages(self.stem(x))).flatten(1))


class Moody(nn.Module):
    """What it does depends on the numbers in the picture: nobody can trace it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        found = self.conv(x).mean((2, 3))
        return found if float(found.sum()) > 0 else -found


def classifier_of(module: nn.Module, size: int = 8) -> Classifier:
    return Classifier("a model", module.eval(), take(size), ())


@cache
def trace(name: str) -> tuple[Classifier, tuple[Layer, ...], ModelGraph]:
    if name == "tiny":
        classifier = classifier_of(Tiny())
    else:
        classifier = load_model(name, RENDERED if name == "vgg16_slim" else None)
    layers = layer_table(classifier)
    return classifier, layers, trace_graph(classifier, layers)


# --- by hand ---------------------------------------------------------------------------------


def test_a_residual_sum_has_its_branch_and_all_shapes() -> None:
    _, _, graph = trace("tiny")
    assert [operator.key for operator in graph.operators] == [
        "input",
        "stem",
        "stages.0.conv",
        "stages.0.norm",
        "stages.0.act",
        "stages.0/add",
        "pool",
        "/flatten",
        "fc",
        "probabilities",
    ]
    assert set(graph.edges) == {
        Edge("input", "stem", (3, 8, 8)),
        Edge("stem", "stages.0.conv", (4, 4, 4)),
        Edge("stem", "stages.0/add", (4, 4, 4)),
        Edge("stages.0.conv", "stages.0.norm", (4, 4, 4)),
        Edge("stages.0.norm", "stages.0.act", (4, 4, 4)),
        Edge("stages.0.act", "stages.0/add", (4, 4, 4)),
        Edge("stages.0/add", "pool", (4, 4, 4)),
        Edge("pool", "/flatten", (4, 1, 1)),
        Edge("/flatten", "fc", (4,)),
        Edge("fc", "probabilities", (5,)),
    }
    kinds = [operator.kind for operator in graph.operators]
    assert kinds == [
        "input", "conv", "conv", "norm", "relu", "sum", "pool", "view", "dense", "output",
    ]  # fmt: skip


def test_costs_are_those_of_the_formulas() -> None:
    _, _, graph = trace("tiny")
    stem, conv, fc = (graph.operator(key) for key in ("stem", "stages.0.conv", "fc"))
    assert stem.parameters == 4 * 3 * 9 + 4
    assert stem.multiply_adds == 4 * 4 * 4 * 3 * 9  # side, side, out, in, kernel
    assert conv.parameters == 4 * 4 * 9 and conv.multiply_adds == 4 * 4 * 4 * 4 * 9
    assert fc.parameters == 4 * 5 + 5 and fc.multiply_adds == 4 * 5
    assert graph.operator("stages.0.norm").parameters == 8
    assert [graph.operator(k).receptive_field for k in ("stem", "stages.0.conv")] == [3, 7]
    # Float32 of what is made; the activation writes over its input, the flattening only looks.
    memory = {operator.key: operator.memory for operator in graph.operators}
    assert memory["stem"] == 4 * 4 * 4 * 4 and memory["pool"] == 4 * 4
    assert memory["stages.0.act"] == memory["/flatten"] == 0
    assert graph.idle_parameters == 4 * 5 + 5


def test_stages_and_blocks_of_a_small_model() -> None:
    _, _, graph = trace("tiny")
    stem, stage, head = graph.stages
    assert (stem.label, stage.label, head.label) == ("Stem", "Stage 1", "Classifier")
    block = graph.group("stages.0")
    assert block.parent == stage.key
    assert graph.chain(graph.operator("stages.0.conv")) == (stage.key, "stages.0")
    assert [each.key for each in graph.members(head.key)] == ["pool", "/flatten", "fc"]
    assert add_up(graph.members(block.key)).parameters == 4 * 4 * 9 + 8


def test_a_weight_that_is_used_twice_is_counted_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)
            self.fc = nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.conv(self.conv(x)).mean((2, 3)))

    classifier = classifier_of(Twice())
    graph = trace_graph(classifier, layer_table(classifier))
    first, second = (each for each in graph.operators if each.kind == "conv")
    assert (first.key, second.key) == ("conv/conv2d", "conv/conv2d~2")
    assert (first.parameters, second.parameters) == (12, 0)
    assert first.multiply_adds == second.multiply_adds == 3 * 3 * 64


# --- real models -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vgg16_slim", "efficientnet_lite0"])
def test_sums_agree_with_torch_and_with_the_table_of_layers(name: str) -> None:
    classifier, layers, graph = trace(name)
    total = add_up(graph.operators)
    assert total.parameters == sum(each.numel() for each in classifier.module.parameters())
    assert graph.idle_parameters == 0
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        classifier.module(torch.zeros(1, 3, 224, 224))
    assert 2 * total.multiply_adds == counter.get_total_flops()
    for layer in layers:  # every key of Layerscope is there, with what is known of it
        operator = graph.output_of(layer.key)
        assert operator is not None
        assert operator.shape == layer.shape
        assert operator.receptive_field == layer.receptive_field
        of_layer = [each for each in graph.operators if each.layer == layer.key]
        assert sum(each.parameters for each in of_layer) == layer.parameters
        assert sum(each.multiply_adds for each in of_layer) == layer.multiply_adds


@pytest.mark.parametrize("name", ["vgg16_slim", "efficientnet_lite0", "tiny"])
def test_stages_hold_each_operator_once_and_run_from_input_to_output(name: str) -> None:
    _, _, graph = trace(name)
    inside = [each.key for stage in graph.stages for each in graph.members(stage.key)]
    assert inside == [operator.key for operator in graph.operators[1:-1]]
    keys = [operator.key for operator in graph.operators] + [group.key for group in graph.groups]
    assert len(set(keys)) == len(keys)
    order = {operator.key: i for i, operator in enumerate(graph.operators)}
    assert all(order[edge.source] < order[edge.target] for edge in graph.edges)


def test_stages_are_those_that_a_person_draws() -> None:
    labels = [stage.label for stage in trace("vgg16_slim")[2].stages]
    assert labels == [*(f"Conv block {i}" for i in range(1, 6)), "Classifier"]
    graph = trace("efficientnet_lite0")[2]
    assert [stage.label for stage in graph.stages] == [
        "Stem",
        *(f"Stage {i}" for i in range(1, 8)),
        "Head",
    ]
    assert [stage.module for stage in graph.stages][1:-1] == [f"blocks.{i}" for i in range(7)]
    assert sum(operator.kind == "sum" for operator in graph.operators) == 9
    depthwise = graph.operator("blocks.1.0.conv_dw/conv2d")  # it pads by itself, so that it is two
    assert depthwise.multiply_adds == 56 * 56 * 96 * 9


def test_both_tracers_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier, layers, graph = trace("tiny")

    def fail(*_: object) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr(capture, "_export", fail)
    other = trace_graph(classifier, layers)
    assert (graph.traced_by, other.traced_by) == ("torch.export", "torch.fx")
    assert [each.key for each in other.operators] == [each.key for each in graph.operators]
    assert [each.kind for each in other.operators] == [each.kind for each in graph.operators]
    assert set(other.edges) == set(graph.edges) and other.groups == graph.groups
    assert add_up(other.operators) == add_up(graph.operators)


# --- care ------------------------------------------------------------------------------------


def test_the_model_is_left_as_it_is() -> None:
    classifier, layers, _ = trace("vgg16_slim")
    before = {key: tensor.clone() for key, tensor in classifier.module.state_dict().items()}
    identities = [id(tensor) for tensor in classifier.module.parameters()]
    trace_graph(classifier, layers)
    assert [id(tensor) for tensor in classifier.module.parameters()] == identities
    assert all(torch.equal(t, before[key]) for key, t in classifier.module.state_dict().items())
    assert not classifier.module.training
    assert not any(each._forward_hooks for each in classifier.module.modules())
    empty = copy_without_data(classifier.module)
    assert {tensor.device.type for tensor in empty.parameters()} == {"meta"}


def test_what_cannot_be_traced_is_told_in_one_line() -> None:
    with pytest.raises(InputError, match="a model: its operators cannot be traced") as caught:
        capture_calls(Moody().eval(), take(8), "a model")
    text = str(caught.value)
    assert "torch.export: " in text and "torch.fx: " in text and "\n" not in text


def test_unknown_keys_are_refused() -> None:
    graph = trace("tiny")[2]
    with pytest.raises(InputError, match="no operator 'nowhere'"):
        graph.operator("nowhere")
    with pytest.raises(InputError, match="no group 'nowhere'"):
        graph.group("nowhere")
    assert graph.output_of("nowhere") is None


def paths() -> Iterator[tuple[str, str]]:
    yield "features.3", "features.3"
    yield "classifier.6", "classifier.6"
    yield "avgpool", "avgpool"
    yield "", ""


@pytest.mark.parametrize(("path", "unit"), list(paths()))
def test_units_are_at_the_top_or_in_plain_containers(path: str, unit: str) -> None:
    assert find_unit(path, find_opened(trace("vgg16_slim")[0])) == unit


def test_a_module_inside_a_block_belongs_to_the_block() -> None:
    assert find_unit("stages.0.conv", find_opened(classifier_of(Tiny()))) == "stages.0"
    assert np.array_equal(trace("tiny")[2].operator("stages.0.conv").shape, (4, 4, 4))


def test_functions_and_second_calls_that_are_layers_are_found_in_the_graph() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
            self.relu, self.fc = nn.ReLU(), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = torch.relu(self.one(x))
            x = x + self.relu(self.two(self.relu(x)))
            return self.fc(nn.functional.max_pool2d(x, 2).mean((2, 3)))

    classifier = classifier_of(Own())
    layers = layer_table(classifier)
    keys = [
        "input",
        "one",
        "~relu",
        "relu",
        "two",
        "relu#2",
        "~sum",
        "~pool",
        "~mean",
        "fc",
        "probabilities",
    ]
    assert [layer.key for layer in layers] == keys
    graph = trace_graph(classifier, layers)
    for layer in layers:
        operator = graph.output_of(layer.key)
        assert operator is not None, layer.key
        assert operator.shape[: len(layer.shape)] == layer.shape


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("vit_tiny_patch16_224", ["Stem", "Stage 1", "Head"]),
        ("convnext_atto", ["Stem", *(f"Stage {i}" for i in range(1, 5)), "Classifier"]),
        ("swin_tiny_patch4_window7_224", [*(f"Stage {i}" for i in range(1, 6)), "Head"]),
    ],
)
def test_stages_of_networks_whose_outputs_lie_otherwise(name: str, labels: list[str]) -> None:
    import timm

    module = timm.create_model(name, pretrained=False).eval()
    classifier = Classifier(name, module, take(224), ())
    layers = layer_table(classifier)
    graph = trace_graph(classifier, layers)
    assert [stage.label for stage in graph.stages] == labels
    assert all(graph.output_of(layer.key) is not None for layer in layers)
