"""The Activations panel and a channel's dialog in a real browser, with an embedded run."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import ROOT, serving, settle
from playwright.sync_api import Page

from tests.browser.test_channel_grid import cells
from ui.bundle import ensure_bundle

pytestmark = pytest.mark.slow

PANEL = """
import streamlit as st
from ui.channel.activations import draw_activations
from ui.channel.dialog import open_channel
from ui.library import read_contents

params = st.query_params
contents = read_contents("birds-vgg16_slim")
layer = contents.layer(params.get("layer", "features.28"))

def give(name):
    return lambda value: params.update({name: str(value)})

@st.fragment
def stage():
    uid = int(params["sample"]) if "sample" in params else None
    channel = int(params["channel"]) if "channel" in params else None
    order = params.get("order", "-score")
    draw_activations(
        contents.run, layer, uid, chosen=channel, order=order, on_pick=give("channel"),
        on_order=give("order"),
    )
    if channel is not None and uid is not None:
        open_channel(
            contents.run, 100, layer, uid, channel, order=order, on_pick=give("channel"),
            on_pin=give("sample"), on_close=lambda: params.pop("channel", None),
        )

stage()
"""


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert ensure_bundle() is None
    folder = tmp_path_factory.mktemp("panel")
    for name in ("data", "weights", "params.yaml"):
        (folder / name).symlink_to(ROOT / name)
    script = folder / "page.py"
    script.write_text(PANEL)
    with serving(folder, script) as found:
        yield found


def params_of(page: Page) -> dict[str, str]:
    settle(page)
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_channel_is_opened_walked_through_and_closed(page: Page, panel: str) -> None:
    page.goto(panel)
    settle(page)
    assert page.get_by_text("Pin a sample to see what each channel").is_visible()
    page.goto(f"{panel}/?sample=17")
    page.wait_for_selector(".cell")
    first, second, third = cells(page)[:3]
    page.locator(f"[data-channel='{second}']").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(f"channel {second}").wait_for()
    dialog.locator(".js-plotly-plot").wait_for()
    assert "2 of 128 by score" in dialog.inner_text()
    assert params_of(page)["channel"] == str(second)
    box = dialog.locator(".js-plotly-plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 3)
    hover = dialog.locator(".hoverlayer")
    hover.get_by_text("row").wait_for()
    page.keyboard.press("ArrowRight")
    dialog.get_by_text(f"channel {third}").wait_for()
    dialog.get_by_role("button", name="Previous").click()
    dialog.get_by_text(f"channel {second}").wait_for()
    dialog.get_by_role("button", name="Previous").click()
    dialog.get_by_text(f"channel {first}").wait_for()
    dialog.get_by_role("button", name="Previous").click()
    dialog.get_by_text("128 of 128 by score").wait_for()  # it goes round
    page.keyboard.press("ArrowRight")
    dialog.get_by_text(f"channel {first}").wait_for()
    assert params_of(page)["channel"] == str(first)
    assert dialog.locator(".channel-classes li").count() == 10
    page.keyboard.press("Escape")
    assert "channel" not in params_of(page)
    assert dialog.count() == 0


def test_a_strong_sample_is_pinned_and_shows_the_value_it_was_listed_with(
    page: Page, panel: str
) -> None:
    page.goto(f"{panel}/?sample=3&channel=29")
    dialog = page.get_by_role("dialog")
    tiles = dialog.locator(".samples button")
    tiles.nth(9).wait_for()
    assert tiles.count() == 10
    uid, value = (
        tiles.nth(2).get_attribute("data-uid"),
        tiles.nth(2).locator(".figure").inner_text(),
    )
    tiles.nth(2).click()
    dialog.get_by_text(f"Sample {int(uid or -1):04d}").wait_for()
    assert params_of(page) == {"sample": uid, "channel": "29"}
    assert dialog.locator(".samples [aria-current=true]").get_attribute("data-uid") == uid
    # The largest value of the live map is the one that the stage found.
    assert dialog.locator(".channel-figures dd").nth(1).inner_text() == value


def test_a_neuron_has_its_value_among_the_others(page: Page, panel: str) -> None:
    page.goto(f"{panel}/?sample=3&layer=probabilities&channel=2")
    dialog = page.get_by_role("dialog")
    dialog.locator(".channel-value b").wait_for()
    assert "of 20 by value" in dialog.inner_text()
    assert dialog.locator(".channel-histogram u").count() == 1
    assert dialog.locator(".js-plotly-plot").count() == 0


def test_a_silent_neuron_has_no_strongest_samples(page: Page, panel: str) -> None:
    page.goto(f"{panel}/?sample=3&layer=classifier.1&channel=3")  # 0 for every sample of the run
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("None of the 100 samples activates it.").wait_for()
    assert dialog.locator(".samples").count() == 0


def name_focused(page: Page) -> str:
    """Accessible label or text of what has the focus, also in a shadow root."""
    return str(
        page.evaluate(
            """() => {
              let element = document.activeElement;
              while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
              return element.getAttribute("aria-label") ?? element.innerText;
            }"""
        )
    )


def test_the_dialog_is_walked_through_with_tab_and_gives_the_focus_back(
    page: Page, panel: str
) -> None:
    page.goto(f"{panel}/?sample=3")
    page.wait_for_selector(".cell")
    page.locator(".grid").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.locator(".samples button").nth(9).wait_for()
    settle(page)
    names = []
    for _ in range(14):
        page.keyboard.press("Tab")
        names.append(name_focused(page))
    # Close, previous and next, then the ten pictures, which lie in a shadow root; and round again.
    assert [name.startswith("Sample ") for name in names] == [False] * 3 + [True] * 10 + [False]
    assert names[0] == names[13] == "Close"
    page.keyboard.press("Shift+Tab")
    assert name_focused(page) == names[12]
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.wait_for_timeout(800)
    assert name_focused(page).startswith("Channels of features.28")
