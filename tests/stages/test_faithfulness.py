"""The stage `faithfulness` on a small run of its own: what it writes, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ruamel.yaml import YAML
from torch import nn

from layerscope.datasets.categories import Category
from layerscope.datasets.dataset import Dataset, PictureSource, Sample
from layerscope.errors import InputError
from layerscope.faithfulness.localization import measure_mass
from layerscope.faithfulness.measures import MEASURES
from layerscope.models.registry import load_model
from layerscope.models.weights import write_weights
from layerscope.params import FaithfulnessParams, read_params
from layerscope.runs.samples import Samples, write_samples
from layerscope.storage.store import Store, store_path
from stages import faithfulness, predict, prepare
from stages.faithfulness import choose_subjects, list_jobs
from tests.shared.project import ROOT, TINY, edit_params

pytestmark = pytest.mark.usefixtures("one_thread")
RUN = "objects-small"
SIZE = 32
WEIGHTS = "weights/small.safetensors"
SETTINGS: dict[str, Any] = {
    "runs": [RUN],
    "methods": ["saliency", "grad_cam", "lrp", "occlusion"],
    "options": {"occlusion": {"patch": 16, "stride": 8}},
    "n_samples": 7,
    "n_again": 3,
    "n_points": 3,
    "n_noisy": 1,
    "noise": 0.05,
    "tolerance": 1,
    "cell": 4,
    "n_steps": 4,
    "fills": ["mean", "blur"],
    "n_fills": 1,
    "random_state": 0,
}
NAMES = list(MEASURES)
RANKED = [key for key, measure in MEASURES.items() if measure.better]
OF_OBJECT = [key for key, measure in MEASURES.items() if measure.group == "object"]
KEYS = ["saliency", "grad_cam", "occlusion", "random", "centre", "edges"]


def small_net() -> nn.Module:
    """A chain whose activation function LRP has no rule for."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.LogSigmoid(),
        nn.MaxPool2d(4),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 8 * 8, 5),
    )


@pytest.fixture(scope="module")
def small_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of ten drawn objects, seen by a net that knows none of their classes."""
    root = tmp_path_factory.mktemp("small")
    (root / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    outputs = [Category(None, None, f"thing {i}") for i in range(5)]
    write_weights(root / WEIGHTS, small_net(), outputs, {})
    model = {"factory": "tests.stages.test_faithfulness:small_net", "input_size": SIZE}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        run = {"dataset": "objects", "model": model, "weights": WEIGHTS, "sizes": [10]}
        here = {"scheduler": "synchronous", "storage": ""}
        edit_params(runs={RUN: run}, faithfulness=SETTINGS, device="cpu", compute=here)
        prepare.main(RUN)
        predict.main(RUN)
    return root


@pytest.fixture
def project(small_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of it as the working directory."""
    shutil.copytree(small_project, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")


def read_table() -> list[dict[str, str]]:
    with Path(f"data/{RUN}/faithfulness.csv").open() as file:
        return list(csv.DictReader(file))


def test_stage_writes_store_table_and_headlines_that_agree(
    project: None, capsys: pytest.CaptureFixture[str]
) -> None:
    faithfulness.main(RUN)
    assert "lrp is left out" in capsys.readouterr().out
    store = Store(store_path(RUN, "faithfulness"))
    facts = store.attributes
    assert facts["methods"] == KEYS and list(facts["skipped"]) == ["lrp"]
    assert facts["measures"] == NAMES and facts["fills"] == ["mean", "blur"]
    assert facts["shares"] == [0, 1 / 16, 4 / 16, 9 / 16, 1]
    assert (facts["n_layers"], facts["randomized_layers"]) == (3, [1, 2, 3])
    figures = store.read("figures")
    assert figures.shape == (16, 6, 7)
    measured = np.isfinite(figures).sum(axis=2)
    for name, n in (("mass", 7), ("deletion", 7), ("complexity", 7), ("randomized", 3)):
        assert (measured[NAMES.index(name)] == n).all()  # all methods on the same samples
    rows = read_table()
    assert {row["measure"] for row in rows} == set(NAMES) and len(rows) <= 16 * 6
    for row in rows:
        values = figures[NAMES.index(row["measure"]), KEYS.index(row["method"])]
        assert float(row["value"]) == pytest.approx(np.nanmean(values), abs=1e-4)
        assert int(row["n"]) == np.isfinite(values).sum()
        assert (row["chance"] != "") == (row["measure"] in OF_OBJECT)
        assert (row["p_value"] != "") == (row["measure"] in RANKED)
        assert (row["low"] == "") == (row["high"] == "")
        if row["low"]:
            assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
    summary = json.loads(Path(f"data/{RUN}/faithfulness.json").read_text())
    assert summary["samples"] == 7
    assert list(summary) == ["samples", "chance", *KEYS]
    told = {(r["method"], r["measure"]): float(r["value"]) for r in rows}
    for key in KEYS:
        assert len(summary[key]) == 6
        assert all(value == told[key, measure] for measure, value in summary[key].items())
    assert (
        len([path for path in store.path.rglob("*") if path.is_file()]) == 1 + 2 * 8
    )  # of eight arrays


def test_figures_are_those_of_the_samples_that_are_named(project: None) -> None:
    faithfulness.main(RUN)
    store, samples = Store(store_path(RUN, "faithfulness")), Samples(store_path(RUN, "samples"))
    uids, outputs = store.read("uid"), store.read("output")
    assert len(set(samples.labels[uids].tolist())) == 7
    mass = store.read("figures")[NAMES.index("mass"), 0]
    classifier = load_model(read_params().run(RUN).model, Path(WEIGHTS))
    for uid, output, found in zip(uids.tolist(), outputs.tolist(), mass, strict=True):
        inputs = torch.from_numpy(samples.picture(uid)).permute(2, 0, 1)[None] / 255
        inputs = classifier.normalize(inputs).requires_grad_()
        logits = classifier.module(inputs)
        assert logits.argmax() == output
        (gradient,) = torch.autograd.grad(logits[0, output], inputs)
        values = gradient[0].abs().amax(dim=0).numpy()
        part_map = samples.part_map(uid)
        assert part_map is not None
        assert found == pytest.approx(measure_mass(values, part_map > 0), abs=1e-5)
        known = np.isfinite(store.read("importance")[uids.tolist().index(uid)])
        assert (np.flatnonzero(known) + 1).tolist() == np.unique(part_map[part_map > 0]).tolist()
    curves, fills = store.read("curves"), store.read("fills")
    assert curves.shape == (2, 6, 2, 5) and fills.shape == (2, 6, 7, 2)
    areas = np.trapezoid(curves, store.attributes["shares"], axis=-1)
    np.testing.assert_allclose(areas, np.nanmean(fills, axis=2), rtol=1e-5)
    assert (np.isfinite(fills).sum(axis=3) == 1).all() and np.isfinite(areas).all()
    figures = store.read("figures")[[NAMES.index("deletion"), NAMES.index("insertion")]]
    np.testing.assert_allclose(figures, np.nanmean(fills, axis=3), rtol=1e-5)
    cascade = store.read("cascade")
    assert cascade.shape == (2, 6, 3, 3)
    assert cascade[:, KEYS.index("edges")] == pytest.approx(1)
    randomized = store.read("figures")[NAMES.index("randomized"), :, :3]
    np.testing.assert_allclose(cascade[0].mean(axis=-1), randomized, atol=1e-6)


def test_stage_repeats_itself(project: None) -> None:
    files = [Path(f"data/{RUN}/faithfulness.{kind}") for kind in ("csv", "json")]
    edit_params(faithfulness={**SETTINGS, "methods": ["grad_cam"], "options": {}})
    faithfulness.main(RUN)
    first = [file.read_text() for file in files]
    faithfulness.main(RUN)
    assert [file.read_text() for file in files] == first


def test_without_part_maps_there_is_no_ground_truth(project: None) -> None:
    path = store_path(RUN, "samples")
    known = Samples(path)
    drawn = [
        (PictureSource("val", f"val/{uid}", uid), Sample(known.picture(uid), None))
        for uid in range(10)
    ]
    plain = Dataset("photos", known.categories, (), lambda _: [], lambda *_: drawn[0][1])
    write_samples(path, plain, drawn, quality=90, sizes=[10])
    faithfulness.main(RUN)
    store = Store(store_path(RUN, "faithfulness"))
    assert store.attributes["measures"] == NAMES[6:]
    assert "importance" not in store and store.read("figures").shape == (10, 6, 7)
    assert {row["chance"] for row in read_table()} == {""}
    summary = json.loads(Path(f"data/{RUN}/faithfulness.json").read_text())
    assert set(summary["saliency"]) == {"deletion", "insertion"}
    assert "chance" not in summary


def test_samples_are_those_the_model_gets_right_or_has_no_class_for(tiny_run: Path) -> None:
    settings = FaithfulnessParams(**{**SETTINGS, "n_samples": 100})
    samples = Samples(store_path(TINY, "samples"))
    probabilities = Store(store_path(TINY, "predictions")).read("probability")
    predicted = probabilities.argmax(axis=1)
    right = [
        uid
        for uid in range(40)
        if samples.labels[uid] == 2 or predicted[uid] == samples.labels[uid]
    ]
    assert 20 < len(right) < 40
    subjects = choose_subjects(TINY, settings)
    assert sorted(subjects.uids.tolist()) == right
    assert (subjects.outputs == predicted[subjects.uids]).all()
    few = choose_subjects(TINY, FaithfulnessParams(**{**SETTINGS, "n_samples": 9}))
    assert np.bincount(samples.labels[few.uids]).tolist() == [3, 3, 3]


def test_jobs_cover_the_samples_of_each_method_once() -> None:
    settings = FaithfulnessParams(**{**SETTINGS, "n_samples": 13, "n_again": 2})
    seen: dict[tuple[str, bool], list[int]] = {}
    for job in list_jobs(["saliency", "occlusion", "edges"], 12, settings):
        seen.setdefault((job.method, job.again), []).extend(range(job.start, job.stop))
    assert seen == {
        ("saliency", False): list(range(12)),
        ("saliency", True): [0, 1],
        ("occlusion", False): list(range(12)),
        ("occlusion", True): [0, 1],
        ("edges", False): list(range(12)),
        ("edges", True): [0, 1],
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"methods": ["salience"], "options": {}}, "unknown method 'salience'"),
        ({"options": {"lime": {}}}, "faithfulness.options.lime: not among the methods"),
        ({"options": {"occlusion": {"patch": 0}}}, "patch is 0"),
        ({"n_samples": 1}, "params.yaml: faithfulness.n_samples"),
        ({"fills": ["blur", "white"]}, "params.yaml: faithfulness.fills"),
    ],
)
def test_wrong_parameters_are_refused_before_any_work(
    project: None, change: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faithfulness, "working", None)
    edit_params(faithfulness={**SETTINGS, **change})
    with pytest.raises(InputError) as error:
        faithfulness.main(RUN)
    assert message in str(error.value)


def test_pictures_of_another_seed_are_refused(project: None) -> None:
    content = YAML(typ="safe").load(Path("params.yaml"))
    edit_params(prepare={**content["prepare"], "random_state": 1})
    with pytest.raises(InputError, match="is not the picture that was stored"):
        faithfulness.main(RUN)


@pytest.mark.slow
def test_stage_as_dvc_runs_it(project: None) -> None:
    edit_params(faithfulness={**SETTINGS, "methods": ["saliency", "occlusion"]})
    faithfulness.main(RUN)
    path = Path(f"data/{RUN}/faithfulness.csv")
    serial = path.read_text()
    path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "stages.faithfulness", RUN],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert path.read_text() == serial
