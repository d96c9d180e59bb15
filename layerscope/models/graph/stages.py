"""Which operators belong together: the stages that a person draws, and the blocks inside them.

A *unit* is a module that is not taken apart, inside modules that are (`layerscope.models.layer_table`). Units
that follow each other, lie in the same container and have outputs of the same side are a stage; a pool closes
the stage that it shrinks. What has nothing to learn between two stages goes with the next, and what comes
behind the last stage of blocks is the head.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from torch import nn

from layerscope.models.graph.model_graph import Group, Operator

SMALLEST_BLOCK = 3  # operators that are worth a group of their own: not a norm with its activation


@dataclass
class _Stage:
    """Operators that follow each other."""

    container: str
    side: int  # of the outputs; 0 where they have none
    operators: list[Operator]
    has_blocks: bool = False

    @property
    def learns(self) -> bool:
        return any(operator.weights for operator in self.operators)

    @property
    def is_dense(self) -> bool:
        return self.side <= 1


def group_operators(
    operators: Sequence[Operator],
    module: nn.Module,
    opened: Collection[str],
    sides: Mapping[str, int],
) -> tuple[tuple[Operator, ...], tuple[Group, ...]]:
    """Put operators into stages, and the operators of a block into a group of their own.

    Parameters
    ----------
    operators : sequence of Operator
        In the order of execution, without ``input`` and ``probabilities``.
    module : torch.nn.Module
        Whose operators they are.
    opened : collection of str
        Paths of modules that are taken apart, as of `layerscope.models.layer_table.find_opened`.
    sides : mapping of str to int
        By a module's path, columns of the maps that it gives, however they lie; 0 of vectors.

    Returns
    -------
    operators : tuple of Operator
        The same with their groups.
    groups : tuple of Group
        See `layerscope.models.graph.model_graph.ModelGraph`.
    """
    units = {operator.key: find_unit(operator.module, opened) for operator in operators}
    placed: list[Operator] = []
    groups: list[Group] = []
    containers = {unit: _find_container(module, unit) for unit in units.values()}
    stages = _merge(_split(operators, units, containers, sides))
    for number, (stage, label) in enumerate(zip(stages, _name(stages), strict=True), 1):
        key = f"+{number}"
        groups.append(Group(key, label, stage.container, None))
        for unit, run in groupby(stage.operators, key=lambda each: units[each.key]):
            members = list(run)
            inner = key
            if unit and len(members) >= SMALLEST_BLOCK:
                inner = unit if all(group.key != unit for group in groups) else f"{unit}+{number}"
                groups.append(Group(inner, unit, unit, key))
            placed += [replace(each, group=inner) for each in members]
    return tuple(placed), tuple(groups)


def find_unit(path: str, opened: Collection[str]) -> str:
    """Path of the unit that a module is in; where all of that is taken apart, its own."""
    parents = accumulate(path.split("."), lambda outer, name: f"{outer}.{name}")
    return next((each for each in parents if each not in opened), path)


def _find_container(module: nn.Module, unit: str) -> str:
    """Path of the innermost plain container that a unit is in, by way of none but such."""
    taken: list[str] = []
    for name in unit.split(".")[:-1]:
        module = module.get_submodule(name)
        if not isinstance(module, nn.Sequential | nn.ModuleList):
            break
        taken.append(name)
    return ".".join(taken)


def _split(
    operators: Sequence[Operator],
    units: Mapping[str, str],
    containers: Mapping[str, str],
    sides: Mapping[str, int],
) -> list[_Stage]:
    """Stages by container and by the side of the outputs of units."""
    stages: list[_Stage] = []
    for unit, run in groupby(operators, key=lambda each: units[each.key]):
        members = list(run)
        last = members[-1]
        container = containers[unit]
        before = stages[-1] if stages else None
        side = sides.get(unit, last.shape[-1] if len(last.shape) == 3 else 0)
        if not unit and len(last.shape) == 2 and before is not None:
            side = before.side  # tokens, that the model itself works on
        closes = last.kind == "pool" and not any(each.weights for each in members) and side > 1
        same = before is not None and (container == before.container or not unit)
        if before is None or not same or (side != before.side and not closes):
            before = _Stage(container, side, [])
            stages.append(before)
        before.operators += members
        before.has_blocks |= len({each.module for each in members if each.weights}) > 1
        if closes and side != before.side:
            stages.append(_Stage(container, side, []))  # what follows does not go on with it
    return [stage for stage in stages if stage.operators]


def _merge(stages: list[_Stage]) -> list[_Stage]:
    """Without stages that learn nothing, and with all behind the last blocks of a container as one."""
    merged: list[_Stage] = []
    waiting: list[Operator] = []
    for stage in stages:
        if not stage.learns:
            waiting += stage.operators
            continue
        stage.operators = waiting + stage.operators
        waiting = []
        merged.append(stage)
    if waiting and merged:
        merged[-1].operators += waiting
    elif waiting:
        return [_Stage("", 0, waiting)]
    blocks = [i for i, stage in enumerate(merged) if stage.has_blocks and stage.container]
    behind = merged[blocks[-1] + 1 :] if blocks else []
    if len(behind) > 1 and all(not stage.container for stage in behind):
        head = _Stage("", behind[0].side, [each for stage in behind for each in stage.operators])
        merged = [*merged[: blocks[-1] + 1], head]
    return merged


def _name(stages: Iterable[_Stage]) -> list[str]:
    each = list(stages)
    labels: list[str] = []
    numbers = {"Conv block": 0, "Stage": 0}
    last = max((i for i, stage in enumerate(each) if stage.has_blocks), default=-1)
    for i, stage in enumerate(each):
        if stage.is_dense:
            labels.append("Classifier")
        elif last >= 0 and i == 0 and not stage.has_blocks:
            labels.append("Stem")
        elif 0 <= last < i:
            labels.append("Head")
        else:
            name = "Stage" if last >= 0 else "Conv block"
            numbers[name] += 1
            labels.append(f"{name} {numbers[name]}")
    return labels
