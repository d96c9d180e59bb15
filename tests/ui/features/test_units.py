"""What a unit looks for, without a browser: the address, the ascent, patches, places by selectivity."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from layerscope.datasets.categories import IMAGENETTE
from layerscope.explanation.method import Cancelled
from layerscope.features.ascent import MaximizationSettings
from layerscope.features.patches import field_box, in_square
from layerscope.features.selectivity import measure_selectivity, rank_selectivity
from layerscope.features.unit import Unit
from layerscope.features.units import measure_response
from layerscope.models.layer_table import trace_nodes
from layerscope.models.layers import Layer
from layerscope.models.registry import Classifier, to_pixels
from layerscope.runs.samples import Samples
from layerscope.storage.store import writing
from tests.shared.inputs import take
from tests.shared.pages import open_app, text_of
from tests.shared.project import CLASSES, LAYERS, SIZES, TINY
from ui.arrays import Unavailable
from ui.channel.figures import write_number
from ui.components.maximization_player import read_tick
from ui.features.techniques import MAXIMIZATION, SELECTIVITY, TOP_SAMPLES
from ui.features.units.choice import (
    KEYS,
    OPTIONS,
    UnitChoice,
    has_maps,
    read_choice,
    write_ascent,
)
from ui.features.units.layer_units import load_units, name_units, sort_units
from ui.features.units.player import judge, make_task, name_objective, tell_states
from ui.features.units.selectivity import (
    PAGE,
    compose_atlas,
    compose_sheet,
    find_twin,
    tell_index,
    tell_layer,
    tell_null,
)
from ui.features.units.side import UnitSubject
from ui.features.units.top_patches import enlarge, list_tiles, read_patch
from ui.library import read_contents
from ui.live.maximization import (
    MOST_FRAMES,
    Maximization,
    MaximizationTask,
    Verdict,
    count_between,
    run_maximization,
)
from ui.queue import Queue, State
from ui.selection import read_selection

MAPS = Layer("features.3", "relu", "relu1_2", (8, 16, 12), 5, 0, 0)
DENSE = Layer("classifier.0", "dense", "fc1", (12,), 64, 0, 0)
CONV = LAYERS[1]
SIDE = 12


# --- the address -----------------------------------------------------------------------------


def test_what_is_chosen_comes_back_from_the_address() -> None:
    options = {"n_steps": 64, "jitter": 3, "learning_rate": 0.25, "random_state": 17}
    choice = UnitChoice("neuron", 15, 0, options, "sample", "strong", "whole")
    params = choice.to_params()
    assert set(params) == set(KEYS)
    assert params["ascent"] == "n_steps-64~learning_rate-0.25~jitter-3~random_state-17"
    assert read_choice(params, MAPS) == (choice, [])
    assert choice.settings() == MaximizationSettings(64, 0.25, jitter=3.0, random_state=17)
    assert choice.find_unit(MAPS, 2) == Unit("features.3", 2, (15, 0))


def test_what_is_as_at_the_start_is_not_in_the_address() -> None:
    choice, refused = read_choice({}, MAPS)
    assert (choice, refused, choice.to_params()) == (UnitChoice(), [], {})
    assert choice.settings() == MaximizationSettings()
    assert write_ascent({option.key: option.default for option in OPTIONS}) == ""
    assert choice.find_unit(MAPS, 7) == Unit("features.3", 7)


def test_a_neuron_is_in_the_middle_at_first() -> None:
    choice, _ = read_choice({"unit": "neuron"}, MAPS)
    assert choice.find_unit(MAPS, 1) == Unit("features.3", 1, (8, 6))


HOSTILE = [
    ({"unit": "class"}, "kind of unit"),
    ({"unit": "<script>"}, "kind of unit"),
    ({"row": "16"}, "row of the neuron"),
    ({"row": "-1"}, "row of the neuron"),
    ({"row": "01"}, "row of the neuron"),
    ({"row": "٣"}, "row of the neuron"),
    ({"column": "12"}, "column of the neuron"),
    ({"column": "1e1"}, "column of the neuron"),
    ({"ascent": "n_steps-7"}, "option of the ascent"),
    ({"ascent": "n_steps-99999"}, "option of the ascent"),
    ({"ascent": "n_steps-64.5"}, "option of the ascent"),
    ({"ascent": "learning_rate-nan"}, "option of the ascent"),
    ({"ascent": "learning_rate-9"}, "option of the ascent"),
    ({"ascent": "__class__-1"}, "option of the ascent"),
    ({"ascent": "jitter-3~"}, "option of the ascent"),
    ({"ascent": "jitter-٣"}, "option of the ascent"),
    ({"ascent": "~".join(["jitter-3"] * 100)}, "option of the ascent"),
    ({"ascent_from": "upload"}, "picture to start from"),
    ({"rank": ""}, "order of channels"),
    ({"crop": "Patches"}, "view of samples"),
]


@pytest.mark.parametrize(("params", "name"), HOSTILE, ids=[str(i) for i in range(len(HOSTILE))])
def test_what_there_is_not_is_refused_by_name(params: dict[str, str], name: str) -> None:
    assert read_choice(params, MAPS) == (UnitChoice(), [name])


def test_a_layer_without_maps_has_no_neurons_within_a_channel() -> None:
    choice, refused = read_choice({"unit": "neuron", "row": "0", "column": "0"}, DENSE)
    assert choice == UnitChoice()
    assert refused == ["kind of unit", "row of the neuron", "column of the neuron"]
    assert has_maps(MAPS) and not has_maps(DENSE)
    assert not has_maps(replace(MAPS, shape=(8, 1, 1)))


@pytest.mark.parametrize(
    "sent",
    [
        {"token": "t", "have": True},
        {"token": "t", "have": -1},
        {"token": "t", "have": 2.0},
        {"token": "t"},
        {"token": "u", "have": 3},
        "t",
        None,
    ],
)
def test_what_a_browser_says_it_has(sent: object) -> None:
    assert read_tick({"token": "t", "have": 3}, "t") == 3
    assert read_tick({"token": "t", "have": 0}, "t") == 0
    with pytest.raises(ValueError):
        read_tick(sent, "t")


# --- the ascent ------------------------------------------------------------------------------


def brightness(bias: float) -> Classifier:
    """Its one unit sees the mean brightness, twice, and a bias; rectified."""
    layer = nn.Conv2d(3, 1, 1)
    layer.weight.data.fill_(2 / 3)
    layer.bias = nn.Parameter(torch.tensor([bias]))
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 4))
    torch.manual_seed(0)
    module = nn.Sequential(layer, nn.ReLU(inplace=True), pool).eval().requires_grad_(False)
    return Classifier(
        "brightness", module, take(SIDE, mean=(0.0,) * 3, std=(1.0,) * 3), IMAGENETTE[:4]
    )


def plain(level: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), level, np.uint8)


def seek(
    classifier: Classifier,
    ascent: MaximizationSettings,
    rivals: dict[int, np.ndarray] | None = None,
    start: np.ndarray | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Maximization, list[tuple[int, int, Maximization]]]:
    told: list[tuple[int, int, Maximization]] = []

    def publish(done: int, total: int, result: Maximization | None = None) -> None:
        assert result is not None
        told.append((done, total, result))

    task = MaximizationTask("none", Unit("1", 0), ascent, None, tuple(rivals or {}))
    return run_maximization(classifier, task, start, rivals or {}, publish, stop), told


@pytest.mark.usefixtures("one_thread")
def test_every_step_is_told_and_every_few_bring_a_frame() -> None:
    found, told = seek(
        brightness(0.0), MaximizationSettings(n_steps=80), {4: plain(64), 9: plain(32)}
    )
    assert [done for done, _, _ in told] == list(range(81)) and {t for _, t, _ in told} == {80}
    assert [len(result.objective) for _, _, result in told] == list(range(1, 82))
    assert [step for step, _ in found.frames] == [*range(0, 80, 3), 80]
    assert all(url.startswith("data:image/webp;base64,") for _, url in found.frames)
    assert set(found.states) == {"active"} and found.seconds > 0
    assert found.objective[-1] > 1.5 > found.objective[0]
    assert all(result.verdict is None for _, _, result in told)
    verdict = found.verdict
    assert verdict is not None
    # The mean of 2 x brightness; the second sample is the darker one.
    assert verdict.best_value == (pytest.approx(2 * 64 / 255), 4)
    assert verdict.best_peak == (pytest.approx(2 * 64 / 255), 4)
    assert verdict.peak >= verdict.value > verdict.best_value[0]
    assert [share for _, share in verdict.classes] == sorted(
        (share for _, share in verdict.classes), reverse=True
    )
    assert len(verdict.classes) == 3


@pytest.mark.parametrize("n_steps", [8, 32, 33, 128, 500, 512])
def test_there_are_never_more_frames_than_agreed(n_steps: int) -> None:
    every = count_between(n_steps)
    assert len({*range(0, n_steps, every), n_steps}) <= MOST_FRAMES + 1


@pytest.mark.usefixtures("one_thread")
def test_it_starts_from_the_sample_that_is_given() -> None:
    found, _ = seek(brightness(0.0), MaximizationSettings(n_steps=8, jitter=0), start=plain(200))
    assert found.objective[0] == pytest.approx(2 * 200 / 255, abs=0.03)
    assert found.verdict is not None and found.verdict.best_value is None


@pytest.mark.usefixtures("one_thread")
def test_silent_and_dead_steps_are_told() -> None:
    bare = MaximizationSettings(n_steps=80, learning_rate=0.2, total_variation=0.0, l2=0.0)
    woken, _ = seek(brightness(-1.2), bare)  # on grey, 1 - 1.2
    assert woken.states[0] == "silent" and woken.states[-1] == "active"
    dead, _ = seek(brightness(-3.0), bare)  # on white, 2 - 3
    assert dead.states[-1] == "dead" and len(dead.objective) < 80
    assert dead.verdict is not None and dead.verdict.value == 0


@pytest.mark.usefixtures("one_thread")
def test_it_is_called_off_between_two_steps() -> None:
    left = iter([False] * 5)
    told = []
    task = MaximizationTask("none", Unit("1", 0), MaximizationSettings(), None, ())
    with pytest.raises(Cancelled):
        run_maximization(
            brightness(0.0),
            task,
            None,
            {},
            lambda done, _total, _result=None: told.append(done),
            lambda: next(left, True),
        )
    assert told == [0, 1, 2, 3, 4]


class _Watched(nn.Module):
    """Passes values on, once it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.gate = 0, threading.Semaphore(0)

    def forward(self, values: Tensor) -> Tensor:
        self.gate.acquire(timeout=30)
        self.calls += 1
        return values


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def given_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network stands for where it comes from."""
    monkeypatch.setattr("ui.live.maximization.load", lambda source: source)


@pytest.mark.usefixtures("one_thread")
def test_a_job_of_the_queue_is_watched_called_off_and_found_again() -> None:
    watched = _Watched()
    classifier = brightness(0.0)
    classifier = replace(classifier, module=nn.Sequential(watched, *classifier.module))
    watched.gate.release(1)
    trace_nodes(classifier)  # once for a network, before all steps
    watched.calls = 0
    task = MaximizationTask("none", Unit("2", 0), MaximizationSettings(n_steps=8), None, ())
    queue: Queue[Maximization] = Queue(lambda _session: True)
    works = 0

    def work(publish: object, cancelled: Callable[[], bool]) -> Maximization:
        nonlocal works
        works += 1
        return run_maximization(classifier, task, None, {}, publish, cancelled)  # type: ignore[arg-type]

    def state() -> tuple[State, int] | None:
        report = queue.look(task)
        return report and (report.state, len(report.result.objective) if report.result else 0)

    assert queue.ask(task, work, "me", True) is None
    watched.gate.release(2)
    wait_until(lambda: state() == (State.RUNNING, 2))  # what there is by now is there to be seen
    queue.cancel(task, "me")
    assert queue.look(task) is None
    watched.gate.release(1)  # in case it is within the next step already; then it stops
    wait_until(lambda: not queue._jobs)
    assert watched.calls in {2, 3}
    watched.gate.release(1000)
    assert queue.ask(task, work, "me", True) is None
    wait_until(lambda: state() == (State.DONE, 9))
    assert queue.ask(task, work, "somebody else", True) is None
    assert state() == (State.DONE, 9) and works == 2


class _Spy:
    """In the place of the lock around the model: whether it is held."""

    held = False

    def __enter__(self) -> None:
        self.held = True

    def __exit__(self, *_: object) -> None:
        self.held = False


@pytest.mark.usefixtures("one_thread")
def test_the_model_is_free_after_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = _Spy()
    monkeypatch.setattr("ui.live.maximization.computing", spy)
    task = MaximizationTask("none", Unit("1", 0), MaximizationSettings(n_steps=20), None, ())
    told: list[bool] = []
    run_maximization(
        brightness(0.0),  # type: ignore[arg-type]
        task,
        None,
        {},
        lambda *_: told.append(spy.held),
        lambda: False,
    )
    assert told == [False] * 21


@pytest.mark.usefixtures("one_thread")
def test_value_and_peak_of_a_unit_by_hand() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    pixels = to_pixels(picture[None])
    plane = (2 * picture.mean(axis=2) / 255 - 0.9).clip(min=0)
    for unit, value in ((Unit("1", 0), plane.mean()), (Unit("1", 0, (3, 7)), plane[3, 7])):
        found = [float(each) for each in measure_response(brightness(-0.9), unit, pixels)]
        assert found == pytest.approx([value, plane.max()], abs=1e-5)


# --- what the arrays tell --------------------------------------------------------------------


@pytest.fixture
def channels(tiny_run: Path) -> Path:
    """The tiny run with its top-activating images, k = 3."""
    rng = np.random.default_rng(1)
    rows, start = {}, 0
    for layer in LAYERS:
        rows[layer.key] = [start, start + layer.shape[0]]
        start += layer.shape[0]
    with writing(tiny_run / "channels.zarr", rows=rows) as store:
        for size in SIZES:
            uid = np.argsort(rng.random((start, size)), axis=1)[:, :3].astype(np.int32)
            value = -np.sort(-rng.random((start, 3)).astype(np.float32))
            value[4] = 0  # channel 1 of the convolution: none of the samples wakes it
            means = rng.random((start, 3)).astype(np.float32)
            means[4], means[5] = 0, (1, -1, 2)
            means[6] = (0, 6, 0)
            store.add(f"{size}/uid", uid, ["channel", "rank"])
            store.add(f"{size}/value", value, ["channel", "rank"])
            place = rng.integers(0, 64, (start, 3, 2)).astype(np.int16)
            store.add(f"{size}/position", place, ["channel", "rank", "axis"])
            store.add(f"{size}/class_mean", means, ["channel", "class"])
            index = measure_selectivity(means).index.astype(np.float32)
            for name, values in (("expected", 0.1), ("high", 0.2), ("p", 0.3)):
                null = np.where(np.isfinite(index), np.float32(values), np.nan)
                null[6] = 0.01 if name == "p" else null[6]  # channel 3 of the convolution
                store.add(f"{size}/selectivity/{name}", null.astype(np.float32), ["channel"])
    return tiny_run


def subject_of(layer: Layer, channel: int, choice: UnitChoice | None = None) -> UnitSubject:
    contents = read_contents(TINY)
    selection, _ = read_selection({"layer": layer.key, "size": "40"}, contents)
    return UnitSubject(contents, selection, choice or UnitChoice(), layer, channel)


def test_without_the_stage_the_arrays_are_missing(tiny_run: Path) -> None:
    with pytest.raises(Unavailable):
        load_units(TINY, 40, CONV)


def open_view(layer: str) -> AppTest:
    return open_app("Features", layer=layer, show="units")


@pytest.mark.usefixtures("tiny_run")
def test_a_picture_can_be_sought_where_arrays_are_missing() -> None:
    app = open_view("features.0")
    assert not app.exception
    assert "These arrays have not been built yet" in text_of(app)
    assert app.number_input(key="units_channel").value == 0


def test_the_view_opens_at_every_layer(channels: Path) -> None:
    for layer in LAYERS[1:]:
        app = open_view(layer.key)
        assert not app.exception
        assert app.selectbox(key="units_layer").value == layer.key
        assert "Top-activating images" in text_of(app)
    app = open_view("input")
    assert not app.exception and "The input has no units" in text_of(app)


def test_another_layer_of_another_shape_drops_the_place(channels: Path) -> None:
    app = open_view("features.0")
    app.query_params.update({"unit": "neuron", "row": "3", "column": "4", "channel": "2"})
    app.run()
    assert app.number_input(key="units_row").value == 3
    app.selectbox(key="units_layer").set_value("classifier.0").run()
    assert not app.exception
    assert {"unit", "row", "column", "channel"}.isdisjoint(app.query_params)
    assert app.query_params["layer"] == "classifier.0"


def test_a_neuron_of_the_layer_before_is_dropped_without_a_word(channels: Path) -> None:
    app = open_view("features.0")
    app.query_params.update({"unit": "neuron", "row": "60"})
    app.run()
    app.query_params["layer"] = "classifier.0"  # as another page leaves it
    app.run()
    assert not app.exception and not app.toast
    assert {"unit", "row"}.isdisjoint(app.query_params)
    app.query_params["row"] = "60"
    app.run()
    assert "row of the neuron" in app.toast[0].value


def test_an_option_that_is_reset_stays_reset(channels: Path) -> None:
    app = open_view("features.0")
    app.slider(key="option_ascent_jitter").set_value(4).run()
    assert app.query_params["ascent"] == "jitter-4"
    app.slider(key="option_ascent_jitter").set_value(16).run()
    assert "ascent" not in app.query_params and not app.exception
    assert app.slider(key="option_ascent_jitter").value == 16


def test_a_patch_is_the_pixels_of_the_receptive_field(channels: Path) -> None:
    picture = Samples(channels / "samples.zarr").picture(7)
    # Of 64 x 64 units on 64 x 64 pixels, each sees 3 x 3 about itself.
    box = field_box(CONV, 10, 20, (64, 64))
    np.testing.assert_array_equal(read_patch(TINY, 7, box), picture[9:12, 19:22])
    corner = field_box(CONV, 0, 63, (64, 64))
    np.testing.assert_array_equal(read_patch(TINY, 7, corner), picture[0:2, 62:64])
    np.testing.assert_array_equal(read_patch(TINY, 7, None), picture)


def test_the_strongest_samples_are_shown_as_patches_or_whole(channels: Path) -> None:
    units = load_units(TINY, 40, CONV)
    cut, whole = (list_tiles(TINY, CONV, units, 0, cut) for cut in (True, False))
    assert [tile.uid for tile in cut] == [tile.uid for tile in whole] == units.uid[0].tolist()
    assert [tile.name for tile in cut] == [CLASSES[uid % 3].name for uid in units.uid[0]]
    assert all(tile.box is None for tile in cut)
    y, x = units.position[0, 0]
    left, top = max(0, x - 1) / 64, max(0, y - 1) / 64
    assert whole[0].box is not None and whole[0].box[:2] == pytest.approx((left, top))
    assert cut[0].picture != whole[0].picture
    dense = list_tiles(TINY, DENSE, load_units(TINY, 40, DENSE), 0, True)
    assert all(tile.box is None for tile in dense)


def test_few_pixels_stay_pixels() -> None:
    patch = np.arange(27, dtype=np.uint8).reshape(3, 3, 3) * 9
    np.testing.assert_array_equal(enlarge(patch, 30), patch.repeat(10, 0).repeat(10, 1))
    clipped = enlarge(patch[:, :1], 30)  # at the edge of its picture
    assert clipped.shape == (30, 30, 3)
    np.testing.assert_array_equal(clipped[:, 10:20], patch[:, :1].repeat(10, 0).repeat(10, 1))
    assert (clipped[:, :10] == (14, 17, 20)).all() and (clipped[:, 20:] == (14, 17, 20)).all()


def test_places_by_selectivity_by_hand() -> None:
    index = np.array([0.2, np.nan, 0.9, 0.2, 0.0, 0.5])
    assert rank_selectivity(index).tolist() == [3, 0, 1, 3, 5, 2]
    assert rank_selectivity(np.full(2, np.nan)).tolist() == [0, 0]


def test_orders_of_channels_by_hand() -> None:
    index = np.array([0.2, np.nan, 0.9, 0.2, np.nan])
    strongest = np.array([1.0, 7.0, 3.0, 5.0, 9.0], np.float32)
    orders = {key: order.tolist() for key, order in sort_units(index, strongest).items()}
    assert orders == {
        "selective": [2, 3, 0, 4, 1],  # of equal ones the stronger; then those without an index
        "strong": [4, 1, 3, 2, 0],
        "number": [0, 1, 2, 3, 4],
    }


def test_the_index_in_words(channels: Path) -> None:
    units = load_units(TINY, 40, CONV)
    assert units.selectivity.index[3] == 1 and units.place[3] == 1
    words = tell_index(subject_of(CONV, 3), units)
    assert words == "<b>1.00</b> for bar; no. <em>1</em> of 6"
    assert "more than chance gives" in (told := tell_null(subject_of(CONV, 3), units))
    assert ">by chance 0.10, up to 0.20; p = 0.010<" in told
    assert "no more than chance gives" in tell_null(subject_of(CONV, 0), units)
    assert tell_null(subject_of(CONV, 1), units) == ""
    assert tell_layer(units) == "1 of 6 beyond chance"
    assert "no sample wakes it" in tell_index(subject_of(CONV, 1), units)
    assert "a mean is negative" in tell_index(subject_of(CONV, 2), units)


def test_class_names_are_escaped(channels: Path) -> None:
    units = load_units(TINY, 40, CONV)
    preferred = units.selectivity.preferred.copy()
    preferred[3] = 2
    forged = replace(units, selectivity=replace(units.selectivity, preferred=preferred))
    assert "&lt;b&gt;knot&lt;/b&gt;" in tell_index(subject_of(CONV, 3), forged)


def test_the_page_of_pictures_is_the_one_with_the_channel(channels: Path) -> None:
    units = load_units(TINY, 40, CONV)
    atlas = compose_atlas(subject_of(CONV, 3), units)
    assert atlas.first == 0 and atlas.page[0] == 3 and sorted(atlas.page) == list(range(8))
    assert atlas.index[1] is None and atlas.index[3] == 1
    many = np.arange(100)
    turned = replace(
        units,
        value=np.resize(units.value, (100, 3)),
        uid=np.resize(units.uid, (100, 3)),
        position=np.resize(units.position, (100, 3, 2)),
        orders=dict.fromkeys(units.orders, many[::-1]),
    )
    sheet = compose_sheet(TINY, turned, CONV, tuple(range(5)))
    assert sheet.shape == (96, 5 * 96, 3)
    assert (sheet[:, 96:192] == (14, 17, 20)).all()  # the silent one
    place = 100 - 1 - 40
    assert place // PAGE * PAGE == 48


def test_a_channel_is_found_again_behind_its_relu() -> None:
    conv = Layer("a", "conv", "a", (8, 4, 4), 3, 0, 0)
    relu, pool = replace(conv, key="b", kind="relu"), replace(conv, key="c", kind="pool")
    assert find_twin((conv, relu, pool), conv) == relu
    assert find_twin((conv, relu, pool), relu) is None
    assert find_twin((conv, replace(relu, shape=(9, 4, 4))), conv) is None
    assert find_twin((conv,), conv) is None


def test_classes_have_names_and_channels_numbers(channels: Path) -> None:
    assert name_units(TINY, CONV) is None
    names = name_units(TINY, LAYERS[-1])
    assert names is not None and names[0] == "disc" and len(names) == 12
    assert subject_of(CONV, 5).name == "channel 5"
    assert subject_of(CONV, 5, UnitChoice("neuron", 1, 2)).name == "neuron 5 at 1, 2"
    assert subject_of(LAYERS[-1], 0).kind == "class"


# --- what is said ----------------------------------------------------------------------------


def test_the_verdict_compares_with_samples(channels: Path) -> None:
    units = load_units(TINY, 40, CONV)
    subject = subject_of(CONV, 0)
    wins = judge(subject, units, Verdict(6.0, 9.0, (2.0, 7), (0.4, 7), ((1, 0.75), (0, 0.25))))
    assert wins.title == "Superstimulus" and wins.reference == 2
    assert wins.rows[0] == ("mean", "6.00", "2.00", "× 3")
    assert wins.rows[1][2] == write_number(float(units.value[0, 0]), 3)  # of all samples, as stored
    assert wins.classes == [("bar", 0.75), ("disc", 0.25)]
    loses = judge(subject, units, Verdict(-1.0, 0.5, (2.0, 7), (0.4, 7), ()))
    assert loses.title == "No superstimulus" and "0007" in loses.text
    assert loses.rows[0] == ("mean", "−1.00", "2.00", "")  # a ratio would mean nothing


def test_of_a_class_the_logit_is_maximised_and_the_page_says_so(channels: Path) -> None:
    """The run's last dense layer has the shape of its outputs; without one, probabilities rank the rivals."""
    subject = subject_of(LAYERS[-1], 1)
    assert name_objective(subject) == "logit of bar"
    assert name_objective(subject_of(CONV, 3)) == "features.0, channel 3"
    units = load_units(TINY, 40, LAYERS[-1])
    verdict = Verdict(6.0, 9.0, (2.0, 7), (0.4, 7), ())
    told = judge(subject, units, verdict)
    assert told.rows[0][0] == "logit" and "probability" not in told.text


def test_without_logits_the_verdict_says_what_it_compares_with(
    channels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.features.units.player.find_logits", lambda _run: None)
    units = load_units(TINY, 40, LAYERS[-1])
    subject = subject_of(LAYERS[-1], 1)
    told = judge(subject, units, Verdict(6.0, 9.0, (2.0, 7), (0.4, 7), ()))
    assert "highest probability, as the run keeps no logits" in told.text
    task = make_task(subject, units, UnitChoice())
    assert task.strongest == tuple(units.uid[1].tolist())


def test_silent_and_dead_units_are_explained(channels: Path) -> None:
    units = load_units(TINY, 40, CONV)
    quiet = Maximization(states=("silent", "silent", "active"))
    (note,) = tell_states(quiet, units, subject_of(CONV, 0))
    assert "Silent in 2 of 3 steps" in note and "before the ReLU" in note
    dead = Maximization(states=("silent",) * 48 + ("dead",))
    (note,) = tell_states(dead, units, subject_of(CONV, 1))
    assert "None of 40 samples wakes it either" in note
    (note,) = tell_states(dead, units, subject_of(CONV, 0))
    assert f"sample {units.uid[0, 0]:04d} does" in note
    assert tell_states(Maximization(states=("active",)), units, subject_of(CONV, 0)) == []


def test_each_technique_says_what_it_is_whence_and_how_it_fails() -> None:
    for technique in (MAXIMIZATION, TOP_SAMPLES, SELECTIVITY):
        assert technique.summary.count(". ") == 1 and technique.summary.endswith(".")
        assert technique.formulas and technique.sources and technique.warned is not None
        sources = [*technique.sources, technique.warned]
        assert all(each.url.startswith("https://") for each in sources)


def test_options_are_those_of_an_ascent() -> None:
    defaults = {option.key: option.default for option in OPTIONS}
    assert MaximizationSettings(**defaults) == MaximizationSettings()  # type: ignore[arg-type]
    assert all(option.low <= option.default <= option.high for option in OPTIONS)


def test_a_box_lies_where_the_picture_does_in_its_square() -> None:
    assert in_square((0.5, 0.25, 0.5, 0.5), (60, 60)) == (0.5, 0.25, 0.5, 0.5)
    assert in_square((0.5, 0.0, 0.5, 1.0), (50, 100)) == (0.5, 0.25, 0.5, 0.5)
    assert in_square((0.0, 0.5, 1.0, 0.5), (100, 50)) == (0.25, 0.5, 0.5, 0.5)
