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
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from layerscope.models.registry import SLIM_INPUTS, to_pixels, vgg16_slim
from layerscope.performance.calibration import fit_temperature
from layerscope.storage.files import write_table
from layerscope.storage.store import library_versions, writing
from layerscope.training.augmentation import augment
from layerscope.training.curves import BATCHES, HISTORY, OF_TRAINING
from layerscope.training.histograms import QUANTITIES, Histograms, measure
from layerscope.training.recipe import Recipe
from layerscope.vision import torchvision

VGG: TypeAlias = torchvision.models.VGG
Log = Callable[[str], None]
MARGIN = 1.25  # sides of pictures that crops are taken of, in sides of a crop
N_MEASURED = 32  # pictures that histograms of activations and gradients are over


@dataclass
class History:
    """What a training run logged.

    Attributes
    ----------
    epochs : list of dict of str to float
        One before training, which has no figures of training, and one after each epoch.
    batches : dict of str to list of float
        By name in `OF_TRAINING`, a value a batch.
    histograms : list of Histograms
        As `epochs`.
    """

    epochs: list[dict[str, float | None]] = field(default_factory=list)
    batches: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in OF_TRAINING}
    )
    histograms: list[Histograms] = field(default_factory=list)


@dataclass(frozen=True)
class Split:
    """Pictures (N, S, S, 3) uint8 and labels (N,) int64."""

    pictures: np.ndarray
    labels: np.ndarray

    def choose(self, chosen: np.ndarray) -> Split:
        """Those of a mask or of indices."""
        return Split(self.pictures[chosen], self.labels[chosen])


def fold_batch_norm(model: VGG) -> VGG:
    """The same function without batch norm: each norm multiplied into the layer before it.

    Returns
    -------
    torch.nn.Module
        A `vgg16_slim` without norms, in evaluation mode; outputs agree up to rounding.
    """
    source = copy.deepcopy(model).eval()
    plain = vgg16_slim(len(source.classifier[-1].bias))
    weighted = iter([m for m in plain.modules() if isinstance(m, nn.Conv2d | nn.Linear)])
    for part in (source.features, source.classifier):
        for here, behind in itertools.pairwise([*part.children(), nn.Identity()]):
            if isinstance(here, nn.Conv2d):
                next(weighted).load_state_dict(fuse_conv_bn_eval(here, behind).state_dict())
            elif isinstance(here, nn.Linear):
                is_normed = isinstance(behind, nn.BatchNorm1d)
                fused = fuse_linear_bn_eval(here, behind) if is_normed else here
                next(weighted).load_state_dict(fused.state_dict())
    return plain.eval()


def compute_logits(model: nn.Module, pictures: np.ndarray, batch_size: int = 128) -> Tensor:
    """Logits (N, K), float32 on the CPU, of pictures (N, S, S, 3) uint8."""
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode():
        batches = [
            model(_normalized(pictures[start : start + batch_size], device)).float().cpu()
            for start in range(0, len(pictures), batch_size)
        ]
    return torch.cat(batches)


def evaluate(model: nn.Module, split: Split, batch_size: int = 128) -> tuple[float, float]:
    """Cross entropy (nats) and accuracy in [0, 1] over a split."""
    logits, labels = (
        compute_logits(model, split.pictures, batch_size),
        torch.from_numpy(split.labels),
    )
    right = (logits.argmax(1) == labels).double().mean()
    return float(functional.cross_entropy(logits.double(), labels)), float(right)


def calibrate(model: VGG, split: Split) -> float:
    """Divide the logits of a model by the temperature that suits pictures it was not trained on.

    The last layer's weights and biases take the division, so that the model says the calibrated
    probabilities by itself; what it predicts stays as it is (Guo et al. 2017).

    Returns
    -------
    float
        The temperature; 1, and all as it was, where none is best, as when every prediction is right.
    """
    probabilities = compute_logits(model, split.pictures).double().softmax(1).numpy()
    temperature, is_bound = fit_temperature(probabilities, split.labels)
    if is_bound:
        return 1.0
    with torch.no_grad():
        for parameter in model.classifier[-1].parameters():
            parameter.div_(temperature)
    return temperature


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
        All of the second is looked at before training and after each epoch, at the side that the
        pictures of the epoch had.
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
    optimizer = torch.optim.AdamW(
        _parameter_groups(model, recipe), lr=recipe.learning_rate, betas=(0.9, 0.99)
    )
    steps = math.ceil(len(training.labels) / recipe.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: recipe.share_of_rate(step / steps)
    )
    history = History()
    _resume(checkpoint, recipe, model, optimizer, schedule, history, log)
    measured, shown = _some(training, N_MEASURED), (0, training, validation)
    for epoch in range(len(history.epochs), recipe.epochs + 1):
        started, worked = time.perf_counter(), time.process_time()
        size = recipe.phase_at(max(0, epoch - 1)).size
        if shown[0] != size:
            shown = (size, _shrink(training, math.ceil(MARGIN * size)), _shrink(validation, size))
        loss, accuracy = None, None
        if epoch:
            loss, accuracy = _train_epoch(
                model, shown[1], recipe, epoch, optimizer, schedule, history.batches, device
            )
        folded = _placed(fold_batch_norm(model), device)
        val_loss, val_accuracy = evaluate(folded, shown[2])
        history.epochs.append(
            {
                "epoch": epoch,
                "picture_size": size,
                "learning_rate": float(optimizer.param_groups[0]["lr"]) if epoch else None,
                "loss": loss,
                "accuracy": accuracy,
                "val_loss": val_loss,
                "val_accuracy": val_accuracy,
                "seconds": time.perf_counter() - started,
                "processor_seconds": time.process_time() - worked,
            }
        )
        history.histograms.append(measure(folded, measured.pictures, measured.labels, device))
        log(_tell(history.epochs[-1], recipe))
        _save(checkpoint, recipe, model, optimizer, schedule, history)
    return fold_batch_norm(model.cpu()), history


def _tell(row: dict[str, float | None], recipe: Recipe) -> str:
    """A line on an epoch."""
    training = "not trained yet"
    if row["epoch"]:
        training = f"loss {row['loss']:.3f}, accuracy {row['accuracy']:.3f}"
    return (
        f"epoch {row['epoch']}/{recipe.epochs} at {row['picture_size']} px: {training}, validation "
        f"{row['val_accuracy']:.4f}, {row['seconds']:.0f} s, of a processor "
        f"{row['processor_seconds']:.0f} s"
    )


def _shrink(split: Split, side: int) -> Split:
    """Pictures resampled to a side in pixels with antialiasing; smaller ones stay as they are."""
    if side >= split.pictures.shape[1]:
        return split
    small = np.empty((len(split.labels), side, side, 3), np.uint8)
    for start in range(0, len(small), 256):
        some = torch.from_numpy(split.pictures[start : start + 256]).permute(0, 3, 1, 2)
        resampled = functional.interpolate(some, (side, side), mode="bilinear", antialias=True)
        small[start : start + 256] = resampled.permute(0, 2, 3, 1).numpy()
    return Split(small, split.labels)


def _placed(model: VGG, device: torch.device) -> VGG:
    """On its device, with channels last: the order in which half-precision products are fast."""
    model.to(device=device)
    return model.to(memory_format=torch.channels_last)


def _normalized(pictures: np.ndarray, device: torch.device) -> Tensor:
    pixels = to_pixels(pictures, device).contiguous(memory_format=torch.channels_last)
    return (pixels - SLIM_INPUTS.mean[0]) / SLIM_INPUTS.std[0]


def _fast(device: torch.device) -> torch.autocast:
    """bfloat16 products where the device has instructions for them.

    There they take half the time; where they are emulated, as by a processor with AVX2 alone, five
    times as long as those of float32.
    """
    has_them = True
    if device.type == "cpu":
        known = torch.cpu.get_capabilities()
        has_them = any(known.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=has_them)


def _initialize(model: VGG) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    nn.init.normal_(model.classifier[-1].weight, std=0.01)  # begin with equal probabilities


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
    model: VGG,
    training: Split,
    recipe: Recipe,
    epoch: int,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    batches: dict[str, list[float]],
    device: torch.device,
) -> tuple[float, float]:
    # A generator per epoch, so that a resumed run draws what an uninterrupted one would have drawn.
    generator = torch.Generator().manual_seed(1000 * recipe.random_state + epoch)
    torch.manual_seed(1000 * recipe.random_state + epoch)
    phase, total, correct = recipe.phase_at(epoch - 1), 0.0, 0
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
        rate, right = (
            float(optimizer.param_groups[0]["lr"]),
            int((logits.argmax(1) == labels).sum()),
        )
        scalars = (rate, float(loss.detach()), right / len(batch))
        for name, value in zip(OF_TRAINING, scalars, strict=True):
            batches[name].append(value)
        schedule.step()
        total += scalars[1] * len(batch)
        correct += right
    return total / len(training.labels), correct / len(training.labels)


def _some(split: Split, n: int) -> Split:
    """The same random pictures after each epoch, so that epochs can be compared."""
    order = np.random.default_rng(0).permutation(len(split.labels))
    return split.choose(np.sort(order[:n]))


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
        "batches": history.batches,
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
    history.batches.update(state["batches"])
    history.histograms[:] = [Histograms.from_tensors(h) for h in state["histograms"]]
    log(f"{checkpoint}: going on after epoch {len(history.epochs) - 1}")


def write_history(folder: Path, history: History) -> None:
    """Write ``history.csv``, ``batches.zarr`` and ``histograms.zarr`` into a folder.

    The table has a row before training and one after each epoch; figures that there are none of are
    empty. The first store holds each of `OF_TRAINING` (batch). The second holds ``counts`` (epoch, quantity,
    layer, bin) and ``ranges`` (epoch, quantity, layer, 2), the first epoch being that before training.
    """
    epochs = [
        {
            key: value if isinstance(value, int) else "" if value is None else float(f"{value:.5g}")
            for key, value in row.items()
        }
        for row in history.epochs
    ]
    write_table(folder / HISTORY, epochs)
    versions = library_versions("torch", "torchvision")
    with writing(folder / BATCHES, versions=versions) as store:
        for name, values in history.batches.items():
            store.add(name, np.array(values, dtype=np.float32), ["batch"])
    dims = ["epoch", "quantity", "layer"]
    facts = {"layers": list(history.histograms[0].keys), "quantities": list(QUANTITIES)}
    with writing(folder / "histograms.zarr", **facts, versions=versions) as store:
        counts = np.stack([h.counts for h in history.histograms]).astype(np.int32)
        store.add("counts", counts, [*dims, "bin"])
        store.add("ranges", np.stack([h.ranges for h in history.histograms]), [*dims, "edge"])
