"""What is named to `make` arrives as it is: neither make nor a shell reads it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.shared.project import ROOT

HOSTILE = (
    "$(id)",
    "$(shell touch pwned)",
    "`touch pwned`",
    "a; touch pwned",
    "two words",
    "it's",
    'a "quote"',
    "-x",
    "*",
    "a\\b",
    "$$HOME",
)
ADD = ("-m", "layerscope", "add", "--build")
SAY = """#!/usr/bin/env python3
import json, sys
with open({said!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + chr(10))
"""


class Make:
    """`make` with programs that only note what they are called with."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, folder / "said"
        (folder / "bin").mkdir()
        for program in ("python", "dask", "dvc"):
            file = folder / "bin" / program
            file.write_text(SAY.format(said=str(self.said)), encoding="utf-8")
            file.chmod(0o755)
        (folder / ".installed").touch()

    def __call__(self, *arguments: str, **environment: str) -> list[list[str]]:
        self.said.unlink(missing_ok=True)
        stamp = str(self.folder / ".installed")
        subprocess.run(
            [
                "make",
                "-s",
                "-o",
                stamp,
                "-f",
                str(ROOT / "Makefile"),
                f"VENV={self.folder}",
                *arguments,
            ],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", **environment},
            check=True,
        )
        return [json.loads(line) for line in self.said.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return Make(tmp_path)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_named_is_handed_on_as_it_is(make: Make, text: str) -> None:
    assert make("train", f"NAME={text}") == [
        ["-m", "stages.train", text],
        ["commit", "--force", f"train@{text}"],
    ]
    settings = ("name", "weights", "sizes", "root", "split", "labels", "layers", "vectors")
    options = [f"--{name}={text}" for name in settings]
    named = [f"{name.upper()}={text}" for name in (*settings, "model")]
    for target, dataset in (("run", text), ("imagenette", "imagenette")):
        command = make(target, f"DATASET={text}", *named)[0]
        assert command == [*ADD, f"--model={text}", *options, "--", dataset]
    assert make("accept", f"BASE={text}") == [["-m", "bench.acceptance", f"--base={text}"]]
    workers = make("workers", f"SCHEDULER={text}", f"WORKERS={text}", f"HOST={text}")[0]
    assert workers[-1] == text and workers[workers.index("--nworkers") + 1] == text
    assert workers[workers.index("--host") + 1] == text
    scheduler = make("scheduler", f"HOST={text}", f"PORT={text}", f"DASHBOARD={text}")[0]
    assert scheduler[scheduler.index("--host") + 1] == text
    assert scheduler[-1] == f"{text}:{text}"
    assert not (make.folder / "pwned").exists()


@pytest.mark.parametrize("dataset", ["imagenette", "imagewoof"])
def test_photographs_come_in_the_sizes_of_the_mission_with_any_model(
    make: Make, dataset: str
) -> None:
    usual = ["--sizes=100,1000,7000", "--split=all", "--", dataset]
    first, second = [*ADD, "--model=vgg16", *usual], [*ADD, "--model=vgg16_slim", *usual]
    assert make(dataset) == [first]
    assert make(dataset, "MODEL=vgg16_slim") == [second]
    assert make(dataset, "SIZES=50", "SPLIT=val")[0][5:7] == ["--sizes=50", "--split=val"]
    # The environment names no setting.
    assert make(dataset, SIZES="7", MODEL="other")[0] == first


def test_only_this_machine_reaches_a_scheduler_and_its_workers(make: Make) -> None:
    near = ["--host", "127.0.0.1"]
    hidden = ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    # The environment names no address: some shells keep the machine's own name there.
    assert make("scheduler", HOST="0.0.0.0") == [["scheduler", *near, "--port", "8786", *hidden]]
    workers = make("workers", "SCHEDULER=tcp://127.0.0.1:8786", "WORKERS=3", HOST="0.0.0.0")[0]
    assert workers[:3] == ["worker", *near] and " ".join(hidden) in " ".join(workers)


def test_another_address_and_the_dashboard_are_named(make: Make) -> None:
    assert make("scheduler", "HOST=10.0.0.1", "PORT=1", "DASHBOARD=8787") == [
        ["scheduler", "--host", "10.0.0.1", "--port", "1", "--dashboard-address", "10.0.0.1:8787"]
    ]
    assert make("scheduler", "HOST=10.0.0.1")[0][-1] == "127.0.0.1:0"
