"""Layers that float16 cannot hold, that are constant, or no numbers: through the stages and the app."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerscope.activations.averaging import Averaging
from layerscope.activations.pooling import forward, pool
from layerscope.datasets.categories import Category
from layerscope.embedding.pca import CONSTANT
from layerscope.errors import InputError
from layerscope.models.weights import write_weights
from layerscope.params import read_params
from layerscope.runs.blocks import load_classifier
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, store_path
from stages import (
    activations,
    cam,
    channels,
    metrics,
    neighbors,
    pca,
    predict,
    prepare,
    similarity,
    tsne,
    umap,
)
from tests.shared.pages import open_app, text_of
from tests.shared.project import ROOT, edit_params
from ui.features.playground.jobs import read_subject
from ui.live.playground import load_features

pytestmark = pytest.mark.usefixtures("one_thread")
RUN, COMPARISON = "objects-values", "own"
SIDE, N = 32, 24
# Keys of the network below.
PLAIN, HUGE, TINY, FAR, EQUAL = "0", "2", "4", "5", "6"


class Conv(nn.Conv2d):
    """A convolution times a factor, plus a shift: weights are kept as float16."""

    def __init__(self, channels: int, factor: float, shift: float = 0.0) -> None:
        super().__init__(channels, 6, 3, padding=1, bias=False)
        self.factor, self.shift = factor, shift

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * self.factor + self.shift


def odd_net() -> nn.Module:
    """Beside plain layers: one far too large, one far too small, one far from 0, one that is constant."""
    torch.manual_seed(0)
    return nn.Sequential(
        Conv(3, 1),  # 0
        nn.ReLU(inplace=True),
        Conv(6, 1e7),  # 2
        nn.MaxPool2d(2),
        Conv(6, 1e-27),  # 4: some 1e-21
        Conv(6, 1e21, shift=4e4),  # 5
        Conv(6, 0, shift=0.1),  # 6
        nn.Flatten(),
        nn.Linear(6 * (SIDE // 2) ** 2, 10),
    )


class Unit(nn.Module):
    """x in another unit."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factor


def plain_net(factor: float = 1.0) -> nn.Module:
    """Nothing odd about it but the scale of its logits."""
    torch.manual_seed(0)
    features = (nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(*features, nn.Linear(6, 10), Unit(factor))


def faint_net() -> nn.Module:
    """Gradients that vanish in float16."""
    return plain_net(1e-9)


def broken_net() -> nn.Module:
    """A layer in the middle that gives nan for what is negative, and a head that hides it."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 6, 3), Root(), Hide(), nn.Flatten(), nn.Linear(6 * 30**2, 10))


class Root(nn.Module):
    """The square root."""

    def forward(self, x: Tensor) -> Tensor:
        return x.sqrt()


class Hide(nn.Module):
    """0 for what is no number."""

    def forward(self, x: Tensor) -> Tensor:
        return x.nan_to_num()


def ignore(*_: int) -> None:
    """Of progress."""


def never() -> bool:
    """Whether to stop."""
    return False


def make_project(root: Path, net: Callable[[], nn.Module]) -> None:
    """Parameters, weights and samples of a run, in the working folder."""
    (root / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    weights = f"weights/{net.__name__}.safetensors"
    write_weights(
        root / weights, net(), [Category(None, None, f"thing {i}") for i in range(10)], {}
    )
    model = {"factory": f"{net.__module__}:{net.__name__}", "input_size": SIDE}
    edit_params(
        runs={RUN: {"dataset": "objects", "model": model, "weights": weights, "sizes": [20, N]}},
        comparisons={COMPARISON: {"first": RUN, "second": RUN}},
        device="cpu",
    )
    edit_params("compute", scheduler="synchronous")
    edit_params("tsne", perplexity=[5], n_iter=50)
    edit_params("similarity", n_permutations=2, size=N)
    prepare.main(RUN)
    predict.main(RUN)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All stages of a run with the odd network."""
    root = tmp_path_factory.mktemp("odd")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        make_project(root, odd_net)
        activations.main(RUN)
        pca.main(RUN)
        neighbors.main(RUN)
        tsne.main(RUN, "5")
        umap.main(RUN)
        cam.main(RUN)
        channels.main(RUN)
        metrics.main(RUN)
        similarity.main(COMPARISON)
    return root


@pytest.fixture
def project(odd: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its folder as the working folder."""
    monkeypatch.chdir(odd)
    return odd


@pytest.fixture
def raw(project: Path) -> dict[str, np.ndarray]:
    """What each layer really gives, pooled, in one batch."""
    found: dict[str, np.ndarray] = {}
    classifier = load_classifier(read_params().run(RUN), "cpu")
    layers = Predictions(store_path(RUN, "predictions")).layers
    pictures = Samples(store_path(RUN, "samples")).pictures(0, N)
    forward(
        classifier,
        pictures,
        layers,
        lambda key, out: found.update({key: pool(out, Averaging("grid", 7))[0]}),
    )
    return found


# --- activations -----------------------------------------------------------------------------


def test_a_layer_is_float32_where_float16_will_not_do_and_else_as_ever(
    raw: dict[str, np.ndarray],
) -> None:
    store = Store(store_path(RUN, "activations"))
    wide = {key for key in raw if store.array(f"grid7/{key}").dtype == np.float32}
    assert {HUGE, TINY, FAR, EQUAL} <= wide
    assert not {"input", PLAIN, "1"} & wide
    for key, values in raw.items():
        stored = store.read(f"grid7/{key}")
        if key in wide:
            np.testing.assert_allclose(stored, values, rtol=1e-4, atol=1e-4 * np.abs(values).max())
        else:
            np.testing.assert_allclose(stored, values.astype(np.float16), atol=2e-3)


def test_the_store_counts_what_float16_would_have_lost(raw: dict[str, np.ndarray]) -> None:
    told = Store(store_path(RUN, "activations")).attributes["float32"]
    assert told[f"grid7/{HUGE}"]["overflow"] == (np.abs(raw[HUGE]) >= 65520).sum() > 0
    assert told[f"grid7/{TINY}"] == {"overflow": 0, "underflow": np.count_nonzero(raw[TINY])}
    assert told[f"grid7/{FAR}"] == {"overflow": 0, "underflow": 0}
    assert f"grid7/{PLAIN}" not in told


def test_nothing_is_said_where_float16_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path, plain_net)
    activations.main(RUN)
    pca.main(RUN)
    store = Store(store_path(RUN, "activations"))
    assert set(store.attributes) == {"layerscope_format", "layers", "versions"}
    layers = store.attributes["layers"]
    assert {store.array(f"grid7/{key}").dtype.name for key in layers} == {"float16"}
    assert "constant" not in Store(store_path(RUN, "pca")).attributes


@pytest.mark.parametrize("batch_size", [5, 24])
def test_the_choice_does_not_depend_on_how_samples_are_cut(
    odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    expected = Store(odd / store_path(RUN, "activations")).attributes["float32"]
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path, odd_net)
    edit_params("activations", batch_size=batch_size)
    activations.main(RUN)
    found = Store(store_path(RUN, "activations")).attributes["float32"]
    assert found.keys() == expected.keys()


def test_one_late_sample_decides_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path, plain_net)
    edit_params(
        "activations", batch_size=N
    )  # all in one batch, so that the last row is the last sample

    def pool_last_large(output: Tensor, *averagings: Averaging) -> list[np.ndarray]:
        found = pool(output, *averagings)
        if output.shape[:2] == (N, 6) and output[0].numel() == 6:
            for values in found:
                values[-1] = 1e6
        return found

    monkeypatch.setattr(activations, "pool", pool_last_large)
    activations.main(RUN)
    store = Store(store_path(RUN, "activations"))
    assert store.attributes["float32"] == {"grid7/2": {"overflow": 6, "underflow": 0}}
    assert (store.read("grid7/2")[-1] == 1e6).all()
    assert store.array("grid7/4").dtype == np.float16


def test_numbers_that_are_none_are_refused_by_the_name_of_their_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path, broken_net)
    with pytest.raises(
        InputError, match=rf"{RUN}: layer '1' gives values that are no numbers"
    ) as told:
        activations.main(RUN)
    assert len(str(told.value).splitlines()) == 1
    assert not store_path(RUN, "activations").exists()


# --- what is made of them ----------------------------------------------------------------------


@pytest.mark.parametrize("key", [PLAIN, HUGE, TINY, FAR])
def test_components_are_those_of_the_layer_itself_up_to_a_unit(
    raw: dict[str, np.ndarray], key: str
) -> None:
    values = raw[key].reshape(N, -1).astype(np.float64)
    values -= values.mean(axis=0)
    left, sizes, _ = np.linalg.svd(values, full_matrices=False)
    scores = Store(store_path(RUN, "components")).read(f"{N}/{key}").astype(np.float64)
    unit = np.linalg.norm(scores[:, 0]) / sizes[0]
    mantissa, _ = np.frexp(unit)
    assert min(mantissa - 0.5, 1 - mantissa) < 1e-2  # a power of two
    for k in range(2):
        assert abs(left[:, k] @ scores[:, k]) == pytest.approx(unit * sizes[k], rel=1e-2)
    ratio = Store(store_path(RUN, "pca")).read(f"{N}/explained_variance_ratio")
    depth = list(raw).index(key)
    assert ratio[depth] == pytest.approx(sizes[:2] ** 2 / (sizes**2).sum(), abs=1e-3)


def test_a_constant_layer_is_one_point_in_every_embedding(project: Path) -> None:
    store = Store(store_path(RUN, "pca"))
    layers = store.attributes["layers"]
    constant = store.attributes["constant"]
    assert set(constant) == {"20", str(N)}
    assert constant[str(N)][0] == EQUAL and constant[str(N)][-1] == "probabilities"
    assert not {PLAIN, HUGE, TINY, FAR} & set(constant[str(N)])
    for name, array in (
        ("pca", f"{N}/points"),
        ("tsne/5", f"{N}/points"),
        ("umap", f"{N}/2d"),
        ("umap", f"{N}/15d"),
    ):
        for layer, points in zip(layers, Store(store_path(RUN, name)).read(array), strict=True):
            assert np.isfinite(points).all()
            assert (np.ptp(points) == 0) == (layer in constant[str(N)]), (name, layer)


def test_a_constant_layer_has_no_figures_and_no_similarity(project: Path) -> None:
    with (project / "data" / RUN / "layers.csv").open() as file:
        rows = list(csv.DictReader(file))
    constant = Store(store_path(RUN, "pca")).attributes["constant"][str(N)]
    for row in rows:
        named = row["knn_accuracy"], row["trustworthiness"], row["silhouette"]
        assert all(named) != (row["layer"] in constant)
        assert any(named) == all(named)
    summary = json.loads((project / "data" / RUN / "metrics.json").read_text())
    assert summary["knn_accuracy_output"] == {} and "knn_accuracy_input" in summary
    assert all(np.isfinite(list(summary["mean_trustworthiness"].values())))
    for measure in ("cka", "nuclear"):
        value = Store(store_path("similarity", COMPARISON)).read(f"first-first/{measure}")[0]
        layers = Store(store_path(RUN, "pca")).attributes["layers"]
        known = [layer not in constant for layer in layers]
        assert np.isfinite(value[np.ix_(known, known)]).all()
        assert np.isnan(value[~np.array(known)]).all()
        assert np.diag(value)[known] == pytest.approx(1, abs=1e-3)


# --- Grad-CAM ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("net", "dtype"), [(plain_net, "float16"), (faint_net, "float32")])
def test_maps_too_faint_for_float16_are_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, net: Callable[[], nn.Module], dtype: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make_project(tmp_path, net)
    cam.main(RUN)
    array = Store(store_path(RUN, "cam")).array("cam")
    assert array.dtype == dtype
    peaks = np.asarray(array[:, 0]).max(axis=(1, 2))
    assert (peaks > 0).any()
    relative = np.asarray(array[:, 0], np.float64)[peaks > 0] / peaks[peaks > 0, None, None]
    assert len(np.unique(relative)) > 50


# --- in the app ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_the_explorer_says_that_a_layer_is_constant(project: Path, method: str) -> None:
    shown = open_app(run=RUN, size=str(N), layer=EQUAL, method=method, sample="3")
    assert CONSTANT in text_of(shown)
    assert "Sample 0003" in text_of(shown)
    assert "Nearest in this layer" not in text_of(shown)
    assert "damaged" not in text_of(shown)
    assert CONSTANT not in text_of(open_app(run=RUN, size=str(N), layer=TINY, method=method))


@pytest.mark.parametrize("key", [EQUAL, TINY])
def test_nobody_is_near_in_a_constant_layer(project: Path, key: str) -> None:
    layers = Store(store_path(RUN, "nearest")).attributes["layers"]
    nearest = Store(store_path(RUN, "nearest")).read(f"{N}/indices")[layers.index(key)]
    assert ((nearest == -1) == (key == EQUAL)).all()


@pytest.mark.parametrize(
    ("page", "more"),
    [
        ("Experiments", {}),
        ("", {"color": "cluster", "cluster": EQUAL}),
        ("Features", {"show": "playground"}),
        ("Performance", {}),
        ("Network", {}),
    ],
)
def test_no_page_fails_on_a_constant_layer(project: Path, page: str, more: dict[str, str]) -> None:
    shown = open_app(page, run=RUN, size=str(N), layer=EQUAL, sample="3", **more)
    assert "damaged" not in text_of(shown)


def test_the_playground_refuses_a_constant_layer(project: Path) -> None:
    layers = {layer.key: layer for layer in Predictions(store_path(RUN, "predictions")).layers}
    subject = read_subject(RUN, layers[EQUAL], N)
    with pytest.raises(InputError, match=CONSTANT):
        load_features(subject, ignore, never)
    found = load_features(read_subject(RUN, layers[TINY], N), ignore, never)
    assert found.is_stored and np.isfinite(found.scores).all()


@pytest.mark.parametrize("key", [PLAIN, HUGE, TINY, FAR])
def test_the_playground_computes_what_the_stages_store(
    project: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    layers = {layer.key: layer for layer in Predictions(store_path(RUN, "predictions")).layers}
    monkeypatch.setattr("ui.live.playground._read_components", lambda _: None)
    monkeypatch.setattr("ui.live.playground._read_activations", lambda _: None)
    found = load_features(replace(read_subject(RUN, layers[key], N), made=key), ignore, never)
    stored = Store(store_path(RUN, "components")).read(f"{N}/{key}")
    assert not found.is_stored
    scale = np.abs(stored).max()
    np.testing.assert_allclose(found.scores, stored, atol=1e-2 * scale)


def test_the_tour_says_that_a_layer_is_constant(project: Path) -> None:
    assert CONSTANT in text_of(open_app("UMAP_Tour", run=RUN, size=str(N), layer=EQUAL))
    assert CONSTANT not in text_of(open_app("UMAP_Tour", run=RUN, size=str(N), layer=FAR))
