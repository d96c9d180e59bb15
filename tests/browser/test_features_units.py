"""The Units view in a real browser: an ascent that is watched, stopped and played, and ways to others."""

from __future__ import annotations

import re

import pytest
from browser import PATIENCE, browsing, check_edges, params_of, settle
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.slow

RUN = "run=objects-vgg16_slim&layer=features.4"


@pytest.fixture(scope="module")
def address(app_address: str) -> str:
    return f"{app_address}/Features"


def show(page: Page, address: str, query: str) -> None:
    page.goto(f"{address}?{query}")
    expect(page.locator(".player .act")).to_be_visible(timeout=PATIENCE)
    settle(page)


def act(page: Page, name: str) -> Locator:
    """The button of the player, once it says so."""
    button = page.locator(".player .act")
    expect(button).to_have_text(name, timeout=PATIENCE)
    return button


def frames(page: Page) -> int:
    return int(page.locator(".player input").get_attribute("max") or 0)


def source(page: Page) -> str:
    return str(page.locator(".player .picture").get_attribute("src"))


def test_an_ascent_is_watched_and_stopped(page: Page, address: str) -> None:
    show(page, address, f"{RUN}&channel=3&ascent=n_steps-256")
    act(page, "Start").click()
    act(page, "Stop")
    line = page.locator(".objective .line")
    expect(line).to_have_attribute("d", re.compile("L"), timeout=PATIENCE)
    step = page.locator(".player .step")
    # The first that is seen may be a later step, where other work keeps the browser from looking.
    expect(step).to_have_text(re.compile(r"step \d+ of 256"), timeout=PATIENCE)
    seen, at = source(page), step.inner_text()
    assert seen.startswith("data:image/webp")
    expect(step).not_to_have_text(at, timeout=PATIENCE)
    expect(page.locator(".player .picture")).not_to_have_attribute("src", seen, timeout=PATIENCE)
    act(page, "Stop").click()
    act(page, "Start")
    expect(page.locator(".told")).to_contain_text("Stopped at step")
    assert frames(page) >= 1 and source(page).startswith("data:image/webp")  # what there was stays


def test_an_ascent_is_played_and_found_again(page: Page, address: str) -> None:
    query = f"{RUN}&channel=5&ascent=n_steps-8&unit=neuron&row=4&column=70"
    show(page, address, query)
    act(page, "Start").click()
    act(page, "Another seed")
    assert frames(page) == 8
    told = page.locator(".told")
    expect(told).to_contain_text(re.compile("uperstimulus"))
    expect(told.locator(".takes li")).to_have_count(3)
    expect(page.locator(".eye")).to_be_visible()
    last, step = source(page), page.locator(".player .step")
    player = page.locator(".player")
    player.focus()
    page.keyboard.press("Home")
    expect(step).to_have_text("step 0 of 8")
    assert source(page) != last
    page.keyboard.press("ArrowRight")
    expect(step).to_have_text("step 1 of 8")
    page.keyboard.press("Space")
    expect(step).to_have_text("step 8 of 8", timeout=PATIENCE)
    assert source(page) == last
    box = page.locator(".objective .chart").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    expect(step).to_have_text(re.compile(r"^step 4(, silent)?$"))  # what the pointer is at
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(10, 10)
    expect(step).to_have_text("step 4 of 8")  # and what was clicked
    page.goto("about:blank")
    show(page, address, query)
    act(page, "Another seed")  # there at once, complete
    assert frames(page) == 8 and source(page) == last
    act(page, "Another seed").click()
    expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("1", timeout=PATIENCE)
    act(page, "Another seed")
    assert params_of(page)["ascent"] == "n_steps-8~random_state-1"
    assert source(page) != last


def test_ways_to_other_channels_and_samples(page: Page, address: str) -> None:
    show(page, address, "run=objects-vgg16_slim&layer=features.29")
    cells = page.locator(".atlas .cells button")
    expect(cells).to_have_count(24)
    first = page.get_by_label("Channel", exact=True).input_value()
    expect(cells.first).to_have_attribute("data-channel", first)
    second = str(cells.nth(1).get_attribute("data-channel"))
    page.locator(".atlas .next").click()
    expect(cells.nth(1)).to_have_attribute("aria-current", "true", timeout=PATIENCE)
    assert params_of(page)["channel"] == second
    cells.nth(7).click()
    expect(cells.nth(7)).to_have_attribute("aria-current", "true", timeout=PATIENCE)
    page.get_by_role("radio", name="By number").click()
    expect(page.locator(".atlas .place")).to_contain_text("of 128")
    settle(page)
    assert params_of(page)["rank"] == "number"  # and the channel is still the same
    expect(page.locator(".atlas [aria-current=true]")).to_have_attribute(
        "data-channel", params_of(page)["channel"]
    )
    tile = page.locator(".samples button").nth(2)
    patch = tile.locator("img").get_attribute("src")
    page.get_by_role("radio", name="Whole pictures").click()
    expect(tile.locator(".picture i")).to_be_visible(timeout=PATIENCE)
    assert tile.locator("img").get_attribute("src") != patch
    uid = str(tile.get_attribute("data-uid"))
    tile.click()
    expect(tile).to_have_attribute("aria-current", "true", timeout=PATIENCE)
    assert params_of(page)["sample"] == uid
    link = page.get_by_role("link", name=re.compile(f"Sample {int(uid):04d}"))
    assert f"sample={uid}" in str(link.get_attribute("href"))


def test_from_a_channel_to_a_class_and_back(page: Page, address: str) -> None:
    show(page, address, "run=objects-efficientnet_lite0&layer=blocks.3.2")
    page.get_by_role("radio", name="Class", exact=True).click()
    expect(page.get_by_role("combobox", name="Class")).to_be_visible(timeout=PATIENCE)
    settle(page)
    assert params_of(page)["layer"] == "probabilities"
    expect(page.locator(".objective figcaption span")).to_have_text("Logit of the class")
    page.get_by_role("radio", name="Unit of a layer").click()
    expect(page.get_by_label("Channel", exact=True)).to_be_visible(timeout=PATIENCE)
    settle(page)
    assert params_of(page)["layer"] == "blocks.3.2"


def test_what_a_link_asks_for_in_vain_is_said(page: Page, address: str) -> None:
    show(page, address, f"{RUN}&unit=neuron&row=999&ascent=n_steps-1e9&rank=%3Cscript%3E")
    toast = page.locator("[data-testid=stToast]")
    expect(toast).to_contain_text("row of the neuron", timeout=PATIENCE)
    expect(toast).to_contain_text("option of the ascent")
    expect(toast).to_contain_text("order of channels")
    assert {"row", "ascent", "rank"}.isdisjoint(params_of(page))


def test_the_input_has_no_units(page: Page, address: str) -> None:
    page.goto(f"{address}?run=objects-vgg16_slim&layer=input")
    expect(page.locator(".st-key-panel-no-units")).to_contain_text(
        "The input has no units", timeout=PATIENCE
    )


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_nothing_reaches_over_the_edge(address: str, width: int, height: int) -> None:
    with browsing(width, height) as (page, errors):
        show(page, address, "run=objects-vgg16_slim&layer=features.28&channel=30&sample=5")
        check_edges(page, ("panel-ascent", "panel-top", "panel-selectivity"))
        assert errors == []
