"""A project folder of its own to work in: parameters, pictures, and the stages of ``dvc.yaml``.

A folder to measure in holds ``params.yaml`` with one run, whose weights are named by their full path, and
``data``, as every stage expects it in its working folder; the code stays where it is. A folder to compare
in has code of its own (`copy_code`).
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from layerscope.names import name_run
from layerscope.params import PARAMS, Params, read_params
from layerscope.runs.predictions import Predictions
from layerscope.storage.store import Store, store_path, writing

ROOT = Path(__file__).parent.parent
# What the pipeline needs of the repository.
_CODE = ["layerscope", "projects", "stages", "weights", "dvc.yaml", "params.yaml"]
_CODE += [".dvcignore", ".dvc/config", ".dvc/plots"]
_FREE = {"runs", "comparisons", "train"}  # sections of params.yaml whose keys are names
_RUN = {
    "dataset": "objects",
    "model": "vgg16_slim",
    "weights": "weights/rendered/vgg16_slim.safetensors",
    "sizes": [20, 40],
}
# Values for params.yaml with which the pipeline takes a minute.
SMALL: dict[str, dict[str, Any]] = {
    "runs": {"objects-vgg16_slim": _RUN},
    "comparisons": {"own": {"first": "objects-vgg16_slim", "second": "objects-vgg16_slim"}},
    "compute": {"scheduler": "synchronous"},  # so little is done sooner by one process
    "tsne": {"perplexity": [5, 10], "n_iter": 50},
    "similarity": {"n_permutations": 5},
    "faithfulness": {
        "runs": ["objects-vgg16_slim"],
        "methods": ["saliency", "grad_cam"],
        "options": {},
        "n_samples": 4,
        "n_again": 2,
        "n_noisy": 1,
        "n_points": 2,
        "n_steps": 4,
    },
}


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


def edit_params(section: str | None = None, *, folder: Path = Path(), **values: object) -> None:
    """Change ``params.yaml`` of a folder: a section of it, or whole sections."""
    yaml, path = YAML(), folder / PARAMS
    content = yaml.load(path)
    (content[section] if section else content).update(values)
    yaml.dump(content, path)


def shrink_params(folder: Path, settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Put settings such as `SMALL` into ``params.yaml`` of a folder; those that it has no place for."""
    content, missing = YAML(typ="safe").load(folder / PARAMS), []
    for section, values in settings.items():
        if section in content and section in _FREE:
            edit_params(folder=folder, **{section: values})  # type: ignore[arg-type]
            continue
        known = content.get(section, {})
        missing += [f"{section}.{key}" for key in values if key not in known]
        if kept := {key: value for key, value in values.items() if key in known}:
            edit_params(section, folder=folder, **kept)
    return missing


def copy_code(folder: Path, revision: str | None = None, *, top: Path = ROOT) -> None:
    """Copy code, weights and parameters of a repository, and put them under git for DVC.

    Parameters
    ----------
    folder : Path
        Copied to.
    revision : str, optional
        Of git. By default the working tree as it is.
    top : Path
        Of the repository.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if revision:
        listed = ["git", "ls-tree", "--name-only", revision, *_CODE]
        names = subprocess.run(
            listed, cwd=top, check=True, capture_output=True, encoding="utf-8"
        ).stdout
        archive = ["git", "archive", revision, *names.splitlines()]
        packed = subprocess.run(archive, cwd=top, check=True, capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as file:
            file.extractall(folder, filter="data")
    else:
        for name in _CODE:
            (folder / name).parent.mkdir(exist_ok=True)
            if (top / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "*.partial")
                shutil.copytree(top / name, folder / name, ignore=ignored)
            elif (top / name).exists():
                shutil.copy(top / name, folder / name)
    (folder / ".gitignore").write_text("__pycache__/\n/data/\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)


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
    run: dict[str, Any] = {
        "dataset": dataset,
        "model": model,
        "weights": str(ROOT / weights),
        "sizes": list(sizes),
    }
    if root:
        run["root"] = str(Path(root).resolve())
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / PARAMS, folder)
    edit_params(
        folder=folder,
        runs={name_run(dataset, model): run},
        compute={"scheduler": scheduler, "storage": ""},
    )
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
                    tuple(shlex.split(_fill(template["cmd"], values))),
                    tuple(_fill(output, values) for output in outputs),
                )
            )
    return found


def _fill(template: str, values: dict[str, str]) -> str:
    """Put values in place of ``${names}``; a name that is not known is an error."""
    return re.sub(r"\$\{([^}]*)\}", lambda match: values[match[1]], template)


def environment(code: Path = ROOT) -> dict[str, str]:
    """What processes in a project folder need to find the code and this Python."""
    before = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(code), *([before] if before else [])]),
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
