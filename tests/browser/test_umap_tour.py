"""The UMAP Tour's page in a real browser, on the embedded runs: what its parts tell one another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import params_of, settle
from playwright.sync_api import Page, expect

from layerscope.storage.store import Store

pytestmark = pytest.mark.slow

FIRST, SECOND = "objects-vgg16_slim", "objects-efficientnet_lite0"
PAIR = f"run={FIRST}&second={SECOND}&layer=features.23&second_layer=blocks.5.3&size=100&step=300"


@pytest.fixture(scope="module")
def address(app_address: str) -> str:
    return f"{app_address}/UMAP_Tour"


def show(page: Page, address: str, query: str) -> None:
    page.goto(f"{address}?{query}")
    page.wait_for_selector(".grand-tour")
    for _ in range(200):  # all clouds are there
        if ask(page, "tour.views.every((each) => each.frame)"):
            break
        page.wait_for_timeout(50)
    settle(page)


def ask(page: Page, script: str) -> Any:
    return page.locator(".grand-tour").evaluate(f"({{ tour }}) => {script}")


def layers(page: Page) -> list[str]:
    return str(page.locator(".grand-tour").get_attribute("data-layers")).split()


def places(page: Page, view: int = 0) -> np.ndarray:
    return np.reshape(ask(page, f"[...tour.views[{view}].renderer.places]"), (-1, 2))


def select(page: Page, label: str, name: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.keyboard.type(name)
    page.get_by_role("option", name=name, exact=True).click()
    settle(page)


def click_layer(page: Page, network: int, key: str) -> None:
    page.locator(".track").nth(network).locator(f"[data-key='{key}']").click()
    page.wait_for_timeout(1000)
    settle(page)


def test_the_page_opens_on_one_network_in_motion(page: Page, address: str) -> None:
    show(page, address, f"run={FIRST}&size=100&layer=features.23")
    assert page.locator(".grand-tour").get_attribute("data-playing") == "true"
    assert page.locator(".track").count() == 1
    assert page.locator(".track [data-key]").count() == 38
    before = places(page)
    page.wait_for_timeout(1500)
    assert np.abs(places(page) - before).max() > 2
    page.keyboard.press(" ")
    settle(page)
    assert params_of(page)["step"] == page.locator(".grand-tour").get_attribute("data-step")


def test_a_layer_is_travelled_to_and_kept_in_the_address(page: Page, address: str) -> None:
    show(page, address, PAIR)
    click_layer(page, 0, "features.10")
    click_layer(page, 1, "blocks.2.1")
    assert layers(page) == ["features.10", "blocks.2.1"]
    params = params_of(page)
    assert (params["layer"], params["second_layer"]) == ("features.10", "blocks.2.1")
    reading = page.locator(".similarity .reading")
    assert "features.10 × blocks.2.1" in reading.inner_text()
    page.reload()
    page.wait_for_selector(".grand-tour")
    settle(page)
    assert layers(page) == ["features.10", "blocks.2.1"]


def test_a_cell_of_the_matrix_goes_to_its_pair(page: Page, address: str, embedded: Path) -> None:
    show(page, address, PAIR)
    store = Store(embedded / "data/similarity/objects.zarr")
    row, column = 5, 11
    first, second = store.attributes["layers"]
    x, y = page.locator(".similarity .box").evaluate(
        """(box, [row, column, rows, columns]) => {
            const [width, height] = [box.clientWidth - 7, box.clientHeight - 7];
            return [7 + ((column + 0.5) * width) / columns, 7 + ((row + 0.5) * height) / rows];
        }""",
        [row, column, len(first), len(second)],
    )
    page.locator(".similarity .box").click(position={"x": x, "y": y})
    page.wait_for_timeout(1200)
    settle(page)
    assert layers(page) == [first[row], second[column]]
    value = float(store.read("first-second/cka")[0, row, column])
    assert float(page.locator(".similarity .figure").inner_text()) == pytest.approx(
        value, abs=0.006
    )


def test_a_second_network_is_set_beside_the_first(page: Page, address: str) -> None:
    show(page, address, f"run={FIRST}&size=100&layer=features.23&step=10")
    select(page, "Compare with", "objects / efficientnet_lite0")
    page.wait_for_timeout(1500)
    assert page.locator(".track").count() == 2
    assert params_of(page)["second"] == SECOND
    aligned = places(page, 1)
    page.locator(".timeline [data-does=align]").click()
    page.wait_for_timeout(1200)
    settle(page)
    assert params_of(page)["apart"] == "1"
    assert np.abs(places(page, 1) - aligned).max() > 5
    select(page, "Compare with", "nothing")
    assert page.locator(".track").count() == 1
    assert "second" not in params_of(page)


def test_a_pinned_sample_goes_along_to_the_explorer_and_back(page: Page, address: str) -> None:
    show(page, address, PAIR)
    page.keyboard.press("h")  # rings would be caught instead
    at = places(page)
    apart = np.linalg.norm(at[:, None] - at, axis=2)
    np.fill_diagonal(apart, np.inf)
    box = page.locator(".plot").first.bounding_box()
    assert box is not None
    inside = (at > 20).all(1) & (at[:, 0] < box["width"] - 80) & (at[:, 1] < box["height"] - 60)
    uid = int(np.where(inside, apart.min(1), 0).argmax())
    page.mouse.click(box["x"] + float(at[uid, 0]), box["y"] + float(at[uid, 1]))
    settle(page)
    assert params_of(page)["sample"] == str(uid)
    card = page.locator(".st-key-card-panel")
    expect(card).to_contain_text(f"Sample {uid:04d}", ignore_case=True)
    expect(card).to_contain_text("efficientnet_lite0")
    card.get_by_role("link", name="Open in the Explorer").click()
    page.wait_for_selector(".plot-head")
    settle(page)
    assert params_of(page)["sample"] == str(uid)
    expect(page.locator(".plot-head")).to_contain_text("features.23")
    page.get_by_role("link", name="UMAP Tour", exact=True).click()
    page.wait_for_selector(".grand-tour")
    settle(page)
    assert params_of(page)["second"] == SECOND  # this session remembers
    assert params_of(page)["sample"] == str(uid)


def test_groups_and_handles_of_ones_own_outlive_a_visit_elsewhere(page: Page, address: str) -> None:
    show(page, address, f"run={FIRST}&size=100&layer=features.23&step=300")
    box = page.locator(".plot").first.bounding_box()
    assert box is not None
    x, y, w, h = box["x"], box["y"], box["width"] - 70, box["height"]
    page.keyboard.down("Shift")
    page.mouse.move(x + 10, y + 10)
    page.mouse.down()
    for across, down in ((w, 10), (w, h - 60), (10, h - 60), (10, 10)):
        page.mouse.move(x + across, y + down, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    settle(page)
    page.keyboard.press("d")
    settle(page)
    page.get_by_role("link", name="About", exact=True).click()
    page.wait_for_selector(".about")
    page.get_by_role("link", name="UMAP Tour", exact=True).click()
    page.wait_for_selector(".grand-tour")
    settle(page)
    assert [each["name"] for each in ask(page, "tour.choices.get('handles')")] == ["Group 1"]
    assert len(ask(page, "tour.choices.get('lassoed')")) > 20


def test_a_link_shows_another_visitor_the_same(page: Page, address: str) -> None:
    show(page, address, PAIR)
    page.locator(".plot").first.hover()
    page.mouse.wheel(0, -240)
    page.wait_for_timeout(900)
    settle(page)
    seen, link = [places(page, k) for k in range(2)], page.url
    assert "zoom" in params_of(page)
    browser = page.context.browser
    assert browser is not None
    other = browser.new_page(viewport={"width": 1280, "height": 800})
    show(other, address, link.partition("?")[2])
    for k in range(2):
        assert np.abs(places(other, k) - seen[k]).max() < 1


def test_colours_tell_of_movement(page: Page, address: str) -> None:
    show(page, address, PAIR)
    select(page, "Colour by", "Movement between layers")
    expect(page.locator(".legend")).to_contain_text("Moved from")
    click_layer(page, 0, "features.10")
    expect(page.locator(".legend")).to_contain_text("Moved from pool4")


def test_what_a_link_asks_for_in_vain_is_told(page: Page, address: str) -> None:
    show(page, address, f"run={FIRST}&size=100&second=nobody&turn=%3Cscript%3E&step=5")
    expect(page.locator("[data-testid=stToast]").first).to_contain_text("second run")
    assert "turn" not in params_of(page)
    assert page.locator(".track").count() == 1


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (820, 900)])
def test_nothing_hangs_over_the_edge(page: Page, address: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    show(page, address, f"{PAIR}&sample=3")
    wide, high = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert wide <= size[0]
    if size[0] >= 1280:
        assert high <= size[1]
    for name in (".st-key-tour-panel", ".st-key-similarity-panel", ".st-key-card-panel"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
        assert box["y"] + box["height"] <= max(size[1], high)
