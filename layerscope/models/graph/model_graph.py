"""What a model's graph consists of: operators, the tensors between them, and nested groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from layerscope.errors import InputError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Operator:
    """One operator of a forward pass.

    Attributes
    ----------
    key : str
        Path of the module where that does nothing else (``features.0``), else with the operator behind
        it (``blocks.1.1/add``); ``input`` and ``probabilities`` at the ends.
    operator : str
        As torch calls it, for example ``conv2d``.
    kind : str
        ``input``, ``conv``, ``norm``, ``relu`` (any activation function), ``pool``, ``dense``, ``sum``
        (of two tensors), ``product`` (likewise), ``concat``, ``view`` (same numbers in another shape),
        ``other`` or ``output``.
    module : str
        Path of the innermost module that it runs in; empty for the model itself.
    module_type : str
        That module as torch prints it, in one line; empty where it is not of one operator.
    shape : tuple of int
        Of the output, for one picture.
    weights : tuple of (str, tuple of int)
        Names and shapes of the learned arrays that it takes and no operator before it took.
    multiply_adds : int
        Multiplications with addition for one picture, of convolutions and matrix products.
    receptive_field : int
        Side in input pixels of the square that one unit depends on; it may exceed the picture.
    memory : int
        Bytes of output that it makes for one picture; 0 where it writes over its input or only looks at
        it in another shape.
    layer : str or None
        Key of the layer that it is a part of, or is.
    group : str or None
        Key of the innermost group that it is in.
    """

    key: str
    operator: str
    kind: str
    module: str
    module_type: str
    shape: Shape
    weights: tuple[tuple[str, Shape], ...]
    multiply_adds: int
    receptive_field: int
    memory: int
    layer: str | None
    group: str | None

    @property
    def parameters(self) -> int:
        """Learned numbers."""
        return sum(_size(shape) for _, shape in self.weights)


@dataclass(frozen=True)
class Edge:
    """A tensor that one operator takes from another: their keys, and its shape for one picture."""

    source: str
    target: str
    shape: Shape


@dataclass(frozen=True)
class Group:
    """Operators that belong together.

    Attributes
    ----------
    key : str
        ``+1``, ``+2`` for stages, the path of a module for what is inside one.
    label : str
        For example "Conv block 3".
    module : str
        Path of the module that all of it is in; empty where there is none.
    parent : str or None
        Key of the group that it is in.
    """

    key: str
    label: str
    module: str
    parent: str | None


@dataclass(frozen=True)
class Total:
    """What operators amount to, for one picture.

    Attributes
    ----------
    operators, parameters, multiply_adds : int
    memory : int
        Bytes of all outputs that are made.
    shape : tuple of int
        Of the last output.
    receptive_field : int
        Of a unit of the last output.
    """

    operators: int
    parameters: int
    multiply_adds: int
    memory: int
    shape: Shape
    receptive_field: int


@dataclass(frozen=True)
class ModelGraph:
    """A model as a graph.

    Attributes
    ----------
    name : str
        Of the model.
    operators : tuple of Operator
        In the order of execution, from ``input`` to ``probabilities``.
    edges : tuple of Edge
    groups : tuple of Group
        In the order of execution, parents before what is in them.
    traced_by : str
        What found the operators, ``torch.export`` or ``torch.fx``.
    idle_parameters : int
        Learned numbers that no operator takes, as of classifiers that only help to train.
    """

    name: str
    operators: tuple[Operator, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]
    traced_by: str
    idle_parameters: int

    @cached_property
    def _by_key(self) -> Mapping[str, Operator]:
        return {operator.key: operator for operator in self.operators}

    @cached_property
    def _groups_by_key(self) -> Mapping[str, Group]:
        return {group.key: group for group in self.groups}

    @property
    def stages(self) -> tuple[Group, ...]:
        """The outermost groups, as a person draws the model."""
        return tuple(group for group in self.groups if group.parent is None)

    def operator(self, key: str) -> Operator:
        """An operator by its key. Raises `InputError` where there is none."""
        if key not in self._by_key:
            raise InputError(f"{self.name}: its graph has no operator {key!r}")
        return self._by_key[key]

    def group(self, key: str) -> Group:
        """A group by its key. Raises `InputError` where there is none."""
        if key not in self._groups_by_key:
            raise InputError(f"{self.name}: its graph has no group {key!r}")
        return self._groups_by_key[key]

    def chain(self, operator: Operator) -> tuple[str, ...]:
        """Keys of the groups that an operator is in, the outermost first."""
        found: list[str] = []
        key = operator.group
        while key is not None:
            found.append(key)
            key = self._groups_by_key[key].parent
        return tuple(reversed(found))

    def members(self, key: str) -> tuple[Operator, ...]:
        """All operators in a group, at any depth."""
        return tuple(each for each in self.operators if key in self.chain(each))

    def output_of(self, layer: str) -> Operator | None:
        """The operator whose output is a layer's: the last one in it; None where there is none."""
        return next((each for each in reversed(self.operators) if each.layer == layer), None)


def add_up(operators: Iterable[Operator]) -> Total:
    """What some operators amount to; at least one, in the order of execution."""
    each = tuple(operators)
    return Total(
        len(each),
        sum(operator.parameters for operator in each),
        sum(operator.multiply_adds for operator in each),
        sum(operator.memory for operator in each),
        each[-1].shape,
        each[-1].receptive_field,
    )


def _size(shape: Shape) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
