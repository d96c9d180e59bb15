"""What is asked of a method: pictures, the score to explain, and a model it may work on."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled
from layerscope.models.layers import NO_CLASSES
from layerscope.models.registry import Classifier

BATCH = 4  # pictures in memory at a time: VGG16's activations and gradients take 0.2 GB each

Progress = Callable[[int, int], None]


class Watch:
    """Counts passes through the model, tells of them, and stops the work when it is wanted no more.

    Parameters
    ----------
    n_pictures : int
    progress : callable, optional
        Of the passes done and of all.
    cancelled : callable, optional
        Whether to stop.
    """

    def __init__(
        self, n_pictures: int, progress: Progress | None, cancelled: Callable[[], bool] | None
    ) -> None:
        self._n_pictures, self._per_picture, self._done = n_pictures, 1, 0
        self._progress, self._cancelled = progress, cancelled

    def expect(self, per_picture: int) -> None:
        """Say how many passes a picture takes."""
        self._per_picture = max(1, per_picture)

    def advance(self, passes: int) -> None:
        """Passes were made. Raises `Cancelled` where no more are wanted."""
        self._tell(self._done + passes)

    def finish(self, n_pictures: int) -> None:
        """So many pictures are complete."""
        self._tell(n_pictures * self._per_picture)

    def check(self) -> None:
        """Raise `Cancelled` where no more is wanted."""
        if self._cancelled is not None and self._cancelled():
            raise Cancelled

    def _tell(self, done: int) -> None:
        total = self._n_pictures * self._per_picture
        done = min(done, total)
        if done > self._done and self._progress is not None:
            self._progress(done, total)
        self._done = max(done, self._done)
        self.check()


def targets_of(outputs: np.ndarray, contrast: np.ndarray | None = None) -> Tensor:
    """Which logits make up each picture's score.

    Parameters
    ----------
    outputs : ndarray of int, (N,)
        Whose logit is explained.
    contrast : ndarray of int, (N,), optional
        Whose logit is subtracted from it.

    Returns
    -------
    Tensor of int64, (N, 2)
        The second is -1 where nothing is subtracted.
    """
    second = np.full(len(outputs), -1) if contrast is None else contrast
    return torch.from_numpy(np.stack([outputs, second], axis=1).astype(np.int64))


def score_of(logits: Tensor, targets: Tensor) -> Tensor:
    """The scores (N,) of logits (N, K) for the targets (N, 2) of `targets_of`."""
    targets = targets.to(logits.device)
    chosen = logits.gather(1, targets.clamp(min=0))
    return chosen[:, 0] - chosen[:, 1] * (targets[:, 1] >= 0)


@dataclass(frozen=True)
class ExplanationTask:
    """Pictures to explain, with all that a method needs.

    Attributes
    ----------
    classifier : Classifier
        A private one, free to be hooked: its rectifiers work out of place, its parameters need no
        gradient.
    pictures : ndarray of uint8, (N, H, W, C)
    targets : Tensor of int64, (N, 2)
        Of `targets_of`.
    layer : str or None
        Key of a module with feature maps.
    random_state : int
    watch : Watch
    """

    classifier: Classifier
    pictures: np.ndarray
    targets: Tensor
    layer: str | None
    random_state: int
    watch: Watch

    def __getitem__(self, part: slice) -> ExplanationTask:
        """The same for some of the pictures."""
        return replace(self, pictures=self.pictures[part], targets=self.targets[part])

    def score(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """The scores (n,) of normalised pictures (n, C, H, W); the passes are counted."""
        scores = score_of(self.classifier.module(inputs), targets)
        self.watch.advance(len(inputs))
        return scores


def prepare(
    classifier: Classifier,
    pictures: np.ndarray,
    outputs: np.ndarray,
    *,
    contrast: np.ndarray | None = None,
    layer: str | None = None,
    random_state: int = 0,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ExplanationTask:
    """Check what is asked, and set a private model aside for it.

    Raises
    ------
    InputError
        For pictures of another type or shape than the model takes, outputs that it does not have or
        that are not one per picture, and an output that is held against itself.
    """
    _check_pictures(classifier, pictures)
    outputs = _check_outputs(classifier, outputs, len(pictures), "outputs")
    if contrast is not None:
        contrast = _check_outputs(classifier, contrast, len(pictures), "contrast")
        if (contrast == outputs).any():
            raise InputError("contrast: an output cannot be held against itself")
    if isinstance(random_state, bool) or not isinstance(random_state, int | np.integer):
        raise InputError(f"random_state is {random_state!r}; use a whole number")
    if not 0 <= random_state < 2**32:
        raise InputError(f"random_state is {random_state}; use a number from 0 to 2**32 - 1")
    private = replace(classifier, module=private_copy(classifier.module))
    watch = Watch(len(pictures), progress, cancelled)
    return ExplanationTask(
        private, pictures, targets_of(outputs, contrast), layer, int(random_state), watch
    )


def blank(classifier: Classifier) -> Tensor:
    """One black picture as a model takes it, (1, C, H, W): for what does not depend on the picture."""
    return classifier.to_inputs(np.zeros((1, *classifier.inputs.shape), np.uint8))


def _check_pictures(classifier: Classifier, pictures: np.ndarray) -> None:
    if not isinstance(pictures, np.ndarray) or pictures.dtype != np.uint8:
        raise InputError("pictures must be an array of uint8")
    if pictures.ndim != 4 or pictures.shape[1:] != classifier.inputs.shape or not len(pictures):
        taken = ", ".join(map(str, classifier.inputs.shape))
        raise InputError(
            f"pictures have the shape {pictures.shape}; {classifier.name} takes "
            f"(N, {taken}) with at least one picture"
        )


def _check_outputs(
    classifier: Classifier, outputs: np.ndarray, n_pictures: int, name: str
) -> np.ndarray:
    outputs = np.asarray(outputs)
    if outputs.dtype.kind not in "iu" or outputs.shape != (n_pictures,):
        raise InputError(f"{name} must be whole numbers, one for each of {n_pictures} pictures")
    if not classifier.has_classes:
        raise InputError(NO_CLASSES)
    known = len(classifier.categories)
    if (outputs < 0).any() or (outputs >= known).any():
        raise InputError(f"{name}: {classifier.name} has outputs from 0 to {known - 1}")
    return outputs


def private_copy(module: nn.Module) -> nn.Module:
    """The same modules anew, on the same numbers.

    Hooks and flags set on them, gradients and weights replaced in them stay with the copy. No weight
    is copied, so that it costs milliseconds and no memory.
    """
    memo: dict[int, object] = {
        id(each): nn.Parameter(each.detach(), requires_grad=False) for each in module.parameters()
    }
    memo |= {id(each): each for each in module.buffers()}
    private = copy.deepcopy(module, memo)
    for part in private.modules():
        if hasattr(part, "inplace"):  # it would overwrite maps before they are used
            setattr(part, "inplace", False)  # noqa: B010  (a Module's attributes are not typed)
    return private


def check_maps(found: list[Tensor]) -> None:
    """Raise `InputError` unless a layer's outputs in a forward pass are one, and feature maps."""
    if len(found) != 1:
        raise InputError(
            f"the layer is used {len(found)} times in a forward pass; choose one that is used once"
        )
    if found[0].ndim != 4:
        raise InputError("the layer has no feature maps; choose a convolution or a block")
