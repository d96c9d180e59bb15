"""Nodes of any network: their layouts, their depth, and what they hand over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import layerscope.vision  # noqa: F401  (timm needs what it prepares)

# isort: split
import numpy as np
import pytest
import timm
import torch
from einops import rearrange
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torch.nn import functional

from layerscope.errors import InputError
from layerscope.explanation.cam import choose_layer, grad_cam
from layerscope.models.axes import Atom, Layout, _agree, find_layout, picture_axes, reshape
from layerscope.models.geometry import FieldTrace
from layerscope.models.layer_table import find_node, layer_table, list_left_out, tapped
from layerscope.models.layers import Layer
from layerscope.models.registry import Classifier
from tests.shared.inputs import take

HALF = (0.5, 0.5, 0.5)

pytestmark = pytest.mark.usefixtures("one_thread")


def classify(module: nn.Module, side: int) -> Classifier:
    return Classifier("own", module.eval().requires_grad_(False), take(side), ())


def make(name: str) -> Classifier:
    torch.manual_seed(0)
    module = timm.create_model(name, pretrained=False)
    side = timm.data.resolve_model_data_config(module)["input_size"][-1]
    return classify(module, side)


def collect(classifier: Classifier, layers: Sequence[Layer], pixels: Tensor) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    with (
        torch.no_grad(),
        tapped(classifier.module, layers, lambda key, o: found.update({key: o.clone()})),
    ):
        classifier.module(pixels)
    return found


# --- layouts by hand -------------------------------------------------------------------------


def test_axes_are_split_and_joined_as_reshaping_does() -> None:
    axes = picture_axes((2, 3, 8, 6))
    tokens = reshape(axes, (2, 3, 48))
    assert tokens is not None and tokens[2] == (Atom("y", 8), Atom("x", 6))
    assert reshape(tokens, (2, 3, 8, 6)) == axes
    windows = reshape(axes, (2, 3, 2, 4, 6))
    assert windows is not None and windows[2:4] == ((Atom("y", 2, 4),), (Atom("y", 4),))
    assert reshape(windows, (2, 3, 8, 6)) == axes
    assert reshape(axes, (2, 9, 16)) is None  # 9 of 3 channels and a third of the rows


def test_axes_agree_where_features_of_one_are_places_of_the_other() -> None:
    n, y, x = Atom("n", 2), Atom("y", 3, 4), Atom("x", 5, 4)
    windows, repeated = (n, y, x), (n, Atom("c", 15))
    assert _agree([repeated, windows]) == _agree([windows, repeated]) == windows
    assert _agree([(n, Atom("c", 3), x), (n, y, Atom("c", 5))]) == windows
    assert _agree([(), windows, None, (Atom("c", 30),)]) == windows
    assert _agree([(n, x, y), windows]) is None
    assert _agree([(n, Atom("c", 5), Atom("c", 3)), windows]) is None  # the cuts lie elsewhere
    assert _agree([(Atom("c", 4),), ()]) == (Atom("c", 4),)
    assert _agree([(), None]) == ()


@pytest.mark.parametrize(
    ("text", "shape", "make_output"),
    [
        ("n y x c", (3, 4, 6), lambda m: m.permute(0, 2, 3, 1)),
        ("n (y x) c", (3, 4, 6), lambda m: m.flatten(2).transpose(1, 2)),
        (
            "n 2+(y x)+1 c",
            (3, 4, 6),
            lambda m: functional.pad(m.flatten(2).transpose(1, 2), (0, 0, 2, 1)),
        ),
        (
            "(n y1 x1) (y2 x2) c; y1=2 x1=3 y2=2 x2=2",
            (3, 4, 6),
            lambda m: rearrange(m, "n c (a i) (b j) -> (n a b) (i j) c", i=2, j=2),
        ),
        ("n c () ()", (3,), lambda m: m.mean((2, 3), keepdim=True)),
    ],
)
def test_a_layout_gives_maps_back(
    text: str, shape: tuple[int, ...], make_output: Callable[[Tensor], Tensor]
) -> None:
    maps = torch.rand(5, 3, 4, 6)
    expected = maps if len(shape) == 3 else maps.mean((2, 3))
    torch.testing.assert_close(Layout(text, shape).read(make_output(maps)), expected)


@pytest.mark.parametrize(
    ("make_output", "text"),
    [
        (lambda x: x.permute(0, 2, 3, 1), "n y x c"),
        (lambda x: x.permute(0, 3, 2, 1).flatten(1, 2), "n (x y) c"),
        (lambda x: torch.cat([torch.zeros(2, 1, 3), x.flatten(2).mT], 1), "n 1+(y x) c"),
        (lambda x: torch.cat([x.flatten(2).mT, torch.zeros(2, 4, 3)], 1)[:, :-1], "n 0+(y x)+3 c"),
        (lambda x: torch.cat([torch.zeros(2, 2, 3), x.flatten(2).mT], 1)[:, 2:], "n (y x) c"),
        (lambda x: torch.cat([torch.zeros(2, 2, 3), x.flatten(2).mT], 1)[:, 0], "n c"),
        (lambda x: x.mean((2, 3)), "n c"),
        (lambda x: x.flatten(0, 1), "(n c1) y x; c1=3"),
        (
            lambda x: functional.max_pool2d(x, 2).roll((1, 2), (2, 3)).roll((-1, -2), (2, 3)),
            "n c y x",
        ),
        (lambda x: torch.einsum("ncyx,cd->nyxd", x, torch.rand(3, 7)), "n y x c"),
        (
            lambda x: functional.conv2d(
                functional.pixel_unshuffle(x, 2), torch.rand(7, 12, 3, 3), padding=1
            ),
            "n c y x",
        ),
    ],
)
def test_the_layout_of_what_was_done_is_found(
    make_output: Callable[[Tensor], Tensor], text: str
) -> None:
    pixels = torch.rand(2, 3, 8, 6)
    trace = FieldTrace(8)
    with trace:
        output = make_output(trace.start(pixels))
    axes = trace.axes(output)
    assert axes is not None
    found = find_layout(axes)
    assert found is not None and found.text == text


@pytest.mark.parametrize(
    "make_output",
    [
        lambda x: x.roll((1, 1), (2, 3)),  # shifted: a place is not where it seems
        lambda x: x.flip(3),
        lambda x: x[:, :, torch.randperm(8)],
        lambda x: torch.fft.fft2(x).real,
        lambda x: x + x.transpose(2, 3),
        lambda x: (x.flatten(2).mT @ x.flatten(2)).softmax(-1),  # attention: places by places
        lambda x: functional.conv2d(
            functional.pixel_unshuffle(x, 2), torch.rand(12, 1, 1, 1), groups=12
        ),  # places stay among the channels
    ],
)
def test_what_cannot_be_told_has_no_layout(make_output: Callable[[Tensor], Tensor]) -> None:
    trace = FieldTrace(8)
    with trace:
        output = make_output(trace.start(torch.rand(2, 3, 8, 8)))
    axes = trace.axes(output)
    assert axes is None or find_layout(axes) is None


# --- networks --------------------------------------------------------------------------------

SMALL = (
    "test_vit", "test_vit3", "test_convnext", "test_resnet", "test_mambaout", "test_byobnet", "resnet18",
    "test_efficientnet", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "hiera_tiny_224",
    "mixer_s32_224", "gcvit_xxtiny",
)  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("depth", ["stages", "blocks"])
def test_what_changes_at_a_place_changes_there_in_every_layer(name: str, depth: str) -> None:
    """Which of the axes are places is shown by moving something, whatever was told of them."""
    classifier = make(name)
    layers, side = layer_table(classifier, depth)[1:-1], classifier.inputs.size[0]
    assert not list_left_out(classifier, depth)
    pixels = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    first = collect(classifier, layers, pixels)
    top, left = side // 64 * 16, side * 3 // 64 * 16  # other rows than columns
    pixels[1, :, top : top + 32, left : left + 32] *= -3
    second = collect(classifier, layers, pixels)
    assert list(first) == [layer.key for layer in layers]
    n_maps = 0
    for layer in layers:
        change = (second[layer.key] - first[layer.key]).abs().sum(1)
        assert first[layer.key].shape == (2, *layer.shape)
        assert change[0].max() < 1e-4  # of another picture nothing changes
        if len(layer.shape) == 3:
            n_maps += 1
            row, column = divmod(int(change[1].argmax()), layer.shape[2])
            reach = 24 + side / layer.shape[1]
            assert abs((row + 0.5) / layer.shape[1] * side - top - 16) < reach, layer
            assert abs((column + 0.5) / layer.shape[2] * side - left - 16) < reach, layer
    assert n_maps > (depth == "blocks")


def test_maps_of_a_swin_are_its_own_with_channels_first() -> None:
    classifier = make("swin_tiny_patch4_window7_224")
    pixels = torch.rand(2, 3, 224, 224)
    layer = find_node(classifier, "layers.1.blocks.0")
    assert (layer.shape, layer.layout) == ((192, 28, 28), "n y x c")
    with torch.no_grad():
        found = collect(classifier, [layer], pixels)[layer.key]
        by_hand = classifier.module.patch_embed(pixels)  # type: ignore[operator]
        for part in (classifier.module.layers[0], classifier.module.layers[1].downsample):  # type: ignore[index]
            by_hand = part(by_hand)
        by_hand = classifier.module.layers[1].blocks[0](by_hand)  # type: ignore[index]
    torch.testing.assert_close(found, by_hand.permute(0, 3, 1, 2))


def test_tokens_of_a_vit_are_maps_without_the_class_token() -> None:
    classifier = make("vit_tiny_patch16_224")
    pixels = torch.rand(2, 3, 224, 224)
    layers = layer_table(classifier)[1:-1]
    assert [layer.key for layer in layers[-4:]] == ["blocks.11", "norm", "~select", "head"]
    found = collect(classifier, layers, pixels)
    with torch.no_grad():
        tokens = classifier.module.forward_features(pixels)  # type: ignore[operator]
    maps = tokens[:, 1:].transpose(1, 2).reshape(2, 192, 14, 14)
    torch.testing.assert_close(found["norm"], maps)
    torch.testing.assert_close(found["~select"], tokens[:, 0])


def test_registers_and_a_distillation_token_are_no_places() -> None:
    registers = find_node(make("vit_small_patch14_reg4_dinov2"), "blocks.0")
    assert (registers.layout, registers.shape) == ("n 5+(y x) c", (384, 37, 37))
    assert find_node(make("deit_tiny_distilled_patch16_224"), "blocks.0").layout == "n 2+(y x) c"


@pytest.mark.parametrize(
    "name",
    ["vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "vit_small_patch14_reg4_dinov2"],
)
def test_the_class_token_is_followed_from_block_to_block(name: str) -> None:
    classifier = make(name)
    pixels = torch.rand(2, *classifier.inputs.tensor_shape)
    layers = layer_table(classifier, "tokens")
    inner = [layer for layer in layers if layer.key.endswith("~token")]
    assert [each.key for each in inner] == [f"blocks.{i}~token" for i in range(12)] + ["norm~token"]
    found = collect(classifier, inner, pixels)
    module = classifier.module
    with torch.no_grad():
        tokens = module.norm_pre(module._pos_embed(module.patch_embed(pixels)))  # type: ignore[operator]
        for i, block in enumerate(module.blocks):  # type: ignore[arg-type]
            tokens = block(tokens)
            torch.testing.assert_close(found[f"blocks.{i}~token"], tokens[:, 0])
    torch.testing.assert_close(found["norm~token"], module.norm(tokens)[:, 0])  # type: ignore[operator]


class _LastToken(nn.Module):
    """Patches, two further tokens behind them, of which the second is read."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.mix = (
            nn.Conv2d(3, 8, 8, 8),
            nn.ModuleList(nn.Linear(18, 18) for _ in range(2)),
        )
        self.tokens, self.head = nn.Parameter(torch.rand(1, 2, 8)), nn.Linear(8, 5)
        nn.init.zeros_(self.head.weight)  # as an untrained network's may be

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.patch(pixels).flatten(2).mT
        tokens = torch.cat([tokens, self.tokens.expand(len(tokens), -1, -1)], 1)
        for mix in self.mix:
            tokens = tokens + mix(tokens.mT).mT
        return self.head(tokens[:, -1])


def test_the_class_token_is_the_one_that_the_output_is_read_from() -> None:
    classifier = classify(_LastToken(), 32)
    assert find_node(classifier, "~sum").layout == "n 0+(y x)+2 c"
    tokens = layer_table(classifier, ["~sum~token", "~sum#2~token", "~select"])[1:-1]
    assert [(each.layout, each.shape) for each in tokens[:2]] == [("n [17] c", (8,))] * 2
    found = collect(classifier, tokens, torch.rand(2, 3, 32, 32))
    torch.testing.assert_close(found["~sum#2~token"], found["~select"])


@pytest.mark.parametrize(
    "name", ["resnet18", "beit_base_patch16_224", "vit_medium_patch16_gap_256"]
)
def test_without_a_class_token_its_path_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="has no class token that its output is read from"):
        layer_table(make(name), "tokens")


def test_cam_of_a_vit_is_that_of_the_library_with_its_reshape() -> None:
    classifier = make("vit_tiny_patch16_224")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    layers = {layer.key: layer for layer in layer_table(classifier)}
    key = choose_layer(tuple(layers.values())).key
    assert key == "blocks.10"  # behind the last block only the class token counts
    assert not layers["blocks.11"].reaches_output and not layers["norm"].reaches_output
    with pytest.raises(InputError, match="class token alone"), grad_cam(classifier, "norm"):
        pass
    with grad_cam(classifier, key) as explain:
        found = explain(pictures, np.array([3, 5]))
    cam = GradCAM(
        classifier.module,
        [classifier.module.get_submodule(key)],
        reshape_transform=lambda t: t[:, 1:].transpose(1, 2).reshape(len(t), -1, 14, 14),
    )
    inputs = classifier.to_inputs(pictures).requires_grad_()
    cam(inputs, [ClassifierOutputTarget(3), ClassifierOutputTarget(5)])
    taps = cam.activations_and_grads
    weights = taps.gradients[0].numpy().mean((2, 3), keepdims=True)
    by_library = np.maximum((weights * taps.activations[0].numpy()).sum(1), 0)
    assert found.max() > 0
    np.testing.assert_allclose(found, by_library, rtol=1e-4, atol=1e-8)


# --- functions and modules -------------------------------------------------------------------


class _Modules(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.relu1, self.relu2 = nn.ReLU(inplace=True), nn.ReLU(inplace=True)
        self.pool, self.fc = nn.MaxPool2d(2), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu1(self.conv1(x)))
        x = self.relu2(self.conv2(x))
        return self.fc(x.mean((2, 3)))


class _Functions(_Modules):
    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = self.conv2(x).relu_()
        return self.fc(x.mean((2, 3)))


class _OneReLU(_Modules):
    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu1(self.conv1(x)))
        x = self.relu1(self.conv2(x))
        return self.fc(x.mean((2, 3)))


def _both(own: type[_Modules]) -> tuple[Classifier, Classifier]:
    torch.manual_seed(0)
    module = _Modules()
    other = own()
    other.load_state_dict(module.state_dict())
    return classify(module, 16), classify(other, 16)


@pytest.mark.parametrize("own", [_Functions, _OneReLU])
def test_equal_functions_have_equal_nodes_and_equal_maps(own: type[_Modules]) -> None:
    first, second = _both(own)
    tables = [layer_table(each) for each in (first, second)]
    for name in ("kind", "shape", "receptive_field", "label"):
        assert [getattr(a, name) for a in tables[0]] == [getattr(a, name) for a in tables[1]]
    pixels = torch.rand(2, 3, 16, 16)
    found = [collect(c, t[1:-1], pixels) for c, t in zip((first, second), tables, strict=True)]
    for ours, theirs in zip(found[0].values(), found[1].values(), strict=True):
        torch.testing.assert_close(ours, theirs)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), np.uint8)
    maps = []
    for classifier, table in zip((first, second), tables, strict=True):
        with grad_cam(classifier, choose_layer(table).key) as explain:
            maps.append(explain(pictures, np.array([1, 2])))
    assert maps[0].max() > 0
    np.testing.assert_allclose(maps[0], maps[1], rtol=1e-5)


def test_keys_of_functions_and_of_second_calls() -> None:
    functions = [layer.key for layer in layer_table(_both(_Functions)[1])]
    assert functions == [
        "input",
        "conv1",
        "~relu",
        "~pool",
        "conv2",
        "~relu#2",
        "~mean",
        "fc",
        "probabilities",
    ]
    again = [layer.key for layer in layer_table(_both(_OneReLU)[1])]
    assert again == [
        "input",
        "conv1",
        "relu1",
        "pool",
        "conv2",
        "relu1#2",
        "~mean",
        "fc",
        "probabilities",
    ]


# --- depth -----------------------------------------------------------------------------------


def test_depth_goes_from_stages_to_all() -> None:
    classifier = make("resnet18")
    counts = [len(layer_table(classifier, depth)) for depth in ("stages", "blocks", "all")]
    stages = [layer.key for layer in layer_table(classifier, "stages")]
    assert stages == [
        "input",
        "act1",
        "layer1.1",
        "layer2.1",
        "layer3.1",
        "layer4.1",
        "global_pool",
        "fc",
        "probabilities",
    ]
    assert counts == sorted(counts) and counts[2] > 60
    keys = {layer.key: layer.kind for layer in layer_table(classifier, "all")}
    assert keys["layer1.0.conv2"] == "conv" and keys["layer1.0~sum"] == "sum"


def test_layers_can_be_named_and_must_be_there() -> None:
    classifier = make("resnet18")
    named = layer_table(classifier, ["layer1.0.conv1", "layer1.0~sum"])
    assert [layer.key for layer in named] == [
        "input",
        "layer1.0.conv1",
        "layer1.0~sum",
        "probabilities",
    ]
    for wrong in ("layer9", "", "layer1.0~sum#2"):
        with pytest.raises(InputError, match=f"unknown layer '{wrong}'"):
            layer_table(classifier, [wrong])
    with pytest.raises(InputError, match="layers is 'deep'; use stages, blocks, all, tokens"):
        layer_table(classifier, "deep")


@pytest.mark.parametrize("attribute", ["backbone", "model", "module"])
def test_a_network_below_an_attribute_comes_apart_as_by_itself(attribute: str) -> None:
    class Wrapper(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            setattr(self, attribute, inner)

        def forward(self, x: Tensor) -> Tensor:
            return getattr(self, attribute)(x * 2 - 1)

    inner = timm.create_model("test_resnet", pretrained=False)
    alone = [layer.key for layer in layer_table(classify(inner, 64))[1:-1]]
    within = [layer.key for layer in layer_table(classify(Wrapper(inner), 64))[1:-1]]
    assert within == [f"{attribute}.{key}" for key in alone]
    for wrapper in (nn.DataParallel(inner), nn.Sequential(nn.BatchNorm2d(3), inner)):
        assert len(layer_table(classify(wrapper, 64))) >= len(alone)


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("convnext_atto", "stages.2.blocks.3"),
        ("swinv2_cr_tiny_224", "stages.2.blocks.5"),
        ("regnety_002", "s3.b2"),
        ("poolformer_s12", "stages.2.blocks.5"),
        ("mambaout_femto", "stages.2.blocks.3"),
    ],
)
def test_stages_are_taken_apart_into_blocks(name: str, inside: str) -> None:
    keys = [layer.key for layer in layer_table(make(name))]
    assert inside in keys and inside.rpartition(".")[0] not in keys


def test_parallel_branches_and_residual_blocks_stay_whole() -> None:
    for name, key in (("inception_v3", "Mixed_5b"), ("efficientnet_b0", "blocks.0.0")):
        keys = [layer.key for layer in layer_table(make(name))]
        assert key in keys and not any(each.startswith(f"{key}.") for each in keys)


def test_the_pooled_features_are_a_node() -> None:
    for name, key in (
        ("convnext_atto", "head.norm"),
        ("vit_tiny_patch16_224", "~select"),
        ("resnet18", "global_pool"),
        ("swin_tiny_patch4_window7_224", "head.global_pool"),
    ):
        layers = layer_table(make(name))
        assert layers[-3].key == key and len(layers[-3].shape) == 1


class _Tuple(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.conv(x), x


class _OfTuples(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.fc = _Tuple(), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.one(x)[0].mean((2, 3)))


def test_a_block_that_gives_a_tuple_is_read_by_its_first_tensor() -> None:
    classifier = classify(_OfTuples(), 8)
    layers = layer_table(classifier)
    assert layers[1].key == "one.conv" or layers[1].key == "one"
    found = collect(classifier, layers[1:-1], torch.rand(2, 3, 8, 8))
    assert found[layers[1].key].shape == (2, 4, 6, 6)


def test_stages_of_one_resolution_are_four_in_equal_steps() -> None:
    keys = [layer.key for layer in layer_table(make("vit_tiny_patch16_224"), "stages")]
    assert keys == [
        "input",
        "blocks.1",
        "blocks.5",
        "blocks.8",
        "norm",
        "~select",
        "head",
        "probabilities",
    ]
