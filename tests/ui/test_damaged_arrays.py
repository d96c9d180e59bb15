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


# The same of other pages: the page, the array, and the choice in the address.
ELSEWHERE = [
    ("UMAP_Tour", "umap.zarr/40/15d", {}),
    ("UMAP_Tour", "samples.zarr/label", {}),
    ("Performance", "predictions.zarr/probability", {}),
    ("Performance", "samples.zarr/label", {}),
    ("Explain", "samples.zarr/picture", {"sample": "4"}),
    ("Network", "predictions.zarr/probability", {}),
    ("Features", "predictions.zarr/probability", {}),
]


@pytest.mark.parametrize("part", ["values", "metadata"])
@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize(("page", "array", "choice"), ELSEWHERE)
def test_the_other_pages_say_it_too(
    tiny_run: Path, page: str, array: str, choice: dict[str, str], how: str, part: str
) -> None:
    folder = tiny_run / array
    chunks = [each for each in (folder / "c").rglob("*") if each.is_file()]
    for file in chunks if part == "values" else [folder / "zarr.json"]:
        DAMAGE[how](file)
    shown = text_of(open_app(page, **choice, size="40"))
    assert "are damaged" in shown or "is damaged" in shown
    assert f"{array.partition('.zarr')[0]}.zarr" in shown and "Traceback" not in shown


@pytest.mark.parametrize("page", ["", "UMAP_Tour"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[: text.rindex(",0.9")],
        lambda text: text.replace("0.9", "0.x"),
        lambda text: text.replace("layer,", "lager,"),
    ],
    ids=["empty", "cut off", "no number", "another head"],
)
def test_damaged_figures_are_said(tiny_run: Path, page: str, damage: Callable[[str], str]) -> None:
    path = tiny_run / "layers.csv"
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    said = [toast.value for toast in open_app(page).toast]
    assert len(said) == 1 and "is damaged" in said[0]


def test_a_run_without_figures_is_no_damage(tiny_run: Path) -> None:
    (tiny_run / "layers.csv").unlink()
    assert not open_app().toast
