"""What tokens attend to: matrices of attention as they are computed, their maps, and attention rollout."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from layerscope.errors import InputError
from layerscope.explanation.cam_methods import enlarge
from layerscope.explanation.method import Attribution
from layerscope.explanation.task import ExplanationTask, blank
from layerscope.models.layer_table import layer_table
from layerscope.models.registry import Classifier
from layerscope.vision import torchvision

Receive = Callable[[str, Tensor], None]

_SOFTMAX = {functional.softmax, torch.softmax, Tensor.softmax}
_PRODUCTS = {
    *(torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.bmm, Tensor.bmm, torch.einsum),
}
# What attention may pass on its way from the softmax to the values: it stays what it is.
_PASSED = {
    *(functional.dropout, torch.dropout, Tensor.contiguous, Tensor.to, Tensor.type_as),
    *(Tensor.float, Tensor.half, Tensor.clone),
}
_CLASS_TOKENS = {"cls_token", "class_token", "class_embedding"}
_IN_ORDER = re.compile(r"n (?:(\d+)\+)?\(y x\) c")  # a `Layer.layout`


class _Watch(TorchFunctionMode):
    """While it is active, attention is met as it is called."""

    def __init__(self, receive: Callable[[Tensor], None]) -> None:
        super().__init__()
        self._receive = receive
        self._waiting: dict[int, Tensor] = {}  # softmaxes whose product with values is to come

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = dict(kwargs or {})
        if func is functional.scaled_dot_product_attention:
            self._receive(_weigh(*args, **named))
        elif func is functional.multi_head_attention_forward:
            self._receive(_weigh_multi_head(*args, **named))
        elif func in _PRODUCTS:
            factors = [
                each for part in args for each in (part if isinstance(part, list) else [part])
            ]
            for factor in factors:
                if id(factor) in self._waiting:
                    self._receive(self._waiting.pop(id(factor)))
        found = func(*args, **named)
        is_waiting = func in _PASSED and id(args[0]) in self._waiting
        if is_waiting or (func in _SOFTMAX and _is_of_rows(*args, **named)):
            self._waiting[id(found)] = found
        return found


def _weigh(query: Tensor, key: Tensor, value: Tensor, *rest: Any, **named: Any) -> Tensor:
    """The weights of `scaled_dot_product_attention`: with the identity as values they are its result."""
    n = key.shape[-2]
    one = torch.eye(n, dtype=value.dtype, device=value.device).expand(*key.shape[:-1], n)
    return functional.scaled_dot_product_attention(query, key, one, *rest, **named)


def _weigh_multi_head(*args: Any, **named: Any) -> Tensor:
    """The weights that `multi_head_attention_forward` can be asked for."""
    function = functional.multi_head_attention_forward
    call = inspect.signature(function).bind(*args, **named).arguments
    weights = function(**(call | {"need_weights": True, "average_attn_weights": False}))[1]
    assert weights is not None
    return weights if weights.ndim == 4 else weights[None]  # of a single picture


def _is_of_rows(values: Tensor, dim: int | None = None, *_: Any, **__: Any) -> bool:
    """Whether a softmax makes rows of a matrix sum to 1."""
    return values.ndim >= 3 and dim in {-1, values.ndim - 1}


@contextmanager
def watching(module: nn.Module, receive: Receive) -> Iterator[None]:
    """Within the context, each forward pass hands all weights of attention to `receive`.

    Attention is met as it is called: by ``scaled_dot_product_attention``, by ``nn.MultiheadAttention``,
    which then leaves its fast path, or by a softmax over rows that are multiplied with values. What the
    model gives stays as it is.

    Parameters
    ----------
    module : nn.Module
        Hooked within the context.
    receive : callable
        Gets the path of the innermost module that attends, and weights (B, heads, L, S), or (B, L, S)
        where a model multiplies them so: how much each of L tokens attends to each of S; a row sums
        to 1. B is the number of pictures, or of their windows.
    """
    inside: list[str] = []

    def enter(path: str) -> Callable[..., None]:
        return lambda *_: inside.append(path)

    def leave(*_: Any) -> None:
        inside.pop()

    handles = []
    for path, part in module.named_modules():
        handles.append(part.register_forward_pre_hook(enter(path), prepend=True))
        handles.append(part.register_forward_hook(leave, always_call=True))
    try:
        with _Watch(lambda weights: receive(inside[-1] if inside else "", weights)):
            yield
    finally:
        for handle in handles:
            handle.remove()


# --- tokens --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tokens:
    """What the tokens of a model stand for.

    Attributes
    ----------
    n_before : int
        Class token, registers and others that are no place, before those that are.
    height, width : int
        Of the grid of places, which come row by row.
    has_class : bool
        Whether the first one is a class token.
    """

    n_before: int
    height: int
    width: int
    has_class: bool

    @property
    def total(self) -> int:
        """All tokens."""
        return self.n_before + self.height * self.width

    def rows(self, query: int | None) -> slice:
        """Which rows of a matrix say what a place attends to, by its number; or else the class token.

        Without a class token it is all places, whose mean stands for the picture.
        """
        if query is not None:
            return slice(self.n_before + query, self.n_before + query + 1)
        return slice(0, 1) if self.has_class else slice(self.n_before, None)


def find_tokens(classifier: Classifier) -> Tokens | None:
    """The tokens of a vision transformer; None for a model that has none in the order of its places.

    timm and torchvision tell; of other models the table of layers does, which takes seconds.
    """
    names = {name.rpartition(".")[2] for name, _ in classifier.module.named_parameters()}
    has_class = bool(_CLASS_TOKENS & names)
    for part in classifier.module.modules():
        before = getattr(part, "num_prefix_tokens", None)
        grid = getattr(getattr(part, "patch_embed", None), "grid_size", None)
        if isinstance(part, torchvision.models.VisionTransformer):
            before, grid = 1, (part.image_size // part.patch_size,) * 2
        if before is not None and grid is not None:
            return Tokens(int(before), int(grid[0]), int(grid[1]), has_class)
    for layer in layer_table(classifier):
        lies = _IN_ORDER.fullmatch(layer.layout)
        if lies is not None and layer.kind == "block":
            _, height, width = layer.shape
            return Tokens(int(lies[1] or 0), height, width, has_class)
    return None


def _refuse(name: str, tokens: Tokens | None, shape: torch.Size, n: int) -> str | None:
    """One line for weights that are not of all tokens on all tokens."""
    whole = "attention rollout multiplies blocks in which all places attend to all"
    if shape[0] != n:
        return f"{name} attends within windows; {whole}"
    if tokens is None or shape[-2:] != (tokens.total, tokens.total):
        return f"{name} has a block where {shape[-2]} tokens attend to {shape[-1]}; {whole}"
    return None


# --- maps ----------------------------------------------------------------------------------------


def find_attention(
    classifier: Classifier, pictures: np.ndarray, layer: str, query: int | None = None
) -> np.ndarray | None:
    """What a token attends to in a layer, by head.

    Parameters
    ----------
    classifier : Classifier
        Hooked while it works.
    pictures : ndarray of uint8, (N, S, S, 3)
    layer : str
        Path of a module; of several attentions in it, the last.
    query : int, optional
        The place that attends, counted row by row. By default the class token; in a model without, the
        mean over all places.

    Returns
    -------
    ndarray of float32, (N, heads, h, w)
        The share of attention that each place gets, which sum to 1 with those of class token and
        registers. None where the layer does not attend from all tokens to all.
    """
    found = None

    def keep(path: str, weights: Tensor) -> None:
        nonlocal found
        if f"{path}.".startswith(f"{layer}."):
            found = weights

    with torch.no_grad(), watching(classifier.module, keep):
        classifier.module(classifier.to_inputs(pictures))
    tokens = None if found is None else find_tokens(classifier)
    if found is None or tokens is None or found.ndim != 4:
        return None
    if _refuse("", tokens, found.shape, len(pictures)) is not None:
        return None
    return _lay_out(found[..., tokens.rows(query), :].mean(dim=-2), tokens)


def _lay_out(weights: Tensor, tokens: Tokens) -> np.ndarray:
    """Weights of all tokens (..., L) as maps (..., h, w)."""
    places = weights[..., tokens.n_before :].float()
    return places.reshape(*places.shape[:-1], tokens.height, tokens.width).cpu().numpy()


class Rollout:
    """Matrices of attention multiplied from block to block (Abnar and Zuidema 2020).

    Half of what a token is in a block it was before it, by the residual connection; the other half it takes
    from all tokens, by the mean over heads. So ``R <- (I + mean A) / 2 R``, from ``R = I``.

    Attributes
    ----------
    joint : Tensor or None
        (N, L, L): the share of each token of the first block in each token of the last one so far.
    """

    def __init__(self) -> None:
        self.joint: Tensor | None = None

    def add(self, weights: Tensor) -> None:
        """One block further, by weights (N, heads, L, L) or (N, L, L)."""
        mean = weights.float().mean(dim=1) if weights.ndim == 4 else weights.float()
        kept = torch.eye(mean.shape[-1], device=mean.device).expand_as(mean)
        step = (mean + kept) / 2
        self.joint = step if self.joint is None else step @ self.joint


def attention_rollout(task: ExplanationTask) -> Attribution:
    """Where the class token takes its content from, through all blocks; the output does not matter."""
    tokens, rollout, n = find_tokens(task.classifier), Rollout(), len(task.pictures)

    def add(_: str, weights: Tensor) -> None:
        reason = _refuse(task.classifier.name, tokens, weights.shape, n)
        if reason is not None:
            raise InputError(reason)
        rollout.add(weights)

    with torch.no_grad(), watching(task.classifier.module, add):
        task.classifier.module(task.classifier.to_inputs(task.pictures))
    assert tokens is not None and rollout.joint is not None  # see `needs_tokens`
    maps = _lay_out(rollout.joint[:, tokens.rows(None)].mean(dim=1), tokens)
    return Attribution(enlarge(maps, task.pictures.shape[1:3]), maps=maps)


def needs_tokens(classifier: Classifier) -> str | None:
    """One line for a model that does not attend from all tokens to all, in every block."""
    shapes: list[torch.Size] = []

    def look(_: str, weights: Tensor) -> None:
        shapes.append(weights.shape)

    with torch.no_grad(), watching(classifier.module, look):
        classifier.module(blank(classifier))
    if not shapes:
        return f"{classifier.name} has no attention, which this method follows"
    in_windows = any(shape[0] != 1 for shape in shapes)
    tokens = None if in_windows else find_tokens(classifier)
    reasons = (_refuse(classifier.name, tokens, shape, 1) for shape in shapes)
    return next((reason for reason in reasons if reason is not None), None)
