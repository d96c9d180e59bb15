"""The page for runs without a browser: who may use it, and what it asks the command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import streamlit as st

from bench.projects import edit_params
from layerscope.errors import InputError
from layerscope.models.registry import MODELS
from projects.building import announce
from projects.folder import open_folder
from projects.state import read_state
from tests.shared.pages import open_app, text_of
from ui.rights import is_editable
from ui.runs import commands
from ui.runs.adding import NETWORKS
from ui.runs.commands import call, find_version, list_options, start_build


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without runs, as the command makes it."""
    open_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listen(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    """Have the server listen to an address."""
    usual = st.get_option
    monkeypatch.setattr(
        st, "get_option", lambda key: address if key == "server.address" else usual(key)
    )


@pytest.mark.parametrize(
    ("address", "editable", "expected"),
    [
        ("localhost", True, True),
        ("127.0.0.1", True, True),
        ("::1", True, True),
        ("localhost", False, False),
        (None, True, False),  # all the world
        ("0.0.0.0", True, False),
        ("192.168.1.5", True, False),
    ],
)
def test_runs_are_changed_where_it_is_allowed_and_nobody_else_can_reach_it(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str | None,
    editable: bool,
    expected: bool,
) -> None:
    listen(monkeypatch, address)
    edit_params("app", editable=editable)
    assert is_editable() is expected
    app = open_app("Runs", editable="true", adding="1")
    assert ("Runs are not changed in this app" in text_of(app)) is not expected
    assert bool(app.text_input) is expected
    links = [link.label for link in app.get("page_link")]
    assert ("Runs" in links) is expected


def test_a_setting_that_is_not_there_or_not_read_allows_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(monkeypatch, "localhost")
    text = (project / "params.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if "editable" not in line]
    assert len(lines) == text.count("\n")
    (project / "params.yaml").write_text("\n".join(lines), encoding="utf-8")
    assert not is_editable()
    (project / "params.yaml").write_text("app: {editable: true}", encoding="utf-8")
    assert not is_editable()
    assert "params.yaml: " in text_of(open_app("Runs"))  # and says what is wrong with it


def test_a_form_becomes_options_and_what_it_names_is_only_data() -> None:
    form = {"pictures": "--project=/etc", "model": "vgg16", "weights": " ", "name": "--check"}
    options = list_options(form)
    assert options == ["--model=vgg16", "--name=--check", "--", "--project=/etc"]


def test_networks_to_choose_from_are_those_of_the_registry() -> None:
    assert set(NETWORKS) == set(MODELS)


def test_a_command_tells_or_is_refused_in_its_own_line(project: Path) -> None:
    assert "no run yet" in call("runs")
    with pytest.raises(InputError, match="no run 'nothing'"):
        call("remove", "--", "nothing")
    with pytest.raises(InputError, match="the following arguments are required"):
        call("add")


def test_a_build_is_told_at_once_and_there_is_one_at_a_time(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = (sys.executable, "-c", "input()")
    monkeypatch.setattr(
        commands, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(600)")
    )
    start_build(["a"])
    state = read_state()
    assert state is not None and state.is_at_work and state.runs == ("a",)
    assert state.tell() == "finding out what is to be built"
    assert find_version(state) != find_version(None)
    with pytest.raises(InputError, match=f"process {state.pid}"):
        start_build(["b"])
    child = psutil.Process(state.pid)
    child.kill()
    child.wait()
    assert not state.is_at_work
    with subprocess.Popen(waiting, stdin=subprocess.PIPE) as other:
        announce(["b"], pid=other.pid)
        assert (again := read_state()) is not None and again.pid == other.pid != os.getpid()
