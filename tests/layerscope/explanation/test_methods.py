"""The registry of explanation methods, against libraries, numbers by hand, and what methods promise."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.linear_model import Ridge
from torch import Tensor, nn
from torch.nn import functional

from layerscope.datasets import draw, open_dataset
from layerscope.datasets.categories import IMAGENETTE
from layerscope.errors import InputError
from layerscope.explanation.cam import grad_cam
from layerscope.explanation.filling import FILLS, cover, fill_picture
from layerscope.explanation.guided import guided_backprop, guided_grad_cam
from layerscope.explanation.lime import closeness, draw_presence, find_segments
from layerscope.explanation.method import Attribution, Cancelled, Method
from layerscope.explanation.methods import METHODS, find_method
from layerscope.explanation.occlusion import occlude
from layerscope.explanation.registry import attribute, list_unsupported, resolve
from layerscope.explanation.task import BATCH
from layerscope.explanation.windows import find_windows, spread
from layerscope.models.registry import Classifier, load_model, to_pixels, vgg16_slim
from layerscope.vision import torchvision
from tests.layerscope.explanation.test_guided import classify, paint, small_net
from tests.shared.inputs import take
from tests.shared.project import ROOT

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 12
QUICK: dict[str, dict[str, object]] = {  # options that keep a test short
    "smooth_grad": {"n_samples": 6},
    "integrated_gradients": {"n_steps": 16},
    "occlusion": {"patch": 4, "stride": 3},
    "lime": {"n_samples": 30, "n_segments": 6},
}
LONG = [key for key, method in METHODS.items() if method.long]
ON_CONVOLUTIONS = [key for key in METHODS if key != "attention_rollout"]  # see test_attention.py
AT_LAYER = [key for key, method in METHODS.items() if method.at_layer]
LINEAR_IN_SCORE = ["integrated_gradients", "lrp", "occlusion", "lime"]


def explain(
    key: str, classifier: Classifier, pictures: np.ndarray, outputs: object, **more: object
) -> Attribution:
    """With the options of `QUICK`, and a layer with maps."""
    layer = {"layer": "4"} if key in AT_LAYER else {}
    settings = {**layer, **QUICK.get(key, {}), **more}
    return attribute(key, classifier, pictures, np.asarray(outputs), **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return classify(small_net(), SIDE)


@pytest.fixture(scope="module")
def plain() -> Classifier:
    """Takes pixels as they are, from 0 to 1."""
    return classify(small_net(), SIDE, plain=True)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return paint(6, SIDE)


def inputs_of(classifier: Classifier, pictures: np.ndarray) -> Tensor:
    return classifier.normalize(to_pixels(pictures)).requires_grad_()


def gradients_of(classifier: Classifier, inputs: Tensor, outputs: list[int]) -> np.ndarray:
    """Plain gradients (n, S, S, 3)."""
    inputs = inputs.detach().requires_grad_()
    score = classifier.module(inputs)[range(len(outputs)), outputs].sum()
    return torch.autograd.grad(score, inputs)[0].permute(0, 2, 3, 1).numpy()


def settled(classifier: Classifier) -> nn.Module:
    """A copy that libraries may hook."""
    module = copy.deepcopy(classifier.module)
    for part in module.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    return module


# --- the entries -----------------------------------------------------------------------------


def test_every_technique_that_was_asked_for_is_there() -> None:
    names = [method.name for method in METHODS.values()]
    assert names == [
        "Saliency",
        "SmoothGrad",
        "Integrated Gradients",
        "Deconvolution",
        "Guided backpropagation",
        "Grad-CAM",
        "Grad-CAM++",
        "Layer-CAM",
        "HiRes-CAM",
        "Guided Grad-CAM",
        "Score-CAM",
        "LRP",
        "Attention rollout",
        "Occlusion",
        "LIME",
    ]


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_an_entry_says_what_it_is_where_it_comes_from_and_how_it_fails(method: Method) -> None:
    assert METHODS[method.key] is method
    assert len(re.findall(r"[.](?:\s|$)", method.summary)) == 2
    assert len(re.findall(r"[.](?:\s|$)", method.failure.statement)) == 1
    for source in (method.source, method.failure.source):
        assert re.fullmatch(r"https://\S+", source.url) and 2012 < source.year < 2025
        assert source.authors and source.title
    braces = re.sub(r"\\[{}]", "", method.formula)
    assert braces.count("{") == braces.count("}") and "\n" not in method.formula
    assert method.formula.count(r"\left") == method.formula.count(r"\right")
    for option in method.options:
        assert option.check(option.default) == option.default


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_functions_that_an_entry_refers_to_exist_and_take_its_options(method: Method) -> None:
    taken = inspect.signature(resolve(method.explain)).parameters
    assert list(taken) == ["task", *(option.key for option in method.options)]
    if method.supports is not None:
        assert list(inspect.signature(resolve(method.supports)).parameters) == ["classifier"]


@pytest.mark.parametrize("key", ON_CONVOLUTIONS)
def test_values_are_of_the_type_shape_and_sign_of_the_entry(
    key: str, classifier: Classifier, pictures: np.ndarray
) -> None:
    found = explain(key, classifier, pictures, [0, 1, 2, 3, 4, 0])
    assert found.values.shape == (6, SIDE, SIDE) and found.values.dtype == np.float32
    assert np.isfinite(found.values).all() and (found.values != 0).any(axis=(1, 2)).all()
    assert (found.values < 0).any() == METHODS[key].signed
    if found.channels is not None:
        assert found.channels.shape == (6, SIDE, SIDE, 3)
    assert (found.maps is not None) == (key in AT_LAYER or key == "occlusion")


# --- gradients -------------------------------------------------------------------------------


def test_saliency_is_the_largest_absolute_gradient(
    classifier: Classifier, pictures: np.ndarray
) -> None:
    outputs = [4, 0, 2, 1, 3, 3]
    gradients = gradients_of(classifier, inputs_of(classifier, pictures), outputs)
    found = explain("saliency", classifier, pictures, outputs)
    np.testing.assert_allclose(found.values, np.abs(gradients).max(axis=-1), rtol=1e-5)


def test_smooth_grad_is_the_mean_over_its_noise(
    classifier: Classifier, pictures: np.ndarray
) -> None:
    inputs = inputs_of(classifier, pictures[:1]).detach()
    generator = torch.Generator().manual_seed(7)
    total = np.zeros((SIDE, SIDE, 3))
    for _ in range(8):
        noise = torch.randn(1, 3, SIDE, SIDE, generator=generator)
        noisy = inputs + 0.3 * (inputs.max() - inputs.min()) * noise
        total += gradients_of(classifier, noisy, [2])[0] / 8
    found = explain(
        "smooth_grad", classifier, pictures[:1], [2], n_samples=8, noise=0.3, random_state=7
    )
    np.testing.assert_allclose(found.channels[0], np.abs(total), atol=1e-6)  # type: ignore[index]


def test_methods_of_gradients_agree_on_a_linear_model(pictures: np.ndarray) -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 5)).requires_grad_(False)
    classifier = classify(module, SIDE)
    weight = module[1].weight[3].view(3, SIDE, SIDE).permute(1, 2, 0).numpy()
    saliency = explain("saliency", classifier, pictures, [3] * 6)
    smooth = explain("smooth_grad", classifier, pictures, [3] * 6)
    np.testing.assert_allclose(saliency.channels, np.abs(np.stack([weight] * 6)), rtol=1e-5)
    np.testing.assert_allclose(smooth.values, saliency.values, rtol=1e-4)
    found = explain("integrated_gradients", classifier, pictures, [3] * 6, fill="black")
    gain = inputs_of(classifier, pictures) - inputs_of(classifier, np.zeros_like(pictures))
    expected = weight * gain.detach().permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(found.channels, expected, atol=1e-5)


@pytest.mark.parametrize("fill", FILLS)
def test_integrated_gradients_sum_to_what_the_score_gains(
    classifier: Classifier, pictures: np.ndarray, fill: str
) -> None:
    found = explain(
        "integrated_gradients",
        classifier,
        pictures[:3],
        [0, 1, 2],
        n_steps=200,
        fill=fill,
        random_state=5,
    )
    baselines = np.stack([fill_picture(picture, fill, 5) for picture in pictures[:3]])
    with torch.no_grad():
        gain = classifier.module(inputs_of(classifier, pictures[:3])) - classifier.module(
            inputs_of(classifier, baselines)
        )
    np.testing.assert_allclose(found.total, gain[range(3), [0, 1, 2]], atol=1e-5)
    largest = np.abs(found.values).sum(axis=(1, 2))  # the sum may all but vanish
    assert (np.abs(found.values.sum(axis=(1, 2)) - found.total) < 0.005 * largest).all()


def test_integrated_gradients_are_captums(classifier: Classifier, pictures: np.ndarray) -> None:
    from captum.attr import IntegratedGradients

    inputs = inputs_of(classifier, pictures[:2])
    black = inputs_of(classifier, np.zeros_like(pictures[:2])).detach()
    expected = IntegratedGradients(settled(classifier)).attribute(
        inputs, black, target=[4, 1], n_steps=31, method="riemann_trapezoid"
    )
    expected = (
        expected * 31 / 30
    )  # 31 points are the ends of 30 steps, by which Captum does not divide
    found = explain(
        "integrated_gradients", classifier, pictures[:2], [4, 1], n_steps=30, fill="black"
    )
    np.testing.assert_allclose(
        found.channels, expected.detach().permute(0, 2, 3, 1).numpy(), atol=1e-5
    )


@pytest.mark.parametrize(
    ("curvature", "most", "passes"),
    [(0, 256, 65), (14, 256, 65), (30, 256, 129), (60, 256, 257), (60, 128, 129)],
)
def test_steps_are_doubled_until_nothing_is_missing_or_there_are_as_many_as_allowed(
    curvature: float, most: int, passes: int
) -> None:
    # The trapezoidal rule takes exp(c a) on [0, 1] for c^2 / 12 n^2 larger than it is: with 64, 128 and 256
    # steps for 14: .40 %; for 30: 1.8, .46; for 60: 7.3, 1.8, .46.
    class Growing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.curvature = nn.Parameter(torch.tensor(float(curvature)))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            brightness = inputs.mean(dim=(1, 2, 3)).unsqueeze(1)
            score = torch.exp(self.curvature * brightness) if curvature else brightness
            return torch.cat([score, -score], dim=1)

    one = replace(classify(Growing(), 4, plain=True), categories=IMAGENETTE[:2])
    white = np.full((1, 4, 4, 3), 255, dtype=np.uint8)
    seen: list[tuple[int, int]] = []
    found = attribute(
        "integrated_gradients",
        one,
        white,
        np.array([0]),
        n_steps=most,
        fill="black",
        progress=lambda *step: seen.append(step),
    )
    assert found.total is not None
    missing = (found.values.sum() - found.total[0]) / found.total[0]
    assert seen[-1] == (passes, passes)
    assert missing == pytest.approx(curvature**2 / 12 / (passes - 1) ** 2, rel=0.05, abs=1e-5)
    assert (missing <= 0.01) == (most == 256)


def test_deconvolution_by_hand() -> None:
    # Hidden values are 1, -1 and 1. Of the weights to the first output, 2, 3 and -4, the positive ones
    # come back, also through the second, which the way forward switched off.
    hidden, out = nn.Conv2d(3, 3, 1, bias=False), nn.Linear(3, 2, bias=False)
    hidden.weight.data = torch.tensor([[1, 2, 0], [-1, 0, 0], [0, 1, 5.0]])[:, :, None, None]
    out.weight.data = torch.tensor([[2, 3, -4], [-1, 1, 0.5]])
    module = nn.Sequential(hidden, nn.ReLU(inplace=True), nn.Flatten(), out)
    pixel = np.array([255, 0, 51], dtype=np.uint8).reshape(1, 1, 1, 3)
    one = replace(classify(module, 1, plain=True), categories=IMAGENETTE[:2])
    found = attribute("deconvolution", one, pixel, np.array([0]))
    np.testing.assert_allclose(found.channels, np.array([-1, 4, 0]).reshape(1, 1, 1, 3))
    assert found.values.item() == pytest.approx(3)


def test_deconvolution_is_captums(classifier: Classifier, pictures: np.ndarray) -> None:
    from captum.attr import Deconvolution

    method = Deconvolution(settled(classifier))
    with pytest.warns(UserWarning, match="backward hooks"):
        expected = method.attribute(inputs_of(classifier, pictures), target=[4, 0, 2, 1, 3, 3])
    found = explain("deconvolution", classifier, pictures, [4, 0, 2, 1, 3, 3])
    np.testing.assert_allclose(
        found.channels, expected.detach().permute(0, 2, 3, 1).numpy(), atol=1e-6
    )


@pytest.mark.parametrize("rectifier", [nn.ReLU6, lambda: nn.ReLU6(inplace=True)])
def test_deconvolution_meets_relu6(
    rectifier: Callable[[], nn.Module], classifier: Classifier, pictures: np.ndarray
) -> None:
    found = explain("deconvolution", classify(small_net(rectifier), SIDE), pictures[:1], [2])
    expected = explain("deconvolution", classifier, pictures[:1], [2])
    np.testing.assert_allclose(found.values, expected.values, atol=1e-7)  # no value here reaches 6


def test_guided_backpropagation_is_the_tested_one(
    classifier: Classifier, pictures: np.ndarray
) -> None:
    outputs = np.array([4, 0, 2, 1, 3, 3])
    found = explain("guided_backpropagation", classifier, pictures, outputs)
    np.testing.assert_allclose(
        found.channels, guided_backprop(classifier, pictures, outputs), atol=1e-7
    )


# --- maps of a layer -------------------------------------------------------------------------


def activations_and_gradients(
    classifier: Classifier, picture: np.ndarray, output: int, layer: int
) -> tuple[np.ndarray, np.ndarray]:
    module = settled(classifier)
    maps = module[: layer + 1](inputs_of(classifier, picture[None])).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(module[layer + 1 :](maps)[0, output], maps)
    return maps.detach().double().numpy()[0], gradient.double().numpy()[0]


def by_definition(key: str, maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    if key == "layer_cam":
        found = (np.maximum(gradients, 0) * maps).sum(axis=0)
    elif key == "hires_cam":
        found = (gradients * maps).sum(axis=0)
    elif key == "grad_cam":
        found = (gradients.mean(axis=(1, 2))[:, None, None] * maps).sum(axis=0)
    else:  # equation 19 of Grad-CAM++ as it is written, where the gradient is not zero
        total = maps.sum(axis=(1, 2), keepdims=True)
        safe = np.where(gradients == 0, 1, gradients)
        alpha = np.where(gradients == 0, 0, safe**2 / (2 * safe**2 + total * safe**3))
        weights = (alpha * np.maximum(gradients, 0)).sum(axis=(1, 2))
        found = (weights[:, None, None] * maps).sum(axis=0)
    return np.maximum(found, 0)


@pytest.mark.parametrize("layer", [1, 2, 4])
@pytest.mark.parametrize("key", ["grad_cam", "grad_cam_plus_plus", "layer_cam", "hires_cam"])
def test_maps_are_those_of_the_definition(
    key: str, layer: int, classifier: Classifier, pictures: np.ndarray
) -> None:
    found = explain(key, classifier, pictures[:2], [3, 0], layer=str(layer))
    for picture, output, one in zip(pictures, (3, 0), found.maps, strict=False):  # type: ignore[arg-type]
        expected = by_definition(
            key, *activations_and_gradients(classifier, picture, output, layer)
        )
        np.testing.assert_allclose(one, expected, atol=2e-6 * max(1.0, expected.max()))
    assert found.maps is not None and found.maps.max() > 0


@pytest.mark.parametrize("key", ["grad_cam_plus_plus", "layer_cam", "hires_cam"])
def test_maps_are_those_of_pytorch_grad_cam(
    key: str, classifier: Classifier, pictures: np.ndarray
) -> None:
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    names = {"layer_cam": "LayerCAM", "hires_cam": "HiResCAM"}
    # Gradients so large that what the library adds to Grad-CAM++'s denominators does not count.
    large = copy.deepcopy(classifier.module)
    large[-1].weight.mul_(1000)
    classifier = replace(classifier, module=large)
    module = settled(classifier)
    kind = getattr(pytorch_grad_cam, names.get(key, "GradCAMPlusPlus"))
    with kind(module, [module[1]]) as cam:  # at the picture's size, so that nothing is enlarged
        expected = cam(inputs_of(classifier, pictures[:1]), [ClassifierOutputTarget(2)])[0]
    found = explain(key, classifier, pictures[:1], [2], layer="1").values[0]
    scaled = (found - found.min()) / (found.max() - found.min())
    np.testing.assert_allclose(scaled, expected, atol=1e-4)


def test_grad_cam_is_the_one_of_the_pipeline(classifier: Classifier, pictures: np.ndarray) -> None:
    outputs = np.array([4, 0, 2, 1, 3, 3])
    with grad_cam(classifier, "3") as make:
        expected = make(pictures, outputs)
    found = explain("grad_cam", classifier, pictures, outputs, layer="3")
    np.testing.assert_allclose(found.maps, expected, atol=1e-6)


def test_grad_cam_plus_plus_is_finite_where_maps_are_negative(
    classifier: Classifier, pictures: np.ndarray
) -> None:
    found = explain("grad_cam_plus_plus", classifier, pictures, [0, 1, 2, 3, 4, 0], layer="3")
    maps, gradients = activations_and_gradients(classifier, pictures[0], 0, 3)
    assert maps.min() < 0 and found.maps is not None
    rising = np.maximum(gradients, 0)
    total = np.maximum(maps, 0).sum(axis=(1, 2), keepdims=True)
    weights = (rising / (2 + total * rising)).sum(axis=(1, 2))
    expected = np.maximum((weights[:, None, None] * maps).sum(axis=0), 0)
    np.testing.assert_allclose(found.maps[0], expected, atol=1e-6)


def test_score_cam_is_that_of_pytorch_grad_cam(
    classifier: Classifier, pictures: np.ndarray
) -> None:
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    dead = copy.deepcopy(classifier.module)
    dead[0].bias[2] = -100.0  # a map that is zero everywhere
    classifier = replace(classifier, module=dead)
    module = settled(classifier)
    with ScoreCAM(module, [module[1]]) as cam:
        expected = cam(inputs_of(classifier, pictures[:1]), [ClassifierOutputTarget(2)])[0]
    found = explain("score_cam", classifier, pictures[:1], [2], layer="1").values[0]
    scaled = (found - found.min()) / (found.max() - found.min())
    np.testing.assert_allclose(scaled, expected, atol=1e-5)


def test_guided_grad_cam_is_the_product(classifier: Classifier, pictures: np.ndarray) -> None:
    outputs = np.array([4, 0, 2, 1, 3, 3])
    cams = explain("grad_cam", classifier, pictures, outputs)
    expected = guided_grad_cam(guided_backprop(classifier, pictures, outputs), cams.maps)  # type: ignore[arg-type]
    found = explain("guided_grad_cam", classifier, pictures, outputs)
    np.testing.assert_allclose(found.channels, expected, atol=1e-7)


def test_maps_are_made_at_the_last_layer_by_default_and_at_any_convolution() -> None:
    torch.manual_seed(0)
    module = torchvision.models.resnet18(weights=None, num_classes=5).requires_grad_(False)
    classifier, picture = classify(module, 64), paint(1, 64)
    last = attribute("layer_cam", classifier, picture, np.array([1]))
    named = attribute("layer_cam", classifier, picture, np.array([1]), layer="layer4.1")
    np.testing.assert_array_equal(last.values, named.values)
    inner = attribute("layer_cam", classifier, picture, np.array([1]), layer="layer2.0.conv2")
    assert inner.maps is not None and inner.maps.shape == (1, 8, 8) and inner.maps.max() > 0


@pytest.mark.parametrize("key", AT_LAYER)
@pytest.mark.parametrize(
    ("layer", "message"),
    [("99", "unknown layer '99'"), ("6", "no feature maps"), ("7#3", "unknown layer '7#3'")],
)
def test_a_layer_without_one_set_of_maps_is_refused(
    key: str, layer: str, message: str, pictures: np.ndarray
) -> None:
    class Twice(nn.Sequential):
        def forward(self, values: Tensor) -> Tensor:
            for part in (self[7], self[7], *self[:7]):
                values = part(values)
            return values

    module = Twice(*small_net(), nn.Conv2d(3, 3, 1)).requires_grad_(False)
    with pytest.raises(InputError, match=message):
        explain(key, classify(module, SIDE), pictures[:1], [0], layer=layer)


# --- relevance -------------------------------------------------------------------------------


def test_relevance_by_hand() -> None:
    # One pixel between 0 and 1, its three colours 1, 0 and 0.2. Hidden: 1 + 0.4 = 1.4, and -1.
    # Output: 2 * 1.4 + 0.7 = 3.5; all of it goes to the first unit, with its share of the bias.
    # What the colours bring over the worst value for their weight: (1, 0, 0.4) and weight 2 of the
    # third; weight -3 of the second brings 3, since its worst value is 1. That is 4.4 in all.
    hidden, out = nn.Conv2d(3, 2, 1, bias=False), nn.Linear(2, 2)
    hidden.weight.data = torch.tensor([[1, -3, 2.0], [-1, 0, 0]])[:, :, None, None]
    out.weight.data, out.bias.data = torch.tensor([[2, 5.0], [1, 1]]), torch.tensor([0.7, 0])
    module = nn.Sequential(hidden, nn.ReLU(inplace=True), nn.Flatten(), out).requires_grad_(False)
    one = replace(classify(module, 1, plain=True), categories=IMAGENETTE[:2])
    pixel = np.array([255, 0, 51], dtype=np.uint8).reshape(1, 1, 1, 3)
    found = attribute("lrp", one, pixel, np.array([0]))
    expected = 3.5 * np.array([1, 3, 0.4]) / 4.4
    np.testing.assert_allclose(found.channels, expected.reshape(1, 1, 1, 3), rtol=1e-5)
    assert found.total == pytest.approx([3.5])
    flat = attribute("lrp", one, pixel, np.array([0]), pixels="flat")
    np.testing.assert_allclose(flat.channels, np.full((1, 1, 1, 3), 3.5 / 3), rtol=1e-5)


def test_a_bias_is_shared_by_what_inputs_contributed_and_epsilon_takes_its_part() -> None:
    # Inputs 1 and 2 contribute 3 and -4, the bias 2: z = 1. Of the bias 3/7 and 4/7 go to them. With
    # an epsilon of 1 everything is divided by 2.
    dense = nn.Linear(3, 1)
    dense.weight.data, dense.bias.data = torch.tensor([[3, -20, 0.0]]), torch.tensor([2.0])
    module = nn.Sequential(nn.Flatten(), dense).requires_grad_(False)
    one = replace(classify(module, 1, plain=True), categories=IMAGENETTE[:1])
    pixel = np.array([255, 51, 102], dtype=np.uint8).reshape(1, 1, 1, 3)
    for epsilon, divisor in ((1e-9, 1), (1.0, 2)):
        found = attribute("lrp", one, pixel, np.array([0]), epsilon=epsilon)
        expected = np.array([3 + 6 / 7, -4 + 8 / 7, 0]) / divisor
        np.testing.assert_allclose(found.channels, expected.reshape(1, 1, 1, 3), rtol=1e-5)


def test_relevance_is_captums_where_its_rules_are_the_same(
    plain: Classifier, pictures: np.ndarray
) -> None:
    # Without biases; and with a first convolution of positive weights on pixels that start at 0, for
    # which the rule of the box is z+.
    from captum.attr import LRP
    from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, EpsilonRule

    module = copy.deepcopy(plain.module)
    for index in (0, 3, 6):
        module[index].bias.zero_()
    module[0].weight.abs_()
    module = nn.Sequential(*module[:5], nn.AvgPool2d(2), nn.Flatten(), nn.Linear(72, 5, bias=False))
    plain = replace(plain, module=module.requires_grad_(False))
    hooked = settled(plain)
    hooked[6] = nn.Flatten()
    for index, rule in ((0, Alpha1_Beta0_Rule), (3, Alpha1_Beta0_Rule), (5, EpsilonRule)):
        hooked[index].rule = rule()
    hooked[6].rule = EpsilonRule()
    hooked[7].rule = EpsilonRule()
    expected = LRP(hooked).attribute(inputs_of(plain, pictures), target=[4, 0, 2, 1, 3, 3])
    found = explain("lrp", plain, pictures, [4, 0, 2, 1, 3, 3])
    np.testing.assert_allclose(
        found.channels, expected.detach().permute(0, 2, 3, 1).numpy(), atol=1e-5
    )
    assert np.abs(found.values).max() > 1e-3


@pytest.mark.parametrize("pixels", ["box", "flat"])
def test_relevance_is_conserved_from_the_logit_to_the_pixels(
    classifier: Classifier, pictures: np.ndarray, pixels: str
) -> None:
    found = explain("lrp", classifier, pictures, [4, 0, 2, 1, 3, 3], pixels=pixels)
    logits = classifier.module(inputs_of(classifier, pictures))
    np.testing.assert_allclose(found.total, logits.detach()[range(6), [4, 0, 2, 1, 3, 3]])
    largest = np.abs(found.values).sum(axis=(1, 2))
    assert (np.abs(found.values.sum(axis=(1, 2)) - found.total) < 1e-4 * largest).all()


def test_relevance_keeps_to_positive_products_where_maps_are_negative(
    pictures: np.ndarray,
) -> None:
    # A convolution on one without a rectifier: z+ takes products of two negative numbers too.
    torch.manual_seed(0)
    first, second = nn.Conv2d(3, 2, 1, bias=False), nn.Conv2d(2, 1, 1, bias=False)
    first.weight.data = torch.tensor([[1, 0, 0], [-1.0, 0, 0]])[:, :, None, None]
    second.weight.data = torch.tensor([[1, -3.0]])[:, :, None, None]
    module = nn.Sequential(first, second, nn.Flatten(), nn.Linear(1, 1)).requires_grad_(False)
    module[3].weight.fill_(1), module[3].bias.zero_()
    one = replace(classify(module, 1, plain=True), categories=IMAGENETTE[:1])
    pixel = np.array([255, 255, 255], dtype=np.uint8).reshape(1, 1, 1, 3)
    # Maps are 1 and -1, products 1 and 3. Of relevance 4 the second map gets 3; but red is at its worst
    # value for that map, so that nothing can be said to have contributed, and the 3 is lost.
    found = attribute("lrp", one, pixel, np.array([0]))
    np.testing.assert_allclose(found.channels, np.array([1, 0, 0.0]).reshape(1, 1, 1, 3), rtol=1e-5)


# --- perturbation ----------------------------------------------------------------------------


@pytest.mark.parametrize(("patch", "stride"), [(4, 3), (5, 5), (12, 1), (3, 2)])
def test_occlusion_is_captums(
    classifier: Classifier, pictures: np.ndarray, patch: int, stride: int
) -> None:
    from captum.attr import Occlusion

    black = inputs_of(classifier, np.zeros_like(pictures[:1])).detach()
    expected = Occlusion(settled(classifier)).attribute(
        inputs_of(classifier, pictures[:1]).detach(),
        sliding_window_shapes=(3, patch, patch),
        strides=(3, stride, stride),
        baselines=black,
        target=2,
    )
    found = explain(
        "occlusion", classifier, pictures[:1], [2], patch=patch, stride=stride, fill="black"
    )
    np.testing.assert_allclose(found.values, expected[:, 0].numpy(), atol=1e-6)


def test_a_sweep_fills_in_row_by_row(classifier: Classifier, pictures: np.ndarray) -> None:
    picture = pictures[0]
    steps = list(occlude(classifier, picture, 2, patch=5, stride=4, fill="blur"))
    with torch.no_grad():
        whole = classifier.module(inputs_of(classifier, picture[None]))[0]
    for step in steps:
        assert step.drops.shape == step.probabilities.shape == (3, 3)
        assert np.isfinite(step.drops).ravel().tolist() == [i < step.done for i in range(9)]
        assert step.score == pytest.approx(whole[2].item(), rel=1e-5)
        assert step.probability == pytest.approx(whole.softmax(0)[2].item(), rel=1e-5)
    assert [step.done for step in steps] == [4, 8, 9]
    covered = cover(picture, fill_picture(picture, "blur"), 4, 8, 5)
    with torch.no_grad():
        logits = classifier.module(inputs_of(classifier, covered[None]))[0]
    last = steps[-1]
    assert last.drops[1, 2] == pytest.approx((whole[2] - logits[2]).item(), abs=1e-6)
    assert last.probabilities[1, 2] == pytest.approx(logits.softmax(0)[2].item(), rel=1e-5)
    complete = explain("occlusion", classifier, picture[None], [2], patch=5, stride=4, fill="blur")
    np.testing.assert_array_equal(complete.maps, last.drops[None])  # type: ignore[arg-type]


def test_drops_are_spread_over_the_pixels_that_squares_cover() -> None:
    assert find_windows(5, 3, 2) == [(0, 3), (2, 5)]
    assert find_windows(6, 3, 2) == [(0, 3), (2, 5), (4, 6)]  # cut off at the edge
    drops = np.array([[1, 3], [np.nan, np.nan]])
    found = spread(drops, (5, 5), 3, 2)
    np.testing.assert_array_equal(found[:3], [[1, 1, 2, 3, 3]] * 3)
    assert np.isnan(found[3:]).all()


def test_fills_by_hand() -> None:
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:8] = (100, 50, 7)
    assert (fill_picture(picture, "mean") == [50, 25, 4]).all()  # 3.5 rounds to the even
    assert not fill_picture(picture, "black").any()
    blurred = fill_picture(picture, "blur").astype(int)
    step = 100 * norm.cdf(7.5 - np.arange(16))  # its standard deviation is one pixel here
    np.testing.assert_allclose(blurred[:, 3, 0], step, atol=1.5)
    noise = fill_picture(picture, "noise", 3)
    np.testing.assert_array_equal(noise, fill_picture(picture, "noise", 3))
    assert (noise != fill_picture(picture, "noise", 4)).mean() > 0.9
    covered = cover(picture, np.full_like(picture, 9), -2, 14, 5)
    assert (covered[:3, 14:] == 9).all() and (covered != picture).any(axis=2).sum() == 6


def test_lime_is_a_weighted_ridge_regression(classifier: Classifier, pictures: np.ndarray) -> None:
    picture = np.repeat(np.repeat(pictures[0, :4, :4], 3, axis=0), 3, axis=1)  # with shapes in it
    segments = find_segments(picture, 6)
    present = draw_presence(40, segments.max() + 1, 5)
    filling = fill_picture(picture, "mean")
    shown = [np.where(row.numpy()[segments][..., None] == 1, picture, filling) for row in present]
    with torch.no_grad():
        scores = classifier.module(inputs_of(classifier, np.stack(shown)))[:, 3]
    share = present.numpy().mean(axis=1)
    weights = np.sqrt(np.exp(-((1 - np.sqrt(share)) ** 2) / 0.25**2))
    np.testing.assert_allclose(closeness(present), weights, rtol=1e-5)
    ridge = Ridge(alpha=1.0).fit(present.numpy(), scores.numpy(), sample_weight=weights)
    found = explain(
        "lime", classifier, picture[None], [3], n_samples=40, n_segments=6, random_state=5
    )
    np.testing.assert_array_equal(found.segments, segments[None])  # type: ignore[arg-type]
    np.testing.assert_allclose(found.values[0], ridge.coef_[segments], atol=1e-5)
    assert segments.max() >= 3


# --- what methods promise ----------------------------------------------------------------------


def corner_model() -> nn.Module:
    """Reads the upper left quadrant of its feature maps, and nothing else."""
    module = small_net()
    seen = torch.zeros(5, 8, 6, 6)
    seen[:, :, :3, :3] = 1
    module[6].weight.mul_(seen.flatten(1))
    return module


class _Masked(nn.Module):
    """Looks at a picture through a window onto its upper left quadrant."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = small_net()
        for part in self.parts:
            if isinstance(part, nn.Conv2d):
                part.bias.zero_()  # type: ignore[union-attr]
        self.register_buffer("window", torch.zeros(1, 1, SIDE, SIDE))
        self.window[..., : SIDE // 2, : SIDE // 2] = 1

    def forward(self, values: Tensor) -> Tensor:
        return self.parts(values * self.window)


WHOLE_MAPS = {"grad_cam", "grad_cam_plus_plus", "score_cam", "guided_grad_cam"}


@pytest.mark.parametrize("key", sorted(set(ON_CONVOLUTIONS) - WHOLE_MAPS - {"lime", "occlusion"}))
def test_relevance_lies_where_the_model_looks(key: str, pictures: np.ndarray) -> None:
    one = classify(corner_model(), SIDE, plain=True)
    found = explain(key, one, pictures, [0, 1, 2, 3, 4, 0]).values
    # What is read of the maps sees 3 pixels beyond the quadrant, by two convolutions and a pool.
    assert not found[:, 9:].any() and not found[:, :, 9:].any()
    assert (found[:, :6, :6] != 0).any(axis=(1, 2)).all()


@pytest.mark.parametrize("key", sorted(WHOLE_MAPS))
def test_methods_that_weigh_whole_maps_are_local_where_the_maps_are(
    key: str, pictures: np.ndarray
) -> None:
    one = classify(_Masked(), SIDE, plain=True)
    found = explain(key, one, pictures, [0, 1, 2, 3, 4, 0], layer="parts.1").values
    assert not found[:, 7:].any() and not found[:, :, 7:].any()  # a convolution of 3 x 3
    assert (found[:, :6, :6] != 0).any(axis=(1, 2)).all()


def test_covering_what_the_model_does_not_see_changes_nothing(pictures: np.ndarray) -> None:
    one = classify(_Masked(), SIDE, plain=True)
    found = explain("occlusion", one, pictures[:1], [2], patch=3, stride=3).values[0]
    inside = np.abs(found[:6, :6]).max()
    assert inside > 1e-3
    assert np.abs(found[6:]).max() < 1e-5 * inside and np.abs(found[:, 6:]).max() < 1e-5 * inside


def test_lime_gives_nothing_to_superpixels_that_the_model_does_not_see() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 48 * 48, 5)).requires_grad_(False)
    seen = torch.zeros(3, 48, 48)
    seen[:, :24, :24] = 1
    module[1].weight.abs_().mul_(seen.flatten())
    picture = np.kron(paint(1, 4)[0], np.ones((12, 12, 1), np.uint8))[None]
    found = explain(
        "lime", classify(module, 48), picture, [1], n_samples=400, n_segments=16, fill="black"
    )
    assert found.segments is not None
    within = np.isin(found.segments[0], found.segments[0, :24, :24])  # or across its border
    strongest = np.abs(found.values[0][within]).max()
    assert not within.all() and np.abs(found.values[0][~within]).max() < 0.03 * strongest


def test_grad_cam_is_drawn_to_places_that_the_model_does_not_use(pictures: np.ndarray) -> None:
    # Its known limitation, which HiRes-CAM is made against.
    one = classify(corner_model(), SIDE, plain=True)
    outputs = [0, 1, 2, 3, 4, 0]
    wide, true = (explain(key, one, pictures, outputs).maps for key in ("grad_cam", "hires_cam"))
    assert wide is not None and wide[:, 3:, 3:].any()
    assert true is not None and not true[:, 3:].any() and not true[:, :, 3:].any()


@pytest.mark.parametrize("key", LINEAR_IN_SCORE)
def test_one_output_against_another_is_the_difference_and_turns_its_sign(
    key: str, classifier: Classifier, pictures: np.ndarray
) -> None:
    first, second = np.array([0, 1]), np.array([3, 4])
    found = explain(key, classifier, pictures[:2], first, contrast=second)
    turned = explain(key, classifier, pictures[:2], second, contrast=first)
    apart = [explain(key, classifier, pictures[:2], each).values for each in (first, second)]
    scale = np.abs(found.values).max()
    np.testing.assert_allclose(found.values, -turned.values, atol=1e-5 * scale)
    np.testing.assert_allclose(found.values, apart[0] - apart[1], atol=1e-4 * scale)


@pytest.mark.parametrize("key", sorted(set(ON_CONVOLUTIONS) - set(LINEAR_IN_SCORE)))
def test_one_output_against_another_is_explained_as_one_score(
    key: str, classifier: Classifier, pictures: np.ndarray
) -> None:
    # A model whose first output is the difference that the other is asked for.
    module = copy.deepcopy(classifier.module)
    for values in (module[6].weight, module[6].bias):
        values[0] = values[1] - values[4]
    expected = explain(key, replace(classifier, module=module), pictures, [0] * 6).values
    found = explain(key, classifier, pictures, [1] * 6, contrast=np.array([4] * 6)).values
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("key", ["saliency", "smooth_grad"])
def test_sensitivity_does_not_depend_on_which_output_is_against_which(
    key: str, classifier: Classifier, pictures: np.ndarray
) -> None:
    found = explain(key, classifier, pictures[:1], [1], contrast=np.array([4]))
    turned = explain(key, classifier, pictures[:1], [4], contrast=np.array([1]))
    np.testing.assert_allclose(found.values, turned.values, rtol=1e-5)


@pytest.mark.parametrize("key", ["grad_cam", "hires_cam"])
def test_no_place_speaks_for_both_of_two_outputs(
    key: str, classifier: Classifier, pictures: np.ndarray
) -> None:
    found = explain(key, classifier, pictures[:1], [1], contrast=np.array([4])).maps
    turned = explain(key, classifier, pictures[:1], [4], contrast=np.array([1])).maps
    assert found is not None and turned is not None
    assert found.any() and turned.any() and not (found * turned).any()


@pytest.mark.parametrize("key", ON_CONVOLUTIONS)
def test_a_batch_equals_its_single_pictures_and_repeats(
    key: str, classifier: Classifier, pictures: np.ndarray
) -> None:
    outputs = np.array([0, 1, 2, 3, 4, 0])
    together = explain(key, classifier, pictures, outputs, random_state=3).values
    alone = explain(key, classifier, pictures[4:5], outputs[4:5], random_state=3).values
    np.testing.assert_allclose(together[4:5], alone, atol=1e-5 * np.abs(alone).max())
    again = explain(key, classifier, pictures[4:5], outputs[4:5], random_state=3).values
    np.testing.assert_array_equal(alone, again)


@pytest.mark.parametrize(
    ("key", "more"), [("smooth_grad", {}), ("lime", {}), ("occlusion", {"fill": "noise"})]
)
def test_another_random_state_gives_another_result(
    key: str, more: dict[str, object], classifier: Classifier, pictures: np.ndarray
) -> None:
    found = [
        explain(key, classifier, pictures[:1], [1], random_state=state, **more).values
        for state in (0, 1)
    ]
    assert np.abs(found[0] - found[1]).max() > 1e-4


# --- how they work -----------------------------------------------------------------------------


class _Counted(nn.Module):
    """Notes how many pictures each pass is of."""

    def __init__(self, module: nn.Module, batches: list[int]) -> None:
        super().__init__()
        self.inner = module
        self.note = batches.append

    def forward(self, values: Tensor) -> Tensor:
        self.note(len(values))
        return self.inner(values)


@pytest.mark.parametrize("key", ON_CONVOLUTIONS)
def test_no_pass_is_of_more_pictures_than_memory_is_meant_for(
    key: str, pictures: np.ndarray
) -> None:
    batches: list[int] = []
    one = classify(_Counted(small_net(), batches), SIDE)
    layer = {"layer": "inner.4"} if key in AT_LAYER else {}
    explain(key, one, pictures, [0, 1, 2, 3, 4, 0], **layer)
    assert 1 <= max(batches) <= BATCH


@pytest.mark.parametrize("key", ON_CONVOLUTIONS)
def test_progress_rises_to_the_total(
    key: str, classifier: Classifier, pictures: np.ndarray
) -> None:
    told: list[tuple[int, int]] = []
    explain(
        key,
        classifier,
        pictures[:5],
        [0, 1, 2, 3, 4],
        progress=lambda done, total: told.append((done, total)),
    )
    done = [each for each, _ in told]
    assert all(before < after for before, after in pairwise(done))
    assert told[-1][0] == told[-1][1] and len(told) >= (5 if key in LONG else 2)
    assert all(each <= total for each, total in told)


@pytest.mark.parametrize("key", ON_CONVOLUTIONS)
def test_what_is_cancelled_stops_soon(key: str, pictures: np.ndarray) -> None:
    batches: list[int] = []
    one = classify(_Counted(small_net(), batches), SIDE)
    layer = {"layer": "inner.4"} if key in AT_LAYER else {}
    with pytest.raises(Cancelled):
        explain(key, one, pictures, [0] * 6, cancelled=lambda: len(batches) >= 2, **layer)
    assert len(batches) <= 4


def test_a_sweep_can_be_cancelled(classifier: Classifier, pictures: np.ndarray) -> None:
    stop = False
    steps = occlude(classifier, pictures[0], 1, patch=2, stride=1, cancelled=lambda: stop)
    assert next(steps).done == BATCH
    stop = True
    with pytest.raises(Cancelled):
        next(steps)


@pytest.mark.parametrize("key", ON_CONVOLUTIONS)
def test_the_model_is_left_as_it_was(key: str, pictures: np.ndarray) -> None:
    module = small_net()
    for parameter in module.parameters():
        parameter.requires_grad_()  # as in a model that is being trained
    one = classify(module, SIDE)
    parts, before = list(module.modules()), copy.deepcopy(module.state_dict())

    def look() -> None:
        assert all(a is b for a, b in zip(module.modules(), parts, strict=True))
        for part in parts:
            hooks = (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks)
            assert not any(hooks)
        assert [part.inplace for part in parts if isinstance(part, nn.ReLU)] == [True, True]
        assert all(p.requires_grad and p.grad is None for p in module.parameters())
        assert all(torch.equal(before[name], now) for name, now in module.state_dict().items())

    explain(key, one, pictures[:2], [0, 1])
    look()
    calls = iter(range(100))
    with pytest.raises(Cancelled):
        explain(key, one, pictures, [0] * 6, cancelled=lambda: next(calls) > 0)
    look()


# --- what cannot be explained --------------------------------------------------------------------


class _Dense(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, 5))


@pytest.mark.parametrize(
    ("key", "build", "reason"),
    [
        ("deconvolution", lambda: small_net(nn.SiLU), "small has no ReLU"),
        ("guided_backpropagation", lambda: small_net(nn.SiLU), "small has no ReLU"),
        ("guided_backpropagation", lambda: small_net(nn.SiLU), "no ReLU, but silu; guided"),
        ("guided_backpropagation", lambda: small_net(nn.Tanh), "small has no ReLU; guided"),
        ("deconvolution", lambda: nn.Sequential(nn.GELU(), *small_net()), "has gelu beside ReLU"),
        ("guided_grad_cam", lambda: small_net(nn.SiLU), "small has no ReLU"),
        ("guided_grad_cam", _Dense, "the model has no feature maps"),
        (
            "lrp",
            lambda: small_net(nn.LogSigmoid),
            "small calls log_sigmoid, which LRP has no rule for",
        ),
        *[(key, _Dense, "the model has no feature maps") for key in AT_LAYER],
    ],
)
def test_a_model_that_a_method_is_not_made_for_is_refused_with_a_reason(
    key: str, build: Callable[[], nn.Module], reason: str, pictures: np.ndarray
) -> None:
    one = classify(build().requires_grad_(False), SIDE)
    assert reason in list_unsupported(one)[key]
    with pytest.raises(InputError, match=reason):
        explain(key, one, pictures, [0] * 6)


def test_methods_suit_the_models_of_the_registry() -> None:
    slim = classify(vgg16_slim(5), 64)
    assert set(list_unsupported(slim)) == {"attention_rollout"}
    assert set(list_unsupported(load_model("efficientnet_lite0"))) == {"attention_rollout"}

    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(3, 4, 3)
            self.head = nn.Linear(4, 5)

        def forward(self, values: Tensor) -> Tensor:
            return self.head(functional.relu(self.inner(values)).mean(dim=(2, 3)))

    assert "deconvolution" not in list_unsupported(classify(Functional(), SIDE))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pictures": np.zeros((2, SIDE, SIDE, 3), np.float32)}, "array of uint8"),
        ({"pictures": [[1]]}, "array of uint8"),
        ({"pictures": paint(2, SIDE + 1)}, r"\(2, 13, 13, 3\); small takes \(N, 12, 12, 3\)"),
        ({"pictures": paint(2, SIDE)[..., :1]}, "small takes"),
        ({"pictures": paint(2, SIDE)[0]}, "small takes"),
        ({"pictures": paint(2, SIDE)[:0], "outputs": np.array([], int)}, "at least one picture"),
        ({"outputs": np.array([0])}, "one for each of 2 pictures"),
        ({"outputs": np.array([0.0, 1.0])}, "whole numbers"),
        ({"outputs": np.array([0, 5])}, "outputs from 0 to 4"),
        ({"outputs": np.array([-1, 0])}, "outputs from 0 to 4"),
        ({"contrast": np.array([1])}, "contrast must be"),
        ({"contrast": np.array([1, 7])}, "contrast: small has outputs"),
        ({"contrast": np.array([3, 1])}, "held against itself"),
        ({"random_state": -1}, "random_state is -1"),
        ({"random_state": 1.5}, "whole number"),
        ({"patch": 0}, "patch is 0; use a whole number from 1 to 256"),
        ({"patch": 2.0}, "patch is 2.0; use a whole number"),
        ({"patch": True}, "patch is True"),
        ({"patch": 13}, "choose a smaller patch"),
        ({"patch": 3, "stride": 4}, "leaves gaps"),
        ({"fill": "white"}, "use mean, black, blur, noise"),
        ({"fill": None}, "use mean, black, blur, noise"),
        ({"sigma": 1}, "unknown option 'sigma'; there are: patch, stride, fill"),
    ],
)
def test_wrong_input_is_one_clear_line(
    change: dict[str, object], message: str, classifier: Classifier
) -> None:
    asked: dict[str, object] = {"pictures": paint(2, SIDE), "outputs": np.array([0, 1])}
    asked |= {"patch": 4, "stride": 4} | change
    with pytest.raises(InputError, match=message) as raised:
        attribute("occlusion", classifier, **asked)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)


def test_numbers_are_checked_too(classifier: Classifier, pictures: np.ndarray) -> None:
    for noise in (float("nan"), float("inf"), 0.6, "0.1"):
        with pytest.raises(InputError, match=r"noise is .* use a number from 0\.01 to 0\.5"):
            explain("smooth_grad", classifier, pictures[:1], [0], noise=noise)
    with pytest.raises(InputError, match="unknown method 'magic'; there are saliency"):
        find_method("magic")
    many = classify(nn.Sequential(nn.Flatten(), nn.Linear(3 * 80 * 80, 5)), 80)
    with pytest.raises(InputError, match="make 6241 patches, more than 4096"):
        occlude(many, paint(1, 80)[0], 0, patch=2, stride=1)


# --- the real model ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def objects() -> tuple[Classifier, np.ndarray, np.ndarray]:
    """The trained model with pictures that it knows, and their classes."""
    weights = ROOT / "weights" / "rendered" / "vgg16_slim.safetensors"
    classifier = load_model("vgg16_slim", weights)
    dataset = open_dataset("objects", random_state=0)
    drawn = list(draw(dataset, 3, split="val", random_state=0, inputs=take(224)))
    labels = np.array([source.label for source, _ in drawn])
    outputs = classifier.outputs_of(dataset.categories)[labels]
    return classifier, np.stack([sample.picture for _, sample in drawn]), outputs


@pytest.mark.slow
def test_relevance_is_conserved_on_trained_weights(
    objects: tuple[Classifier, np.ndarray, np.ndarray],
) -> None:
    classifier, pictures, outputs = objects
    contrast = (outputs + 1) % len(classifier.categories)
    for more in ({}, {"contrast": contrast}):
        found = attribute("lrp", classifier, pictures, outputs, **more)
        assert found.total is not None
        np.testing.assert_allclose(found.values.sum(axis=(1, 2)), found.total, rtol=0.01)


@pytest.mark.slow
def test_integrated_gradients_are_complete_on_trained_weights(
    objects: tuple[Classifier, np.ndarray, np.ndarray],
) -> None:
    classifier, pictures, outputs = objects
    found = attribute("integrated_gradients", classifier, pictures, outputs)
    assert found.total is not None
    np.testing.assert_allclose(found.values.sum(axis=(1, 2)), found.total, rtol=0.01)
