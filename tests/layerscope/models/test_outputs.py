"""What networks return, and the logits that are made of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.models.graph.capture import capture_calls
from layerscope.models.outputs import read_outputs

SHAPE = (3, 8, 8)


class Head(nn.Module):
    """A linear layer, and what is made of its output."""

    def __init__(self, finish: Callable[[Tensor], Any], n_outputs: int = 4) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(192, 6), nn.ReLU())
        self.fc, self.finish = nn.Linear(6, n_outputs), finish
        self.eval().requires_grad_(False)

    def scores(self, x: Tensor) -> Tensor:
        found: Tensor = self.fc(self.body(x))
        return found

    def forward(self, x: Tensor) -> Any:
        return self.finish(self.scores(x))


def pictures() -> Tensor:
    return torch.rand(3, *SHAPE, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    "finish",
    [
        lambda z: z,
        lambda z: (z, z * 2),
        lambda z: [z],
        lambda z: {"features": z * 3, "logits": z},
        lambda z: {"loss": z.sum(), "out": z},
        lambda z: SimpleNamespace(logits=z, hidden_states=(z * 2,)),
        lambda z: z[:, :, None, None],
    ],
)
def test_logits_are_found_in_whatever_is_returned(finish: Callable[[Tensor], Any]) -> None:
    module = Head(finish)
    assert read_outputs(module, SHAPE, "own") == (4, "")
    for each in (module, copy.deepcopy(module)):  # a copy reads as its model does
        torch.testing.assert_close(each(pictures()), module.scores(pictures()))
    assert [name for name, _ in module.named_modules()] == [
        n for n, _ in Head(finish).named_modules()
    ]


def test_a_network_of_logits_is_left_alone() -> None:
    module = Head(lambda z: z)
    read_outputs(module, SHAPE, "own")
    assert not module._forward_hooks


@pytest.mark.parametrize("finish", [lambda z: z, lambda z: z[:, 0]])
def test_one_logit_becomes_two_classes(finish: Callable[[Tensor], Any]) -> None:
    module = Head(finish, 1)
    n_outputs, note = read_outputs(module, SHAPE, "own")
    assert n_outputs == 2 and "one output is read as the logit" in note
    z = module.scores(pictures())
    torch.testing.assert_close(module(pictures()).softmax(1)[:, 1], z.sigmoid()[:, 0])
    inputs = pictures().requires_grad_()
    module.requires_grad_(True)
    logits = module(inputs)
    (slope,) = torch.autograd.grad(
        logits[:, 1].sum() - logits[:, 0].sum(), inputs, retain_graph=True
    )
    (expected,) = torch.autograd.grad(module.scores(inputs).sum(), inputs)
    torch.testing.assert_close(slope, expected)


@pytest.mark.parametrize(
    ("finish", "n_outputs", "found"),
    [
        (lambda z: z.softmax(1), 4, lambda z: z.softmax(1)),
        (lambda z: {"logits": z.softmax(1)}, 4, lambda z: z.softmax(1)),
        (lambda z: z.sigmoid(), 1, lambda z: torch.cat([1 - z.sigmoid(), z.sigmoid()], 1)),
    ],
)
def test_probabilities_are_noticed_and_given_back_by_softmax(
    finish: Callable[[Tensor], Any], n_outputs: int, found: Callable[[Tensor], Tensor]
) -> None:
    module = Head(finish, n_outputs)
    _, note = read_outputs(module, SHAPE, "own")
    assert "probabilit" in note
    expected = found(module.scores(pictures()))
    torch.testing.assert_close(module(pictures()).softmax(1), expected, rtol=1e-4, atol=1e-6)


def test_logits_that_lie_between_0_and_1_by_chance_stay_logits() -> None:
    module = Head(lambda z: z)
    with torch.no_grad():
        module.fc.weight.mul_(0.01)
        module.fc.bias.fill_(0.25)  # they even sum to 1 at an empty picture
    assert read_outputs(module, SHAPE, "own") == (4, "") and not module._forward_hooks


class Normalised(nn.Module):
    """Gives nearly the same logits for every picture."""

    def __init__(self, bias: list[float], finish: Callable[[Tensor], Tensor] = lambda z: z) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.flat, self.norm = nn.Flatten(), nn.LayerNorm(192)
        self.fc, self.finish = nn.Linear(192, len(bias)), finish
        self.eval().requires_grad_(False)
        self.fc.weight.mul_(1e-5)
        self.fc.bias.copy_(torch.tensor(bias))

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.fc(self.norm(self.flat(x))))


@pytest.mark.parametrize("bias", [[0.0], [0.4], [1.0], [0.3, 0.9], [0.5, 0.5], [0.0, 0.0, 1.0]])
def test_logits_that_no_picture_takes_out_of_0_to_1_stay_logits(bias: list[float]) -> None:
    module = Normalised(bias)
    before = copy.deepcopy(module.state_dict())
    n_outputs, note = read_outputs(module, SHAPE, "own")
    assert n_outputs == max(2, len(bias)) and "probabilit" not in note
    for key, value in module.state_dict().items():
        assert torch.equal(value, before[key])  # other weights are tried on a copy
    z = torch.tensor(bias) if len(bias) > 1 else torch.tensor([-bias[0] / 2, bias[0] / 2])
    torch.testing.assert_close(module(pictures()), z.expand(3, -1), atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    ("bias", "finish"), [([0.4], torch.sigmoid), ([0.0, 2.0], lambda z: z.softmax(1))]
)
def test_probabilities_that_no_picture_moves_are_noticed(
    bias: list[float], finish: Callable[[Tensor], Tensor]
) -> None:
    module = Normalised(bias, finish)
    expected = finish(torch.tensor([bias]))[0, -1]
    assert "probabilit" in read_outputs(module, SHAPE, "own")[1]
    found = module(pictures()).softmax(1)[:, 1]
    torch.testing.assert_close(found, expected.expand(3), atol=1e-3, rtol=0)


class TwoInputs(Head):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        return self.scores(x + y)


class OfBatch(Head):
    def forward(self, x: Tensor) -> Tensor:
        return self.scores(x - 50 * x.mean(0))


def broken() -> Head:
    module = Head(lambda z: z)
    module.body[1].weight[0, 0] = torch.nan
    return module


@pytest.mark.parametrize(
    ("module", "parts"),
    [
        (Head(lambda z: z.sum()), ("gives () for 2 pictures", "return the logits")),
        (Head(lambda z: z[:, :, None]), ("gives (2, 4, 1) for 2 pictures",)),
        (Head(lambda z: {"boxes": z}), ("returns a dict of boxes", "return the logits")),
        (Head(lambda z: "logits"), ("returns a str",)),
        (Head(lambda z: z.sigmoid()), ("do not sum to 1",)),
        (Head(lambda z: z / 0), ("not finite", "in its output")),
        (broken(), ("not finite", "first in 'body.1'")),
        (TwoInputs(lambda z: z), ("takes 2 inputs (x, y)",)),
        (OfBatch(lambda z: z), ("depends on the other pictures",)),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_one_line(
    module: nn.Module, parts: tuple[str, ...]
) -> None:
    with pytest.raises(InputError) as error:
        read_outputs(module, SHAPE, "own")
    message = str(error.value)
    assert message.startswith("own: ") and "\n" not in message
    assert all(part in message for part in parts), message
    assert not module._forward_hooks


def test_pictures_of_another_size_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"own: fails on pictures of shape \(2, 3, 9, 9\)"):
        read_outputs(Head(lambda z: z), (3, 9, 9), "own")


@pytest.mark.filterwarnings("ignore:.*quantized tensor creation functions")
def test_quantised_networks_are_refused() -> None:
    module = nn.Sequential(nn.Flatten(), torch.ao.nn.quantized.Linear(192, 4))
    with pytest.raises(InputError, match="own: 1 is quantised"):
        read_outputs(module.eval(), SHAPE, "own")


def test_the_graph_of_a_network_that_is_read_ends_in_logits() -> None:
    module = Head(lambda z: {"logits": z}, 1)
    read_outputs(module, SHAPE, "own")
    inputs = Preprocessing((8, 8), (8, 8), (0.5,) * 3, (0.5,) * 3)
    assert capture_calls(module, inputs, "own").calls[-1].shape[0] == 1
