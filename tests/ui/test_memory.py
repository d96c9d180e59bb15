"""What is kept between two runs of a page, and how it is weighed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from cachetools import LRUCache

from ui import memory
from ui.memory import keep, weigh


@dataclass(frozen=True)
class Cloud:
    points: np.ndarray
    names: tuple[str, ...]


Cloud.__module__ = "ui.cloud"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(memory, "_kept", LRUCache(1000, getsizeof=weigh))
    yield


def test_what_is_asked_for_again_is_kept_whatever_is_behind_an_underscore() -> None:
    calls = []

    @keep
    def square(_unseen: object, number: int) -> int:
        calls.append(number)
        return number**2

    assert [square(object(), 3), square(object(), number=3), square(None, 4)] == [9, 9, 16]
    assert calls == [3, 4]


def test_the_limit_is_one_of_bytes_for_all_functions() -> None:
    calls = []

    @keep
    def fill(value: int) -> np.ndarray:
        calls.append(value)
        return np.full(100, value, np.uint32)  # 400 bytes

    @keep
    def write(value: int) -> str:
        return "x" * 400

    fill(1), fill(2)
    fill(1)  # so that the other is the older one
    write(1)
    fill(1)
    assert calls == [1, 2]
    fill(2)
    assert calls == [1, 2, 2]


def test_what_is_larger_than_the_limit_is_given_but_not_kept() -> None:
    @keep
    def fill(n: int) -> np.ndarray:
        return np.zeros(n)

    assert len(fill(1000)) == 1000
    assert not memory._kept


def test_failures_are_not_kept() -> None:
    failures = iter([ValueError("once")])

    @keep
    def read() -> str:
        for failure in failures:
            raise failure
        return "found"

    with pytest.raises(ValueError, match="once"):
        read()
    assert read() == "found"


def test_weights_are_those_of_arrays_and_texts() -> None:
    cloud = Cloud(np.zeros((10, 2), np.float32), ("one", "three"))
    assert weigh(cloud) == 64 + 80 + 8
    assert weigh({"a": [cloud, cloud]}) == 2 * weigh(cloud)
