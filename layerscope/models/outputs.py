"""From what a network returns to logits (N, K), whatever it returns.

Nothing is wrapped: a hook on the module itself changes its output, so that the paths of what is inside stay.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from layerscope.errors import InputError
from layerscope.models.nodes import Event, watched

_NAMES = ("logits", "out", "output", "outputs", "prediction", "predictions", "pred")
_FEATURES = ("image_embeds", "pooler_output", "features", "last_hidden_state")  # of a backbone
_TINY = 1e-12  # the smallest probability that has a logarithm of its own
_TRIALS = 16  # of other weights: of one logit each is negative by half a chance
_SUM = 1e-3  # by which probabilities may miss 1
_EXTREMES = (
    0.0,
    1.0,
    30.0,
    1000.0,
)  # sizes of normalised pixels: chance outputs leave [0, 1] at one of them


@dataclass(frozen=True)
class Reading:
    """How the output of a network becomes logits; the hook that does it.

    Attributes
    ----------
    pick : str or int or None
        Key, attribute or place of the logits in what is returned; None where that is a tensor.
    kind : str
        ``logits``, ``logit`` of one output, ``probabilities``, or ``probability`` of one output.
    """

    pick: str | int | None
    kind: str

    def __call__(self, _module: nn.Module, _inputs: Any, output: Any) -> Tensor:
        """Logits (N, K).

        One logit z becomes the two (-z / 2, z / 2), whose softmax is the sigmoid of z; both have a gradient.
        Probabilities become their logarithms, whose softmax they are.
        """
        found = _flatten(_pick(output, self.pick))
        if self.kind == "logits":
            return found
        if self.kind == "probabilities":
            return found.clamp(min=_TINY).log()
        if self.kind == "probability":
            found = found.clamp(_TINY, 1 - _TINY).logit()
        return torch.cat([-found / 2, found / 2], dim=1)


def read_outputs(
    module: nn.Module, shape: tuple[int, int, int], name: str, *, has_classes: bool = True
) -> tuple[int, str]:
    """Make a network give logits, and check that it does.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode. It gets a hook where its output is no tensor of logits.
    shape : tuple of int
        (C, H, W) of the pictures that it takes.
    name : str
        Of the model, for messages.
    has_classes : bool
        False for a backbone, which gives features instead: a vector, maps or tokens of a picture.

    Returns
    -------
    n_outputs : int
        K, at least 2; 0 for a backbone.
    note : str
        One line on what was made of the output; empty where that is logits.

    Raises
    ------
    InputError
        In one line, where it fails on a picture, or returns something else, or numbers that are none.
    """
    _check_modules(module, name)
    generator = torch.Generator().manual_seed(0)
    pair = torch.rand(2, *shape, generator=generator)
    output = _run(module, pair, name)
    pick = _find_logits(output, name, _NAMES if has_classes else _FEATURES + _NAMES)
    found = _flatten(_pick(output, pick))
    if found.ndim < 2 or len(found) != 2 or (has_classes and found.ndim > 2):
        wanted = "one row of classes a picture, (N, K): return the logits"
        wanted = wanted if has_classes else "the features of each picture, (N, F): return those"
        raise InputError(
            f"{name}: gives {tuple(found.shape)} for 2 pictures; Layerscope reads {wanted}"
        )
    if not found.isfinite().all():
        raise InputError(f"{name}: {_find_broken(module, pair)}; check its weights and its input")
    alone = _flatten(_pick(_run(module, pair[:1], name), pick))
    if not torch.allclose(alone, found[:1], rtol=1e-2, atol=1e-3 * float(found.abs().max())):
        raise InputError(f"{name}: its answer depends on the other pictures of a batch; mend that")
    kind = _find_kind(module, shape, found, pick, name) if has_classes else "logits"
    reading = Reading(pick, kind)
    if reading != Reading(None, "logits") or output.shape != found.shape:
        module.register_forward_hook(reading)
    return max(2, found.shape[1]) if has_classes else 0, _NOTES[kind]


_NOTES = {
    "logits": "",
    "logit": "Its one output is read as the logit of the second of two classes.",
    "probabilities": "Its outputs are probabilities already; their logarithms are taken as logits.",
    "probability": "Its one output is read as the probability of the second of two classes.",
}


def _run(module: nn.Module, pixels: Tensor, name: str) -> Any:
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    required = [
        each.name
        for each in inspect.signature(module.forward).parameters.values()
        if each.default is each.empty
        and each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}
    ]
    if len(required) > 1:
        raise InputError(
            f"{name}: takes {len(required)} inputs ({', '.join(required)}), Layerscope gives it one, a "
            "picture; name a factory that fills in the others"
        )
    try:
        with torch.no_grad():
            return module(pixels.to(device))
    except Exception as error:  # a model of anyone's may fail in any way
        line = (str(error).strip().splitlines() or [""])[0]
        raise InputError(
            f"{name}: fails on pictures of shape {tuple(pixels.shape)} ({type(error).__name__}: "
            f"{line:.150}); check `input_size` and `channels` of the model"
        ) from None


def _find_logits(output: Any, name: str, names: tuple[str, ...]) -> str | int | None:
    """Where the logits are in what a model returns, by one of some names or the first place."""
    if isinstance(output, Tensor):
        return None
    named = output.keys() if isinstance(output, Mapping) else getattr(output, "_fields", ())
    for key in names:
        if key in named or (not isinstance(output, tuple | list) and hasattr(output, key)):
            return key
    if isinstance(output, tuple | list) and output and isinstance(output[0], Tensor):
        return 0
    kind = (
        f"{type(output).__name__} of {', '.join(map(str, named))}"
        if named
        else type(output).__name__
    )
    raise InputError(f"{name}: returns a {kind}; return the logits, a tensor (N, K)")


def _pick(output: Any, pick: str | int | None) -> Tensor:
    if pick is None:
        found = output
    elif isinstance(pick, int) or isinstance(output, Mapping):
        found = output[pick]
    else:
        found = getattr(output, pick)
    assert isinstance(found, Tensor)
    return found


def _flatten(found: Tensor) -> Tensor:
    """(N,) as (N, 1), and (N, K, 1, 1) as (N, K)."""
    if found.ndim == 1:
        return found[:, None]
    return found.flatten(1) if found.ndim == 4 and found.shape[2:] == (1, 1) else found


def _find_kind(
    module: nn.Module, shape: tuple[int, int, int], first: Tensor, pick: str | int | None, name: str
) -> str:
    is_one = first.shape[1] == 1
    logits = "logit" if is_one else "logits"
    if (first < 0).any() or (first > 1).any():
        return logits
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randn(2, *shape, generator=generator)
    every = torch.cat([_flatten(_pick(_run(module, pixels * k, name), pick)) for k in _EXTREMES])
    if not ((every >= 0) & (every <= 1)).all() or _leaves(module, pixels[:1], pick, name):
        return logits
    if is_one:
        return "probability"
    if ((every.sum(1) - 1).abs() < _SUM).all():
        return "probabilities"
    raise InputError(
        f"{name}: gives {first.shape[1]} numbers from 0 to 1 that do not sum to 1, as of labels that exclude "
        "none of the others; Layerscope reads one class a picture: return logits of such"
    )


def _leaves(module: nn.Module, pixels: Tensor, pick: str | int | None, name: str) -> bool:
    """Whether other weights take the output out of [0, 1], where a sigmoid or a softmax keeps it.

    What normalises its features gives nearly the same logits whatever the picture, so that pictures alone
    do not tell.
    """
    other = copy.deepcopy(module)
    generator = torch.Generator().manual_seed(2)
    for _ in range(_TRIALS):
        for weights in other.parameters():
            drawn = torch.randn(weights.shape, generator=generator).to(weights.device)
            is_plain = (
                weights.numel() < 2 or not weights.std() > 0
            )  # ones, zeros: a head may start so
            weights.data = weights.data * drawn.sign() + (0.1 * drawn if is_plain else 0)
        found = _pick(_run(other, pixels, name), pick)
        if ((found < 0) | (found > 1)).any():
            return True
    return False


def _find_broken(module: nn.Module, pixels: Tensor) -> str:
    """Where the first number that is none comes from."""
    broken: list[str] = []

    def receive(event: Event) -> None:
        if not broken and not event.kind and not event.output.isfinite().all():
            broken.append(event.key)

    with torch.no_grad(), watched(module, receive):
        module(pixels.to(next(module.parameters()).device))
    where = f"first in {broken[0]!r}" if broken and broken[0] else "in its output"
    return f"gives numbers that are not finite, {where}"


def _check_modules(module: nn.Module, name: str) -> None:
    for path, part in module.named_modules():
        if ".quantized" in type(part).__module__ or any(
            isinstance(value, Tensor) and value.is_quantized for value in vars(part).values()
        ):
            raise InputError(
                f"{name}: {path or 'it'} is quantised, and has no gradients; name the network it was made of"
            )
