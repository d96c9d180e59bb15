"""Training of ``vgg16_slim``: with batch norm, which is folded into the convolutions at the end."""

from __future__ import annotations

import copy
import itertools
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from layerscope.models.registry import SLIM_INPUTS, to_pixels, vgg16_slim
from layerscope.storage.files import write_table
from layerscope.storage.store import library_versions, writing
from layerscope.training.augmentation import augment
from layerscope.training.histograms import QUANTITIES, Histograms, measure
from layerscope.training.recipe import Recipe
from layerscope.vision import torchvision

VGG: TypeAlias = torchvision.models.VGG
Log = Callable[[str], None]
QUICK_VALIDATION = 1000  # pictures looked at after each epoch


@dataclass
class History:
    """What a training run logged: one entry an epoch."""

    epochs: list[dict[str, float]] = field(default_factory=list)
    histograms: list[Histograms] = field(default_factory=list)


@dataclass(frozen=True)
class Split:
    """Pictures (N, S, S, 3) uint8 and labels (N,) int64."""

    pictures: np.ndarray
    labels: np.ndarray


def fold_batch_norm(model: VGG) -> VGG:
    """The same function without batch norm: each norm multiplied into the convolution before it.

    Returns
    -------
    torch.nn.Module
        A `vgg16_slim` without norms, in evaluation mode; outputs agree up to rounding.
    """
    source = copy.deepcopy(model).eval()
    plain = vgg16_slim(len(source.classifier[6].bias))
    convolutions = iter([m for m in plain.features.children() if isinstance(m, nn.Conv2d)])
    modules = list(source.features.children())
    for here, behind in itertools.pairwise(modules):
        if isinstance(behind, nn.BatchNorm2d):
            fused = fuse_conv_bn_eval(here, behind)
            next(convolutions).load_state_dict(fused.state_dict())
    plain.classifier.load_state_dict(source.classifier.state_dict())
    return plain.eval()


def evaluate(model: nn.Module, split: Split, batch_size: int = 128) -> tuple[float, float]:
    """Cross entropy (nats) and accuracy in [0, 1] over a split."""
    device = next(model.parameters()).device
    loss, correct = 0.0, 0
    model.eval()
    with torch.inference_mode(), _fast(device):
        for start in range(0, len(split.labels), batch_size):
            inputs = _normalized(split.pictures[start : start + batch_size], device)
            labels = torch.from_numpy(split.labels[start : start + batch_size]).to(device)
            logits = model(inputs).float()
            loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
            correct += int((logits.argmax(1) == labels).sum())
    return loss / len(split.labels), correct / len(split.labels)


def train(
    training: Split,
    validation: Split,
    n_classes: int,
    recipe: Recipe,
    *,
    device: torch.device,
    checkpoint: Path | None = None,
    log: Log = print,
) -> tuple[VGG, History]:
    """Train a `vgg16_slim` and fold its norms.

    Parameters
    ----------
    training, validation : Split
    n_classes : int
    recipe : Recipe
    device : torch.device
    checkpoint : path, optional
        Written after each epoch. A run that finds one of the same recipe goes on from there.
    log : callable
        Receives one line an epoch.

    Returns
    -------
    model : torch.nn.Module
        Without batch norm, in evaluation mode, on the CPU.
    history : History
    """
    torch.manual_seed(recipe.random_state)
    model = vgg16_slim(n_classes, batch_norm=True, dropout=recipe.dropout)
    _initialize(model)
    model = _placed(model, device)
    optimizer = torch.optim.SGD(
        _parameter_groups(model, recipe), lr=recipe.learning_rate, momentum=0.9, nesterov=True
    )
    steps = math.ceil(len(training.labels) / recipe.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        recipe.learning_rate,
        total_steps=max(1, recipe.cycle_epochs * steps),
        pct_start=0.2,
    )
    history = History()
    _resume(checkpoint, recipe, model, optimizer, schedule, history, log)
    subset = _some(training, 64)
    quick = _some(validation, QUICK_VALIDATION)
    for epoch in range(len(history.epochs), recipe.epochs):
        started = time.perf_counter()
        loss, accuracy = _train_epoch(model, training, recipe, epoch, optimizer, schedule, device)
        folded = _placed(fold_batch_norm(model), device)
        val_loss, val_accuracy = evaluate(folded, quick)
        seconds = time.perf_counter() - started
        rate = float(optimizer.param_groups[0]["lr"])
        history.epochs.append(
            {
                "epoch": epoch + 1,
                "picture_size": recipe.phase_at(epoch).size,
                "learning_rate": rate,
                "loss": loss,
                "accuracy": accuracy,
                "val_loss": val_loss,
                "val_accuracy": val_accuracy,
                "seconds": seconds,
            }
        )
        history.histograms.append(measure(folded, subset.pictures, subset.labels, device))
        left = seconds * (recipe.epochs - epoch - 1)
        log(
            f"epoch {epoch + 1}/{recipe.epochs} at {recipe.phase_at(epoch).size} px: loss {loss:.3f}, "
            f"accuracy {accuracy:.3f}, validation {val_accuracy:.4f}, {seconds:.0f} s, "
            f"about {left / 60:.0f} min left"
        )
        _save(checkpoint, recipe, model, optimizer, schedule, history)
    return fold_batch_norm(model.cpu()), history


def _placed(model: VGG, device: torch.device) -> VGG:
    """On its device, with channels last: the order in which half-precision products are fast."""
    model.to(device=device)
    return model.to(memory_format=torch.channels_last)


def _normalized(pictures: np.ndarray, device: torch.device) -> Tensor:
    pixels = to_pixels(pictures, device).contiguous(memory_format=torch.channels_last)
    return (pixels - SLIM_INPUTS.mean[0]) / SLIM_INPUTS.std[0]


def _fast(device: torch.device) -> torch.autocast:
    """bfloat16 products: half the time on processors and GPUs that have them."""
    return torch.autocast(device.type, dtype=torch.bfloat16)


def _initialize(model: VGG) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    nn.init.normal_(
        next(model.classifier[6].parameters()), std=0.01
    )  # begin with equal probabilities


def _parameter_groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    parameters = list(model.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _batches(n: int, batch_size: int, generator: torch.Generator) -> Iterator[np.ndarray]:
    order = torch.randperm(n, generator=generator).numpy()
    for start in range(0, n, batch_size):
        yield np.sort(order[start : start + batch_size])


def _train_epoch(
    model: nn.Module,
    training: Split,
    recipe: Recipe,
    epoch: int,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    device: torch.device,
) -> tuple[float, float]:
    # A generator per epoch, so that a resumed run draws what an uninterrupted one would have drawn.
    generator = torch.Generator().manual_seed(1000 * recipe.random_state + epoch)
    torch.manual_seed(1000 * recipe.random_state + epoch)
    phase, total, correct = recipe.phase_at(epoch), 0.0, 0
    if phase.learning_rate is not None:
        for group in optimizer.param_groups:
            group["lr"] = phase.learning_rate
    model.train()
    for batch in _batches(len(training.labels), recipe.batch_size, generator):
        pixels = augment(to_pixels(training.pictures[batch]), phase.size, generator)
        inputs = ((pixels - SLIM_INPUTS.mean[0]) / SLIM_INPUTS.std[0]).to(device)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        labels = torch.from_numpy(training.labels[batch]).to(device)
        with _fast(device):
            logits = model(inputs).float()
            loss = functional.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        if phase.learning_rate is None:
            schedule.step()
        total += float(loss.detach()) * len(batch)
        correct += int((logits.argmax(1) == labels).sum())
    return total / len(training.labels), correct / len(training.labels)


def _some(split: Split, n: int) -> Split:
    """The same random pictures after each epoch, so that epochs can be compared."""
    order = np.random.default_rng(0).permutation(len(split.labels))
    chosen = np.sort(order[:n])
    return Split(split.pictures[chosen], split.labels[chosen])


def _save(checkpoint: Path | None, recipe: Recipe, *parts: Any) -> None:
    if checkpoint is None:
        return
    model, optimizer, schedule, history = parts
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    partial = checkpoint.with_suffix(".partial")
    state = {
        "recipe": json.dumps(asdict(recipe)),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "epochs": history.epochs,
        "histograms": [h.as_tensors() for h in history.histograms],
    }
    torch.save(state, partial)
    partial.replace(checkpoint)


def _resume(checkpoint: Path | None, recipe: Recipe, *parts: Any) -> None:
    if checkpoint is None or not checkpoint.exists():
        return
    model, optimizer, schedule, history, log = parts
    state = torch.load(checkpoint, weights_only=True)
    if state["recipe"] != json.dumps(asdict(recipe)):
        log(f"{checkpoint}: of another recipe, starting anew")
        return
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    history.epochs[:] = state["epochs"]
    history.histograms[:] = [Histograms.from_tensors(h) for h in state["histograms"]]
    log(f"{checkpoint}: going on after epoch {len(history.epochs)}")


def write_history(folder: Path, history: History) -> None:
    """Write ``history.csv`` (a row an epoch) and ``histograms.zarr`` into a folder.

    The store holds ``counts`` (epoch, quantity, layer, bin) and ``ranges`` (epoch, quantity, layer, 2).
    """
    epochs = [
        {
            key: value if isinstance(value, int) else float(f"{value:.5g}")
            for key, value in row.items()
        }
        for row in history.epochs
    ]
    write_table(folder / "history.csv", epochs)
    dims = ["epoch", "quantity", "layer"]
    facts = {
        "layers": list(history.histograms[0].keys),
        "quantities": list(QUANTITIES),
        "versions": library_versions("torch", "torchvision"),
    }
    with writing(folder / "histograms.zarr", **facts) as store:
        counts = np.stack([h.counts for h in history.histograms]).astype(np.int32)
        store.add("counts", counts, [*dims, "bin"])
        store.add("ranges", np.stack([h.ranges for h in history.histograms]), [*dims, "edge"])
