"""Training: it learns, it can be interrupted, and what it leaves can be read."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.datasets.categories import Category
from layerscope.models.registry import load_model, vgg16_slim
from layerscope.models.weights import read_weights, write_weights
from layerscope.storage.store import Store
from layerscope.training import fit
from layerscope.training.augmentation import augment
from layerscope.training.curves import COLUMNS, read_curves
from layerscope.training.fit import (
    History,
    Split,
    calibrate,
    compute_logits,
    evaluate,
    fold_batch_norm,
    train,
    write_history,
)
from layerscope.training.histograms import N_BINS, QUANTITIES, measure
from layerscope.training.recipe import Phase, Recipe

CPU = torch.device("cpu")
TWO = (Category(None, None, "red"), Category("n00000002", None, "blue"))
PHASES = (Phase(2, 32), Phase(2, 40))
RECIPE = Recipe(PHASES, batch_size=8, learning_rate=0.002, decay_epochs=2, dropout=0.1)
SIDE = 40


def split_of(n: int, seed: int) -> Split:
    """Noisy pictures, red for class 0 and blue for class 1."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int64) % 2
    pictures = rng.integers(0, 90, (n, SIDE, SIDE, 3), dtype=np.uint8)
    pictures[labels == 0, :, :, 0] += 150
    pictures[labels == 1, :, :, 2] += 150
    return Split(pictures, labels)


TRAINING, VALIDATION = split_of(48, 0), split_of(12, 1)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def trained() -> tuple[nn.Module, History]:
    return train(TRAINING, VALIDATION, 2, RECIPE, device=CPU, log=lambda _: None)


class Interruption(Exception):
    pass


def without_seconds(history: History) -> list[dict[str, float | None]]:
    return [{k: v for k, v in row.items() if "seconds" not in k} for row in history.epochs]


# --- the run ---------------------------------------------------------------------------------


def test_two_colours_are_learnt(trained: tuple[nn.Module, History]) -> None:
    model, history = trained
    assert history.epochs[-1]["loss"] < history.epochs[1]["loss"]
    loss, accuracy = evaluate(model, VALIDATION)
    assert accuracy == 1.0 and loss < np.log(2)
    assert [row["picture_size"] for row in history.epochs] == [32, 32, 32, 40, 40]


def test_what_was_before_training_is_recorded(trained: tuple[nn.Module, History]) -> None:
    first = trained[1].epochs[0]
    assert (first["epoch"], first["loss"], first["accuracy"], first["learning_rate"]) == (
        *(0, None, None, None),
    )
    assert first["val_loss"] == pytest.approx(np.log(2), abs=0.1)  # equal probabilities
    bias, weight = (QUANTITIES.index(name) for name in ("bias", "weight"))
    before, after = trained[1].histograms[0], trained[1].histograms[-1]
    assert not before.ranges[bias].any()  # biases begin with zero
    spread = np.abs(
        before.ranges[weight, 0]
    ).max()  # of He's normal with 27 inputs: 3 to 5 deviations
    assert 2.5 * np.sqrt(2 / 27) < spread < 5 * np.sqrt(2 / 27)
    assert (after.ranges[bias, :, 0] < after.ranges[bias, :, 1]).all()


def test_figures_of_an_epoch_are_means_of_its_batches(trained: tuple[nn.Module, History]) -> None:
    _, history = trained
    n = len(TRAINING.labels) // RECIPE.batch_size
    for name in ("loss", "accuracy"):
        means = np.reshape(history.batches[name], (RECIPE.epochs, n)).mean(axis=1)
        np.testing.assert_allclose(means, [row[name] for row in history.epochs[1:]], rtol=1e-6)


def test_every_validation_picture_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def look(_model: nn.Module, split: Split) -> tuple[float, float]:
        seen.append((len(split.labels), split.pictures.shape[1]))
        return evaluate(_model, split)

    monkeypatch.setattr(fit, "evaluate", look)
    recipe = Recipe((Phase(1, 32), Phase(1, SIDE)), batch_size=24)
    many = split_of(1100, 2)  # of no round number
    train(TRAINING, many, 2, recipe, device=CPU, log=lambda _: None)
    assert seen == [(1100, 32), (1100, 32), (1100, SIDE)]


def test_the_trained_model_has_no_norm_left(trained: tuple[nn.Module, History]) -> None:
    model, _ = trained
    assert list(model.state_dict()) == list(vgg16_slim(2).state_dict())
    assert not model.training


def test_an_interrupted_run_goes_on_to_the_same_model(
    trained: tuple[nn.Module, History], tmp_path: Path
) -> None:
    checkpoint, lines = tmp_path / "cache" / "run.pt", []

    def interrupt(line: str) -> None:
        if line.startswith("epoch 3/4"):  # its work is lost, that of the two before is not
            raise Interruption

    with pytest.raises(Interruption):
        train(TRAINING, VALIDATION, 2, RECIPE, device=CPU, checkpoint=checkpoint, log=interrupt)
    model, history = train(
        TRAINING, VALIDATION, 2, RECIPE, device=CPU, checkpoint=checkpoint, log=lines.append
    )
    assert lines[0].endswith("going on after epoch 2")
    assert [line.split(" at ")[0] for line in lines[1:]] == ["epoch 3/4", "epoch 4/4"]
    assert without_seconds(history) == without_seconds(trained[1])
    for key, value in trained[0].state_dict().items():
        assert torch.equal(model.state_dict()[key], value), key
    assert history.batches == trained[1].batches
    for ours, theirs in zip(history.histograms, trained[1].histograms, strict=True):
        np.testing.assert_array_equal(ours.counts, theirs.counts)
    assert list(checkpoint.parent.iterdir()) == [checkpoint]


def test_a_checkpoint_of_another_recipe_is_not_used(tmp_path: Path) -> None:
    checkpoint, lines = tmp_path / "run.pt", []
    few = Split(TRAINING.pictures[:8], TRAINING.labels[:8])
    for rate in (0.01, 0.02):
        recipe = Recipe((Phase(1, 32),), batch_size=8, learning_rate=rate)
        train(few, few, 2, recipe, device=CPU, checkpoint=checkpoint, log=lines.append)
    assert "of another recipe, starting anew" in lines[2]
    assert [line[:9] for line in (*lines[:2], *lines[3:])] == ["epoch 0/1", "epoch 1/1"] * 2


def test_the_size_of_an_epoch_follows_the_phases() -> None:
    recipe = Recipe((Phase(2, 112), Phase(1, 144), Phase(3, 224)))
    assert recipe.epochs == 6
    assert [recipe.phase_at(i).size for i in range(6)] == [112, 112, 144, 224, 224, 224]


def test_the_rate_rises_stays_and_falls_in_straight_lines() -> None:
    recipe = Recipe((Phase(6, 32), Phase(4, 64)), decay_epochs=4)
    epochs = (0, 0.5, 1, 3, 6, 7, 8, 9, 10)
    assert [recipe.share_of_rate(epoch) for epoch in epochs] == pytest.approx(
        [0.01, 0.51, 1, 1, 1, 0.75, 0.5, 0.25, 0.01]
    )


def test_every_batch_has_the_rate_of_one_schedule(trained: tuple[nn.Module, History]) -> None:
    rates = trained[1].batches["learning_rate"]
    steps = len(rates) // RECIPE.epochs
    assert rates == pytest.approx(
        [RECIPE.learning_rate * RECIPE.share_of_rate(i / steps) for i in range(len(rates))]
    )


def test_what_is_evaluated_is_in_full_precision(
    trained: tuple[nn.Module, History], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    model, pictures = trained[0], split_of(20, 3).pictures
    with torch.inference_mode():
        expected = model(fit._normalized(pictures, CPU))
    torch.testing.assert_close(compute_logits(model, pictures), expected, rtol=1e-5, atol=1e-6)


def test_bfloat16_is_used_only_where_it_has_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    for known, expected in (
        ({"avx2": True, "avx512_bf16": False}, False),
        ({"amx_bf16": True}, True),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda known=known: known)
        with fit._fast(CPU):
            assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == (
                torch.bfloat16 if expected else torch.float32
            )


def test_calibration_divides_the_logits_by_the_best_temperature(
    trained: tuple[nn.Module, History],
) -> None:
    model = copy.deepcopy(trained[0])
    split = split_of(100, 3)
    wrong = np.arange(100) % 5 == 0  # a fifth of the labels, so that no confidence is too low
    noisy = Split(split.pictures, np.where(wrong, 1 - split.labels, split.labels))
    before = compute_logits(model, noisy.pictures)
    temperature = calibrate(model, noisy)
    after = compute_logits(model, noisy.pictures)
    torch.testing.assert_close(after, before / temperature, rtol=1e-4, atol=1e-6)
    labels = torch.from_numpy(noisy.labels)
    near, best, far = (
        float(functional.cross_entropy(before.double() / t, labels))
        for t in temperature * np.array([0.9, 1, 1.1])
    )
    assert best < min(near, far)


def test_where_no_temperature_is_best_the_logits_stay() -> None:
    model = vgg16_slim(2).eval()
    with torch.no_grad():  # one output for all
        model.classifier[-1].weight.zero_()
        model.classifier[-1].bias.copy_(torch.tensor([1.0, 0.0]))
    assert calibrate(model, Split(TRAINING.pictures[:4], np.zeros(4, dtype=np.int64))) == 1
    assert model.classifier[-1].bias.tolist() == [1, 0]


class Redness(nn.Module):
    """Two logits by hand: mean red and mean blue of the normalised picture."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x.mean(dim=(2, 3))[:, [0, 2]]


def test_loss_and_accuracy_by_hand() -> None:
    pictures = np.zeros((3, 4, 4, 3), np.uint8)
    pictures[0, :, :, 0] = pictures[1, :, :, 0] = pictures[2, :, :, 2] = 255
    # Logits (1, -1), (1, -1), (-1, 1); the second picture is labelled wrongly.
    labels = np.array([0, 1, 1])
    right, wrong = np.log(1 + np.exp(-2)), np.log(1 + np.exp(2))
    for batch_size in (1, 2, 128):
        loss, accuracy = evaluate(Redness(), Split(pictures, labels), batch_size)
        assert accuracy == 2 / 3
        assert loss == pytest.approx((2 * right + wrong) / 3, rel=1e-5)


# --- folding ---------------------------------------------------------------------------------


def test_folding_the_norms_keeps_the_function() -> None:
    torch.manual_seed(0)
    model = vgg16_slim(5, batch_norm=True)
    for part in model.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            for values in (part.weight, part.running_var):
                nn.init.uniform_(values, 0.5, 2.0)
            for values in (part.bias, part.running_mean):
                nn.init.normal_(values, std=0.3)
        elif isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
    model.eval()
    pixels = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected, found = model(pixels), fold_batch_norm(model)(pixels)
        assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()
        before = {key: value.clone() for key, value in model.state_dict().items()}
        fold_batch_norm(model)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


# --- augmentation ----------------------------------------------------------------------------


def augmented(pixels: Tensor, seed: int = 0) -> Tensor:
    return augment(pixels, 24, torch.Generator().manual_seed(seed))


def test_augmentation_draws_everything_from_its_generator() -> None:
    pixels = torch.rand(6, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(1)
    one = augmented(pixels)
    torch.manual_seed(2)
    assert torch.equal(augmented(pixels), one)
    assert not torch.equal(augmented(pixels, seed=1), one)
    assert one.shape == (6, 3, 24, 24) and one.min() >= 0 and one.max() <= 1


def test_augmentation_of_one_colour_is_one_colour() -> None:
    # Whatever is cropped: nothing from outside the picture may come in.
    pixels = torch.tensor([0.6, 0.4, 0.3]).view(1, 3, 1, 1).expand(20, 3, 32, 32)
    out = augmented(pixels)
    torch.testing.assert_close(out, out[:, :, :1, :1].expand_as(out), atol=1e-5, rtol=0)
    factors = out.mean(dim=(1, 2, 3)) / pixels[0].mean()
    assert factors.min() >= 0.749 and factors.max() <= 1.251 and factors.std() > 0.05


def test_about_half_of_the_pictures_are_flipped() -> None:
    ramp = torch.linspace(0.2, 0.8, 40).expand(200, 3, 40, 40)  # brighter to the right
    out = augmented(ramp)
    flipped = (out[:, 0, 12, 0] > out[:, 0, 12, -1]).float().mean()
    assert 0.4 < flipped < 0.6


# --- what is left on disk --------------------------------------------------------------------


def test_histograms_count_every_number_within_its_range() -> None:
    torch.manual_seed(0)
    model = vgg16_slim(2).eval()
    found = measure(model, VALIDATION.pictures[:3], VALIDATION.labels[:3], CPU)
    layers = {k: m for k, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    assert found.keys == tuple(layers) and len(layers) == 16
    assert found.counts.shape == (4, 16, N_BINS) and found.ranges.shape == (4, 16, 2)
    totals = dict(zip(QUANTITIES, found.counts.sum(axis=2), strict=True))
    sizes = [module.weight.numel() for module in layers.values()]
    assert totals["weight"].tolist() == totals["gradient"].tolist() == sizes
    sides = [40, 40, 20, 20, 10, 10, 10, 5, 5, 5, 2, 2, 2]  # halved after each block, rounded down
    assert totals["bias"].tolist() == [len(module.bias) for module in layers.values()]
    units = [m.weight.shape[0] for m in layers.values()]
    activations = [3 * n * s * s for n, s in zip(units, [*sides, 1, 1, 1], strict=True)]
    assert totals["activation"].tolist() == activations
    first = layers["features.0"].weight
    torch.testing.assert_close(
        torch.from_numpy(found.ranges[0, 0]), torch.stack([first.min(), first.max()]).detach()
    )
    assert (found.ranges[2, 0] * [1, -1] < 0).all()  # before the ReLU, which works in place
    assert all(parameter.grad is None for parameter in model.parameters())


def test_history_is_a_row_an_epoch_and_a_store(
    trained: tuple[nn.Module, History], tmp_path: Path
) -> None:
    _, history = trained
    write_history(tmp_path, history)
    curves = read_curves(tmp_path)
    assert tuple(curves.columns) == COLUMNS
    assert curves.epochs.tolist() == [0, 1, 2, 3, 4]
    for name in COLUMNS:
        logged = [np.nan if row[name] is None else row[name] for row in history.epochs]
        np.testing.assert_allclose(curves.columns[name], logged, rtol=1e-4)
    for name, values in curves.batches.items():
        np.testing.assert_allclose(values, history.batches[name], rtol=1e-6)
    assert curves.batch_epochs[[0, 5, 23]] == pytest.approx([1 / 6, 1, 4])
    store = Store(tmp_path / "histograms.zarr")
    assert store.attributes["quantities"] == list(QUANTITIES)
    assert store.attributes["layers"][:2] == ["features.0", "features.2"]
    expected = np.stack([each.counts for each in history.histograms])
    np.testing.assert_array_equal(store.read("counts"), expected)
    np.testing.assert_array_equal(store.read("ranges")[2], history.histograms[2].ranges)


def test_weights_come_back_as_half_precision_with_their_facts(
    trained: tuple[nn.Module, History], tmp_path: Path
) -> None:
    model, path = trained[0], tmp_path / "new" / "vgg16_slim.safetensors"
    write_weights(path, model, TWO, {"training": "colours", "objects": 0.875})
    state, metadata = read_weights(path)
    for key, value in model.state_dict().items():
        assert state[key].dtype == torch.float32
        assert torch.equal(state[key], value.half().float())
    assert metadata["training"] == "colours" and float(metadata["objects"]) == 0.875
    classifier = load_model("vgg16_slim", path)
    assert classifier.categories == TWO
    assert evaluate(classifier.module, VALIDATION)[1] == 1.0
