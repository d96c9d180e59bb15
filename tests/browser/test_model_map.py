"""The model map in a real browser: every node is hit where it is seen, and no pick is lost."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from browser import serving, settle
from playwright.sync_api import Locator, Page

from tests.shared.inputs import take

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

MODELS = ("vgg16_slim", "resnet50", "googlenet")
SCRIPT = """
import json, time
from pathlib import Path
import streamlit as st
from layerscope.models.layers import Layer
from ui.components.model_map import LayerCurve, draw_model_map

tables = json.loads(Path("tables.json").read_text())
state, params = st.session_state, st.query_params
name = state.setdefault("model", params.get("model", "vgg16_slim"))
layers = [Layer(**{**row, "shape": tuple(row["shape"])}) for row in tables[name]]
chosen = state.setdefault("layer", params.get("layer", "input"))
time.sleep(float(params.get("delay", 0)))

def pick(key):
    state.layer = key
    state.picks = [*state.get("picks", []), key]

def change(**values):
    state.update(values)

st.html("<style>:root { --map-height: %dpx } .stMainBlockContainer { max-width: none; "
        "padding: 0 12px } .stApp { font-size: 13px }</style>" % int(params.get("height", 170)))
strong = {layer.key: i / (len(layers) - 1) for i, layer in enumerate(layers) if i != 3}
faint = {layer.key: 0.5 for layer in layers}
curves = [LayerCurve("kNN accuracy, t-SNE 30", strong, True), LayerCurve("own space", faint, False)]
curves = curves[: int(params.get("curves", 2))]
draw_model_map(layers, chosen, curves, key="map", on_pick=pick)
st.button("elsewhere", on_click=change, kwargs={"layer": layers[2].key})
st.button("another", on_click=change, kwargs={"model": "googlenet", "layer": "inception4a"})
st.html(f"<p class='chosen'>{chosen}</p><p class='picks'>{' '.join(state.get('picks', []))}</p>")
"""


def write_tables(folder: Path) -> dict[str, list[str]]:
    """Layer tables of three networks with random weights; returns their keys."""
    from layerscope.datasets.categories import Category
    from layerscope.models.layer_table import layer_table
    from layerscope.models.registry import Classifier, vgg16_slim
    from layerscope.vision import torchvision

    build = torchvision.models.get_model
    options = {"transform_input": True, "aux_logits": True, "init_weights": False}
    modules = {
        "vgg16_slim": vgg16_slim(10),
        "resnet50": build("resnet50", weights=None),
        "googlenet": build("googlenet", weights=None, **options),
    }
    outputs = (Category(None, None, "red"), Category(None, None, "blue"))
    tables = {}
    for name, module in modules.items():
        module = module.eval().requires_grad_(False)
        classifier = Classifier(name, module, take(224), outputs)
        tables[name] = [asdict(layer) for layer in layer_table(classifier)]
    (folder / "tables.json").write_text(json.dumps(tables))
    return {name: [row["key"] for row in rows] for name, rows in tables.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("map")


@pytest.fixture(scope="module")
def keys(folder: Path) -> dict[str, list[str]]:
    return write_tables(folder)


@pytest.fixture(scope="module")
def address(folder: Path, keys: dict[str, list[str]]) -> Iterator[str]:
    (folder / "map_page.py").write_text(SCRIPT)
    with serving(folder, folder / "map_page.py") as found:
        yield found


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("[data-layer][aria-selected=true]")
    settle(page)


def node(page: Page, key: str) -> Locator:
    return page.locator(f"[data-layer='{key}']")


def selected(page: Page) -> str | None:
    marked = page.locator("[data-layer][aria-selected=true]")
    assert marked.count() == 1
    return marked.get_attribute("data-layer")


def box_of(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box is not None
    return dict(box)


@pytest.mark.parametrize("model", MODELS)
def test_every_node_is_picked_by_a_click_in_its_middle(
    page: Page, address: str, keys: dict[str, list[str]], model: str
) -> None:
    page.set_viewport_size({"width": 1000, "height": 500})  # the narrowest, so the most overlap
    visit(page, f"{address}/?model={model}&layer=probabilities&height=150")
    assert page.locator("[data-layer]").count() == len(keys[model])
    for key in keys[model]:
        box = box_of(node(page, key))
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert selected(page) == key
        node(page, key).click(trial=True)  # Playwright's own check that nothing lies over it
        page.wait_for_function("k => document.querySelector('p.chosen').textContent === k", arg=key)
    assert page.locator(".picks").inner_text().split() == keys[model]


@pytest.mark.parametrize("model", MODELS)
def test_the_drawing_fills_the_panel_and_stays_in_it(page: Page, address: str, model: str) -> None:
    visit(page, f"{address}/?model={model}")
    for width, height in ((1000, 150), (1280, 170), (1920, 180), (2560, 190)):
        page.set_viewport_size({"width": width, "height": 400})
        page.evaluate(
            "h => document.documentElement.style.setProperty('--map-height', `${h}px`)", height
        )
        page.wait_for_timeout(150)
        check_layout(page, height)


def check_layout(page: Page, height: int) -> None:
    panel = page.locator(".map")
    outer = box_of(panel)
    assert outer["height"] == height
    inner = panel.evaluate("e => [e.scrollWidth, e.scrollHeight]")
    assert inner == [outer["width"], height]
    boxes = [box_of(each) for each in page.locator("[data-layer]").all()]
    rights = [each["x"] + each["width"] - outer["x"] for each in boxes]
    assert 12 < boxes[0]["x"] - outer["x"] < 32
    assert outer["width"] - 24 < rights[-1] == max(rights) < outer["width"] - 8
    assert min(each["y"] for each in boxes) > box_of(page.locator(".map-head"))["y"] + 20
    foot = max(each["y"] + each["height"] for each in boxes)
    assert foot < box_of(page.locator(".groups text").first)["y"] + 3
    fronts = [box_of(each)["x"] for each in page.locator("[data-layer] .front").all()]
    assert min(b - a for a, b in itertools.pairwise(fronts)) > 14
    caption, kinds = box_of(page.locator(".map-caption")), box_of(page.locator(".map-kinds"))
    assert caption["x"] + caption["width"] < kinds["x"]
    assert kinds["x"] + kinds["width"] <= outer["x"] + outer["width"]


def test_a_panel_that_changes_its_size_is_filled_anew(page: Page, address: str) -> None:
    visit(page, address)
    first = node(page, "probabilities").element_handle()
    page.set_viewport_size({"width": 1600, "height": 800})
    page.wait_for_timeout(200)
    box = box_of(node(page, "probabilities"))
    assert 1600 - 50 < box["x"] + box["width"] < 1600 - 12
    assert first.evaluate("e => e.isConnected")  # moved, not drawn again


def test_hovering_names_a_node_in_the_browser_alone(page: Page, address: str) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    visit(page, f"{address}/?layer=features.28")
    before = len(sent)
    assert before > 0
    caption = page.locator(".map-caption")
    assert caption.inner_text().split("\n")[:3] == ["features.28", "conv5_3", "convolution"]
    assert "14 × 14 × 128" in caption.inner_text()
    assert page.locator(".map-name").is_hidden()
    assert page.locator(".curve-value.at-chosen").text_content() == "0.78"  # the 30th of 38 nodes
    node(page, "features.16").hover()
    said = caption.inner_text()
    assert said.startswith("features.16\npool3\npooling\n28 × 28 × 64\nreceptive field 44 px")
    assert "click to open" in said and "parameters" not in said
    assert page.locator(".map-name").inner_text().split() == ["features.16", "pool3"]
    assert page.locator(".curve-value.at-hovered").text_content() == "0.46"
    node(page, "features.2").hover()  # the layer without a figure
    assert page.locator(".curve-value.at-hovered").is_hidden()
    node(page, "features.1").hover()
    assert page.locator(".map-name").inner_text().split() == ["features.1", "relu1_1"]
    page.mouse.move(5, 390)
    assert page.locator(".map-name").is_hidden()
    assert caption.inner_text().startswith("features.28")
    page.wait_for_timeout(300)
    assert len(sent) == before
    assert selected(page) == "features.28"


def test_a_layer_without_a_figure_leaves_a_gap_in_the_curve(page: Page, address: str) -> None:
    visit(page, f"{address}/?layer=features.2")  # the fourth node has none
    assert page.locator(".curve-value.at-chosen").is_hidden()
    assert page.locator(".curve-line.strong").first.get_attribute("d").count("M") == 2
    assert page.locator(".curve-line:not(.strong)").first.get_attribute("d").count("M") == 1
    label = node(page, "features.28").get_attribute("aria-label")
    assert label is not None
    assert label.startswith("features.28, conv5_3, convolution, 14 × 14 × 128, ")
    assert label.endswith("kNN accuracy, t-SNE 30 0.78")
    assert "accuracy" not in str(node(page, "features.2").get_attribute("aria-label"))


def test_without_curves_the_nodes_have_the_whole_height(page: Page, address: str) -> None:
    visit(page, address)
    low = box_of(node(page, "input"))["height"]
    visit(page, f"{address}/?curves=0")
    assert box_of(node(page, "input"))["height"] > low + 20
    assert page.locator(".ground > *, .readings > *").count() == 0


def test_keys_move_by_nodes_and_by_groups(
    page: Page, address: str, keys: dict[str, list[str]]
) -> None:
    visit(page, f"{address}/?layer=features.8")
    box = page.get_by_role("listbox", name="Model map, 38 layers from input to output")
    box.focus()
    expected = {
        "ArrowRight": "features.9",
        "ArrowLeft": "features.8",
        "ArrowDown": "features.9",
        "ArrowUp": "features.8",
        "PageDown": "features.10",
        "PageUp": "features.5",
        "End": "probabilities",
        "Home": "input",
    }
    for key, layer in expected.items():
        page.keyboard.press(key)
        assert selected(page) == layer
        active = box.get_attribute("aria-activedescendant")
        assert node(page, layer).get_attribute("id") == active
        settle(page)
        assert selected(page) == layer
    assert page.locator(".picks").inner_text().split() == list(expected.values())
    page.keyboard.press("ArrowLeft")  # there is none before the first
    assert selected(page) == "input"


def test_no_key_press_is_lost_or_taken_back_while_the_page_follows(
    page: Page, address: str, keys: dict[str, list[str]]
) -> None:
    visit(page, f"{address}/?delay=0.2")
    box = page.get_by_role("listbox")
    box.evaluate(
        """svg => {
          window.seen = [];
          const note = () => window.seen.push(svg.getAttribute("aria-activedescendant"));
          new MutationObserver(note).observe(svg, { attributeFilter: ["aria-activedescendant"] });
        }"""
    )
    box.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(45)
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(45)
    page.wait_for_timeout(1500)
    settle(page)
    path = [*range(1, 13), 11, 10, 9]
    assert page.evaluate("window.seen") == [f"node-{i}" for i in path]
    assert selected(page) == page.locator("p.chosen").inner_text() == keys["vgg16_slim"][9]


def test_the_map_follows_what_is_chosen_elsewhere(page: Page, address: str) -> None:
    visit(page, address)
    node(page, "features.20").click()
    settle(page)
    kept = node(page, "features.1").element_handle()
    page.get_by_role("button", name="elsewhere").click()
    settle(page)
    assert selected(page) == "features.1"
    assert kept.evaluate("e => e.isConnected")
    assert page.locator(".map-caption").inner_text().startswith("features.1\n")
    page.get_by_role("button", name="another").click()
    settle(page)
    assert page.locator("[data-layer]").count() == 20
    assert selected(page) == "inception4a"
    assert page.locator(".map-caption").inner_text().startswith("inception4a\nblock\n14 × 14 × 512")
    node(page, "conv1").click()
    assert selected(page) == "conv1"
