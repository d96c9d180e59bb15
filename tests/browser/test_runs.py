"""The page for runs in a real browser: a run is added, built, stopped, gone on with, renamed and removed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from browser import params_of, serving, settle
from PIL import Image
from playwright.sync_api import Page, expect

from layerscope.params import read_params
from projects.folder import open_folder
from projects.state import read_state

pytestmark = pytest.mark.slow
RUN = "pets-efficientnet_lite0"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without runs, and twelve pictures of noise beside it."""
    rng = np.random.default_rng(0)
    for i in range(12):
        file = tmp_path / "pets" / ("cat", "dog")[i % 2] / f"{i}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(file)
    open_folder(tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def write(page: Page, key: str, text: str) -> None:
    """Fill a field in, and wait until the page has it."""
    field = page.locator(f".st-key-{key} input")
    field.fill(text)
    field.press("Enter")
    settle(page)


def stage(page: Page, name: str) -> str:
    """The row of a stage."""
    return f".stages tr:has(td:first-child:text-is('{name}'))"


def test_a_run_from_its_pictures_to_its_end(page: Page, project: Path) -> None:
    with serving(project) as address:
        page.goto(f"{address}/Runs")
        write(page, "run-pictures", str(project.parent / "nowhere"))
        page.click(".st-key-run-look button")
        expect(page.locator(".st-key-panel-run .unavailable")).to_contain_text("no such folder")
        write(page, "run-pictures", str(project.parent / "pets"))
        expect(page.locator(".st-key-panel-run .unavailable")).to_have_count(0)
        page.click(".st-key-run-look button")
        expect(page.locator(".told-lines")).to_contain_text(
            "12 pictures, 2 classes of 6 (cat, dog)"
        )
        assert read_params().runs == {}  # nothing is written yet
        page.click(".st-key-run-add-build button")
        expect(page.locator(".run-name")).to_have_text(RUN)
        assert params_of(page)["run"] == RUN

        expect(page.locator(stage(page, "prepare"))).to_contain_text("built")
        expect(page.locator(".build p")).to_contain_text(f"{RUN}: predict, 1 of 12 stages")
        expect(page.locator(".st-key-run-remove button")).to_be_disabled()
        page.click(".st-key-run-stop button")
        expect(page.locator(".build")).to_have_count(0)
        expect(page.locator(stage(page, "predict"))).to_contain_text("missing")
        expect(page.locator(stage(page, "prepare"))).to_contain_text("built")
        assert read_state() is None and not Path("data", RUN, "predictions.zarr").exists()

        page.click(".st-key-run-build button:has-text('Go on building')")
        expect(page.locator(stage(page, "predict"))).to_contain_text("running")
        expect(page.locator(stage(page, "prepare"))).to_contain_text("built")
        page.click(".st-key-run-stop button")
        expect(page.locator(".build")).to_have_count(0)
        expect(page.locator(stage(page, "metrics"))).to_contain_text("missing")

        page.click(".st-key-run-rename button")
        write(page, "run-new-name", "mine")
        page.click(".st-key-run-rename-it button")
        expect(page.locator(".run-name")).to_have_text("mine")
        expect(page.locator(stage(page, "prepare"))).to_contain_text("built")
        assert list(read_params().runs) == ["mine"] and Path("data/mine/samples.zarr").exists()

        page.click(".st-key-run-remove button")
        page.click(".st-key-run-remove-it button")
        expect(page.locator(".st-key-side-panel")).to_contain_text("There is none yet")
        assert read_params().runs == {} and not Path("data/mine").exists()
