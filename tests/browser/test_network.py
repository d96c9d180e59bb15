"""The Network page in a real browser: a graph to walk in, distributions that play, curves."""

from __future__ import annotations

import re

import pytest
from browser import PATIENCE, params_of, settle
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

VGG, LITE = "run=objects-vgg16_slim", "run=objects-efficientnet_lite0"
GRAPH = ".st-key-panel-graph"
DETAILS = ".st-key-node-details"


@pytest.fixture(scope="module")
def address(app_address: str) -> str:
    return f"{app_address}/Network"


def box(key: str) -> str:
    return f'{GRAPH} .box[data-key="{key}"]'


def show_graph(page: Page, address: str, query: str) -> None:
    page.goto(f"{address}?{query}")
    expect(page.locator(f"{GRAPH} .box").first).to_be_visible(timeout=PATIENCE)
    settle(page)


def scale_of(page: Page) -> int:
    return int(page.locator(f"{GRAPH} .scale").inner_text().split()[0])


def test_a_box_is_chosen_opened_and_followed_to_the_explorer(page: Page, address: str) -> None:
    show_graph(page, address, VGG)
    expect(page.locator(f"{GRAPH} .box")).to_have_count(8)
    page.locator(box("+3")).click()
    expect(page.locator(DETAILS)).to_contain_text("features.10 – 16", timeout=PATIENCE)
    expect(page.locator(DETAILS)).to_contain_text("64×28×28")
    page.locator(f"{box('+3')} .toggle").click()
    expect(page.locator(box("features.14"))).to_be_visible(timeout=PATIENCE)
    settle(page)  # of two triggers of one component in one run Streamlit keeps the later
    page.locator(box("features.14")).click()
    expect(page.locator(DETAILS)).to_contain_text("features.14 (conv3_3)", timeout=PATIENCE)
    expect(page.locator(DETAILS)).to_contain_text("64×64×3×3")
    settle(page)
    params = params_of(page)
    assert params["layer"] == "features.14" and params["opened"] == "+3" and "node" not in params
    page.reload()  # the address holds it
    expect(page.locator(f"{box('features.14')}.chosen")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Open features.14 in the Explorer").click()
    expect(page.locator(".st-key-model-map")).to_contain_text("features.14", timeout=PATIENCE)


def test_the_graph_is_zoomed_walked_and_opened_with_keys(page: Page, address: str) -> None:
    show_graph(page, address, f"{LITE}&level=operators")
    expect(page.locator(f"{GRAPH} .box")).to_have_count(150)
    assert scale_of(page) == 100
    page.get_by_role("button", name="Fit").click()
    assert scale_of(page) < 15
    page.get_by_role("button", name="Start").click()
    assert scale_of(page) == 100
    stage = page.locator(f"{GRAPH} svg").bounding_box()
    assert stage is not None
    page.mouse.move(stage["x"] + 200, stage["y"] + 200)
    page.mouse.wheel(0, -400)
    expect(page.locator(f"{GRAPH} .scale")).not_to_have_text("100 %")
    before = page.locator(f"{GRAPH} .world").get_attribute("transform")
    page.mouse.down()
    page.mouse.move(stage["x"] + 260, stage["y"] + 150, steps=3)
    page.mouse.up()
    assert page.locator(f"{GRAPH} .world").get_attribute("transform") != before
    # Against the tensors from a residual sum: first into the branch; sideways along the shortcut.
    page.goto(f"{address}?{LITE}&level=operators&node=blocks.1.1%2Fadd")
    expect(page.locator(f"{GRAPH} .box.chosen")).to_have_attribute(
        "data-key", "blocks.1.1/add", timeout=PATIENCE
    )
    settle(page)
    chosen = page.locator(f"{GRAPH} .box.chosen")
    page.locator(f"{GRAPH} svg").focus()
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_attribute("data-key", "blocks.1.1.bn3")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    expect(page.locator(DETAILS)).to_contain_text("blocks.1.1", timeout=PATIENCE)
    page.keyboard.press("Enter")  # the block closes, and is chosen
    expect(chosen).to_have_attribute("data-key", re.compile(r"blocks\.1\.\d"))
    settle(page)
    assert "opened" in params_of(page)
    page.get_by_text("Stages", exact=True).click()
    expect(page.locator(f"{GRAPH} .box")).to_have_count(11, timeout=PATIENCE)
    assert "opened" not in params_of(page)


def test_epochs_play_and_a_cell_leads_to_its_layer(page: Page, address: str) -> None:
    page.goto(f"{address}?{VGG}&network_view=distributions&quantity=gradient&epoch=13")
    head = page.locator(".st-key-panel-history .plot-head")
    expect(head).to_contain_text("Gradients of classifier.6", timeout=PATIENCE)
    expect(head).to_contain_text("epoch 13")
    expect(page.locator(".st-key-panel-layers .js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    settle(page)
    page.get_by_role("button", name="Play").click()
    expect(head).to_contain_text("epoch 15", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=PATIENCE)
    assert "epoch" not in params_of(page)  # the last is the usual one
    slider = page.get_by_role("slider", name="All layers after epoch")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(head).to_contain_text("epoch 14", timeout=PATIENCE)
    matrix = page.frame_locator(".st-key-panel-figures iframe").locator(".nsewdrag")
    room = matrix.bounding_box(timeout=PATIENCE)
    assert room is not None
    # Row 2 of 16, column 4 of 16: before training, then 15 epochs.
    matrix.click(position={"x": room["width"] * 3.5 / 16, "y": room["height"] * 1.5 / 16})
    expect(head).to_contain_text("Gradients of features.2", timeout=PATIENCE)
    expect(head).to_contain_text("epoch 3")
    settle(page)
    assert (params_of(page)["layer"], params_of(page)["epoch"]) == ("features.2", "3")


def test_a_model_of_others_shows_its_weights_and_the_trainings_at_hand(
    page: Page, address: str
) -> None:
    page.goto(f"{address}?{LITE}&network_view=distributions")
    panel = page.locator(".st-key-panel-final")
    expect(panel.locator(".js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    expect(panel).to_contain_text("not trained here")
    page.get_by_text("Training", exact=True).last.click()
    settle(page)
    page.goto(f"{address}?{LITE}&network_view=training")
    expect(page.locator(".st-key-panel-curves")).to_contain_text(
        "not trained here", timeout=PATIENCE
    )
    page.get_by_role("combobox", name="Training").click()
    page.get_by_role("option", name="rendered").click()
    curves = page.locator(".st-key-panel-curves")
    expect(curves.locator(".js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    expect(curves.locator(".js-plotly-plot")).to_contain_text("128 px")
