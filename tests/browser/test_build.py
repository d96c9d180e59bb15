"""A build that is under way, in a real browser: how far it is, and the page that goes on to what is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from browser import params_of, serving
from playwright.sync_api import Page, expect

from projects.state import BUILDS, BuildState, first_look_of, write_state
from tests.shared.project import TINY
from tests.shared.small_run import write_run

pytestmark = pytest.mark.slow


FIRST = ("samples", "predictions", "pca")
LOOKS = {"first": FIRST, "second": (*FIRST, "umap")}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that is complete, put aside, and its first looks, one with more methods."""
    write_run(tmp_path, np.arange(40) % 3)
    run = tmp_path / "data" / TINY
    for look, names in LOOKS.items():
        for name in names:
            shutil.copytree(run / f"{name}.zarr", tmp_path / look / f"{name}.zarr")
    (tmp_path / "second" / "samples.zarr").touch()  # a copy is as old as what it is of
    run.rename(tmp_path / "aside")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def builder() -> Iterator[psutil.Process]:
    """A process that could be at work."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield psutil.Process(child.pid)
        child.kill()


def test_a_page_goes_on_to_the_first_look_and_from_there_to_the_run(
    page: Page, project: Path, builder: psutil.Process
) -> None:
    born = builder.create_time()
    state = BuildState((TINY,), f"first look@{TINY}", 0, 1, 0.0, None, builder.pid, born)
    write_state(state)
    with serving(project) as address:
        page.goto(f"{address}/?run={TINY}")
        expect(page.locator(".unavailable h3")).to_have_text("These arrays are being built")
        strip = page.locator(".build p")
        expect(strip).to_contain_text(f"{TINY}: first look")
        (project / "first").rename(project / "data" / first_look_of(TINY))
        page.wait_for_selector(".st-key-plot-panel canvas")
        assert params_of(page)["run"] == first_look_of(TINY)
        assert params_of(page)["method"] == "pca"  # the only one there is
        write_state(replace(state, stage=f"umap@{TINY}", n_done=8, n=12, share=0.75, left=40.0))
        expect(strip).to_have_text(f"{TINY}: umap, 8 of 12 stages, 75%, about 40 s left")
        box = page.locator(".build").bounding_box()
        assert box is not None and box["x"] >= 0 and box["y"] + box["height"] <= 800
        (project / "data" / first_look_of(TINY)).rename(project / "first")
        (project / "second").rename(project / "data" / first_look_of(TINY))
        page.wait_for_function("() => location.search.includes('method=umap')")
        assert params_of(page)["run"] == first_look_of(TINY)
        (project / "aside").rename(project / "data" / TINY)
        page.wait_for_function("() => !location.search.includes('first-look')")
        page.wait_for_selector(".st-key-plot-panel canvas")
        assert params_of(page)["run"] == TINY
        write_state(replace(state, problem="the disk is full"))
        expect(strip).to_have_text("The build stopped: the disk is full")
        (project / BUILDS / "state.json").unlink()
        expect(page.locator(".build")).to_have_count(0)


def test_a_build_whose_process_is_gone_says_so(page: Page, project: Path) -> None:
    own = psutil.Process()
    write_state(
        BuildState((TINY,), f"pca@{TINY}", 3, 12, 0.2, None, own.pid, own.create_time() - 5)
    )
    (project / "aside").rename(project / "data" / TINY)
    with serving(project) as address:
        page.goto(f"{address}/?run={TINY}")
        expect(page.locator(".build p")).to_have_text("The build stopped: its process has ended")
