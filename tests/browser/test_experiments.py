"""The Experiments page in a real browser: lines, table and two clouds, linked."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import PATIENCE, ROOT, browsing, check_edges, params_of, settle
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

START = "run=objects-vgg16_slim&layer=features.16&exp_a=base&lay_a=umap&exp_b=seed-1&lay_b=umap"


@pytest.fixture(scope="module")
def address(embedded: Path, app_address: str) -> str:
    """The page, in a project with the sweep that comes along and without git."""
    sweeps = embedded / "experiments"
    if not sweeps.exists():
        sweeps.symlink_to(ROOT / "experiments")
    return f"{app_address}/Experiments"


@pytest.fixture
def page(page: Page, address: str) -> Page:
    """The page with a pair of experiments in sight."""
    page.goto(f"{address}?{START}")
    expect(page.locator(".pair[data-shown]")).to_be_visible(timeout=PATIENCE)
    settle(page)
    return page


def row(name: str) -> str:
    return f"tbody tr[data-key='{name}']"


def count_ink(page: Page, side: int) -> int:
    """Pixels of one of the clouds that are not background."""
    return int(
        page.locator(".pair .plot canvas.points")
        .nth(side)
        .evaluate(
            """(canvas) => {
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                const pixels = new Uint32Array(data.buffer);
                return pixels.filter((each) => each !== pixels[0]).length;
            }"""
        )
    )


def find_sample(page: Page) -> None:
    """Move the pointer over the first cloud until it is over a sample."""
    box = page.locator(".pair .plot").first.bounding_box()
    assert box is not None
    marked = page.locator(".pair")
    for step in range(60):
        x = box["x"] + box["width"] * (0.3 + 0.4 * (step % 10) / 10)
        page.mouse.move(x, box["y"] + box["height"] * (0.3 + 0.4 * (step // 10) / 6))
        page.wait_for_timeout(30)
        if marked.get_attribute("data-marked") != "-1":
            return
    raise AssertionError("no sample under the pointer")


def test_two_are_chosen_and_seen(page: Page) -> None:
    assert min(count_ink(page, side) for side in (0, 1)) > 1000
    before = page.locator(".agreed b").first.inner_text()
    button = page.get_by_role("button", name="B: umap-neighbors-50")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true", timeout=PATIENCE)
    expect(page.locator(".agreed b").first).not_to_have_text(before, timeout=PATIENCE)
    settle(page)
    assert params_of(page)["exp_b"] == "umap-neighbors-50"
    page.get_by_role("button", name="A: grid-14").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"{row('grid-14')} .side").first).to_have_attribute(
        "aria-pressed", "true", timeout=PATIENCE
    )
    settle(page)
    assert params_of(page)["exp_a"] == "grid-14" and params_of(page)["lay_a"] == "umap"
    assert min(count_ink(page, side) for side in (0, 1)) > 1000


def test_a_sample_is_marked_in_both_and_pinned(page: Page) -> None:
    find_sample(page)
    marked = page.locator(".pair").get_attribute("data-marked")
    plots = page.locator(".pair .plot")
    for side in (0, 1):
        assert plots.nth(side).get_attribute("data-place")
    expect(page.locator(".pair .told")).to_contain_text(f"Sample {int(marked or 0):04d}")
    tooltip = plots.first.locator(".tooltip")
    expect(tooltip).to_be_visible()
    picture = tooltip.locator(".picture").evaluate("(e) => e.style.backgroundImage")
    assert picture.startswith('url("blob:')
    page.mouse.down()
    page.mouse.up()
    settle(page)
    assert params_of(page)["sample"] == marked
    page.mouse.move(5, 5)
    expect(page.locator(".pair")).to_have_attribute("data-marked", str(marked))
    page.reload()
    expect(page.locator(".pair")).to_have_attribute("data-marked", str(marked), timeout=PATIENCE)


def names_of(page: Page) -> list[str]:
    rows = page.locator("tbody tr:not([hidden])").all()
    return [str(each.get_attribute("data-key")) for each in rows]


def test_the_table_is_sorted_and_the_link_keeps_it(page: Page) -> None:
    assert names_of(page)[:2] == ["base", "seed-1"]
    header = page.locator("th[data-key=trust]")
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "descending")
    column = 1 + int(header.evaluate("head => [...head.parentElement.children].indexOf(head)"))
    cells = page.locator(f"tbody tr:not([hidden]) td.figure:nth-child({column})").all()
    figures = [float(each.inner_text()) for each in cells]
    assert figures == sorted(figures, reverse=True) and len(figures) == 15
    settle(page)
    header.locator("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    settle(page)
    assert params_of(page)["sort"] == "trust"
    ordered = names_of(page)
    page.reload()
    expect(header).to_have_attribute("aria-sort", "ascending", timeout=PATIENCE)
    assert names_of(page) == ordered


def test_lines_and_table_go_together(page: Page) -> None:
    expect(page.locator(".lines path.line")).to_have_count(14)
    page.locator(row("grid-1")).hover()
    expect(page.locator(".lines path.lit")).to_have_attribute("data-key", "grid-1")
    box = page.locator(".lines svg").bounding_box()
    assert box is not None
    x = box["x"] + float(page.locator(".lines .axis").first.get_attribute("x1") or 0)
    page.mouse.move(x, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(x, box["y"] + 14, steps=3)  # the top of the first axis: grid 14
    page.mouse.up()
    expect(page.locator("tbody tr:not([hidden])")).to_have_count(1)
    assert names_of(page) == ["grid-14"]
    page.get_by_role("button", name="Show all again").click()
    expect(page.locator("tbody tr:not([hidden])")).to_have_count(15)


def test_a_line_is_picked(page: Page) -> None:
    place = page.locator(".lines path[data-key='umap-neighbors-5']").evaluate(
        """(path) => {
            const corners = path.getAttribute("d").slice(2).split(" L ");
            const points = corners.map((each) => each.split(" ").map(Number));
            const [[x0, y0], [x1, y1]] = points.slice(5, 7); // towards umap.n_neighbors
            const { left, top } = path.ownerSVGElement.getBoundingClientRect();
            return [left + x0 + (x1 - x0) * 0.7, top + y0 + (y1 - y0) * 0.7];
        }"""
    )
    page.mouse.move(*place)
    expect(page.locator(".lines .tip")).to_contain_text("umap-neighbors-5")
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_role("button", name="B: umap-neighbors-5", exact=True)).to_have_attribute(
        "aria-pressed", "true", timeout=PATIENCE
    )


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080)])
def test_nothing_reaches_over_the_edge(address: str, width: int, height: int) -> None:
    with browsing(width, height) as (page, errors):
        page.goto(f"{address}?{START}")
        expect(page.locator(".pair[data-shown]")).to_be_visible(timeout=PATIENCE)
        settle(page)
        check_edges(page, ("panel-lines", "panel-table", "panel-pair"))
        assert errors == []
