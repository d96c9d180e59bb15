"""Names that are markup, icons, addresses or very long are seen as they are, on every page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path

import numpy as np
import pytest
from browser import browsing, serving, settle
from playwright.sync_api import Page, expect

from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, Writer
from tests.shared.pages import open_app, text_of
from tests.shared.project import make_err

pytestmark = pytest.mark.slow
RUN = "objects-vgg16_slim"
LONG = "long name " + "x" * 90
NAMES = (
    ":material/home: :streamlit: :material_home:",
    "**bold** _it_ `code` __u__",
    "$x^2$ -> <- -- >= $y$",
    "[a](https://example.org) www.example.org a@example.org",
    ":red[r] :smile: :blue-badge[b]",
    "<b>b</b> &quot;q&quot; &amp; <br>",
    "# 1. > ~~s~~ | a\\b",
    LONG,
    "日本語 שלום %{x} {0}",
    "'=1+1\" <img src=x onerror=window.pwned=1>",
)
PAGES = ("", "UMAP_Tour", "Explain", "Features", "Performance", "Network", "Experiments", "About")


@pytest.fixture(scope="module")
def folder(embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose classes have these names."""
    made = tmp_path_factory.mktemp("hostile")
    for link in embedded.iterdir():
        if link.name != "data":
            (made / link.name).symlink_to(link.resolve())
    run = made / "data" / RUN
    shutil.copytree(embedded / "data" / RUN, run)
    for name in ("samples", "predictions"):
        path = (run / f"{name}.zarr").absolute()
        categories = [dict(each) for each in Store(path).attributes["categories"]]
        for category, hostile in zip(categories, NAMES, strict=False):
            category["name"] = hostile
        writer = Writer.open(str(path))
        writer.set(categories=categories)
        writer.seal()
    ones = np.flatnonzero(Samples(run / "samples.zarr").labels == 1)
    make_err(run, {int(uid): (0, 0.95) for uid in ones[:3]})
    return made


@pytest.fixture(scope="module", params=[(1280, 800), (390, 844)], ids=["wide", "narrow"])
def page(folder: Path, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    with browsing(*request.param) as (page, errors):
        yield page
        assert errors == []
        assert page.evaluate("window.pwned") is None
        assert page.locator("[data-testid=stException]").count() == 0


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serving(folder) as found:
        yield found


@pytest.mark.parametrize("name", PAGES)
def test_no_page_takes_a_name_for_html(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(folder)
    app = open_app(name, run=RUN, size="1000", sample="3", focus_class="5", perf="classes")
    shown = text_of(app)
    assert "<img src=x" not in shown and "<b>b</b>" not in shown
    if name == "Performance":
        assert escape(NAMES[5]) in shown


def read(text: str) -> str:
    return text.replace("\u2060", "")


def test_pairs_of_classes_are_buttons_with_their_names_and_counts(page: Page, address: str) -> None:
    page.goto(f"{address}/Performance?run={RUN}&size=1000&perf=confusion")
    settle(page)
    button = page.locator(".st-key-pair_0 button")
    expect(button).to_be_visible()
    assert read(button.locator("strong").inner_text()) == f"{NAMES[1]} → {NAMES[0]}"
    assert button.locator("a, em, img, [role=img]").count() == 0
    panel = page.locator(".st-key-panel-cell").bounding_box()
    assert panel is not None
    for count, text in zip(button.locator("code").all(), ("3", "3 %"), strict=True):
        assert count.inner_text() == text
        box = count.bounding_box()
        assert box is not None and box["x"] + box["width"] <= panel["x"] + panel["width"]


def test_axes_of_the_confusion_matrix_have_names_not_entities(page: Page, address: str) -> None:
    page.goto(f"{address}/Performance?run={RUN}&size=1000&perf=confusion")
    settle(page)
    ticks = page.frame_locator(".st-key-matrix iframe").locator(".ytick text")
    expect(ticks).to_have_count(len(NAMES))
    shown = {tick.removesuffix(" ●") for tick in ticks.all_text_contents()}
    assert shown == {name if len(name) <= 17 else f"{name[:16]}…" for name in NAMES}


def test_a_long_name_hides_no_count(page: Page, address: str) -> None:
    page.goto(f"{address}/Performance?run={RUN}&size=1000&perf=thresholds&focus_class=7")
    settle(page)
    title = page.locator(".title", has_text=LONG).first
    assert title.locator("b").get_attribute("title") == f"{LONG} against the rest"
    figure, whole = title.locator("span").bounding_box(), title.bounding_box()
    assert title.locator("span").inner_text() == "100 samples of it, 900 others"
    assert figure is not None and whole is not None
    assert figure["x"] + figure["width"] <= whole["x"] + whole["width"] + 1


def test_the_map_of_classes_has_names_not_markup(page: Page, address: str) -> None:
    page.goto(f"{address}/Features?run={RUN}&show=classes&class_map=pca&class_of=5")
    settle(page)
    chart = page.frame_locator(".st-key-class-map iframe")
    expect(chart.locator(".textpoint text", has_text=NAMES[5])).to_have_count(1)
    near = page.locator(".st-key-panel-class")
    expect(near).to_contain_text("Nearest classes", ignore_case=True)


def test_samples_channels_and_legends_show_names_as_they_are(page: Page, address: str) -> None:
    page.goto(f"{address}/?run={RUN}&size=100&layer=probabilities&channel=0&sample=5")
    settle(page)
    dialog = page.locator(".st-key-channel-dialog")
    expect(dialog.locator("h3").first).to_have_text(NAMES[0])
    for name in NAMES:
        expect(dialog.get_by_text(name, exact=True).first).to_be_attached()
    facts = page.locator(".st-key-inspector-panel .facts dd")
    assert facts.nth(0).get_attribute("title") == NAMES[5]
