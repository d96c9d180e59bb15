"""The pipeline as DVC runs it, on a small project of its own."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from bench.projects import SMALL, copy_code, edit_params, environment, shrink_params
from layerscope.storage.store import Store
from stages import predict, prepare
from stages.command import run_stage

pytestmark = pytest.mark.slow

RUN = "objects-vgg16_slim"
ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
}


class Project:
    """A copy of the project with small parameters, under git and DVC."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        copy_code(folder)
        shrink_params(folder, SMALL)
        self.drop("train", "imagenette")
        self.commit()

    def edit(self, section: str | None = None, **values: object) -> None:
        """Change ``params.yaml``."""
        edit_params(section, folder=self.folder, **values)

    def drop(self, section: str, key: str) -> None:
        """Take an entry out of ``params.yaml``."""
        yaml, path = YAML(), self.folder / "params.yaml"
        content = yaml.load(path)
        del content[section][key]
        yaml.dump(content, path)

    def commit(self) -> None:
        self.call("git", "add", "-A")
        self.call("git", "commit", "-qm", "State")

    def call(self, *command: str, status: int = 0) -> str:
        """Run a command in the project and return what it printed."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment(self.folder) | ENVIRONMENT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def repro(self) -> set[str]:
        """Bring everything up to date; the stages that had to run."""
        printed = self.call("dvc", "repro")
        return {
            line.split("'")[1] for line in printed.splitlines() if line.startswith("Running stage")
        }

    def status(self) -> dict[str, object]:
        """What is out of date, by stage."""
        # A warning that `train` is frozen follows the JSON.
        return json.JSONDecoder().raw_decode(self.call("dvc", "status", "--json"))[0]

    def would_run(self) -> set[str]:
        """Stages that are out of date, without running them."""
        return {name for name, changes in self.status().items() if "changed deps" in str(changes)}

    def table(self) -> list[dict[str, str]]:
        with (self.folder / "data" / RUN / "layers.csv").open() as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("project"))
    ran = made.repro()
    stages = ["prepare", "predict", "activations", "pca", "neighbors", "umap", "cam", "channels"]
    stages += ["metrics", "faithfulness"]
    others = {f"tsne@{RUN}-5", f"tsne@{RUN}-10", "similarity@own"}
    assert ran == {f"{s}@{RUN}" for s in stages} | others
    made.commit()
    return made


def test_after_the_build_nothing_is_out_of_date(project: Project) -> None:
    assert project.status() == {}
    assert project.repro() == set()


def test_every_layer_size_and_perplexity_has_its_own_embedding(project: Project) -> None:
    data = project.folder / "data" / RUN
    for store in (Store(data / "tsne/5.zarr"), Store(data / "tsne/10.zarr")):
        for size in (20, 40):
            points = store.read(f"{size}/points")
            assert points.shape == (38, size, 2)
            assert np.isfinite(points).all()
            assert len({layer.tobytes() for layer in points}) == 38
    umap = Store(data / "umap.zarr")
    assert umap.read("40/2d").shape == (38, 40, 2)
    assert umap.read("40/15d").shape == (38, 40, 15)
    for cloud in ("40/2d", "40/15d"):
        repeated = dict(
            zip(umap.attributes["repetition"], umap.read(f"{cloud}_repeated").T, strict=True)
        )
        assert (repeated["similarity"] > 0.3).all() and (repeated["similarity"] < 1).all()
        assert (repeated["neighbors"] > 10 / 39).all() and (repeated["movement"] > 0).all()


def test_smaller_sizes_are_the_first_rows_of_larger_ones(project: Project) -> None:
    components = Store(project.folder / "data" / RUN / "activations.zarr")
    assert components.array("grid7/features.28").shape == (40, 128, 4, 4)
    samples = Store(project.folder / "data" / RUN / "samples.zarr")
    labels = samples.read("label")
    assert (np.bincount(labels[:20]) == 2).all()
    assert (np.bincount(labels) == 4).all()


def test_a_convolution_is_stored_before_its_relu(project: Project) -> None:
    store = Store(project.folder / "data" / RUN / "activations.zarr")
    convolution, relu = store.read("grid7/features.28"), store.read("grid7/features.29")
    assert convolution.min() < 0 <= relu.min()


def test_effective_perplexity_is_stored_where_the_size_cannot_carry_it(project: Project) -> None:
    attributes = Store(project.folder / "data" / RUN / "tsne/10.zarr").attributes
    assert attributes["perplexity"] == 10
    assert attributes["effective_perplexity"] == {"20": pytest.approx(19 / 3), "40": 10}


def test_metrics_tell_every_layer_size_and_embedding(project: Project) -> None:
    rows = project.table()
    names = ["features", "pca", "tsne-5", "tsne-10", "umap", "umap-15d"]
    assert [row["embedding"] for row in rows[:6]] == names
    assert len(rows) == 38 * 2 * 6
    assert all(0 <= float(row["knn_accuracy"]) <= 1 for row in rows)
    last = [row for row in rows if row["layer"] == "probabilities" and row["size"] == "40"]
    first = [row for row in rows if row["layer"] == "input" and row["size"] == "40"]
    assert float(last[0]["silhouette"]) > 0.5 > 0.1 > float(first[0]["silhouette"])
    shown = project.call("dvc", "metrics", "show")
    assert "top1" in shown
    assert "knn_accuracy_output.tsne-10" in shown


def test_layers_are_compared_in_full_and_by_their_embedding(project: Project) -> None:
    store = Store(project.folder / "data/similarity/own.zarr")
    assert store.attributes["runs"] == [RUN, RUN]
    assert store.attributes["n"] == 40
    for measure in ("cka", "nuclear"):
        found = store.read(f"first-first/{measure}")
        value, null_mean, null_high, class_mean, class_high, low, high = found
        assert value.shape == (38, 38)
        assert (class_mean <= class_high).all() and (class_high > null_mean).all()
        assert np.isfinite([low, high]).all() == (measure == "cka")
        assert np.diag(value) == pytest.approx(1, abs=1e-4)
        assert value == pytest.approx(value.T, abs=1e-4)
        assert (np.diag(value) > null_high.diagonal()).all()
        assert (null_mean <= null_high).all()


def test_no_stage_leaves_a_partial_store(project: Project) -> None:
    assert not list(project.folder.rglob("*.partial"))


def test_a_store_has_few_files(project: Project) -> None:
    data = project.folder / "data" / RUN
    for name in ("samples", "predictions", "pca", "nearest", "umap", "cam", "tsne/5"):
        files = [path for path in (data / f"{name}.zarr").rglob("*") if path.is_file()]
        assert len(files) <= 16, name


def test_a_changed_module_makes_just_its_stages_stale(project: Project) -> None:
    module = project.folder / "layerscope" / "embedding" / "alignment.py"
    before = module.read_text()
    module.write_text(before + "# changed\n")
    try:
        assert project.would_run() == {f"umap@{RUN}"}
    finally:
        module.write_text(before)
    assert project.would_run() == set()


def test_where_stages_work_makes_none_stale(project: Project) -> None:
    project.edit(section="compute", scheduler="local")
    assert project.would_run() == set()


def test_a_new_perplexity_recomputes_only_its_tsne(project: Project) -> None:
    project.edit(section="tsne", perplexity=[5, 10, 7])  # by processes: see the test before
    assert project.repro() == {f"tsne@{RUN}-7", f"metrics@{RUN}"}
    project.commit()


def test_a_new_run_recomputes_no_other(project: Project) -> None:
    project.call(
        *["python", "-m", "layerscope", "add", "birds", "--model", "vgg16_slim", "--sizes", "20"],
    )
    stale = project.status()
    assert stale
    assert all("birds-vgg16_slim" in name for name in stale)
    project.call("git", "checkout", "-q", "params.yaml")


def test_an_experiment_sweeps_perplexities(project: Project) -> None:
    project.call("dvc", "exp", "run", "-S", "tsne.perplexity=[6]", "--name", "sweep")
    shown = project.call("dvc", "exp", "show", "--csv")
    assert "sweep" in shown
    names = {row["embedding"] for row in project.table()}
    assert "tsne-6" in names
    assert "tsne-5" not in names
    project.call("git", "checkout", "-q", "params.yaml", "dvc.lock")
    project.call("dvc", "checkout", "-q")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dataset": "object"}, "object: unknown data set"),
        ({"model": "vgg17"}, "unknown model 'vgg17'"),
        ({"sizes": [20, 100000]}, "100000"),
        ({"weights": "weights/published/README.md"}, "weights"),
    ],
)
def test_wrong_input_is_one_line_and_loses_nothing(
    project: Project, values: dict[str, object], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    before = sorted((project.folder / "data" / RUN).iterdir())
    path = project.folder / "params.yaml"
    kept = path.read_text()
    run = {
        "dataset": "objects",
        "model": "vgg16_slim",
        "weights": "weights/rendered/vgg16_slim.safetensors",
        "sizes": [20, 40],
        **values,
    }
    project.edit(runs={RUN: run})
    try:
        stage = predict if "weights" in values else prepare
        monkeypatch.setattr("sys.argv", ["stage", RUN])
        with pytest.raises(SystemExit, match=message) as ended:
            run_stage(stage.main, stage.__doc__, run="a run")
    finally:
        path.write_text(kept)
    # A text is printed to stderr, and the status is 1.
    printed = ended.value.code
    assert isinstance(printed, str) and len(printed.splitlines()) == 1
    assert printed.startswith("error: ")
    assert sorted((project.folder / "data" / RUN).iterdir()) == before
