"""Gradient ascent on the input, against optima that are known and models that are made for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform
from torch import Tensor, nn

from layerscope.datasets.categories import IMAGENETTE
from layerscope.errors import InputError
from layerscope.features.ascent import MaximizationSettings, MaximizationStep
from layerscope.features.maximization import maximize, measure_total_variation, view
from layerscope.features.unit import Unit
from layerscope.features.units import measure_unit
from layerscope.models.layer_table import trace_nodes
from layerscope.models.layers import PROBABILITIES
from layerscope.models.registry import Classifier, load_model, to_pixels
from tests.shared.inputs import take

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 12
STILL = {"jitter": 0.0, "scale": 0.0, "rotation": 0.0}
BARE = {**STILL, "total_variation": 0.0, "l2": 0.0}


def classify(*parts: nn.Module, side: int = SIDE) -> Classifier:
    """A classifier that takes pixels as they are."""
    module = nn.Sequential(*parts).eval().requires_grad_(False)
    return Classifier("small", module, take(side, mean=(0.0,) * 3, std=(1.0,) * 3), IMAGENETTE[:5])


def small_net(inplace: bool = True) -> Classifier:
    torch.manual_seed(0)
    return classify(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(inplace),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(inplace),
        nn.Flatten(),
        nn.Linear(8 * 6 * 6, 5),
    )


def brightness_net(*, biases: tuple[float, ...], gain: float = 4.0) -> Classifier:
    """Channels that see the sum of a pixel's colours, from 0 to 3 times the gain, plus a bias."""
    layer = nn.Conv2d(3, len(biases), 1)
    layer.weight.data.fill_(gain)
    layer.bias = nn.Parameter(torch.tensor(biases))
    return classify(layer, nn.ReLU(inplace=True), nn.MaxPool2d(2))


def finish(steps: Iterator[MaximizationStep]) -> MaximizationStep:
    *_, last = steps
    return last


# --- optima that are known -------------------------------------------------------------------


@pytest.fixture(scope="module")
def linear() -> Classifier:
    torch.manual_seed(1)
    return classify(nn.Flatten(), nn.Linear(3 * SIDE**2, 5))


def weights_of(classifier: Classifier, output: int) -> np.ndarray:
    """Of the linear model, as a picture (S, S, 3)."""
    weight = classifier.module.get_submodule("1").weight[output]
    return weight.view(3, SIDE, SIDE).permute(1, 2, 0).numpy()


def test_a_linear_model_wants_black_and_white_by_the_sign_of_its_weights(
    linear: Classifier,
) -> None:
    # Within [0, 1] the largest w . x is the sum of the positive weights, plus the bias.
    weights = weights_of(linear, 2)
    ascent = MaximizationSettings(n_steps=400, learning_rate=0.3, **BARE)
    last = finish(maximize(linear, Unit(PROBABILITIES, 2), ascent))
    bias = float(linear.module.get_submodule("1").bias[2])
    best, worst = (weights.clip(min=0).sum() + bias, weights.clip(max=0).sum() + bias)
    assert (last.objective - worst) / (best - worst) > 0.96
    clear = np.abs(weights) > 0.2 * np.abs(weights).max()
    assert last.picture is not None
    assert ((last.picture > 127) == (weights > 0))[clear].mean() > 0.95


def test_with_an_l2_term_it_is_the_weights_themselves(linear: Classifier) -> None:
    # The gradient is scaled to a root mean square of 1: w / rms = 2 l2 (x - 1/2) at the optimum.
    weights = weights_of(linear, 0)
    ascent = MaximizationSettings(n_steps=600, learning_rate=0.1, **{**BARE, "l2": 4.0})
    picture = finish(maximize(linear, Unit(PROBABILITIES, 0), ascent)).picture
    assert picture is not None
    expected = 0.5 + weights / np.sqrt((weights**2).mean()) / 8
    assert np.corrcoef(picture.ravel(), expected.ravel())[0, 1] > 0.999
    np.testing.assert_allclose(picture / 255, expected, atol=0.03)


def test_total_variation_makes_it_smoother_and_keeps_it_on_the_way(linear: Classifier) -> None:
    def seek(weight: float) -> MaximizationStep:
        ascent = MaximizationSettings(n_steps=150, **{**BARE, "total_variation": weight})
        return finish(maximize(linear, Unit(PROBABILITIES, 1), ascent))

    rough, smooth, flat = (seek(weight) for weight in (0.0, 0.3, 30.0))
    assert rough.total_variation > 1.5 * smooth.total_variation > 15 * flat.total_variation
    assert rough.objective > smooth.objective > flat.objective


def test_a_plain_colour_is_found_as_one() -> None:
    # What is worst for Fourier coefficients: every pixel the same, to the corners.
    layer = nn.Conv2d(3, 2, 3, padding=1, bias=False)
    layer.weight.data.fill_(-0.1)
    layer.weight.data[:, 2] = 0.2
    classifier = classify(layer, side=32)
    picture = finish(maximize(classifier, Unit("0", 0), MaximizationSettings())).picture
    assert picture is not None
    red, green, blue = (picture[:, :, i].astype(int) for i in range(3))
    assert (blue - np.maximum(red, green) > 40).all()


# --- what is measured ------------------------------------------------------------------------


def test_total_variation_by_hand() -> None:
    pixels = torch.tensor([[0.0, 1.0], [0.5, 0.25]]).expand(1, 3, 2, 2)
    # Across 1 and 0.25, down 0.5 and 0.75, in four values.
    assert float(measure_total_variation(pixels)) == pytest.approx(2.5 / 4)
    assert float(measure_total_variation(torch.full((1, 3, 5, 5), 0.7))) == 0


def test_figures_of_a_step_are_those_of_its_picture() -> None:
    classifier, unit = small_net(), Unit("3", 4)
    for step in maximize(classifier, unit, MaximizationSettings(n_steps=9, **STILL), every=1):
        assert step.picture is not None
        pixels = to_pixels(step.picture[None])
        output = classifier.module[:4](pixels)[0, 4].mean()
        assert step.objective == pytest.approx(float(output), abs=0.005)
        assert step.total_variation == pytest.approx(
            float(measure_total_variation(pixels)), abs=0.005
        )


@pytest.mark.parametrize(
    "unit",
    [Unit("0", 2), Unit("1", 2), Unit("3", 5, (2, 4)), Unit("4", 1), Unit("6", 3)],
    ids=str,
)
def test_every_kind_of_unit_likes_its_picture_more_than_any_noise(unit: Unit) -> None:
    classifier = small_net()
    steps = list(
        maximize(classifier, unit, MaximizationSettings(n_steps=60, learning_rate=0.2, **BARE))
    )
    assert [step.index for step in steps] == list(range(61))
    noise = torch.rand(150, 1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    best = max(measure_unit(classifier, unit, pixels).item() for pixels in noise)
    assert steps[0].objective < best < steps[-1].objective


def test_pictures_come_every_few_steps_and_at_the_ends() -> None:
    steps = list(maximize(small_net(), Unit("0", 0), MaximizationSettings(n_steps=10), every=4))
    assert [step.index for step in steps if step.picture is not None] == [0, 4, 8, 10]
    for step in steps[::4]:
        assert step.picture is not None
        assert step.picture.shape == (SIDE, SIDE, 3) and step.picture.dtype == np.uint8


def test_it_repeats_for_a_seed_and_differs_for_another() -> None:
    def seek(seed: int) -> np.ndarray:
        ascent = MaximizationSettings(n_steps=12, random_state=seed)
        picture = finish(maximize(small_net(), Unit("3", 0), ascent)).picture
        assert picture is not None
        return picture

    np.testing.assert_array_equal(seek(0), seek(0))
    assert not np.array_equal(seek(0), seek(1))


def test_it_starts_from_a_picture() -> None:
    start = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    first, second = islice(
        maximize(small_net(), Unit("3", 0), MaximizationSettings(n_steps=5), start=start, every=1),
        2,
    )
    assert first.picture is not None and second.picture is not None
    assert np.abs(first.picture.astype(int) - start).max() <= 2
    assert not np.array_equal(first.picture, second.picture)
    with pytest.raises(ValueError, match="takes 12 x 12"):
        next(maximize(small_net(), Unit("3", 0), start=start[:-1]))


# --- views -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shift", "scale", "rotation"),
    [
        ((0, 0), 1.0, 0.0),
        ((2, -3), 1.0, 0.0),
        ((0.5, 1.25), 1.0, 0.0),
        ((0, 0), 1.3, 0.0),
        ((0, 0), 0.8, 0.0),
        ((0, 0), 1.0, 30.0),
        ((1, -2), 1.1, -12.0),
    ],
)
def test_a_view_is_what_scipy_makes_of_it(
    shift: tuple[float, float], scale: float, rotation: float
) -> None:
    picture = np.random.default_rng(0).random((3, 16, 16))
    found = view(torch.from_numpy(picture)[None], shift, scale, rotation)[0].numpy()
    angle = np.deg2rad(rotation)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    middle = np.full(2, 7.5)
    offset = middle + shift - matrix @ middle
    for plane, expected in zip(found, picture, strict=True):
        reference = affine_transform(expected, matrix, offset, order=1, mode="reflect")
        np.testing.assert_allclose(plane, reference, atol=1e-6)


def test_views_let_the_gradient_through() -> None:
    pixels = torch.rand(
        1, 3, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: view(x, (1.3, -0.6), 1.1, 7.0), (pixels,))
    (gradient,) = torch.autograd.grad(
        view(pixels, (1.3, -0.6), 1.1, 7.0)[..., 2:4, 2:4].sum(), pixels
    )
    assert float(gradient.sum()) == pytest.approx(12)  # the weights of each value sum to 1


def test_what_is_liked_in_one_exact_place_fades_under_views() -> None:
    # A chequerboard of single pixels and a wide bar, which the unit likes equally: of a root mean
    # square of 1, each has 1 / sqrt(2), and an eighth of that is what the L2 term leaves.
    board = torch.from_numpy(np.indices((SIDE, SIDE)).sum(axis=0) % 2 * 2.0 - 1)
    bar = torch.where(torch.arange(SIDE) < SIDE // 2, 1.0, -1.0).expand(SIDE, SIDE)
    module = nn.Conv2d(3, 2, SIDE, bias=False)
    module.weight.data[0] = (board + bar) / 100
    module.weight.data[1] = 0
    classifier = classify(module, nn.Flatten())

    def seek(**views: float) -> tuple[float, float]:
        ascent = MaximizationSettings(
            n_steps=400, learning_rate=0.1, **{**BARE, "l2": 4.0, **views}
        )
        picture = finish(maximize(classifier, Unit("0", 0), ascent)).picture
        assert picture is not None
        grey = picture.mean(axis=2) / 255 - 0.5
        return float((grey * board.numpy()).mean()), float((grey * bar.numpy()).mean())

    assert seek() == pytest.approx((1 / np.sqrt(128), 1 / np.sqrt(128)), abs=0.01)
    fine, coarse = seek(jitter=2.0)
    assert coarse > 0.05 and abs(fine) < 0.1 * coarse


# --- units that give nothing -----------------------------------------------------------------


@pytest.mark.parametrize("layer", ["1", "2"])
@pytest.mark.parametrize("position", [None, (3, 2)])
def test_a_silent_unit_is_woken_by_what_comes_before_its_relu(
    layer: str, position: tuple[int, int] | None
) -> None:
    # On grey it gives 6 - 8, on white 12 - 8.
    classifier = brightness_net(biases=(0.0, -8.0))
    ascent = MaximizationSettings(n_steps=80, learning_rate=0.2, l2=0.0, total_variation=0.0)
    steps = list(maximize(classifier, Unit(layer, 1, position), ascent))
    states = [step.state for step in steps]
    woken = states.index("active")
    assert woken > 0 and set(states[:woken]) == {"silent"} and "dead" not in states
    assert all(step.objective == 0 for step in steps[:woken])
    assert steps[-1].objective > 2


def test_a_unit_that_no_picture_wakes_is_given_up() -> None:
    classifier = brightness_net(biases=(0.0, -13.0))  # on white, 12 - 13
    steps = list(
        maximize(classifier, Unit("1", 1), MaximizationSettings(n_steps=1000, learning_rate=0.2))
    )
    assert len(steps) == 49 and steps[-1].state == "dead" and steps[-1].picture is not None
    assert {step.state for step in steps[:-1]} == {"silent"}
    assert steps[-1].picture.mean() > 200  # it did try


def test_a_unit_without_weights_is_given_up_at_once() -> None:
    classifier = brightness_net(biases=(0.0, -1.0), gain=0.0)
    (only,) = maximize(classifier, Unit("1", 1), MaximizationSettings(n_steps=1000))
    assert only.state == "dead" and only.picture is not None and only.objective == 0


def test_what_is_not_rectified_has_nothing_before() -> None:
    # The channel of zeros is not the channel of the ReLU before it, though that has as many.
    first, second = nn.Conv2d(3, 2, 1), nn.Conv2d(2, 2, 1, bias=False)
    second.weight.data[0], second.weight.data[1] = 0, -1
    first.bias = nn.Parameter(torch.ones(2))
    classifier = classify(first, nn.ReLU(), second)
    (only,) = maximize(classifier, Unit("2", 0), MaximizationSettings(n_steps=1000))
    assert only.state == "dead"


def test_a_unit_at_its_upper_limit_is_not_dead() -> None:
    layer = nn.Conv2d(3, 1, 1)
    layer.weight.data.fill_(100)
    classifier = classify(layer, nn.ReLU6())
    steps = list(maximize(classifier, Unit("1", 0), MaximizationSettings(n_steps=5)))
    assert [step.objective for step in steps] == pytest.approx([6] * 6)
    assert {step.state for step in steps} == {"active"}
    assert all(np.isfinite(step.total_variation) for step in steps)


# --- the model is left alone -----------------------------------------------------------------


def hooks_of(classifier: Classifier) -> int:
    return sum(
        len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks)
        for part in classifier.module.modules()
    )


def test_the_model_is_as_before_between_any_two_steps() -> None:
    classifier = small_net()
    classifier.module.requires_grad_(True)
    before = {key: value.clone() for key, value in classifier.module.state_dict().items()}
    with torch.no_grad():  # the caller's mode neither disturbs nor is disturbed
        for _ in maximize(classifier, Unit("4", 1), MaximizationSettings(n_steps=4)):
            assert hooks_of(classifier) == 0 and not torch.is_grad_enabled()
    for key, parameter in classifier.module.named_parameters():
        assert parameter.grad is None and parameter.requires_grad
        assert torch.equal(parameter, before[key])


class _Counter(nn.Module):
    """Passes values on, and counts how often; once it is told to, it fails."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.fails = 0, False

    def forward(self, values: Tensor) -> Tensor:
        self.calls += 1
        if self.fails:
            raise RuntimeError("told to")
        return values


def test_leaving_stops_the_work() -> None:
    counter = _Counter()
    classifier = classify(counter, nn.Conv2d(3, 2, 3), nn.ReLU())
    steps = maximize(classifier, Unit("1", 0), MaximizationSettings(n_steps=10**9))
    assert len(list(islice(steps, 7))) == 7
    steps.close()
    assert counter.calls == 1 + 7  # the first finds the nodes
    assert list(steps) == [] and hooks_of(classifier) == 0


def test_a_failure_leaves_no_hook() -> None:
    counter = _Counter()
    classifier = classify(nn.Conv2d(3, 2, 3), counter, nn.ReLU())
    steps = maximize(classifier, Unit("2", 0))
    next(steps)
    counter.fails = True
    with pytest.raises(RuntimeError, match="told to"):
        next(steps)
    assert hooks_of(classifier) == 0


def test_nothing_behind_the_layer_is_computed() -> None:
    counter = _Counter()
    classifier = classify(nn.Conv2d(3, 2, 3), nn.ReLU(inplace=True), counter)
    trace_nodes(classifier)
    counter.fails = True
    assert len(list(maximize(classifier, Unit("1", 0), MaximizationSettings(n_steps=3)))) == 4


# --- units -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "pick"),
    [
        (Unit("0", 3), lambda m, x: m[:1](x)[0, 3].mean()),  # before the in-place ReLU
        (Unit("0", 3, (4, 5)), lambda m, x: m[:1](x)[0, 3, 4, 5]),
        (Unit("1", 3, (4, 5)), lambda m, x: m[:2](x)[0, 3, 4, 5]),
        (Unit("6", 2), lambda m, x: m(x)[0, 2]),
        (Unit(PROBABILITIES, 2), lambda m, x: m(x)[0, 2]),  # the logit, not the probability
    ],
    ids=["map", "neuron", "rectified neuron", "last layer", "logit"],
)
def test_values_of_units_by_hand(unit: Unit, pick: Callable[[nn.Module, Tensor], Tensor]) -> None:
    pixels = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(5))
    found = measure_unit(small_net(), unit, pixels)
    assert float(found) == pytest.approx(float(pick(small_net(inplace=False).module, pixels)))


def test_a_neuron_sees_its_receptive_field() -> None:
    pixels = torch.rand(1, 3, SIDE, SIDE).requires_grad_()
    value = measure_unit(small_net(), Unit("0", 3, (4, 5)), pixels)
    (gradient,) = torch.autograd.grad(value, pixels)
    rows, columns = np.nonzero(gradient[0].abs().sum(dim=0).numpy())
    assert {*rows} == {3, 4, 5} and {*columns} == {4, 5, 6}


@pytest.mark.parametrize(
    "unit",
    [
        Unit("nowhere", 0),
        Unit("input", 0),
        Unit("", 0),
        Unit("0", 6),
        Unit("0", -1),
        Unit("0", 0, (SIDE, 0)),
        Unit("0", 0, (0, -1)),
        Unit("6", 0, (0, 0)),
        Unit("6", 5),
        Unit(PROBABILITIES, 5),
        Unit(PROBABILITIES, 0, (0, 0)),
    ],
    ids=str,
)
def test_units_that_are_not_there_are_refused(unit: Unit) -> None:
    classifier = small_net()
    with pytest.raises(InputError):
        next(maximize(classifier, unit))
    assert hooks_of(classifier) == 0


def test_a_layer_that_is_not_used_is_refused() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.idle = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1)

        def forward(self, values: Tensor) -> Tensor:
            return self.used(values)

    with pytest.raises(InputError, match="no node of that name"):
        next(maximize(classify(Idle()), Unit("0.idle", 0)))


@pytest.mark.slow
def test_a_class_of_a_real_model_is_recognised_in_its_picture() -> None:
    classifier = load_model("vgg16_slim", "weights/rendered/vgg16_slim.safetensors")
    output = [category.name for category in classifier.categories].index("bicycle")
    picture = finish(
        maximize(classifier, Unit(PROBABILITIES, output), MaximizationSettings(n_steps=32))
    ).picture
    assert picture is not None
    with torch.inference_mode():
        probabilities = classifier.module(classifier.normalize(to_pixels(picture[None]))).softmax(1)
    assert probabilities[0].argmax() == output and probabilities[0, output] > 0.9
