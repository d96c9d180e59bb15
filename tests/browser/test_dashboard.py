"""The whole dashboard in a real browser, on an embedded run: from a layer to a channel, and a link."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import browsing, params_of, settle
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

RUN = "birds-vgg16_slim"
COLD = 120_000  # milliseconds, in which torch is imported and the model loaded


@pytest.fixture
def page(app_address: str) -> Iterator[Page]:
    with browsing() as (page, errors):
        page.goto(f"{app_address}/?run={RUN}&size=100&layer=features.30")
        settle(page)
        yield page
        assert errors == []
        assert page.locator("[data-testid=stException]").all_inner_texts() == []


def title_of(page: Page) -> str:
    return page.locator(".plot-head").inner_text()


def select(page: Page, label: str, name: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.keyboard.type(name)  # a long list holds only what is in sight
    page.get_by_role("option", name=name, exact=True).click()
    settle(page)


def draw_lasso(page: Page) -> None:
    """Round the middle half of the plot."""
    box = page.locator(".plot").bounding_box()
    assert box is not None
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.25, 0.25)]
    page.keyboard.down("Shift")
    page.mouse.move(x + 0.25 * w, y + 0.25 * h)
    page.mouse.down()
    for across, down in corners[1:]:
        page.mouse.move(x + across * w, y + down * h, steps=6)
    page.mouse.up()
    page.keyboard.up("Shift")
    settle(page)


def test_the_map_changes_the_layer_of_everything(page: Page) -> None:
    assert page.locator("[data-layer]").count() == 38
    page.locator("[data-layer='features.10']").click()
    settle(page)
    assert "features.10, 100 samples" in title_of(page)
    assert params_of(page)["layer"] == "features.10"
    page.keyboard.press("ArrowRight")
    settle(page)
    assert params_of(page)["layer"] == "features.11"
    page.keyboard.press("End")
    settle(page)
    assert params_of(page)["layer"] == "probabilities"
    page.keyboard.press("Home")
    settle(page)
    assert "input, 100 samples" in title_of(page)


def test_another_run_keeps_what_it_has_as_well(page: Page) -> None:
    select(page, "Run", "objects / vgg16_slim")
    assert {"run": "objects-vgg16_slim", "size": "100", "layer": "features.30"}.items() <= (
        params_of(page).items()
    )


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("Predicted class", "ember finch"),
        ("Correct or not", "correct"),
        ("Cluster of a layer", "cluster 1"),
        ("Confidence", "Confidence"),
        ("Top-1 margin", "Top-1 margin"),
    ],
)
def test_colours_are_what_the_legend_says(page: Page, name: str, entries: str) -> None:
    select(page, "Colour by", name)
    expect(page.locator(".scatter .legend")).to_contain_text(entries)
    assert "color" in params_of(page)


def test_clusters_are_of_the_layer_that_is_chosen(page: Page) -> None:
    select(page, "Colour by", "Cluster of a layer")
    select(page, "Clusters of", "features.4")
    assert params_of(page)["cluster"] == "features.4"
    page.locator(".scatter .legend .entry").first.click()
    settle(page)
    assert params_of(page)["only"] == "0"
    select(page, "Colour by", "True class")
    assert "only" not in params_of(page)


def test_filters_grey_out_and_are_undone(page: Page) -> None:
    page.get_by_role("radio", name="Wrong", exact=True).click()
    settle(page)
    assert params_of(page)["verdict"] == "wrong"
    counts = page.locator(".scatter .legend .entry").all_inner_texts()
    assert sum(int(text.split()[-1]) for text in counts) < 20
    page.get_by_role("radio", name="All", exact=True).click()
    settle(page)
    page.get_by_role("slider", name="Confidence").first.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    low, high = map(int, params_of(page)["confidence"].split("-"))
    assert 0 < low < high == 100
    page.locator(".scatter .legend .entry").nth(3).click()
    settle(page)
    assert params_of(page)["only"] == "3"
    page.locator(".scatter .legend .all").click()
    settle(page)
    assert "only" not in params_of(page)


def test_points_turn_into_pictures_and_the_link_says_so(page: Page) -> None:
    page.locator(".tools .pictures").click()
    settle(page)
    assert params_of(page)["marks"] == "pictures"
    page.locator(".plot").focus()
    page.keyboard.press("i")
    settle(page)
    assert "marks" not in params_of(page)


def test_a_lasso_is_listed_counted_and_kept_as_a_table(page: Page) -> None:
    draw_lasso(page)
    side = page.locator(".st-key-inspector-panel")
    found = re.search(r"set of (\d+)", side.inner_text().lower())
    assert found
    count = int(found[1])
    assert 0 < count < 100
    assert page.locator(".caught").inner_text().startswith(f"{count} samples")
    cells = side.locator(".cells [role=option]")
    expect(cells).to_have_count(count)
    bars = side.locator("ol.bars li").all_inner_texts()
    assert sum(int(text.split()[-1]) for text in bars) == count
    with page.expect_download() as download:
        side.get_by_role("button", name="Download CSV").click()
    rows = list(
        csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig")))
    )
    assert len(rows) == count
    assert {row["layer"] for row in rows} == {"features.30"}
    cells.nth(1).click()
    settle(page)
    uid = params_of(page)["sample"]
    assert uid == rows[1]["uid"]
    assert f"sample {int(uid):04d}" in side.inner_text().lower()
    side.get_by_role("radio", name="Set").click()
    settle(page)
    side.get_by_role("button", name="Clear").click()
    settle(page)
    assert f"sample {int(uid):04d}" in side.inner_text().lower()
    assert page.locator(".caught").is_hidden()


def test_a_neighbour_is_looked_at_by_a_click_and_released(page: Page, app_address: str) -> None:
    page.goto(f"{app_address}/?run={RUN}&size=100&layer=features.30&sample=12")
    settle(page)
    side = page.locator(".st-key-inspector-panel")
    neighbors = side.locator(".cells [role=option]")
    expect(neighbors).to_have_count(10)
    neighbors.nth(2).click()
    settle(page)
    assert params_of(page)["sample"] != "12"
    side.get_by_role("button", name="Unpin").click()
    settle(page)
    assert "sample" not in params_of(page)
    assert side.locator(".hint").count() == 1


def test_activations_follow_sample_and_layer_down_to_a_channel(page: Page) -> None:
    panel = page.locator(".st-key-activations-panel")
    expect(panel).to_contain_text("Pin a sample")
    page.locator(".plot").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settle(page)
    panel.locator(".cell").first.wait_for(timeout=COLD)
    expect(panel).to_contain_text("128 channels")
    page.locator("[data-layer='features.4']").click()
    settle(page)
    expect(panel).to_contain_text("16 channels")
    panel.get_by_role("button", name="Channel", exact=True).click()
    settle(page)
    assert params_of(page)["order"] == "channel"
    panel.locator("[data-channel='3']").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("channel 3").wait_for()
    settle(page)
    assert params_of(page)["channel"] == "3"
    page.keyboard.press("Escape")
    settle(page)
    assert dialog.count() == 0
    assert "channel" not in params_of(page)


def test_a_link_restores_the_whole_view(page: Page, app_address: str) -> None:
    wanted = {
        "run": RUN,
        "size": "100",
        "layer": "features.28",
        "method": "umap",
        "perplexity": "10",
        "sample": "21",
        "color": "cluster",
        "cluster": "features.9",
        "only": "0.2",
        "verdict": "correct",
        "confidence": "5-95",
        "marks": "pictures",
        "why": "3",
        "against": "5",
        "order": "channel",
        "channel": "7",
    }
    page.goto(f"{app_address}/?" + "&".join(f"{key}={value}" for key, value in wanted.items()))
    page.get_by_role("dialog").get_by_text("channel 7").wait_for(timeout=COLD)
    settle(page)
    assert params_of(page) == wanted
    page.keyboard.press("Escape")
    settle(page)
    assert title_of(page).startswith("UMAP")
    assert page.locator(".legend .entry[aria-pressed=true]").count() == 2
    expect(page.locator(".tools .pictures")).to_have_attribute("aria-pressed", "true")
    side = page.locator(".st-key-inspector-panel")
    assert "sample 0021" in side.inner_text().lower()
    expect(side.locator(".heads")).to_contain_text("why not")
    assert page.locator("[data-testid=stToast]").count() == 0


def test_the_tour_walks_over_the_real_page(page: Page) -> None:
    page.get_by_role("button", name="Guided tour").click()
    card = page.locator(".driver-popover")
    expect(card).to_contain_text("1 of 9")
    for step in range(2, 10):
        page.keyboard.press("ArrowRight")
        expect(card).to_contain_text(f"{step} of 9")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)


def test_the_activations_can_take_the_room_of_the_plot(page: Page, app_address: str) -> None:
    page.goto(f"{app_address}/?run={RUN}&size=100&layer=features.28&sample=3")
    page.locator(".channels .cell").first.wait_for(timeout=COLD)
    panel = page.locator(".st-key-activations-panel")

    def height() -> float:
        box = panel.bounding_box()
        assert box is not None
        return box["height"]

    before = height()
    panel.get_by_role("button", name="More room").click()
    page.wait_for_timeout(400)
    assert height() > 2 * before
    panel.get_by_role("button", name="Less room").click()
    page.wait_for_timeout(400)
    assert height() == before
