"""Relevance against zennit's own composites, by hand, and conserved in networks of every kind."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.datasets.categories import IMAGENETTE
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.explanation.registry import attribute, list_unsupported
from layerscope.explanation.relevance import choose_rules, propagate
from layerscope.explanation.relevance_rules import Linear, OwnSign, Plus, Rules
from layerscope.explanation.task import prepare
from layerscope.models.registry import Classifier, load_model, vgg16_slim
from layerscope.vision import torchvision
from tests.layerscope.explanation.test_guided import classify, paint

# isort: split
import timm
from zennit.attribution import Gradient
from zennit.canonizers import SequentialMergeBatchNorm
from zennit.composites import EpsilonPlusFlat, SpecialFirstLayerMapComposite, layer_map_base
from zennit.core import Hook
from zennit.rules import Epsilon, Flat, ZBox, ZPlus
from zennit.torchvision import ResNetCanonizer
from zennit.types import Convolution

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 64


def settle(module: nn.Module, size: int = SIDE) -> Classifier:
    """With biases, and norms that fit what comes to them, as after a training."""
    generator = torch.Generator().manual_seed(1)
    norms = [part for part in module.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        for name, values in module.named_parameters():
            if name.endswith("bias"):
                values.normal_(0, 0.05, generator=generator)
            elif values.ndim == 1 or not values.any():  # a scale, or a head that timm sets to 0
                values.copy_(1 + 0.2 * torch.randn(values.shape, generator=generator))
                values.mul_(0.02 if values.ndim > 1 else 1)
        seen = torch.randn(8, 3, size, size, generator=generator)
        seen[0] = -2  # black
        module.train()(seen)
    return classify(module.requires_grad_(False), size)


def relevance_of(classifier: Classifier, pictures: np.ndarray, output: int, rules: Rules) -> Tensor:
    outputs = np.full(len(pictures), output)
    task = prepare(classifier, pictures, outputs)
    inputs = classifier.to_inputs(pictures)
    return propagate(task.classifier, inputs, task.targets, rules)[0]


def by_zennit(
    composite: object, classifier: Classifier, pictures: np.ndarray, output: int
) -> Tensor:
    """Of the logit, where zennit would begin with a one."""
    module = copy.deepcopy(classifier.module)
    start = lambda logits: logits * functional.one_hot(torch.tensor(output), logits.shape[1])  # noqa: E731
    with Gradient(module, composite) as attributor:
        found: Tensor = attributor(classifier.to_inputs(pictures), start)[1]
    return found


def assert_close(found: Tensor, expected: Tensor) -> None:
    assert expected.abs().max() > 0
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()


class _Double(Classifier):
    """In float64: zennit's canonizers and a fold at once round otherwise, which deep networks multiply."""

    def to_inputs(self, pictures: np.ndarray) -> Tensor:
        return super().to_inputs(pictures).double()


def settle_exactly(module: nn.Module) -> Classifier:
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps = 1e-10  # zennit's merged norms still divide by its root
    classifier = settle(module)
    facts = {each.name: getattr(classifier, each.name) for each in fields(classifier)}
    return _Double(**facts | {"module": classifier.module.double()})


# --- against zennit ----------------------------------------------------------------------------


@pytest.mark.parametrize("build", [torchvision.models.resnet18, torchvision.models.resnet50])
def test_residual_networks_are_as_by_zennits_canonizers(build: Callable[..., nn.Module]) -> None:
    torch.manual_seed(0)
    classifier = settle_exactly(build(weights=None, num_classes=5))
    pictures = paint(2, SIDE)
    expected = by_zennit(EpsilonPlusFlat(canonizers=[ResNetCanonizer()]), classifier, pictures, 3)
    rules = Rules(Flat(), ZPlus(), ZPlus(), Epsilon())
    assert_close(relevance_of(classifier, pictures, 3, rules), expected)


def test_a_vgg_with_batch_norm_is_as_by_zennits_canonizer() -> None:
    torch.manual_seed(0)
    classifier, pictures = settle_exactly(vgg16_slim(5, batch_norm=True)), paint(2, SIDE)
    composite = EpsilonPlusFlat(canonizers=[SequentialMergeBatchNorm()])
    expected = by_zennit(composite, classifier, pictures, 1)
    found = relevance_of(classifier, pictures, 1, Rules(Flat(), ZPlus(), ZPlus(), Epsilon()))
    assert_close(found, expected)


def test_a_vgg_by_the_rules_of_the_method_is_as_by_zennit_where_there_is_no_bias() -> None:
    torch.manual_seed(0)
    classifier, pictures = settle(vgg16_slim(5)), paint(2, SIDE)
    for name, values in classifier.module.named_parameters():
        if name.endswith("bias"):
            values.zero_()
    low, high = (classifier.normalize(torch.full((1, 3, 1, 1), level)) for level in (0.0, 1.0))
    composite = SpecialFirstLayerMapComposite(
        [*layer_map_base(1e-12), (Convolution, ZPlus(1e-12)), (nn.Linear, Epsilon(1e-9))],
        [(Convolution, ZBox(low, high, 1e-12))],
    )
    expected = by_zennit(composite, classifier, pictures, 1)
    rules = choose_rules(classifier, "epsilon_plus", 1e-9, "box")
    assert_close(relevance_of(classifier, pictures, 1, rules), expected)


# --- rules by hand -------------------------------------------------------------------------------


def _share_out(hook: Hook, linear: Linear, values: Tensor, relevance: Tensor) -> Tensor:
    hook.forward(linear, (values,), linear(values))
    hook.stored_tensors["input"] = (values,)
    found: Tensor = hook.backward(linear, (values,), (relevance,))[0]
    return found


def test_z_plus_is_zennits() -> None:
    torch.manual_seed(0)
    weight, bias, values = torch.randn(4, 3, 3, 3), torch.randn(4), torch.randn(2, 3, 5, 5)
    linear = Linear(torch.conv2d, weight, bias)
    for inputs in (values, values.abs()):
        relevance = torch.randn(2, 4, 3, 3)
        expected = _share_out(ZPlus(1e-12, ["bias"]), linear, inputs, relevance)
        torch.testing.assert_close(_share_out(Plus(), linear, inputs, relevance), expected)


@pytest.mark.parametrize(
    ("values", "weights", "bias", "expected"),
    [
        ([1, 2, 0.0], [3, 1, -9.0], 0, [3 / 5, 2 / 5, 0]),  # above 0: by 3 and 2
        ([1, 2, 1.0], [3, 1, -9.0], 0, [0, 0, 1.0]),  # -4: by -9 alone
        ([1, 2, -1.0], [-3, -1, 1.0], 0, [3 / 6, 2 / 6, 1 / 6]),  # by -3, -2 and -1
        ([1, 2, 0.0], [-3, -1, 5.0], 9, [3 / 5, 2 / 5, 0]),  # 4, of which nothing positive came in
    ],
)
def test_an_output_is_shared_by_products_of_its_own_sign(
    values: list[float], weights: list[float], bias: float, expected: list[float]
) -> None:
    linear = Linear(
        torch.conv2d, torch.tensor(weights).view(1, 3, 1, 1), torch.tensor([bias * 1.0])
    )
    inputs = torch.tensor(values).view(1, 3, 1, 1)
    found = _share_out(OwnSign(), linear, inputs, torch.ones(1, 1, 1, 1))
    torch.testing.assert_close(found.flatten(), torch.tensor(expected))


def test_an_output_that_is_its_bias_alone_is_shared_by_what_is_seen_there() -> None:
    # Two channels, each seen by one output; the second sees 0, and its place has 1 and 3 in the first.
    def convolve(values: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return torch.conv2d(values, weight, bias, groups=2)

    linear = Linear(convolve, torch.ones(2, 1, 1, 2), torch.tensor([0, 5.0]))
    inputs = torch.tensor([[1, 3.0], [0, 0]]).view(1, 2, 1, 2)
    relevance = torch.tensor([0, 8.0]).view(1, 2, 1, 1)
    found = _share_out(OwnSign(), linear, inputs, relevance)
    torch.testing.assert_close(found.view(2, 2), torch.tensor([[2, 6.0], [0, 0]]))


def test_deep_taylor_leaves_out_what_speaks_against() -> None:
    # Inputs 1 and 0.2 contribute 3 and -4, the bias 2: all of 1 goes to the first.
    dense = nn.Linear(3, 1)
    dense.weight.data, dense.bias.data = torch.tensor([[3, -20, 0.0]]), torch.tensor([2.0])
    one = classify(nn.Sequential(nn.Flatten(), dense).requires_grad_(False), 1, plain=True)
    pixel = np.array([255, 51, 102], dtype=np.uint8).reshape(1, 1, 1, 3)
    found = attribute("lrp", one, pixel, np.array([0]), rules="deep_taylor")
    np.testing.assert_allclose(found.channels, np.array([1, 0, 0.0]).reshape(1, 1, 1, 3), atol=1e-6)


# --- however it is written -----------------------------------------------------------------------


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(6, 6, 3, padding=1, bias=False) for _ in range(2))
        self.norm, self.other = nn.BatchNorm2d(6), nn.BatchNorm2d(6)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, values: Tensor) -> Tensor:
        found = self.relu(self.norm(self.first(values)))
        found = self.other(self.second(found))
        found += values
        return self.relu(found)


class _Written(_Block):
    """The same with functions, and by methods that change a tensor without a word."""

    def forward(self, values: Tensor) -> Tensor:
        found = functional.conv2d(values, self.first.weight, padding=1)
        norm, other = self.norm, self.other
        found = functional.batch_norm(
            found, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps
        )
        functional.relu(found, True)
        found = other(self.second(found))
        torch.Tensor.add_(found, values)
        return found.clamp(min=0)


def _around(block: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    stem = [nn.Conv2d(3, 6, 3, stride=2), nn.ReLU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)]
    return nn.Sequential(*stem, block(), *head)


def test_equal_functions_have_equal_relevance() -> None:
    module = settle(_around(_Block), 16)
    written = _around(_Written)
    written.load_state_dict(module.module.state_dict())
    pictures, outputs = paint(3, 16), np.array([0, 3, 4])
    expected = attribute("lrp", module, pictures, outputs)
    found = attribute("lrp", classify(written, 16), pictures, outputs)
    np.testing.assert_allclose(found.channels, expected.channels, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.total, expected.total, rtol=1e-6)
    with torch.no_grad():
        logits = module.module(module.to_inputs(pictures))
    np.testing.assert_allclose(expected.total, logits[range(3), outputs], rtol=1e-5)


class _Paths(nn.Module):
    """Two pixels' worth of hand-made paths: a sum, a gate, a product, and a number that is added."""

    def __init__(self, operate: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.operate = operate
        self.hidden = nn.Conv2d(3, 3, 1, bias=False)
        self.hidden.weight.data = torch.eye(3)[:, :, None, None]

    def forward(self, values: Tensor) -> Tensor:
        hidden = self.hidden(values)
        return self.operate(hidden[:, :1], hidden[:, 1:2]).flatten(1)


@pytest.mark.parametrize(
    ("operate", "expected", "total"),
    [
        (lambda a, b: a + b, [1, 0.2], 1.2),
        (lambda a, b: a - b, [1, -0.2], 0.8),
        (lambda a, b: a + 3 * b, [1, 0.6], 1.6),
        (lambda a, b: a * b, [0.1, 0.1], 0.2),
        (
            lambda a, b: a * b.mean((2, 3), keepdim=True).sigmoid().expand(-1, 2, -1, -1)[:, :1],
            None,
            None,
        ),
        (lambda a, b: a / (b + 1), [1 / 1.2, 0], 1 / 1.2),
        (lambda a, b: a * b.sigmoid().softmax(dim=1), [1, 0], 1.0),
        (lambda a, b: a + 0.5, [1, 0], 1.0),
        (lambda a, b: torch.cat([a, b, torch.ones_like(a)], 1).sum(1), [1, 0.2], 1.2),
    ],
)
def test_sums_gates_and_products_by_hand(
    operate: Callable[[Tensor, Tensor], Tensor], expected: list[float] | None, total: float | None
) -> None:
    # Red is 1, green 0.2; what each becomes goes back by the first convolution to its own colour.
    module = _Paths(operate).requires_grad_(False)
    one = classify(module, 1, plain=True)
    pixel = np.array([255, 51, 0], dtype=np.uint8).reshape(1, 1, 1, 3)
    found = attribute("lrp", one, pixel, np.array([0]))
    if expected is None or total is None:  # the gate of a channel, spread over more
        total = torch.tensor(0.2).sigmoid().item()
        expected = [total, 0]
    np.testing.assert_allclose(found.channels[0, 0, 0, :2], expected, rtol=1e-5)  # type: ignore[index]
    np.testing.assert_allclose(found.total, [total], rtol=1e-5)


# --- conserved -----------------------------------------------------------------------------------


def _timm(name: str, **options: object) -> Callable[[], nn.Module]:
    return lambda: timm.create_model(name, pretrained=False, num_classes=5, **options)


def _torchvision(name: str, **options: object) -> Callable[[], nn.Module]:
    build = getattr(torchvision.models, name)
    return lambda: build(weights=None, num_classes=5, **options)


CONSERVING: dict[str, Callable[[], nn.Module]] = {
    "resnet18": _torchvision("resnet18"),
    "resnext50": _torchvision("resnext50_32x4d"),
    "regnet": _torchvision("regnet_y_400mf"),
    "densenet": _torchvision("densenet121"),
    "mobilenet_v2": _torchvision("mobilenet_v2"),
    "mobilenet_v3": _torchvision("mobilenet_v3_small"),
    "shufflenet": _torchvision("shufflenet_v2_x0_5"),
    "googlenet": _torchvision("googlenet", aux_logits=False, init_weights=False),
    "timm resnet": _timm("resnet18"),
    "timm efficientnet": _timm("efficientnet_b0"),
    "pre-activated": _timm("resnetv2_50"),
    "split attention": _timm("resnest14d"),
    "convnext": _timm("convnext_atto"),
    "convnextv2": _timm("convnextv2_atto"),
    "poolformer": _timm("poolformer_s12"),
    "mambaout": _timm("mambaout_femto"),
    "mixer": _timm("mixer_s32_224", img_size=SIDE),
    "vit": _timm("vit_tiny_patch16_224", img_size=SIDE),
    "vit without class token": _timm("vit_base_patch16_gap_224", img_size=SIDE, depth=3),
    "swin": _timm("swin_tiny_patch4_window7_224", img_size=SIDE, window_size=2),
    "torchvision vit": lambda: torchvision.models.VisionTransformer(
        SIDE, 16, 4, 4, 64, 128, num_classes=5
    ),
}


@pytest.mark.parametrize("kind", CONSERVING)
@pytest.mark.parametrize("rules", ["epsilon_plus", "deep_taylor"])
def test_relevance_is_conserved_to_the_pixels(kind: str, rules: str) -> None:
    torch.manual_seed(0)
    classifier, pictures = settle(CONSERVING[kind]()), paint(2, SIDE)
    assert "lrp" not in list_unsupported(classifier)
    with torch.no_grad():
        logits = classifier.module(classifier.to_inputs(pictures))
    outputs = logits.argmax(dim=1).numpy()
    scores = logits.max(dim=1).values.numpy()
    found = attribute("lrp", classifier, pictures, outputs, rules=rules)
    sums, largest = found.values.sum(axis=(1, 2)), np.abs(found.values).sum(axis=(1, 2))
    assert (np.abs(sums - found.total) < 0.01 * np.abs(scores) + 1e-4 * largest).all()  # type: ignore[operator]
    assert (largest > 0.05 * np.abs(scores)).all()
    if kind not in {"vit", "torchvision vit"}:  # whose class tokens keep their share
        np.testing.assert_allclose(found.total, scores, rtol=1e-3)


def test_relevance_is_conserved_on_weights_that_know_photographs() -> None:
    from skimage.data import chelsea

    classifier = load_model("efficientnet_lite0")
    picture = chelsea()[40:264, 110:334][None]
    with torch.no_grad():
        logits = classifier.module(classifier.to_inputs(picture))
    cat = int(logits.argmax())
    assert "cat" in classifier.categories[cat].name
    for pixels in ("box", "flat"):
        found = attribute("lrp", classifier, picture, np.array([cat]), pixels=pixels)
        np.testing.assert_allclose(found.total, logits[:, cat], rtol=1e-5)
        np.testing.assert_allclose(found.values.sum(), found.total[0], rtol=1e-4)  # type: ignore[index]


def test_a_model_that_normalises_by_itself_has_the_relevance_of_one_that_is_fed_so() -> None:
    class Normalise(nn.Module):
        def forward(self, values: Tensor) -> Tensor:
            return (values - 0.4) / 0.2

    inner = settle(_around(_Block), 16).module
    inputs = Preprocessing((16, 16), (16, 16), (0.4,) * 3, (0.2,) * 3)
    fed = Classifier("fed", inner, inputs, IMAGENETTE[:5])
    itself = classify(nn.Sequential(Normalise(), inner), 16, plain=True)
    pictures, outputs = paint(2, 16), np.array([1, 2])
    expected = attribute("lrp", fed, pictures, outputs)
    found = attribute("lrp", itself, pictures, outputs)
    np.testing.assert_allclose(found.channels, expected.channels, rtol=1e-3, atol=1e-6)


# --- what is refused, and what is left alone -------------------------------------------------------


class _Own(torch.autograd.Function):
    @staticmethod
    def forward(_: object, values: Tensor) -> Tensor:
        return values * 2

    @staticmethod
    def backward(_: object, gradient: Tensor) -> Tensor:
        return gradient * 2


class _Changed(nn.Module):
    def __init__(self, change: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.change, self.parts = change, _around(nn.Identity)

    def forward(self, values: Tensor) -> Tensor:
        return self.parts[1:](self.change(self.parts[0](values)))


def _overwrite(values: Tensor) -> Tensor:
    values = values * 1
    values[:, 0] = 0
    return values


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (torch.cos, "small calls cos, which LRP has no rule for"),
        (_Own.apply, "small calls a function that torch does not know, which LRP has no rule for"),
        (_overwrite, "small calls __setitem__, which LRP has no rule for"),
        (lambda values: (values * 1).sin_(), "small calls sin_, which LRP has no rule for"),
        (lambda values: values @ values.mT, "small calls matmul, which LRP has no rule for"),
        (
            lambda values: values.softmax(dim=1),
            "small calls softmax at its end, which LRP has no rule for",
        ),
    ],
)
def test_what_has_no_rule_is_refused_in_the_same_words_before_and_at_work(
    change: Callable[[Tensor], Tensor], reason: str
) -> None:
    one = classify(_Changed(change).requires_grad_(False), 16)
    assert reason in list_unsupported(one)["lrp"]
    with pytest.raises(InputError, match=list_unsupported(one)["lrp"]):
        attribute("lrp", one, paint(1, 16), np.array([0]))
    with pytest.raises(InputError, match=reason):
        rules = choose_rules(one, "epsilon_plus", 1e-6, "box")
        relevance_of(one, paint(1, 16), 0, rules)


def test_what_gets_no_relevance_needs_no_rule() -> None:
    module = _Changed(lambda values: values * values.cos().mean((2, 3), keepdim=True).sigmoid())
    one = classify(module.requires_grad_(False), 16)
    found = attribute("lrp", one, paint(2, 16), np.array([0, 1]))
    np.testing.assert_allclose(found.values.sum(axis=(1, 2)), found.total, rtol=1e-3)


def test_a_network_is_left_as_it_was() -> None:
    classifier = settle(_around(_Block), 16)
    before = copy.deepcopy(classifier.module.state_dict())
    attribute("lrp", classifier, paint(2, 16), np.array([0, 1]))
    for key, values in classifier.module.state_dict().items():
        torch.testing.assert_close(values, before[key], rtol=0, atol=0)
    assert not any(part._forward_hooks for part in classifier.module.modules())
