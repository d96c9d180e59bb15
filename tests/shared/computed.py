"""What tests have the engine compute."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled


def tell_process(*numbers: int) -> tuple[int, int]:
    """The process that computes, and a sum."""
    print("what is printed does not disturb the answer")
    return os.getpid(), sum(numbers)


def list_modules() -> list[str]:
    """What is imported there."""
    return sorted(sys.modules)


def refuse(text: str) -> None:
    """Raise what is meant for people."""
    raise InputError(text)


def fail() -> None:
    """Raise what is not."""
    raise ZeroDivisionError("secret")


def die() -> None:
    """End the process as the kernel does where memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def count_until_unwanted(
    publish: Callable[[int, int, object], None], is_unwanted: Callable[[], bool]
) -> None:
    """Publish a first step, then wait to be stopped."""
    publish(1, 2, "first")
    pause = threading.Event()
    while not is_unwanted():
        pause.wait(0.01)
    raise Cancelled


def group(n_clusters: int) -> int:
    """How many groups scikit-learn finds where there are so many."""
    from sklearn.cluster import KMeans

    points = [[10 * (i % n_clusters), i / 100] for i in range(20)]
    return len(set(KMeans(n_clusters, random_state=0).fit_predict(points)))
