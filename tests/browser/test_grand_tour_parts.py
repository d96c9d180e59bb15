"""The parts of the Grand Tour around its views, each alone in a real browser."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from browser import browsing, expose
from PIL import Image
from playwright.sync_api import Locator, Page
from sklearn.manifold import trustworthiness

from tests.shared.project import ROOT

pytestmark = pytest.mark.slow
FOLDER = ROOT / "ui/components"
MODULES = (
    "points/geometry",
    *(f"grand_tour/{name}" for name in ("trust", "export", "layer_track", "timeline")),
)
STYLES = ("points/points", "grand_tour/track", "grand_tour/timeline")
BODY = "margin: 0; background: #14181d; --st-code-font: monospace; --st-primary-color: #ffb454"
SVG = "{http://www.w3.org/2000/svg}"
LISTEN = """() => {
  window.heard = [];
  window.onkeydown = (event) => heard.push(event.key);
}"""
WATCH = """() => {
  window.watch = (element) => {
    const watcher = new MutationObserver(() => {});
    const all = { subtree: true, childList: true, attributes: true, characterData: true };
    watcher.observe(element, all);
    const nameOf = ({ target }) => target.className || target.localName;
    return () => [...new Set(watcher.takeRecords().map(nameOf))];
  };
}"""
HOSTILE = """<b>&"shore"'\u0001]]>"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browsing(975, 420) as (page, errors):
        style = "\n".join((FOLDER / f"{name}.css").read_text() for name in STYLES)
        page.set_content(f"<style>{style}\nbody {{ {BODY} }}</style><main></main>")
        page.add_script_tag(content=expose(*(f"{name}.ts" for name in MODULES)))
        page.evaluate(WATCH)
        yield page
        assert not errors


# --- quality -----------------------------------------------------------------------------------


def measure(page: Page, x: np.ndarray, seen: np.ndarray, k: int, anchors: Any = None) -> float:
    """Trustworthiness at all samples, or at some; rounded to float32 as in the browser."""
    return page.evaluate(
        """([x, d, seen, k, anchors]) => measureTrust(
          Float32Array.from(x), d, Float32Array.from(seen), k, Int32Array.from(anchors))""",
        [
            x.ravel().tolist(),
            x.shape[1],
            seen.ravel().tolist(),
            k,
            list(range(len(x)) if anchors is None else anchors),
        ],
    )


def draw_cloud(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """Numbers that float32 holds exactly."""
    return rng.normal(size=(n, d)).astype(np.float32).astype(float)


def square_distances(x: np.ndarray) -> np.ndarray:
    return ((x[:, None] - x[None]) ** 2).sum(-1)


@pytest.mark.parametrize("k", (1, 5, 10))
@pytest.mark.parametrize("n", (21, 60, 250))
@pytest.mark.parametrize("d", (2, 3, 15))
def test_trustworthiness_is_sklearns(page: Page, n: int, d: int, k: int) -> None:
    rng = np.random.default_rng(n * d + k)
    x = draw_cloud(rng, n, d)
    noise = draw_cloud(rng, n, 2)
    for seen in (x[:, :2], noise, (x[:, :2] + noise).astype(np.float32).astype(float)):
        expected = trustworthiness(x, seen, n_neighbors=k)
        assert measure(page, x, seen, k) == pytest.approx(expected, abs=1e-12)


def test_a_view_that_shows_all_is_trusted_and_one_by_chance_is_not(page: Page) -> None:
    rng = np.random.default_rng(1)
    x = draw_cloud(rng, 300, 2)
    assert measure(page, x, x, 10) == 1
    assert measure(page, x, draw_cloud(rng, 300, 2), 10) == pytest.approx(0.5, abs=0.05)


def test_some_anchors_stand_for_all(page: Page) -> None:
    x = draw_cloud(np.random.default_rng(2), 400, 6)
    every = measure(page, x, x[:, :2], 10)
    halves = [measure(page, x, x[:, :2], 10, range(start, 400, 2)) for start in (0, 1)]
    assert np.mean(halves) == pytest.approx(every, abs=1e-12)
    chosen = page.evaluate("[...chooseAnchors(400, 100)]")
    assert measure(page, x, x[:, :2], 10, chosen) == pytest.approx(every, abs=0.03)


def test_of_equally_far_samples_the_first_is_the_nearer_one(page: Page) -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 3, size=(90, 4)).astype(float)  # many ties, and many coincide
    seen = draw_cloud(rng, 90, 2)
    # sklearn's sort settles ties by chance: distances that rise with the index leave none.
    apart = square_distances(x) + np.arange(90) * 1e-6
    expected = trustworthiness(apart, seen, n_neighbors=7, metric="precomputed")
    assert measure(page, x, seen, 7) == pytest.approx(expected, abs=1e-12)


def test_coincident_samples_are_neighbours_as_sklearn_has_it(page: Page) -> None:
    # Threes in the cloud and in the view: of five neighbours two are of one's own three, and the next
    # three are one of the others, so that no tie is cut, whoever breaks it.
    rng = np.random.default_rng(4)
    x = np.repeat(draw_cloud(rng, 20, 5), 3, axis=0)
    for seen in (x[:, :2], np.repeat(draw_cloud(rng, 20, 2), 3, axis=0)):
        expected = trustworthiness(x, seen, n_neighbors=5)
        assert expected < 1
        assert measure(page, x, seen, 5) == pytest.approx(expected, abs=1e-12)
    all_alike = np.zeros((9, 5))
    assert measure(page, all_alike, all_alike[:, :2], 3) == 1


def test_few_samples_lower_k(page: Page) -> None:
    rng = np.random.default_rng(5)
    for n, k in ((3, 1), (4, 1), (5, 2), (20, 9)):  # k < n / 2
        x = draw_cloud(rng, n, 3)
        seen = draw_cloud(rng, n, 2)
        expected = trustworthiness(x, seen, n_neighbors=k)
        assert measure(page, x, seen, 10) == pytest.approx(expected, abs=1e-12)
    two = draw_cloud(rng, 2, 3)
    assert np.isnan(measure(page, two, two[:, :2], 10))


# --- what is saved -----------------------------------------------------------------------------


def drawn_views() -> list[dict[str, Any]]:
    shapes = ("circle", "diamond", "triangle", "square")
    points = [
        {"x": 20 + 30 * i, "y": 40.25, "r": 3.4, "color": "#4ab8b5", "shape": shape, "opacity": o}
        for i, (shape, o) in enumerate(zip(shapes, (1, 0.32, 1, 1), strict=True))
    ]
    handles = [
        {"name": HOSTILE, "color": "#cf5331", "x": 50, "y": 60},
        {"name": "right", "color": "#daf86f", "x": 280, "y": 70.5},
    ]
    view = {"title": f"VGG16 {HOSTILE}", "width": 300, "height": 200}
    return [
        view | {"points": points, "handles": handles},
        view | {"title": "Other", "points": points[:1], "handles": []},
    ]


LEGEND = {
    "title": "True class",
    "entries": [
        {"name": HOSTILE, "color": "#4ab8b5", "shape": "circle"},
        {"name": "parachute", "color": "#cf5331", "shape": "square"},
    ],
    "ends": None,
}


def find_svg(page: Page, views: list[dict[str, Any]], legend: Any) -> ElementTree.Element:
    text = page.evaluate("([views, legend]) => writeSVG(views, legend)", [views, legend])
    assert "NaN" not in text and "undefined" not in text
    return ElementTree.fromstring(text)


def test_a_drawing_holds_what_is_on_show(page: Page) -> None:
    svg = find_svg(page, drawn_views(), LEGEND)
    shown = HOSTILE.replace("\u0001", "")  # which no XML file can hold
    assert svg.findtext(f"{SVG}title") == f"VGG16 {shown} and Other"
    ground = svg.find(f"{SVG}rect")
    assert ground is not None and ground.get("fill") == "#0e1114"
    assert (ground.get("width"), ground.get("height")) == (svg.get("width"), svg.get("height"))
    views = svg.findall(f"{SVG}svg")
    assert [(view.get("width"), view.get("height")) for view in views] == [("300", "200")] * 2
    left, right = (float(view.get("x", "nan")) for view in views)
    assert right >= left + 300 and float(svg.get("width", "nan")) >= right + 300
    marks = views[0].findall(f"{SVG}g[@class='points']/{SVG}path")
    shapes = page.evaluate("SHAPES")
    for mark, point in zip(marks, drawn_views()[0]["points"], strict=True):
        assert mark.get("d") == shapes[point["shape"]]
        numbers = [float(each) for each in re.findall(r"[\d.]+", mark.get("transform", ""))]
        assert numbers == [point["x"], point["y"], point["r"]]
        assert mark.get("fill") == point["color"]
        assert float(mark.get("opacity", "1")) == point["opacity"]
    assert len(views[1].findall(f"{SVG}g[@class='points']/{SVG}path")) == 1


def test_a_drawing_names_handles_and_colours(page: Page) -> None:
    svg = find_svg(page, drawn_views(), LEGEND)
    shown = HOSTILE.replace("\u0001", "")
    handles = svg.findall(f"{SVG}svg/{SVG}g[@class='handles']/{SVG}g")
    for handle, (name, color, x, y) in zip(
        handles, ((shown, "#cf5331", "50", "60"), ("right", "#daf86f", "280", "70.5")), strict=True
    ):
        ring, text = handle.find(f"{SVG}circle"), handle.find(f"{SVG}text")
        assert ring is not None and text is not None and text.text == name
        assert [ring.get(key) for key in ("cx", "cy", "stroke")] == [x, y, color]
        assert (text.get("text-anchor") == "end") == (name == "right")  # there is no room beside it
    legend = svg.find(f"{SVG}g[@class='legend']")
    assert legend is not None
    assert [each.text for each in legend.findall(f"{SVG}text")] == [
        "True class",
        shown,
        "parachute",
    ]
    assert [each.get("fill") for each in legend.findall(f"{SVG}path")] == ["#4ab8b5", "#cf5331"]
    lowest = max(float(each.get("y", "nan")) for each in legend.findall(f"{SVG}text"))
    assert 200 < lowest < float(svg.get("height", "nan"))


def test_a_long_legend_takes_more_lines(page: Page) -> None:
    entries = [{"name": f"class number {i}", "color": "#fff", "shape": "circle"} for i in range(40)]
    svg = find_svg(page, drawn_views(), {"title": "Predicted", "entries": entries, "ends": None})
    texts = svg.findall(f"{SVG}g[@class='legend']/{SVG}text")
    places = [(float(text.get("y", "nan")), float(text.get("x", "nan"))) for text in texts]
    assert places == sorted(places) and len({y for y, _ in places}) > 3
    assert max(x for _, x in places) < float(svg.get("width", "nan")) - 60


def test_a_scale_stands_between_its_ends(page: Page) -> None:
    entries = [{"name": f"step {i}", "color": "#123456", "shape": "circle"} for i in range(12)]
    scale = {"title": "Confidence", "entries": entries, "ends": ["0.21", "1.00"]}
    legend = find_svg(page, drawn_views()[:1], scale).find(f"{SVG}g[@class='legend']")
    assert legend is not None
    texts = [each.text for each in legend.findall(f"{SVG}text") if each.text]
    assert texts == ["Confidence", "0.21", "1.00"]
    assert len(legend.findall(f"{SVG}path")) == 12


def read_picture(page: Page, legend: Any) -> np.ndarray:
    """Two views with a red and a blue square on their lower, a green one on their upper canvas."""
    script = """async (legend) => {
      const paint = (color, x) => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [400, 300];
        const ink = canvas.getContext("2d");
        ink.fillStyle = color;
        ink.fillRect(x, 100, 40, 40);
        return canvas;
      };
      const view = (color, x, y) => ({
        canvases: [paint(color, 100), paint("#00ff00", 120)], title: "a view", x, y, width: 200, height: 150,
      });
      const views = [view("#ff0000", 0, 0), view("#0000ff", 230, 20)];
      const promise = composePicture(views, { width: 430, height: 170, title: "Grand Tour", legend });
      for (const { canvases } of views) for (const canvas of canvases) canvas.width = 1; // too late to matter
      const bytes = new Uint8Array(await (await promise).arrayBuffer());
      return btoa(String.fromCharCode(...bytes));
    }"""
    data = base64.b64decode(page.evaluate(script, legend))
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "PNG"
    return np.asarray(picture.convert("RGB")).astype(int)


def find_box(picture: np.ndarray, color: tuple[int, int, int]) -> tuple[int, ...]:
    """Left, top, right and bottom of what has a colour."""
    rows, columns = np.nonzero((picture == color).all(-1))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_a_picture_has_the_canvases_pixels(page: Page) -> None:
    picture = read_picture(page, None)
    height, width, _ = picture.shape
    assert (
        width == 860 and height > 340
    )  # two pixels of the screen for one of the page, and the titles
    top = height - 340
    assert find_box(picture, (255, 0, 0)) == (100, top + 100, 120, top + 140)
    assert find_box(picture, (0, 0, 255)) == (560, top + 140, 580, top + 180)
    green = (picture == (0, 255, 0)).all(-1)
    assert green.sum() == 2 * 40 * 40  # over what lies beneath
    assert green[top + 100 : top + 140, 120:160].all()
    assert (picture[top + 10, 410:450] == (0x0E, 0x11, 0x14)).all()  # between the views
    assert (picture[top + 10, 10:390] == (0x14, 0x18, 0x1D)).all()
    head = picture[: top - 50].max(-1)
    assert (head[:, :300] > 200).sum() > 100 and (
        head[:, 500:] < 30
    ).all()  # the title, on the left


def test_a_picture_may_have_a_legend(page: Page) -> None:
    plain, full = read_picture(page, None), read_picture(page, LEGEND)
    assert full.shape[1] == plain.shape[1] and full.shape[0] > plain.shape[0] + 30
    np.testing.assert_array_equal(full[: len(plain) - 1], plain[:-1])
    below = full[len(plain) :]
    for color in ((0x4A, 0xB8, 0xB5), (0xCF, 0x53, 0x31)):
        left, top, right, bottom = find_box(below, color)
        assert 10 <= right - left <= 18 and 10 <= bottom - top <= 18


def test_matrices_are_a_table_that_can_be_read_back(page: Page) -> None:
    rng = np.random.default_rng(6)
    stored, matrix, offset = rng.normal(size=(9, 15)), rng.normal(size=(15, 2)), rng.normal(size=2)
    rows: list[dict[str, Any]] = [
        {"run": 'a "run", \r\nof two', "layer": "features.28", "matrix": matrix, "offset": offset},
        {"run": "b", "layer": "input", "matrix": 2 * matrix, "offset": -offset},
    ]
    text = page.evaluate(
        "(rows) => writeMatrix(rows.map((row) => ({ ...row, matrix: Float64Array.from(row.matrix) })))",
        [
            row | {"matrix": row["matrix"].ravel().tolist(), "offset": row["offset"].tolist()}
            for row in rows
        ],
    )
    assert "Float64Array" not in text and text.endswith("\r\n")
    table = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert len(table) == 2 * 16
    for row in rows:
        own = [line for line in table if (line["run"], line["layer"]) == (row["run"], row["layer"])]
        assert [line["dimension"] for line in own] == [*map(str, range(15)), "offset"]
        found = np.array([[float(line[axis]) for axis in "xy"] for line in own])
        np.testing.assert_array_equal(found[:15], row["matrix"])  # every digit
        np.testing.assert_array_equal(found[15], row["offset"])
        np.testing.assert_allclose(
            stored @ found[:15] + found[15], stored @ row["matrix"] + row["offset"], atol=1e-15
        )


def test_names_in_the_table_are_no_formulas(page: Page) -> None:
    names = ["=1+1", "+a", "-a", "@a", "\t=1", "\r=1", "'=1", "a=b", "猫"]
    text = page.evaluate(
        "(names) => writeMatrix(names.map((layer) => ({ run: '-run', layer,"
        " matrix: Float64Array.from([-0.5, 1]), offset: [0, -2] })))",
        names,
    )
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [row["layer"] for row in rows[::2]] == [f"'{name}" for name in names[:7]] + names[7:]
    assert {row["run"] for row in rows} == {"'-run"}
    assert {(row["x"], row["y"]) for row in rows} == {("-0.5", "1"), ("0", "-2")}


def test_files_are_downloaded_as_they_are(page: Page) -> None:
    for content, expected in (("'höhe'", "höhe".encode()), ("new Blob(['a', 'b'])", b"ab")):
        with page.expect_download() as download:
            page.evaluate(f"saveFile('tour.csv', {content}, 'text/csv')")
        assert download.value.suggested_filename == "tour.csv"
        assert Path(download.value.path()).read_bytes() == expected


# --- the layers --------------------------------------------------------------------------------

KINDS = ("input", "conv", "relu", "pool", "dense", "output", "block", "norm")


def stops(count: int) -> list[dict[str, Any]]:
    return [
        {
            "key": f"features.{i}",
            "label": f"<i>conv{i}</i>" if i % 2 else f"features.{i}",
            "kind": KINDS[i % len(KINDS)],
            "kept": 0.9,
            "accuracy": None if i in (3, 4) else i / count,
        }
        for i in range(count)
    ]


def show_track(page: Page, count: int = 20, width: int = 800) -> Locator:
    page.evaluate(
        """([stops, width]) => {
          document.querySelector("main").innerHTML = `<div style="width: ${width}px"></div>`;
          window.told = [];
          const box = document.querySelector("main div");
          window.track = new LayerTrack(box, { travel: (key) => told.push(key) });
          track.show({ name: "<b>VGG16</b>", stops });
          window.every = new Set(stops.map(({ key }) => key));
        }""",
        [stops(count), width],
    )
    return page.locator(".layer-track")


def mark(page: Page, start: int, goal: int, travelled: float, there: str = "every") -> None:
    page.evaluate(
        f"([from, to, travelled]) => track.mark({{ from, to, travelled, there: {there} }})",
        [f"features.{start}", f"features.{goal}", travelled],
    )


def find_middle(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2


@pytest.mark.parametrize(("count", "width"), ((20, 500), (38, 975), (60, 500), (60, 1500)))
def test_every_layer_can_be_clicked_over_the_whole_height(
    page: Page, count: int, width: int
) -> None:
    page.set_viewport_size({"width": 1570, "height": 420})
    track = show_track(page, count, width)
    box = track.bounding_box()
    assert box is not None and 44 <= box["height"] <= 54
    assert page.evaluate("document.querySelector('.layer-track').scrollWidth") == width
    for i in range(count):
        page.mouse.click((i + 0.5) * width / count, 20 if i % 2 else box["height"] - 4)
    assert page.evaluate("told") == [f"features.{i}" for i in range(count)]


def test_the_marker_slides_from_layer_to_layer(page: Page) -> None:
    track = show_track(page, 20, 800)
    marker = track.locator(".track-marker")
    assert marker.is_hidden()
    for start, goal, travelled in ((2, 2, 1), (2, 12, 0), (2, 12, 0.25), (2, 12, 1), (12, 5, 0.5)):
        mark(page, start, goal, travelled)
        expected = (start + (goal - start) * travelled + 0.5) * 40
        assert find_middle(marker) == pytest.approx(expected, abs=0.1)
        chosen = track.locator("[aria-selected=true]")
        assert chosen.get_attribute("data-key") == f"features.{goal}"
        now = track.locator(".track-now")
        assert now.locator(".track-label").text_content() == stops(20)[goal]["label"]
        assert (f"features.{goal}" in now.inner_text()) and stops(20)[goal][
            "kind"
        ] in now.inner_text()
    page.evaluate("track.mark({ from: null, to: 'features.7', travelled: 0, there: every })")
    assert find_middle(marker) == pytest.approx(300, abs=0.1)
    page.evaluate("track.mark({ from: null, to: 'no such layer', travelled: 0, there: every })")
    assert marker.is_hidden() and track.locator("[aria-selected=true]").count() == 0


def test_marking_again_writes_nothing(page: Page) -> None:
    show_track(page)
    mark(page, 1, 9, 0.5)
    changed = page.evaluate(
        """() => {
          const written = watch(track.element);
          const at = (travelled) => {
            track.mark({ from: "features.1", to: "features.9", travelled, there: every });
            return written();
          };
          return [at(0.5), at(0.6)];
        }"""
    )
    assert changed == [[], ["track-marker"]]


def test_layers_that_are_not_there_yet_are_paler(page: Page) -> None:
    track = show_track(page)
    mark(page, 0, 0, 1, "new Set(['features.0', 'features.1'])")
    assert track.locator(".away").count() == 18
    pale = "i => getComputedStyle(track.options[i], '::after').opacity"
    page.wait_for_function(f"() => Number(({pale})(5)) < 0.5")
    assert page.evaluate(pale, 1) == "1"
    mark(page, 0, 0, 1)
    assert track.locator(".away").count() == 0


def test_accuracy_is_drawn_on_an_axis_from_0_to_1(page: Page) -> None:
    track = show_track(page, 20, 800)
    line = track.locator(".track-accuracy path").get_attribute("d") or ""
    corners = re.findall(r"([ML])([\d.]+) ([\d.]+)", line)
    measured = [i for i in range(20) if i not in (3, 4)]
    assert [kind == "M" for kind, _, _ in corners] == [i in (0, 5) for i in measured]
    np.testing.assert_allclose([float(x) for _, x, _ in corners], np.array(measured) + 0.5)
    np.testing.assert_allclose([float(y) for _, _, y in corners], 1 - np.array(measured) / 20)
    box = track.locator(".track-accuracy").bounding_box()
    blocks = track.locator(".track-stop").first.bounding_box()
    assert box is not None and blocks is not None
    assert box["width"] == pytest.approx(800) and box["y"] >= blocks["y"]
    page.evaluate(
        "(stops) => track.show({ name: 'B', stops: stops.map((s) => ({ ...s, accuracy: null })) })",
        stops(20),
    )
    assert track.locator(".track-accuracy").is_hidden()


def test_pointing_at_a_layer_tells_of_it(page: Page) -> None:
    page.set_viewport_size({"width": 975, "height": 420})
    track = show_track(page, 20, 800)
    mark(page, 0, 0, 1)
    tip = track.locator(".track-tip")
    for i, said in ((7, "<i>conv7</i> features.7 norm kNN accuracy 0.35"), (4, "features.4 dense")):
        track.locator(".track-stop").nth(i).hover()
        assert " ".join(tip.locator("> *").all_text_contents()) == said
    for i in (0, 19):  # inside, at the ends too
        track.locator(".track-stop").nth(i).hover()
        box = tip.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 800.5
    page.mouse.move(400, 300)
    assert tip.is_hidden()
    title = track.locator(".track-now span").last.get_attribute("title") or ""
    assert "from 0 at the foot to 1 at the top" in title


def test_the_keyboard_walks_and_enter_travels(page: Page) -> None:
    track = show_track(page)
    mark(page, 0, 4, 1)
    page.evaluate(LISTEN)
    assert track.locator("[tabindex='0']").count() == 1
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    focused = "document.activeElement.dataset.key"
    assert page.evaluate(focused) == "features.4"
    for key, at in (
        ("ArrowRight", 5),
        ("ArrowLeft", 4),
        ("End", 19),
        ("ArrowRight", 19),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert page.evaluate(focused) == f"features.{at}"
        assert track.locator("[tabindex='0']").get_attribute("data-key") == f"features.{at}"
        assert track.locator(".track-tip").is_visible()
    assert page.evaluate("told") == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("told") == ["features.1"]
    page.keyboard.press("Space")  # the tour's own key goes on to it
    page.keyboard.press("Control+ArrowRight")
    assert page.evaluate("heard") == ["Tab", " ", "Control", "ArrowRight"]
    options = track.get_by_role("option")
    assert options.nth(7).get_attribute("aria-label") == (
        "<i>conv7</i>, features.7, norm, kNN accuracy 0.35"
    )
    assert track.get_by_role("listbox").get_attribute("aria-label") == "Layers of <b>VGG16</b>"


def test_showing_the_same_layers_keeps_the_focus(page: Page) -> None:
    track = show_track(page)
    mark(page, 0, 3, 1)
    track.locator(".track-stop").nth(3).focus()
    page.evaluate("(stops) => track.show({ name: 'B', stops })", stops(20))
    assert page.evaluate("document.activeElement.dataset.key") == "features.3"
    assert track.locator("[aria-selected=true]").count() == 1
    assert track.locator(".track-name").text_content() == "B"


# --- the timeline ------------------------------------------------------------------------------

STATE = {
    "playing": True,
    "walking": False,
    "step": 412.3,
    "reached": 1234.5,
    "speed": 1,
    "seed": 4294967295,
    "drags": [100, 900],
    "pictures": False,
    "handles": True,
    "aligned": True,
}
ACTS = "toggle step speed scrub scrubbed reseed reset walk pictures handles align save"


def show_timeline(page: Page, width: int = 975, **changes: Any) -> Locator:
    page.set_viewport_size({"width": max(width, 500), "height": 420})
    page.evaluate(
        """([acts, state, width]) => {
          document.querySelector("main").innerHTML =
            `<div style="width: ${width}px; margin-top: 300px; height: 40px"></div>`;
          window.told = [];
          const tell = (name) => [name, (...values) => told.push([name, ...values])];
          const acting = Object.fromEntries(acts.split(" ").map(tell));
          window.timeline = new Timeline(document.querySelector("main div"), acting);
          window.state = state;
          timeline.show(state);
        }""",
        [ACTS, STATE | changes, width],
    )
    return page.locator(".timeline")


def update(page: Page, **changes: Any) -> None:
    page.evaluate("(changes) => timeline.show(Object.assign(state, changes))", changes)


def tell(page: Page) -> list[Any]:
    """What has been told since the last time."""
    return page.evaluate("told.splice(0)")


def test_buttons_do_what_they_say(page: Page) -> None:
    timeline = show_timeline(page)
    for name, told in (
        ("Pause (Space)", ["toggle"]),
        ("Ten steps back (,)", ["step", -1]),
        ("Ten steps on (.)", ["step", 1]),
        ("Another seed at random (now 4294967295)", ["reseed"]),
        ("Walk through the layers to the output", ["walk"]),
        ("Start again: step 0, nothing dragged, everything in sight", ["reset"]),
        ("Pictures instead of points (I)", ["pictures"]),
        ("Handles (H)", ["handles"]),
        ("Turn the second network onto the first", ["align"]),
    ):
        button = timeline.get_by_role("button", name=name, exact=True)
        assert button.get_attribute("title") == name
        button.click()
        assert tell(page) == [told]


def test_the_timeline_shows_the_state(page: Page) -> None:
    timeline = show_timeline(page)
    assert "step 412" in timeline.inner_text() and "seed 4294967295" in timeline.inner_text()
    pressed = {"Pictures": "false", "Handles": "true", "Turn the second": "true"}
    for name, value in pressed.items():
        assert timeline.get_by_role("button", name=name).get_attribute("aria-pressed") == value
    update(
        page, playing=False, walking=True, step=7, seed=12, pictures=True, aligned=None, speed=0.5
    )
    assert timeline.get_by_role("button", name="Play (Space)", exact=True).is_visible()
    assert timeline.get_by_role("button", name="End the walk (Escape)").is_visible()
    assert timeline.get_by_role("button", name="Turn the second network").count() == 0
    assert timeline.get_by_role("button", name="Pictures").get_attribute("aria-pressed") == "true"
    assert "step 7" in timeline.inner_text() and "seed 12" in timeline.inner_text()
    assert "0.5×" in timeline.inner_text()


def test_a_frame_writes_only_what_has_changed(page: Page) -> None:
    show_timeline(page)
    changed = page.evaluate(
        """() => {
          const written = watch(timeline.element);
          const at = (step) => {
            timeline.show({ ...state, step });
            return written();
          };
          return [at(412.4), at(413)];
        }"""
    )
    assert changed == [[], ["time-step", "input"]]


def test_speed_goes_from_a_quarter_to_four_times_by_octaves(page: Page) -> None:
    timeline = show_timeline(page)
    slider = timeline.get_by_role("slider", name="Speed")
    assert slider.input_value() == "0" and slider.get_attribute("aria-valuetext") == "1×"
    slider.focus()
    for key, speed, text in (
        ("Home", 0.25, "0.25×"),
        ("End", 4, "4×"),
        ("ArrowLeft", 2**1.75, "3.36×"),
    ):
        page.keyboard.press(key)
        ((name, value),) = tell(page)
        assert name == "speed" and value == pytest.approx(speed)
        update(page, speed=value)
        assert text in timeline.inner_text()


def test_the_scrubber_scrubs(page: Page) -> None:
    timeline = show_timeline(page)
    scrubber = timeline.get_by_role("slider", name="Step", exact=True)
    assert (scrubber.input_value(), scrubber.get_attribute("max")) == ("412", "1235")
    box = scrubber.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 40, y)
    page.mouse.down()
    for x in (80, 160):
        page.mouse.move(box["x"] + x, y - 100)
        update(page, step=3, reached=5000)  # what the tour does meanwhile does not tear it away
    names, values = zip(*tell(page), strict=True)
    assert set(names) == {"scrub"}
    page.mouse.up()
    assert tell(page) == [["scrubbed"]]
    expected = 1235 * (np.array([40, 80, 160]) - 5.5) / (box["width"] - 11)
    np.testing.assert_allclose(values, expected, atol=4)
    update(page, step=800)
    assert (scrubber.input_value(), scrubber.get_attribute("max")) == ("800", "5000")
    page.keyboard.press("ArrowRight")
    assert tell(page) == [["scrub", 801], ["scrubbed"]]


def test_the_scrubber_offers_600_steps_at_least(page: Page) -> None:
    timeline = show_timeline(page, step=0, reached=0, drags=[])
    scrubber = timeline.get_by_role("slider", name="Step", exact=True)
    assert (scrubber.input_value(), scrubber.get_attribute("max")) == ("0", "600")
    update(page, step=601.2, reached=0)
    assert (scrubber.input_value(), scrubber.get_attribute("max")) == ("601", "601")
    update(page, step=10**7, reached=10**7)
    assert scrubber.input_value() == "10000000" and "step 10000000" in timeline.inner_text()


def test_ticks_stand_where_the_thumb_stands_at_their_step(page: Page) -> None:
    show_timeline(page, drags=[0, 300, 1200], reached=1200)
    middles = page.evaluate(
        """() => {
          const svg = document.querySelector(".time-way svg");
          const ticks = svg.firstChild.getAttribute("d").match(/M\\d+/g).map((each) => Number(each.slice(1)));
          const { a, e } = svg.getScreenCTM();
          return ticks.map((tick) => a * tick + e);
        }"""
    )
    scrubber = page.get_by_role("slider", name="Step", exact=True).bounding_box()
    assert scrubber is not None
    # The middle of a thumb of 11 pixels goes from half of that to as much before the end.
    expected = scrubber["x"] + 5.5 + np.array([0, 0.25, 1]) * (scrubber["width"] - 11)
    np.testing.assert_allclose(middles, expected, atol=0.1)


def test_the_menu_saves(page: Page) -> None:
    timeline = show_timeline(page)
    opener, menu = timeline.get_by_role("button", name="Save"), timeline.locator(".time-menu")
    for i, kind in enumerate(("png", "svg", "csv")):
        assert menu.is_hidden()
        opener.click()
        item = menu.get_by_role("menuitem").nth(i)
        assert (item.text_content() or "").startswith(kind.upper()) and item.get_attribute("title")
        item.click()
        assert tell(page) == [["save", kind]] and menu.is_hidden()
    opener.click()
    box = menu.bounding_box()
    assert box is not None and box["y"] >= 0 and box["y"] + box["height"] < 300  # above the row
    page.mouse.click(10, 10)
    assert menu.is_hidden() and tell(page) == []


def test_the_menu_has_keys(page: Page) -> None:
    timeline = show_timeline(page)
    opener, menu = timeline.get_by_role("button", name="Save"), timeline.locator(".time-menu")
    page.evaluate(LISTEN)
    opener.focus()
    page.keyboard.press("Enter")
    text = "document.activeElement.textContent.slice(0, 3)"
    page.wait_for_function(f"() => {text} === 'PNG'")
    for key, name in (
        ("ArrowDown", "SVG"),
        ("End", "CSV"),
        ("ArrowDown", "CSV"),
        ("ArrowUp", "SVG"),
    ):
        page.keyboard.press(key)
        assert page.evaluate(text) == name
    page.keyboard.press("Escape")
    assert menu.is_hidden() and opener.evaluate("each => each === document.activeElement")
    assert page.evaluate("heard") == []  # the pinned sample is not let go by the way
    page.keyboard.press("Escape")
    assert page.evaluate("heard") == ["Escape"] and tell(page) == []


def test_the_list_of_keys_opens_and_closes(page: Page) -> None:
    timeline = show_timeline(page)
    keys = timeline.locator(".time-keys")
    timeline.get_by_role("button", name="Keys").click()
    assert keys.is_visible() and "play or pause" in keys.inner_text()
    page.keyboard.press("Escape")
    assert keys.is_hidden()


def test_controls_keep_the_keys_they_use_and_pass_on_the_others(page: Page) -> None:
    timeline = show_timeline(page)
    page.evaluate(LISTEN)
    timeline.get_by_role("button", name="Start again").focus()
    for key in ("Space", "Enter", "ArrowRight", "i"):
        page.keyboard.press(key)
    assert tell(page) == [["reset"], ["reset"]]
    timeline.get_by_role("slider", name="Speed").focus()
    for key in ("ArrowRight", "Home", "h", "Space"):
        page.keyboard.press(key)
    assert page.evaluate("heard") == ["ArrowRight", "i", "h", " "]


@pytest.mark.parametrize("width", (500, 700, 975, 1570))
def test_all_controls_stand_in_one_row(page: Page, width: int) -> None:
    timeline = show_timeline(page, width, step=10**6, reached=10**6)
    controls = timeline.locator(".time-row").locator("button, input, output, .time-seed")
    boxes = [box for i in range(controls.count()) if (box := controls.nth(i).bounding_box())]
    assert len(boxes) >= 13
    assert all(box["y"] >= 300 and box["y"] + box["height"] <= 340 for box in boxes)
    for left, right in pairwise(boxes):
        assert left["x"] + left["width"] <= right["x"] + 0.5
    assert boxes[0]["x"] >= 0 and boxes[-1]["x"] + boxes[-1]["width"] <= width
    assert min(box["width"] for box in boxes) >= 20
