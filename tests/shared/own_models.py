"""Networks as people write them themselves: one of every kind that is known to be read wrongly somewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE = 64


class _Small(nn.Module):
    """Two convolutions and a dense layer."""

    def __init__(self, n_outputs: int = 5, channels: int = 3) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(channels, 8, 5, stride=4), nn.Conv2d(8, 12, 3)
        self.relu, self.fc = nn.ReLU(inplace=True), nn.Linear(12, n_outputs)

    def features(self, x: Tensor) -> Tensor:
        return self.relu(self.conv2(functional.max_pool2d(self.relu(self.conv1(x)), 2)))

    def forward(self, x: Tensor) -> Any:
        return self.fc(self.features(x).mean((2, 3)))


class _Functions(_Small):
    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        return self.fc(torch.relu_(self.conv2(x)).mean((2, 3)))


class _Wrapped(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.backbone = inner

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.backbone(2 * x)
        return found


class _Normalise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x - 0.5) / 0.25


class _Softmax(_Small):
    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = super().forward(x).softmax(1)
        return found


class _Tuple(_Small):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(x)
        return self.fc(features.mean((2, 3))), features


class _Dict(_Small):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        features = self.features(x)
        return {"features": features, "logits": self.fc(features.mean((2, 3)))}


class Output(NamedTuple):
    """As libraries return it."""

    logits: Tensor
    hidden: Tensor


class _Named(_Small):
    def forward(self, x: Tensor) -> Output:
        features = self.features(x)
        return Output(self.fc(features.mean((2, 3))), features)


class _Backbone(_Small):
    """As libraries give a network without its head."""

    def __init__(self) -> None:
        super().__init__()
        del self.fc
        self.norm = nn.BatchNorm1d(12)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        maps = self.features(x)
        return {"last_hidden_state": maps, "pooler_output": self.norm(maps.mean((2, 3)))}


class _TwoInputs(_Small):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.fc(self.features(x + y).mean((2, 3)))


class _NaN(_Small):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc((self.features(x) - 1e9).sqrt().mean((2, 3)))


class _Block(nn.Module):
    """Gives what it was asked for, and the attention beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(24), nn.MultiheadAttention(24, 2, batch_first=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        values = self.norm(x)
        found, weights = self.attention(values, values, values)
        return x + found, weights


class _TupleBlocks(nn.Module):
    """A transformer with a class token whose blocks give tuples."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 24, 16, stride=16)
        self.token = nn.Parameter(torch.zeros(1, 1, 24))
        self.blocks = nn.ModuleList(_Block() for _ in range(3))
        self.head = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x).flatten(2).mT
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x, _ = block(x)
        return self.head(x[:, 0])


class _Perceptron(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            nn.Flatten(),
            nn.Linear(3 * SIDE * SIDE, 32),
            nn.ReLU(),
            nn.Linear(32, 16),
            nn.ReLU(),
            nn.Linear(16, 5),
        )


@dataclass(frozen=True)
class Own:
    """A way to make a network, and what ``params.yaml`` says of it."""

    make: Callable[[], nn.Module]
    facts: Mapping[str, Any] = field(default_factory=dict)


def make_small() -> nn.Module:
    return _Small()


def make_functions() -> nn.Module:
    return _Functions()


def make_wrapped() -> nn.Module:
    return _Wrapped(_Small())


def make_sequence() -> nn.Module:
    return nn.Sequential(_Normalise(), _Small())


def make_parallel() -> nn.Module:
    return nn.DataParallel(_Small())


def make_one_logit() -> nn.Module:
    return _Small(1)


def make_softmax() -> nn.Module:
    return _Softmax()


def make_tuple() -> nn.Module:
    return _Tuple()


def make_dict() -> nn.Module:
    return _Dict()


def make_named() -> nn.Module:
    return _Named()


def make_two_inputs() -> nn.Module:
    return _TwoInputs()


def make_nan() -> nn.Module:
    return _NaN()


def make_tuple_blocks() -> nn.Module:
    return _TupleBlocks()


def make_perceptron() -> nn.Module:
    return _Perceptron()


def make_backbone() -> nn.Module:
    return _Backbone()


def make_grey() -> nn.Module:
    return _Small(channels=1)


def make_half() -> nn.Module:
    return _Small().half()


_SQUARE = {"input_size": SIDE}
OWN = {
    "modules": Own(make_small, _SQUARE),
    "functions": Own(make_functions, _SQUARE),
    "wrapped": Own(make_wrapped, _SQUARE),
    "normalise first": Own(make_sequence, _SQUARE),
    "DataParallel": Own(make_parallel, _SQUARE),
    "one logit": Own(make_one_logit, _SQUARE),
    "softmax inside": Own(make_softmax, _SQUARE),
    "tuple": Own(make_tuple, _SQUARE),
    "dict": Own(make_dict, _SQUARE),
    "named tuple": Own(make_named, _SQUARE),
    "two inputs": Own(make_two_inputs, _SQUARE),
    "NaN": Own(make_nan, _SQUARE),
    "blocks of tuples": Own(make_tuple_blocks, _SQUARE),
    "perceptron": Own(make_perceptron, _SQUARE),
    "backbone": Own(make_backbone, {**_SQUARE, "classes": 0}),
    "one channel": Own(make_grey, {"input_size": SIDE, "channels": 1, "mean": [0.5], "std": [0.5]}),
    "not square": Own(make_small, {"input_size": [64, 96]}),
    "half precision": Own(make_half, _SQUARE),
}
