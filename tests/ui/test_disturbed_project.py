"""A project that is disturbed while the app is open: what is there is shown, what is not is said."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from layerscope.storage.store import Store, writing
from tests.shared.pages import open_app, text_of
from ui.arrays import load_array, load_attributes

PAGES = ("", "UMAP_Tour", "Explain", "Features", "Performance", "Network", "Experiments")


@pytest.mark.parametrize("page", PAGES)
def test_data_that_are_removed_while_the_app_is_open_are_said(tiny_run: Path, page: str) -> None:
    open_app(page)
    shutil.rmtree(tiny_run.parent)
    app = open_app(page)
    if page != "Experiments":  # it lives of what experiments left
        assert "have not been built yet" in text_of(app)


@pytest.mark.parametrize("later", [3600, 0, -3600], ids=["later", "at once", "clock set back"])
def test_a_run_that_was_rebuilt_is_read_anew(tiny_run: Path, later: int) -> None:
    path = tiny_run / "pca.zarr"
    before = load_array(tiny_run.name, "pca", "40/points")
    made = (path / "zarr.json").stat().st_mtime
    keys = load_attributes(tiny_run.name, "pca")["layers"]
    with writing(path, layers=keys) as store:
        store.add("40/points", before + 1, ["layer", "sample", "component"])
    os.utime(path / "zarr.json", (made + later, made + later))
    after = load_array(tiny_run.name, "pca", "40/points")
    np.testing.assert_array_equal(after, Store(path).read("40/points"))
    assert not np.array_equal(after, before)
