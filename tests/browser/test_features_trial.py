"""The t-SNE playground in a real browser: a film that plays, linked clouds, others that come one by one."""

from __future__ import annotations

import re

import pytest
from browser import PATIENCE, params_of, settle
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.slow

QUERY = "show=trial&run=objects-vgg16_slim&layer=classifier.0&trial_n=100&trial_perplexity=20"


@pytest.fixture(scope="module")
def address(app_address: str) -> str:
    return f"{app_address}/Features"


def wait_for_film(page: Page) -> Locator:
    """Until the film has been played to its end."""
    film = page.locator(".film")
    expect(film).to_have_attribute("data-complete", "true", timeout=PATIENCE)
    expect(film).to_have_attribute("data-playing", "false", timeout=PATIENCE)
    return film


def iteration_of(page: Page) -> int:
    return int(page.locator(".film").get_attribute("data-iteration") or -1)


def pixels_of(canvas: Locator) -> str:
    return str(canvas.evaluate("(canvas) => canvas.toDataURL()"))


def hover_sample(page: Page, plot: Locator, marked: Locator) -> int:
    """Move over a cloud until a sample is pointed at; its uid."""
    box = plot.bounding_box()
    assert box is not None
    for y in range(20, int(box["height"]) - 10, 16):
        for x in range(20, int(box["width"]) - 10, 16):
            page.mouse.move(box["x"] + x, box["y"] + y)
            uid = marked.get_attribute("data-hovered")
            if uid not in {None, "-1"}:
                return int(uid or -1)
    raise AssertionError("no sample under the pointer")


def fits(page: Page) -> bool:
    main = page.locator("[data-testid=stMain]")
    return bool(
        main.evaluate("(e) => e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth")
    )


def test_a_film_plays_and_another_perplexity_is_another_film(page: Page, address: str) -> None:
    page.goto(f"{address}?{QUERY}")
    film = page.locator(".film")
    expect(film).to_have_attribute("data-playing", "true", timeout=PATIENCE)
    expect(film).to_have_attribute("data-iteration", re.compile("[1-9]"), timeout=PATIENCE)
    seen = [iteration_of(page)]
    canvas = page.locator(".moving canvas")
    frames = {pixels_of(canvas)}
    for _ in range(4):
        page.wait_for_timeout(150)
        seen.append(iteration_of(page))
        frames.add(pixels_of(canvas))
    assert seen == sorted(seen) and len(frames) > 1  # it moves, and forwards
    wait_for_film(page)
    assert iteration_of(page) == 750
    assert fits(page)
    first = pixels_of(canvas)
    slider = page.get_by_role("slider", name="Perplexity")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".moving .cap p")).to_have_text("perplexity 19 from PCA", timeout=PATIENCE)
    wait_for_film(page)
    assert params_of(page)["trial_perplexity"] == "19"
    assert pixels_of(canvas) != first
    tiles = page.locator(".tried .tile")
    expect(tiles).to_have_count(2, timeout=PATIENCE)
    tiles.nth(1).click()  # back to the first: it was seen, and stands at its end
    expect(page.locator(".moving .cap p")).to_have_text(re.compile("^perplexity 20"))
    wait_for_film(page)
    settle(page)
    assert params_of(page)["trial_perplexity"] == "20" and iteration_of(page) == 750
    page.mouse.move(5, 5)
    page.wait_for_timeout(100)
    assert pixels_of(canvas) == first
    expect(tiles.nth(1)).to_have_attribute("aria-pressed", "true")


def test_the_timeline_goes_anywhere_and_clouds_are_linked(page: Page, address: str) -> None:
    page.goto(f"{address}?{QUERY}")
    film = wait_for_film(page)
    curve = page.locator(".curve")
    box = curve.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 10 + (box["width"] - 20) * 250 / 750, box["y"] + 40)
    assert abs(iteration_of(page) - 250) <= 10
    expect(curve).to_have_attribute("aria-valuetext", re.compile("^iteration 2[456]0, divergence"))
    page.keyboard.press("Home")
    assert iteration_of(page) == 0
    page.keyboard.press("ArrowRight")
    assert iteration_of(page) == 10
    page.keyboard.press(" ")
    expect(film).to_have_attribute("data-playing", "true")
    page.keyboard.press(" ")
    expect(film).to_have_attribute("data-playing", "false")
    page.keyboard.press("End")
    before = pixels_of(page.locator(".moving canvas"))
    uid = hover_sample(page, page.locator(".plane .plot"), film)
    expect(page.locator(".plane .tooltip .uid")).to_have_text(f"{uid:04d}")
    expect(page.locator(".moving .tooltip")).to_be_hidden()
    assert pixels_of(page.locator(".moving canvas")) != before  # its ring, and lines
    page.mouse.down()
    page.mouse.up()
    expect(page.locator(".st-key-card-panel .title").first).to_have_text(
        re.compile(f"sample {uid:04d}", re.IGNORECASE), timeout=PATIENCE
    )
    assert params_of(page)["sample"] == str(uid)
    assert iteration_of(page) == 750  # it is not played again
    before = pixels_of(page.locator(".moving canvas"))
    page.locator(".st-key-trial-legend .entry").first.hover()
    page.wait_for_timeout(200)
    assert pixels_of(page.locator(".moving canvas")) != before


def test_several_come_and_are_linked(page: Page, address: str) -> None:
    page.goto(f"{address}?{QUERY}&trial=caution&trial_seed=1")
    run = page.get_by_role("button", name="Run the t-SNEs")
    run.wait_for(timeout=PATIENCE)
    settle(page)
    assert page.locator(".trials section[data-there=true]").count() == 0
    run.click()
    expect(page.locator(".trials section[data-there=true]")).to_have_count(6, timeout=PATIENCE)
    expect(page.locator(".row.real")).to_contain_text("two seeds agree on")
    expect(page.locator(".row.noise")).to_contain_text("By chance kNN accuracy is 0.0")
    expect(page.locator(".row.noise")).to_contain_text("19 Gaussians", timeout=PATIENCE)
    titles = page.locator(".line.noise h3").all_inner_texts()
    assert titles == ["Seed 1", "Seed 2", "Seed 3"]
    others = page.locator(".line.real canvas")
    before = [pixels_of(others.nth(i)) for i in range(3)]
    hover_sample(page, page.locator(".line.real .plot").first, page.locator(".trials"))
    assert all(pixels_of(others.nth(i)) != before[i] for i in range(3))
    assert page.locator(".line.noise [tabindex]").count() == 0
    assert fits(page)


def test_what_runs_is_stopped_and_goes_on(page: Page, address: str) -> None:
    page.goto(f"{address}?show=trial&run=birds-vgg16_slim&layer=features.28&trial_n=200")
    act = page.locator(".over .act")
    expect(act).to_have_text("Cancel", timeout=PATIENCE)
    act.click()
    expect(act).to_have_text("Run", timeout=PATIENCE)
    expect(page.locator(".film")).to_have_attribute("data-frames", "0")
    act.click()
    expect(page.locator(".film")).to_have_attribute(
        "data-frames", re.compile("[1-9]"), timeout=PATIENCE
    )
