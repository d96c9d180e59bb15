"""Methods at work: what the table refers to is imported here, and asked to explain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from torch import nn

from layerscope.errors import InputError
from layerscope.explanation.method import Attribution, Method, Setting, check_options
from layerscope.explanation.methods import METHODS, find_method
from layerscope.explanation.task import BATCH, ExplanationTask, Progress, prepare
from layerscope.models.layers import NO_CLASSES
from layerscope.models.registry import Classifier


def resolve(reference: str) -> Callable[..., Any]:
    """The function that a `Method` refers to, ``module.function`` of this package."""
    module, name = reference.split(".")
    return getattr(import_module(f"{__package__}.{module}"), name)


def list_unsupported(classifier: Classifier) -> dict[str, str]:
    """Methods that do not work on a model: by key, one line that says why."""
    reasons = {key: _find_reason(method, classifier) for key, method in METHODS.items()}
    return {key: reason for key, reason in reasons.items() if reason is not None}


_reasons: WeakKeyDictionary[nn.Module, dict[str, str | None]] = WeakKeyDictionary()


def _find_reason(method: Method, classifier: Classifier) -> str | None:
    """Why a method does not work on a model; found once for a module, since it may take passes."""
    if not classifier.has_classes:
        return NO_CLASSES
    if method.supports is None:
        return None
    known = _reasons.setdefault(classifier.module, {})
    if method.supports not in known:
        known[method.supports] = resolve(method.supports)(classifier)
    return known[method.supports]


def attribute(
    method_key: str,
    classifier: Classifier,
    pictures: np.ndarray,
    outputs: np.ndarray,
    *,
    contrast: np.ndarray | None = None,
    layer: str | None = None,
    random_state: int = 0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    **options: object,
) -> Attribution:
    """Explain pictures by a method.

    What is explained is the score of an output: its logit, or the difference of two logits.

    Parameters
    ----------
    method_key : str
        A key of `layerscope.explanation.methods.METHODS`.
    classifier : Classifier
        Left as it is: the work is done on a private copy that shares its weights.
    pictures : ndarray of uint8, (N, H, W, C)
        As the classifier takes them.
    outputs : ndarray of int, (N,)
        One output per picture.
    contrast : ndarray of int, (N,), optional
        Outputs whose logits are subtracted.
    layer : str, optional
        For methods that look at a layer, the key of a module with feature maps. By default the last
        one before pooling or flattening.
    random_state : int
        The same number gives the same result, whatever other pictures are explained with a picture.
    progress : callable, optional
        Of passes through the model done, and of all.
    cancelled : callable, optional
        Asked between passes whether to stop.
    **options
        Of the method's entry; what is not given has the entry's default.

    Returns
    -------
    Attribution

    Raises
    ------
    InputError
        In one line: an unknown method, a model it does not work on, and input or options that are
        wrong.
    Cancelled
        Where `cancelled` said so.
    """
    method = find_method(method_key)
    settings = check_options(method.options, options)
    task = prepare(
        classifier,
        pictures,
        outputs,
        contrast=contrast,
        layer=layer if method.at_layer else None,
        random_state=random_state,
        progress=progress,
        cancelled=cancelled,
    )
    reason = _find_reason(method, classifier)
    if reason is not None:
        raise InputError(reason)
    if method.at_layer and layer is None:
        task = replace(task, layer=resolve("cam_methods.find_last_layer")(classifier))
    return _join(list(_explain_all(method, task, settings)))


def _explain_all(
    method: Method, task: ExplanationTask, settings: Mapping[str, Setting]
) -> Iterator[Attribution]:
    explain, step = resolve(method.explain), 1 if method.long else BATCH
    for start in range(0, len(task.pictures), step):
        part = task[start : start + step]
        task.watch.check()
        yield explain(part, **settings)
        task.watch.finish(start + len(part.pictures))


def _join(parts: list[Attribution]) -> Attribution:
    """The results of batches, one after another."""
    arrays: dict[str, np.ndarray] = {}
    for each in fields(Attribution):
        found = [getattr(part, each.name) for part in parts]
        if found[0] is not None:
            arrays[each.name] = np.concatenate(found)
    return Attribution(**arrays)
