"""Weights on disk: safetensors only, never pickles."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from layerscope.datasets.categories import Category, imagenet
from layerscope.errors import InputError, naming
from layerscope.storage.remote import replacing


def write_weights(
    path: Path, module: nn.Module, categories: Sequence[Category], facts: Mapping[str, object]
) -> None:
    """Write a model's tensors as float16, with the names of its outputs, in one atomic step.

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


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors (as float32) and metadata of a safetensors file."""
    if not path.is_file():
        raise InputError(f"{path}: no such weights file; check `weights` in params.yaml")
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
