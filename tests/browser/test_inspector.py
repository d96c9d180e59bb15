"""The inspector in a real browser, on the embedded runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import browsing, params_of, serving, settle
from playwright.sync_api import Locator, Page, expect

from tests.shared.project import ROOT, write_errors

pytestmark = pytest.mark.slow

RUN = "birds-vgg16_slim"
WRONG = 21  # a sample that the model mistakes for another class, its own being the second
KINGFISHER = 17
METHODS = ["Grad-CAM", "Guided backprop", "Guided Grad-CAM"]
COLD = 120_000  # milliseconds, in which torch is imported and the model loaded


def link(folder: Path, names: tuple[str, ...]) -> Path:
    """A project folder with parts of this one: a server writes its log and cache there."""
    for name in names:
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def address(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, of a network that takes a thistle tanager for a glass kingfisher."""
    folder = tmp_path_factory.mktemp("wrong")
    with serving(write_errors(folder, RUN, {WRONG: (KINGFISHER, 0.6)})) as found:
        yield found


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """The inspector with the wrong sample, its explanations computed."""
    with browsing() as (page, errors):
        page.goto(f"{address}/?run={RUN}&sample={WRONG}&layer=features.28")
        settle(page)
        finish(page)
        yield page
        assert errors == []
        assert page.locator("[data-testid=stException]").all_inner_texts() == []


def inspector(page: Page) -> Locator:
    return page.locator(".st-key-inspector-panel")


def finish(page: Page) -> None:
    """Wait until everything is computed."""
    expect(inspector(page).locator("figure").first).to_be_visible()
    expect(inspector(page).locator("figure.waits")).to_have_count(0, timeout=COLD)
    settle(page)


def tile(page: Page, name: str, place: int = 0) -> Locator:
    return inspector(page).get_by_role("button", name=re.compile(f"^{name}(,| of)")).nth(place)


def layer_of(page: Page, name: str, place: int = 0) -> Locator:
    return tile(page, name, place).locator(".layer")


def opacity_of(image: Locator) -> float:
    return float(image.evaluate("image => getComputedStyle(image).opacity"))


def row(page: Page, rank: int) -> Locator:
    return inspector(page).locator(".bars li").nth(rank)


def output_of(page: Page, rank: int) -> str:
    return str(row(page, rank).get_attribute("data-output"))


def count_frames(page: Page) -> list[object]:
    """What the browser sends from now on, after a reload."""
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    settle(page)
    finish(page)
    page.wait_for_timeout(500)
    assert sent
    return sent


def test_a_sample_with_all_that_is_known_of_it(page: Page) -> None:
    shown = inspector(page)
    text = shown.inner_text()
    assert f"sample {WRONG:04d}" in text.lower()
    assert "thistle tanager" in text and "✗ wrong" in text and "val/003171" in text
    assert "Adebayo et al. 2018" in shown.locator(".caution").inner_text()
    facts = shown.locator(".facts").inner_text()
    assert "Neighbours agree from" in facts and "over k and grids" in facts
    images = [tile(page, "Picture").locator(".picture"), *(layer_of(page, m) for m in METHODS)]
    for image in images:
        expect(image).to_be_visible()
        assert image.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [224, 224]
    assert len({image.get_attribute("src") for image in images}) == 4
    assert shown.locator("[role=img] > i").count() == 38
    assert shown.locator(".bars li").count() == 10
    assert row(page, 1).locator(".name").inner_text() == "thistle tanager"
    assert "true" in str(row(page, 1).get_attribute("class"))
    assert shown.get_by_text(re.compile(r"^\d+ of 10 its class$")).count() == 1


def test_shares_lie_on_the_object(page: Page) -> None:
    shares = inspector(page).locator("figure .share")
    assert shares.count() == 4
    figures = [re.findall(r"(\d+) %", text) for text in shares.all_inner_texts()]
    assert all(len(found) == 1 and 0 < int(found[0]) <= 100 for found in figures)
    assert shares.first.inner_text().startswith("object ")
    covered = figures[0][0]
    for share in shares.all()[1:]:
        assert f"the object, which covers {covered} % of the picture" in str(
            share.get_attribute("title")
        )


def test_opacity_changes_in_the_browser_and_is_remembered(page: Page) -> None:
    sent = count_frames(page)
    before = len(sent)
    for name in METHODS:
        slider = inspector(page).get_by_role("slider", name=f"Opacity of {name}", exact=True)
        image = layer_of(page, name)
        slider.focus()
        page.keyboard.press("Home")
        assert opacity_of(image) == 0
        page.keyboard.press("ArrowRight")
        assert opacity_of(image) == pytest.approx(0.01)
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert opacity_of(image) == pytest.approx(0.5, abs=0.03)
    page.wait_for_timeout(500)
    assert len(sent) == before
    chosen = [opacity_of(layer_of(page, name)) for name in METHODS]
    inspector(page).get_by_role("option").first.click()  # one of its neighbours
    expect(inspector(page).locator(".title").first).not_to_have_text(f"Sample {WRONG:04d}")
    finish(page)
    assert params_of(page)["sample"] != str(WRONG)
    assert [opacity_of(layer_of(page, name)) for name in METHODS] == chosen


def test_a_click_explains_a_class_and_the_next_returns(page: Page) -> None:
    images = {name: layer_of(page, name).get_attribute("src") for name in METHODS}
    head = inspector(page).locator(".of")
    first = row(page, 0).locator(".name").inner_text()
    assert first in head.inner_text()
    row(page, 3).locator(".pick").click()
    expect(row(page, 3).locator(".pick")).to_have_attribute("aria-pressed", "true")
    finish(page)
    assert params_of(page)["why"] == output_of(page, 3)
    assert row(page, 3).locator(".name").inner_text() in head.inner_text()
    for name in METHODS:
        assert layer_of(page, name).get_attribute("src") != images[name]
    row(page, 3).locator(".pick").click()
    expect(row(page, 0).locator(".pick")).to_have_attribute("aria-pressed", "true")
    finish(page)
    assert "why" not in params_of(page)
    for name in METHODS:
        assert layer_of(page, name).get_attribute("src") == images[name]


def test_two_classes_side_by_side_and_in_each_others_place(page: Page) -> None:
    first, second = (row(page, rank).locator(".name").inner_text() for rank in (0, 1))
    heads = inspector(page).locator(".head")
    row(page, 1).hover()
    row(page, 1).locator(".versus").click()
    expect(heads).to_have_count(2)
    finish(page)
    assert params_of(page)["against"] == output_of(page, 1)
    assert heads.all_inner_texts()[0].split("\n")[0] == "why"
    assert [first in heads.nth(0).inner_text(), second in heads.nth(1).inner_text()] == [True, True]
    sources = [layer_of(page, m, i).get_attribute("src") for m in METHODS for i in (0, 1)]
    assert len(set(sources)) == 6 and None not in sources
    left, right = (tile(page, "Grad-CAM", place).bounding_box() for place in (0, 1))
    assert left is not None and right is not None
    assert left["y"] == right["y"] and left["x"] + left["width"] < right["x"]
    slider = inspector(page).get_by_role("slider", name=re.compile("^Opacity of Grad-CAM"))
    assert slider.count() == 1  # one for both
    slider.focus()
    page.keyboard.press("End")
    assert [opacity_of(layer_of(page, "Grad-CAM", place)) for place in (0, 1)] == [1, 1]
    row(page, 1).locator(".pick").click()  # they change places
    expect(heads.nth(0)).to_contain_text(second)
    expect(heads.nth(1)).to_contain_text(first)
    finish(page)
    wanted = {"why": output_of(page, 1), "against": output_of(page, 0)}
    assert wanted.items() <= params_of(page).items()
    row(page, 0).hover()
    row(page, 0).locator(".versus").click()
    expect(heads).to_have_count(0)
    assert "against" not in params_of(page)


def test_classes_are_chosen_by_keyboard(page: Page) -> None:
    row(page, 0).locator(".pick").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(row(page, 2).locator(".pick")).to_have_attribute("aria-pressed", "true")
    finish(page)
    assert params_of(page)["why"] == output_of(page, 2)
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(row(page, 9).locator(".versus")).to_have_attribute("aria-pressed", "true")
    finish(page)
    assert params_of(page)["against"] == output_of(page, 9)
    assert inspector(page).locator(".head").count() == 2


def test_outlines_and_mask_lie_over_all_tiles_without_a_rerun(page: Page) -> None:
    sent = count_frames(page)
    before = len(sent)
    for name, kind in (("Outline", "outline"), ("Mask", "shade")):
        button = inspector(page).get_by_role("button", name=name, exact=True)
        images = inspector(page).locator(f".tiles .{kind}")
        assert images.count() == 4 and images.first.is_hidden()
        button.click()
        assert button.get_attribute("aria-pressed") == "true"
        for image in images.all():
            expect(image).to_be_visible()
            assert image.evaluate("image => image.naturalWidth") > 0
        if kind == "outline":
            assert {"beak", "wings"} <= set(inspector(page).locator(".parts li").all_inner_texts())
        button.press("Enter")
        assert images.first.is_hidden()
    assert inspector(page).locator(".parts").is_hidden()
    page.wait_for_timeout(300)
    assert len(sent) == before


def test_a_tile_is_enlarged_and_closed_again(page: Page) -> None:
    dialog = inspector(page).get_by_role("dialog")
    tile(page, "Guided backprop").click()
    expect(dialog).to_be_visible()
    box = dialog.locator(".stack").bounding_box()
    assert box is not None and box["width"] > 400 and box["y"] + box["height"] < 800
    assert "Guided backprop, glass kingfisher" in dialog.inner_text()
    dialog.get_by_role("slider").focus()
    page.keyboard.press("Home")
    assert opacity_of(layer_of(page, "Guided backprop")) == 0
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert params_of(page)["sample"] == str(WRONG)


def test_without_weights_everything_else_is_there(
    app_address: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = link(tmp_path_factory.mktemp("weightless"), ("data", "params.yaml", ".streamlit"))
    with serving(folder) as lone, browsing() as (page, errors):
        page.goto(f"{lone}/?run={RUN}&sample={WRONG}")
        settle(page)
        problem = inspector(page).locator(".problem")
        expect(problem).to_contain_text("no such weights file", timeout=COLD)
        for name in ("guided", "product"):
            state = inspector(page).locator(f"[data-method={name}] .state")
            expect(state).to_have_text("not available")
            assert state.get_attribute("title") == problem.inner_text()
        expect(layer_of(page, "Grad-CAM")).to_be_visible()  # it is stored
        assert inspector(page).locator(".bars li").count() == 10
        assert inspector(page).locator("[role=img] > i").count() == 38
        assert page.locator("[data-testid=stException]").all_inner_texts() == []
        assert errors == []
