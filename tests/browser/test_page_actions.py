"""Around the Explorer, in a real browser: the link in the clipboard, the tour over a page, About."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from browser import ROOT, browsing, serving, settle
from playwright.sync_api import Page, expect

from ui.tour import STEPS

pytestmark = pytest.mark.slow

# Containers as the Explorer has them, with something to use in each, and a map in a shadow root.
SCRIPT = """
import streamlit as st
from ui.components.page_actions import draw_page_actions
from ui.tour import STEPS

render = st.components.v2.component("test.map", html='''
<svg tabindex="0" width="900" height="80" role="listbox" aria-label="map">
  <rect width="900" height="80" fill="#333"/>
  <path class="curve-area" d="M 0 50 H 900 V 78 H 0 Z" fill="#ffb454"/>
</svg>''', js='''
export default function ({ parentElement, setTriggerValue }) {
  const map = parentElement.querySelector("svg");
  map.onclick = () => setTriggerValue("pick", "click");
  map.onkeydown = (event) => setTriggerValue("pick", event.key);
}''')

def note():
    st.session_state.setdefault("picks", []).append(st.session_state["map"].pick)

gone = st.query_params.get("without", "").split(",")
def panel(key, text):
    if key not in gone:
        with st.container(key=key, height=110):
            st.write(text)

with st.container(key="page-actions", horizontal=True, horizontal_alignment="right"):
    draw_page_actions(None if "tour" in gone else STEPS, key="page_actions")
with st.container(key="model-map"):
    render(key="map", on_pick_change=note)
left, middle, right = st.columns([1, 2, 1])
with left.container(key="view-panel"):
    chosen = st.selectbox("Run", ["one", "two"])
    if "color-choices" not in gone:
        with st.container(key="color-choices"):
            st.segmented_control("Predictions", ["All", "Wrong"], default="All")
@st.dialog("Channel")
def open_channel():
    st.button("Inside")

with middle:
    panel("plot-panel", "plot")
    if "activations-panel" not in gone:
        with st.container(key="activations-panel"):
            st.button("Channel 7", on_click=open_channel)
with right:
    panel("inspector-panel", "inspector")
st.html(f"<p class='chosen'>{chosen}</p><p class='picks'>{' '.join(st.session_state.get('picks', []))}</p>")
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page_actions")
    (folder / "streamlit_app.py").write_text(SCRIPT)
    shutil.copytree(ROOT / "pages", folder / "pages")
    with serving(folder, folder / "streamlit_app.py") as found:
        yield found


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with browsing() as (page, errors):
        page.emulate_media(reduced_motion="reduce")
        page.goto(address)
        settle(page)
        yield page
        assert errors == []
        assert page.locator("[data-testid=stException]").all_inner_texts() == []


def begin(page: Page) -> None:
    page.get_by_role("button", name="Guided tour").click()
    expect_step(page, 0)


def expect_step(page: Page, index: int, total: int = len(STEPS), title: str | None = None) -> None:
    expect(page.locator(".driver-popover-title")).to_have_text(title or STEPS[index].title)
    expect(page.locator(".driver-popover-progress-text")).to_have_text(f"{index + 1} of {total}")


def go_to(page: Page, index: int) -> None:
    begin(page)
    for each in range(1, index + 1):
        page.keyboard.press("ArrowRight")
        expect_step(page, each)


def lit(page: Page) -> tuple[float, float, float, float]:
    """The hole in the tour's shade: left, top, right and bottom, in pixels."""
    box = page.evaluate(
        """() => {
          const shade = document.querySelector(".driver-overlay path");
          const hole = shade.cloneNode();
          hole.setAttribute("d", shade.getAttribute("d").split("Z").at(-1));
          shade.after(hole);
          const { x, y, width, height } = hole.getBBox();
          hole.remove();
          return [x, y, x + width, y + height];
        }"""
    )
    return tuple(box)


# --- copy link -------------------------------------------------------------------------------


def test_the_link_is_copied_and_the_button_says_so_for_a_moment(page: Page, address: str) -> None:
    page.goto(f"{address}/?run=a%20b&layer=features.28")
    settle(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator(".copy")
    width = button.bounding_box()
    button.click()
    expect(button).to_have_text("Copied", use_inner_text=True)
    expect(page.locator(".said")).to_have_text("Link copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    assert "features.28" in page.url
    assert button.bounding_box() == width
    page.wait_for_timeout(1700)
    expect(button).to_have_text("Copy link", use_inner_text=True)
    expect(page.locator(".said")).to_have_text("")


def test_without_a_secure_context_the_link_is_copied_by_selection(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(
        "window.clipboard = navigator.clipboard;"
        "Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })"
    )
    page.locator(".copy").click()
    expect(page.locator(".said")).to_have_text("Link copied")
    assert page.evaluate("clipboard.readText()") == page.url
    assert page.locator("body > textarea").count() == 0


def test_a_browser_that_refuses_is_not_said_to_have_copied(page: Page) -> None:
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
        "document.execCommand = () => false"
    )
    page.locator(".copy").click()
    expect(page.locator(".copy")).to_have_text("Not copied", use_inner_text=True)
    expect(page.locator(".said")).to_have_text("The link could not be copied")


def test_a_page_without_a_tour_has_no_button_for_it(page: Page, address: str) -> None:
    page.goto(f"{address}/?without=tour")
    settle(page)
    expect(page.locator(".copy")).to_be_visible()
    expect(page.locator("button.tour")).to_be_hidden()


# --- the tour --------------------------------------------------------------------------------


def test_the_tour_goes_through_all_steps_by_its_buttons(page: Page) -> None:
    begin(page)
    expect(page.locator(".driver-popover-prev-btn")).to_be_disabled()
    for index in range(1, len(STEPS)):
        page.locator(".driver-popover-next-btn").click()
        expect_step(page, index)
    page.locator(".driver-popover-prev-btn").click()
    expect_step(page, len(STEPS) - 2)
    page.locator(".driver-popover-next-btn").click()
    expect(page.locator(".driver-popover-next-btn")).to_have_text("Done")
    page.locator(".driver-popover-next-btn").click()
    expect(page.locator(".driver-popover")).to_have_count(0)
    left = ".driver-overlay, .driver-active-element, [data-tour-active], [aria-controls*=driver]"
    assert page.locator(left).count() == 0


def test_the_tour_goes_through_all_steps_by_keys(page: Page) -> None:
    begin(page)
    page.keyboard.press("ArrowLeft")  # there is nothing before
    expect_step(page, 0)
    for index in range(1, len(STEPS)):
        page.keyboard.press("Enter" if index % 2 else "ArrowRight")
        expect_step(page, index)
    page.keyboard.press("ArrowLeft")
    expect_step(page, len(STEPS) - 2)
    page.keyboard.press("Escape")
    expect(page.locator(".driver-popover")).to_have_count(0)
    expect(page.locator("button.tour")).to_be_focused()
    page.keyboard.press("Enter")  # and again
    expect_step(page, 0)


def test_each_step_lights_up_its_target(page: Page) -> None:
    begin(page)
    for index, step in enumerate(STEPS):
        expect_step(page, index)
        if step.target:
            page.wait_for_timeout(100)
            box = page.locator(step.target.replace(">>>", " ")).bounding_box()
            assert box is not None
            left, top, right, bottom = lit(page)
            assert 0 <= box["x"] - left <= 8 and 0 <= box["y"] - top <= 8, step.title
            assert 0 <= right - box["x"] - box["width"] <= 8, step.title
            assert 0 <= bottom - box["y"] - box["height"] <= 8, step.title
        card = page.locator(".driver-popover").bounding_box()
        assert card is not None and card["x"] >= 0 and card["x"] + card["width"] <= 1280
        assert card["y"] >= 0 and card["y"] + card["height"] <= 800
        page.keyboard.press("ArrowRight")


def test_a_step_whose_target_is_missing_is_left_out(page: Page, address: str) -> None:
    page.goto(f"{address}/?without=activations-panel,color-choices")
    settle(page)
    begun = [s for s in STEPS if "activations" not in s.target and "color" not in s.target]
    page.get_by_role("button", name="Guided tour").click()
    for index, step in enumerate(begun):
        expect_step(page, index, len(begun), step.title)
        page.keyboard.press("ArrowRight")
    expect(page.locator(".driver-popover")).to_have_count(0)


def test_escape_ends_it_even_before_the_first_step_is_there(page: Page) -> None:
    page.emulate_media(reduced_motion="no-preference")
    page.get_by_role("button", name="Guided tour").click()
    page.keyboard.press("Escape")
    expect(page.locator(".driver-popover")).to_have_count(0)
    page.wait_for_timeout(500)
    assert page.locator(".driver-overlay").count() == 0


def test_what_is_lit_can_be_used_by_pointer_and_keys(page: Page) -> None:
    go_to(page, 1)
    page.locator("svg[aria-label=map]").click(position={"x": 40, "y": 20})
    expect(page.locator(".picks")).to_have_text("click")
    page.keyboard.press("ArrowRight")  # belongs to the map now, which has the focus
    expect(page.locator(".picks")).to_have_text("click ArrowRight")
    expect_step(page, 1)
    page.keyboard.press("Tab")  # on to the card, and from there back to the map
    assert page.evaluate("document.activeElement.closest('.driver-popover') !== null")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".picks")).to_have_text("click ArrowRight ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator(".driver-popover")).to_have_count(0)


def test_what_is_in_the_shade_cannot_be_clicked(page: Page) -> None:
    go_to(page, [step.target for step in STEPS].index(".st-key-plot-panel"))
    box = page.locator("svg[aria-label=map]").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 40, box["y"] + 20)  # on the shade, which ends the tour
    expect(page.locator(".driver-popover")).to_have_count(0)
    settle(page)
    expect(page.locator(".picks")).to_have_text("")


def test_a_list_that_is_opened_from_what_is_lit_can_be_chosen_from(page: Page) -> None:
    go_to(page, [step.target for step in STEPS].index(".st-key-view-panel"))
    page.locator(".stSelectbox").click()
    page.keyboard.press("Escape")  # closes the list, and the tour goes on
    expect(page.get_by_role("option")).to_have_count(0)
    expect(page.locator(".driver-popover")).to_be_visible()
    page.locator(".stSelectbox").click()
    page.get_by_role("option", name="two").click()
    expect(page.locator(".chosen")).to_have_text("two")
    expect(page.locator(".driver-popover")).to_be_visible()
    page.locator(".stSelectbox").click()
    expect(page.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".chosen")).to_have_text("one")
    expect_step(page, [step.target for step in STEPS].index(".st-key-view-panel"))


def test_a_dialog_has_the_page_and_the_keys_for_itself(page: Page) -> None:
    index = [step.target for step in STEPS].index(".st-key-activations-panel")
    go_to(page, index)
    page.get_by_role("button", name="Channel 7").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Inside")).to_be_visible()
    expect(page.locator(".driver-popover")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[role=dialog]') !== null")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Inside")).to_have_count(0)
    expect(page.locator(".driver-popover")).to_be_visible()
    expect_step(page, index)
    page.keyboard.press("Escape")
    expect(page.locator(".driver-popover")).to_have_count(0)


# --- About -----------------------------------------------------------------------------------


def test_the_contents_of_the_about_page_lead_to_its_sections(page: Page, address: str) -> None:
    page.goto(f"{address}/About")
    settle(page)
    expect(page.locator("button.tour")).to_be_hidden()
    links = page.locator(".about-contents a")
    for place in range(links.count()):
        links.nth(place).click()
        section = page.locator(str(links.nth(place).get_attribute("href")))
        expect(section).to_be_in_viewport()
        expect(links.nth(place)).to_be_in_viewport()  # the contents stay
    outside = page.locator(".about a[href^=https]")
    assert outside.count() > 10
    for link in outside.all():
        assert "noopener" in str(link.get_attribute("rel"))
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.querySelector('.about').scrollWidth") <= 400
