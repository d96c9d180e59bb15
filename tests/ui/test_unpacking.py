"""The first start: how far unpacking is, and what is said where it fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.delta_generator import DeltaGenerator

from tests.shared.pages import open_app
from tests.shared.project import ROOT
from ui import bundle

UMAP = "data/objects-vgg16_slim/umap"


@pytest.fixture
def umap_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The project as if one output were not there; nothing in it is changed."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(bundle, "_list_missing", lambda: [UMAP])


@pytest.mark.usefixtures("umap_missing")
def test_what_is_told_rises_from_nothing_to_all_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    pulled = []
    monkeypatch.setattr(bundle, "fetch", lambda _repo, out: pulled.append(out.meta.size))
    problem = bundle.ensure_bundle(lambda *amounts: told.append(amounts))
    assert pulled and sum(pulled) > 0
    assert told == [(sum(pulled[:i]), sum(pulled)) for i in range(len(pulled) + 1)]
    assert problem is not None and "not complete" in problem


@pytest.mark.usefixtures("umap_missing")
def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), ".dvc/cache")

    monkeypatch.setattr(bundle, "fetch", fill)
    problem = bundle.ensure_bundle()
    assert problem is not None and "\n" not in problem
    assert "No space left on device: '.dvc/cache'" in problem and "reload this page" in problem


@pytest.mark.usefixtures("tiny_run")
def test_the_page_shows_megabytes_and_a_reload_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dvc.yaml").touch()
    shown: list[tuple[float, str]] = []
    answers = ["It failed", None]

    def unpack(report: Callable[[int, int], object]) -> str | None:
        for done in (0, 9_000_000, 36_000_000):
            report(done, 36_000_000)
        return answers.pop(0)

    draw = DeltaGenerator.progress

    def watch(self: DeltaGenerator, value: float, text: str) -> DeltaGenerator:
        shown.append((value, text))
        return draw(self, value, text)

    monkeypatch.setattr("ui.shell.ensure_bundle", unpack)
    monkeypatch.setattr(DeltaGenerator, "progress", watch)
    app = open_app()
    said = "Unpacking the embedded data: {} of 36 MB"
    assert shown == [(0, said.format(0)), (0.25, said.format(9)), (1, said.format(36))]
    assert [toast.value for toast in app.toast] == ["It failed"]
    app.run()  # the same session does not try at every click
    assert len(shown) == 3
    again = open_app()
    assert answers == [] and not again.toast and not again.get("progress")
