"""Fixtures that several test modules share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest

from tests.shared.computing import Here
from tests.shared.project import ROOT, SIZES, TINY
from tests.shared.small_run import write_run
from ui.bundle import ensure_bundle

if TYPE_CHECKING:
    from playwright.sync_api import Page


hypothesis.settings.register_profile("patient", deadline=None)  # other work may hold the machine
hypothesis.settings.load_profile("patient")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Unpack the embedded data once, before several processes would do it at the same time."""
    if not hasattr(session.config, "workerinput"):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            ensure_bundle()  # what is amiss is told by the tests that need it


@pytest.fixture(autouse=True)
def computing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine is asked is computed in the test's own process, which can look into it."""
    monkeypatch.setattr("ui.live.engine.networks", Here())
    monkeypatch.setattr("ui.live.engine.arrays", Here())


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """With so little to compute, threads wait for one another where others use the machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def object_server() -> Iterator[str]:
    """Address of a server on this machine that speaks S3."""
    from object_server import serving_objects

    with serving_objects() as address:
        yield address


@pytest.fixture
def bucket(object_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder in an empty bucket, which the environment leads to."""
    from object_server import make_bucket

    return make_bucket(object_server, monkeypatch)


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ``params.yaml`` and a complete small run in ``data``, written once."""
    root = tmp_path_factory.mktemp("tiny")
    write_run(root, np.arange(SIZES[-1]) % 3)
    return root


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with the embedded runs; what a server writes stays in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert ensure_bundle() is None
    folder = tmp_path_factory.mktemp("embedded")
    for name in ("data", "weights", "params.yaml", ".streamlit"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def app_address(embedded: Path) -> Iterator[str]:
    """The address of the app, served with the embedded runs."""
    from browser import serving

    with serving(embedded) as found:
        yield found


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a fresh browser; in the end nothing may have gone wrong on it."""
    from browser import browsing

    with browsing() as (page, errors):
        yield page
        assert errors == []
        assert page.locator("[data-testid=stException]").all_inner_texts() == []


@pytest.fixture
def tiny_run(tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run of one's own, with its project as the working directory."""
    root = tmp_path / "project"
    shutil.copytree(tiny_source, root)
    monkeypatch.chdir(root)
    return root / "data" / TINY
