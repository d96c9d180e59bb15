"""Weights on disk: safetensors only, never pickles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from layerscope.datasets.categories import Category, imagenet
from layerscope.errors import InputError, naming
from layerscope.storage.remote import replacing

RECORD = "SHA256SUMS"  # as `sha256sum` writes it, in a folder above the files


def _find_record(path: Path) -> Path | None:
    """The nearest record in a folder of a file, or in one above."""
    return next((each for folder in path.parents if (each := folder / RECORD).is_file()), None)


def _read_record(record: Path) -> dict[str, str]:
    """Paths below a record's folder, with their SHA-256."""
    lines = record.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _record_digest(path: Path) -> None:
    """Note the SHA-256 of a new file, where there is a record that it belongs to."""
    path = path.absolute()
    if record := _find_record(path):
        name = path.relative_to(record.parent).as_posix()
        noted = _read_record(record) | {name: hash_file(path)}
        lines = [f"{digest}  {name}\n" for name, digest in sorted(noted.items())]
        with replacing(record) as partial:
            partial.write_text("".join(lines), encoding="utf-8")


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_digest(path: Path) -> None:
    path = path.absolute()
    record = _find_record(path)
    digest = (
        _read_record(record).get(path.relative_to(record.parent).as_posix()) if record else None
    )
    if digest is not None and digest != hash_file(path):
        raise InputError(
            f"{path}: not the file that {record} has the SHA-256 of; bring it back with `git checkout`, "
            "or, where it is meant to be another, correct its line there"
        )


def write_weights(
    path: Path, module: nn.Module, categories: Sequence[Category], facts: Mapping[str, object]
) -> None:
    """Write a model's tensors as float16, with the names of its outputs, in one atomic step.

    Where a folder above has a record of SHA-256 (`RECORD`), it gets that of the new file.

    Parameters
    ----------
    path : Path
    module : torch.nn.Module
    categories : sequence of Category
        The outputs, in order.
    facts : mapping
        Further metadata, such as measured accuracies.
    """
    metadata = {key: str(value) for key, value in facts.items()}
    metadata["categories"] = json.dumps([c.name for c in categories])
    metadata["wnids"] = json.dumps([c.wnid for c in categories])
    tensors = {k: v.half().contiguous() for k, v in module.state_dict().items()}
    with replacing(path) as partial, naming(path):
        partial.write_bytes(save(tensors, metadata))
    _record_digest(path)


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors (as float32) and metadata of a safetensors file, which must be as recorded if it was."""
    if not path.is_file():
        raise InputError(f"{path}: no such weights file; check `weights` in params.yaml")
    _check_digest(path)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
            return tensors, dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: not readable as safetensors ({error}); fetch it again") from None


def categories_in(metadata: Mapping[str, str], n: int, path: Path) -> tuple[Category, ...]:
    """The outputs' categories as a weights file names them, numbered where it does not."""
    if "categories" not in metadata:
        return imagenet() if n == 1000 else tuple(Category(None, None, str(i)) for i in range(n))
    names = json.loads(metadata["categories"])
    if len(names) != n:
        raise InputError(f"{path}: names {len(names)} categories for {n} outputs; fetch it again")
    wnids = json.loads(metadata.get("wnids", "null")) or [None] * n
    return tuple(Category(wnid, None, name) for wnid, name in zip(wnids, names, strict=True))


def fit_weights(module: nn.Module, state: Mapping[str, Tensor], source: str) -> nn.Module:
    """Load a state dict whose names and shapes must match exactly; evaluation mode, no gradients.

    Only the counters of training steps that batch norm keeps may be missing: files written before
    PyTorch 0.4.1, torchvision's ResNets among them, have none, and evaluation does not use them.
    """
    own = module.state_dict()
    state = {k: v for k, v in own.items() if k.endswith(".num_batches_tracked")} | dict(state)
    expected = {k: tuple(v.shape) for k, v in own.items()}
    found = {k: tuple(v.shape) for k, v in state.items()}
    for key in sorted(expected.keys() | found.keys()):
        if expected.get(key) != found.get(key):
            raise InputError(
                f"{source}: the weights do not fit the model at {key!r} (model {expected.get(key)}, "
                f"file {found.get(key)}); choose the file that belongs to this model"
            )
    module.load_state_dict(state)
    return module.eval().requires_grad_(False)
