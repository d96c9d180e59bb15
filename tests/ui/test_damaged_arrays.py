"""Arrays that were damaged: each page says so, and shows neither a traceback nor other values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared.pages import open_app, text_of

# Of each store an array that a page reads, and the choice in the address that makes it do so.
ARRAYS = {
    "samples.zarr/picture": {"method": "pca"},
    "samples.zarr/label": {"method": "pca"},
    "predictions.zarr/probability": {"method": "pca"},
    "pca.zarr/40/points": {"method": "pca"},
    "umap.zarr/40/2d": {"method": "umap"},
    "tsne/30.zarr/40/points": {"method": "tsne", "perplexity": "30"},
    "nearest.zarr/40/indices": {"method": "pca", "sample": "4"},
    "cam.zarr/cam": {"method": "pca", "sample": "4"},
}


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "flipped": flip,
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:-5]),
    "empty": lambda file: file.write_bytes(b""),
}


@pytest.mark.parametrize("part", ["values", "metadata"])
@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("array", ARRAYS)
def test_a_damaged_array_is_said(tiny_run: Path, array: str, how: str, part: str) -> None:
    folder = tiny_run / array
    chunks = [each for each in (folder / "c").rglob("*") if each.is_file()]
    for file in chunks if part == "values" else [folder / "zarr.json"]:
        DAMAGE[how](file)
    shown = text_of(open_app(**ARRAYS[array], size="40"))
    assert "are damaged" in shown or "is damaged" in shown
    assert f"{array.partition('.zarr')[0]}.zarr" in shown and "Traceback" not in shown
