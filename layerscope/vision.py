"""torchvision, importable also beside a build of torch that its compiled operators do not fit.

Import it from here: ``from layerscope.vision import torchvision``.

torchvision's wheels carry operators compiled for CUDA. Beside a CPU build of torch the shared
library does not load, and ``import torchvision`` then fails on ``torchvision::nms``, an operator of
object detection that no classifier needs. Defining the two schemas is enough for models, transforms
and data sets to work. Where the compiled library loads, nothing is defined.
"""

import importlib.util
from pathlib import Path

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def _compiled_operators_load() -> bool:
    """Whether torchvision's shared library fits this build of torch."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return True  # let the import below say that torchvision is missing
    for library in Path(spec.origin).parent.glob("_C*"):
        try:
            torch.ops.load_library(library)
        except OSError:
            continue
        return True
    return False


if not _compiled_operators_load():
    _library = torch.library.Library("torchvision", "DEF")
    for _schema in _SCHEMAS:
        _library.define(_schema)

import torchvision  # noqa: E402  (only possible once the operators exist)

__all__ = ["torchvision"]
