"""What happens in a forward pass, node by node: modules as they are called, and functions that they call.

A node is the call of a module, or of a function that rectifies, adds or pools. Its key is the module's path,
``relu#2`` for the second call, ``layer1.0~sum`` for the first sum that a module calls itself. The same watch
finds the nodes, and hands their outputs over later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

_RECTIFY = {
    "relu", "relu6", "gelu", "silu", "mish", "elu", "celu", "selu", "leaky_relu", "hardswish", "softplus",
    "prelu", "rrelu", "hardtanh", "tanh", "sigmoid", "hardsigmoid", "logsigmoid", "softsign",
}  # fmt: skip
_ADD = {"add", "iadd", "radd"}
_POOL = {
    "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "lp_pool2d",
    "max_pool2d_with_indices", "adaptive_max_pool2d_with_indices",
}  # fmt: skip
_TAKE = {"mean": "mean", "amax": "max", "max": "max", "getitem": "select", "select": "select"}
_KINDS = (
    dict.fromkeys(_RECTIFY, "relu")
    | dict.fromkeys(_ADD, "sum")
    | dict.fromkeys(_POOL, "pool")
    | _TAKE
)
TAKES = frozenset(_TAKE.values())  # nodes only where they make one vector of all places
TOKEN = "token"  # the class token of what a module gives: ``blocks.3~token``


@dataclass(frozen=True)
class Event:
    """A call that has ended.

    Attributes
    ----------
    key : str
    path : str
        Of the module that was called, or that called the function.
    kind : str
        ``relu``, ``sum``, ``pool``, or one of `TAKES`, of a function; empty for a module.
    inputs : tuple of Tensor
        Whose call depended on them, in their order.
    output : Tensor
        The first tensor of what was returned.
    """

    key: str
    path: str
    kind: str
    inputs: tuple[Tensor, ...]
    output: Tensor


Receive = Callable[[Event], None]
Enter = Callable[[str, nn.Module, tuple[Any, ...]], None]  # of a module's path, it, and its inputs


def _first_tensor(value: Any) -> Tensor | None:
    """The first tensor of what a module returns: alone, or in a tuple, list or dict."""
    return next((leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)), None)


def _tensors(values: Any) -> tuple[Tensor, ...]:
    return tuple(leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor))


class _Watch(TorchFunctionMode):
    """Counts calls of modules and functions in a pass, and tells of them."""

    def __init__(self, receive: Receive, enter: Enter | None) -> None:
        super().__init__()
        self._receive, self._enter = receive, enter
        self._stack: list[str] = []
        self._calls: Counter[str] = Counter()
        self._is_telling = False  # what a receiver calls is no part of the pass

    def _tell(self, event: Event) -> None:
        self._is_telling = True
        try:
            self._receive(event)
        finally:
            self._is_telling = False

    def begin(self, module: nn.Module, inputs: Any) -> None:
        """A pass starts."""
        self._stack.clear()
        self._calls.clear()

    def enter(self, path: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            if self._enter is not None:
                self._enter(path, module, inputs)
            self._calls[path] += 1
            again = self._calls[path]
            self._stack.append(path if again == 1 else f"{path}#{again}")

        return hook

    def leave(self, path: str) -> Callable[..., None]:
        def hook(_module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            key = self._stack.pop()
            found = _first_tensor(output)
            if found is not None:
                self._tell(Event(key, path, "", _tensors((args, kwargs)), found))

        return hook

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        kind = _KINDS.get(getattr(func, "__name__", "").strip("_"))
        if kind is not None and self._stack and not self._is_telling:
            place = self._stack[-1]
            key = f"{place}~{kind}"
            self._calls[key] += 1
            again = self._calls[key]
            found = _first_tensor(result)
            if found is not None:
                key = key if again == 1 else f"{key}#{again}"
                self._tell(Event(key, place, kind, _tensors((args, kwargs)), found))
        return result


@contextmanager
def watched(
    module: nn.Module,
    receive: Receive,
    paths: Collection[str] | None = None,
    enter: Enter | None = None,
) -> Iterator[None]:
    """Within the context, `receive` is told of the calls of each forward pass, when each has ended.

    Parameters
    ----------
    module : torch.nn.Module
    receive : callable
    paths : collection of str, optional
        Modules of interest; by default all, and the functions that they call. Hooks are removed also after
        an exception.
    enter : callable, optional
        Told of the calls of modules when they begin.
    """
    watch = _Watch(receive, enter)
    chosen = {path: each for path, each in module.named_modules() if paths is None or path in paths}
    with ExitStack() as stack:
        begin = module.register_forward_pre_hook(watch.begin, prepend=True)
        stack.callback(begin.remove)
        for path, each in chosen.items():
            entering = each.register_forward_pre_hook(watch.enter(path))
            leaving = each.register_forward_hook(watch.leave(path), with_kwargs=True)
            stack.callback(entering.remove)
            stack.callback(leaving.remove)
        if paths is None:
            stack.enter_context(watch)
        yield
