"""What is told of a network itself: its graph, its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from layerscope.models.layers import Layer
from layerscope.training.distributions import Distributions, count_weights
from ui.live.engine import Publish
from ui.live.models import Source, load
from ui.live.turns import computing

if TYPE_CHECKING:
    from layerscope.models.graph.model_graph import ModelGraph


def trace(
    source: Source, layers: tuple[Layer, ...], publish: Publish, _is_unwanted: Callable[[], bool]
) -> ModelGraph:
    """The graph of operators, in two steps: reading, tracing."""
    from layerscope.models.graph.tracing import trace_graph

    publish(0, 2, None)
    classifier = load(source)
    publish(1, 2, None)
    with computing:  # tracing changes what all threads of torch share
        return trace_graph(classifier, layers)


def count(source: Source, publish: Publish, _is_unwanted: Callable[[], bool]) -> Distributions:
    """Distributions of the weights as they are, in two steps: reading, counting."""
    from torch import nn

    publish(0, 2, None)
    module = load(source).module
    publish(1, 2, None)
    kinds = nn.Conv1d | nn.Conv2d | nn.Linear
    found = {key: each for key, each in module.named_modules() if isinstance(each, kinds)}
    return count_weights({k: m.weight.detach().float().cpu().numpy() for k, m in found.items()})
