"""Explanations of a subject, computed beside the page by the queue that all sessions share."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from layerscope.explanation.method import Method, Setting
from ui.explain.subject import ExplainSubject
from ui.live import engine
from ui.live.explanations import explain, sweep
from ui.queue import session_id, shared


def key_of(
    subject: ExplainSubject, name: str, at: str | None, options: Mapping[str, Setting]
) -> Hashable:
    """All that the result depends on."""
    return subject.digest, subject.score, name, at, tuple(sorted(options.items()))


def ask_method(
    subject: ExplainSubject, method: Method, at: str | None, options: Mapping[str, Setting]
) -> str | None:
    """Have a method computed; one line where too much is waiting."""
    work = engine.networks.work(
        explain,
        subject.score,
        subject.picture,
        method.key,
        at,
        dict(options),
        is_long=method.long,
    )
    return shared.ask(key_of(subject, method.key, at, options), work, session_id(), method.long)


def ask_sweep(subject: ExplainSubject, name: str, options: Mapping[str, Setting]) -> str | None:
    """Have the whole picture occluded place by place; what is known by then is published."""
    work = engine.networks.work(sweep, subject.score, subject.picture, dict(options), is_long=True)
    return shared.ask(key_of(subject, name, None, options), work, session_id(), True)
