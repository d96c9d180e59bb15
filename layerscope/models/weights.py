"""Weights on disk: safetensors, and PyTorch's own files as far as they need no unpickling of objects."""

from __future__ import annotations

import json
import re
import zipfile
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from layerscope.datasets.categories import Category, name_categories
from layerscope.errors import InputError, naming
from layerscope.storage.remote import replacing

_HOW = "load it where it was made, then torch.save(model.state_dict(), path)"
_KINDS = (  # how files begin that hold no weights for us: what they are, and how to get there
    (b"", b"\x89HDF", f"a Keras or HDF5 file; {_HOW} of the same network in PyTorch"),
    (b"....", b"TFL3", f"a TensorFlow Lite file; {_HOW} of the same network in PyTorch"),
    (b"", b"GGUF", f"a GGUF file, whose weights are quantised; {_HOW} of the network itself"),
    (b"", b"\x1f\x8b", "compressed (gzip); unpack it"),
    (b"", b"version https://git-lfs", "a Git LFS pointer; fetch the file itself (git lfs pull)"),
    (b"", b"\x93NUMPY", f"a NumPy array; {_HOW}"),
)
_COMPILED = re.compile(r"(^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)")
_AVERAGED = re.compile(r"(^|[._/])(ema|swa|averaged|teacher)([._/]|$)")
_SECOND = re.compile(r"(^|[._/])(student|online)([._/]|$)")
# Parts of names that training has beside the network: heads of its loss, counters, fixed tables.
_BESIDE = {
    *("head", "heads", "fc", "classifier", "aux1", "aux2", "AuxLogits", "aux_head", "head_dist"),
    *(
        "dino_head",
        "ibot_head",
        "projector",
        "projection_head",
        "predictor",
        "prototypes",
        "decoder",
    ),
    *("queue", "queue_ptr", "criterion", "loss", "loss_fn", "loss_fct", "metric", "metrics"),
    *("train_acc", "val_acc", "test_acc", "optimizer", "n_averaged", "total_ops", "total_params"),
    *("attn_mask", "relative_position_index", "relative_coords_table", "position_ids"),
}
_NAMES = (
    *("class_names", "classes", "categories", "names"),
    *("class_to_idx", "idx_to_class", "id2label", "label2id"),
)


@dataclass(frozen=True)
class Weights:
    """What a file of weights holds.

    Attributes
    ----------
    path : Path
    content : mapping
        Tensors by their names, or entries, such as ``state_dict``, that hold those.
    metadata : mapping of str to str
        Of a safetensors file.
    notes : list of str
        One line each on what was chosen or assumed.
    """

    path: Path
    content: Mapping[Any, Any]
    metadata: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


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


# --- reading ---------------------------------------------------------------------------------


def open_weights(path: Path) -> Weights:
    """A file of weights, of any format that can be read without running what is in it.

    Raises
    ------
    InputError
        In one line that says what the file is, and how to get weights out of it.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name the file of weights in it as `weights`")
    if not path.is_file():
        raise InputError(f"{path}: no such weights file; check `weights` in params.yaml")
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); mend it there") from None
    if path.suffix == ".safetensors" or start[8:10] == b'{"':
        return Weights(path, *read_weights(path))
    content = _read_torch(path, start)
    if not isinstance(content, Mapping):
        kind = type(content).__name__
        raise InputError(f"{path}: holds a {kind}, no weights by their names; {_HOW}")
    return Weights(path, content)


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors (those of half precision as float32) and metadata of a safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            metadata = dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: not readable as safetensors ({error}); fetch it again") from None
    half = {torch.float16, torch.bfloat16}
    return {k: v.float() if v.dtype in half else v for k, v in found.items()}, metadata


def _read_torch(path: Path, start: bytes) -> object:
    """What ``torch.save`` wrote: tensors and plain values, and a namespace of arguments; nothing is run."""
    if start.startswith(b"PK"):
        _check_archive(path)
    elif (kind := _tell_kind(path, start)) is not None:
        raise InputError(f"{path}: is {kind}")
    try:
        with torch.serialization.safe_globals([Namespace]):
            # Mapped, a file takes no memory before its tensors are copied into the model.
            is_archive = start.startswith(b"PK")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except UnpicklingError as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error)) or re.search(
            r"class ([\w.]+)", str(error)
        )
        what = f"a Python object ({found[1]})" if found else "no weights that PyTorch can read"
        raise InputError(f"{path}: holds {what}, and nothing is unpickled; {_HOW}") from None
    except Exception as error:  # what damaged or hostile files raise is of many kinds
        line = str(error).partition("\n")[0] or type(error).__name__
        if "pickle" in line:
            raise InputError(f"{path}: is a pickle, and nothing is unpickled; {_HOW}") from None
        raise InputError(
            f"{path}: cannot be read ({line:.120}); fetch it again, or {_HOW}"
        ) from None


def _tell_kind(path: Path, start: bytes) -> str | None:
    """What a file is that PyTorch did not write, or None."""
    if not start:
        return "empty; fetch it again"
    for before, mark, kind in _KINDS:
        if start[len(before) :].startswith(mark):
            return kind
    if path.suffix == ".onnx" or re.match(
        rb"\x08[\x01-\x20]\x12.{0,2}(pytorch|onnx|tf2onnx)", start
    ):
        return f"an ONNX file; {_HOW}"
    if path.suffix == ".pb":
        return f"a TensorFlow file; {_HOW} of the same network in PyTorch"
    if start[257:262] == b"ustar":
        return "an archive of files (tar); unpack it"
    if start.lstrip()[:1] == b"<":
        return "a web page; fetch the file itself"
    text = set(range(32, 127)) | {9, 10, 13}
    if set(start) <= text:
        return f"a text file; {_HOW}"
    return None


def _check_archive(path: Path) -> None:
    """Refuse a zip archive that PyTorch did not write, or whose parts are more than the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(f"{path}: is cut short or damaged ({error}); fetch it again") from None
    names = {part.filename.rpartition("/")[2] for part in parts}
    if "constants.pkl" in names:
        raise InputError(
            f"{path}: is a TorchScript archive; torch.save(torch.jit.load(path).state_dict(), other)"
        )
    if "model.weights.h5" in names:
        raise InputError(f"{path}: is a Keras file; {_HOW} of the same network in PyTorch")
    if "data.pkl" not in names:
        raise InputError(f"{path}: is an archive that PyTorch did not write; unpack it, or {_HOW}")
    is_packed = any(part.compress_type != zipfile.ZIP_STORED for part in parts)
    if is_packed or sum(part.file_size for part in parts) > path.stat().st_size:
        raise InputError(f"{path}: its parts are compressed, as PyTorch never does; {_HOW}")
    try:
        with zipfile.ZipFile(
            path
        ) as archive:  # a mapped file is read without looking at check sums
            broken = archive.testzip()
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, RuntimeError) as error:
        broken = str(error)
    if broken is not None:
        raise InputError(f"{path}: is damaged at {broken!r}; fetch it again")


# --- fitting ---------------------------------------------------------------------------------


def fit_weights(module: nn.Module, state: Mapping[str, Tensor], source: str) -> nn.Module:
    """Load a state dict whose names and shapes must match exactly; evaluation mode, no gradients.

    Only the counters of training steps that batch norm keeps may be missing: files written before
    PyTorch 0.4.1, torchvision's ResNets among them, have none, and evaluation does not use them.
    """
    own = module.state_dict()
    state = {k: v for k, v in own.items() if k.endswith(".num_batches_tracked")} | dict(state)
    missing = [key for key in reversed(own) if key not in state]  # the head first, which tells most
    for key in (*missing, *sorted(state)):
        expected, found = own.get(key), state.get(key)
        shapes = [None if each is None else tuple(each.shape) for each in (expected, found)]
        if expected is None or found is None or shapes[0] != shapes[1]:
            raise InputError(
                f"{source}: the weights do not fit the model at {key!r} (model {shapes[0]}, "
                f"file {shapes[1]}); choose the file that belongs to this model"
            )
        _check_tensor(found, expected, f"{source}: {key!r}")
    module.load_state_dict(state)
    return module.eval().requires_grad_(False)


def _is_plain(found: Tensor) -> bool:
    """Whether a tensor has numbers of ours: not quantised, sparse, complex or without values."""
    is_here = found.layout == torch.strided and found.device.type == "cpu"
    is_wide = not found.is_floating_point() or found.dtype.itemsize > 1
    return is_here and is_wide and not found.is_quantized and not found.is_complex()


def _check_tensor(found: Tensor, expected: Tensor, name: str) -> None:
    """Refuse what is no number for a number."""
    if not _is_plain(found) or (expected.is_floating_point() and not found.is_floating_point()):
        kind = "quantised" if found.dtype.itemsize == 1 else f"{found.dtype} ({found.layout})"
        kind = "without values" if found.is_meta else kind
        raise InputError(f"{name} is {kind}; save the network in float32 or half precision")


@dataclass(frozen=True)
class _Fit:
    """A place in a file with all that a model needs: an entry, and a prefix of its names."""

    place: str
    state: dict[str, Tensor]
    left_out: list[str]

    def counts(self, own: Mapping[str, Tensor]) -> set[tuple[int, int]] | None:
        """Numbers of classes, of model and file, where nothing else differs; None: something does.

        All of a module that has a number for each class must differ, its weight and its bias.
        """
        found, heads = set(), set()
        for key, tensor in self.state.items():
            one, other = own[key].shape, tensor.shape
            if one == other:
                continue
            if one[1:] != other[1:] or not one or not other:
                return None
            found.add((one[0], other[0]))
            heads.add(key.rpartition(".")[0])
        lengths = {one for one, _ in found}
        for key, tensor in self.state.items():
            has_classes = own[key].ndim > 0 and own[key].shape[0] in lengths
            if has_classes and key.rpartition(".")[0] in heads and own[key].shape == tensor.shape:
                return None
        return found if len(found) < 2 else None

    def rank(self) -> int:
        """Averaged weights come first: they are what such a training validates and publishes."""
        return 0 if _AVERAGED.search(self.place) else 2 if _SECOND.search(self.place) else 1


Rename = Callable[[dict[str, Tensor], nn.Module], Mapping[str, Tensor]]


def load_weights(
    weights: Weights,
    build: Callable[[int | None], nn.Module],
    rename: Callable[[nn.Module], Rename | None] | None = None,
) -> nn.Module:
    """A model with the weights of a file, built for as many classes as the file has.

    Tensors may lie under any entry of the file, and their names may have any prefix, if all names then
    fit. Of averaged weights and others, the averaged are taken. What was chosen is in ``weights.notes``.

    Parameters
    ----------
    weights : Weights
    build : callable
        Makes the model for a number of classes; for None, with its own.
    rename : callable, optional
        Finds for a model what makes its names of those that its authors gave, or None; asked where names
        do not fit.

    Raises
    ------
    InputError
        Where no tensors fit, or several networks do.
    """
    module = build(None)
    own = module.state_dict()
    states = list(list_states(weights.content))
    if not states:
        raise InputError(f"{weights.path}: holds no tensors; {_HOW}")
    fits = [each for state in states for each in _list_fits(own, *state)]
    whole = [each for each in fits if each.counts(own) is not None]
    rules = rename(module) if rename and not fits else None
    if rules is not None:
        renamed = [each for state in states for each in _renamed(*state, module, rules)]
        whole = [each for each in renamed if each.counts(own) is not None]
        if whole:
            weights.notes.append(
                f"{weights.path.name} has its authors' names: timm translated them, and resampled "
                "position embeddings if the file's are for pictures of another size."
            )
    if not whole:
        nearest = max(states, key=lambda each: _strip(own, each[1])[0])
        state = fits[0].state if fits else _strip(own, nearest[1])[1]
        return fit_weights(module, state, str(weights.path))  # which tells what does not fit
    chosen = _choose(weights, whole)
    counts = chosen.counts(own)
    if counts:
        module = build(next(iter(counts))[1])
    return fit_weights(module, chosen.state, str(weights.path))


def _choose(weights: Weights, fits: list[_Fit]) -> _Fit:
    fits = sorted(fits, key=_Fit.rank)
    chosen, *others = fits
    for other in others:
        if other.rank() == chosen.rank() and not _is_same(chosen.state, other.state):
            raise InputError(
                f"{weights.path}: {chosen.place!r} and {other.place!r} both fit the model; "
                "torch.save the one that is meant into a file of its own"
            )
    if any(not _is_same(chosen.state, other.state) for other in others):
        names = ", ".join(repr(other.place) for other in others)
        weights.notes.append(f"Of {weights.path.name}, {chosen.place!r} was taken, not {names}.")
    if chosen.left_out:
        more = f" and {len(chosen.left_out) - 1} more" if len(chosen.left_out) > 1 else ""
        weights.notes.append(
            f"{weights.path.name} has {chosen.left_out[0]}{more} beside the network."
        )
    return chosen


def _is_same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    pairs = [(value, other[key]) for key, value in one.items() if key in other]
    return all(
        a is b or (_is_plain(a) and _is_plain(b) and a.dtype == b.dtype and torch.equal(a, b))
        for a, b in pairs
    )


def list_states(
    content: object, place: str = "", seen: set[int] | None = None
) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Tensors by their names, wherever in a file they lie; each mapping once."""
    seen = set() if seen is None else seen
    if not isinstance(content, Mapping) or id(content) in seen or place.count("/") > 8:
        return
    seen.add(id(content))
    tensors = {k: v for k, v in content.items() if isinstance(k, str) and isinstance(v, Tensor)}
    if tensors:
        clean = {_COMPILED.sub("", key).lstrip("."): value for key, value in tensors.items()}
        yield place, clean if len(clean) == len(tensors) else tensors
    for key, each in content.items():
        if isinstance(key, str):
            yield from list_states(each, f"{place}{key}/", seen)


def _renamed(
    place: str, state: Mapping[str, Tensor], module: nn.Module, rules: Rename
) -> Iterator[_Fit]:
    """Fits of tensors whose names were translated."""
    parts = [key.split(".")[:-1] for key in state]
    common = [
        one[0] for one in takewhile(lambda one: len(set(one)) == 1, zip(*parts, strict=False))
    ]
    prefix = "".join(f"{part}." for part in common)
    try:
        found = rules({key.removeprefix(prefix): value for key, value in state.items()}, module)
    except Exception:  # rules for other files raise anything
        return
    tensors = {key: value for key, value in found.items() if isinstance(value, Tensor)}
    yield from _list_fits(module.state_dict(), place + prefix, tensors)


def _count_prefixes(own: Iterable[str], state: Iterable[str]) -> Counter[str]:
    """By prefix, how many names of a file are names of the model behind it."""
    own, found = set(own), Counter[str]()
    for key in state:
        parts = key.split(".")
        for at in range(min(len(parts), 16)):
            if ".".join(parts[at:]) in own:
                found["".join(f"{part}." for part in parts[:at])] += 1
    return found


def _strip(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> tuple[int, dict[str, Tensor]]:
    """The names that fit best, and how many do."""
    [(prefix, count)] = _count_prefixes(own, state).most_common(1) or [("", 0)]
    return count, {key[len(prefix) :]: v for key, v in state.items() if key.startswith(prefix)}


def _list_fits(
    own: Mapping[str, Tensor], place: str, state: Mapping[str, Tensor]
) -> Iterator[_Fit]:
    """Each prefix behind which all names of the model are, if nothing else is but known extras."""
    needed = {key for key in own if not key.endswith(".num_batches_tracked")}
    prefixes = [p for p, n in _count_prefixes(needed, state).items() if n >= len(needed)]
    used = {prefix + key for prefix in prefixes for key in own}
    for prefix in prefixes:
        left_out = [key for key in state if key not in used]
        if all(_BESIDE.intersection(key.split(".")) for key in left_out):
            inner = {key: state[prefix + key] for key in own if prefix + key in state}
            yield _Fit(place + prefix, inner, left_out)


# --- names of classes ------------------------------------------------------------------------


def categories_in(weights: Weights, n: int) -> tuple[Category, ...] | None:
    """The outputs' categories as a file of weights names them, or a list beside it; None: nothing does.

    In this order: metadata of a safetensors file (``categories``, and ``wnids``: JSON lists); an entry
    of a checkpoint such as ``class_names`` or ``class_to_idx``; ``<stem>.classes.txt`` or
    ``classes.txt`` beside it, one name a line. Names that are WordNet ids are ImageNet's classes.

    Raises
    ------
    InputError
        Where metadata or list name another number than `n`.
    """
    path = weights.path
    if "categories" in weights.metadata:
        names, wnids = (_read_json(weights, key) for key in ("categories", "wnids"))
        if names is None or len(names) != n or (wnids is not None and len(wnids) != n):
            raise InputError(
                f"{path}: names {len(names or ())} categories for {n} outputs; fetch it again"
            )
        wnids = wnids or [None] * n
        return tuple(Category(wnid, None, name) for wnid, name in zip(wnids, names, strict=True))
    for found in _list_names(weights.content):
        if len(found) == n:
            return name_categories(found)
    for beside in (path.with_name(f"{path.stem}.classes.txt"), path.with_name("classes.txt")):
        if beside.is_file():
            try:
                names = beside.read_text(encoding="utf-8-sig").rstrip().splitlines()
            except (OSError, UnicodeDecodeError):
                raise InputError(f"{beside}: not readable as UTF-8; save it so") from None
            if len(names) != n:
                raise InputError(f"{beside}: {len(names)} lines for {n} outputs; one name a line")
            return name_categories([name.strip() for name in names])
    return None


def _read_json(weights: Weights, key: str) -> list[Any] | None:
    """A list of texts in a safetensors file's metadata."""
    try:
        found = json.loads(weights.metadata.get(key, "null"))
    except (ValueError, RecursionError):
        found = 0
    if found is not None and (
        not isinstance(found, list) or not all(isinstance(each, str | None) for each in found)
    ):
        raise InputError(f"{weights.path}: its metadata {key!r} is no JSON list; write it anew")
    return found


def _list_names(content: object, depth: int = 3) -> Iterator[list[str]]:
    """Lists of names of classes in a checkpoint, those nearest to its top first."""
    content = vars(content) if isinstance(content, Namespace) else content
    if not isinstance(content, Mapping) or depth == 0:
        return
    by_name = {str(key).lower(): each for key, each in content.items() if isinstance(key, str)}
    for key in _NAMES:
        found = by_name.get(key)
        if isinstance(found, Mapping):
            found = _order_names(found)
        if isinstance(found, list | tuple) and all(isinstance(each, str) for each in found):
            yield list(found)
    for each in content.values():
        if not isinstance(each, Tensor):
            yield from _list_names(each, depth - 1)


def _order_names(found: Mapping[Any, Any]) -> list[str] | None:
    """Names in the order of their numbers, of a mapping either way."""
    pairs = [
        (v, k) if isinstance(k, str) and isinstance(v, int) else (k, v) for k, v in found.items()
    ]
    try:
        by_number = {int(number): name for number, name in pairs}
    except (TypeError, ValueError):
        return None
    return (
        [by_number[i] for i in range(len(pairs))]
        if set(by_number) == set(range(len(pairs)))
        else None
    )
