"""Activation maximisation beside the page: asked for, watched while the picture changes, called off."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ui.arrays import load_samples, stamp
from ui.library import find_source
from ui.live import engine
from ui.live.maximization import MaximizationTask, run_maximization
from ui.queue import Report, session_id, shared


def key_of(task: MaximizationTask) -> Hashable:
    """All that the result depends on."""
    return "maximize", find_source(task.run), task, stamp(task.run, "samples")


def ask_maximization(task: MaximizationTask) -> str | None:
    """Have a unit maximised; one line where too much is waiting. Raises `Unavailable`."""
    samples = load_samples(task.run)
    start = None if task.start is None else samples.picture(task.start)
    rivals = {uid: samples.picture(uid) for uid in task.strongest}
    work = engine.networks.work(
        run_maximization, find_source(task.run), task, start, rivals, is_long=True
    )
    return shared.ask(key_of(task), work, session_id(), True)


def look_at(task: MaximizationTask) -> Report[Any] | None:
    """How far it has come; None where nobody asked for it."""
    return shared.look(key_of(task))
