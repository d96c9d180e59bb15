"""The similarity matrix mounted alone in a real browser: every cell is what it stands for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import numpy as np
import pytest
from browser import browsing, serving, settle
from playwright.sync_api import Locator, Page, expect

from layerscope.explanation.heatmap import colorize

pytestmark = pytest.mark.slow

EDGE = 7  # pixels that the strips beside the cells take
HOSTILE = "<img src=x onerror=alert(1)>"
SCRIPT = """
import time
import numpy as np, streamlit as st
from layerscope.models.layers import Layer
from ui.components.similarity_matrix import LayerSimilarity, SimilarityMeasure, draw_similarity

asked, state = st.query_params, st.session_state
rows, columns = (int(n) for n in asked.get("shape", "6x9").split("x"))
told = state.setdefault("told", [])
now = state.setdefault("now", {"first": "a.1", "second": "b.2", "measure": asked.get("measure", "cka")})
time.sleep(float(asked.get("delay", 0)))

def pick(first, second):
    now.update(first=first, second=second)
    told.append(f"{first}/{second}")

def change(measure):
    now["measure"] = measure
    told.append(measure)

kinds = ("input", "conv", "relu", "pool", "dense", "output")
def layers(letter, count):
    return [Layer(f"{letter}.{i}", kinds[i % 6], "", (3, 8, 8), 1, 0, 0) for i in range(count)]

values = np.linspace(0, 1, rows * columns, dtype="f4").reshape(rows, columns)
cka = values.copy()
cka[:, 3] = np.nan  # the fourth layer of the second network is constant
def fill(value):
    return np.full_like(cka, value)

anyway = [fill(x) for x in (0.0625, 0.125, 0.2, 0.25)]
measures = {"cka": SimilarityMeasure(cka, *anyway, cka - 0.1, np.minimum(1, cka + 0.1)),
            "nuclear": SimilarityMeasure(1 - values, repeated=fill(0.9))}
if asked.get("live"):
    del measures["cka"]
names = [asked.get("name", "objects / first"), "objects / second"]
similarity = LayerSimilarity(*names, layers("a", rows), layers("b", columns), measures, 1000)
st.html("<style>.stMainBlockContainer { max-width: none; padding: 70px 12px } "
        ".st-key-panel { width: %dpx }</style>" % int(asked.get("width", 256)))
with st.container(key="panel"):
    draw_similarity(similarity, **now, key="matrix", on_pick=pick, on_measure=change)
st.button("elsewhere", on_click=lambda: now.update(first="a.0", second="b.0"))
st.html(f"<p class='told'>{' '.join(told)}</p>")
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "matrix_page.py").write_text(SCRIPT)
    with serving(folder, folder / "matrix_page.py") as found:
        yield found


@pytest.fixture(scope="module")
def opened() -> Iterator[Page]:
    with browsing(700, 700) as (page, errors):
        yield page
        assert errors == []


@pytest.fixture
def page(opened: Page, address: str) -> Page:
    opened.goto("about:blank")
    opened.mouse.move(690, 690)
    return opened


def visit(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".reading .figure").filter(has_text=re.compile(r"\d|–")).wait_for()
    settle(page)
    assert page.locator("[data-testid=stException]").all_inner_texts() == []


def box_of(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box is not None
    return dict(box)


def middle(page: Page, row: int, column: int, shape: tuple[int, int]) -> tuple[float, float]:
    """Where a cell's middle is on the screen."""
    box = box_of(page.locator(".marks"))
    w, h = (box["width"] - EDGE) / shape[1], (box["height"] - EDGE) / shape[0]
    return box["x"] + EDGE + (column + 0.5) * w, box["y"] + EDGE + (row + 0.5) * h


def pixels_of(page: Page, canvas: str) -> np.ndarray:
    """(height, width, 4), one pixel of the screen each."""
    found = page.locator(canvas).evaluate(
        "c => [c.height, c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    return np.array(found[2:], dtype=np.int64).reshape(found[0], found[1], 4)


def cells_of(page: Page, shape: tuple[int, int], canvas: str = ".heat") -> np.ndarray:
    """The pixels in the middle of each cell, (rows, columns, 4, 4, 3)."""
    pixels, box = pixels_of(page, canvas), box_of(page.locator(canvas))
    cells = np.empty((*shape, 4, 4, 3), dtype=np.int64)
    for row, column in np.ndindex(*shape):
        x, y = middle(page, row, column, shape)
        left, top = round(x - box["x"]) - 2, round(y - box["y"]) - 2
        cells[row, column] = pixels[top : top + 4, left : left + 4, :3]
    return cells


def told(page: Page) -> str:
    settle(page)
    return page.locator(".told").inner_text()


UNDEFINED = "not defined: one of them is constant, or all its samples are equally far apart"


def told_of(low: str, high: str, chance: str, classes: str) -> list[str]:
    return [
        f"other samples: 95 % from {low} to {high}",
        f"{chance} chance 0.06 (99 %: 0.13)",
        f"{classes} classes alone 0.20 (99 %: 0.25)",
    ]


def test_what_repetition_gives_stands_beside_the_nuclear_norm(page: Page, address: str) -> None:
    visit(page, f"{address}/?measure=nuclear")
    for place, line in (
        ((0, 0), "differ by no more than repetition (0.90)"),
        ((5, 8), "embedded again 0.90"),
    ):
        page.mouse.move(*middle(page, *place, SHAPE))
        assert page.locator(".tooltip").inner_text().split("\n")[2] == line
    pixels, box = pixels_of(page, ".heat"), box_of(page.locator(".heat"))
    for row, column in ((0, 0), (5, 8)):
        x, y = middle(page, row, column, SHAPE)
        left, top = round(x - box["x"]), round(y - box["y"])
        corner = pixels[top - 12 : top, left : left + 13, :3].reshape(-1, 3)
        assert (corner == (0x0E, 0x11, 0x14)).all(axis=1).any() == (row == 0)  # a dot says so


SHAPE = (6, 9)
VALUES = np.linspace(0, 1, 54, dtype=np.float32).reshape(SHAPE)


def test_each_cell_has_the_colour_of_its_value(page: Page, address: str) -> None:
    visit(page, f"{address}/?measure=nuclear")
    expected = colorize(1 - VALUES).astype(np.int64)[:, :, None, None]
    assert (cells_of(page, SHAPE) == expected).all()


def test_what_chance_explains_and_what_is_undefined_look_different(
    page: Page, address: str
) -> None:
    visit(page, address)
    cells, colors = cells_of(page, SHAPE), colorize(VALUES).astype(np.int64)
    for row, column in np.ndindex(*SHAPE):
        cell = cells[row, column]
        if column == 3:
            assert (cell == (0x1B, 0x20, 0x27)).all()
        elif VALUES[row, column] <= 0.25:  # dimmed up to .125, and with lines across
            assert len(np.unique(cell.reshape(-1, 3), axis=0)) > 1
        else:
            assert (cell == colors[row, column]).all()
    shown = page.locator(".sign:visible")
    assert shown.all_inner_texts() == ["by chance", "by classes alone", "not defined"]
    page.get_by_role("button", name="nuclear norm").click()
    expect(page.locator(".sign.chance")).to_be_hidden()
    expect(page.locator(".sign.undefined")).to_be_hidden()
    assert shown.all_inner_texts() == ["as by repetition"]


def test_hovering_tells_the_pair_its_value_and_what_chance_gives(page: Page, address: str) -> None:
    visit(page, address)
    tooltip = page.locator(".tooltip")
    expect(tooltip).to_be_hidden()
    for place, lines in (
        ((4, 4), ["a.4 × b.4", "CKA 0.75", *told_of("0.65", "0.85", "by", "by")]),
        ((1, 2), ["a.1 × b.2", "CKA 0.21", *told_of("0.11", "0.31", "by", "not above")]),
        ((0, 5), ["a.0 × b.5", "CKA 0.09", *told_of("−0.01", "0.19", "not above", "not above")]),
        ((2, 3), ["a.2 × b.3", "CKA –", UNDEFINED]),
    ):
        page.mouse.move(*middle(page, *place, SHAPE))
        assert tooltip.inner_text().split("\n") == lines
    facts = page.locator(".facts li")  # of the pair on show
    assert facts.all_inner_texts() == told_of("0.11", "0.31", "by", "not above")
    mark = page.locator(".scale u")
    expect(mark).to_be_hidden()  # what is undefined has no place on the scale
    page.mouse.move(*middle(page, 4, 4, SHAPE))
    bar, at = box_of(page.locator(".scale .bar")), box_of(mark)
    assert at["x"] + at["width"] / 2 - bar["x"] == pytest.approx(VALUES[4, 4] * bar["width"], abs=1)
    page.mouse.move(690, 690)
    expect(tooltip).to_be_hidden()


def test_tooltip_stays_inside_and_beside_the_cell(page: Page, address: str) -> None:
    visit(page, address)
    field = box_of(page.locator(".field"))
    for row, column in itertools.product((0, 3, 5), (0, 4, 8)):
        x, y = middle(page, row, column, SHAPE)
        page.mouse.move(x, y)
        box = box_of(page.locator(".tooltip"))
        assert box["x"] >= field["x"] - 1
        assert box["x"] + box["width"] <= field["x"] + field["width"] + 1
        assert y < box["y"] or box["y"] + box["height"] < y


def test_every_cell_is_picked_where_it_is_seen(page: Page, address: str) -> None:
    visit(page, f"{address}/?shape=4x5")
    for row, column in np.ndindex(4, 5):
        page.mouse.click(*middle(page, row, column, (4, 5)))
        assert page.locator(".reading .pair").inner_text() == f"a.{row} × b.{column}"
        # The page hears of one pick in a run.
        expect(page.locator(".told")).to_have_text(re.compile(rf"a\.{row}/b\.{column}$"))
    expected = [f"a.{row}/b.{column}" for row, column in np.ndindex(4, 5)]
    assert told(page).split() == expected
    page.mouse.click(*middle(page, 3, 4, (4, 5)))  # the pair on show
    box = box_of(page.locator(".marks"))
    page.mouse.click(box["x"] + 2, box["y"] + 2)  # where the strips meet
    assert told(page).split() == expected


def test_the_pair_on_show_is_framed_in_the_accent(page: Page, address: str) -> None:
    def framed() -> tuple[int, int]:
        accent = (pixels_of(page, ".marks")[:, :, :3] == (0xFF, 0xB4, 0x54)).all(axis=2)
        accent[:EDGE] = accent[:, :EDGE] = False
        y, x = (
            int((low := np.nonzero(line)[0])[0] + low[-1]) // 2
            for line in (accent.any(axis=1), accent.any(axis=0))
        )
        box = box_of(page.locator(".marks"))
        h, w = (box["height"] - EDGE) / SHAPE[0], (box["width"] - EDGE) / SHAPE[1]
        return int((y - EDGE) / h), int((x - EDGE) / w)

    visit(page, address)
    assert framed() == (1, 2)
    page.mouse.click(*middle(page, 4, 7, SHAPE))
    assert framed() == (4, 7)
    settle(page)
    page.get_by_role("button", name="elsewhere").click()
    expect(page.locator(".reading .pair")).to_have_text("a.0 × b.0")
    assert framed() == (0, 0)


def test_a_pick_is_shown_before_a_slow_page_answers(page: Page, address: str) -> None:
    visit(page, f"{address}/?delay=0.8")
    pair = page.locator(".reading .pair")
    for column in (4, 6):
        page.mouse.click(*middle(page, 5, column, SHAPE))
        assert pair.inner_text() == f"a.5 × b.{column}"
        page.wait_for_timeout(250)
    for _ in range(12):  # an answer to the first pick must not take back the second
        page.wait_for_timeout(200)
        assert pair.inner_text() == "a.5 × b.6"
    assert told(page).split()[-1] == "a.5/b.6"


def test_keys_walk_from_pair_to_pair_with_one_stop_for_tab(page: Page, address: str) -> None:
    visit(page, address)
    page.get_by_role("button", name="nuclear norm").focus()
    page.keyboard.press("Tab")
    focused = "document.activeElement.shadowRoot?.activeElement ?? document.activeElement"
    assert page.evaluate(f"({focused}).className") == "box"
    assert "rgb" in page.locator(".box").evaluate("e => getComputedStyle(e).boxShadow")
    keys = page.locator(".tooltip .keys")
    for key, pair in (
        ("ArrowRight", "a.1 × b.3"),  # from the pair on show
        ("ArrowDown", "a.2 × b.3"),
        ("End", "a.2 × b.8"),
        ("ArrowRight", "a.2 × b.8"),
        ("PageDown", "a.5 × b.8"),
        ("ArrowDown", "a.5 × b.8"),
        ("ArrowLeft", "a.5 × b.7"),
        ("PageUp", "a.0 × b.7"),
        ("Home", "a.0 × b.0"),
        ("ArrowUp", "a.0 × b.0"),
    ):
        page.keyboard.press(key)
        assert keys.inner_text() == pair
    said = page.locator(".said")
    facts = ", ".join(told_of("−0.10", "0.10", "not above", "not above"))
    assert said.inner_text() == f"a.0 × b.0: CKA 0.00, {facts}"
    page.keyboard.press("Escape")
    expect(page.locator(".tooltip")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    assert keys.inner_text() == "a.1 × b.1"
    page.keyboard.press("Enter")
    expect(page.locator(".reading .pair")).to_have_text("a.1 × b.1")
    assert told(page) == "a.1/b.1"
    label = page.locator(".box").get_attribute("aria-label")
    assert label is not None
    assert label.startswith("Similarity by CKA of 6 layers of objects / first with 9 layers of")
    assert "On show: a.1 × b.1: CKA 0.19, other samples" in label
    page.keyboard.press("Tab")
    assert page.evaluate(f"({focused}).className") != "box"


def test_the_switch_changes_the_measure_at_once_and_tells_it(page: Page, address: str) -> None:
    visit(page, address)
    buttons = {name: page.get_by_role("button", name=name) for name in ("CKA", "nuclear norm")}
    assert [each.get_attribute("aria-pressed") for each in buttons.values()] == ["true", "false"]
    before = cells_of(page, SHAPE)
    page.mouse.move(*middle(page, 5, 8, SHAPE))
    assert "CKA 1.00" in page.locator(".tooltip").inner_text()
    buttons["nuclear norm"].click()
    assert [each.get_attribute("aria-pressed") for each in buttons.values()] == ["false", "true"]
    assert page.locator(".reading .figure").inner_text() == f"{1 - VALUES[1, 2]:.2f}"
    assert (cells_of(page, SHAPE) != before).any()
    page.mouse.move(*middle(page, 5, 8, SHAPE))
    assert page.locator(".tooltip").inner_text().split("\n") == [
        "a.5 × b.8",
        "nuclear norm 0.00",
        "embedded again 0.90",
    ]
    assert told(page) == "nuclear"


def test_a_measure_that_was_not_computed_cannot_be_chosen(page: Page, address: str) -> None:
    visit(page, f"{address}/?live=1")
    cka = page.get_by_role("button", name="CKA")
    expect(cka).to_be_disabled()
    assert "comparisons" in (cka.get_attribute("title") or "")
    assert page.locator(".reading .figure").inner_text() == f"{1 - VALUES[1, 2]:.2f}"
    page.mouse.move(*middle(page, 2, 2, SHAPE))
    assert page.locator(".tooltip").inner_text().split("\n")[1:] == [
        f"nuclear norm {1 - VALUES[2, 2]:.2f}",
        "embedded again 0.90",
    ]


@pytest.mark.parametrize("width", [256, 330])
@pytest.mark.parametrize("shape", [(38, 38), (38, 24), (24, 38), (4, 4), (110, 60), (60, 110)])
def test_cells_are_as_large_as_the_room_allows(
    page: Page, address: str, width: int, shape: tuple[int, int]
) -> None:
    visit(page, f"{address}/?width={width}&shape={shape[0]}x{shape[1]}")
    panel, marks = box_of(page.locator(".st-key-panel")), box_of(page.locator(".marks"))
    room = page.locator(".scroll").evaluate("e => [e.clientWidth, e.scrollWidth]")
    assert panel["width"] == width
    for part in (".top", ".reading", ".scale", ".scroll", ".across"):
        box = box_of(page.locator(part))
        assert box["x"] >= panel["x"] - 1
        assert box["x"] + box["width"] <= panel["x"] + panel["width"] + 1
    w, h = (marks["width"] - EDGE) / shape[1], (marks["height"] - EDGE) / shape[0]
    assert w >= 3.99 and 3.99 <= h <= 26.1
    fits = (room[0] - EDGE) / shape[1] >= 4
    assert (room[1] == room[0]) == fits
    if fits:
        assert marks["width"] == pytest.approx(room[0], abs=1)
    assert box_of(page.locator(".down"))["height"] <= marks["height"] + 16
    last = (shape[0] - 1, shape[1] - 1)
    page.locator(".box").focus()
    for key in ("PageDown", "End"):
        page.keyboard.press(key)
    x, y = middle(page, *last, shape)
    box = box_of(page.locator(".scroll"))
    assert box["x"] < x < box["x"] + box["width"]  # the cursor has been brought into sight
    page.mouse.click(x, y)
    expect(page.locator(".reading .pair")).to_have_text(f"a.{last[0]} × b.{last[1]}")


def test_names_are_text_and_never_markup(page: Page, address: str) -> None:
    visit(page, f"{address}/?name={HOSTILE}")
    assert page.locator(".down").inner_text() == HOSTILE
    assert page.locator(".similarity img").count() == 0
