"""What is computed of a run's model itself, once a process and beside the pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable

from layerscope.errors import InputError
from layerscope.models.graph.model_graph import ModelGraph
from layerscope.training.distributions import Distributions, count_weights
from ui.library import Contents, load_params
from ui.network.waiting import wait_for
from ui.queue import Publish
from ui.shell import show_problem


def wait_for_graph(contents: Contents) -> ModelGraph | None:
    """The graph of a run's model; None while it is traced or where it cannot be, which is said."""

    def work(publish: Publish[ModelGraph], is_unwanted: Callable[[], bool]) -> ModelGraph:
        from layerscope.models.graph.tracing import trace_graph
        from ui.live_model import computing, load_live_model

        publish(0, 2, None)
        classifier = load_live_model(contents.run)
        publish(1, 2, None)
        with computing:  # tracing changes what all threads of torch share
            return trace_graph(classifier, contents.layers)

    key = _find_key(contents)
    doing = ("Reading the model", "Tracing its operators")
    return None if key is None else wait_for(("network graph", key), work, doing)


def wait_for_weights(contents: Contents) -> Distributions | None:
    """Distributions of the weights of a run's model as they are; None as with `wait_for_graph`."""

    def work(publish: Publish[Distributions], is_unwanted: Callable[[], bool]) -> Distributions:
        from torch import nn

        from ui.live_model import load_live_model

        publish(0, 2, None)
        module = load_live_model(contents.run).module
        publish(1, 2, None)
        kinds = nn.Conv1d | nn.Conv2d | nn.Linear
        found = {key: each for key, each in module.named_modules() if isinstance(each, kinds)}
        return count_weights({k: m.weight.detach().float().cpu().numpy() for k, m in found.items()})

    key = _find_key(contents)
    doing = ("Reading the model", "Counting its weights")
    return None if key is None else wait_for(("network weights", key), work, doing)


def _find_key(contents: Contents) -> Hashable | None:
    """What all that is known of a run's model depends on; runs of one model share it."""
    try:
        settings = load_params().run(contents.run)
    except InputError as error:
        show_problem(str(error))
        return None
    file = settings.weights_file
    changed = file.stat().st_mtime_ns if file is not None and file.is_file() else 0
    return json.dumps(settings.model, sort_keys=True), str(file), changed, contents.layers
