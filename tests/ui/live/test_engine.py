"""The process that computes: what it answers, how it fails, when it ends."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator

import psutil
import pytest

from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled
from tests.shared.computed import (
    count_until_unwanted,
    die,
    fail,
    group,
    list_modules,
    refuse,
    tell_process,
)
from tests.shared.project import ROOT
from ui.live import engine
from ui.live.engine import Engine
from ui.live.turns import Turns


@pytest.fixture(name="child")
def open_engine() -> Iterator[Engine]:
    found = Engine(most=1000)
    yield found
    found.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Until something is so: pytest's own timeout is the only one."""
    pause = threading.Event()
    while not is_so():
        pause.wait(0.01)


def test_computes_in_one_process_that_is_not_ours(child: Engine) -> None:
    first, total = child.call(tell_process, 2, 3)
    assert total == 5
    assert first != psutil.Process().pid
    assert child.call(tell_process) == (first, 0)


def test_knows_nothing_of_pages(child: Engine) -> None:
    assert not {"streamlit", "torch"} & set(child.call(list_modules))


def test_publishes_and_is_called_off(child: Engine) -> None:
    steps: list[object] = []
    seen = threading.Event()

    def publish(*step: object) -> None:
        steps.append(step)
        seen.set()

    with pytest.raises(Cancelled):
        child.work(count_until_unwanted)(publish, seen.is_set)
    assert steps == [(1, 2, "first")]


def test_refusals_are_said_and_failures_named(child: Engine) -> None:
    with pytest.raises(InputError, match=r"^no such layer$"):
        child.call(refuse, "no such layer")
    with pytest.raises(InputError, match=r"^It failed: ZeroDivisionError$"):
        child.call(fail)


def test_a_death_is_said_and_the_next_question_is_answered(child: Engine) -> None:
    before, _ = child.call(tell_process)
    with pytest.raises(InputError, match="has ended"):
        child.call(die)
    after, _ = child.call(tell_process)
    assert after != before


def test_a_death_fails_whatever_else_is_under_way(child: Engine) -> None:
    seen, problems = threading.Event(), []

    def ask() -> None:
        try:
            child.work(count_until_unwanted)(lambda *_: seen.set(), lambda: False)
        except InputError as error:
            problems.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    seen.wait()
    with pytest.raises(InputError):
        child.call(die)
    thread.join()
    assert len(problems) == 1


def test_ends_when_nothing_is_asked(child: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "IDLE", 0.0)
    first, _ = child.call(tell_process)
    wait_until(lambda: not psutil.pid_exists(first))
    second, _ = child.call(tell_process)
    assert second != first


def test_ends_at_once_when_it_has_grown_too_large() -> None:
    child = Engine(most=1)
    first, _ = child.call(tell_process)
    wait_until(lambda: not psutil.pid_exists(first))
    second, _ = child.call(tell_process)
    assert second != first
    child.close()


def test_scikit_learn_does_not_bring_its_tables(child: Engine) -> None:
    assert child.call(group, 2) == 2  # it works without
    assert not {"pandas", "pyarrow"} & set(child.call(list_modules))


def test_ends_with_the_app_however_that_ends() -> None:
    program = (
        "from tests.shared.computed import tell_process\n"
        "from ui.live.engine import Engine\n"
        "child = Engine(most=1000)\n"
        "print(child.call(tell_process)[0], flush=True)\n"
        "input()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_where_it_cannot_be_started_one_line_says_so(
    child: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.sys, "executable", str(ROOT / "no" / "python"))
    with pytest.raises(InputError, match="could not be started: No such file"):
        child.call(tell_process)


def _take_turns(wants: Iterable[tuple[str, bool]]) -> list[str]:
    """The order in which threads get their turns that all want one while another has it."""
    turns, order = Turns(), []

    def take(name: str, is_patient: bool) -> None:
        turns.is_patient = is_patient
        with turns:
            order.append(name)

    threads = [threading.Thread(target=take, args=args) for args in wants]
    with turns:
        for thread in threads:
            thread.start()
        wait_until(lambda: turns._waiting + turns._patient == len(threads))
    for thread in threads:
        thread.join()
    return order


def test_patient_threads_go_last() -> None:
    order = _take_turns([("long", True), ("short", False), ("another", False)])
    assert order[-1] == "long"


def test_a_patient_thread_is_not_passed_for_ever() -> None:
    order = _take_turns([("long", True), ("longer", True), *((str(i), False) for i in range(20))])
    assert sorted(i for i, name in enumerate(order) if name.startswith("long")) == [4, 9]


def test_the_app_imports_nothing_that_computes() -> None:
    """All of it but the pages' scripts, whose imports are of the same modules."""
    program = (
        "import importlib, pkgutil, sys, ui\n"
        "for each in pkgutil.walk_packages(ui.__path__, 'ui.'):\n"
        "    if each.name != 'ui.live.server': importlib.import_module(each.name)\n"
        "heavy = 'torch torchvision timm captum pytorch_grad_cam umap numba openTSNE sklearn'\n"
        "print(*(set(heavy.split()) & set(sys.modules)))\n"
    )
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == []
