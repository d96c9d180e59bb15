"""The benchmarks' own arithmetic, and that both sides of the comparison do the same work."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from bench import comparison, plan, scaling, stages
from bench.floors import count_forward, count_grams, list_floors
from bench.machine import name_processor
from bench.measured import Measured
from bench.memory import run_watched
from bench.projects import (
    Command,
    count_bytes,
    environment,
    keep_layers,
    list_commands,
    write_params,
)
from bench.quality import find_affinities, find_divergence, judge
from bench.tsne_libraries import draw_clusters
from layerscope.activations.averaging import Averaging
from layerscope.activations.pooling import forward, pool, pooled_shape
from layerscope.errors import InputError
from layerscope.models.layer_table import layer_table
from layerscope.models.layers import Layer
from layerscope.models.registry import load_model
from layerscope.runs.predictions import Predictions
from layerscope.storage.store import Store
from tests.shared.project import ROOT, TINY

MB = 2**20
SLIM = "weights/rendered/vgg16_slim.safetensors"


# --- memory ------------------------------------------------------------------------------------


def test_watcher_sees_what_a_child_holds(tmp_path: Path) -> None:
    child = "held = b'x' * (200 << 20); import time; time.sleep(0.6)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    watched = run_watched([sys.executable, "-c", parent], tmp_path)
    assert watched.status == 0
    assert 200 * MB < watched.largest_bytes < 250 * MB
    assert watched.largest_bytes < watched.peak_bytes < 300 * MB
    assert watched.seconds > 0.6


def test_processor_time_counts_children_and_the_status_is_passed_on(tmp_path: Path) -> None:
    child = (
        "import time; start = time.process_time()\nwhile time.process_time() < start + 0.3: pass"
    )
    parent = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); sys.exit(3)"
    )
    watched = run_watched([sys.executable, "-c", parent], tmp_path)
    assert watched.status == 3
    assert watched.processor_seconds > 0.3


# --- both sides do the same --------------------------------------------------------------------


@pytest.mark.usefixtures("one_thread")
def test_recipe_collects_what_one_pass_gives() -> None:
    from bench import recipe

    classifier = load_model("vgg16_slim", ROOT / SLIM)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    keys = ("input", "features.2", "features.28", "features.30", "classifier.4", "probabilities")
    layers = tuple(layer for layer in layer_table(classifier) if layer.key in keys)
    ours: dict[str, np.ndarray] = {}
    forward(
        classifier,
        pictures,
        layers,
        lambda key, output: ours.__setitem__(key, pool(output, Averaging("grid", 7))[0]),
    )
    assert len(layers) == len(ours) == len(keys)
    for layer in layers:
        found = recipe.collect(classifier, pictures, layer.key, pooled_shape(layer, 4))
        assert found.dtype == np.float32
        expected = ours[layer.key].reshape(2, -1).astype(np.float32)
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-3, err_msg=layer.key)
    assert (recipe.collect(classifier, pictures, "features.28", (128, 4, 4)) < 0).any()
    assert not any(module._forward_hooks for module in classifier.module.modules())


def test_recipe_keeps_two_components_where_one_would_do() -> None:
    from bench import recipe

    features = np.outer(np.arange(30), [1.0, 2.0, 3.0]).astype(np.float32)
    features[0, 0] += 0.1
    assert recipe.reduce(features, 0.9, 0).shape == (30, 2)


def test_our_side_lists_what_its_stages_write() -> None:
    from bench import pipeline
    from layerscope.params import read_params

    params = read_params(ROOT / "params.yaml")
    commands = list_commands(
        ("activations", "pca", "neighbors", "tsne"), TINY, params.tsne.perplexity
    )
    outputs = [output for command in commands for output in command.outputs]
    assert sorted(map(str, pipeline.list_places(TINY, params))) == sorted(outputs)


# --- floors, divergence, the table -------------------------------------------------------------

NETWORK = (
    Layer("input", "input", "pixels", (3, 8, 8), 1, 0, 0),
    Layer("conv", "conv", "conv1_1", (4, 8, 8), 3, 0, 1000),
    Layer("dense", "dense", "fc1", (5,), 8, 0, 200),
)


def test_floors_by_hand() -> None:
    assert count_forward(NETWORK, 10) == 12_000
    # Averaged over 4 x 4 cells: 3 x 2 x 2 = 12, 4 x 2 x 2 = 16 and 5 columns of 10 rows.
    assert (
        count_grams(NETWORK, 10, Averaging("pool", 4))
        == (10 * 12 * 10 + 10 * 16 * 10 + 10 * 5 * 5) // 2
    )
    floors = list_floors(NETWORK, NETWORK[2:], 10, 4, rate=1000.0)
    assert floors == {"forward": 12.0, "PCA": 0.125}


def test_divergence_is_that_of_the_definition() -> None:
    points = np.random.default_rng(0).normal(size=(40, 2))
    affinities = find_affinities(draw_clusters(40), 5)
    p = affinities.toarray()
    assert p.sum() == pytest.approx(1)
    q = 1 / (1 + ((points[:, None] - points[None]) ** 2).sum(axis=2))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    expected = sum(p[i, j] * np.log(p[i, j] / q[i, j]) for i, j in np.argwhere(p > 0))
    assert find_divergence(affinities, points) == pytest.approx(expected)


def test_judging_prefers_the_layout_that_is_true_to_the_points() -> None:
    points = draw_clusters(120)
    labels = np.arange(120) % 10
    shuffled = np.random.default_rng(0).permutation(points[:, :2])
    rows = judge(points, {"recipe": {10.0: shuffled}, "ours": {10.0: points[:, :2]}}, labels)
    worse, better = rows["recipe"][0], rows["ours"][0]
    assert better["knn_accuracy"] > worse["knn_accuracy"]
    assert better["trustworthiness"] > worse["trustworthiness"] + 0.2
    assert better["kl_divergence"] < worse["kl_divergence"]


def measured(factor: float, knn: float) -> Measured:
    seconds = {"forward": 10 * factor, "PCA": 6 * factor, "t-SNE": 4 * factor}
    common = {"perplexity": 10.0, "trustworthiness": 0.9}
    quality = [
        {**common, "layer": "a", "knn_accuracy": knn, "kl_divergence": knn},
        {**common, "layer": "b", "knn_accuracy": 0.8, "kl_divergence": 0.8},
    ]
    return Measured(seconds, {"part": factor}, int(factor * MB), 100 * factor, 7.0, quality)


def test_table_has_medians_ratios_and_floors() -> None:
    sides = {
        "recipe": [measured(4, 0.5), measured(8, 0.7), measured(100, 0.6)],
        "ours": [measured(1, 0.9), measured(2, 0.9), measured(3, 0.9)],
    }
    rows = {row["measure"]: row for row in comparison.compare(sides, {"forward": 5.0})}
    assert rows["forward"] == {
        "measure": "forward",
        "unit": "s",
        "recipe": 80,
        "ours": 20,
        "ratio": 4,
        "floor": 5,
    }
    assert (rows["all"]["recipe"], rows["all"]["ours"], rows["all"]["ratio"]) == (160, 40, 4)
    assert "floor" not in rows["t-SNE"]
    assert rows["peak memory"]["ratio"] == 4
    assert (rows["stored"]["recipe"], rows["stored"]["ours"]) == (8, 2)
    assert rows["processor time"]["ratio"] == 1
    assert comparison.list_parts(sides) == {"recipe": {"part": 8}, "ours": {"part": 2}}
    lines = comparison.write_rows(list(rows.values())).splitlines()
    assert lines[1].split() == ["forward,", "s", "80.00", "20.00", "4.0", "5.00"]


def test_quality_tells_the_layer_that_is_behind_the_most() -> None:
    sides = {"recipe": [measured(4, 0.6)], "ours": [measured(1, 0.9)]}
    rows = {row["measure"]: row for row in comparison.compare_quality(sides)}
    more, less = rows["knn_accuracy"], rows["kl_divergence"]
    assert (more["recipe"], more["ours"]) == (pytest.approx(0.7), pytest.approx(0.85))
    assert (more["least"], more["least_layer"]) == (0, "b")
    # Of a divergence, less is better: ours is behind in the first layer.
    assert (less["least"], less["least_layer"]) == (pytest.approx(-0.3), "a")
    lines = comparison.write_quality(list(rows.values())).splitlines()
    assert lines[-1].split() == ["kl_divergence,", "10", "0.7000", "0.8500", "-0.3000", "a"]


def test_seconds_of_a_phase_are_those_of_its_stages() -> None:
    found = Measured()
    for stage in ("one", "two", "one"):
        with found.timing("phase", stage):
            pass
    assert set(found.stages) == {"one", "two"}
    assert found.total == found.seconds["phase"] == pytest.approx(sum(found.stages.values()))


# --- project folders ---------------------------------------------------------------------------


def test_commands_are_those_of_dvc() -> None:
    commands = list_commands(stages.STAGES, "a-b", (10.0, 2.5))
    by_name = {command.name: command for command in commands}
    assert [*by_name][5:8] == ["tsne 10", "tsne 2.5", "umap"]
    assert by_name["tsne 2.5"].arguments == ("python", "-m", "stages.tsne", "a-b", "2.5")
    assert by_name["tsne 2.5"].outputs == ("data/a-b/tsne/2.5.zarr",)
    assert set(by_name["pca"].outputs) == {"data/a-b/components.zarr", "data/a-b/pca.zarr"}
    assert "data/a-b/metrics.json" in by_name["metrics"].outputs
    assert "data/a-b/layers.csv" in by_name["metrics"].outputs


def test_a_part_of_the_layers_can_be_kept(tiny_run: Path) -> None:
    path = tiny_run / "predictions.zarr"
    before, attributes = Predictions(path), dict(Store(path).attributes)
    keep_layers(TINY, ["features.0", "probabilities"])
    after = Predictions(path)
    assert after.layers == (before.layers[1], before.layers[3])
    np.testing.assert_array_equal(after.probabilities, before.probabilities)
    assert {**Store(path).attributes, "layers": 0} == {**attributes, "layers": 0}
    with pytest.raises(SystemExit, match=r"no layers features\.9"):
        keep_layers(TINY, ["features.9"])


def test_parameters_name_weights_by_their_full_path(tmp_path: Path) -> None:
    params = write_params(
        tmp_path,
        dataset="objects",
        model="vgg16_slim",
        weights=SLIM,
        sizes=[20],
        scheduler="tcp://127.0.0.1:1234",
    )
    run = params.run("objects-vgg16_slim")
    assert run.weights_file is not None and run.weights_file.is_absolute()
    assert run.weights_file.exists()
    assert params.compute.scheduler == "tcp://127.0.0.1:1234"


def test_a_folder_begun_with_other_parameters_is_refused(tmp_path: Path) -> None:
    run = {"dataset": "objects", "model": "vgg16_slim", "weights": SLIM}
    stages.prepare_folder(tmp_path, sizes=[20], **run)
    stages.prepare_folder(tmp_path, sizes=[20], **run)
    with pytest.raises(InputError, match="other parameters"):
        stages.prepare_folder(tmp_path, sizes=[30], **run)
    assert "30]" not in (tmp_path / "params.yaml").read_text()


def test_stages_go_on_where_they_stopped(tmp_path: Path) -> None:
    folder, output = tmp_path / "project", tmp_path / "results.json"
    folder.mkdir()

    def write(name: str, times: str = "a") -> Command:
        code = f"open('{name}.txt', '{times}').write('x' * 10)"
        return Command(name, ("python", "-c", code), (f"{name}.txt",))

    broken = Command("two", ("python", "-c", "raise SystemExit(7)"), ("two.txt",))
    with pytest.raises(SystemExit, match="ended with 7"):
        stages.run_stages([write("one"), broken], folder, "run", output)
    rows = stages.run_stages([write("one"), write("two")], folder, "run", output)
    assert [row["stage"] for row in rows] == ["one", "two"]
    assert count_bytes(folder / "one.txt") == 10  # not run twice
    (folder / "one.txt").unlink()
    rows = stages.run_stages([write("one"), write("two")], folder, "run", output)
    assert [row["stage"] for row in rows] == ["two", "one"]
    assert count_bytes(folder) == 20
    table = stages.write_table(rows).splitlines()
    assert table[-1].split()[0] == "all" and len(table) == 4


def test_a_project_folder_finds_this_code(tmp_path: Path) -> None:
    code = "import layerscope, bench, sys; open('where', 'w').write(layerscope.__file__)"
    watched = run_watched(["python", "-c", code], tmp_path, environment())
    assert watched.status == 0
    assert Path((tmp_path / "where").read_text()).is_relative_to(ROOT)


# --- scaling -----------------------------------------------------------------------------------


def test_speedup_is_of_medians_and_efficiency_by_workers() -> None:
    one, two = scaling.compare({"pca": {1: [9.0, 6.0, 8.0], 2: [5.0, 4.0, 9.0]}})
    assert (one["seconds"], one["speedup"], one["efficiency"]) == (8, 1, 1)
    assert (two["seconds"], two["speedup"], two["efficiency"]) == (5, 1.6, 0.8)


def test_files_that_differ_or_are_missing_are_found() -> None:
    first, second = {"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "3"}
    assert scaling.find_differences(first, second) == ["b", "c", "d"]
    assert scaling.find_differences(first, dict(first)) == []


def test_all_outputs_of_a_stage_are_compared() -> None:
    names = tuple(stage for stage in scaling.STORES if stage != "tsne")
    for command in list_commands(names, scaling.RUN, ()):
        places = {f"data/{scaling.RUN}/{name}.zarr" for name in scaling.STORES[command.name]}
        assert places == set(command.outputs)


# --- the machine -------------------------------------------------------------------------------


def test_processor_is_named_as_the_system_has_it(tmp_path: Path) -> None:
    listed = tmp_path / "cpuinfo"
    listed.write_text("processor\t: 0\nmodel name\t: Some: Processor 9\nmodel name\t: other\n")
    assert name_processor(listed) == "Some: Processor 9"
    assert name_processor(tmp_path / "none")


# --- the plan for all of ImageNet --------------------------------------------------------------


COSTS = plan.Costs(
    stages={
        "prepare": 70.0,
        "cam": 140.0,
        "neighbors": 10.0,
        "tsne 10": 20.0,
        "tsne 30": 30.0,
        "umap": 35.0,
        "metrics": 7.0,
    },
    forward={"vgg16_slim": 10.0, "vgg16": 100.0},
    rate=1e9,
    picture_bytes=1000.0,
)


def test_bytes_of_the_plan_follow_from_the_widths_of_layers() -> None:
    found = plan.list_bytes([100, 1000], n=10, costs=COSTS, outputs=5)
    assert found["samples"] == 10_000
    assert found["predictions"] == 200
    assert found["activations"] == pytest.approx(2 * 10 * 1100 * 0.76)
    assert found["components"] == 4 * 10 * (100 + 256)
    assert found["neighbors"] == 8 * 10 * 270 * 2
    assert found["embeddings"] == 4 * 10 * 2 * (6 + 2 + 15)


def test_hours_of_the_plan_grow_with_samples_or_with_their_pairs() -> None:
    found = plan.list_hours("vgg16", [1000], n=14_000, costs=COSTS)  # twice what was measured
    assert found["prepare"] == pytest.approx(140 / 3600)
    assert found["predict, activations, channels"] == pytest.approx(3 * 1400 / 3600)
    assert found["cam"] == pytest.approx(140 * 2 * 10 / 3600)
    assert found["neighbors, exact"] == pytest.approx(40 / 3600)
    assert found["tsne, exact"] == pytest.approx(4 * 50 / 3600)
    assert found["umap"] == pytest.approx(70 / 3600)
    assert found["metrics"] == pytest.approx(28 / 3600)
    exact, randomised = (value for name, value in found.items() if name.startswith("PCA"))
    assert exact == pytest.approx((14_000 * 1000**2 / 2 + 4 / 3 * 1000**3) / 1e9 / 3600)
    assert randomised == pytest.approx(4 * 14_000 * 1000 * 256 / 1e9 / 3600)
