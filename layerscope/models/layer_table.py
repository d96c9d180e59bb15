"""How a model comes apart into layers: one mechanism for every model.

A node is a module that is called once in a forward pass and stands at the top of the module tree or
inside plain ``Sequential`` containers: VGG16 comes apart into its convolutions, ReLUs, pools and dense
layers, a ResNet into its residual blocks, GoogLeNet into its inception blocks. ``input`` (the pixels)
and ``probabilities`` (the softmax) are added at the ends. Dropout, flattening, and pools that leave
their input as it is are no nodes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from layerscope.errors import InputError
from layerscope.models.geometry import FieldTrace
from layerscope.models.layers import INPUT, PROBABILITIES, Layer
from layerscope.models.registry import Classifier, module_at

_TRANSPARENT = (nn.Dropout, nn.Dropout2d, nn.Identity, nn.Flatten)
_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, nn.Hardswish, nn.LeakyReLU, nn.ELU)
_CONTAINERS = (nn.Sequential, nn.ModuleList)


def _candidates(module: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    for name, child in module.named_children():
        key = f"{prefix}{name}"
        if isinstance(child, _CONTAINERS):
            yield from _candidates(child, f"{key}.")
        elif not isinstance(child, _TRANSPARENT):
            yield key, child


def _kind(module: nn.Module) -> str:
    if isinstance(module, nn.Conv2d):
        return "conv"
    if isinstance(module, nn.Linear):
        return "dense"
    if isinstance(module, nn.modules.batchnorm._BatchNorm | nn.LayerNorm | nn.GroupNorm):
        return "norm"
    if isinstance(module, _ACTIVATIONS):
        return "relu"
    if isinstance(module, _POOLS) or "pool" in type(module).__name__.lower():
        return "pool"
    return "block"


def _labels(kinds: list[str], keys: list[str]) -> list[str]:
    """``conv5_3``-style names: the block counts the pools before it, dense layers count on.

    They are customary for plain chains only; where there are blocks, a node goes by its key.
    """
    if "block" in kinds:
        return list(keys)
    block, index, dense = 1, 0, 0
    labels = []
    for kind, key in zip(kinds, keys, strict=True):
        if kind == "conv":
            index += 1
            labels.append(f"conv{block}_{index}")
        elif kind == "relu" and dense == 0 and index:
            labels.append(f"relu{block}_{index}")
        elif kind == "pool":
            labels.append(f"pool{block}")
            block, index = block + 1, 0
        elif kind == "dense":
            dense += 1
            labels.append(f"fc{block - 1 + dense}")
        elif kind == "relu" and dense:
            labels.append(f"relu{block - 1 + dense}")
        else:
            labels.append(key)
    return labels


@contextmanager
def tapped(
    module: nn.Module, keys: list[str], receive: Callable[[str, Tensor], None]
) -> Iterator[None]:
    """Within the context, each forward pass hands the output of each named module to `receive`.

    `receive` is called the moment the output exists, before an in-place ReLU behind it can overwrite
    it; what it wants to keep it must copy. Hooks are removed also after an exception.
    """
    modules = {key: module_at(module, key) for key in keys}

    def hook(key: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda _module, _inputs, output: receive(key, output)

    handles = [modules[key].register_forward_hook(hook(key)) for key in keys]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def layer_table(classifier: Classifier) -> tuple[Layer, ...]:
    """All nodes of a classifier, from input to probabilities, in the order of execution.

    Costs one forward pass of one blank picture. Multiply-adds count convolutions and matrix products;
    the receptive field follows Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
    Neural Networks", Distill 2019, taking the largest over parallel branches.
    """
    size = classifier.input_size
    modules = dict(_candidates(classifier.module))
    found: dict[str, tuple[tuple[int, ...], int, int]] = {}  # key -> shape, field, multiply-adds
    trace = FieldTrace(size)
    calls: Counter[nn.Module] = Counter()
    started: dict[nn.Module, int] = {}
    entering: dict[nn.Module, Tensor] = {}

    def before(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        calls[module] += 1
        started[module] = trace.multiply_adds
        if isinstance(module, _POOLS):
            entering[module] = inputs[0].clone()

    def receive(key: str, output: Tensor) -> None:
        module = modules[key]
        same = entering.pop(module, None)
        if same is not None and same.shape == output.shape and torch.equal(same, output):
            return
        if output.ndim not in {2, 4}:
            raise InputError(
                f"{classifier.name}: layer {key!r} gives tokens {tuple(output.shape[1:])}, no feature "
                "maps; choose a convolutional network"
            )
        cost = trace.multiply_adds - started[module]
        found[key] = (tuple(output.shape[1:]), trace.field(output), cost)

    handles = [module.register_forward_pre_hook(before) for module in modules.values()]
    pixels = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    pixels = pixels.to(classifier.device)
    try:
        with torch.no_grad(), tapped(classifier.module, list(modules), receive), trace:
            logits = classifier.module(trace.start(classifier.normalize(pixels)))
    finally:
        for handle in handles:
            handle.remove()
    keys = [key for key in found if calls[modules[key]] == 1]
    kinds = [_kind(modules[key]) for key in keys]
    inner = [
        Layer(key, kind, label, *found[key][:2], _parameters(modules[key]), found[key][2])
        for key, kind, label in zip(keys, kinds, _labels(kinds, keys), strict=True)
    ]
    first = Layer(INPUT, "input", "pixels", (3, size, size), 1, 0, 0)
    last = Layer(PROBABILITIES, "output", "softmax", (logits.shape[1],), size, 0, 0)
    return (first, *inner, last)


def _parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())
