"""Kernels and class weight vectors in a real browser: pictures of weights, pages, maps that are clicked."""

from __future__ import annotations

import re

import numpy as np
import pytest
from browser import PATIENCE, browsing, check_edges, params_of, settle
from playwright.sync_api import FrameLocator, Page, expect

from layerscope.features.class_vectors import find_nearest_classes
from layerscope.features.kernels import draw_first_filters, read_class_vectors
from layerscope.models.registry import load_model
from tests.shared.project import ROOT

pytestmark = pytest.mark.slow

SLIM, LITE = "run=objects-vgg16_slim", "run=objects-efficientnet_lite0"
WEIGHTS = ROOT / "weights" / "rendered" / "vgg16_slim.safetensors"


@pytest.fixture(scope="module")
def address(app_address: str) -> str:
    return f"{app_address}/Features"


def show_kernels(page: Page, address: str, query: str) -> None:
    page.goto(f"{address}?{query}&show=kernels")
    expect(page.locator(".st-key-panel-layers button").first).to_be_visible(timeout=PATIENCE)
    settle(page)


def show_classes(page: Page, address: str, query: str) -> FrameLocator:
    page.goto(f"{address}?{query}&show=classes")
    chart = page.frame_locator(".st-key-class-map iframe")
    expect(chart.locator(".scatterlayer .points path").first).to_be_attached(timeout=PATIENCE)
    settle(page)
    return chart


def wait_for(page: Page, key: str, value: str | None) -> None:
    pattern = rf"(\?|&){key}={re.escape(value)}(&|$)" if value else rf"^(?!.*[?&]{key}=)"
    expect(page).to_have_url(re.compile(pattern), timeout=PATIENCE)
    settle(page)


def test_filters_are_what_the_model_has_and_lead_to_units(page: Page, address: str) -> None:
    show_kernels(page, address, SLIM)
    tiles = page.locator(".st-key-kernel_grid canvas.tiles")
    pixel = tiles.evaluate("(e) => [...e.getContext('2d').getImageData(4, 4, 1, 1).data]")
    filters = draw_first_filters(load_model("vgg16_slim", WEIGHTS))
    np.testing.assert_array_equal(pixel[:3], filters[0, 0, 0])
    page.locator(".st-key-kernel_grid canvas.marks").hover(position={"x": 8, "y": 8})
    expect(page.locator(".kernels .tooltip")).to_contain_text("filter 0")
    page.locator(".st-key-panel-layers button[data-layer='features.5']").click()
    wait_for(page, "kernel_layer", "features.5")
    expect(page.locator(".kernels h2")).to_have_text("features.5", timeout=PATIENCE)
    page.get_by_role("button", name="filters after").click()
    wait_for(page, "kernel_columns", "1")
    # A filter that is reached by keyboard.
    box = page.locator(".kernels .box")
    box.focus()
    for _ in range(3):
        box.press("ArrowRight")
    expect(page.locator(".kernels .tooltip")).to_contain_text("filter 26")
    box.press("Enter")
    wait_for(page, "channel", "26")
    assert params_of(page)["layer"] == "features.5" and "show" not in params_of(page)
    expect(page.locator(".st-key-features-units")).to_be_attached(timeout=PATIENCE)


def test_a_link_restores_a_page_and_a_layer_inside_a_block_leads_nowhere(
    page: Page, address: str
) -> None:
    query = "kernel_layer=blocks.6.0.conv_dw&kernel_order=norm&kernel_columns=11"
    show_kernels(page, address, f"{LITE}&{query}")
    expect(page.locator(".kernels .pager select")).to_have_value("#1057 – 1152")
    page.locator(".st-key-kernel_grid canvas.marks").click(position={"x": 8, "y": 8})
    expect(page.locator(".kernels .tooltip")).to_contain_text("Inside a block")
    settle(page)
    assert params_of(page)["show"] == "kernels" and "channel" not in params_of(page)


def test_classes_are_clicked_walked_and_looked_into(page: Page, address: str) -> None:
    chart = show_classes(page, address, f"{SLIM}&class_map=pca")
    points = chart.locator(".scatterlayer .trace").nth(1).locator(".points path")
    assert points.count() == 20
    vectors = read_class_vectors(load_model("vgg16_slim", WEIGHTS))

    def click_point(index: int) -> None:
        place = points.nth(index).bounding_box()
        assert place is not None
        page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        page.wait_for_timeout(200)
        page.mouse.down()
        page.mouse.up()
        wait_for(page, "class_of", str(index))

    click_point(5)
    rows = page.locator(".st-key-nearest_classes button")
    expected = find_nearest_classes(vectors, 5, rows.count())
    shown = rows.evaluate_all("(all) => all.map((each) => Number(each.dataset.class))")
    assert shown == expected.indices.tolist()
    figures = [float(text.replace("−", "-")) for text in rows.locator(".figure").all_inner_texts()]
    np.testing.assert_allclose(figures, expected.similarities, atol=6e-4)
    rows.first.click()
    wait_for(page, "class_of", str(expected.indices[0]))
    click_point(5)  # again: it is heard a second time
    page.get_by_role("button", name="What does this class look for?").click()
    wait_for(page, "channel", "5")
    assert params_of(page)["layer"] == "probabilities" and "show" not in params_of(page)


def test_of_a_thousand_classes_thirty_are_shown_then_all(page: Page, address: str) -> None:
    chart = show_classes(page, address, f"{LITE}&class_map=pca")
    points = chart.locator(".scatterlayer .trace").nth(1).locator(".points path")
    expect(points).to_have_count(30, timeout=PATIENCE)
    page.get_by_role("button", name="Draw others").click()
    wait_for(page, "class_seed", "1")
    page.get_by_role("radio", name="All", exact=True).click()
    wait_for(page, "class_set", "all")
    expect(points).to_have_count(1000, timeout=PATIENCE)
    page.get_by_role("combobox", name="Class").click()
    page.keyboard.type("golden retriever")
    page.get_by_role("option", name="golden retriever").click()
    wait_for(page, "class_of", "207")
    expect(page.locator(".st-key-nearest_classes button").first).to_contain_text("Labrador")
    page.get_by_role("radio", name="t-SNE", exact=True).click()
    wait_for(page, "class_map", None)
    head = page.locator(".st-key-panel-classes .plot-head")
    expect(head).to_contain_text("t-SNE of 1,000 classes", timeout=PATIENCE)
    assert "perplexity 30" in head.inner_text() and "chance 1%" in head.inner_text()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_nothing_reaches_over_the_edge(address: str, width: int, height: int) -> None:
    with browsing(width, height) as (page, errors):
        show_kernels(page, address, f"{SLIM}&kernel_layer=features.14")
        check_edges(page, ("side-panel", "panel-kernels", "panel-layers", "panel-reading"))
        show_classes(page, address, SLIM)
        check_edges(page, ("side-panel", "panel-classes", "panel-class"))
        frame = page.locator(".st-key-class-map iframe").bounding_box()
        chart = page.frame_locator(".st-key-class-map iframe").locator(".main-svg").first
        place = chart.bounding_box()
        assert frame is not None and place is not None
        assert place["height"] == pytest.approx(frame["height"], abs=20)  # it fills its frame
        assert errors == []
