"""A small run with any labels, or none, and what may stand beside its layers."""

from __future__ import annotations

import shutil
from contextlib import chdir
from pathlib import Path

import numpy as np

from bench.projects import SMALL, edit_params, shrink_params
from layerscope.datasets.categories import Category
from layerscope.datasets.dataset import Dataset, PictureSource, Sample
from layerscope.runs.samples import write_samples
from layerscope.storage.store import store_path
from tests.shared.networks import RUN, STAGES, run_stage_of
from tests.shared.project import ROOT

N = 24


def build(folder: Path, labels: np.ndarray, **settings: object) -> None:
    """A run of noise under these labels, through all stages behind `prepare`."""
    shutil.copy(ROOT / "params.yaml", folder)
    with chdir(folder):
        shrink_params(folder, SMALL)
        weights = str(ROOT / "weights/rendered/vgg16_slim.safetensors")
        run = {"dataset": "objects", "model": "vgg16_slim", "weights": weights, "sizes": [12, N]}
        run |= settings
        edit_params(runs={RUN: run}, comparisons={}, device="cpu")
        edit_params("tsne", perplexity=[3], n_iter=30)
        n_classes = int(labels.max()) + 1
        categories = tuple(Category(None, None, f"class {i}") for i in range(n_classes))
        rng = np.random.default_rng(0)
        drawn = (
            (
                PictureSource("val", f"{uid}", int(label)),
                Sample(rng.integers(0, 255, (224, 224, 3), dtype=np.uint8), None),
            )
            for uid, label in enumerate(labels)
        )
        dataset = Dataset(
            "folder", categories, (), lambda _: (), lambda *_: Sample(np.empty(0), None)
        )
        write_samples(
            store_path(RUN, "samples"), dataset, drawn, quality=100, sizes=[12, N], skipped=[]
        )
        for stage in STAGES[1:]:
            run_stage_of(stage)
