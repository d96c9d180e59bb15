"""The value of one unit of a network, as a number that can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from torch import Tensor
from torch.nn import functional

from layerscope.errors import InputError
from layerscope.explanation.guided import RectifierRule
from layerscope.features.unit import Unit
from layerscope.models.layer_table import find_node, tapped
from layerscope.models.layers import PROBABILITIES
from layerscope.models.registry import Classifier

Picked = TypeVar("Picked")


def measure_unit(classifier: Classifier, unit: Unit, pixels: Tensor) -> Tensor:
    """The activation of a unit for a picture.

    Nothing behind the unit's layer is computed. Of a module that is called several times the first
    call counts.

    Parameters
    ----------
    classifier : Classifier
        Left as it is; not to be used by another thread meanwhile.
    unit : Unit
    pixels : Tensor of float32, (1, C, H, W)
        In [0, 1], on the model's device.

    Returns
    -------
    Tensor of float32, ()
        A neuron's activation, the mean of a channel's, or a class's logit: not its probability, which
        also rises where the other classes fall (Simonyan, Vedaldi and Zisserman 2014).

    Raises
    ------
    InputError
        Where the model has no such unit.
    """
    return _at_layer(classifier, unit, pixels, lambda output: _choose(unit, output))


def measure_before(classifier: Classifier, unit: Unit, pixels: Tensor) -> Tensor | None:
    """The activation of a rectified unit before its ReLU: the same channel of the convolution before.

    The gradient of a unit whose ReLU gives zero is zero too, and shows no way out; here there is one.
    Where a pool follows the ReLU, so it does here.

    Returns
    -------
    Tensor of float32, ()
        None for a unit of a layer that is not rectified.
    """
    rule = _LastInput()

    def pick(output: Tensor) -> Tensor | None:
        entering = rule.entering
        if entering is None or entering.shape[:2] != output.shape[:2] or (output < 0).any():
            return None
        if output.ndim == 4:
            entering = functional.adaptive_max_pool2d(entering, output.shape[2:])
        return _choose(unit, entering)

    with rule:
        return _at_layer(classifier, unit, pixels, pick)


def measure_response(classifier: Classifier, unit: Unit, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """A unit's value, and the largest of its channel anywhere on the map, from one forward pass.

    Returns
    -------
    tuple of Tensor of float32, ()
        As `measure_unit`, and as `layerscope.activations.top_samples.find_maxima` finds it; equal
        without a map.
    """
    return _at_layer(
        classifier,
        unit,
        pixels,
        lambda output: (_choose(unit, output), _channel_of(unit, output).amax()),
    )


class _Reached(Exception):
    """The layer has been computed: the rest need not be."""


class _LastInput(RectifierRule):
    """Keeps what the last rectifier was given; a copy, because it may work in place."""

    entering: Tensor | None = None

    def rectify(
        self, func: Callable[..., Tensor], values: Tensor, *rest: Any, **named: Any
    ) -> Tensor:
        self.entering = values.clone()
        return func(values, *rest, **named)


def _at_layer(
    classifier: Classifier, unit: Unit, pixels: Tensor, pick: Callable[[Tensor], Picked]
) -> Picked:
    inputs = classifier.normalize(pixels)
    if unit.layer == PROBABILITIES:
        return pick(classifier.module(inputs))
    node = find_node(classifier, unit.layer)
    found: list[Picked] = []

    def receive(_key: str, output: Tensor) -> None:
        found.append(pick(output))  # at once: an in-place ReLU may be next
        raise _Reached

    with suppress(_Reached), tapped(classifier.module, [node], receive):
        classifier.module(inputs)
    if not found:
        raise InputError(f"{classifier.name} does not use its layer {unit.layer!r}; choose another")
    return found[0]


def _channel_of(unit: Unit, output: Tensor) -> Tensor:
    """The unit's channel in its layer's output, (1, C, H, W) or (1, C)."""
    if not isinstance(output, Tensor) or output.ndim not in {2, 4}:
        raise InputError(f"layer {unit.layer!r} gives no channels; choose another")
    if not 0 <= unit.channel < output.shape[1]:
        raise InputError(f"layer {unit.layer!r} has {output.shape[1]} channels, no {unit.channel}")
    return output[0, unit.channel]


def _choose(unit: Unit, output: Tensor) -> Tensor:
    """The unit's value in its layer's output."""
    values = _channel_of(unit, output)
    if unit.position is None:
        return values.mean()
    if values.ndim == 0 or not all(
        0 <= i < side for i, side in zip(unit.position, values.shape, strict=True)
    ):
        raise InputError(f"layer {unit.layer!r} has no neuron at {unit.position}")
    return values[unit.position] + 0  # a copy, for the same reason as in `_at_layer`
