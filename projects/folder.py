"""A project's folder: made where there is none, brought up to date with the code that is installed."""

from __future__ import annotations

import shutil
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import platformdirs
from ruamel.yaml import YAML

from layerscope.errors import InputError
from layerscope.home import find_home
from layerscope.params import PARAMS, read_params
from layerscope.storage.files import write_text

STAGES = Path("dvc.yaml")
PUBLISHED = "weights/published"
_DIGESTS = ".layerscope"  # of the code
_OURS = "# Written by `layerscope`, which writes it anew when its own stages change.\n"
_CONFIG = """[core]
    no_scm = true
    analytics = false
    check_update = false
[cache]
    type = "reflink,hardlink,copy"
"""
_NOT_HERE = "train"  # networks are trained in a clone, where the pictures and the history are


def is_clone(folder: Path) -> bool:
    """Whether a folder is the repository itself."""
    return folder.resolve() == find_home()


def is_made(folder: Path) -> bool:
    """Whether a folder is a project that this module has made, which leans on the installed code."""
    return (folder / _DIGESTS).is_dir()


def open_folder(folder: Path) -> None:
    """Make a folder a project, or bring the project that it is up to date with the installed code.

    Parameters
    ----------
    folder : Path
        Made where there is none. What lies in it stays, but for what this module has written before.

    Raises
    ------
    InputError
        Where another project's ``params.yaml`` or ``dvc.yaml`` lies there.
    """
    if is_clone(folder):
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / STAGES).exists() and not _read(folder / STAGES).startswith(_OURS):
            raise InputError(
                f"{folder / STAGES}: of another project; work in another folder with --project"
            )
        if (folder / PARAMS).exists():
            read_params(folder / PARAMS)  # somebody else's is refused
        stages = read_stages()
        for path in sorted(list_code(stages)):
            _keep(folder / _digest_of(path), digest_code(find_home() / path) + "\n")
        has_git = (folder / ".git").exists()
        config = _CONFIG.replace("    no_scm = true\n", "") if has_git else _CONFIG
        _keep(folder / ".dvc" / "config", config)
        if not (folder / ".gitignore").exists():
            _keep(
                folder / ".gitignore",
                "/data/\n.cache/\n/.dvc/cache\n/.dvc/config.local\n/.dvc/tmp\n",
            )
        _keep(folder / ".dvcignore", "*.partial\n")
        if not (folder / PUBLISHED).exists():
            shutil.copytree(find_home() / PUBLISHED, folder / PUBLISHED)
        shutil.copytree(find_home() / ".dvc/plots", folder / ".dvc/plots", dirs_exist_ok=True)
        if not (folder / PARAMS).exists():
            _keep(folder / PARAMS, write_params())
        _keep(folder / STAGES, write_stages(stages))
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: {error.strerror}; work in another folder with --project"
        ) from None


_DEMO = (
    "params.yaml",
    "dvc.yaml",
    "dvc.lock",
    "experiments",
    "weights",
)  # bundle: read where it is


def copy_demo() -> Path:
    """The embedded runs as a project of their own: a folder among the user's caches, made if need be.

    Returns
    -------
    Path
        Kept from one time to the next, one for each version that is installed.
    """
    home = find_home()
    version = sha256((home / "dvc.lock").read_bytes()).hexdigest()[:12]
    folder = platformdirs.user_cache_path("layerscope") / f"demo-{version}"
    if not (folder / ".dvc/config").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for name in _DEMO:
            if (home / name).is_dir():
                shutil.copytree(home / name, folder / name, dirs_exist_ok=True)
            else:
                shutil.copy(home / name, folder / name)
    bundle = f"['remote \"bundle\"']\n    url = {home / 'bundle'}\n"
    _keep(
        folder / ".dvc/config",
        _CONFIG.replace("[core]\n", "[core]\n    remote = bundle\n") + bundle,
    )
    return folder


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _keep(path: Path, text: str) -> None:
    """Write a file where it says something else."""
    if not path.is_file() or _read(path) != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)


def open_yaml() -> YAML:
    """Reads and writes ``params.yaml`` with its comments, as it is laid out."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def format_yaml(content: Any) -> str:
    """The text of what `open_yaml` has read, or of plain values."""
    text = StringIO()
    open_yaml().dump(content, text)
    return text.getvalue()


def read_stages() -> Any:
    """The repository's ``dvc.yaml`` without what a project does not do, nor comments."""
    content = YAML(typ="safe").load(find_home() / STAGES)
    del content["stages"][_NOT_HERE]
    return content


def _list_deps(stages: Any) -> list[Any]:
    """The lists of dependencies of all stages."""
    return [stage.get("do", stage)["deps"] for stage in stages["stages"].values()]


def is_code(path: str) -> bool:
    """Whether a dependency is code of ours."""
    return path.startswith(("layerscope/", "stages/"))


def list_code(stages: Any) -> set[str]:
    """Files and folders of code that any stage depends on."""
    return {path for deps in _list_deps(stages) for path in deps if is_code(path)}


def _digest_of(path: str) -> str:
    """Where a project keeps the digest of a part of the code."""
    return f"{_DIGESTS}/{path}.sha256"


def digest_code(path: Path) -> str:
    """SHA-256 of a file, or of all that lies in a folder but for what Python compiles."""
    if path.is_file():
        return sha256(path.read_bytes()).hexdigest()
    digest = sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.relative_to(path).as_posix().encode() + b"\0")
            digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def write_stages(stages: Any) -> str:
    """The text of a project's ``dvc.yaml``: stages depend on digests of the code; the command runs them."""
    for deps in _list_deps(stages):
        deps[:] = [_digest_of(path) if is_code(path) else path for path in deps]
    for stage in stages["stages"].values():
        inner = stage.get("do", stage)
        inner["cmd"] = inner["cmd"].replace("python -m stages.", "python -m layerscope stage ")
    return _OURS + format_yaml(stages)


def write_params() -> str:
    """The text of a project's first ``params.yaml``: the repository's settings, and no run yet."""
    content = open_yaml().load(find_home() / PARAMS)
    for name in ("runs", "comparisons", "train"):
        content[name].clear()
    content["faithfulness"]["runs"].clear()
    content["app"]["editable"] = True  # it is on the user's own machine
    return format_yaml(content)
