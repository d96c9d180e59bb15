"""How a model's operators are found: torch.export, and torch.fx for what that cannot follow.

Both look at a copy without data (tensors on torch's ``meta`` device), so that nothing is computed and
the model itself is left alone; a convolution with a hundred million weights costs as little as any.
"""

from __future__ import annotations

import copy
import operator as operators
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils._pytree import tree_leaves

from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.models.geometry import FieldTrace

EXPORT, FX = "torch.export", "torch.fx"
_AGAIN = re.compile(r"@\d+")  # what torch.export puts behind a module that is called once more


@dataclass(frozen=True)
class Call:
    """An operator as it was called.

    Attributes
    ----------
    name : str
        Its own in the traced graph.
    operator : str
        As torch calls it.
    module : str
        Path of the innermost module.
    chain : tuple of str
        Keys of the modules that it is in, the innermost first, as `layerscope.models.nodes` has them.
    inputs : tuple of (str, tuple of int)
        Names of the calls whose outputs it takes, and these outputs' shapes, batch included.
    shape : tuple of int
        Of the output, batch included.
    parameters : tuple of str
        Paths of the learned arrays that it takes.
    multiply_adds, receptive_field, memory : int
        See `layerscope.models.graph.model_graph.Operator`.
    """

    name: str
    operator: str
    module: str
    chain: tuple[str, ...]
    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    shape: tuple[int, ...]
    parameters: tuple[str, ...]
    multiply_adds: int
    receptive_field: int
    memory: int


@dataclass(frozen=True)
class Capture:
    """All calls of a forward pass, in order.

    Attributes
    ----------
    calls : tuple of Call
        The first one is ``input``.
    output : str
        Name of the call that gives the logits.
    module : torch.nn.Module
        The copy without data that was looked at.
    traced_by : str
        ``torch.export`` or ``torch.fx``.
    """

    calls: tuple[Call, ...]
    output: str
    module: nn.Module
    traced_by: str


def capture_calls(module: nn.Module, inputs: Preprocessing, name: str) -> Capture:
    """Follow one picture through a model without computing anything.

    Parameters
    ----------
    module : torch.nn.Module
        In evaluation mode; left as it is.
    inputs : Preprocessing
        Of the pictures that it takes.
    name : str
        Of the model, for messages.

    Raises
    ------
    InputError
        In one line, where neither torch.export nor torch.fx can follow.

    Notes
    -----
    While torch traces it changes state that all threads share: let no other work with torch run.
    """
    reasons = []
    for traced_by, trace in ((EXPORT, _export), (FX, _trace_symbolically)):
        try:
            empty = copy_without_data(module)
            pixels = torch.zeros(1, *inputs.tensor_shape, device="meta")
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")  # of torch about itself
                recorder = trace(empty, pixels, FieldTrace(max(inputs.size)))
            return Capture(tuple(recorder.calls), recorder.logits, empty, traced_by)
        except Exception as error:  # a model of anyone's may fail in any way
            line = (str(error).strip().splitlines() or [""])[0]
            reasons.append(f"{traced_by}: {type(error).__name__}: {line:.120}")
    raise InputError(f"{name}: its operators cannot be traced ({'; '.join(reasons)})")


def copy_without_data(module: nn.Module) -> nn.Module:
    """A copy whose parameters and buffers have shapes but no values, on the ``meta`` device."""
    memo: dict[int, Any] = {}
    for tensor in (*module.parameters(), *module.buffers()):
        empty = torch.empty_like(tensor, device="meta")
        is_parameter = isinstance(tensor, nn.Parameter)
        memo[id(tensor)] = nn.Parameter(empty, requires_grad=False) if is_parameter else empty
    return copy.deepcopy(module, memo)


def _export(module: nn.Module, pixels: Tensor, trace: FieldTrace) -> _Recorder:
    from torch.export import export
    from torch.export.graph_signature import InputKind

    exported = export(module, (pixels,), strict=False)
    tensors = {**exported.state_dict, **exported.constants}
    arguments, parameters = [], {}
    for spec in exported.graph_signature.input_specs:
        is_input = spec.kind is InputKind.USER_INPUT
        arguments.append(pixels if is_input else tensors[str(spec.target)])
        if spec.kind is InputKind.PARAMETER:
            parameters[spec.arg.name] = str(spec.target)
    recorder = _Recorder(exported.graph_module, trace, pixels, parameters)
    with trace:
        trace.start(pixels)
        recorder.run(*arguments, enable_io_processing=False)
    return recorder


def _trace_symbolically(module: nn.Module, pixels: Tensor, trace: FieldTrace) -> _Recorder:
    graph = fx.Tracer().trace(module)
    known = {path for path, _ in module.named_parameters(remove_duplicate=False)}
    parameters = {
        node.name: str(node.target)
        for node in graph.nodes
        if node.op == "get_attr" and node.target in known
    }
    recorder = _Recorder(fx.GraphModule(module, graph), trace, pixels, parameters)
    with trace:
        trace.start(pixels)
        recorder.run(pixels)
    return recorder


@dataclass(frozen=True)
class _Origin:
    """Where a node's result comes from: a call, or else the parameters that it is made of."""

    call: str | None = None
    parameters: tuple[str, ...] = ()


class _Recorder(fx.Interpreter):
    """Runs a traced graph node by node and writes down each operator that depends on the picture."""

    def __init__(
        self,
        graph_module: fx.GraphModule,
        trace: FieldTrace,
        pixels: Tensor,
        parameters: dict[str, str],
    ) -> None:
        super().__init__(graph_module)
        self.trace, self.pixels, self.parameters = trace, pixels, parameters
        self.calls: list[Call] = []
        self.logits = ""
        self._origins: dict[str, _Origin] = {}
        self._called: Counter[str] = Counter()

    def run_node(self, n: fx.Node) -> Any:
        """Run a node, and write it down."""
        inputs = {node.name: _tensors(self.env[node]) for node in n.all_input_nodes}
        before = self.trace.multiply_adds
        result = super().run_node(n)
        cost = self.trace.multiply_adds - before
        self._origins[n.name] = self._record(n, inputs, _tensors(result), cost)
        return result

    def _record(
        self, node: fx.Node, inputs: dict[str, list[Tensor]], made: list[Tensor], cost: int
    ) -> _Origin:
        flow = {name: call for name in inputs if (call := self._origins[name].call) is not None}
        taken = [path for name in inputs for path in self._origins[name].parameters]
        if node.op == "output":
            self.logits = next(iter(flow.values()), "")
            return _Origin()
        if node.name in self.parameters:
            return _Origin(parameters=(self.parameters[node.name],))
        if any(tensor is self.pixels for tensor in made):
            self.calls.append(
                Call(node.name, "input", "", (), (), tuple(self.pixels.shape), (), 0, 1, 0)
            )
            return _Origin(node.name)
        if not made or not flow:  # of parameters alone, such as a weight that is standardised
            return _Origin(parameters=tuple(taken))
        if node.op == "call_function" and node.target is operators.getitem and len(inputs) == 1:
            return _Origin(next(iter(flow.values())))
        self.calls.append(
            Call(
                node.name,
                _name_operator(node, self.module),
                _find_module(node),
                self._find_chain(node),
                tuple((call, tuple(inputs[name][0].shape)) for name, call in flow.items()),
                tuple(made[0].shape),
                (*taken, *self._parameters_of(node)),
                cost,
                self.trace.field(made[0]),
                _measure_memory(chain.from_iterable(inputs.values()), made),
            )
        )
        return _Origin(node.name)

    def _find_chain(self, node: fx.Node) -> tuple[str, ...]:
        if node.op != "call_module":
            stack = (node.meta.get("nn_module_stack") or {}).items()
            return tuple(_name_call(at, str(path)) for at, (path, _) in reversed(stack) if path)
        path = str(node.target)
        self._called[path] += 1
        again = self._called[path]
        parents = accumulate(path.split(".")[:-1], lambda a, b: f"{a}.{b}")
        return (path if again == 1 else f"{path}#{again}", *reversed(list(parents)))

    def _parameters_of(self, node: fx.Node) -> Iterator[str]:
        """Paths of what a module that was not looked into has learned."""
        if node.op == "call_module":
            path = str(node.target)
            inner = self.module.get_submodule(path)
            yield from (f"{path}.{name}" for name, _ in inner.named_parameters())


def _tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor)]


def _measure_memory(inputs: Iterable[Tensor], made: Sequence[Tensor]) -> int:
    """Bytes of results that do not lie where an input lies."""
    old = {tensor.untyped_storage()._cdata for tensor in inputs}
    new = {tensor.untyped_storage()._cdata: tensor.untyped_storage() for tensor in made}
    return sum(storage.nbytes() for at, storage in new.items() if at not in old)


def _name_call(at: str, path: str) -> str:
    """A module in the stack of torch.export as the key of a node: ``relu@1`` is ``relu#2``."""
    again = _AGAIN.findall(at)
    return _AGAIN.sub("", path) + (f"#{int(again[-1][1:]) + 1}" if again else "")


def _find_module(node: fx.Node) -> str:
    if node.op == "call_module":
        return str(node.target)
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return _AGAIN.sub("", str(stack[-1][0])) if stack else ""


def _name_operator(node: fx.Node, module: nn.Module) -> str:
    if node.op == "call_module":
        name = type(module.get_submodule(str(node.target))).__name__
    elif isinstance(node.target, torch._ops.OpOverload):
        name = node.target._schema.name.partition("::")[2]
    else:
        name = node.target if isinstance(node.target, str) else str(node.target.__name__)
    name = name.strip("_").lower()
    if name == "hardtanh" and tuple(node.args[1:3]) == (0.0, 6.0):
        return "relu6"
    return name
