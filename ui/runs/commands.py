"""What the page does to runs: by the command ``layerscope``, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from threading import Thread

from layerscope.errors import InputError
from layerscope.home import enter_home
from layerscope.params import PARAMS
from projects.building import announce, refuse_second
from projects.state import BUILDS, BuildState

_COMMAND = (sys.executable, "-m", "layerscope")


def call(*arguments: str) -> str:
    """What a command tells. Raises `InputError` with its own line where it refuses."""
    enter_home()
    done = subprocess.run(
        [*_COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        line = lines[-1] if lines else f"it ended with {done.returncode}"
        raise InputError(line.removeprefix("layerscope: ").removeprefix("error: "))
    return done.stdout


def start_build(runs: Sequence[str]) -> None:
    """Build runs, or all, beside the page. Raises `InputError` where a build is at work."""
    refuse_second()
    enter_home()
    BUILDS.mkdir(parents=True, exist_ok=True)
    with (BUILDS / "page.log").open("wb") as log:
        child = subprocess.Popen(
            [*_COMMAND, "build", "--look", *runs],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it outlives the app
        )
    announce(runs, pid=child.pid)  # before it has imported what says so itself
    Thread(target=child.wait, daemon=True).start()  # else it would stay in the table of processes


def list_options(form: Mapping[str, str]) -> list[str]:
    """Arguments of ``layerscope add`` for what a form says; what is left empty is not named."""
    pictures = form["pictures"].strip()
    options = [f"--{key}={text.strip()}" for key, text in form.items() if key != "pictures"]
    return [option for option in options if not option.endswith("=")] + ["--", pictures]


def find_version(build: BuildState | None) -> tuple[object, ...]:
    """What the states of stages depend on, but for how far a build is."""
    at_work = build is not None and build.is_at_work
    files = [PARAMS, PARAMS.with_name("dvc.yaml")]
    files += [] if at_work else [PARAMS.with_name("dvc.lock")]
    times = [path.stat().st_mtime_ns if path.exists() else 0 for path in files]
    return (*times, build.pid if build and at_work else None)
