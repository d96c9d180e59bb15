"""The Performance page in a real browser: clicks on its chart, its pictures, its threshold, its keys."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import PATIENCE, params_of, serving, settle
from playwright.sync_api import Locator, Page, expect

from layerscope.runs.samples import Samples
from tests.shared.project import write_errors

pytestmark = pytest.mark.slow

RUN = "run=objects-vgg16_slim&size=1000"
N_ROWS, N_COLUMNS = 10, 13  # of the matrix of this run


LAMPS, ROCKETS = 1, 9
# Of a class so many samples, the output that is predicted, and how confidently.
ERRORS = ((LAMPS, 3, 0, 0.95), (ROCKETS, 1, 13, 0.9), (ROCKETS, 1, 14, 0.85), (0, 1, 16, 0.8))


@pytest.fixture(scope="module")
def address(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page, of a network that errs six times."""
    run = "objects-vgg16_slim"
    places = defaultdict(list)
    for uid, label in enumerate(Samples(embedded / "data" / run / "samples.zarr").labels.tolist()):
        places[label].append(uid)
    errors = {
        places[label].pop(): (output, confidence)
        for label, n, output, confidence in ERRORS
        for _ in range(n)
    }
    folder = write_errors(tmp_path_factory.mktemp("errors"), run, errors)
    with serving(folder) as found:
        yield f"{found}/Performance"


def show(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}?{RUN}&{query}")
    expect(page.locator(".st-key-page-views .told")).to_be_visible(timeout=PATIENCE)
    settle(page)


def click_cell(page: Page, row: int, column: int) -> None:
    """Click into the chart, which is in a frame of its own."""
    area = page.frame_locator(".st-key-matrix iframe").locator(".nsewdrag").first
    expect(area).to_be_visible(timeout=PATIENCE)
    box = area.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * (column + 0.5) / N_COLUMNS
    y = box["y"] + box["height"] * (row + 0.5) / N_ROWS
    page.mouse.move(x - 3, y - 3)
    page.mouse.move(x, y)  # plotly clicks what it has seen the pointer over
    page.wait_for_timeout(150)
    page.mouse.click(x, y)


def cells(page: Page) -> Locator:
    return page.locator(".st-key-panel-cell .cell")


def wait_for_param(page: Page, key: str, text: str | None) -> None:
    found = rf"[?&]{key}={re.escape(text)}(&|$)" if text is not None else rf"^(?!.*[?&]{key}=)"
    expect(page).to_have_url(re.compile(found), timeout=PATIENCE)


def test_a_click_on_a_cell_shows_its_samples_and_the_explorer_has_just_these(
    page: Page, address: str
) -> None:
    show(page, address)
    click_cell(page, 1, 0)  # table lamps predicted as teapots
    wait_for_param(page, "cell", "1-0")
    expect(cells(page)).to_have_count(3, timeout=PATIENCE)
    expect(cells(page).first).to_have_class(re.compile("there"), timeout=PATIENCE)
    uids = [title.split()[0] for title in cells(page).evaluate_all("all => all.map(e => e.title)")]
    cells(page).nth(1).click()
    wait_for_param(page, "sample", str(int(uids[1])))
    expect(page.locator(".st-key-sample-card")).to_contain_text(f"Sample {uids[1]}")
    click_cell(page, 9, 10)  # another cell, and the same again once it was closed
    wait_for_param(page, "cell", "9-13")
    page.get_by_role("button", name="Close").click()
    wait_for_param(page, "cell", None)
    expect(cells(page)).to_have_count(0, timeout=PATIENCE)
    settle(page)
    click_cell(page, 9, 10)
    wait_for_param(page, "cell", "9-13")
    settle(page)
    click_cell(page, 1, 0)
    wait_for_param(page, "cell", "1-0")
    settle(page)
    page.get_by_role("button", name="Show them in Explorer").click()
    panel = page.locator(".st-key-inspector-panel")
    expect(panel).to_contain_text("Set of 3", timeout=PATIENCE)
    expect(panel.locator(".cell")).to_have_count(3, timeout=PATIENCE)
    there = [t.split()[0] for t in panel.locator(".cell").evaluate_all("a => a.map(e => e.title)")]
    assert there == uids
    assert params_of(page)["run"] == "objects-vgg16_slim" and "only" not in params_of(page)


def test_lists_and_pairs_open_cells_by_keyboard_alone(page: Page, address: str) -> None:
    show(page, address, "arranged=similar&counted=share")
    pair = page.locator(".st-key-pair_0 button")
    pair.focus()
    page.keyboard.press("Enter")
    wait_for_param(page, "cell", "1-0")
    expect(cells(page)).to_have_count(3, timeout=PATIENCE)
    settle(page)
    page.get_by_role("combobox", name="Predicted class").focus()
    page.keyboard.type("table lamp")
    page.keyboard.press("Enter")
    wait_for_param(page, "cell", "1-1")
    expect(page.locator(".st-key-panel-cell .said").first).to_contain_text("97 of 100")
    page.reload()
    expect(cells(page)).to_have_count(97, timeout=PATIENCE)


def test_the_threshold_moves_with_the_keys_and_all_parts_follow(page: Page, address: str) -> None:
    show(page, address, "perf=thresholds&focus_class=9")
    table = page.locator(".two-by-two")
    expect(table).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-panel-roc .js-plotly-plot")).to_be_visible(timeout=PATIENCE)
    before = table.inner_text()
    thumb = page.get_by_role("slider")
    thumb.focus()
    page.keyboard.press("ArrowRight")
    wait_for_param(page, "cut", "0.505")
    page.keyboard.press("End")
    wait_for_param(page, "cut", "1.000")
    expect(table).to_contain_text(
        re.compile(r"0\s*true positives\s*100\s*false negatives"), timeout=PATIENCE
    )
    assert table.inner_text() != before
    expect(page.locator(".st-key-panel-threshold .estimates")).to_contain_text("not defined")
    page.reload()
    expect(table).to_contain_text(
        re.compile(r"0\s*true positives\s*100\s*false negatives"), timeout=PATIENCE
    )


def test_the_table_of_classes_sorts_and_chooses_with_the_keys(page: Page, address: str) -> None:
    show(page, address, "perf=classes")
    rows = page.locator(".st-key-panel-classes tbody tr")
    expect(rows).to_have_count(10, timeout=PATIENCE)
    head = page.locator(".st-key-panel-classes thead button", has_text="Recall")
    head.focus()
    page.keyboard.press("Enter")
    wait_for_param(page, "ranked", "-recall")
    settle(page)
    page.keyboard.press("Enter")  # the head kept the focus
    wait_for_param(page, "ranked", "recall")
    expect(rows.first).to_contain_text("table lamp", timeout=PATIENCE)
    rows.first.locator("button").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_for_param(page, "focus_class", "9")
    expect(page.locator(".st-key-panel-scores")).to_contain_text("moss owlet", timeout=PATIENCE)
    chosen = page.get_by_role("combobox", name="Class", exact=True)
    expect(chosen).to_have_value("rocket", timeout=PATIENCE)
    settle(page)
    page.keyboard.press("Enter")
    wait_for_param(page, "focus_class", None)


def test_bins_change_the_figures_and_a_link_keeps_them(page: Page, address: str) -> None:
    show(page, address, "perf=calibration")
    figures = page.locator(".st-key-panel-calibration .estimates")
    expect(figures).to_be_visible(timeout=PATIENCE)
    before = figures.inner_text()
    page.get_by_role("radio", name="Equal mass").click()
    wait_for_param(page, "binned", "mass")
    expect(figures).not_to_have_text(before, timeout=PATIENCE, use_inner_text=True)
    settle(page)
    after = figures.inner_text()
    page.reload()
    expect(figures).to_have_text(after, timeout=PATIENCE, use_inner_text=True)


def test_an_error_leads_to_its_reason_and_to_the_explorer(page: Page, address: str) -> None:
    show(page, address, "perf=errors")
    tiles = page.locator(".st-key-tiles_errors .tile")
    expect(tiles).to_have_count(6, timeout=PATIENCE)
    expect(page.locator(".st-key-panel-errors")).to_contain_text("Least confident, and correct")
    uid = str(tiles.first.get_attribute("data-uid"))
    tiles.first.locator(".open").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "Why?" of the first tile
    expect(page.locator(".st-key-subject-panel")).to_be_visible(timeout=PATIENCE)
    settle(page)
    params = params_of(page)
    assert (params["sample"], params["why"], params["against"]) == (uid, "0", "1")
    page.go_back()
    show(page, address, "perf=errors")
    tiles.first.locator(".open").click()
    expect(page.locator(".st-key-inspector-panel")).to_be_visible(timeout=PATIENCE)
    wait_for_param(page, "sample", uid)
