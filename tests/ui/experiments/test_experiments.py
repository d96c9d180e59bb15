"""Experiments: what DVC says of them, how two agree, the sweep that comes along, the page's address."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML
from scipy.spatial import procrustes

from layerscope.embedding.alignment import align
from layerscope.errors import InputError
from layerscope.experiments import repository
from layerscope.experiments.agreement import expect_shared, share_neighbors
from layerscope.experiments.layouts import (
    FIGURES,
    Layouts,
    identify_samples,
    name_embeddings,
    read_layouts,
    read_perplexity,
)
from layerscope.experiments.object_cache import find_object, link_outputs, parse_lock
from layerscope.experiments.record import (
    Experiment,
    find_usual,
    flatten,
    is_repetition,
    keep_of_run,
    list_changes,
    list_differences,
    list_varied,
    parse_experiments,
    write_value,
)
from layerscope.experiments.sweep import (
    EmbeddedExperiment,
    Sweep,
    quantize,
    read_sweep,
    write_sweep,
)
from layerscope.runs.samples import Samples
from projects.command import make_parser
from projects.sweeping import list_trials, read_trials
from stages.export_experiments import choose
from tests.shared.pages import open_app, text_of
from tests.shared.project import LAYERS, ROOT, TINY
from ui.components.experiment_table import FigureColumn, list_orders
from ui.components.parallel_coordinates import place_figures, place_values, read_pick
from ui.experiments import local
from ui.experiments.address import KEYS, find_other, read_choice
from ui.experiments.board import (
    add_noise,
    list_columns,
    list_lines,
    list_parameters,
    list_rows,
    pick_color,
)
from ui.experiments.entries import (
    WORKSPACE,
    ExperimentEntry,
    enter_sweep,
    enter_workspace,
    load_layouts,
    merge_entries,
    read_sweeps,
)
from ui.experiments.pair import (
    describe_agreement,
    describe_side,
    find_size,
    load_side,
    measure_repetitions,
)
from ui.experiments.steps import STEPS
from ui.library import read_contents
from ui.palette import SCALE
from ui.selection import KEYS as SELECTED
from ui.selection import read_selection

RUN = "objects-vgg16_slim"
REAL = ROOT / "experiments" / "objects-100.json"


@pytest.fixture(scope="module")
def shown() -> Any:
    """What DVC 3.67 printed of three real experiments, parameters and outputs that matter kept."""
    return json.loads(Path(__file__).with_name("dvc_exp_show.json").read_text())


@pytest.fixture(scope="module")
def real() -> Sweep:
    return read_sweep(REAL)


def make_experiment(name: str, revision: str = "", **params: object) -> Experiment:
    return Experiment(name, revision, "2026-01-02T03:04:05", params, {"top1": 0.5})


def make_layouts(seed: int = 0, n: int = 12, layers: tuple[str, ...] = ("input", "fc")) -> Layouts:
    rng = np.random.default_rng(seed)
    points = {
        name: rng.normal(3, 10, (len(layers), n, 2)).astype(np.float32) for name in ("pca", "umap")
    }
    figures = {name: rng.random((len(layers), 3)).astype(np.float32) for name in points}
    figures["pca"][:, 2] = np.nan
    labels = (np.arange(n) % 3).astype(np.int16)
    return Layouts(layers, labels, ("a", "<b>", "c"), f"{n}", points, figures)


# --- what DVC says ---------------------------------------------------------------------------


def test_real_experiments_are_parsed(shown: Any) -> None:
    found = {each.name: each for each in parse_experiments(shown, RUN)}
    assert set(found) == {"base", "seed-1", "variance-0.5"}
    base = found["base"]
    assert base.params["sizes"] == [100] and base.params["tsne.perplexity"] == [10, 30]
    assert base.metrics["samples"] == 100
    assert base.metrics["mean_trustworthiness.umap"] == 0.8474
    assert len(base.revision) == 40 and base.created == "2026-11-27T21:56:10"
    assert not any("birds" in name or name.startswith("train") for name in base.params)


def test_experiments_that_did_not_touch_a_run_are_not_its(shown: Any) -> None:
    assert parse_experiments(shown, "birds-vgg16_slim") == ()


def test_an_experiment_that_changed_nothing_anywhere_is_still_one(shown: Any) -> None:
    commit = json.loads(json.dumps(shown[0]))
    data = commit["experiments"][0]["revs"][0]["data"]
    data["outs"], data["metrics"] = commit["data"]["outs"], commit["data"]["metrics"]
    assert len(parse_experiments([commit], "birds-vgg16_slim")) == 1


def test_experiments_that_run_or_failed_are_left_out(shown: Any) -> None:
    commit = json.loads(json.dumps(shown[0]))
    running, empty, undated = commit["experiments"]
    running["executor"] = {"state": "running"}
    empty["revs"][0]["data"] = None
    undated["revs"][0]["data"]["timestamp"] = None
    assert parse_experiments([commit], RUN) == ()
    assert parse_experiments([{**commit, "experiments": None}], RUN) == ()
    assert parse_experiments([], RUN) == ()


HOSTILE_ANSWERS = {
    "null": None,
    "text": "x",
    "number in list": [1],
    "no data": [{"experiments": [{}]}],
    "no revisions": [{"experiments": [{"revs": []}]}],
    "params of another form": [
        {
            "experiments": [
                {
                    "name": "x",
                    "revs": [
                        {
                            "rev": "a",
                            "data": {"timestamp": "t", "params": [], "outs": {}, "metrics": {}},
                        }
                    ],
                }
            ]
        }
    ],
}


@pytest.mark.parametrize("name", HOSTILE_ANSWERS)
def test_what_dvc_never_said_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(InputError, match="unknown form") as caught:
        parse_experiments(HOSTILE_ANSWERS[name], RUN)
    assert "\n" not in str(caught.value)


def test_parameters_of_other_runs_are_left_out() -> None:
    params = flatten(
        {
            "runs": {"a-x.1": {"sizes": [1]}, "b": {"sizes": [2]}},
            "tsne": {"n_iter": 5},
            "train": {"rendered": {"epochs": 1}},
        }
    )
    assert keep_of_run(params, "a-x.1") == {"sizes": [1], "tsne.n_iter": 5}


def test_parameters_of_how_and_where_stages_work_are_left_out() -> None:
    params = flatten(
        {
            "device": "cuda",
            "compute": {"scheduler": "local", "storage": ""},
            "activations": {"batch_size": 4, "pool": 2},
        }
    )
    assert keep_of_run(params, RUN) == {"activations.pool": 2}


def test_changed_parameters_by_hand() -> None:
    experiments = [
        make_experiment("one", pool=4, perplexity=[10, 30], same=1),
        make_experiment("two", pool=4.0, perplexity=[5, 30], same=1.0),
        make_experiment("three", pool=8, perplexity=[10, 30.0], same=1, extra=True),
    ]
    assert list_varied(experiments) == ("pool", "perplexity", "extra")
    usual = find_usual(experiments, ("pool", "perplexity"))
    assert usual == {"pool": "4", "perplexity": "10, 30"}
    assert [list_changes(each.params, usual) for each in experiments] == [
        {},
        {"perplexity": "5, 30"},
        {"pool": "8"},
    ]
    assert list_varied(experiments[:1]) == () and find_usual([], ("pool",)) == {}


def test_values_as_text() -> None:
    values = (10, 10.0, 0.1, True, None, [5, 30.0], "x", [])
    assert [write_value(v) for v in values] == ["10", "10", "0.1", "yes", "–", "5, 30", "x", ""]


def test_what_is_a_repetition() -> None:
    first = {"sizes": [100], "tsne.perplexity": [10, 30], "umap.random_state": 0, "pool": 4}
    more = {**first, "sizes": [100, 1000], "tsne.perplexity": [30], "umap.random_state": 1}
    assert list_differences(first, more) == ("sizes", "tsne.perplexity", "umap.random_state")
    assert list_differences(first, {**first, "pool": 4.0}) == ()
    assert is_repetition(first, first) and is_repetition(first, more)
    assert not is_repetition(first, {**more, "pool": 8})
    assert not is_repetition(first, {"sizes": [100]})


# --- how far two agree -----------------------------------------------------------------------


def test_agreement_by_hand() -> None:
    first = np.array([[0.0, 0], [1, 0], [2.1, 0], [10, 0], [11, 0]])
    second = np.array([[0.0, 0], [1, 0], [20, 0], [2.1, 0], [21.5, 0]])
    # Nearest two of each: {1,2} {0,2} {1,0} {4,2} {3,2} beside {1,3} {0,3} {4,3} {1,0} {2,3}.
    np.testing.assert_allclose(share_neighbors(first, second, 2), [1 / 3, 1 / 3, 0, 0, 1])
    np.testing.assert_allclose(share_neighbors(first, first, 2), 1)
    np.testing.assert_allclose(share_neighbors(first, second, 99), 1)  # all others are near
    with pytest.raises(ValueError, match="4 samples beside 5"):
        share_neighbors(first[:4], second, 2)


def test_agreement_knows_neither_scale_nor_orientation() -> None:
    points = np.random.default_rng(0).normal(size=(40, 2))
    turned = points @ np.array([[0.0, -3], [-3, 0]]) + 7
    np.testing.assert_array_equal(share_neighbors(points, turned, 5), 1)


def test_agreement_by_chance_by_hand_and_by_enumeration() -> None:
    # Of 4 others 2 are near: sets share 0, 1 or 2 with probability 1/6, 4/6, 1/6.
    assert expect_shared(5, 2) == pytest.approx(4 / 6 * 1 / 3 + 1 / 6)
    sets = [set(each) for each in combinations(range(6), 3)]
    mean = np.mean([len(sets[0] & each) / len(sets[0] | each) for each in sets])
    assert len(sets) == comb(6, 3) and expect_shared(7, 3) == pytest.approx(mean)
    assert expect_shared(5, 99) == 1


def test_agreement_of_random_layouts_is_that_of_chance() -> None:
    rng = np.random.default_rng(0)
    means = [
        share_neighbors(rng.normal(size=(60, 2)), rng.normal(size=(60, 2)), 10).mean()
        for _ in range(40)
    ]
    assert np.mean(means) == pytest.approx(expect_shared(60, 10), abs=0.01)


def test_a_layout_is_turned_onto_another_as_scipy_does() -> None:
    rng = np.random.default_rng(1)
    first = rng.normal(size=(30, 2))
    mirrored = first @ np.array([[0.0, 1], [1, 0]]) @ np.array([[0.6, 0.8], [-0.8, 0.6]])
    back = align(mirrored, first)
    np.testing.assert_allclose(back - back.mean(0), first - first.mean(0), atol=1e-5)
    noisy = mirrored + rng.normal(0, 0.3, mirrored.shape)
    turned = align(noisy, first).astype(float)
    one, other, disparity = procrustes(first, noisy)  # which scales as well
    turned -= turned.mean(0)
    scale = np.sum(other * turned) / np.sum(turned * turned)
    np.testing.assert_allclose(turned * scale, other, atol=1e-5)
    assert disparity < 0.1 and one.shape == other.shape


# --- what a cache keeps ----------------------------------------------------------------------


def test_a_lock_is_read_as_by_a_full_reader() -> None:
    text = (ROOT / "dvc.lock").read_text()
    full = YAML(typ="safe").load(text)["stages"]
    expected = {o["path"]: o["md5"] for s in full.values() for o in s.get("outs", [])}
    assert parse_lock(text) == expected
    assert len(expected) > 50
    assert parse_lock("stages:\n  x: <garbage>\n") == {}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with one file and one folder of two."""
    files = {"ab" * 16: b"one", "cd" * 16: b"two"}
    listed = [{"md5": "ab" * 16, "relpath": "a/x"}, {"md5": "cd" * 16, "relpath": "y"}]
    files["ef" * 16 + ".dir"] = json.dumps(listed).encode()
    for name, content in files.items():
        place = tmp_path / "cache" / "files" / "md5" / name[:2] / name[2:]
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
    return tmp_path / "cache"


def test_outputs_are_rebuilt_from_a_cache(cache: Path, tmp_path: Path) -> None:
    link_outputs(cache, {"u.zarr": "ef" * 16 + ".dir", "t.csv": "cd" * 16}, tmp_path / "out")
    assert (tmp_path / "out/u.zarr/a/x").read_bytes() == b"one"
    assert (tmp_path / "out/u.zarr/y").read_bytes() == b"two"
    assert (tmp_path / "out/t.csv").read_bytes() == b"two"


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "ab", "AB" * 16, "ab" * 16 + ".txt"])
def test_what_is_no_hash_is_refused(cache: Path, digest: str) -> None:
    with pytest.raises(InputError, match="no hash"):
        find_object(cache, digest)


def test_what_a_cache_does_not_have_is_said(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not in DVC's cache; `dvc pull`"):
        link_outputs(cache, {"x": "99" * 16}, tmp_path / "out")


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
def test_a_damaged_folder_list_writes_nothing_outside(
    cache: Path, tmp_path: Path, name: str
) -> None:
    place = cache / "files" / "md5" / "ef" / ("ef" * 15 + ".dir")
    place.write_text(json.dumps([{"md5": "ab" * 16, "relpath": name}]))
    with pytest.raises(InputError, match="outside"):
        link_outputs(cache, {"u": "ef" * 16 + ".dir"}, tmp_path / "out")
    place.write_text("[")
    with pytest.raises(InputError, match="damaged"):
        link_outputs(cache, {"u": "ef" * 16 + ".dir"}, tmp_path / "out")


# --- commands that fail ----------------------------------------------------------------------


def test_commands_that_fail_say_so_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be started"):
        repository.call(["no-such-command-at-all"], tmp_path, 5)
    code = "import sys; print('a\\nERROR: it\\nb', file=sys.stderr); sys.exit(3)"
    with pytest.raises(InputError, match=r"failed: ERROR: it$"):
        repository.call([sys.executable, "-c", code], tmp_path, 30)
    with pytest.raises(InputError, match="failed: 4"):
        repository.call([sys.executable, "-c", "import sys; sys.exit(4)"], tmp_path, 30)
    assert repository.call([sys.executable, "-c", "print(5)"], tmp_path, 30) == "5\n"


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    hang = [sys.executable, "-c", "import time; time.sleep(60)"]
    with pytest.raises(InputError, match=r"longer than 0\.1 s and was ended"):
        repository.call(hang, tmp_path, 0.1)
    with pytest.raises(InputError, match="called off"):
        repository.call(hang, tmp_path, 60, lambda: True)


def test_what_is_no_revision_never_reaches_git(tmp_path: Path) -> None:
    for revision in ("--help", "HEAD", "", "a" * 39):
        with pytest.raises(InputError, match="no revision"):
            repository.read_outputs(tmp_path, revision, RUN)


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_references_and_outputs_are_read_from_git(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert not repository.is_repository(tmp_path)
    (tmp_path / ".dvc").mkdir()
    assert repository.is_repository(tmp_path)
    assert repository.list_references(tmp_path) == ()
    shutil.copy(ROOT / "dvc.lock", tmp_path)
    git(tmp_path, "add", "dvc.lock")
    git(tmp_path, "commit", "--quiet", "-m", "x")
    commit = git(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "update-ref", f"refs/exps/{commit[:2]}/{commit[2:]}/mine", commit)
    git(tmp_path, "update-ref", "refs/exps/exec/EXEC_HEAD", commit)
    references = repository.list_references(tmp_path)
    assert len(references) == 1 and references[0].endswith("/mine")
    assert repository.list_baselines([*references, *references]) == (commit,)
    outs = repository.read_outputs(tmp_path, commit, RUN)
    assert {"pca.zarr", "umap.zarr", "tsne/30.zarr", "layers.csv"} <= set(outs)
    with pytest.raises(InputError, match="failed"):
        repository.read_outputs(tmp_path, "0" * 40, RUN)


# --- layouts of a run ------------------------------------------------------------------------


def test_names_and_perplexities() -> None:
    assert name_embeddings([5, 30.0, 2.5]) == ("pca", "tsne-5", "tsne-30", "tsne-2.5", "umap")
    assert read_perplexity("tsne-30", 1000) == 30 and read_perplexity("tsne-90", 100) == 33
    assert read_perplexity("umap", 100) is None


def test_layouts_of_a_run_are_read(tiny_run: Path) -> None:
    found = read_layouts(tiny_run, ("pca", "tsne-5", "umap"), 20)
    assert found.layers == tuple(layer.key for layer in LAYERS)
    assert found.size == 20 and set(found.points) == {"pca", "tsne-5", "umap"}
    assert found.figures["tsne-5"][2].tolist() == pytest.approx([0.4, 0.9, 0.25])
    assert np.isnan(found.figures["pca"][2, 2])
    (tiny_run / "layers.csv").write_text("size\n\0")
    assert np.isnan(read_layouts(tiny_run, ("pca",), 20).figures["pca"]).all()
    shutil.rmtree(tiny_run / "umap.zarr")
    with pytest.raises(InputError, match="not there"):
        read_layouts(tiny_run, ("umap",), 20)
    with pytest.raises(InputError, match="has 40 samples, not 50"):
        read_layouts(tiny_run, ("pca",), 50)


def test_samples_have_the_same_name_only_in_the_same_order() -> None:
    labels = np.array([0, 1], np.int16)
    name = identify_samples(["a", "b"], labels)
    assert name == identify_samples(("a", "b"), labels.astype(np.int64))
    assert name != identify_samples(["b", "a"], labels)
    assert name != identify_samples(["a", "b"], labels[::-1])


# --- a sweep that comes along ----------------------------------------------------------------


def test_places_are_off_by_half_a_step_at_most() -> None:
    points = np.random.default_rng(0).normal(5, [[[100.0]], [[1e-3]], [[0]]], (3, 50, 2))
    steps, step = quantize(points)
    centred = points - points.mean(axis=1, keepdims=True)
    restored = steps * step[:, None, None].astype(float)
    assert (np.abs(restored - centred) <= 0.5001 * step[:, None, None]).all()
    assert steps.dtype == np.int16 and abs(int(steps[0].min())) <= 32767


def test_a_sweep_comes_back_as_it_was_written(tmp_path: Path) -> None:
    first, second = make_layouts(0), make_layouts(0)
    other = make_layouts(1)
    second = replace(second, points={**second.points, "umap": other.points["umap"]})
    trials = (
        EmbeddedExperiment(make_experiment("one", "a" * 40, pool=4, sizes=[12]), first),
        EmbeddedExperiment(make_experiment("two", "b" * 40, pool=8, sizes=[12], more=1), second),
    )
    sweep = Sweep("mine", "some-run", trials)
    text, arrays = write_sweep(tmp_path, sweep)
    before = text.read_bytes(), arrays.read_bytes()
    write_sweep(tmp_path, sweep)
    assert (text.read_bytes(), arrays.read_bytes()) == before
    found = read_sweep(text)
    assert (found.name, found.run) == ("mine", "some-run")
    assert [trial.experiment for trial in found.trials] == [t.experiment for t in trials]
    for trial, was in zip(found.trials, trials, strict=True):
        assert trial.layouts.layers == was.layouts.layers
        assert trial.layouts.classes == was.layouts.classes
        np.testing.assert_array_equal(trial.layouts.labels, was.layouts.labels)
        for name, points in was.layouts.points.items():
            centred = points - points.mean(axis=1, keepdims=True)
            np.testing.assert_allclose(trial.layouts.points[name], centred, atol=1e-3)
            np.testing.assert_array_equal(trial.layouts.figures[name], was.layouts.figures[name])
    with np.load(arrays) as packed:
        assert len(packed["points"]) == 3  # the PCA of both is one
    assert json.loads(text.read_text())["params"] == {"sizes": [12]}
    assert not list(tmp_path.glob("*.partial"))


def test_experiments_on_other_samples_are_no_sweep(tmp_path: Path) -> None:
    trials = [EmbeddedExperiment(make_experiment("one"), make_layouts(n=n)) for n in (12, 13)]
    with pytest.raises(InputError, match="other samples or layers"):
        write_sweep(tmp_path, Sweep("mine", "run", tuple(trials)))


def damage_format(text: Path, arrays: Path) -> None:
    text.write_text(text.read_text().replace('"layerscope_sweep": 1', '"layerscope_sweep": 9'))


def damage_json(text: Path, arrays: Path) -> None:
    text.write_text(text.read_text()[:-30])


def damage_arrays(text: Path, arrays: Path) -> None:
    arrays.write_bytes(arrays.read_bytes()[:-10])


def damage_index(text: Path, arrays: Path) -> None:
    content = json.loads(text.read_text())
    content["experiments"][0]["embeddings"]["pca"]["points"] = 99
    text.write_text(json.dumps(content))


def remove_arrays(text: Path, arrays: Path) -> None:
    arrays.unlink()


DAMAGES = (damage_format, damage_json, damage_arrays, damage_index, remove_arrays)


@pytest.mark.parametrize("damage", DAMAGES, ids=[each.__name__ for each in DAMAGES])
def test_a_damaged_sweep_is_refused_in_one_line(tmp_path: Path, damage: Any) -> None:
    text, arrays = write_sweep(
        tmp_path,
        Sweep("mine", "run", (EmbeddedExperiment(make_experiment("one"), make_layouts()),)),
    )
    damage(text, arrays)
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_sweep(text)
    assert "\n" not in str(caught.value)


def test_experiments_are_exported_by_name() -> None:
    found = [
        replace(make_experiment("a", "1"), created="2026-01-01"),
        replace(make_experiment("a", "2"), created="2026-01-03"),
        replace(make_experiment("b", "3"), created="2026-01-02"),
    ]
    assert [each.revision for each in choose(found, ["b", "a"])] == ["3", "2"]
    assert [each.revision for each in choose(found, [])] == ["2", "3"]  # all, oldest name first
    with pytest.raises(InputError, match="no experiment c; there are: a, b"):
        choose(found, ["c"])
    with pytest.raises(InputError, match="none"):
        choose([], [])


# --- the sweep that really comes along -------------------------------------------------------


def test_the_sweep_that_comes_along_has_the_parameters_that_make_experiments_sets(
    real: Sweep, tmp_path: Path
) -> None:
    common = (f"runs.{RUN}.sizes=[100]", "tsne.perplexity=[10,30]")
    for wanted in read_trials(ROOT / "experiments" / "objects-100.txt", common):
        path = tmp_path / "params.yaml"
        path.write_text((ROOT / "params.yaml").read_text(encoding="utf-8"), encoding="utf-8")
        for setting in wanted.settings:
            apply_overrides(path, [setting])
        (trial,) = (each for each in real.trials if each.experiment.name == wanted.name)
        params = keep_of_run(flatten(YAML(typ="safe").load(path)), RUN)
        kept = {name: value for name, value in trial.experiment.params.items() if name in params}
        assert kept.items() <= params.items() and len(kept) > 20


def test_the_sweep_that_comes_along_is_whole(real: Sweep, shown: Any) -> None:
    wanted = (ROOT / "experiments" / "objects-100.txt").read_text().splitlines()
    assert [t.experiment.name for t in real.trials] == [line.split()[0] for line in wanted]
    size = sum(path.stat().st_size for path in (ROOT / "experiments").iterdir())
    assert size < 600_000
    said = {each.name: each for each in parse_experiments(shown, RUN)}
    for trial in real.trials:
        if trial.experiment.name in said:
            same = said[trial.experiment.name]
            assert trial.experiment.params.items() >= dict(same.params).items()  # type: ignore[operator]
            assert replace(trial.experiment, params=same.params) == same
        assert set(trial.layouts.points) == set(
            name_embeddings(trial.experiment.params["tsne.perplexity"])  # type: ignore[arg-type]
        )
        for points in trial.layouts.points.values():
            assert points.shape == (38, 100, 2) and (np.ptp(points, axis=1) > 0).all()


def test_its_figures_are_those_of_its_metrics(real: Sweep) -> None:
    for trial in real.trials:
        for name, figures in trial.layouts.figures.items():
            metrics = trial.experiment.metrics
            mean = figures[:, FIGURES.index("trustworthiness")].mean()
            assert metrics[f"mean_trustworthiness.{name}"] == pytest.approx(mean, abs=1e-4)
            last = figures[-1, FIGURES.index("knn_accuracy")]
            assert metrics[f"knn_accuracy_output.{name}"] == pytest.approx(last, abs=1e-4)
            assert np.isnan(figures[:, 2]).all() == (not name.startswith("tsne"))


def test_it_is_of_the_embedded_pictures(embedded: Path, real: Sweep) -> None:
    samples = Samples(embedded / "data" / RUN / "samples.zarr")
    identity = identify_samples(samples.paths[:100], samples.labels[:100])
    assert real.trials[0].layouts.identity == identity


def test_another_seed_moves_umap_and_leaves_tsne(real: Sweep) -> None:
    base, seed = real.trials[0].layouts, real.trials[1].layouts
    params = [trial.experiment.params for trial in real.trials[:2]]
    assert list_differences(*params) == ("tsne.random_state", "umap.random_state")
    np.testing.assert_array_equal(base.points["tsne-30"], seed.points["tsne-30"])
    agreed = share_neighbors(base.points["umap"][5], seed.points["umap"][5], 10).mean()
    assert expect_shared(100, 10) < agreed < 0.8


# --- places on axes --------------------------------------------------------------------------


def test_places_of_values_by_hand() -> None:
    places, ticks = place_values(["50", "5", None, "15", "5"])
    assert places == [1.0, 0.0, None, 0.5, 0.0]
    assert ticks == [(0.0, "5"), (0.5, "15"), (1.0, "50")]
    assert place_values(["10, 30", "5, 30"])[0] == [1.0, 0.0]
    assert place_values(["b", "10", "a"])[0] == [1.0, 0.0, 0.5]
    assert place_values(["x", "x"]) == ([0.5, 0.5], [(0.5, "x")])
    assert place_values([None]) == ([None], [])


def test_places_of_figures_by_hand() -> None:
    places, ticks = place_figures([0.2, None, 0.6, 0.3])
    assert places == pytest.approx([0, None, 1, 0.25])
    assert ticks == [(0.0, "0.200"), (1.0, "0.600")]
    assert place_figures([0.5, 0.5]) == ([0.5, 0.5], [(0.5, "0.500")])
    assert place_figures([None]) == ([None], [])
    assert [pick_color(p) for p in (0.0, 1.0, None)] == [SCALE[0], SCALE[-1], "#6d7884"]


HOSTILE_PICKS = (
    None, "base", {"side": 0}, {"side": True, "key": "base"}, {"side": 2, "key": "base"},
    {"side": 0, "key": "other"}, {"side": 0, "key": ["base"]}, {"side": "0", "key": "base"},
    {"side": 0, "key": "base", "more": 1}, [0, "base"],
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE_PICKS)))
def test_what_no_line_sends_is_not_accepted(number: int) -> None:
    with pytest.raises(ValueError):
        read_pick(HOSTILE_PICKS[number], ["base"])
    assert read_pick({"side": 1, "key": "base"}, ["base"]) == (1, "base")


# --- the page --------------------------------------------------------------------------------


@pytest.fixture
def entries(real: Sweep, embedded: Path, monkeypatch: pytest.MonkeyPatch) -> list[ExperimentEntry]:
    monkeypatch.chdir(embedded)
    along = enter_sweep(real)
    contents = read_contents(RUN)
    return merge_entries(along, [], enter_workspace(contents, along[0].experiment.params))


def test_a_revision_is_listed_once_and_names_are_told_apart(entries: list[ExperimentEntry]) -> None:
    along, workspace = entries[:-1], entries[-1]
    again = replace(along[0], source="local")
    renamed = make_experiment("base", "c" * 40)
    stranger = replace(along[0], source="local", experiment=renamed)
    nasty = replace(stranger, experiment=make_experiment(WORKSPACE, "d" * 40))
    merged = merge_entries(along, [again, stranger, nasty], workspace)
    keys = [each.key for each in merged]
    assert keys[-3:] == ["base@ccccccc", "workspace@ddddddd", "workspace"]
    assert len(merged) == len(along) + 3 and len(set(keys)) == len(keys)


def test_the_workspace_has_the_parameters_that_experiments_have(
    entries: list[ExperimentEntry],
) -> None:
    workspace = entries[-1]
    assert workspace.key == WORKSPACE and workspace.sizes == (100, 1000)
    assert set(workspace.experiment.params) <= set(entries[0].experiment.params)
    rows = {
        row.key: row for row in list_rows(entries, list_columns("umap", "input"), "umap", "input")
    }
    changes = dict(rows[WORKSPACE].changes)
    assert changes["sizes"] == "100, 1000" and changes["tsne.perplexity"] == "10, 30, 90"
    assert dict(rows["seed-1"].changes) == {"tsne.random_state": "1", "umap.random_state": "1"}
    assert dict(rows["base"].changes) == {}
    assert [row.source for row in rows.values()] == [""] * (len(entries) - 1) + ["data/"]


def test_rows_and_lines_show_what_was_measured(entries: list[ExperimentEntry], real: Sweep) -> None:
    columns = list_columns("tsne-10", "features.5")
    rows = list_rows(entries, columns, "tsne-10", "features.5")
    base = rows[0]
    layouts = real.trials[0].layouts
    at = layouts.layers.index("features.5")
    knn, trust, kl = layouts.figures["tsne-10"][at].tolist()
    assert [column.key for column in columns] == ["mean_trust", "trust", "knn", "kl", "output_knn"]
    metrics = real.trials[0].experiment.metrics
    means = metrics["mean_trustworthiness.tsne-10"], metrics["knn_accuracy_output.tsne-10"]
    assert base.figures == pytest.approx([means[0], trust, knn, kl, means[1]])
    axes, lines = list_lines(entries, columns, "tsne-10", "features.5", "mean_trust")
    names, _ = list_parameters(entries[:-1])
    assert [axis.name for axis in axes if not axis.measured] == list(names)
    assert WORKSPACE not in {line.key for line in lines} and len(lines) == len(real.trials)
    assert all(len(line.places) == len(axes) for line in lines)
    best = max(rows[:-1], key=lambda row: row.figures[0] or 0)
    assert next(line.color for line in lines if line.key == best.key) == SCALE[-1]
    unknown, _ = list_lines(entries, columns, "tsne-90", "features.5", "mean_trust")
    assert not any(axis.measured for axis in unknown)
    assert "kl" not in {column.key for column in list_columns("umap", "input")}


def test_a_method_that_an_experiment_varies_has_a_column(entries: list[ExperimentEntry]) -> None:
    """Else its row would show the base's figures, all of another method."""
    keys = [column.key for column in list_columns("tsne-30", "input", ["umap.min_dist"])]
    assert keys[1] == "mean_umap" and "mean_pca" not in keys
    keys = [column.key for column in list_columns("umap", "input", ["activations.grid"])]
    assert keys[1:3] == ["mean_pca", "mean_tsne"]
    assert list_columns("pca", "input", ["tsne.n_iter"])[1].name == "t-SNE 30 trust"
    names, _ = list_parameters(entries)
    columns = list_columns("tsne-30", "input", names)
    rows = {row.key: row for row in list_rows(entries, columns, "tsne-30", "input")}
    alike = [key for key, row in rows.items() if row.figures == rows["base"].figures]
    assert "umap-distance-0.5" not in alike and "umap-neighbors-5" not in alike


def test_repetitions_tell_what_is_noise_by_hand(entries: list[ExperimentEntry]) -> None:
    names, _ = list_parameters(entries)
    columns = add_noise(list_columns("tsne-30", "input", names), entries, "tsne-30", "input")
    by_key = {column.key: column for column in columns}
    repeated = [each for each in entries if each.key == "base" or each.key.startswith("seed-")]
    values = [each.experiment.metrics["mean_trustworthiness.umap"] for each in repeated]
    assert by_key["mean_umap"].noise == (min(values), max(values)) and min(values) < max(values)
    assert by_key["mean_umap"].n_repeated == len(repeated) > 2
    low, high = by_key["mean_trust"].noise or (0, 1)
    assert low == high  # t-SNE starts at principal components: a seed changes nothing
    (alone,) = add_noise(list_columns("tsne-30", "input")[:1], entries[:1], "tsne-30", "input")
    assert alone.noise is None  # one run says nothing of noise


def choose_with(entries: list[ExperimentEntry], **params: str) -> tuple[Any, list[str]]:
    selection, _ = read_selection(params, read_contents(RUN))
    orders = list_orders(list_columns("tsne-30", ""))
    return read_choice(params, entries, selection, ("mean_trust", "kl"), orders)


def test_the_address_chooses_two(entries: list[ExperimentEntry]) -> None:
    choice, refused = choose_with(entries)
    assert refused == []
    # The first is the first; beside it the first one whose layouts of that kind are others.
    assert (choice.exp_a, choice.lay_a) == ("base", "tsne-30")
    assert (choice.exp_b, choice.lay_b) == ("exaggeration-4", "tsne-30")
    wanted = {
        "exp_a": "seed-1", "lay_a": "umap", "exp_b": "workspace", "lay_b": "tsne-90",
        "tint": "kl", "shade": "agreement", "sort": "-trust",
    }  # fmt: skip
    choice, refused = choose_with(entries, **wanted)
    assert refused == [] and choice.to_params() == wanted
    assert choose_with(entries, exp_a="seed-1", lay_a="umap")[0].exp_b == "base"


def test_an_embedding_that_an_experiment_lacks_is_another(entries: list[ExperimentEntry]) -> None:
    kept = tuple(each for each in entries[1].embeddings if each != "tsne-10")
    lacking = [entries[0], replace(entries[1], embeddings=kept), *entries[2:]]
    choice, refused = choose_with(lacking, exp_a="base", lay_a="tsne-10", exp_b=entries[1].key)
    assert refused == [] and choice.lay_b == "tsne-30"
    choice, _ = choose_with(entries, exp_a="base", lay_a="tsne-10", exp_b="base")
    assert choice.lay_b == "tsne-30"  # not the same beside itself
    alone = entries[-1]
    assert find_other([alone], alone, "pca") is alone


HOSTILE = ("", "<script>", "../x", "base ", "BASE", "0", "base\0", "x" * 9999)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
@pytest.mark.parametrize("key", KEYS)
def test_a_hostile_address_is_refused_by_name(
    entries: list[ExperimentEntry], key: str, number: int
) -> None:
    usual, _ = choose_with(entries)
    choice, refused = choose_with(entries, **{key: HOSTILE[number]})
    assert len(refused) == 1 and "<" not in refused[0]
    assert choice == usual


def test_keys_are_no_other_pages_keys() -> None:
    from ui.explain.address import KEYS as EXPLAIN
    from ui.features.address import KEYS as FEATURES
    from ui.umap_tour.address import KEYS as TOUR

    assert not set(KEYS) & {*SELECTED, *EXPLAIN, *FEATURES, *TOUR}


def test_two_of_one_number_of_samples_are_compared(entries: list[ExperimentEntry]) -> None:
    base, workspace = entries[0], entries[-1]
    assert find_size(base, workspace) == 100 and find_size(workspace, workspace) == 1000
    with pytest.raises(InputError, match="100 samples and other 50"):
        find_size(base, replace(base, key="other", sizes=(50,)))
    with pytest.raises(InputError, match="no layer nowhere"):
        load_side(base, "umap", "nowhere", 100)


def test_repetitions_are_measured_against_a(entries: list[ExperimentEntry]) -> None:
    side = load_side(entries[0], "umap", "features.5", 100)
    repeated = measure_repetitions(side, entries, "features.5")
    n_seeds = sum(each.key.startswith("seed-") for each in entries)
    assert len(repeated) == n_seeds + 1 and repeated == sorted(repeated)  # and the workspace
    other = load_side(entries[1], "umap", "features.5", 100)
    agreed = share_neighbors(side.points, other.points, 10).mean()
    assert any(each == pytest.approx(agreed) for each in repeated)
    tsne = measure_repetitions(
        load_side(entries[0], "tsne-30", "features.5", 100), entries, "features.5"
    )
    # Seeds change nothing; rounding does, between this machine and the one of the workspace.
    assert len(tsne) == n_seeds + 1 and tsne[1:] == [1] * n_seeds


def test_agreement_stands_beside_chance_and_repetition() -> None:
    shared = np.full(100, 0.5)
    said = describe_agreement(shared, [0.2, 0.41])
    assert "<b>0.50</b>" in said and "0.20–0.41" in said and "chance <b>0.06</b>" in said
    assert "repeated <b>0.20</b>" in describe_agreement(shared, [0.2, 0.201])
    assert "repeated <b>" not in describe_agreement(shared, [])


def test_kl_divergences_stand_beside_equal_perplexities_only(
    entries: list[ExperimentEntry],
) -> None:
    base, other = entries[0], next(each for each in entries if each.key == "exaggeration-4")
    thirty, ten = (load_side(base, name, "features.5", 100) for name in ("tsne-30", "tsne-10"))
    also = load_side(other, "tsne-30", "features.5", 100)
    flat = load_side(base, "umap", "features.5", 100)
    assert "KL <b>0." in describe_side(thirty, "features.5", also)
    assert "KL <b>–" in describe_side(thirty, "features.5", ten)
    assert "KL <b>–" in describe_side(thirty, "features.5", flat)
    assert "KL" not in describe_side(flat, "features.5", thirty)


def test_arrays_out_of_a_cache_that_are_gone_are_said(
    entries: list[ExperimentEntry], cache: Path
) -> None:
    gone = replace(entries[0], source="local", layouts=None, cache=cache)
    with pytest.raises(InputError, match="dvc exp apply base"):
        load_layouts(gone, "umap", 100)


def test_arrays_are_read_out_of_a_cache(tiny_run: Path, tmp_path: Path) -> None:
    outs: dict[str, str] = {}
    place = tmp_path / "cache" / "files" / "md5"
    for number, name in enumerate(("samples.zarr", "pca.zarr", "umap.zarr", "layers.csv")):
        files = [p for p in [tiny_run / name, *(tiny_run / name).rglob("*")] if p.is_file()]
        listed = []
        for i, file in enumerate(files):
            digest = f"{number:02x}{i:030x}"
            (place / digest[:2]).mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place / digest[:2] / digest[2:])
            listed.append({"md5": digest, "relpath": file.relative_to(tiny_run / name).as_posix()})
        outs[name] = listed[0]["md5"]
        if name.endswith(".zarr"):
            outs[name] = f"{number + 16:02x}" + "a" * 30 + ".dir"
            (place / outs[name][:2]).mkdir()
            (place / outs[name][:2] / outs[name][2:]).write_text(json.dumps(listed))
    experiment = make_experiment("x", "e" * 40)
    entry = ExperimentEntry(
        "x", experiment, "local", TINY, (20, 40), ("umap",), {}, outs=outs, cache=tmp_path / "cache"
    )
    found = load_layouts(entry, "umap", 20)
    wanted = read_layouts(tiny_run, ("umap",), 20)
    np.testing.assert_array_equal(found.points["umap"], wanted.points["umap"])
    assert found.identity == wanted.identity


# --- where there is no git, no DVC, or one that fails ----------------------------------------


def test_without_a_repository_there_is_nothing_local(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert local.look_up(RUN) == local.Local()


def test_without_git_there_is_one_calm_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    found = local.look_up(RUN)
    assert "could not be started" in found.problem and not found.is_pending


ANSWERS = {
    "import sys; sys.exit('ERROR: no')": "failed: ERROR: no",
    "print('<html>')": "printed no JSON",
    "import time; time.sleep(60)": "longer than 0.3 s",
}


@pytest.mark.parametrize("number", range(len(ANSWERS)), ids=["fails", "garbage", "hangs"])
def test_a_dvc_that_does_not_answer_is_one_calm_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    code, said = list(ANSWERS.items())[number]
    monkeypatch.setattr(repository, "_DVC", (sys.executable, "-c", code))
    monkeypatch.setattr(local, "TIMEOUT", 0.3 if "sleep" in code else 30)
    references = (f"{'a' * 40} refs/exps/aa/{'a' * 38}/x",)
    with pytest.raises(InputError) as caught:
        local.read_local(tmp_path, RUN, references, bool)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_real_answers_become_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: Any
) -> None:
    monkeypatch.setattr(local, "show_experiments", lambda *_: shown)
    monkeypatch.setattr(local, "find_cache", lambda *_: tmp_path)
    found = local.read_local(tmp_path, RUN, (), bool)  # git does not know their revisions here
    assert [each.key for each in found] == ["base", "seed-1", "variance-0.5"]
    assert found[2].embeddings == ("pca", "tsne-10", "tsne-30", "umap")
    assert found[0].sizes == (100,) and found[0].outs == {} and found[0].figures == {}


def test_a_broken_sweep_is_a_problem_not_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "a.json").write_text("{")
    (tmp_path / "experiments" / "b.json").write_text("{")
    (tmp_path / "experiments" / "b.npz").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    sweeps, problems = read_sweeps(RUN)
    assert sweeps == () and len(problems) == 2
    assert "arrays are missing" in problems[0] and "cannot be read" in problems[1]
    assert str(tmp_path) not in " ".join(problems)


open_page = partial(open_app, "Experiments")


def test_a_run_without_experiments_tells_how_to_get_some(tiny_run: Path) -> None:
    app = open_page()
    assert "No experiments of objects / tiny yet" in text_of(app)
    commands = next(code.value for code in app.code if "sweep" in code.value)
    called = [shlex.split(line) for line in commands.splitlines()]
    sweeps = [make_parser().parse_args(line[3:]) for line in called if "sweep" in line]
    named = [trial.name for each in sweeps for trial in list_trials(each.run, each.settings)]
    assert [each.run for each in sweeps] == [TINY, TINY] and len(named) == 2 + 4
    assert app.selectbox(key="exp_a").options == [WORKSPACE]
    assert (app.selectbox(key="lay_a").value, app.selectbox(key="lay_b").value) == (
        "tsne-30",
        "tsne-5",
    )


def test_a_hostile_link_opens_the_usual_page(tiny_run: Path) -> None:
    app = open_page(exp_a="<script>alert(1)</script>", lay_b="../x", sort="';--")
    assert any("first experiment" in toast.value for toast in app.toast)
    assert "<script>" not in text_of(app)


def test_missing_arrays_are_said_in_their_panel(tiny_run: Path) -> None:
    shutil.rmtree(tiny_run / "tsne")
    app = open_page(lay_a="umap", lay_b="pca")
    assert "agree <b>" in text_of(app)
    (tiny_run / "umap.zarr" / "zarr.json").write_text("{")
    assert "umap" in text_of(open_page(lay_a="umap", lay_b="pca"))
    shutil.rmtree(tiny_run / "samples.zarr")
    assert "have not been built yet" in text_of(open_page())


def test_steps_of_the_tour_are_short_and_point_at_what_is_there() -> None:
    drawn = "".join(file.read_text() for file in (ROOT / "ui" / "experiments").glob("*.py"))
    assert len({step.target for step in STEPS}) == len(STEPS)
    for step in STEPS:
        assert len(step.title) <= 40 and len(step.text) <= 240
        assert step.text.count("`") % 2 == 0 and not set(step.text) & set("<>&")
        for name in re.findall(r"\.st-key-([\w-]+)", step.target):
            assert f'key="{name}"' in drawn


def test_orders_are_those_of_columns() -> None:
    assert list_orders([FigureColumn("knn", "kNN", "")]) == (
        "name", "-name", "changes", "-changes", "created", "-created", "knn", "-knn",
    )  # fmt: skip
