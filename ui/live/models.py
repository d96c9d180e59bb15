"""Networks, loaded once a process and kept within a limit."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerscope.models.registry import Classifier

_KEPT_BYTES = 256 << 20  # of parameters; the last one stays, whatever its size
_MOST_THREADS = 4  # of torch: more do not make one picture faster
_kept: OrderedDict[Source, Classifier] = OrderedDict()
_loading = threading.Lock()


@dataclass(frozen=True)
class Source:
    """Where a network comes from: what tells it from any other, and from itself with other weights.

    Attributes
    ----------
    model : str
        Name or mapping, see `layerscope.models.registry.load_model`, as JSON.
    weights : Path or None
        A safetensors file.
    changed : int
        When that was changed, in ns; 0 where it is not there.
    """

    model: str
    weights: Path | None
    changed: int


def make_source(model: str | Mapping[str, Any], weights: Path | None) -> Source:
    """The source of what `layerscope.models.registry.load_model` takes."""
    is_there = weights is not None and weights.is_file()
    changed = weights.stat().st_mtime_ns if weights is not None and is_there else 0
    return Source(json.dumps(model, sort_keys=True), weights, changed)


def load(source: Source) -> Classifier:
    """The classifier, shared by all sessions: never hooked outside `ui.live.turns.computing`.

    Raises
    ------
    InputError
        In one line, where it cannot be had.
    """
    import torch

    from layerscope.models.registry import load_model

    with _loading:
        found = _kept.get(source)
        if found is None:
            torch.set_num_threads(min(_MOST_THREADS, os.cpu_count() or 1))
            found = load_model(json.loads(source.model), source.weights)
            _kept[source] = found
        _kept.move_to_end(source)
        held = {each: _weigh(network) for each, network in _kept.items()}
        for each in list(_kept)[:-1]:
            if sum(held.values()) <= _KEPT_BYTES:
                break
            del _kept[each]
            held.pop(each)
        return found


def _weigh(classifier: Classifier) -> int:
    """Bytes of its parameters."""
    return sum(each.numel() * each.element_size() for each in classifier.module.parameters())


def warm_up(source: Source) -> None:
    """Have a network ready, and what the first explanation of it imports."""
    load(source)
    import layerscope.explanation.cam  # noqa: F401
