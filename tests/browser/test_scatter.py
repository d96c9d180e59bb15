"""The scatter plot and the contact sheet, mounted alone in a real browser, and what they let through."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from browser import drag, expose, serving, settle
from playwright.sync_api import Page

from tests.shared.project import ROOT
from ui.components import component, contact_sheet, scatter
from ui.components.points import Coloring, LegendEntry, PlotChoices, PlotPredictions, PlotSamples
from ui.components.triggers import read_lasso, read_only, read_pin, read_switch

slow = pytest.mark.slow
ABREAST = 10  # samples lie on a square grid, row by row from the lower left
COLORS = ((74, 184, 181), (243, 182, 9))  # of the first two classes
SCRIPT = """
import json
import cv2, numpy as np, streamlit as st
from ui.components.contact_sheet import draw_contact_sheet
from ui.components.points import Coloring, LegendEntry, PlotChoices, PlotSamples, PlotPredictions
from ui.components.scatter import Points, draw_scatter
from ui.components.thumbnails import Sheet, send_thumbnails

asked = st.query_params
abreast = int(asked.get("abreast", 10))
n = abreast**2
told = st.session_state.setdefault("told", [])
now = st.session_state.setdefault(
    "now", {"pinned": None, "only": frozenset(), "lassoed": (), "pictures": False, "turned": False}
)

def keep(name):
    def tell(value):
        now[name] = value
        told.append([name, sorted(value) if isinstance(value, (frozenset, tuple)) else value])
    return tell

at = np.stack(np.meshgrid(np.arange(abreast), np.arange(abreast)), -1).reshape(n, 2).astype("f4")
labels = np.arange(n) % 2
entries = [LegendEntry("even", "#4ab8b5"), LegendEntry("<b>odd</b>", "#f3b609", "square")]
coloring = Coloring("Kind", labels, entries, None)
if asked.get("color") == "scale":
    coloring = Coloring("Confidence", labels, entries, ("0.1", "0.9"))
if asked.get("color") == "many":
    many = [LegendEntry(f"class {i}", "#4ab8b5") for i in range(n + 50)]
    coloring = Coloring("Class", np.arange(n), many, None)
faded = np.zeros(n, bool)
faded[:int(asked.get("faded", 0))] = True
points = Points(
    at[:, ::-1] if now["turned"] else at,
    PlotSamples(labels, ["even", "odd"], coloring, f"grid/{n}", faded),
    PlotPredictions(labels, ["even", "odd"], 1 - labels, np.full(n, 0.875, "f4")),
    neighbors=[] if now["pinned"] is None else [(now["pinned"] + 1) % n],
)
st.html("<style>:root { --scatter-height: 460px }</style>")
left, right = st.columns([2, 1])
with left:
    choices = PlotChoices(
        pinned=now["pinned"], only=now["only"], lassoed=now["lassoed"], pictures=now["pictures"],
        on_pin=keep("pinned"), on_only=keep("only"), on_lasso=keep("lassoed"),
        on_pictures=keep("pictures"),
    )
    draw_scatter(points, choices, key="plot")
    st.button("turn", on_click=lambda: now.update(turned=not now["turned"]))
shown = list(range(int(asked.get("cells", 25))))
names, colors = ["even", "odd"], ["#4ab8b5", "#f3b609"]
with right:
    draw_contact_sheet(
        shown, [names[i % 2] for i in shown], [colors[i % 2] for i in shown], family=f"grid/{n}",
        pinned=now["pinned"], key="cells", on_pin=keep("pinned"), rows=4,
    )
    draw_contact_sheet(
        shown[:10], names[:1] * 10, colors[:1] * 10, family="none", pinned=None, key="row",
        on_pin=keep("pinned"), rows=1,
    )
    with st.container(key="told"):
        st.text(json.dumps(told))
if "blank" not in asked:
    side = 16
    picture = np.zeros((abreast * side, abreast * side, 3), np.uint8)
    picture[..., 2] = 200  # blue, green, red
    _, image = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 100])
    send_thumbnails(Sheet(image.tobytes(), abreast, n), f"grid/{n}", key="thumbnails")
"""


# --- what a browser may send -------------------------------------------------------------------

HOSTILE = ("7", None, True, 1.0, -2, 9, 10**30, [], {}, [1], "__proto__")


@pytest.mark.parametrize("sent", HOSTILE)
def test_a_pin_is_a_sample_or_none(sent: object) -> None:
    assert [read_pin(uid, 9) for uid in (-1, 0, 8)] == [None, 0, 8]
    with pytest.raises(ValueError):
        read_pin(sent, 9)


@pytest.mark.parametrize(
    "sent", ("1", None, 1, {"0": 1}, [9], [-1], [True], [1.0], ["1"], [None], [[1]], [0] * 10)
)
@pytest.mark.parametrize("read", (read_only, read_lasso))
def test_a_set_is_a_list_of_indices(read: Callable[[object, int], Any], sent: object) -> None:
    with pytest.raises(ValueError):
        read(sent, 9)


def test_sets_are_brought_into_shape() -> None:
    assert read_lasso([5, 2, 5, 0], 9) == (0, 2, 5)
    assert read_lasso([], 9) == ()
    assert read_only([3, 1, 3], 9) == frozenset({1, 3})
    assert read_only([], 0) == frozenset()


@pytest.mark.parametrize("sent", (0, 1, None, "true", [], [True]))
def test_pictures_are_on_or_off(sent: object) -> None:
    assert read_switch(True) is True and read_switch(False) is False
    with pytest.raises(ValueError):
        read_switch(sent)


def test_what_is_refused_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted: dict[str, Any] = {}
    told: list[object] = []
    session: dict[str, dict[str, object]] = {"plot": {}}
    for each in (scatter, contact_sheet):
        monkeypatch.setattr(each._COMPONENT, "render", lambda **given: mounted.update(given))
    monkeypatch.setattr(component, "st", SimpleNamespace(session_state=session))
    zeros = np.zeros(3, int)
    coloring = Coloring("Class", zeros, [LegendEntry("a", "#ffffff")], None)
    samples = PlotSamples(zeros, ["a"], coloring, "x")
    choices = PlotChoices(
        None, frozenset(), (), False, *(told.append for _ in ("pin", "only", "lasso", "pictures"))
    )
    points = scatter.Points(np.zeros((3, 2)), samples, PlotPredictions(zeros, ["a"], zeros, zeros))
    scatter.draw_scatter(points, choices, key="plot")

    def send(name: str, *values: object) -> None:
        for value in values:
            session["plot"][name] = value
            mounted[f"on_{name}_change"]()

    send("pinned", 3, -1, "0")
    send("only", [1], [0], 0)
    send("lassoed", [3], [2, 0], {})
    send("pictures", 1, True)
    assert told == [None, frozenset({0}), (0, 2), True]

    told.clear()
    contact_sheet.draw_contact_sheet(
        [4, 7], ["a"] * 2, ["#ffffff"] * 2, family="x", pinned=None, key="plot", on_pin=told.append
    )
    send("pinned", 0, -1, True, 4.0, "4", [4], None, 7, 4)
    assert told == [7, 4]


# --- in a browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("scatter")
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    (folder / "page.py").write_text(SCRIPT)
    with serving(folder, folder / "page.py") as found:
        yield found


def show(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/?{query}")
    page.wait_for_selector(".plot")
    settle(page)


def told(page: Page) -> list[list[Any]]:
    """Names and values that Python has heard, in order."""
    page.mouse.move(2, 2)
    settle(page)
    found: list[list[Any]] = json.loads(page.locator(".st-key-told").inner_text())
    return found


def listen(page: Page) -> list[object]:
    """What is sent to the server from now on; before the page is opened."""
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    return sent


def find_box(page: Page) -> dict[str, float]:
    box = page.locator(".plot").bounding_box()
    assert box is not None
    return dict(box)


def locate(page: Page, column: float, row: float) -> tuple[float, float]:
    """Where a place of the grid is on the page, from the extent of what is drawn."""
    left, top, right, bottom = page.locator("canvas.points").evaluate(
        """canvas => {
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const found = [width, height, 0, 0];
          for (let i = 0; i < width * height; i++) {
            if (data[4 * i] === 20 && data[4 * i + 1] === 24 && data[4 * i + 2] === 29) continue;
            if (!data[4 * i + 3]) continue;
            const [x, y] = [i % width, Math.floor(i / width)];
            found[0] = Math.min(found[0], x); found[1] = Math.min(found[1], y);
            found[2] = Math.max(found[2], x); found[3] = Math.max(found[3], y);
          }
          return found;
        }"""
    )
    box = find_box(page)
    radius = 5
    share = np.array([column, row]) / (ABREAST - 1)
    x = left + radius + share[0] * (right - left - 2 * radius)
    y = bottom - radius - share[1] * (bottom - top - 2 * radius)
    return box["x"] + x, box["y"] + y


def color_at(page: Page, place: tuple[float, float]) -> tuple[int, ...]:
    box = find_box(page)
    script = "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]"
    there = [place[0] - box["x"], place[1] - box["y"]]
    return tuple(page.locator("canvas.points").evaluate(script, there)[:3])


def outline(page: Page, low: tuple[float, float], high: tuple[float, float]) -> list[Any]:
    corners = (low, (high[0], low[1]), high, (low[0], high[1]))
    return [locate(page, *corner) for corner in corners]


@slow
def test_the_legend_filters_at_once_and_tells(page: Page, address: str) -> None:
    show(page, address)
    even, odd = locate(page, 2, 2), locate(page, 3, 2)
    assert [color_at(page, even), color_at(page, odd)] == list(COLORS)
    entry = page.locator(".legend .entry").nth(1)
    assert entry.inner_text().split() == ["<b>odd</b>", "50"]
    entry.hover()
    page.wait_for_timeout(100)
    assert color_at(page, even) not in COLORS and color_at(page, odd) == COLORS[1]
    page.mouse.move(2, 2)
    page.wait_for_timeout(100)
    assert color_at(page, even) == COLORS[0]
    entry.click()
    assert told(page) == [["only", [1]]]
    assert entry.get_attribute("aria-pressed") == "true"
    grey = color_at(page, even)
    assert max(grey) - min(grey) < 24 and max(grey) < 90
    assert color_at(page, odd) == COLORS[1]
    page.mouse.move(*even)
    page.mouse.down()
    page.mouse.up()
    page.get_by_role("button", name="All", exact=True).click()
    assert told(page)[1:] == [["only", []]]  # what is grey has not been pinned
    assert color_at(page, even) == COLORS[0]


@slow
def test_the_legend_is_walked_through_with_arrow_keys(page: Page, address: str) -> None:
    show(page, address)
    page.locator(".legend .entry").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert told(page) == [["only", [1]]]


@slow
def test_a_long_legend_scrolls_and_a_scale_is_a_bar(page: Page, address: str) -> None:
    show(page, address, "color=many")
    assert page.locator(".legend .entry").count() == 100
    page.locator(".legend .entry").last.scroll_into_view_if_needed()
    page.locator(".legend .entry").last.click()
    legend = page.locator(".legend").bounding_box()
    assert legend is not None and legend["height"] < 60
    show(page, address, "color=scale")
    assert page.locator(".legend .entry").count() == 0
    assert page.locator(".legend .step").count() == 2
    assert page.locator(".legend .end").all_inner_texts() == ["0.1", "0.9"]
    page.locator(".legend .step").first.click()
    assert told(page) == []


@slow
def test_a_lasso_catches_exactly_what_is_inside(page: Page, address: str) -> None:
    show(page, address, "faded=24")
    corners = outline(page, (1.5, 1.5), (5.5, 4.5))
    page.keyboard.down("Shift")
    drag(page, *corners, corners[0])
    page.keyboard.up("Shift")
    inside = [10 * row + column for row in (2, 3, 4) for column in (2, 3, 4, 5)]
    left = [uid for uid in inside if uid >= 24]  # 22 and 23 are greyed by a filter
    assert told(page) == [["lassoed", left]]
    assert page.locator(".caught").inner_text().strip() == f"{len(left)} samples"
    assert color_at(page, locate(page, 4, 4)) == COLORS[0]
    assert color_at(page, locate(page, 8, 8)) != COLORS[0]
    assert "needed" not in str(page.locator(".reset").get_attribute("class"))


@slow
def test_keys_take_the_tools_and_escape_undoes_in_order(page: Page, address: str) -> None:
    show(page, address)
    page.locator(".plot").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("l")
    assert page.locator(".tools .lasso").get_attribute("aria-pressed") == "true"
    drag(page, *outline(page, (6.5, 6.5), (7.5, 7.5)))
    page.locator(".plot").focus()
    assert [name for name, _ in told(page)] == ["pinned", "lassoed"]
    assert told(page)[1] == ["lassoed", [77]]
    page.locator(".plot").focus()
    page.keyboard.press("Escape")
    assert told(page)[2:] == [["lassoed", []]]
    page.keyboard.press("Escape")
    assert told(page)[3:] == [["pinned", None]]
    page.keyboard.press("l")
    before = locate(page, 0, 0)
    drag(page, (before[0] + 60, before[1] - 20), (before[0] + 100, before[1] - 60))
    page.wait_for_timeout(100)
    assert locate(page, 0, 0) != pytest.approx(before, abs=20)
    page.keyboard.press("0")
    page.wait_for_timeout(400)
    assert locate(page, 0, 0) == pytest.approx(before, abs=1)


@slow
def test_keys_count_where_the_pointer_is(page: Page, address: str) -> None:
    show(page, address)
    page.keyboard.press("i")
    assert told(page) == []
    page.mouse.move(*locate(page, 4.5, 4.5))
    page.keyboard.press("i")
    assert told(page) == [["pictures", True]]


@slow
def test_samples_turn_into_pictures_at_once(page: Page, address: str) -> None:
    show(page, address)
    place = locate(page, 4, 4)
    page.get_by_role("button", name="Pictures instead of points").click()
    page.wait_for_function(
        """() => {
          const roots = [...document.querySelectorAll("*")].map((each) => each.shadowRoot);
          const canvas = roots.find((root) => root?.querySelector(".points")).querySelector(".points");
          return canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3] === 0;
        }"""
    )
    assert color_at(page, place) == pytest.approx((200, 0, 0), abs=6)
    across = [color_at(page, (place[0] + dx, place[1])) for dx in range(40)]
    assert COLORS[0] in across  # the frame
    assert told(page) == [["pictures", True]]
    page.get_by_role("button", name="Pictures instead of points").click()
    assert told(page)[1:] == [["pictures", False]]
    assert color_at(page, place) == COLORS[0]


@slow
def test_points_are_drawn_until_there_are_pictures(page: Page, address: str) -> None:
    show(page, address, "blank=1")
    page.get_by_role("button", name="Pictures instead of points").click()
    assert told(page) == [["pictures", True]]
    assert color_at(page, locate(page, 4, 4)) == COLORS[0]
    cell = page.locator(".cell").first
    assert cell.evaluate("cell => getComputedStyle(cell).backgroundImage") == "none"


@slow
def test_hovering_7000_points_shows_each_at_once_and_sends_no_message(
    page: Page, address: str
) -> None:
    sent = listen(page)
    show(page, address, "abreast=84&cells=0")
    page.wait_for_timeout(300)
    before = len(sent)
    surface = page.locator("canvas.marks")
    surface.evaluate(
        """async (surface) => {
          const box = surface.getBoundingClientRect();
          const tooltip = surface.parentElement.querySelector(".tooltip");
          for (let move = 0; move < 60; move++) {
            await new Promise(requestAnimationFrame);
            const clientX = box.x + box.width / 2 + 120 * Math.sin(move);
            const clientY = box.y + box.height / 2 + 120 * Math.cos(1.3 * move);
            surface.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
            if (tooltip.hidden || !tooltip.offsetWidth) throw Error("no tooltip");
          }
        }"""
    )
    shown = page.locator(".tooltip").inner_text().split()
    assert shown[:1] == ["uid"] and "0.88" in shown and {"✓", "✗"} & set(shown)
    picture = page.locator(".tooltip .picture")
    assert "blob:" in picture.evaluate("element => getComputedStyle(element).backgroundImage")
    page.wait_for_timeout(300)
    assert len(sent) == before


@slow
def test_a_click_pins_and_points_travel(page: Page, address: str) -> None:
    show(page, address)
    page.mouse.click(*locate(page, 7, 1))
    assert told(page) == [["pinned", 17]]
    assert page.locator("canvas.marks").evaluate(
        """canvas => {
          const ink = canvas.getContext("2d");
          return ink.getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean);
        }"""
    )
    page.get_by_role("button", name="turn").click()
    settle(page)
    page.mouse.move(*locate(page, 1, 7))  # the grid has been turned over its diagonal
    assert page.locator(".tooltip .uid").inner_text() == "0017"


@slow
def test_the_contact_sheet_pins_and_shows_the_sample_in_the_plot(page: Page, address: str) -> None:
    sent = listen(page)
    show(page, address, "cells=100")
    before = len(sent)
    cells = page.locator("[role=listbox]").first.locator(".cell")
    assert cells.nth(3).get_attribute("title") == "0003 odd"
    cells.nth(3).hover()
    assert page.locator(".tooltip .uid").inner_text() == "0003"
    assert len(sent) == before
    cells.nth(3).click()
    assert told(page) == [["pinned", 3]]
    assert cells.nth(3).get_attribute("aria-selected") == "true"
    assert cells.nth(2).get_attribute("aria-selected") == "false"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert told(page)[1:] == [["pinned", 4]]
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert told(page)[2:] == [["pinned", 99]]
    boxes = [cells.nth(i).bounding_box() for i in (0, 99)]
    assert boxes[0] is not None and boxes[1] is not None
    frame = page.locator(".frame").first.bounding_box()
    assert frame is not None and frame["height"] < 4 * (boxes[0]["height"] + 6) + 6
    assert (
        frame["y"] <= boxes[1]["y"]
        and boxes[1]["y"] + boxes[1]["height"] <= frame["y"] + frame["height"]
    )


@slow
def test_a_long_contact_sheet_is_laid_out_on_demand(page: Page, address: str) -> None:
    show(page, address, "cells=7000&abreast=84")
    sheet = page.locator(".frame").first
    assert sheet.locator(".cell").count() == 240
    more = sheet.locator(".more")
    assert more.inner_text() == "+6760 more"
    more.click()
    assert sheet.locator(".cell").count() == 480
    row = page.locator("[role=listbox]").nth(1)
    tops = row.locator(".cell").evaluate_all("cells => cells.map((cell) => cell.offsetTop)")
    assert len(tops) == 10 and len(set(tops)) == 1


@slow
def test_a_zoom_is_kept_unless_it_would_show_nothing(page: Page) -> None:
    page.add_script_tag(content=expose("scatter/stage.ts"))
    poses = page.evaluate(
        """() => {
          const canvas = () => document.createElement("canvas");
          const stage = new Stage(canvas(), canvas());
          stage.resize(640, 430);
          const corners = Float32Array.of(-1, -1, 1, 1, 1, -1);
          stage.show([], corners, true);
          const found = [];
          const look = (pose, positions) => {
            stage.camera.set(pose);
            stage.show([], positions, false);
            found.push(stage.camera.goal ?? stage.camera.pose);
          };
          look({ k: 8, x: 0, y: 0 }, Float32Array.of(-1, -1, 1, 1, 0, 0)); // one in the middle
          look({ k: 8, x: 0, y: 0 }, corners);
          return found;
        }"""
    )
    assert poses == [{"k": 8, "x": 0, "y": 0}, {"k": 1, "x": 0, "y": 0}]
