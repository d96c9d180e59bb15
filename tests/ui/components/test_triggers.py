"""What a browser or an address may say: everything else is refused."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from ui.components.triggers import (
    Handle,
    Moment,
    check_moment,
    read_handles,
    read_layer,
    read_moment,
    read_one_of,
)

D = 15


def write_turn(frame: np.ndarray) -> str:
    """As an address holds it: written here in another way than there."""
    return base64.urlsafe_b64encode(np.round(frame * 32767).astype("<i2").tobytes()).decode()


TURN = write_turn(np.linalg.qr(np.random.default_rng(0).normal(size=(D, 2)))[0])


def test_one_of_what_is_shown_is_read() -> None:
    assert read_one_of("5-pca-0", ["5-pca-0", "9"]) == "5-pca-0"
    assert read_one_of(1, range(2)) == 1


@pytest.mark.parametrize(
    "sent", [None, 3, -1, 10**30, True, 1.0, "1", "", "9-pca-1", ["5-pca-0"], {"id": "5-pca-0"}]
)
def test_what_is_not_shown_is_refused(sent: object) -> None:
    for known in (["5-pca-0"], [0, 1]):  # True is no 1
        with pytest.raises(ValueError):
            read_one_of(sent, known)


def test_a_layer_is_one_of_its_network() -> None:
    layers = [["a", "b"], ["c"]]
    assert read_layer({"network": 1, "key": "c"}, layers) == (1, "c")
    assert read_layer({"network": 0, "key": "b"}, layers) == (0, "b")


@pytest.mark.parametrize(
    "sent",
    (
        None, [], "a", {}, {"network": 0}, {"network": 0, "key": "c"}, {"network": 2, "key": "a"},
        {"network": -1, "key": "c"}, {"network": True, "key": "c"}, {"network": 1.0, "key": "c"},
        {"network": "0", "key": "a"}, {"network": 0, "key": ["a"]}, {"network": 0, "key": None},
        {"network": 0, "key": "a", "more": 1},
    ),
)  # fmt: skip
def test_what_is_no_layer_is_refused(sent: object) -> None:
    with pytest.raises(ValueError):
        read_layer(sent, [["a", "b"], ["c"]])


def test_handles_are_brought_into_shape() -> None:
    sent = [{"name": "  two words ", "uids": [5, 1, 5]}, {"name": "x" * 40, "uids": [8]}]
    assert read_handles(sent, 9) == (Handle("two words", (1, 5)), Handle("x" * 40, (8,)))
    assert read_handles([], 9) == ()
    assert len(read_handles([{"name": "a", "uids": [0]}] * 50, 9)) == 50


@pytest.mark.parametrize(
    "sent",
    (
        None, {}, "a", [1], [[]], [{}], [{"name": "a"}],
        [{"name": "a", "uids": [9]}], [{"name": "a", "uids": []}],
        [{"name": "", "uids": [1]}], [{"name": " \t ", "uids": [1]}], [{"name": "x" * 41, "uids": [1]}],
        [{"name": "a\nb", "uids": [1]}], [{"name": "a\u202eb", "uids": [1]}], [{"name": 1, "uids": [1]}],
        [{"name": "a", "uids": [True]}], [{"name": "a", "uids": "1"}],
        [{"name": "a", "uids": [1], "more": 1}], [{"name": "a", "uids": [0]}] * 51,
    ),
)  # fmt: skip
def test_what_is_no_handle_is_refused(sent: object) -> None:
    with pytest.raises(ValueError):
        read_handles(sent, 9)


def test_a_moment_is_read_from_a_browser_and_from_an_address() -> None:
    assert len(TURN) == 80
    for seed, step, turn, zoom in (
        (0, 0, "", ""),
        (2**32 - 1, 10**7, TURN, "1.25_-0.5_20"),
        (7, 12, "", "0.2_0_-19.999"),
        (7, 12, "", "50_-20_0.001"),
    ):
        moment = Moment(seed, step, turn, zoom)
        assert read_moment({"seed": seed, "step": step, "turn": turn, "zoom": zoom}, D) == moment
        assert check_moment(str(seed), str(step), turn, zoom, D) == moment


SKEW = write_turn(np.eye(D)[:, :2] * [1, 0.98])
HOSTILE = {
    "seed": ("-1", "4294967296", "1.0", "", " 1", "01", "١", "1e3", "9" * 400, "nan"),
    "step": ("-1", "10000001", "0.5", "", "+1", "x"),
    "turn": ("A", TURN[:-1], TURN + "A", "A" * 80, TURN[:-1] + "+", TURN[:-1] + "=", TURN[:-1] + "\n", SKEW),
    "zoom": ("1", "1_0", "1_0_0_0", "0.1_0_0", "51_0_0", "1_21_0", "1_0_-20.001", "1_1e1_0", "nan_0_0",
             "1.2345_0_0", "-1_0_0", "1_0_0\n", "1__0", "١_0_0"),
}  # fmt: skip


@pytest.mark.parametrize(("key", "text"), [(key, text) for key in HOSTILE for text in HOSTILE[key]])
def test_what_is_no_moment_is_refused(key: str, text: str) -> None:
    texts = {"seed": "1", "step": "2", "turn": TURN, "zoom": "2_1_1"}
    assert check_moment(**texts, d=D) == Moment(1, 2, TURN, "2_1_1")
    with pytest.raises(ValueError):
        check_moment(**{**texts, key: text}, d=D)


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", True), ("seed", "1"), ("seed", 1.0), ("seed", -1), ("seed", 2**32), ("step", 10**7 + 1),
     ("step", None), ("turn", None), ("turn", 1), ("zoom", ["1_0_0"]), ("more", 1)],
)  # fmt: skip
def test_a_browser_sends_numbers_and_texts(key: str, value: object) -> None:
    moment = {"seed": 1, "step": 2, "turn": "", "zoom": ""}
    with pytest.raises(ValueError):
        read_moment({**moment, key: value}, D)
    with pytest.raises(ValueError):
        read_moment(
            {name: moment[name] for name in moment if name != key} if key in moment else 1, D
        )
