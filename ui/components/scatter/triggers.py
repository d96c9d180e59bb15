"""What a browser may send, checked: it can be anything at all."""

from __future__ import annotations


def read_pin(sent: object, count: int) -> int | None:
    """The uid of one of `count` samples, or None where -1 releases the pinned one.

    Raises
    ------
    ValueError
        For anything else. So do all functions here.
    """
    uid = _read_index(sent, -1, count)
    return uid if uid >= 0 else None


def read_only(sent: object, count: int) -> frozenset[int]:
    """Some of `count` legend entries."""
    return frozenset(_read_indices(sent, count))


def read_lasso(sent: object, count: int) -> tuple[int, ...]:
    """Uids of some of `count` samples, rising, each once."""
    return tuple(sorted(_read_indices(sent, count)))


def read_pictures(sent: object) -> bool:
    """Whether pictures are shown."""
    if not isinstance(sent, bool):
        raise ValueError("neither true nor false")
    return sent


def _read_indices(sent: object, count: int) -> set[int]:
    if not isinstance(sent, list) or len(sent) > count:
        raise ValueError(f"not a list of at most {count}")
    return {_read_index(each, 0, count) for each in sent}


def _read_index(sent: object, low: int, high: int) -> int:
    # True and False are whole numbers to Python.
    if not isinstance(sent, int) or isinstance(sent, bool) or not low <= sent < high:
        raise ValueError(f"not a whole number from {low} to {high - 1}")
    return sent
