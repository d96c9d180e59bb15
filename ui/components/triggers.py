"""What a browser may send, checked: it can be anything at all."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

Known = TypeVar("Known", int, str)
_MOST_HANDLES = 50
_LONGEST_NAME = 40
_LAST_SEED = 2**32 - 1
_LAST_STEP = 10**7
_ZOOM = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)((?:_-?\d{1,2}(?:\.\d{1,3})?){2})", re.ASCII)
_TURN = re.compile(r"[A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Moment:
    """What a Grand Tour shows when it stands still.

    Attributes
    ----------
    seed : int
        From 0 to 2^32 - 1.
    step : int
        Of the tour, from 0 to 10^7.
    turn : str
        What has been dragged: empty, or base64url (RFC 4648, 5) without padding of the two columns
        of a rotation that are seen, (d, 2), row by row, in steps of 1/32767, as int16 with the low
        byte first.
    zoom : str
        Empty where all is seen, or ``s_x_y``: how many times larger, from 0.2 to 50, and the middle in
        units of the cloud, from -20 to 20.
    """

    seed: int
    step: int
    turn: str = ""
    zoom: str = ""


@dataclass(frozen=True)
class Handle:
    """A named set of samples whose centroid is dragged.

    Attributes
    ----------
    name : str
        1 to 40 characters.
    uids : tuple of int
        Rising.
    """

    name: str
    uids: tuple[int, ...]


def read_pin(sent: object, count: int) -> int | None:
    """The uid of one of `count` samples, or None where -1 releases the pinned one.

    Raises
    ------
    ValueError
        For anything else. So do all functions here.
    """
    uid = _read_index(sent, -1, count)
    return uid if uid >= 0 else None


def read_one_of(sent: object, known: Collection[Known]) -> Known:
    """One of some whole numbers or texts that are shown; True is no 1."""
    for each in known:
        if type(sent) is type(each) and sent == each:
            return each
    raise ValueError("nothing that is shown")


def read_only(sent: object, count: int) -> frozenset[int]:
    """Some of `count` legend entries."""
    return frozenset(_read_indices(sent, count))


def read_lasso(sent: object, count: int) -> tuple[int, ...]:
    """Uids of some of `count` samples, rising, each once."""
    return tuple(sorted(_read_indices(sent, count)))


def read_switch(sent: object) -> bool:
    """Whether something is on."""
    if not isinstance(sent, bool):
        raise ValueError("neither true nor false")
    return sent


def read_layer(sent: object, layers: Sequence[Sequence[str]]) -> tuple[int, str]:
    """The number of a network and one of its layers, of the keys of each network's."""
    if not isinstance(sent, dict) or set(sent) != {"network", "key"}:
        raise ValueError("not a network and a layer")
    network = _read_index(sent["network"], 0, len(layers))
    if sent["key"] not in layers[network]:
        raise ValueError("not a layer of that network")
    return network, sent["key"]


def read_handles(sent: object, count: int) -> tuple[Handle, ...]:
    """Sets of some of `count` samples, at most 50, with names of 1 to 40 characters."""
    if not isinstance(sent, list) or len(sent) > _MOST_HANDLES:
        raise ValueError(f"not a list of at most {_MOST_HANDLES}")
    return tuple(_read_handle(each, count) for each in sent)


def read_moment(sent: object, d: int) -> Moment:
    """A moment of a tour in `d` dimensions."""
    if not isinstance(sent, dict) or set(sent) != {"seed", "step", "turn", "zoom"}:
        raise ValueError("not a moment")
    seed = _read_index(sent["seed"], 0, _LAST_SEED + 1)
    step = _read_index(sent["step"], 0, _LAST_STEP + 1)
    if not isinstance(sent["turn"], str) or not isinstance(sent["zoom"], str):
        raise ValueError("not texts")
    return check_moment(str(seed), str(step), sent["turn"], sent["zoom"], d)


def check_moment(seed: str, step: str, turn: str, zoom: str, d: int) -> Moment:
    """A moment of a tour in `d` dimensions, from texts such as those in an address."""
    moment = Moment(_read_number(seed, _LAST_SEED), _read_number(step, _LAST_STEP), turn, zoom)
    if turn:
        _check_turn(turn, d)
    if zoom:
        _check_zoom(zoom)
    return moment


def _check_turn(turn: str, d: int) -> None:
    size = 2 * d * 2
    if len(turn) != -(-size * 4 // 3) or not _TURN.fullmatch(turn):
        raise ValueError("not the text of a rotation")
    try:
        found = base64.urlsafe_b64decode(turn + "=" * (-len(turn) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error
    frame = np.frombuffer(found, "<i2").reshape(d, 2) / 32767
    if np.abs(frame.T @ frame - np.eye(2)).max() > 0.01:
        raise ValueError("columns are not orthonormal")


def _check_zoom(zoom: str) -> None:
    found = _ZOOM.fullmatch(zoom)
    if not found:
        raise ValueError("not a zoom")
    scale, middle = float(found[1]), [float(each) for each in found[2].split("_")[1:]]
    if not 0.2 <= scale <= 50 or max(map(abs, middle)) > 20:
        raise ValueError("a zoom out of range")


def _read_number(text: str, largest: int) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,9}", text) or int(text) > largest:
        raise ValueError(f"not a whole number from 0 to {largest}")
    return int(text)


def _read_handle(sent: object, count: int) -> Handle:
    if not isinstance(sent, dict) or set(sent) != {"name", "uids"}:
        raise ValueError("not a name and samples")
    name = sent["name"].strip() if isinstance(sent["name"], str) else ""
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise ValueError(f"not a name of 1 to {_LONGEST_NAME} characters")
    uids = read_lasso(sent["uids"], count)
    if not uids:
        raise ValueError("a handle of nothing")
    return Handle(name, uids)


def _read_indices(sent: object, count: int) -> set[int]:
    if not isinstance(sent, list) or len(sent) > count:
        raise ValueError(f"not a list of at most {count}")
    return {_read_index(each, 0, count) for each in sent}


def _read_index(sent: object, low: int, high: int) -> int:
    # True and False are whole numbers to Python.
    if not isinstance(sent, int) or isinstance(sent, bool) or not low <= sent < high:
        raise ValueError(f"not a whole number from {low} to {high - 1}")
    return sent
