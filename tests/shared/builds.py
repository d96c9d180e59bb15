"""What builds and sweeps say in a fresh clone, when they are interrupted, too, and what is lost by it.

``python -m tests.shared.builds`` writes `docs/builds.md`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.projects import copy_code, edit_params, shrink_params
from tests.shared.project import ROOT

RUN = "objects-vgg16_slim"
DOCUMENT = ROOT / "docs" / "builds.md"
_SMALL: dict[str, dict[str, Any]] = {
    "runs": {
        RUN: {
            "dataset": "objects",
            "model": "vgg16_slim",
            "weights": "weights/rendered/vgg16_slim.safetensors",
            "sizes": [100],
            "layers": "stages",
        }
    },
    "comparisons": {},
    "tsne": {"perplexity": [10, 30]},
    "faithfulness": {"runs": []},
}
_ITSELF = {"itself": {"first": RUN, "second": RUN}}
_NAMES = ("-c", "user.name=a", "-c", "user.email=a@localhost")


def _perplexity(folder: Path) -> None:
    edit_params("tsne", folder=folder, perplexity=[10, 30, 5])


def _comparison(folder: Path) -> None:
    edit_params(folder=folder, comparisons=_ITSELF)


@dataclass(frozen=True)
class Case:
    """Something that a user does in a fresh clone.

    Attributes
    ----------
    what : str
    command : tuple of str
    at : str
        A pattern: what is said when it is interrupted; "" where it is not.
    edit : callable, optional
        Does what comes before, in the clone's folder.
    beside : tuple of str
        Another command, once the first has said `at`, which then goes on.
    """

    what: str
    command: tuple[str, ...]
    at: str = ""
    edit: Callable[[Path], None] | None = None
    beside: tuple[str, ...] = ()


SWEEP = ("layerscope", "sweep", RUN, "-S", "tsne.perplexity=[5],[15],[20]")
_EXP = ("dvc", "exp", "run", f"metrics@{RUN}", "-S", "tsne.perplexity=[5]")
CASES = (
    Case("another perplexity", ("layerscope", "build", RUN), "tsne 5", _perplexity),
    Case("a comparison", ("layerscope", "build"), "similarity", _comparison),
    Case("a sweep of three", SWEEP, "perplexity-15: tsne"),
    Case("two builds at once", ("layerscope", "build", RUN), "pca", _perplexity,
         ("layerscope", "build", RUN)),
    Case("a sweep beside a build", ("layerscope", "build", RUN), "pca", _perplexity, SWEEP),
)  # fmt: skip
OWN_WAYS = (
    Case("another perplexity", ("dvc", "repro"), r"stages\.pca", _perplexity),
    Case("the same, for one run", ("dvc", "repro", f"metrics@{RUN}"), r"stages\.pca", _perplexity),
    Case("the same, without what is not kept", ("dvc", "repro", "--allow-missing"), "", _perplexity),
    Case("the same, told before", ("dvc", "repro", "--dry"), "", _perplexity),
    Case("an experiment", _EXP, r"stages\.pca"),
    Case("the same, beside the workspace", (*_EXP, "--temp"), r"stages\.pca"),
    Case("the same, told before", (*_EXP, "--dry")),
    Case("two, for later", (*_EXP[:-1], "tsne.perplexity=[5],[15]", "--queue")),
)  # fmt: skip
HEAD = """# Builds, sweeps, interruptions

What a user is told in a fresh clone of a repository with one run (100 `objects` through `vgg16_slim`, its
stages; all arrays but the intermediates are in DVC's remote), and what differs then from before:
`params.yaml`, `dvc.lock`, `dvc.yaml`, every array, git's index, branches, stash and experiments are compared
by digest. While a stage is at work, what it had made before is away. Ctrl-C is a signal to all processes, as
a shell sends it. Two cores with other work beside, so that seconds say little. Written by
`python -m tests.shared.builds`; the heart of it is tested in `tests/projects/test_building.py` and
`test_sweeping.py`.

"""
_OWN = """
## By DVC's own commands

What DVC 3.67 does without help. `--allow-missing` and `--dry` fail where a stage that is to run reads what is
not kept ([treeverse/dvc#9818](https://github.com/treeverse/dvc/issues/9818)). Interrupted, `dvc repro` leaves
the stage at work without what it had made, until it is run again, and `dvc exp run` its parameters as well
([treeverse/dvc#10655](https://github.com/treeverse/dvc/issues/10655)). `layerscope build` and
`layerscope sweep` do neither.

"""
_TABLE = "| what is done | what is told last | s | what differs from before |\n| --- | --- | --- | --- |\n"


def make_origin(folder: Path) -> None:
    """A repository with one small run, built, its arrays in DVC's remote as far as this one's are."""
    copy_code(folder)
    with (folder / ".gitignore").open("a", encoding="utf-8") as file:
        file.write(".cache/\n/.dvc/cache\n/.dvc/tmp\n")
    shrink_params(folder, _SMALL)
    for command in (("layerscope", "build"), ("dvc", "push", "--quiet")):
        Talk(command, folder).end()
    _git(folder, "add", ".")
    _git(folder, *_NAMES, "commit", "--quiet", "--message", "a small run")


def clone(origin: Path, folder: Path) -> None:
    """As a user does it."""
    subprocess.run(["git", "clone", "--quiet", str(origin), str(folder)], check=True)
    Talk(("dvc", "pull", "--quiet", "--allow-missing"), folder).end()


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


class Talk:
    """A command at work, and what it says."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        program = ["-m", command[0], *command[1:]]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "COLUMNS": "110", "PYTHONPATH": ""}
        self.process = subprocess.Popen(
            [sys.executable, *program], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.begun, self.said = time.monotonic(), ""
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in iter(lambda: self.process.stdout.read1(4096), b""):  # type: ignore[union-attr]
            self.said += line.decode(errors="replace")

    def wait_for(self, pattern: str) -> bool:
        """Whether it has come to say so, rather than ended."""
        while not re.search(pattern, self.said):
            if self.process.poll() is not None:
                return False
            time.sleep(0.05)
        return True

    def interrupt(self) -> None:
        """As Ctrl-C does: every process of its group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> tuple[list[str], float]:
        """Lines that it said, of a bar the last state, and seconds that it took."""
        self.process.wait()
        self.reader.join()
        shown = [line.split("\r") for line in self.said.split("\n")]
        lines = [next((part for part in reversed(parts) if part.strip()), "") for parts in shown]
        return [line.strip() for line in lines if line.strip()], time.monotonic() - self.begun


def take_stock(folder: Path) -> dict[str, str]:
    """Digests of what must not get lost: files, arrays, git's index, branches, stash and experiments."""
    files = [folder / name for name in ("params.yaml", "dvc.lock", "dvc.yaml")]
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in files}
    for path in sorted((folder / "data").rglob("*")):
        if path.is_file():
            parts = path.relative_to(folder / "data").parts
            name = "/".join(parts[1 : 3 if parts[1] == "tsne" else 2])
            found[name] = sha256(path.read_bytes() + found.get(name, "").encode()).hexdigest()
    found["index"] = _git(folder, "diff", "--cached")
    found["branches"] = _git(folder, "for-each-ref", "refs/heads") + _git(
        folder, "rev-parse", "HEAD"
    )
    for line in _git(folder, "for-each-ref", "refs/stash", "refs/exps").splitlines():
        commit, _, name = line.split()
        if re.match(r"refs/(stash|exps/(stash|celery|[0-9a-f]{2}/))", name):
            label = f"experiment {Path(name).name}" if "exps/" in name else "stash"
            found["DVC's queue" if "celery" in name else label] = commit
    return found


def compare(before: dict[str, str], after: dict[str, str]) -> str:
    """What has become of it, in words."""
    parts = {
        "**gone**": sorted(before.keys() - after.keys()),
        "changed": sorted(
            each for each in before.keys() & after.keys() if before[each] != after[each]
        ),
        "new": sorted(after.keys() - before.keys()),
    }
    told = [f"{how}: {', '.join(names)}" for how, names in parts.items() if names]
    return "; ".join(told) or "nothing"


def try_case(case: Case, folder: Path) -> list[str]:
    """Rows of a case in a fresh clone."""
    if case.edit:
        case.edit(folder)
    before, rows = take_stock(folder), []

    def note(what: str, talk: Talk) -> None:
        lines, seconds = talk.end()
        told = "<br>".join(
            re.sub(r"process \d+", "process …", line.replace("|", "\\|").replace(str(folder), "…"))
            for line in lines[-6 if case.command[0] == "layerscope" else -2 :]
        )
        rows.append(
            f"| {what} | {told} | {seconds:.0f} | {compare(before, take_stock(folder))} |\n"
        )

    command = f"{case.what}: `{shlex.join(case.command)}`"
    if case.beside:
        first = Talk(case.command, folder)
        first.wait_for(case.at)
        second = Talk(case.beside, folder)
        second.process.wait()
        note(
            f"{case.what}: beside `{shlex.join(case.command)}`, `{shlex.join(case.beside)}`", second
        )
        note("the first goes on", first)
        return rows
    if case.at:
        talk = Talk(case.command, folder)
        assert talk.wait_for(case.at), talk.said
        talk.interrupt()
        note(f"{command}, Ctrl-C", talk)
        command = "the same again"
    note(command, Talk(case.command, folder))
    return rows


def main() -> None:
    """Write the document."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started this may ignore it
    text = HEAD
    with TemporaryDirectory() as home:
        origin = Path(home) / "origin"
        make_origin(origin)
        for head, cases in (("", CASES), (_OWN, OWN_WAYS)):
            text += head + _TABLE
            for case in cases:
                folder = Path(home) / "clone"
                shutil.rmtree(folder, ignore_errors=True)
                clone(origin, folder)
                rows = try_case(case, folder)
                print(*rows, sep="", flush=True)
                text += "".join(rows)
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
