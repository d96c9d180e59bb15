"""What the pipeline takes stage by stage: ``python -m bench.stages --dataset objects --sizes 7000``.

Stages run one after another, each a command of its own, as ``dvc.yaml`` has it, in a project folder that
is kept: a benchmark that was interrupted goes on where it stopped. A stage is left out where what it
makes is there and the results already tell of it.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from bench.machine import describe_machine
from bench.memory import Watched, run_watched
from bench.projects import (
    ROOT,
    Command,
    count_bytes,
    environment,
    list_commands,
    write_params,
)
from layerscope.errors import InputError
from layerscope.names import name_run
from layerscope.params import PARAMS, Params
from layerscope.storage.files import write_text
from projects.building import STAGES

_RESULTS = ROOT / "docs" / "bench-stages.json"
_FOLDER = ROOT / ".cache" / "bench" / "stages"
_MB = 2**20
Row = dict[str, Any]


def prepare_folder(folder: Path, **run: Any) -> Params:
    """Write the folder's parameters; refuses one that was begun with others."""
    before = (folder / PARAMS).read_text(encoding="utf-8") if (folder / PARAMS).exists() else None
    params = write_params(folder, **run)
    if before is not None and before != (folder / PARAMS).read_text(encoding="utf-8"):
        (folder / PARAMS).write_text(before, encoding="utf-8")
        raise InputError(
            f"{folder}: was begun with other parameters; name another --folder, or delete it"
        )
    return params


def read_results(path: Path) -> dict[str, list[Row]]:
    """Rows by run and sizes, of earlier measurements."""
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}


def is_done(command: Command, folder: Path, rows: Sequence[Row]) -> bool:
    """Whether a stage's outputs are there and its row too."""
    known = any(row["stage"] == command.name for row in rows)
    return known and all((folder / output).exists() for output in command.outputs)


def describe(command: Command, watched: Watched, folder: Path) -> Row:
    """The row of a stage."""
    return {
        "stage": command.name,
        "seconds": round(watched.seconds, 2),
        "processor_seconds": round(watched.processor_seconds, 2),
        "peak_mb": round(watched.peak_bytes / _MB, 1),
        "largest_process_mb": round(watched.largest_bytes / _MB, 1),
        "stored_mb": round(sum(count_bytes(folder / each) for each in command.outputs) / _MB, 2),
    }


def run_stages(commands: Sequence[Command], folder: Path, name: str, output: Path) -> list[Row]:
    """Run what is not done yet; results are written after each stage.

    Parameters
    ----------
    commands : sequence of Command
    folder : Path
        Of the project.
    name : str
        What results are kept under.
    output : Path
        Of the results, with those of other names, which stay.
    """
    for command in commands:
        results = read_results(output)
        rows = results.get(name, [])
        if is_done(command, folder, rows):
            print(f"{command.name}: done before", flush=True)
            continue
        watched = run_watched(command.arguments, folder, environment())
        if watched.status:
            raise SystemExit(f"error: `{' '.join(command.arguments)}` ended with {watched.status}")
        row = describe(command, watched, folder)
        print(f"{command.name}: {row['seconds']:.1f} s", flush=True)
        results[name] = [each for each in rows if each["stage"] != command.name] + [row]
        content = {**describe_machine(), "runs": results}
        write_text(output, json.dumps(content, indent=1) + "\n")
    return read_results(output)[name]


def write_table(rows: Sequence[Row]) -> str:
    """The table, as text, with a line for all stages together."""
    columns = ("seconds", "processor_seconds", "peak_mb", "largest_process_mb", "stored_mb")
    whole: Row = {"stage": "all"}
    for column in columns:
        join = max if column in {"peak_mb", "largest_process_mb"} else sum
        whole[column] = join(row[column] for row in rows)
    heads = ("wall s", "processor s", "peak MB", "largest MB", "stored MB")
    lines = [f"{'stage':14}" + "".join(f"{head:>13}" for head in heads)]
    lines += [
        f"{row['stage']:14}" + "".join(f"{row[column]:13.1f}" for column in columns)
        for row in (*rows, whole)
    ]
    return "\n".join(lines)


def measure(options: argparse.Namespace) -> list[Row]:
    """All stages of the run that the options describe."""
    from projects.add_run import choose_weights, parse_sizes

    sizes = parse_sizes(options.sizes)
    with chdir(ROOT):
        weights = choose_weights(options.dataset, options.model, options.weights)
    run = name_run(options.dataset, options.model)
    name = f"{run} {','.join(map(str, sizes))}"
    folder = (options.folder or _FOLDER / name.replace(" ", "-")).resolve()
    params = prepare_folder(
        folder,
        dataset=options.dataset,
        model=options.model,
        weights=weights,
        sizes=sizes,
        root=options.root,
    )
    print(f"{name}, in {folder}", flush=True)
    commands = list_commands(STAGES, run, params.tsne.perplexity)
    return run_stages(commands, folder, name, options.output.resolve())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="objects")
    parser.add_argument("--root", help="folder of the pictures, where they are not rendered")
    parser.add_argument("--model", default="vgg16_slim")
    parser.add_argument("--weights", help="those that come with the model by default")
    parser.add_argument("--sizes", default="7000", help="numbers of samples, comma-separated")
    parser.add_argument("--folder", type=Path, help="of the project, kept; below .cache by default")
    parser.add_argument("--output", type=Path, default=_RESULTS, help="JSON file to write")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no stage goes on by itself
    try:
        print(write_table(measure(options)))
    except InputError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
