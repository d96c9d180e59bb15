"""The tour's page without a browser: its clouds, its address, its neighbours, what it survives."""

from __future__ import annotations

import base64
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from layerscope.storage.store import Store, writing
from tests.shared.pages import address, open_app, text_of
from tests.shared.project import TINY, replace_attributes
from ui.components.clouds import compose_clouds
from ui.library import read_contents
from ui.umap_tour.address import KEYS, choose_second, read_tour
from ui.umap_tour.networks import describe_network, list_partners, load_clouds

TWIN = "objects-twin"
START = {"seed": "0", "step": "0"}


open_page = partial(open_app, "UMAP_Tour")


def write_turn(frame: np.ndarray) -> str:
    """Two columns as the address has them."""
    steps = np.rint(frame * 32767).astype("<i2")
    return base64.urlsafe_b64encode(steps.tobytes()).decode().rstrip("=")


@pytest.fixture
def twin(tiny_run: Path) -> Path:
    """Another run of the same samples."""
    return Path(shutil.copytree(tiny_run, tiny_run.with_name(TWIN)))


# --- clouds ----------------------------------------------------------------------------------


def test_clouds_are_centred_scaled_alike_and_give_the_embedding_back() -> None:
    rng = np.random.default_rng(0)
    scales = np.array([1.0, 50.0, 0.01])[:, None, None]
    embedding = (rng.normal(size=(3, 200, 15)) * scales + 7).astype(np.float32)
    clouds = compose_clouds(embedding, ("a", "b", "c"), "family")
    standard = clouds.steps * clouds.step[:, None, None]
    np.testing.assert_allclose(standard.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose((standard**2).sum(axis=2).mean(axis=1), 1, atol=1e-3)
    back = standard * clouds.scale[:, None, None] + clouds.mean[:, None]
    assert np.all(np.abs(back - embedding) <= (clouds.step * clouds.scale)[:, None, None])
    # Half a step of the coarsest is far below a pixel of a plot 600 pixels high that shows 4 units.
    assert clouds.step.max() / 2 * 600 / 4 < 0.02


def test_a_layer_with_all_samples_in_one_place_stays_in_the_middle() -> None:
    clouds = compose_clouds(np.full((1, 5, 15), 3.0, np.float32), ("a",), "family")
    assert not clouds.steps.any()
    assert clouds.scale[0] == 1
    np.testing.assert_array_equal(clouds.mean, 3.0)


def test_layers_of_a_run_are_already_turned_onto_the_one_before(embedded: Path) -> None:
    """The page takes the frame of the stored embeddings as one for all layers."""
    from scipy.linalg import orthogonal_procrustes

    stored = Store(embedded / "data/objects-vgg16_slim/umap.zarr").read("1000/15d")
    for before, points in zip(stored[:-1:6], stored[1::6], strict=False):
        one, other = (x - x.mean(axis=0) for x in (points, before))
        turn, _ = orthogonal_procrustes(one, other)
        # Along what neither cloud extends in, any turn does as well: it is the samples that stay.
        assert np.linalg.norm(one @ turn - one) < 5e-3 * np.linalg.norm(one)


# --- runs beside one another -----------------------------------------------------------------


def test_a_partner_has_the_same_samples(twin: Path) -> None:
    runs = (TINY, TWIN, "not-built")
    assert list_partners(TINY, 40, runs) == (TWIN,)
    assert list_partners(TWIN, 40, runs) == (TINY,)
    assert list_partners(TINY, 100, runs) == ()


def test_a_run_with_another_picture_in_one_place_is_no_partner(twin: Path) -> None:
    paths = list(Store(twin / "samples.zarr").attributes["paths"])
    paths[3], paths[30] = paths[30], paths[3]
    replace_attributes(twin / "samples.zarr", paths=paths)
    assert list_partners(TINY, 40, (TINY, TWIN)) == ()


def test_a_run_of_another_data_set_is_no_partner_though_its_files_have_the_same_names(
    twin: Path,
) -> None:
    replace_attributes(twin / "samples.zarr", dataset="birds")
    assert list_partners(TINY, 40, (TINY, TWIN)) == ()


def test_a_network_is_told_with_what_was_measured_of_each_layer(tiny_run: Path) -> None:
    contents = read_contents(TINY)
    network = describe_network(contents, 40, "features.0")
    assert [stop.key for stop in network.stops] == [layer.key for layer in contents.layers]
    assert [stop.accuracy for stop in network.stops] == [0.0, 0.2, 0.4, pytest.approx(0.6)]
    assert all(stop.kept is None for stop in network.stops)  # the table has no row of them
    assert network.family == load_clouds(contents, 40).family
    assert network.family != load_clouds(contents, 20).family


# --- address ---------------------------------------------------------------------------------


def test_an_address_is_read_and_written_back(twin: Path) -> None:
    turn = write_turn(np.linalg.qr(np.random.default_rng(1).normal(size=(15, 15)))[0][:, :2])
    params = {
        "second": TWIN,
        "second_layer": "features.0",
        "moved": "1",
        "apart": "1",
        "measure": "nuclear",
        "seed": "7",
        "step": "1234",
        "turn": turn,
        "zoom": "1.5_0.2_-0.125",
    }
    choice, refused = read_tour(params, read_contents(TWIN), 15)
    assert refused == []
    assert choice.to_params() == params
    assert set(params) == set(KEYS)


def test_at_the_start_the_address_has_seed_and_step_alone(tiny_run: Path) -> None:
    choice, refused = read_tour({}, None, 15)
    assert refused == []
    assert choice.to_params() == START


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"seed": "-1"}, "moment of the tour"),
        ({"seed": str(2**32)}, "moment of the tour"),
        ({"step": "1e9"}, "moment of the tour"),
        ({"step": "99999999999999999999"}, "moment of the tour"),
        ({"turn": "A" * 80}, "moment of the tour"),  # two columns of zeros
        ({"turn": "<script>"}, "moment of the tour"),
        ({"turn": "A" * 81}, "moment of the tour"),
        ({"zoom": "0_0_0"}, "moment of the tour"),
        ({"zoom": "nan_0_0"}, "moment of the tour"),
        ({"zoom": "1_0"}, "moment of the tour"),
        ({"measure": "guess"}, "measure"),
    ],
)
def test_what_is_no_tour_is_refused_by_name(params: dict[str, str], name: str) -> None:
    choice, refused = read_tour(params, None, 15)
    assert refused == [name]
    assert choice.to_params() == START


def test_a_second_run_that_does_not_fit_is_refused() -> None:
    assert choose_second({"second": "x"}, ("y",)) == (None, ["second run"])
    assert choose_second({"second": "y"}, ("y",)) == ("y", [])
    assert choose_second({}, ("y",)) == (None, [])


def test_an_unknown_second_layer_becomes_the_usual_one(twin: Path) -> None:
    choice, refused = read_tour({"second_layer": "x"}, read_contents(TWIN), 15)
    assert refused == ["second layer"]
    assert choice.second_layer == "classifier.0"


# --- page ------------------------------------------------------------------------------------


def test_the_page_opens_with_one_network(tiny_run: Path) -> None:
    app = open_page()
    assert address(app)["run"] == TINY
    assert {key: address(app)[key] for key in KEYS if key in address(app)} == START
    assert [box.label for box in app.selectbox] == ["Run", "Compare with", "Colour by"]
    assert app.selectbox(key="second").options == ["nothing"]


def test_a_second_network_is_set_beside_and_taken_away(twin: Path) -> None:
    app = open_page(run=TINY)
    app.selectbox(key="second").select(TWIN).run()
    assert address(app)["second"] == TWIN
    assert address(app)["second_layer"] == "classifier.0"
    app.selectbox(key="second").select("none").run()
    assert not {"second", "second_layer"} & set(address(app))


def test_colours_go_between_movement_and_the_selections_own(tiny_run: Path) -> None:
    app = open_page(color="correct")
    app.selectbox(key="tour_color").select("moved").run()
    assert (address(app)["moved"], address(app)["color"]) == ("1", "correct")
    app.selectbox(key="tour_color").select("confidence").run()
    assert "moved" not in address(app)
    assert address(app)["color"] == "confidence"


def test_the_pinned_sample_is_told_with_the_answer_of_each_network(twin: Path) -> None:
    app = open_page(run=TINY, second=TWIN, sample="5")
    text = text_of(app)
    assert "Sample 0005" in text
    assert text.count('alt="Sample 5"') == 1
    assert ">tiny<" in text
    assert ">twin<" in text


def test_names_are_escaped(tiny_run: Path) -> None:
    text = text_of(open_page(sample="2"))
    assert "<b>knot</b>" not in text
    assert "&lt;b&gt;knot&lt;/b&gt;" in text


def test_a_run_without_its_embedding_says_so_and_the_page_lives(tiny_run: Path) -> None:
    shutil.rmtree(tiny_run / "umap.zarr")
    text = text_of(open_page(sample="3"))
    assert "have not been built yet" in text
    assert "Sample 0003" in text  # the rest is there


def test_a_run_that_is_not_built_says_so(tiny_run: Path) -> None:
    shutil.rmtree(tiny_run / "samples.zarr")
    assert "There is no run yet" in text_of(open_page()) or "built" in text_of(open_page(run=TINY))


def test_an_embedding_that_does_not_fit_is_called_damaged(tiny_run: Path) -> None:
    shutil.rmtree(tiny_run / "umap.zarr")
    with writing(tiny_run / "umap.zarr", layers=["input"]) as store:
        store.add("40/15d", np.ones((1, 40, 15), np.float32), ["layer", "sample", "component"])
    assert "are damaged" in text_of(open_page())
