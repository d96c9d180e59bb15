"""The t-SNE playground: what is embedded, how it is judged, what the address and the browser may ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.manifold
from ruamel.yaml import YAML
from sklearn.decomposition import PCA
from streamlit.testing.v1 import AppTest

from layerscope.activations.averaging import Averaging
from layerscope.activations.pooling import forward, pool
from layerscope.embedding import tsne_trials
from layerscope.embedding.defined import count_neighbors
from layerscope.embedding.layouts import EARLY_EXAGGERATION_ITER
from layerscope.embedding.neighbors import knn_accuracy, nearest_neighbors
from layerscope.embedding.quality import distance_ranks
from layerscope.embedding.tsne_trials import (
    chance_accuracy,
    explain_clumps,
    judge_layout,
    nearest_in_plane,
    neighbor_agreement,
)
from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled
from layerscope.features.layer_features import pool_layer
from layerscope.models.layers import Layer
from layerscope.storage.store import store_path, writing
from stages import pca
from tests.shared.project import ROOT
from ui.arrays import load_samples
from ui.components.embedding_film import read_action
from ui.features.playground.address import (
    KEYS,
    TrialChoice,
    limit_perplexity,
    offer_counts,
    read_trial,
)
from ui.features.playground.cast import load_linked_samples
from ui.features.playground.caution import list_layouts
from ui.features.playground.film import list_rungs, tell_state
from ui.features.playground.jobs import ask_caution, ask_film, caution_key, film_key, read_subject
from ui.library import find_source, load_params, read_contents
from ui.live.models import load
from ui.live.playground import (
    GAUSSIANS,
    Caution,
    Features,
    Film,
    PlaygroundSubject,
    Settings,
    count_frames,
    fit,
    load_features,
)
from ui.palette import mark_class
from ui.queue import Report, State, shared

RUN = "objects-vgg16_slim"
FEW = 30
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(autouse=True)
def _project(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(embedded)


def layer_of(key: str, run: str = RUN) -> Layer:
    return read_contents(run).layer(key)


def never() -> bool:
    return False


def ignore(done: int, total: int) -> None:
    pass


# --- how layouts are judged ------------------------------------------------------------------


def test_neighbours_in_the_plane_are_those_of_the_search() -> None:
    points = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    found = nearest_in_plane(points, 7)
    np.testing.assert_array_equal(found, nearest_neighbors(points, 7).indices)
    judged = judge_layout(points, distance_ranks(points[:, :1]), np.arange(60) % 3, 7)
    expected = sklearn.manifold.trustworthiness(points[:, :1], points, n_neighbors=7)
    assert judged[0] == pytest.approx(expected)
    assert judged[1] == knn_accuracy(found, np.arange(60) % 3, 7)


def test_a_sample_is_never_its_own_neighbour_among_duplicates() -> None:
    found = nearest_in_plane(np.zeros((6, 2)), 5)
    assert all(set(row) == set(range(6)) - {i} for i, row in enumerate(found.tolist()))


@pytest.mark.parametrize(("n", "expected"), [(300, 10), (21, 10), (20, 9), (7, 3), (3, 1)])
def test_fewer_neighbours_of_few_samples(n: int, expected: int) -> None:
    assert count_neighbors(10, n) == expected


def test_chance_is_a_little_less_than_one_class_in_four() -> None:
    labels = np.repeat(np.arange(4), 10)
    clustered = np.eye(4)[labels][:, :2] * 9 + np.random.default_rng(0).normal(size=(40, 2))
    chance = chance_accuracy(clustered, labels, 1, n_permutations=2000, random_state=1)
    # The nearest is one of 39 others, of which 9 are of the class.
    assert chance == pytest.approx(9 / 39, abs=0.01)
    assert chance == chance_accuracy(clustered, labels, 1, n_permutations=2000, random_state=1)


def test_layouts_agree_with_themselves_turned_and_not_with_chance() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 2))
    turned = points @ np.array([[0.0, -3.0], [3.0, 0.0]]) + 5
    assert neighbor_agreement([points, turned], 10) == 1
    others = [rng.normal(size=(200, 2)) for _ in range(4)]
    assert neighbor_agreement(others, 10) == pytest.approx(10 / 199, abs=0.01)
    # Of three pairs one agrees in all.
    mixed = neighbor_agreement([points, turned, others[0]], 10)
    single = neighbor_agreement([points, others[0]], 10)
    assert mixed == pytest.approx((1 + 2 * single) / 3)
    with pytest.raises(InputError):
        neighbor_agreement([points], 10)


# --- features --------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["input", "features.19", "classifier.0", "probabilities"])
def test_a_layer_alone_gives_what_a_whole_pass_does(key: str) -> None:
    classifier, layer = load(find_source(RUN)), layer_of(key)
    pictures = load_samples(RUN).pictures(0, 4)
    whole: dict[str, np.ndarray] = {}
    forward(
        classifier,
        pictures,
        (layer,),
        lambda k, out: whole.update({k: pool(out, Averaging("grid", 7))[0]}),
    )
    seen: list[str] = []
    modules = dict(classifier.module.named_modules())
    handle = modules["classifier.6"].register_forward_hook(lambda *_: seen.append("end"))
    try:
        found = pool_layer(classifier, pictures, layer, Averaging("grid", 7))
    finally:
        handle.remove()
    np.testing.assert_array_equal(found, whole[key].reshape(4, -1))
    assert found.dtype == np.float32
    assert seen == (["end"] if key == "probabilities" else [])
    assert not any(module._forward_hooks for module in modules.values())


def test_scores_are_those_of_scikit_learn_up_to_sign() -> None:
    layer = layer_of("features.19")
    found = load_features(read_subject(RUN, layer, FEW), ignore, never)
    pictures = load_samples(RUN).pictures(0, FEW)
    raw = pool_layer(load(find_source(RUN)), pictures, layer, Averaging("grid", 7)).astype(
        np.float64
    )
    reference = PCA(load_params().pca.variance, svd_solver="full")
    expected = reference.fit_transform(raw)
    assert found.scores.shape == expected.shape
    signs = np.sign((found.scores * expected).sum(axis=0))
    np.testing.assert_allclose(found.scores * signs, expected, atol=2e-2)
    assert found.shares == pytest.approx(reference.explained_variance_ratio_[:2], abs=1e-3)
    np.testing.assert_array_equal(found.ranks, distance_ranks(found.scores))
    np.testing.assert_array_equal(found.labels, load_samples(RUN).labels[:FEW])
    assert not found.is_stored
    assert not any(a.flags.writeable for a in (found.scores, found.ranks, found.labels))


def test_features_are_computed_once_and_tell_how_far_they_are() -> None:
    told: list[tuple[int, int]] = []
    layer = layer_of("classifier.3")
    first = load_features(read_subject(RUN, layer, FEW), lambda *step: told.append(step), never)
    assert told == [(0, FEW), (25, FEW), (FEW, FEW)]
    assert (
        load_features(read_subject(RUN, layer, FEW), lambda *step: told.append(step), never)
        is first
    )
    assert len(told) == 3


def test_what_is_called_off_is_not_kept() -> None:
    layer = layer_of("classifier.1")
    with pytest.raises(Cancelled):
        load_features(read_subject(RUN, layer, FEW), ignore, lambda: True)
    assert load_features(read_subject(RUN, layer, FEW), ignore, never).scores.shape[0] == FEW


def test_stored_features_are_the_computed_ones(tmp_path: Path, monkeypatch: Any) -> None:
    """The stage `pca` over activations of two layers, as `dvc repro` would leave them."""
    n, keys = 20, ["features.19", "classifier.6"]
    (tmp_path / "weights").symlink_to(ROOT / "weights")
    run = tmp_path / "data" / RUN
    run.mkdir(parents=True)
    for name in ("samples", "predictions"):
        (run / f"{name}.zarr").symlink_to(ROOT / "data" / RUN / f"{name}.zarr")
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["runs"] = {RUN: {**params["runs"][RUN], "sizes": [n]}}
    yaml.dump(params, tmp_path / "params.yaml")
    monkeypatch.chdir(tmp_path)
    live = [load_features(read_subject(RUN, layer_of(key), n), ignore, never) for key in keys]
    rows: dict[str, np.ndarray] = {}
    wanted = tuple(layer_of(key) for key in keys)
    pictures = load_samples(RUN).pictures(0, n)
    forward(
        load(find_source(RUN)),
        pictures,
        wanted,
        lambda k, out: rows.update({k: pool(out, Averaging("grid", 7))[0]}),
    )
    with writing(run / "activations.zarr", layers=keys) as store:
        for key, values in rows.items():
            store.add(f"grid7/{key}", values, ["sample", "channel", "y", "x"][: values.ndim])
    from_activations = [
        load_features(read_subject(RUN, layer_of(key), n), ignore, never) for key in keys
    ]
    pca.main(RUN)
    assert store_path(RUN, "components").is_dir()
    from_components = [
        load_features(read_subject(RUN, layer_of(key), n), ignore, never) for key in keys
    ]
    for each, *stored in zip(live, from_activations, from_components, strict=True):
        for other in stored:
            assert other.is_stored and not each.is_stored
            np.testing.assert_allclose(other.scores, each.scores, atol=2e-2)
            assert other.shares == pytest.approx(each.shares, abs=1e-4)


# --- the address -----------------------------------------------------------------------------

COUNTS = (100, 200, 300)


def test_an_address_is_read_as_it_was_written() -> None:
    values = ("caution", "100", "5", "random", "7")
    choice, refused = read_trial(dict(zip(KEYS, values, strict=True)), COUNTS, 0)
    assert choice == TrialChoice("caution", 100, 5, "random", 7) and refused == []
    assert read_trial({}, COUNTS, 4) == (TrialChoice("film", 200, 30, "pca", 4), [])


@pytest.mark.parametrize(
    ("key", "text", "name"),
    [
        ("trial", "<b>", "side of the trial"),
        ("trial_n", "150", "number of samples"),
        ("trial_n", "0100", "number of samples"),
        ("trial_perplexity", "1", "perplexity"),
        ("trial_perplexity", "67", "perplexity"),
        ("trial_perplexity", "5.5", "perplexity"),
        ("trial_perplexity", "٣", "perplexity"),
        ("trial_perplexity", "9" * 5000, "perplexity"),
        ("trial_start", "PCA", "start"),
        ("trial_seed", "-1", "seed"),
        ("trial_seed", "1000", "seed"),
    ],
)
def test_what_is_not_there_is_refused_by_name(key: str, text: str, name: str) -> None:
    choice, refused = read_trial({key: text}, COUNTS, 0)
    assert (choice, refused) == (TrialChoice("film", 200, 30, "pca", 0), [name])


def test_few_samples_carry_a_small_perplexity() -> None:
    assert offer_counts(1000) == (100, 200, 300)
    assert offer_counts(250) == (100, 200)
    assert offer_counts(40) == (40,)
    assert [limit_perplexity(n) for n in (300, 200, 100, 40)] == [99, 66, 33, 13]
    choice, refused = read_trial({}, (40,), 0)
    assert (choice.n, choice.perplexity, refused) == (40, 13, [])


# --- jobs ------------------------------------------------------------------------------------


def watch(key: Hashable, until: Callable[[Report[Any]], bool]) -> list[Report[Any]]:
    """All different reports up to one that is waited for."""
    reports: list[Report[Any]] = []
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        report = shared.look(key)
        assert report is not None
        if not reports or report is not reports[-1]:
            reports.append(report)
        if until(report):
            return reports
        time.sleep(0.002)
    raise AssertionError("it does not end")


@pytest.fixture
def subject(_project: None) -> PlaygroundSubject:
    return read_subject(RUN, layer_of("classifier.3"), FEW)


@pytest.fixture
def features(subject: PlaygroundSubject) -> Features:
    return load_features(read_subject(RUN, subject.layer, FEW), ignore, never)


def test_points_are_sent_in_steps_that_can_be_undone() -> None:
    points = np.random.default_rng(0).normal(size=(50, 2)) * [30, 4] + [7, -2]
    steps, side = fit(points)
    assert steps.dtype == np.int16 and side == pytest.approx(np.ptp(points[:, 0]))
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    np.testing.assert_allclose(steps * (side / 2 / 32767) + middle, points, atol=side / 60_000)
    assert steps[:, 0].min() == -32767 and steps[:, 0].max() == 32767
    still, side = fit(np.full((3, 2), 4.0))
    assert side == 0 and not still.any()


def test_a_film_is_published_frame_by_frame(subject: PlaygroundSubject, features: Features) -> None:
    settings = Settings(8, "pca", 0)
    key = film_key(subject, settings)
    assert ask_film(subject, settings) is None
    reports = watch(key, lambda report: report.state is State.DONE)
    lengths = [len(each.result.frames) for each in reports if each.result is not None]
    assert lengths == sorted(lengths) and len(set(lengths)) > 3
    film: Film = reports[-1].result
    n_iter = load_params().playground.n_iter
    assert len(film.frames) == count_frames(n_iter) == len(film.divergences) == len(film.sides)
    assert film.iterations[0] == 0 and EARLY_EXAGGERATION_ITER in film.iterations
    assert film.iterations[-1] == EARLY_EXAGGERATION_ITER + n_iter
    assert film.perplexity == 8
    # From PCA: the first frame is the plane, but for noise of a few per cent that openTSNE adds.
    start, plane = film.frames[0].astype(float), film.plane.points.astype(float)
    agreement = [abs(np.corrcoef(start[:, axis], plane[:, axis])[0, 1]) for axis in (0, 1)]
    assert min(agreement) > 0.98
    trust, accuracy = judge_layout(
        film.frames[-1].astype(float), features.ranks, features.labels, 10
    )
    assert film.trusts[-1] == pytest.approx(trust, abs=0.01)
    assert film.accuracies[-1] == pytest.approx(accuracy, abs=0.07)
    assert film.plane.shares == features.shares
    nearest = features.ranks.argsort(axis=1)[:, 1:11]
    np.testing.assert_array_equal(film.plane.near, nearest)


def test_a_film_is_called_off(subject: PlaygroundSubject) -> None:
    settings = Settings(5, "random", 1)
    key = film_key(subject, settings)
    ask_film(subject, settings)
    watch(key, lambda report: report.result is not None)
    shared.cancel(key, "")
    assert shared.look(key) is None
    again = Settings(6, "random", 1)
    ask_film(subject, again)  # in the same lane: it comes when the other has stopped
    reports = watch(film_key(subject, again), lambda report: not report.is_open)
    assert reports[-1].state is State.DONE


def test_other_settings_are_other_films(subject: PlaygroundSubject) -> None:
    other = read_subject(RUN, subject.layer, FEW + 1)
    keys = {
        film_key(subject, Settings(5, "pca", 0)),
        film_key(subject, Settings(6, "pca", 0)),
        film_key(subject, Settings(5, "random", 0)),
        film_key(subject, Settings(5, "pca", 1)),
        film_key(other, Settings(5, "pca", 0)),
        caution_key(subject, 5, 0),
    }
    assert len(keys) == 6


def test_trials_come_one_by_one(subject: PlaygroundSubject) -> None:
    subject = read_subject(RUN, subject.layer, 60)  # six of a class, who can be a majority of ten
    assert ask_caution(subject, 5, 2) is None
    key = caution_key(subject, 5, 2)
    reports = watch(key, lambda report: report.state is State.DONE)
    counts = [len(each.result.tiles) for each in reports if each.result is not None]
    assert counts == sorted(counts) and len(set(counts)) > 2
    found: Caution = reports[-1].result
    assert GAUSSIANS == tsne_trials.GAUSSIANS
    assert [(tile.is_gaussian, tile.seed) for tile in found.tiles] == [
        *((False, seed) for seed in (2, 3, 4)),
        *((True, seed) for seed in range(2, 2 + GAUSSIANS)),
    ]
    clumpiness = [tile.clumpiness for tile in found.tiles]
    assert found.clumps == explain_clumps(clumpiness[:3], clumpiness[3:], found.strewn)
    assert {each.result.clumps for each in reports[:-1] if each.result is not None} <= {
        "",
        found.clumps,
    }
    features, noise = found.tiles[:3], found.tiles[3:]
    assert min(t.knn_accuracy for t in features) > max(t.knn_accuracy for t in noise)
    assert all(tile.knn_accuracy == pytest.approx(found.chance, abs=0.2) for tile in noise)
    assert 0 < found.chance < 0.2 and found.expected == pytest.approx(10 / 59)
    assert found.agreement is not None and found.agreement > found.expected
    layouts = list_layouts(found, 2)
    assert [each.is_noise for each in layouts] == [False] * 3 + [True] * 3
    assert all(each.points is not None and len(each.figures) == 4 for each in layouts)
    assert all(each.points is None for each in list_layouts(None, 0))


@pytest.mark.parametrize(
    ("report", "problem", "share", "action"),
    [
        (None, "too much", -1, "run"),
        (None, None, -1, "run"),
        (Report(State.WAITING), None, -1, "stop"),
        (Report(State.RUNNING, 50, 200), None, 0.25, "stop"),
        (Report(State.FAILED, problem="no"), None, -1, ""),
    ],
    ids=["refused", "stopped", "waiting", "looking", "failed"],
)
def test_where_the_work_stands(
    report: Report[Film] | None, problem: str | None, share: float, action: str
) -> None:
    note, found, offered = tell_state(report, problem)
    assert note and (found, offered) == (share, action)


def test_a_ladder_goes_as_high_as_samples_carry() -> None:
    rungs = list_rungs(TrialChoice("film", 200, 30, "random", 3))
    assert [each.perplexity for each in rungs] == [2, 5, 10, 30, 50]
    assert {(each.start, each.seed) for each in rungs} == {("random", 3)}


# --- what is drawn ---------------------------------------------------------------------------


def test_samples_have_the_colours_of_their_classes() -> None:
    contents = read_contents(RUN)
    samples = load_linked_samples(contents, FEW)
    marks = [(entry.color, entry.shape) for entry in samples.entries]
    assert marks == [mark_class(label) for label in range(len(contents.categories))]
    np.testing.assert_array_equal(samples.labels, load_samples(RUN).labels[:FEW])
    assert samples.neighbors.shape == (FEW, 0)


def test_work_is_begun_and_stopped_by_name() -> None:
    assert read_action("run") and not read_action("stop")
    for sent in (None, True, False, "", "Run", ["run"]):
        with pytest.raises(ValueError):
            read_action(sent)


@pytest.fixture
def opened(_project: None, tiny_run: Path) -> AppTest:
    """The techniques, of a run of forty samples, under an address that asks for too much."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/Features.py")
    for key, value in {"show": "trial", "trial": "methods", "trial_perplexity": "99"}.items():
        app.query_params[key] = value
    return app.run()


def test_few_samples_and_a_wrong_link_are_no_trouble(opened: AppTest) -> None:
    assert not opened.exception
    assert "perplexity" in opened.toast[0].value
    assert opened.slider(key="trial_perplexity").max == opened.slider(key="trial_perplexity").value
    assert opened.slider(key="trial_perplexity").max == 13
    assert "13" in opened.query_params["trial_perplexity"]
    texts = "".join(element.proto.body for element in opened.get("html"))
    assert texts.count("Known limitation") == 2
    assert all(name in texts for name in ("Pearson 1901", "Hotelling 1933", "Hinton 2008"))
    assert len(opened.latex) == 3


def test_choices_are_written_to_the_address(opened: AppTest) -> None:
    opened.slider(key="trial_perplexity").set_value(4).run()
    opened.number_input(key="trial_seed").set_value(12).run()
    assert "4" in opened.query_params["trial_perplexity"]
    assert "12" in opened.query_params["trial_seed"]
    assert not opened.exception
