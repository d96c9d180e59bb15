"""What is computed of a run's model itself, once a process and beside the pages."""

from __future__ import annotations

from layerscope.errors import InputError
from layerscope.models.graph.model_graph import ModelGraph
from layerscope.training.distributions import Distributions
from ui.library import Contents, find_source
from ui.live import engine
from ui.live.graphs import count, trace
from ui.live.models import Source
from ui.shell import show_problem
from ui.waiting import wait_for


def wait_for_graph(contents: Contents) -> ModelGraph | None:
    """The graph of a run's model; None while it is traced or where it cannot be, which is said."""
    source, layers = _find_source(contents), contents.layers
    if source is None:
        return None
    view, work = "network graph", engine.networks.work(trace, source, layers)
    doing = "Reading the model", "Tracing its operators"
    return wait_for(view, (view, source, layers), work, *doing)


def wait_for_weights(contents: Contents) -> Distributions | None:
    """Distributions of the weights of a run's model as they are; None as with `wait_for_graph`."""
    source = _find_source(contents)
    if source is None:
        return None
    view, work = "network weights", engine.networks.work(count, source)
    return wait_for(view, (view, source), work, "Reading the model", "Counting its weights")


def _find_source(contents: Contents) -> Source | None:
    try:
        return find_source(contents.run)
    except InputError as error:
        show_problem(str(error))
        return None
