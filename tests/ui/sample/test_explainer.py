"""Explanations that are made beside the page: what comes back, what fails, what is given up."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from layerscope.explanation.heatmap import colorize, fit_to_picture
from layerscope.models.registry import load_model
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, store_path
from tests.shared.project import ROOT, TINY
from ui.bundle import ensure_bundle
from ui.live.explanations import Explained
from ui.live.models import Source
from ui.markup import embed_pixels
from ui.queue import shared
from ui.sample import explainer
from ui.sample.explainer import Question, answer, ask, pose
from ui.sample.parts import dim_outside, list_parts, outline_parts

RUN = "birds-vgg16_slim"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def embedded() -> Iterator[None]:
    """The embedded runs, unpacked in the project itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert ensure_bundle() is None
        yield


@pytest.fixture(autouse=True)
def no_answers() -> None:
    shared._jobs.clear()


def decode(url: str) -> np.ndarray:
    content = np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8)
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR)
    assert picture is not None
    return picture[:, :, ::-1]


# --- answers of the real model ---------------------------------------------------------------


def explain(uid: int, output: int) -> Explained:
    question = pose(RUN, uid, output)
    assert answer(question) is None  # nobody has asked
    ask([question])
    found = answer(question, PATIENCE)
    assert isinstance(found, Explained)
    assert answer(question) is found
    return found


def test_the_predicted_class_is_explained_by_the_stored_map(embedded: None) -> None:
    predicted = int(Predictions(store_path(RUN, "predictions")).predicted[3])
    found = explain(3, predicted)
    assert found.problem is None
    assert set(found.layers) == set(found.shares) == {"cam", "guided", "product"}
    cam = Store(store_path(RUN, "cam")).read("cam")[3, 0]
    np.testing.assert_array_equal(explainer.read_stored_cam(RUN, 3, predicted), cam)
    assert found.layers["cam"] == embed_pixels(colorize(fit_to_picture(cam, (224, 224))))
    mask = Samples(store_path(RUN, "samples")).part_map(3)
    assert mask is not None
    large = fit_to_picture(cam, (224, 224))
    assert found.shares["cam"] == pytest.approx(large[mask > 0].sum() / large.sum(), rel=1e-4)
    for key in ("guided", "product"):
        grey = decode(found.layers[key])
        assert grey.shape == (224, 224, 3)
        assert abs(int(np.median(grey)) - 128) <= 2
        share = found.shares[key]
        assert share is not None and 0 < share <= 1


def test_any_other_class_is_explained_live_at_the_same_layer(embedded: None) -> None:
    from layerscope.explanation.cam import grad_cam

    predictions, samples = (
        Predictions(store_path(RUN, "predictions")),
        Samples(store_path(RUN, "samples")),
    )
    output = int(np.argsort(-predictions.probabilities[3])[4])
    assert explainer.read_stored_cam(RUN, 3, output) is None
    found = explain(3, output)
    classifier = load_model("vgg16_slim", "weights/rendered/vgg16_slim.safetensors")
    with grad_cam(classifier, "features.29") as make:
        cam = make(samples.picture(3)[None], np.array([output]))[0]
    expected = colorize(fit_to_picture(cam, (224, 224))).astype(int)
    assert np.abs(decode(found.layers["cam"]) - expected).mean() < 3  # WebP loses a little


def test_classes_have_explanations_of_their_own(embedded: None) -> None:
    first, second = explain(3, 0), explain(3, 1)
    assert all(first.layers[key] != second.layers[key] for key in first.layers)


# --- what fails, and what is given up --------------------------------------------------------


def test_without_weights_the_answer_is_one_line(
    tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = pose(TINY, 1, 0)
    ask([question])
    found = answer(question, PATIENCE)
    assert isinstance(found, str) and "weights" in found and "\n" not in found
    assert answer(question) == found
    monkeypatch.setattr(shared._jobs[question], "ended", -1e9)
    assert answer(question) is None  # so that it is asked again


def test_any_failure_of_a_model_is_one_line(
    tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Source) -> None:
        raise RuntimeError("a long\nstory")

    monkeypatch.setattr("ui.live.explanations.load", fail)
    question = pose(TINY, 1, 0)
    ask([question])
    assert answer(question, PATIENCE) == "The model could not be explained: RuntimeError"


def test_what_is_wanted_no_more_is_not_begun(
    tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Question] = []
    started, released = threading.Event(), threading.Event()

    def wait(question: Question, *_: object) -> Explained:
        begun.append(question)
        started.set()
        assert released.wait(PATIENCE)
        return Explained({}, {})

    monkeypatch.setattr(explainer, "_explain", wait)
    first, second, third = (pose(TINY, uid, 0) for uid in (1, 2, 3))
    ask([first])
    assert started.wait(PATIENCE)
    ask([second], given_up=[first])
    ask([third], given_up=[second])
    assert answer(third, 0.01) is None
    released.set()
    assert isinstance(answer(third, PATIENCE), Explained)
    assert begun == [first, third]
    assert isinstance(answer(first), Explained)  # it had begun, and is kept
    assert answer(second) is None


def test_a_rebuilt_store_and_new_weights_are_other_questions(
    tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pose(TINY, 1, 0)
    assert pose(TINY, 1, 0) == before
    weights = tiny_run.parent.parent / "weights/rendered/vgg16_slim.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"")
    with_weights = pose(TINY, 1, 0)
    assert with_weights != before
    info = tiny_run / "samples.zarr/zarr.json"
    info.write_text(info.read_text())
    assert pose(TINY, 1, 0) != with_weights


# --- what is drawn of it ---------------------------------------------------------------------


def test_the_mask_leaves_the_object_and_its_holes_right() -> None:
    part_map = np.zeros((9, 9), dtype=np.uint8)
    part_map[1:8, 1:8] = 1
    part_map[3:6, 3:6] = 0
    drawn = dim_outside(part_map).decode()
    assert 'viewBox="0 0 9 9"' in drawn and 'fill-rule="evenodd"' in drawn
    assert drawn.count("M") == 3  # the frame, the object, the hole
    assert dim_outside(np.zeros((9, 9), np.uint8)).decode().count("M") == 1


def test_outlines_take_the_colours_of_the_parts() -> None:
    part_map = np.zeros((9, 9), dtype=np.uint8)
    part_map[1:4, 1:4], part_map[5:8, 5:8] = 1, 3
    parts = list_parts(part_map, ("wing", "tail", "beak"))
    assert [(value, name) for value, name, _ in parts] == [(1, "wing"), (3, "beak")]
    drawn = outline_parts(part_map, ("wing", "tail", "beak")).decode()
    assert all(drawn.count(color) == 1 for _, _, color in parts)
