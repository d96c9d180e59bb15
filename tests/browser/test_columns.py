"""Colours by a column, filters by a split, and legends of many classes in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser import params_of, serving, settle
from playwright.sync_api import Page, expect

from layerscope.datasets.categories import Category
from tests.shared.small_run import write_run

pytestmark = pytest.mark.slow
N = 200
HOSTILE = "<img src=x onerror=window.pwned=1>"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A run of 150 classes, whose table has a place and an age."""
    root: Path = tmp_path_factory.mktemp("columns")
    write_run(
        root,
        np.arange(N) % 150,
        sizes=(100, N),
        categories=tuple(Category(None, None, f"species {i}") for i in range(150)),
        facts={
            HOSTILE: ["north" if i % 2 else None for i in range(N)],
            "age": [float(i) if i else None for i in range(N)],
        },
        splits=[("train", "val")[i % 4 == 0] for i in range(N)],
    )
    with serving(root) as found:
        yield found


def select(page: Page, label: str, name: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.keyboard.type(name)
    page.get_by_role("option", name=name, exact=True).click()
    page.keyboard.press("Escape")
    settle(page)


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".legend .head")
    settle(page)


def test_a_column_colours_the_plot_and_a_split_filters_it(page: Page, address: str) -> None:
    open_page(page, f"{address}/?size={N}")
    select(page, "Colour by", f"Column: {HOSTILE}")
    assert params_of(page)["color"] == f"column: {HOSTILE}"
    legend = page.locator(".scatter .legend")
    expect(legend.locator(".name")).to_have_text(["north", "no value"])
    expect(legend.locator(".count")).to_have_text(["100", "100"])
    expect(legend.locator(".about")).to_have_attribute("title", HOSTILE)
    page.locator(".st-key-where input").click()
    page.get_by_role("option", name="split: val", exact=True).click()
    page.keyboard.press("Escape")
    settle(page)
    assert params_of(page)["where"] == '[["split","val"]]'
    expect(legend.locator(".count")).to_have_text(["0", "50"])  # every fourth
    page.reload()
    page.wait_for_selector(".legend .head")
    settle(page)
    expect(legend.locator(".count")).to_have_text(["0", "50"])
    assert page.evaluate("window.pwned") is None


def test_a_number_is_a_bar_with_its_range_on_both_pages(page: Page, address: str) -> None:
    for place in ("", "UMAP_Tour"):
        open_page(page, f"{address}/{place}?size={N}&color=column: age&step=5")
        expect(page.locator(".legend .end")).to_have_text(["1", "199"])
        assert page.locator(".legend .step").count() == 12
        expect(page.locator(".legend .other")).to_have_text("no value 1")
        shares = page.locator(".legend .step").evaluate_all(
            "steps => steps.map((step) => Number(step.title.match(/: (\\d+) samples/)[1]))"
        )
        assert sum(shares) == N - 1


def test_a_legend_of_many_classes_is_searched_and_says_what_it_lacks(
    page: Page, address: str
) -> None:
    for place, told in (
        ("?size=100", "100 of 150 classes, 40 marks for 100 classes; hover tells"),
        (f"UMAP_Tour?size={N}&step=5", "40 marks for 150 classes; hover tells"),
    ):
        open_page(page, f"{address}/{place}")
        legend = page.locator(".legend.long")
        expect(legend.locator(".told")).to_have_text(told)
        there = 100 if "100" in place else 150
        assert legend.locator(".entry").count() == there
        legend.locator(".search").fill("SPECIES 9")
        shown = legend.locator(".entry:visible .name")
        expect(shown).to_have_count(11)  # 9 and 90 to 99
        shown.nth(1).click()
        settle(page)
        assert params_of(page)["only"] == "90"
        expect(legend.locator(".search")).to_have_value("SPECIES 9")
        expect(shown).to_have_count(11)


def test_what_a_model_lacks_is_said_within_the_inspector(page: Page, address: str) -> None:
    open_page(page, f"{address}/?size=100&sample=5&layer=features.0")
    facts = page.locator(".st-key-inspector-panel .facts").first
    expect(facts).to_contain_text("the model lacks the true class")
    panel = page.locator(".st-key-inspector-panel").bounding_box()
    assert panel is not None
    for part in facts.locator("dd, dd span").all():
        box = part.bounding_box()
        assert box is not None and box["x"] + box["width"] <= panel["x"] + panel["width"]
