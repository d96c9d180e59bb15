"""A project folder of its own to measure in: parameters, pictures, and the stages that ``dvc.yaml`` lists.

The code stays where it is. A folder holds ``params.yaml`` with one run, whose weights are named by their
full path, and ``data``, as every stage expects it in its working folder.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from layerscope.params import PARAMS, Params, read_params
from layerscope.runs.predictions import Predictions
from layerscope.storage.store import Store, store_path, writing

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Command:
    """A stage as ``dvc.yaml`` has it, for one run and perplexity.

    Attributes
    ----------
    name : str
        Of the stage, with the perplexity where it has one.
    arguments : tuple of str
        The command line.
    outputs : tuple of str
        Paths below the project folder.
    """

    name: str
    arguments: tuple[str, ...]
    outputs: tuple[str, ...]


def name_run(dataset: str, model: str) -> str:
    """What the run of a data set and a model is called in a project folder."""
    return f"{dataset}-{re.sub(r'[^a-zA-Z0-9_.]', '_', model)}"


def write_params(
    folder: Path,
    *,
    dataset: str,
    model: str,
    weights: str,
    sizes: Sequence[int],
    root: str | None = None,
    scheduler: str = "local",
) -> Params:
    """Write ``params.yaml`` of a folder: this project's, with one run and where the work is done."""
    yaml = YAML()
    content = yaml.load(ROOT / PARAMS)
    run: dict[str, Any] = {
        "dataset": dataset,
        "model": model,
        "weights": str(ROOT / weights),
        "sizes": list(sizes),
    }
    content["runs"] = {
        name_run(dataset, model): run | ({"root": str(Path(root).resolve())} if root else {})
    }
    content["compute"] = {"scheduler": scheduler, "storage": ""}
    folder.mkdir(parents=True, exist_ok=True)
    yaml.dump(content, folder / PARAMS)
    return read_params(folder / PARAMS)


def list_commands(stages: Sequence[str], run: str, perplexities: Sequence[float]) -> list[Command]:
    """Stages of ``dvc.yaml`` in the order asked for; one that has a perplexity comes once for each."""
    templates = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    found = []
    for stage in stages:
        template = templates[stage].get("do", templates[stage])
        outputs = [
            next(iter(each)) if isinstance(each, dict) else str(each)
            for section in ("outs", "metrics", "plots")
            for each in template.get(section, [])
        ]
        many = "${item.perplexity}" in template["cmd"]
        for perplexity in perplexities if many else [None]:
            values = {"key": run, "item": run, "item.run": run}
            if perplexity is not None:
                values["item.perplexity"] = f"{perplexity:g}"
            found.append(
                Command(
                    stage if perplexity is None else f"{stage} {perplexity:g}",
                    tuple(_fill(template["cmd"], values).split()),
                    tuple(_fill(output, values) for output in outputs),
                )
            )
    return found


def _fill(template: str, values: dict[str, str]) -> str:
    """Put values in place of ``${names}``; a name that is not known is an error."""
    return re.sub(r"\$\{([^}]*)\}", lambda match: values[match[1]], template)


def environment() -> dict[str, str]:
    """What processes in a project folder need to find the code and this Python."""
    before = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *([before] if before else [])]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


def keep_layers(run: str, keys: Sequence[str]) -> None:
    """Leave only some layers in a run's table: later stages then do that part, and nothing else."""
    path = store_path(run, "predictions")
    store, table = Store(path), Predictions(path).layers
    unknown = set(keys) - {layer.key for layer in table}
    if unknown:
        raise SystemExit(
            f"error: {run} has no layers {', '.join(sorted(unknown))}; "
            f"known: {', '.join(layer.key for layer in table)}"
        )
    facts = {**store.attributes, "layers": [asdict(each) for each in table if each.key in keys]}
    facts.pop("layerscope_format")
    probabilities = store.read("probability")
    with writing(path, **facts) as written:
        written.add("probability", probabilities, ["sample", "output"])


def count_bytes(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
