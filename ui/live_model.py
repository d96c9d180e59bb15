"""The model itself, for what nobody could have stored: a full-resolution map, a gradient.

torch takes seconds to import, so it is imported here and nowhere else at the app's start: by the first
call, or by `warm_up` once the first page is out.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.errors import InputError
from ui.library import load_params

if TYPE_CHECKING:
    from layerscope.models.registry import Classifier

_KEPT = 3  # models in memory; VGG16 takes half a gigabyte
_WARM_UP_DELAY = 1.5  # seconds, in which the first page is drawn
computing = threading.RLock()  # sessions take turns: torch uses all cores anyway
_warmed: set[str] = set()


@lru_cache(maxsize=_KEPT)
def _load(model: str, weights: Path | None, changed: int) -> Classifier:
    from layerscope.models.registry import load_model

    return load_model(json.loads(model), weights)


def load_live_model(run: str) -> Classifier:
    """The classifier of a run, loaded once and shared by all sessions; hooks on it must be removed.

    Raises
    ------
    InputError
        In one line: the run is not in ``params.yaml``, or its weights cannot be had.
    """
    settings = load_params().run(run)
    return load_shared_model(settings.model, settings.weights_file)


def load_shared_model(model: str | dict[str, Any], weights: Path | None) -> Classifier:
    """The same for any model of the registry; parameters as of `layerscope.models.registry.load_model`."""
    changed = weights.stat().st_mtime_ns if weights is not None and weights.is_file() else 0
    with computing:
        return _load(json.dumps(model, sort_keys=True), weights, changed)


def warm_up(run: str) -> None:
    """Load a run's model in the background, once a process; never one that might be downloaded."""
    with suppress(InputError):
        settings = load_params().run(run)
        if run in _warmed or settings.weights_file is None or not settings.weights_file.is_file():
            return
        _warmed.add(run)
        timer = threading.Timer(_WARM_UP_DELAY, _load_quietly, [run])
        timer.daemon = True
        timer.start()


def _load_quietly(run: str) -> None:
    with suppress(InputError, OSError), computing:
        load_live_model(run)
        import layerscope.explanation.cam  # noqa: F401  (what the first explanation needs)
