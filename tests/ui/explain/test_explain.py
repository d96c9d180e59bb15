"""Explain without a browser: pictures of anyone's, the address, the queue, and what is drawn."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import sys
import threading
import weakref
import zlib
from collections.abc import Callable, Hashable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from layerscope.datasets.categories import Category
from layerscope.datasets.picture import decode
from layerscope.datasets.picture_file import FORMATS
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled
from layerscope.explanation.methods import METHODS
from layerscope.faithfulness.measures import MEASURES
from layerscope.models.registry import SLIM_INPUTS, Classifier, load_model
from tests.shared.inputs import take
from tests.shared.pages import address, open_app, text_of
from tests.shared.project import ROOT, TINY
from ui.components.crop_frame import read_position
from ui.components.occlusion_probe import read_places
from ui.components.picture_paste import read_pasted
from ui.explain import benchmark, trust_charts
from ui.explain.address import check_model, read_choice, write_options
from ui.explain.benchmark import FaithfulnessFigure
from ui.explain.methods import Found, join
from ui.explain.pictures import MAX_BYTES, PHOTOS, check_upload, fit_photo, fit_upload
from ui.live.explanations import DrawnExplanation
from ui.live.rendering import AGAINST, FOR, NEUTRAL, blend, scale
from ui.queue import MAX_LONG, MAX_SHORT, Queue, Report, State


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    stored = io.BytesIO()
    image.save(stored, kind, **options)
    return stored.getvalue()


def halves(mode: str = "RGB") -> Image.Image:
    """Red at the left, blue at the right."""
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[:, :40, 0] = pixels[:, 40:, 2] = 255
    return Image.fromarray(pixels).convert(mode)


def shown(content: bytes) -> np.ndarray:
    return fit_upload(check_upload("a picture", content), take(32)).picture


# --- pictures that a visitor brings ----------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_that_are_taken_come_out_as_they_went_in(kind: str) -> None:
    picture = shown(encode(halves(), kind))
    assert picture.shape == (32, 32, 3)
    np.testing.assert_allclose(picture[16, 4], (255, 0, 0), atol=6)
    np.testing.assert_allclose(picture[16, 28], (0, 0, 255), atol=6)


@pytest.mark.parametrize("kind", ["EPS", "PCX", "SGI", "TGA", "PDF"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(InputError, match="scan: not a picture in a known format"):
        check_upload("scan", encode(halves(), kind))


def test_a_file_that_only_says_it_is_a_picture_is_refused() -> None:
    with pytest.raises(InputError, match=r"evil\.png: not a picture"):
        check_upload("evil.png", b"<svg onload=alert(1)>")
    with pytest.raises(InputError, match="is empty"):
        check_upload("nothing.png", b"")


def test_a_large_file_is_refused_before_it_is_opened() -> None:
    with pytest.raises(InputError, match="at most 10 MB"):
        check_upload("large.png", b"\x89PNG" + bytes(MAX_BYTES))
    assert check_upload("at the limit.png", encode(halves(), "PNG")).note is None


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims so many pixels and holds none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


@pytest.mark.parametrize("side", [6325, 12_000, 60_000])  # over the limit, over Pillow's two
def test_a_picture_that_claims_too_many_pixels_is_refused_from_its_header(side: int) -> None:
    with pytest.raises(InputError, match="more than 40 megapixels"):
        check_upload("bomb.png", bomb(side, side))


def test_a_damaged_picture_is_refused_in_one_line() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    content = encode(Image.fromarray(noise), "PNG")
    with pytest.raises(InputError, match="damaged or cut off") as caught:
        check_upload("cut.png", content[: len(content) // 2])
    assert "\n" not in str(caught.value)


def test_names_are_shown_without_what_could_not_be_printed() -> None:
    upload = check_upload("\u202eholiday\n\x00" + 100 * "x", encode(halves(), "PNG"))
    assert upload.name.startswith("holiday") and upload.name.isprintable()
    assert len(upload.name) <= 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_is_turned_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    mode = "RGBA" if kind == "PNG" else "RGB"
    image = halves(mode)
    if mode == "RGBA":
        image.putpixel((0, 0), (255, 0, 0, 254))  # transparent somewhere
    picture = shown(encode(image, kind, exif=exif))
    np.testing.assert_allclose(picture[4, 16], (255, 0, 0), atol=6)  # left has become top
    np.testing.assert_allclose(picture[28, 16], (0, 0, 255), atol=6)


def test_transparent_parts_are_laid_on_white_as_in_a_run() -> None:
    image = halves("RGBA")
    alpha = np.full((40, 80), 255, np.uint8)
    alpha[:, 40:] = 0
    image.putalpha(Image.fromarray(alpha))
    content = encode(image, "PNG")
    assert check_upload("logo.png", content).note == "Its transparent parts are laid on white."
    picture = shown(content)
    np.testing.assert_allclose(picture[16, 4], (255, 0, 0), atol=2)
    np.testing.assert_allclose(picture[16, 28], 255, atol=2)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize(
    "inputs", [take(96), take(40, 70, crop=0.95, interpolation="bicubic"), take(28, mean=(0.5,))]
)
def test_an_upload_is_what_the_same_file_is_in_a_run(kind: str, inputs: Preprocessing) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    content = encode(Image.fromarray(noise), kind)
    found = fit_upload(check_upload("a picture", content), inputs)
    np.testing.assert_array_equal(found.picture, decode(content, inputs=inputs, source="a picture"))
    moved = replace(inputs, position=(0.0, 1.0))
    found = fit_upload(check_upload("a picture", content), moved)
    np.testing.assert_array_equal(found.picture, decode(content, inputs=moved, source="a picture"))
    assert found.whole.shape[1::-1] == check_upload("a picture", content).size


def test_of_an_animation_the_first_frame_is_taken_and_told() -> None:
    frames = [Image.new("RGB", (40, 40), color) for color in ("lime", "red", "blue")]
    content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert check_upload("move.gif", content).note == "It is animated: you see its first frame."
    np.testing.assert_allclose(shown(content)[16, 16], (0, 255, 0), atol=2)


def test_photographs_come_along_and_the_table_beside_them_tells_their_licences() -> None:
    folder = ROOT / "ui/explain/photographs"
    files = list(folder.glob("*.webp"))
    assert {file.stem for file in files} == set(PHOTOS)
    assert sum(file.stat().st_size for file in files) < 300_000
    table = (folder / "README.md").read_text(encoding="utf-8")
    for key, photo in PHOTOS.items():
        framed = fit_photo(key, take(64))
        assert framed.picture.std() > 20 and max(framed.whole.shape) == 320
        (row,) = [line for line in table.splitlines() if line.startswith(f"| `{key}.webp`")]
        licence = row.split(" | ")[3]
        assert licence in {"CC0", "public domain"} and photo.credit.endswith(licence)


@pytest.mark.usefixtures("one_thread")
def test_the_network_that_photographs_are_shown_to_is_right_about_each() -> None:
    classifier = load_model("efficientnet_lite0")
    for key, photo in PHOTOS.items():
        probabilities = predict(classifier, fit_photo(key, classifier.inputs).picture)
        best = classifier.categories[int(probabilities.argmax())]
        assert photo.is_known([best]), (key, best)


def predict(classifier: Classifier, picture: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        found: np.ndarray = (
            classifier.module(classifier.to_inputs(picture[None]))[0].softmax(0).numpy()
        )
    return found


def test_a_class_without_an_id_is_known_by_its_name() -> None:
    assert PHOTOS["dog"].is_known([Category(None, None, "Dog")])
    assert PHOTOS["cathedral"].is_known([Category("n03028079", None, "church")])
    assert not PHOTOS["dog"].is_known([Category("n02102040", None, "English springer")])


@pytest.mark.parametrize("sent", [None, 3, [50], [50, 101], [-1, 0], [True, 5], [0.5, 5], "50-50"])
def test_where_a_frame_was_moved_to_may_be_anything(sent: object) -> None:
    with pytest.raises(ValueError):
        read_position(sent)
    assert read_position([0, 100]) == (0, 100)


@pytest.mark.parametrize("sent", [None, 3, "", "not base64!", "é", "A" * 100, ["QQ=="]])
def test_what_is_pasted_may_be_anything(sent: object) -> None:
    with pytest.raises(ValueError):
        read_pasted(sent, 30)


def test_what_is_pasted_arrives() -> None:
    assert read_pasted("aGVsbG8=", 30) == b"hello"


# --- the address -----------------------------------------------------------------------------


def test_a_link_restores_what_was_chosen() -> None:
    params = {
        "source": "cat",
        "network": "vgg16_slim",
        "target": "3",
        "rival": "5",
        "view": "probe",
        "explain": "lrp",
        "at": "features.5",
        "options": "lrp.epsilon-0.01~smooth_grad.n_samples-50~probe.fill-blur",
        "crop": "0-100",
    }
    choice, refused = read_choice(params)
    assert refused == []
    assert choice.options == {
        "lrp": {"epsilon": 0.01},
        "smooth_grad": {"n_samples": 50},
        "probe": {"fill": "blur"},
    }
    assert choice.to_params() == params


def test_what_is_as_at_the_start_is_not_in_the_address() -> None:
    assert read_choice({})[0].to_params() == {}
    assert write_options({"lime": {"n_samples": 256, "fill": "black"}}) == "lime.fill-black"
    assert read_choice({"source": "cat", "network": "efficientnet_lite0"})[0].to_params() == {
        "source": "cat"
    }


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("source", "../../etc/passwd"),
        ("network", "vgg19"),
        ("network", "efficientnet_lite0"),  # which does not know samples of the run
        ("target", "-1"),
        ("target", "1e3"),
        ("rival", "٣"),
        ("view", "<b>"),
        ("explain", "astrology"),
        ("options", "smooth_grad.n_samples-5000"),
        ("options", "smooth_grad.n_samples-2.5"),
        ("options", "saliency.n_samples-2"),
        ("options", "lime.fill-pink"),
        ("options", "x" * 10_000),
        ("options", "lime.fill-black~" * 60),
        ("crop", "101-0"),
        ("crop", "-1-0"),
        ("crop", "05-5"),
        ("crop", "٣-5"),
        ("crop", "50"),
    ],
)
def test_an_address_may_ask_for_anything(key: str, text: str) -> None:
    choice, refused = read_choice({key: text})
    assert len(refused) == 1
    assert choice == read_choice({})[0]


def test_epsilon_survives_the_address() -> None:
    text = write_options({"lrp": {"epsilon": 1e-9}})
    assert read_choice({"options": text})[0].options == {"lrp": {"epsilon": 1e-9}}


def test_outputs_and_layers_are_checked_against_the_model() -> None:
    choice, _ = read_choice({"source": "cat", "target": "9", "rival": "10", "at": "features.99"})
    target, rival, at, refused = check_model(choice, 10, ("features.0",))
    assert (target, rival, at) == (9, None, None)
    assert refused == ["class to explain", "layer of the maps"]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {"token": "t"},
        {"token": "old", "places": [[0, 0]]},
        {"token": "t", "places": []},
        {"token": "t", "places": [[0, 0]] * 5},
        {"token": "t", "places": [[101, 0]]},
        {"token": "t", "places": [[-1, 0]]},
        {"token": "t", "places": [[True, 0]]},
        {"token": "t", "places": [[0.5, 0]]},
        {"token": "t", "places": [[0, 0], "x"]},
    ],
)
def test_a_browser_may_ask_for_any_place(sent: object) -> None:
    with pytest.raises(ValueError):
        read_places(sent, "t", (100, 192))


def test_places_within_the_picture_are_taken() -> None:
    sent = {"token": "t", "places": [[0, 192], [4, 8]]}
    assert read_places(sent, "t", (100, 192)) == [(0, 192), (4, 8)]


# --- the queue -------------------------------------------------------------------------------


def everybody(session: str) -> bool:
    """All pages are open."""
    return True


def settled(queue: Queue[Any], key: Hashable) -> Report[Any] | None:
    """What is known of a job once it does not wait or run any more."""
    for _ in range(500):
        report = queue.look(key)
        if report is None or not report.is_open:
            return report
        threading.Event().wait(0.01)
    raise AssertionError("the job does not end")


def until_cancelled(started: threading.Event) -> Callable[..., int]:
    def work(publish: Callable[..., None], cancelled: Callable[[], bool]) -> int:
        publish(1, 4, 10)
        started.set()
        while not cancelled():
            threading.Event().wait(0.005)
        raise Cancelled

    return work


def test_work_is_done_once_and_its_answer_kept() -> None:
    queue, calls = Queue[int](everybody), []

    def work(publish: object, cancelled: object) -> int:
        calls.append(1)
        return 7

    assert queue.look("a") is None
    assert queue.ask("a", work, "one", False) is None
    assert settled(queue, "a") == Report(State.DONE, result=7)
    assert queue.ask("a", work, "two", False) is None
    assert settled(queue, "a") == Report(State.DONE, result=7)
    assert calls == [1]


def test_a_long_job_shows_how_far_it_is_and_holds_no_short_one_up() -> None:
    queue, started = Queue[int](everybody), threading.Event()
    queue.ask("long", until_cancelled(started), "one", True)
    assert started.wait(5)
    assert queue.look("long") == Report(State.RUNNING, 1, 4, 10)
    queue.ask("short", lambda *_: 3, "two", False)
    assert settled(queue, "short") == Report(State.DONE, result=3)
    queue.cancel("long", "one")
    assert queue.look("long") is None


def test_a_job_stops_only_when_nobody_wants_it() -> None:
    queue, started = Queue[int](everybody), threading.Event()
    work = until_cancelled(started)
    for session in ("one", "two"):
        queue.ask("long", work, session, True)
    assert started.wait(5)
    queue.cancel("long", "one")
    queue.cancel("long", "a stranger")
    report = queue.look("long")
    assert report is not None and report.state is State.RUNNING
    queue.cancel("long", "two")
    assert queue.ask("long", lambda *_: 1, "two", True) is None  # and may be asked for anew
    assert settled(queue, "long") == Report(State.DONE, result=1)


def test_a_session_has_a_limit_and_others_are_not_bound_by_it() -> None:
    queue, started = Queue[int](everybody), threading.Event()
    for number in range(MAX_LONG):
        assert queue.ask(number, until_cancelled(started), "one", True) is None
    refusal = queue.ask("more", until_cancelled(started), "one", True)
    assert refusal is not None and "long computations of yours" in refusal
    assert queue.ask("more", lambda *_: 1, "two", True) is None
    queue.cancel(0, "one")
    assert queue.ask("again", lambda *_: 1, "one", True) is None
    for number in range(MAX_LONG):
        queue.cancel(number, "one")
    assert settled(queue, "more") == Report(State.DONE, result=1)


@pytest.mark.parametrize(("is_long", "most"), [(True, MAX_LONG), (False, MAX_SHORT)])
def test_eight_tabs_that_ask_for_all_they_may_hold_nobody_up(is_long: bool, most: int) -> None:
    queue, started, done = Queue[int](everybody), threading.Event(), []
    queue.ask("first", until_cancelled(started), "one", is_long)
    assert started.wait(60)

    def note(name: str) -> Callable[..., int]:
        return lambda *_: done.append(name) or 1

    for tab in range(8):
        for number in range(most):
            assert queue.ask((tab, number), note(f"tab {tab}"), f"tab {tab}", is_long) is None
        assert queue.ask((tab, "more"), note("refused"), f"tab {tab}", is_long) is not None
    assert queue.ask("another", note("another"), "two", is_long) is None
    queue.cancel("first", "one")
    assert settled(queue, (7, most - 1)) == Report(State.DONE, result=1)
    assert sorted(done[:9]) == ["another", *(f"tab {tab}" for tab in range(8))]
    assert done[8] == "another"  # each had one turn, in the order in which they came
    assert done.count("tab 3") == most


def test_who_asks_again_and_again_waits_for_his_turn() -> None:
    queue, started, done = Queue[int](everybody), threading.Event(), []
    queue.ask("first", until_cancelled(started), "eager", False)
    assert started.wait(60)

    def eager(number: int) -> Callable[..., int]:
        def work(*_: object) -> int:
            if number < 5:
                queue.ask(("eager", number + 1), eager(number + 1), "eager", False)
            done.append("eager")
            return number

        return work

    queue.ask(("eager", 0), eager(0), "eager", False)
    for number in range(2):
        queue.ask(("calm", number), lambda *_: done.append("calm") or 1, "calm", False)
    queue.cancel("first", "eager")
    assert settled(queue, ("calm", 1)) is not None
    assert done[:3] == ["calm", "eager", "calm"]


def test_what_was_called_off_counts_no_more() -> None:
    queue, started = Queue[int](everybody), threading.Event()
    queue.ask("first", until_cancelled(started), "one", True)
    assert started.wait(60)
    for _ in range(3):
        for number in range(MAX_LONG):
            assert queue.ask(number, lambda *_: 1, "two", True) is None
        for number in range(MAX_LONG):
            queue.cancel(number, "two")
    queue.cancel("first", "one")
    assert queue.ask("last", lambda *_: 2, "two", True) is None
    assert settled(queue, "last") == Report(State.DONE, result=2)


def test_what_is_called_off_before_its_turn_is_let_go() -> None:
    queue, started = Queue[int](everybody), threading.Event()
    queue.ask("first", until_cancelled(started), "one", False)
    assert started.wait(60)
    left = []
    for number in range(3):
        work = until_cancelled(threading.Event())
        left.append(weakref.ref(work))
        queue.ask(number, work, "two", False)
        del work
    queue.release("two", {0})
    assert [ref() is not None for ref in left] == [True, False, False]
    queue.cancel(0, "two")
    queue.cancel("first", "one")
    queue.ask("last", lambda *_: 2, "two", False)
    assert settled(queue, "last") == Report(State.DONE, result=2)


def test_the_oldest_answers_are_let_go_by_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.queue._KEPT_BYTES", 2500)
    queue = Queue[bytes](everybody)
    for name in ("first", "second", "third"):
        assert queue.ask(name, lambda *_: bytes(1000), "one", False) is None
        settled(queue, name)
    assert queue.look("first") is None
    assert queue.look("second") is not None and queue.look("third") is not None
    queue.ask("large", lambda *_: bytes(9000), "one", False)
    settled(queue, "large")
    assert queue.look("large") is not None  # the last one stays whatever its size
    assert queue.look("third") is None


def test_a_job_that_no_page_looks_at_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.queue._UNWATCHED", -1.0)
    queue, ran = Queue[int](everybody), []
    queue.ask("a", lambda *_: ran.append(1) or 1, "one", False)
    for _ in range(500):
        if queue.look("a") is None:
            break
        threading.Event().wait(0.01)
    assert queue.look("a") is None
    assert ran == []


def test_what_a_session_has_turned_away_from_is_called_off_for_it_alone() -> None:
    queue, started = Queue[int](everybody), threading.Event()
    queue.ask("old", until_cancelled(started), "one", True)
    assert started.wait(5)
    queue.ask("shared", lambda *_: 5, "one", True)
    queue.ask("shared", lambda *_: 5, "two", True)
    queue.release("one", {"new"})
    assert queue.look("old") is None
    assert settled(queue, "shared") == Report(State.DONE, result=5)


def test_a_process_ends_though_work_waits() -> None:
    code = """
import threading, time
from ui.queue import Queue
from layerscope.explanation.method import Cancelled

def work(publish, cancelled):
    started.set()
    while not cancelled():
        time.sleep(0.01)
    print("stopped")
    raise Cancelled

started, queue = threading.Event(), Queue(lambda _: True)
for key in range(3):
    queue.ask(key, work, str(key), True)
started.wait()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert (done.stdout, done.returncode) == ("stopped\n", 0)


def test_a_closed_page_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.queue._GONE", 0.0)
    gone: set[str] = set()
    queue, started = Queue[int](lambda session: session not in gone), threading.Event()
    queue.ask("long", until_cancelled(started), "one", True)
    assert started.wait(5)
    queue.ask("next", lambda *_: 2, "two", True)
    gone.add("one")
    assert settled(queue, "next") == Report(State.DONE, result=2)


def test_failures_are_told_in_one_line() -> None:
    def refuse(*_: object) -> int:
        raise InputError("choose a smaller patch")

    queue = Queue[int](everybody)
    queue.ask("a", refuse, "one", False)
    queue.ask("b", lambda *_: 1 // 0, "one", False)
    assert settled(queue, "a") == Report(State.FAILED, problem="choose a smaller patch")
    assert settled(queue, "b") == Report(State.FAILED, problem="It failed: ZeroDivisionError")


# --- what is drawn ---------------------------------------------------------------------------


def test_zero_is_neutral_and_signs_have_their_colours() -> None:
    values = np.zeros((10, 10), np.float32)
    values[0], values[1] = 2.0, -4.0
    scaled = scale(values)
    assert scaled[0, 0] == pytest.approx(0.5) and scaled[1, 0] == -1 and scaled[5, 5] == 0
    colors = blend(np.array([[1.0, -1.0, 0.0]]))
    np.testing.assert_array_equal(colors[0], [FOR, AGAINST, NEUTRAL])


def test_what_is_not_known_does_not_count() -> None:
    values = np.full((4, 4), np.nan, np.float32)
    assert not scale(values).any()
    values[0, 0] = 3.0
    assert scale(values)[0, 0] == 1


def figure(value: float, p_value: float | None = None, **also: Any) -> FaithfulnessFigure:
    found = {"low": None, "high": None, "n": 30, "chance": None, **also}
    return FaithfulnessFigure(value, p_value=p_value, **found)


def write_table(path: Path, rows: str) -> None:
    path.write_text(f"method,measure,value,low,high,n,chance,p_value\n{rows}")


def test_methods_that_cannot_be_told_from_the_best_stand_together(tiny_run: Path) -> None:
    write_table(
        tiny_run / "faithfulness.csv",
        "grad_cam,deletion,0.4,0.3,0.5,30,,0.01\nlrp,deletion,0.2,0.1,0.3,30,,1.0\n"
        "lime,deletion,0.3,,,30,,0.3\nrandom,deletion,0.1,0.0,0.2,30,,0.02\n"
        "edges,deletion,0.25,0.2,0.3,30,,0.6\ngrad_cam,mass,0.6,0.5,0.7,30,0.25,1.0\n",
    )
    table = benchmark.read_table(TINY)
    assert table is not None
    assert table["mass"]["grad_cam"] == FaithfulnessFigure(0.6, 0.5, 0.7, 30, 0.25, 1.0)
    assert table["deletion"]["lime"] == figure(0.3, 0.3)
    groups = trust_charts.group_methods(table["deletion"], MEASURES["deletion"])  # less is better
    assert [keys for _, keys in groups] == [["random"], ["lrp", "edges", "lime"], ["grad_cam"]]
    drawn = trust_charts.plot_measure(table["deletion"], MEASURES["deletion"])
    places = [drawn.index(title) for title, _ in groups] + [drawn.index("Grad-CAM")]
    assert places == sorted(places)
    assert "no interval" in drawn and "0.100 to 0.300, n = 30" in drawn
    assert trust_charts.tabulate(table, "model").count("class=lead") == 3
    assert trust_charts.tabulate(table, "object").count("class=lead") == 1


def test_where_methods_are_not_ranked_none_is_set_off() -> None:
    figures = {key: figure(value) for key, value in {"lime": -0.5, "saliency": 0.1}.items()}
    (group,) = trust_charts.group_methods(figures, MEASURES["randomized"])
    assert group == ("", ["saliency", "lime"])  # as the registry has them
    assert "class=lead" not in trust_charts.tabulate({"randomized": figures}, "weights")


def test_zero_has_no_sign_and_minus_is_written_as_such() -> None:
    assert trust_charts.write_figure(-0.001) == "0.00"
    assert trust_charts.write_figure(-0.25) == "−0.25"


def test_what_is_drawn_of_a_measure_lies_where_its_numbers_are() -> None:
    figures = {"lrp": figure(0.5, 1.0, low=0.25, high=0.75, chance=1.0)}
    drawn = trust_charts.plot_measure(figures, MEASURES["deletion"], {"lrp": {"blur": 0.1}})
    marks = re.findall(r'<(\w+) style="left:([\d.]+)%(?:;width:([\d.]+)%)?"', drawn)
    assert marks == [
        ("u", "100.00", ""),
        ("s", "25.00", "50.00"),
        ("em", "10.00", ""),
        ("i", "50.00", ""),
    ]


def test_a_cascade_is_drawn_from_the_trained_network_on() -> None:
    cascade = np.zeros((2, 1, 2, 2))
    cascade[0, 0] = [[1.0, 0.0], [0.5, 0.0]]
    lines = re.findall(
        r'polyline points="([^"]+)"', trust_charts.draw_curves(cascade[:, 0], [1, 4])
    )
    assert len(lines) == 6  # of two samples and their mean, by rank and by SSIM
    points = [tuple(map(float, point.split(","))) for point in lines[2].split()]
    zero = 46 / 1.4
    expected = [(0, 0), (25, zero * 0.25), (100, zero)]
    np.testing.assert_allclose(points, expected, atol=0.1)
    drawn = trust_charts.plot_cascades(["lrp"], cascade, [1, 4])
    assert "all random: rank 0.00, SSIM 0.00" in drawn and drawn.count("data:image/svg+xml") == 1


@pytest.mark.parametrize(
    "rows",
    [
        "", "grad_cam,mass,nan,0,1,30,,\n", "grad_cam,mass,high\n", "\0\0", "a,mass,1e999,0,1,1,,\n",
        "grad_cam,mass,0.5,0.2,,30,,\n",
    ],
)  # fmt: skip
def test_a_damaged_table_is_one_line(tiny_run: Path, rows: str) -> None:
    write_table(tiny_run / "faithfulness.csv", rows)
    with pytest.raises(
        InputError, match=r"faithfulness\.csv: damaged; .* faithfulness@objects-tiny"
    ):
        benchmark.read_table(TINY)


def test_a_table_of_an_earlier_version_is_refused(tiny_run: Path) -> None:
    (tiny_run / "faithfulness.csv").write_text(
        "method,measure,value,low,high,n,chance\nlrp,mass,0.5,0.4,0.6,30,0.2\n"
    )
    with pytest.raises(InputError, match=r"of an earlier version; run `dvc repro faithfulness@"):
        benchmark.read_table(TINY)


def test_figures_are_those_of_the_network_that_is_looked_at(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)

    def find(network: str, run: str) -> str:
        choice, _ = read_choice({"source": "coffee", "network": network})
        return benchmark.find_measured_run(choice, run)

    assert find("run", "birds-vgg16_slim") == "birds-vgg16_slim"
    assert find("efficientnet_lite0", "birds-vgg16_slim") == "objects-efficientnet_lite0"
    with pytest.raises(
        InputError, match=r"^vgg16_slim, Imagenette: no run here is of this network"
    ):
        find("vgg16_slim", "birds-vgg16_slim")


# --- the page --------------------------------------------------------------------------------


open_page = partial(open_app, "Explain")


def test_a_run_without_its_model_says_what_is_missing(tiny_run: Path) -> None:
    app = open_page()
    assert "weights/rendered/vgg16_slim.safetensors" in text_of(app)
    assert app.selectbox(key="source").value == "sample"


def test_no_run_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "There is no run yet" in text_of(open_page())


def test_the_page_explains_a_sample(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(embedded)
    app = open_page(run="objects-vgg16_slim", sample="7")
    text = text_of(app)
    assert "Sample 0007" in text and METHODS["grad_cam"].failure.statement in text
    assert app.selectbox(key="explained_class").value == app.selectbox(
        key="explained_class"
    ).options.index("bicycle")


def test_a_class_is_shared_with_the_explorer_only_where_the_model_is(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    app = open_page(run="objects-vgg16_slim", sample="7", why="2", against="4")
    assert (app.selectbox(key="explained_class").value, app.selectbox(key="other_class").value) == (
        2,
        4,
    )
    app.selectbox(key="explained_class").set_value(5).run()
    assert address(app)["why"] == "5"
    app.selectbox(key="source").set_value("coffee").run()
    assert not app.exception
    assert app.selectbox(key="network").value == "efficientnet_lite0"
    assert "espresso" in text_of(app)
    app.selectbox(key="explained_class").set_value(968).run()
    assert (address(app)["target"], address(app)["why"]) == ("968", "5")


def test_the_crop_is_moved_and_stays_in_the_address(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    app = open_page(run="objects-vgg16_slim", source="lemurs", crop="0-50")
    assert not app.exception and address(app)["crop"] == "0-50"
    framed = fit_photo("lemurs", replace(SLIM_INPUTS, position=(0.5, 0.0)))
    centre = fit_photo("lemurs", SLIM_INPUTS)
    assert framed.extent == centre.extent and not np.array_equal(framed.picture, centre.picture)
    app.selectbox(key="source").set_value("dog").run()
    assert "crop" not in address(app)  # another picture is seen in its centre


def test_where_a_network_knows_none_of_a_pictures_classes_the_page_says_so(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    line = "has no output for a German shepherd"
    assert line in text_of(open_page(run="objects-vgg16_slim", source="dog", network="run"))
    assert line not in text_of(open_page(run="objects-vgg16_slim", source="dog"))
    sample = text_of(open_page(run="objects-vgg16_slim", sample="7"))
    assert "has no output for" not in sample


def test_two_classes_are_explained_side_by_side(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    alone = open_page(run="objects-vgg16_slim", sample="7", why="2", against="4")
    assert " rather than " in text_of(alone)
    app = open_page(run="objects-vgg16_slim", sample="7", why="2", against="4", both="1")
    assert app.segmented_control(key="both").value == "1"
    assert "</b>, and why <b>" in text_of(app) and " rather than " not in text_of(app)


def test_reports_on_two_sides_are_joined() -> None:
    done = Report(State.DONE, result=DrawnExplanation("a", 0.0, 1.0))
    other = Report(State.DONE, result=DrawnExplanation("b", 0.0, 1.0))
    half: Report[DrawnExplanation] = Report(State.RUNNING, 5, 10)
    waits: Report[DrawnExplanation] = Report(State.WAITING)
    failed: Report[DrawnExplanation] = Report(State.FAILED, problem="It failed: X")
    assert [each.layer for each in join([done, other]).drawn] == ["a", "b"]
    assert join([done, half]) == Found("running", (), 15, 20)
    assert join([waits, waits]).state == "waiting"
    assert join([half, waits]) == Found("running", (), 5, 20)
    assert join([half, failed]) == Found("failed", note="It failed: X")


def test_an_upload_is_asked_for_where_there_is_none(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    app = open_page(run="objects-vgg16_slim", source="upload")
    assert "Upload an image at the left" in text_of(app)


def test_of_an_upload_nothing_stays_in_memory(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    left, remove = [], MemoryUploadedFileManager.remove_file

    def note(manager: MemoryUploadedFileManager, session_id: str, file_id: str) -> None:
        remove(manager, session_id, file_id)
        left.extend(len(each) for each in manager.file_storage.values())

    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", note)
    app = open_page(run="objects-vgg16_slim", source="upload", network="vgg16_slim")
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1700, 3), dtype=np.uint8)
    content = encode(Image.fromarray(noise), "PNG")
    fields = []
    for number in range(2):
        fields.append(app.file_uploader[0].key)
        app.file_uploader[0].upload(f"{number}.png", content, "image/png").run()
        assert not app.exception
        assert f"{number}.png" in text_of(app)
        upload = app.session_state["explain_upload"]
        assert all(len(each) < 100 for each in vars(upload).values() if isinstance(each, bytes))
        upload.file.seek(0)
        assert upload.file.read() == content
    assert left == [0, 0]  # files that Streamlit has
    assert len(set(fields)) == 2  # a field of its own for each


def test_the_last_view_says_how_to_measure(embedded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(embedded)
    monkeypatch.setattr("ui.explain.benchmark.DATA", embedded / "nowhere")
    app = open_page(run="objects-vgg16_slim", view="trust")
    assert "dvc repro faithfulness@objects-vgg16_slim" in text_of(app)
    other = open_page(run="objects-vgg16_slim", view="trust", source="coffee", network="vgg16_slim")
    assert "no run here is of this network" in text_of(other)
