"""Folders as people have them through all stages and pages.

``python -m tests.shared.folder_runs [KIND ...]`` writes the table of `docs/folders.md`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from layerscope.errors import InputError
from projects.add_run import add_run
from tests.shared.hostile_folders import DOCUMENT, KINDS, read_rows, tell, write_cell
from tests.shared.networks import (
    RUN,
    STAGES,
    Outcome,
    computing_here,
    make_network,
    run_stage_of,
    try_run,
    write_small_params,
)

NETWORK = "timm:test_resnet"
NOT_YET = "not yet taken through"
HEAD = """# Folders as people have them

What `make run DATASET=imagefolder ROOT=...` takes a folder for, and says, before it computes anything; and
what becomes of it with 100 samples, or as many as a refusal says there are, in all stages and on all pages,
by a small network with random weights. Written by `python -m tests.shared.folder_runs`;
`tests/layerscope/datasets/test_hostile_folders.py` and `tests/stages/test_folders.py` compare it.

| what is there | what is told | stages and pages |
| --- | --- | --- |
"""


def take_through(
    make: Callable[[Path], object], home: Path, sizes: tuple[int, ...] = (100,)
) -> tuple[list[str], Outcome]:
    """Add a folder as a run of the project `home`, and take it through all stages and pages.

    What a refusal says of samples is done, as a user would, and tried again.

    Returns
    -------
    list of str
        What became of it.
    Outcome
        Empty where it was refused before anything was computed.
    """
    make(home / "pictures")
    split: str | None = None
    with chdir(home):
        model, weights = make_network(NETWORK)
        while True:
            write_small_params({})
            try:
                add_run(
                    "imagefolder", str(model), str(weights), list(sizes), "pictures", "layer1,layer4",
                    name=RUN, split=split,
                )  # fmt: skip
                run_stage_of(STAGES[0])
                break
            except InputError as error:
                if fitting := re.search(r"end `sizes` with (\d+)", str(error)):
                    sizes = (int(fitting[1]),)
                elif split is None and "set `split` to all" in str(error):
                    split = "all"
                else:
                    return [f"error: {error}"], Outcome()
        outcome = try_run(stages=STAGES[1:], methods=False)
    taken = f"{', '.join(map(str, sizes))} samples{' of all splits' if split else ''}"
    told = [f"{taken}: {len(outcome.worked) + 1} stages and pages work"]
    return told + [f"{what}: {line}" for what, line in outcome.refused.items()], outcome


def write_document(kinds: Sequence[str]) -> str:
    """The whole of `docs/folders.md`; given kinds are taken through, others keep what stands there."""
    became = {kind: cell for kind, _, cell in read_rows()}
    text = HEAD
    for kind, make in KINDS.items():
        if kind in kinds:
            with TemporaryDirectory() as project, computing_here():
                lines, outcome = take_through(make, Path(project))
            if outcome.failed:
                raise RuntimeError(f"{kind}: {outcome.failed}")
            became[kind] = write_cell(lines)
        with TemporaryDirectory() as home:
            told = write_cell(tell(kind, Path(home)))
        text += f"| {kind} | {told} | {became.get(kind, NOT_YET)} |\n"
    return text


if __name__ == "__main__":
    for kind in sys.argv[1:] or KINDS:  # written after each: what is interrupted keeps what it has
        DOCUMENT.write_text(write_document([kind]), encoding="utf-8")
