"""Every method on small networks of every kind: it works, or says in one line why it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.errors import InputError
from layerscope.explanation.cam import NO_MAPS
from layerscope.explanation.methods import METHODS
from layerscope.explanation.registry import attribute, list_unsupported
from layerscope.models.registry import Classifier
from layerscope.vision import torchvision
from tests.layerscope.explanation.test_guided import classify, paint
from tests.layerscope.explanation.test_relevance import settle

# isort: split
import timm

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 64
QUICK: dict[str, dict[str, object]] = {
    "smooth_grad": {"n_samples": 3},
    "integrated_gradients": {"n_steps": 64},
    "occlusion": {"patch": 32, "stride": 32},
    "lime": {"n_samples": 20, "n_segments": 6},
}
CAMS = {key for key, method in METHODS.items() if method.at_layer}
RECTIFIED = {"guided_backpropagation", "deconvolution", "guided_grad_cam"}


class _Functions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner, self.other = nn.Conv2d(3, 6, 3, stride=4), nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, 5)

    def forward(self, values: Tensor) -> Tensor:
        found = functional.relu(self.inner(values))
        more = self.other(found)
        more += found
        more = functional.relu(more, inplace=True)
        return self.head(functional.adaptive_avg_pool2d(more, 1).flatten(1))


def _timm(name: str, **options: object) -> Callable[[], nn.Module]:
    return lambda: timm.create_model(name, pretrained=False, num_classes=5, **options)


def _perceptron() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE**2, 8), nn.ReLU(), nn.Linear(8, 5))


# With each, what does not work on it, but for rollout, which its own tests are about.
NETWORKS: dict[str, tuple[Callable[[], nn.Module], set[str]]] = {
    "resnet18": (lambda: torchvision.models.resnet18(weights=None, num_classes=5), set()),
    "functions": (_Functions, set()),
    "convnext": (_timm("convnext_atto"), RECTIFIED),
    "vit": (_timm("vit_tiny_patch16_224", img_size=SIDE, depth=3), RECTIFIED),
    "swin": (
        _timm("swin_tiny_patch4_window7_224", img_size=SIDE, window_size=2, depths=(1, 1, 1, 1)),
        RECTIFIED,
    ),
    "mixer": (_timm("mixer_s32_224", img_size=SIDE), RECTIFIED),
    "mobilenet": (_timm("mobilenetv3_small_050"), RECTIFIED),
    "perceptron": (_perceptron, CAMS),
}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request: pytest.FixtureRequest) -> Iterator[tuple[Classifier, set[str]]]:
    torch.manual_seed(0)
    build, unsupported = NETWORKS[request.param]
    yield settle(build(), SIDE), unsupported


def test_what_does_not_work_is_refused_in_one_line_and_the_same_words(
    network: tuple[Classifier, set[str]],
) -> None:
    classifier, unsupported = network
    reasons = list_unsupported(classifier)
    reasons.pop("attention_rollout", None)
    assert set(reasons) == unsupported
    for key, reason in reasons.items():
        with pytest.raises(InputError) as raised:
            attribute(key, classifier, paint(1, SIDE), np.array([0]), **QUICK.get(key, {}))
        assert str(raised.value) == reason and "\n" not in reason
        assert reason == NO_MAPS or "made for ReLU alone" in reason


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, marks=pytest.mark.slow if key == "score_cam" else ())
        for key in sorted(set(METHODS) - {"attention_rollout"})
    ],
)
def test_what_works_gives_numbers(key: str, network: tuple[Classifier, set[str]]) -> None:
    classifier, unsupported = network
    if key in unsupported:
        return
    pictures, outputs = paint(2, SIDE), np.array([1, 4])
    found = attribute(key, classifier, pictures, outputs, **QUICK.get(key, {}))
    assert found.values.shape == (2, SIDE, SIDE) and np.isfinite(found.values).all()
    assert METHODS[key].signed or (found.values >= 0).all()
    if key not in CAMS:  # a map may be nothing but 0: no channel speaks for the output
        assert (found.values != 0).any(axis=(1, 2)).all()
    if found.total is not None:
        largest = np.abs(found.values).sum(axis=(1, 2))
        assert (np.abs(found.values.sum(axis=(1, 2)) - found.total) < 0.02 * largest).all()


def test_gradients_are_finite_differences(network: tuple[Classifier, set[str]]) -> None:
    classifier, _ = network
    pictures = paint(1, SIDE)
    found = attribute("saliency", classifier, pictures, np.array([2])).channels
    assert found is not None
    exact = classifier.module.double()
    inputs = classifier.to_inputs(pictures).double()
    steepest = np.argsort(found.ravel())[-5:]
    for place in steepest:
        y, x, channel = np.unravel_index(place, found.shape[1:])
        step = torch.zeros_like(inputs)
        step[0, channel, y, x] = 1e-5
        with torch.no_grad():
            rise = (exact(inputs + step) - exact(inputs - step))[0, 2] / 2e-5
        assert abs(rise.item()) == pytest.approx(found.ravel()[place], rel=1e-2)
    classifier.module.float()


def test_a_network_of_maps_without_a_second_place_has_none() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, SIDE), nn.ReLU(), nn.Flatten(), nn.Linear(4, 5))
    classifier = classify(module.requires_grad_(False), SIDE)
    assert {
        key for key, reason in list_unsupported(classifier).items() if reason == NO_MAPS
    } == CAMS
