"""Layer-wise relevance propagation, by rules of zennit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import layerscope.vision  # noqa: F401  (zennit needs what it prepares)

# isort: split
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from zennit.core import Hook

from layerscope.errors import InputError
from layerscope.explanation.gradients import to_channels
from layerscope.explanation.method import Attribution
from layerscope.explanation.propagation import Propagation, carries, name_of
from layerscope.explanation.relevance_rules import OwnSign, Plus, Rules, SharedBias, box, flat
from layerscope.explanation.task import ExplanationTask, blank, private_copy, score_of
from layerscope.models.registry import Classifier


class _Reached(Exception):
    """The first convolution is about to be computed."""


class _Reaching(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if name_of(func) == "conv2d":
            raise _Reached(args[0] if args else kwargs["input"])
        return func(*args, **(kwargs or {}))


def _reach(classifier: Classifier, inputs: Tensor) -> Tensor | None:
    """What comes to the first convolution, of which a model may have none."""
    try:
        with torch.no_grad(), _Reaching():
            classifier.module(inputs)
    except _Reached as reached:
        return reached.args[0]
    return None


def choose_rules(classifier: Classifier, rules: str, epsilon: float, pixels: str) -> Rules:
    """The rules of the options of `lrp`."""
    plus = Plus()
    black = torch.zeros_like(blank(classifier))
    low, high = (_reach(classifier, classifier.normalize(black + level)) for level in (0.0, 1.0))
    first: Hook = plus
    if low is not None and high is not None:
        low, high = torch.minimum(low, high), torch.maximum(low, high)
        first = box(low, high) if pixels == "box" else flat((low < high).to(low))
    dense = SharedBias(epsilon) if rules == "epsilon_plus" else OwnSign()
    return Rules(first, plus, OwnSign(), dense)


def propagate(
    classifier: Classifier, inputs: Tensor, targets: Tensor, rules: Rules | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Relevance of the inputs; what parts of the model keep, (N,); and the logits."""
    inputs = inputs.detach().requires_grad_()
    values = inputs.clone()
    propagation = Propagation(classifier.name, values, rules)
    with torch.enable_grad(), propagation:
        logits = classifier.module(values)
    if not carries(logits):
        raise propagation.refuse("softmax at its end")
    scores = score_of(logits, targets)
    (sensitivity,) = torch.autograd.grad(scores.sum(), logits, retain_graph=True)
    ends = (inputs, *propagation.constants)
    found, *kept = torch.autograd.grad(
        logits, ends, sensitivity * logits.detach(), allow_unused=True
    )
    if found is None:
        raise InputError(f"{classifier.name}: relevance does not come back to the pixels")
    lost = [each.flatten(1).sum(dim=1) for each in kept if each is not None]
    return found, sum(lost, torch.zeros_like(scores)).detach(), logits.detach()


def lrp(task: ExplanationTask, rules: str, epsilon: float, pixels: str) -> Attribution:
    """Relevance (N, H, W), in logits."""
    chosen = choose_rules(task.classifier, rules, epsilon, pixels)
    inputs = task.classifier.to_inputs(task.pictures)
    relevance, kept, logits = propagate(task.classifier, inputs, task.targets, chosen)
    channels = to_channels(relevance)
    total = (score_of(logits, task.targets) - kept).float().cpu().numpy()
    return Attribution(channels.sum(axis=-1), channels, total=total)


def needs_rules(classifier: Classifier) -> str | None:
    """One line for a model that calls a function which there is no rule for."""
    classifier = replace(classifier, module=private_copy(classifier.module))
    inputs = blank(classifier)
    try:
        _, _, logits = propagate(classifier, inputs, torch.tensor([[0, -1]]), None)
    except InputError as error:
        return str(error)
    except RuntimeError:  # torch's, of values that are changed after they were used
        return f"{classifier.name} cannot be differentiated, as LRP must"
    with torch.no_grad():
        expected = classifier.module(inputs)
    same = (expected - logits).abs().max() <= 0.2 * expected.abs().max()
    return None if same else f"{classifier.name} computes in a way that LRP cannot follow"
