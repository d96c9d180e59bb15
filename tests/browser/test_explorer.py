"""The Explorer in a real browser: choosing, hovering, pinning, and a link that restores it all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import browsing, params_of, serving, settle
from playwright.sync_api import Page

from tests.shared.project import TINY

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(tiny_source: Path) -> Iterator[str]:
    with serving(tiny_source) as found:
        yield found


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with browsing() as (page, errors):
        page.goto(address)
        settle(page)
        yield page
        assert errors == []
        assert page.locator("[data-testid=stException]").all_inner_texts() == []


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    settle(page)


def find_point(page: Page) -> tuple[float, float]:
    """Where a sample lies: the place of a grid, from the middle outwards, that has a tooltip."""
    box = page.locator(".plot").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    grid = [(20 * column, 20 * row) for column in range(-14, 15) for row in range(-14, 15)]
    for x, y in sorted(grid, key=lambda place: place[0] ** 2 + place[1] ** 2):
        page.mouse.move(middle[0] + x, middle[1] + y)
        if page.locator(".tooltip").is_visible():
            return middle[0] + x, middle[1] + y
    raise AssertionError("no sample under the pointer anywhere")


def test_every_choice_changes_the_view_and_the_address(page: Page) -> None:
    head = page.locator(".plot-head")
    assert "t-SNE, perplexity 30 (effective 13)" in head.inner_text()
    choose(page, "20")
    choose(page, "5")
    assert "t-SNE, perplexity 5" in head.inner_text()
    page.locator("[data-layer='features.0']").click()
    settle(page)
    assert "features.0, 20 samples" in head.inner_text()
    choose(page, "UMAP")
    assert head.inner_text().startswith("UMAP")
    choose(page, "PCA")
    assert "explained variance 0.50" in head.inner_text()
    assert page.get_by_text("Perplexity", exact=True).count() == 0
    assert params_of(page) == {
        "run": TINY,
        "size": "20",
        "layer": "features.0",
        "method": "pca",
        "perplexity": "5",
    }


def test_hovering_stays_in_the_browser(page: Page) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    settle(page)
    before = len(sent)
    assert before > 0
    find_point(page)
    tooltip = page.locator(".tooltip")
    assert "uid" in tooltip.inner_text()
    assert "predicted" in tooltip.inner_text()
    picture = page.locator(".tooltip .picture")
    assert "blob:" in picture.evaluate("element => getComputedStyle(element).backgroundImage")
    page.wait_for_timeout(500)
    assert len(sent) == before
    assert page.locator(".hint").count() == 1


def test_the_keyboard_reaches_every_sample(page: Page) -> None:
    page.locator(".plot").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".tooltip").is_visible()
    first = page.locator(".tooltip .uid").inner_text()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".tooltip .uid").inner_text() != first
    page.keyboard.press("Enter")
    settle(page)
    assert f"{int(params_of(page)['sample']):04d}" == page.locator(".tooltip .uid").inner_text()
    page.keyboard.press("Escape")
    settle(page)
    assert "sample" not in params_of(page)
    assert page.locator(".hint").count() == 1


def test_zoom_and_pan_are_undone_by_a_double_click(page: Page) -> None:
    x, y = find_point(page)
    uid = page.locator(".tooltip .uid").inner_text()
    page.mouse.wheel(0, -400)
    assert page.locator(".tooltip .uid").inner_text() == uid  # zooming holds the point in place
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=4)
    page.mouse.up()
    page.mouse.move(x + 60, y + 40)
    assert page.locator(".tooltip .uid").inner_text() == uid
    assert "needed" in str(page.locator(".reset").get_attribute("class"))
    page.locator(".reset").click()
    page.wait_for_timeout(600)  # the way back is a journey too
    assert "needed" not in str(page.locator(".reset").get_attribute("class"))
    page.mouse.move(x, y)
    assert page.locator(".tooltip .uid").inner_text() == uid


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 800), (1600, 1000), (1920, 1080), (2560, 1600)]
)
def test_everything_is_on_one_screen(address: str, width: int, height: int) -> None:
    with browsing(width, height) as (page, errors):
        page.goto(f"{address}/?sample=1")
        settle(page)
        panels = ("model-map", "view-panel", "plot-panel", "inspector-panel", "activations-panel")
        for panel in panels:
            box = page.locator(f".st-key-{panel}").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height
            assert box["x"] + box["width"] <= width
            assert box["width"] > 200 and box["height"] > 140
        scrolled = "() => document.querySelector('.stMain').scrollHeight"
        assert page.evaluate(scrolled) <= height
        color = "element => getComputedStyle(element).backgroundColor"
        assert page.locator(".stApp").evaluate(color) == "rgb(14, 17, 20)"
        assert errors == []


def test_about_opens_from_the_navigation_and_keeps_the_view(page: Page) -> None:
    before = page.url.partition("?")[2]
    page.get_by_role("link", name="About").click()
    page.wait_for_selector(".prose")
    settle(page)
    assert "What a network makes of pictures" in page.locator(".prose").inner_text()
    page.get_by_role("link", name="Explorer").click()
    page.wait_for_selector(".plot-head")
    settle(page)
    assert page.url.partition("?")[2] == before
