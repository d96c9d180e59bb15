"""The repository, and the small run that tests work with."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import zarr

from bench.projects import edit_params as edit_params  # tests take it from here
from layerscope.datasets.categories import Category
from layerscope.models.layers import Layer
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import Writer

ROOT = Path(__file__).parents[2]
TINY = "objects-tiny"
SIZES = (20, 40)
LAYERS = (
    Layer("input", "input", "pixels", (3, 64, 64), 1, 0, 0),
    Layer("features.0", "conv", "conv1_1", (8, 64, 64), 3, 224, 900_000),
    Layer("classifier.0", "dense", "fc1", (12,), 64, 400_000, 400_000),
    Layer("probabilities", "output", "softmax", (12,), 64, 0, 0),
)
CLASSES = tuple(Category(None, None, name) for name in ("disc", "bar", "<b>knot</b>"))
OUTPUTS = tuple(Category(None, None, f"thing {i}") for i in range(10))


_NOT_KEPT = {f"{name}.zarr" for name in ("activations", "components", "neighbors", "faithfulness")}


def copy_pipeline(folder: Path, runs: Iterable[str]) -> None:
    """Make a folder what a fresh clone is, with the embedded arrays of some runs; the code is linked."""
    for name in ("dvc.yaml", "layerscope", "stages", "weights", ".dvcignore"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("params.yaml", "dvc.lock"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".dvc").mkdir()
    (folder / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    for run in runs:
        (folder / "data" / run).mkdir(parents=True)
        for each in (ROOT / "data" / run).iterdir():
            if each.name not in _NOT_KEPT:
                (folder / "data" / run / each.name).symlink_to(each)


def make_err(run: Path, errors: Mapping[int, tuple[int, float]]) -> None:
    """Alter the stored predictions and maps of a run, so that its model errs.

    Parameters
    ----------
    run : Path
        A folder in ``data`` whose `predictions.zarr` and `cam.zarr` are copies.
    errors : mapping
        By sample the output that is predicted and its probability; of what is left, the true class has
        three quarters.
    """
    targets = Predictions(run / "predictions.zarr").targets(Samples(run / "samples.zarr").labels)
    probabilities = zarr.open_array(run / "predictions.zarr/probability", mode="r+")
    maps = zarr.open_array(run / "cam.zarr/cam", mode="r+")
    for uid, (output, confidence) in errors.items():
        row = probabilities[uid]
        row[[output, targets[uid]]] = 0
        row *= 0.25 * (1 - confidence) / row.sum()
        row[output], row[targets[uid]] = confidence, 0.75 * (1 - confidence)
        probabilities[uid] = row
        maps[uid, 0] = maps[uid, 0][::-1]  # another than that of the true class, as it would be


def write_errors(folder: Path, run: str, errors: Mapping[int, tuple[int, float]]) -> Path:
    """A project folder for the app with the embedded arrays, in which a model errs as `make_err` says."""
    for name in (".streamlit", "params.yaml", "weights"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "data" / run).mkdir(parents=True)
    for path in (ROOT / "data").iterdir():
        if path.name != run:
            (folder / "data" / path.name).symlink_to(path)
    for path in (ROOT / "data" / run).iterdir():
        if path.name in {"predictions.zarr", "cam.zarr"}:
            shutil.copytree(path, folder / "data" / run / path.name)
        else:
            (folder / "data" / run / path.name).symlink_to(path)
    make_err(folder / "data" / run, errors)
    return folder


def replace_attributes(path: Path, **attributes: object) -> None:
    """Make of a store one that was written with other attributes."""
    writer = Writer.open(str(path.absolute()))
    writer.set(**attributes)
    writer.seal()
