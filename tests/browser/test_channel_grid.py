"""The channel grid in a real browser: sorted, searched, zoomed, and heard of by Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from browser import ROOT, serving, settle
from playwright.sync_api import Page, expect

from layerscope.explanation.heatmap import colorize

pytestmark = pytest.mark.slow

GRID = """
import numpy as np
import streamlit as st
from ui.components.channel_grid import ChannelMaps, draw_channel_grid

state, params = st.session_state, st.query_params
kind = params.get("kind", "maps")
rng = np.random.default_rng(0)
if kind == "maps":
    maps = rng.integers(0, 256, (512, 14, 14), dtype=np.uint8)
    low = rng.uniform(-3, 0, 512)
    ranges = np.stack([low, low + rng.uniform(1, 5, 512)], axis=1).astype(np.float32)
    scores = rng.normal(1, 1, 512).astype(np.float32)
    channels = ChannelMaps(maps, ranges, scores, -3, 5, None, False, "features.28")
else:
    n, names = (512, None) if kind == "dense" else (12, [f"bird {i}" for i in range(11)] + ["<b>owl"])
    scores = rng.normal(0, 2, n).astype(np.float32)
    if names:
        scores = (np.exp(scores) / np.exp(scores).sum()).astype(np.float32)
    low, high = (float(scores.min()), float(scores.max()))
    channels = ChannelMaps(
        np.zeros((n, 1, 1), np.uint8), np.repeat(scores[:, None], 2, axis=1), scores, low, high,
        names, True, "classifier.0", "class" if names else "neuron",
    )

def hear(name):
    return lambda value: state.update({name: [*state.get(name, []), value]})

st.html("<style>:root { --grid-height: 150px } .stMainBlockContainer { max-width: none }</style>")
draw_channel_grid(
    channels, chosen=state.get("picks", [None])[-1], order=state.get("orders", ["-score"])[-1],
    key="grid", on_pick=hear("picks"), on_order=hear("orders"),
)
st.html(f"<p class='heard'>{state.get('picks', [])} {state.get('orders', [])}</p>")
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("grid")
    script = folder / "page.py"
    script.write_text(GRID)
    with serving(folder, script) as found:
        yield found


@pytest.fixture
def grid(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector(".cell")
    settle(page)
    return page


@pytest.fixture
def dense(page: Page, address: str) -> Page:
    page.goto(f"{address}/?kind=dense")
    page.wait_for_selector(".dense canvas")
    settle(page)
    return page


RNG = np.random.default_rng(0)
MAPS = RNG.integers(0, 256, (512, 14, 14), dtype=np.uint8)
_LOW = RNG.uniform(-3, 0, 512)
RANGES = np.stack([_LOW, _LOW + RNG.uniform(1, 5, 512)], axis=1).astype(np.float32)
SCORES = RNG.normal(1, 1, 512).astype(np.float32)
NEURONS = np.random.default_rng(0).normal(0, 2, 512).astype(np.float32)


def cells(page: Page) -> list[int]:
    """The channels in sight and just below it, as they stand."""
    return page.evaluate(
        """() => {
          const root = [...document.querySelectorAll("*")].find((e) => e.shadowRoot?.querySelector(".grid"));
          const cells = [...root.shadowRoot.querySelectorAll(".cell")];
          const place = (cell) => Number(cell.getAttribute("aria-posinset"));
          return cells.sort((a, b) => place(a) - place(b)).map((cell) => Number(cell.dataset.channel));
        }"""
    )


def expect_heard(page: Page, what: str) -> None:
    """What the page was told of, once it has arrived."""
    settle(page)
    expect(page.locator(".heard")).to_have_text(what)


# --- maps ------------------------------------------------------------------------------------


def test_channels_are_sorted_either_way_by_score_or_number(grid: Page) -> None:
    falling = np.argsort(-SCORES, kind="stable").tolist()
    shown = cells(grid)
    assert shown == falling[: len(shown)]
    assert "512 channels" in grid.locator(".count").inner_text()
    first = grid.locator(f"[data-channel='{falling[0]}']")
    assert first.locator("span").inner_text() == f"{SCORES.max():.3g}"
    by_score, by_channel = (grid.locator(f".orders [data-by={by}]") for by in ("score", "channel"))
    by_score.click()
    assert cells(grid) == falling[::-1][: len(shown)]
    by_channel.click()
    assert cells(grid)[: len(shown)] == list(range(len(shown)))
    assert by_channel.get_attribute("aria-pressed") == "true"
    by_channel.click()
    assert cells(grid)[0] == 511
    settle(grid)
    expect(grid.locator(".heard")).to_have_text(re.compile(r"'-channel'\]$"))
    assert cells(grid)[0] == 511  # what Python repeats meanwhile undoes nothing
    by_score.click()
    assert cells(grid)[: len(shown)] == falling[: len(shown)]


def test_only_what_is_in_sight_is_on_the_page(grid: Page) -> None:
    assert len(cells(grid)) < 80
    grid.locator(".grid").evaluate("box => (box.scrollTop = box.scrollHeight)")
    grid.wait_for_timeout(100)
    assert np.argmin(SCORES) in cells(grid) and len(cells(grid)) < 80


def test_a_click_picks_and_marks_the_channel(grid: Page) -> None:
    wanted = cells(grid)[3]
    grid.locator(f"[data-channel='{wanted}']").click()
    expect_heard(grid, f"[{wanted}] []")
    assert grid.locator(".cell[aria-selected=true]").get_attribute("data-channel") == str(wanted)
    grid.locator(f"[data-channel='{wanted}']").click()  # again: its dialog may have been closed
    expect_heard(grid, f"[{wanted}, {wanted}] []")


def pixels(page: Page, channel: int) -> np.ndarray:
    """What the thumbnail of a channel shows, (14, 14, 3)."""
    flat = page.locator(f"[data-channel='{channel}'] canvas").evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 14, 14).data]"
    )
    return np.array(flat).reshape(14, 14, 4)[:, :, :3]


def test_thumbnails_have_the_layers_colours_or_their_own(grid: Page) -> None:
    channel = cells(grid)[1]
    low, high = RANGES[channel]
    values = low + MAPS[channel] / 255 * (high - low)
    expected = colorize((values + 3) / 8)  # the scale is -3 to 5
    assert abs(pixels(grid, channel).astype(int) - expected).max() <= 4  # one step of 255
    scale = grid.locator(".scale")
    assert scale.get_attribute("aria-pressed") == "false"
    assert scale.inner_text().split() == ["−3", "5"]
    scale.click()
    np.testing.assert_array_equal(pixels(grid, channel), colorize(MAPS[channel] / 255))
    assert scale.get_attribute("aria-pressed") == "true"
    scale.click()
    assert abs(pixels(grid, channel).astype(int) - expected).max() <= 4


def test_a_number_is_found_and_enter_opens_it(grid: Page) -> None:
    search = grid.locator(".search")
    search.fill("28")
    found = cells(grid)
    assert found[0] == 28 and set(found) == {28, *range(280, 290)}
    assert found[1:] == sorted(found[1:], key=lambda c: -SCORES[c])
    assert grid.locator(".count").inner_text() == "11 of 512 channels"
    search.press("Enter")
    expect_heard(grid, "[28] []")
    search.fill("600")
    assert grid.get_by_text("No channel 600 here").is_visible() and cells(grid) == []
    search.press("Enter")
    search.press("Escape")
    assert search.input_value() == "" and len(cells(grid)) > 20
    expect_heard(grid, "[28] []")


def test_the_keyboard_reaches_every_channel(grid: Page) -> None:
    order = np.argsort(-SCORES, kind="stable")
    box = grid.locator(".grid")
    box.focus()
    keys = grid.keyboard
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    assert grid.locator(".cell.cursor").get_attribute("data-channel") == str(order[2])
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    keys.press("Enter")
    expect_heard(grid, f"[{order[2]}] []")
    keys.press("End")
    at = grid.locator(".cell.cursor")
    assert at.get_attribute("data-channel") == str(order[-1])
    assert box.get_attribute("aria-activedescendant") == f"channel-{order[-1]}"
    area, cell = box.bounding_box(), at.bounding_box()
    assert area is not None and cell is not None
    assert area["y"] <= cell["y"] and cell["y"] + cell["height"] <= area["y"] + area["height"] + 1
    keys.press(" ")
    expect_heard(grid, f"[{order[2]}, {order[-1]}] []")


BLANK = """
async ([script, html, count, height, width]) => {
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { default: mount } = await import(url);
  const host = document.createElement("div");
  document.body.replaceChildren(host);
  const root = host.attachShadow({ mode: "open" });
  const style = ".grid { height: 150px; overflow: auto } .cell { position: absolute }";
  root.innerHTML = `<style>${style}</style>${html}`;
  const random = (n) => Float32Array.from({ length: n }, Math.random);
  const columns = {
    maps: Uint8Array.from({ length: count * height * width }, (_, i) => i),
    ranges: random(2 * count), scores: random(count), colors: new Uint8Array(768),
  };
  const bytes = (name) => new Uint8Array(columns[name].buffer);
  const arrays = { getChild: (name) => ({ get: () => bytes(name) }) };
  const shape = { count, height, width, dense: false };
  const facts = { ...shape, low: 0, high: 1, names: null, title: "x", unit: "channel" };
  const data = { arrays, facts, stamp: "a", chosen: -1, order: "-score" };
  mount({ data, parentElement: root, setTriggerValue: () => {} });
  const cells = () => [...root.querySelectorAll(".cell")].map((cell) => cell.dataset.channel);
  host.getBoundingClientRect();
  const best = cells();
  root.querySelector("[data-by=score]").click();
  host.getBoundingClientRect();
  return [best, cells()];
}
"""


@pytest.mark.parametrize("shape", [(512, 14, 14), (64, 56, 56), (2048, 7, 7)])
def test_of_many_channels_only_those_in_sight_are_made(
    page: Page, shape: tuple[int, int, int]
) -> None:
    folder = ROOT / "ui/components"
    script = (folder / "dist/channel_grid.js").read_text()
    html = (folder / "channel_grid/channel_grid.html").read_text()
    best, worst = page.evaluate(BLANK, [script, html, *shape])
    assert 10 < len(best) == len(worst) < shape[0]
    assert best != worst


# --- dense layers ----------------------------------------------------------------------------


def place_of(page: Page, neuron: int, rows: int = 16) -> tuple[float, float]:
    """The middle of a cell on the screen."""
    box = page.locator(".dense canvas").bounding_box()
    assert box is not None
    columns = 512 // rows
    x = box["x"] + (neuron % columns + 0.5) * box["width"] / columns
    return x, box["y"] + (neuron // columns + 0.5) * box["height"] / rows


def rows_of(page: Page) -> int:
    """How many rows the rectangle has: cells are as near to squares as 512 = 2^9 allows."""
    box = page.locator(".dense canvas").bounding_box()
    assert box is not None
    shape = box["width"] / box["height"]
    return min((2**i for i in range(10)), key=lambda r: abs(np.log(shape * r * r / 512)))


def test_each_cell_names_its_neuron_and_a_click_picks_it(dense: Page) -> None:
    rows = rows_of(dense)
    tooltip = dense.locator(".tooltip")
    for neuron in (0, 123, 511):
        dense.mouse.move(*place_of(dense, neuron, rows))
        value = f"{NEURONS[neuron]:.3g}".replace("-", "−")
        assert tooltip.inner_text().replace("\n", " ").startswith(f"neuron {neuron}:")
        assert value.rstrip("0") in tooltip.inner_text()
    assert dense.locator(".orders").is_hidden()
    dense.mouse.click(*place_of(dense, 123, rows))
    expect_heard(dense, "[123] []")


def test_the_heatmap_is_zoomed_dragged_and_shown_whole_again(dense: Page) -> None:
    rows = rows_of(dense)
    tooltip, reset = dense.locator(".tooltip"), dense.locator(".reset")
    x, y = place_of(dense, 300, rows)
    dense.mouse.move(x, y)
    for _ in range(3):
        dense.mouse.wheel(0, -300)
    dense.wait_for_timeout(100)
    assert "neuron 300:" in tooltip.inner_text()  # the cell under the pointer stays there
    dense.mouse.move(x + 12, y)
    assert "neuron 300:" in tooltip.inner_text()  # and is larger now
    assert "needed" in str(reset.get_attribute("class"))
    dense.mouse.down()
    dense.mouse.move(x + 52, y, steps=4)
    dense.mouse.up()
    dense.mouse.move(x + 52, y)
    assert "neuron 300:" in tooltip.inner_text()  # it went with the pointer
    expect_heard(dense, "[] []")  # a drag picks nothing
    dense.mouse.dblclick(x, y)
    dense.mouse.move(*place_of(dense, 300, rows))
    assert "neuron 300:" in tooltip.inner_text()
    assert "needed" not in str(reset.get_attribute("class"))


def test_the_keyboard_walks_through_neurons(dense: Page) -> None:
    columns = 512 // rows_of(dense)
    dense.locator(".dense").focus()
    keys, tooltip = dense.keyboard, dense.locator(".tooltip")
    keys.press("ArrowRight")
    assert "neuron 0:" in tooltip.inner_text()
    keys.press("ArrowRight")
    keys.press("ArrowDown")
    assert f"neuron {1 + columns}:" in tooltip.inner_text()
    keys.press("+")
    keys.press("End")
    assert "neuron 511:" in tooltip.inner_text() and tooltip.is_visible()
    keys.press("0")
    keys.press("Home")
    keys.press("Enter")
    expect_heard(dense, "[0] []")
    dense.locator(".search").fill("51")
    assert dense.locator(".count").inner_text() == "3 of 512 neurons"
    assert "neuron 51:" in tooltip.inner_text()
    keys.press("Enter")
    expect_heard(dense, "[0, 51] []")


def test_outputs_go_by_their_names(page: Page, address: str) -> None:
    page.goto(f"{address}/?kind=output")
    page.wait_for_selector(".dense canvas")
    settle(page)
    tooltip = page.locator(".tooltip")
    page.locator(".search").fill("OWL")
    assert tooltip.inner_text().startswith("<b>owl:")
    assert tooltip.locator("b").count() == 1  # a name from data is text
    scores = np.exp(np.random.default_rng(0).normal(0, 2, 12).astype(np.float32))
    assert f"{scores[11] / scores.sum():.3f}" in tooltip.inner_text()
    page.keyboard.press("Enter")
    expect_heard(page, "[11] []")
