"""The command: what it adds, lists, builds and takes out, and what it says where it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

from layerscope.params import read_params
from projects import command
from projects.changing import remove_run
from projects.first_look import N_SAMPLES, take_looks
from projects.state import find_run, first_look_of, read_state
from tests.shared.project import ROOT

RUN = "pets-efficientnet_lite0"


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """60 pictures of noise in two classes."""
    rng = np.random.default_rng(0)
    for i in range(60):
        file = tmp_path / "pets" / ("cat", "dog")[i % 2] / f"{i}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(file)
    return tmp_path / "pets"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "project"


def call(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command in this process; its working folder is put back."""
    monkeypatch.setattr(sys, "argv", ["layerscope", *arguments])
    with chdir(Path.cwd()):
        command.main()


def test_a_run_is_added_from_anywhere_listed_and_taken_out(
    pets: Path, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pets.parent)
    call("runs", "--project", str(project), monkeypatch=monkeypatch)
    assert "no run yet" in capsys.readouterr().out
    call("add", "pets", "--check", "--project", str(project), monkeypatch=monkeypatch)
    told = capsys.readouterr().out
    assert told.endswith(f"it would be run {RUN} of 60 samples\n") and "layerscope" not in told
    assert read_params(project / "params.yaml").runs == {}
    call("add", "pets", "--project", str(project), monkeypatch=monkeypatch)
    told = capsys.readouterr().out
    assert "60 pictures, 2 classes of 30 (cat, dog)" in told and f"run {RUN}" in told
    run = read_params(project / "params.yaml").runs[RUN]
    assert (run.root, run.sizes, run.model) == (str(pets), (60,), "efficientnet_lite0")
    call("runs", "--project", str(project), monkeypatch=monkeypatch)
    assert capsys.readouterr().out.startswith(f"{RUN}  60 samples  0.0 MB  12 missing")
    call("runs", "--json", "--project", str(project), monkeypatch=monkeypatch)
    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == [RUN]
    first = {"name": "prepare", "state": "missing", "n_bytes": 0, "seconds": None}
    assert listed[0]["stages"][0] == first
    call("rename", "--project", str(project), RUN, "mine", monkeypatch=monkeypatch)
    assert list(read_params(project / "params.yaml").runs) == ["mine"]
    call("rename", "--project", str(project), "mine", RUN, monkeypatch=monkeypatch)
    (project / "data" / RUN).mkdir(parents=True)
    (project / "data" / RUN / "layers.csv").write_text("1234567890")
    with chdir(project):
        assert remove_run(RUN) == 10
    assert read_params(project / "params.yaml").runs == {}
    assert not (project / "data" / RUN).exists()
    assert "# Everything that can be chosen" in (project / "params.yaml").read_text()


def test_a_run_that_is_added_is_built_alone_where_that_is_asked_for(
    pets: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[list[str]] = []
    monkeypatch.chdir(pets.parent)
    monkeypatch.setattr(command, "build", lambda runs, *_: built.append(runs))
    call("add", "pets", "--project", str(project), "--build", "--check", monkeypatch=monkeypatch)
    call("add", "pets", "--project", str(project), monkeypatch=monkeypatch)
    assert built == []
    call("add", "pets", "--project", str(project), "--build", monkeypatch=monkeypatch)
    assert built == [[RUN]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "gone"), "gone"),
        (("add", "pets", "--model", "resnet51"), "unknown model 'resnet51'"),
        (("add", "pets", "--root", "elsewhere"), "--root"),
        (("add", "pets", "--sizes", "ten"), "--sizes 'ten'"),
        (("build", "nothing"), "no run 'nothing'"),
        (("sweep", "nothing", "-S", "umap.min_dist=0.5"), "no run 'nothing'"),
        (("sweep", RUN, "--from", "a", "--name", "b"), "--name: the file of --from"),
        (("export", "nothing", "--to", "out"), "no run 'nothing'"),
        (("remove", "nothing"), "no run 'nothing'"),
        (("rename", "nothing", "something"), "no run 'nothing'"),
        (("stage", "rm"), "no stage 'rm'"),
    ],
)
def test_what_is_refused_is_told_in_one_line_and_adds_nothing(
    pets: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(pets.parent)
    where = () if arguments[0] == "stage" else ("--project", str(project))
    with pytest.raises(SystemExit) as end:
        call(*arguments[:1], *where, *arguments[1:], monkeypatch=monkeypatch)
    assert str(end.value).startswith("error: ") and told in str(end.value)
    assert "\n" not in str(end.value)
    if where:
        assert read_params(project / "params.yaml").runs == {}


@pytest.mark.parametrize(
    ("there", "sizes"),
    [(4, None), (60, (60,)), (100, (100,)), (101, (100, 101)), (3000, (100, 1000))],
)
def test_a_run_without_sizes_takes_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: int, sizes: tuple[int, ...] | None
) -> None:
    (tmp_path / "many").mkdir()
    first = tmp_path / "many/0.png"
    Image.new("RGB", (8, 8)).save(first)
    for i in range(1, there):
        os.link(first, tmp_path / f"many/{i}.png")
    monkeypatch.chdir(tmp_path)
    if sizes is None:
        with pytest.raises(SystemExit, match="4 there; add pictures, as a run needs 10"):
            call("add", "many", "--project", "p", monkeypatch=monkeypatch)
        return
    call("add", "many", "--project", "p", monkeypatch=monkeypatch)
    assert next(iter(read_params(tmp_path / "p/params.yaml").runs.values())).sizes == sizes


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_first_look_has_what_a_page_needs_and_is_of_its_run(
    pets: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pets.parent)
    call("add", "pets", "--project", str(project), monkeypatch=monkeypatch)
    monkeypatch.chdir(project)
    before = Path("params.yaml").read_bytes()
    take_looks(RUN)
    first = first_look_of(RUN)
    assert (state := read_state()) is not None and state.tell().startswith(f"{RUN}: first look")
    assert sorted(path.name for path in Path("data", first).iterdir()) == [
        "look.yaml", "pca.zarr", "predictions.zarr", "samples.zarr",
    ]  # fmt: skip
    made = Path("data", first).stat().st_mtime_ns
    take_looks(RUN)  # after a build that was ended
    assert Path("data", first).stat().st_mtime_ns == made
    os.utime(pets)  # pictures have changed
    take_looks(RUN)
    assert Path("data", first).stat().st_mtime_ns > made
    assert Path("params.yaml").read_bytes() == before and not Path("data", RUN).exists()
    from layerscope.runs.samples import Samples
    from ui.library import read_contents

    assert len(Samples(Path("data", first, "samples.zarr"))) == N_SAMPLES
    assert read_contents(first).sizes == (N_SAMPLES,)
    runs = read_params().runs
    assert find_run(first, runs) == RUN and find_run(RUN, runs) == RUN


@pytest.mark.slow
def test_open_shows_a_page_and_builds_until_ctrl_c(pets: Path, project: Path) -> None:
    """From outside the repository, as a user has it."""
    arguments = ["open", "pets", "--project", str(project), "--no-browser"]
    child = subprocess.Popen(
        [sys.executable, "-m", "layerscope", *arguments],
        cwd=pets.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        lines.append(line.strip())
        if "stages to run" in line:
            break
    page = next(line for line in lines if line.startswith("http://localhost:"))
    assert page.endswith(f"?run={RUN}")
    with urlopen(page) as answer:
        assert answer.status == 200
    assert (project / "data" / first_look_of(RUN) / "pca.zarr").exists()
    child.send_signal(signal.SIGINT)
    _, said = child.communicate()
    assert child.returncode == 130, said
    assert "Traceback" not in said and "what is finished is kept" in said
    with pytest.raises(URLError):
        urlopen(page)
