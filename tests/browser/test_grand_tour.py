"""The Grand Tour, mounted alone in a real browser, and what it lets through."""

from __future__ import annotations

import base64
import csv
import json
import re
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from browser import drag, serving, settle
from playwright.sync_api import Page
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group

from tests.shared.project import ROOT
from ui.components import grand_tour
from ui.components.grand_tour import Network, Scene, Stop
from ui.components.points import Coloring, LegendEntry, PlotChoices, PlotPredictions, PlotSamples
from ui.components.triggers import Handle, Moment

slow = pytest.mark.slow
D = 15
N = 120
COLORS = ("#4ab8b5", "#f3b609", "#ac678b")
LAYERS = ("first", "second", "third", "fourth")
SCRIPT = """
import json
import cv2, numpy as np, streamlit as st
from ui.components.clouds import compose_clouds, send_clouds
from ui.components.grand_tour import Network, Scene, Stop, draw_grand_tour
from ui.components.points import Coloring, LegendEntry, PlotChoices, PlotSamples, PlotPredictions
from ui.components.thumbnails import Sheet, send_thumbnails
from ui.components.triggers import check_moment

stored = np.load("stored.npy")
_, _, N, D = stored.shape
LAYERS = ("first", "second", "third", "fourth")
asked = st.query_params
told = st.session_state.setdefault("told", [])
count = 2 if "two" in asked else 1
if "now" not in st.session_state:
    texts = {"seed": "3", "step": "40", "turn": "", "zoom": ""}
    texts |= {key: asked[key] for key in texts if key in asked}
    st.session_state["now"] = {
        "pinned": None, "only": frozenset(), "lassoed": (), "pictures": False, "handles": (),
        "aligned": True, "moment": check_moment(**texts, d=D),
    }
    st.session_state["layers"] = ["first", "second"]
now, layers = st.session_state["now"], st.session_state["layers"]

def keep(name):
    def tell(value):
        now[name] = value
        if isinstance(value, (frozenset, tuple)):
            value = [[each.name, each.uids] if name == "handles" else each for each in value]
        told.append([name, vars(value) if name == "moment" else value])
    return tell

def go(network, key):
    layers[network] = key
    told.append(["layer", network, key])

labels = np.arange(N) % 3
names = ["ash", "<b>birch</b>", "cedar"]
networks = []
for k in range(count):
    stops = [Stop(key, "conv", key.upper(), 0.75, 0.5) for key in LAYERS]
    if "blank" not in asked:
        embedding = stored[k, :, :-1] if "unlike" in asked else stored[k]
        clouds = compose_clouds(embedding, LAYERS, f"net{k}")
        send_clouds(clouds, key=f"clouds{k}", keep=["net0", "net1"])
    right = 1 - labels % 2
    sure = np.full(N, 0.875, "f4")
    networks.append(
        Network(
            f"net{k}", f"network {k}", stops, layers[k], PlotPredictions(labels, names, right, sure)
        )
    )
entries = [LegendEntry(name, color) for name, color in zip(names, ("#4ab8b5", "#f3b609", "#ac678b"))]
movement = ["#31678e", "#25848e", "#42be71", "#fde725"] if "moved" in asked else None
st.html("<style>:root { --tour-height: 640px }</style>")
draw_grand_tour(
    Scene(
        PlotSamples(labels, names, Coloring("Kind", labels, entries, None), "wood", np.arange(N) >= N - 3),
        networks, movement,
    ),
    PlotChoices(
        *(now[name] for name in ("pinned", "only", "lassoed", "pictures")),
        *map(keep, ("pinned", "only", "lassoed", "pictures")),
    ),
    **{name: now[name] for name in ("handles", "aligned", "moment")}, key="tour", on_layer=go,
    **{f"on_{name}": keep(name) for name in ("handles", "aligned", "moment")},
)
st.text_input("text", key="text")
with st.container(key="told"):
    st.text(json.dumps(told))
picture = np.zeros((11 * 16, 11 * 16, 3), np.uint8)
picture[..., 2] = 200  # blue, green, red
_, image = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, 100])
send_thumbnails(Sheet(image.tobytes(), 11, N), "wood", key="thumbnails")
"""


def make_stored() -> np.ndarray:
    """Embeddings (networks, layers, n, d) as a store has them, of three classes that can be told apart.

    The second layer is the first one turned; the second network's are the first one's, turned, moved
    and made larger.
    """
    rng = np.random.default_rng(8)
    middles = 2 * rng.normal(size=(3, D))
    first, third, fourth = middles[np.arange(N) % 3] + 0.8 * rng.normal(size=(3, N, D))
    layers = np.stack([first, first @ ortho_group.rvs(D, random_state=1), third, fourth])
    return np.stack([layers, 2.5 * layers @ ortho_group.rvs(D, random_state=2) + np.arange(D)])


STORED = make_stored()


def standardize(stored: np.ndarray) -> np.ndarray:
    centred = stored - stored.mean(0)
    return centred / np.sqrt((centred**2).sum(1).mean())


# --- what is passed on --------------------------------------------------------------------------


def test_what_is_refused_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted: dict[str, Any] = {}
    told: list[tuple[object, ...]] = []
    session: dict[str, dict[str, object]] = {"tour": {}}
    monkeypatch.setattr(grand_tour._COMPONENT, "render", lambda **given: mounted.update(given))
    monkeypatch.setattr(st, "session_state", session)
    zeros = np.zeros(3, int)
    coloring = Coloring("Class", zeros, [LegendEntry("a", "#ffffff")], None)
    network = Network(
        "n",
        "n",
        [Stop("a", "conv", "a", None, None)],
        "a",
        PlotPredictions(zeros, ["a"], zeros, zeros),
    )

    def tell(*values: object) -> None:
        told.append(values)

    grand_tour.draw_grand_tour(
        Scene(PlotSamples(zeros, ["a"], coloring, "x"), [network], None),
        PlotChoices(None, frozenset(), (), False, tell, tell, tell, tell),
        handles=(),
        aligned=True,
        moment=Moment(0, 0),
        key="tour",
        on_layer=tell,
        on_moment=tell,
        on_handles=tell,
        on_aligned=tell,
    )
    moment = {"seed": 1, "step": 2, "turn": "", "zoom": ""}
    sent = {
        "pinned": (3, -1), "only": ([1], [0]), "lassoed": ([3], [2, 0]), "pictures": (1, True),
        "layer": ({"network": 1, "key": "a"}, {"network": 0, "key": "a"}),
        "moment": ({**moment, "step": -1}, moment),
        "handles": ([{"name": "", "uids": [1]}], [{"name": "g", "uids": [1]}]), "aligned": (None, False),
    }  # fmt: skip
    for name, values in sent.items():
        for value in values:
            session["tour"][name] = value
            mounted[f"on_{name}_change"]()
    assert told == [
        (None,), (frozenset({0}),), ((0, 2),), (True,), (0, "a"), (Moment(1, 2),),
        ((Handle("g", (1,)),),), (False,),
    ]  # fmt: skip


# --- in a browser ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("tour")
    shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
    (folder / "page.py").write_text(SCRIPT)
    np.save(folder / "stored.npy", STORED)
    with serving(folder, folder / "page.py") as found:
        yield found


def show(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/?{query}")
    page.wait_for_selector(".grand-tour")
    for _ in range(100):
        if ask(page, "tour.views.every((each) => each.frame)"):
            break
        page.wait_for_timeout(50)
    settle(page)


def ask(page: Page, script: str, value: object = None) -> Any:
    """What a script says of `tour`, its views and `value`."""
    return page.locator(".grand-tour").evaluate(
        f"({{ tour }}, value) => {{ const [view, other] = tour.views; return {script}; }}", value
    )


def await_that(page: Page, script: str) -> None:
    """Wait until a script is true: frames are late on a busy machine."""
    for _ in range(100):
        if ask(page, script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {script}")


def rest(page: Page) -> None:
    """Wait until samples and view have come to where they go, and Python has heard of it."""
    page.wait_for_timeout(700)
    settle(page)


def told(page: Page) -> list[list[Any]]:
    """Names and values that Python has heard, in order."""
    settle(page)
    found: list[list[Any]] = json.loads(page.locator(".st-key-told").inner_text())
    return found


def places(page: Page, view: int = 0) -> np.ndarray:
    """Where samples lie in a view, (n, 2)."""
    return np.reshape(ask(page, "[...tour.views[value].renderer.places]", view), (N, 2))


def rings(page: Page, view: int = 0) -> dict[str, np.ndarray]:
    """Where handles lie in a view, by name."""
    spots = ask(page, "tour.views[value].spots", view)
    return {spot["name"]: np.array([spot["x"], spot["y"]]) for spot in spots}


def on_page(page: Page, place: np.ndarray, view: int = 0) -> tuple[float, float]:
    box = page.locator(".plot").nth(view).bounding_box()
    assert box is not None
    return box["x"] + float(place[0]), box["y"] + float(place[1])


def project(page: Page, stored: np.ndarray, k: int = 0) -> np.ndarray:
    """Where numpy sees samples, by the matrix and the zoom of a view: (n, 2)."""
    script = "[[...tour.views[value].pre], [...tour.course.matrix], tour.views[value].view]"
    pre, matrix, view = ask(page, script, k)
    whole = np.reshape(pre, (D, D)) @ np.reshape(matrix, (D, D))
    seen = standardize(stored) @ whole[:, :2]
    return seen * [view["s"], -view["s"]] + [view["x"], view["y"]]


def free_ground(page: Page) -> np.ndarray:
    """A place far from all samples and handles."""
    width = ask(page, "view.width") - 60  # there are tools
    grid = np.stack(np.meshgrid(np.arange(40, width, 8), np.arange(60, 380, 8)), -1).reshape(-1, 2)
    taken = np.concatenate([places(page), list(rings(page).values())])
    distances = np.linalg.norm(grid[:, None] - taken, axis=2).min(1)
    assert distances.max() > 30
    return grid[distances.argmax()].astype(float)


def lonely(page: Page) -> int:
    """A sample that no handle and no other sample is near to."""
    at = places(page)
    apart = np.linalg.norm(at[:, None] - at, axis=2)
    np.fill_diagonal(apart, np.inf)
    to_rings = np.linalg.norm(at[:, None] - list(rings(page).values()), axis=2).min(1)
    inside = (at > 40).all(1) & (at[:, 0] < ask(page, "view.width") - 60) & (at[:, 1] < 400)
    found = np.where(inside, np.minimum(apart.min(1), to_rings), 0)[: N - 3]
    return int(found.argmax())


def listen(page: Page) -> list[object]:
    """What is sent to the server from now on; before the page is opened."""
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    return sent


# --- what is seen ------------------------------------------------------------------------------


@slow
def test_samples_and_handles_lie_where_numpy_sees_them(page: Page, address: str) -> None:
    show(page, address, "two=1")
    for k, layer in enumerate((0, 1)):
        expected = project(page, STORED[k, layer], k)
        np.testing.assert_allclose(places(page, k), expected, atol=0.1)
        for name, label in (("ash", 0), ("<b>birch</b>", 1), ("cedar", 2)):
            np.testing.assert_allclose(
                rings(page, k)[name], expected[np.arange(N) % 3 == label].mean(0), atol=0.1
            )
    assert page.locator(".view .layer").all_inner_texts() == ["FIRST", "SECOND"]
    assert page.locator(".gauge.kept").first.inner_text().split() == ["15-D", "0.75"]
    assert page.locator(".view .note").nth(0).is_hidden()


@slow
def test_the_view_is_measured_exactly_at_rest(page: Page, address: str) -> None:
    from sklearn.manifold import trustworthiness

    show(page, address)
    rest(page)
    seen = places(page)
    expected = trustworthiness(standardize(STORED[0, 0]), seen, n_neighbors=10)
    text = page.locator(".gauge.seen").inner_text()
    assert "this view" in text and "about" not in text
    assert float(text.split()[-1]) == pytest.approx(expected, abs=0.0051)


@slow
def test_it_plays_from_the_start_and_a_link_stands_still(page: Page, address: str) -> None:
    show(page, address, "step=0")
    tour = page.locator(".grand-tour")
    assert tour.get_attribute("data-playing") == "true"
    frames = int(str(tour.get_attribute("data-frames")))
    page.wait_for_timeout(300)
    assert int(str(tour.get_attribute("data-frames"))) > frames
    page.keyboard.press(" ")
    page.wait_for_timeout(200)
    assert tour.get_attribute("data-playing") == "false"
    step = float(str(tour.get_attribute("data-step")))
    assert step > 0 and step == int(step)
    heard = told(page)
    frames = int(str(tour.get_attribute("data-frames")))
    assert heard == [["moment", {"seed": 3, "step": step, "turn": "", "zoom": ""}]]
    page.wait_for_timeout(300)
    assert int(str(tour.get_attribute("data-frames"))) == frames  # nothing moves, nothing is drawn
    show(page, address, f"step={int(step)}")
    assert float(str(tour.get_attribute("data-step"))) == step


@slow
def test_who_asks_for_less_motion_gets_it(page: Page, address: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    show(page, address, "step=0")
    assert page.locator(".grand-tour").get_attribute("data-playing") == "false"
    page.keyboard.press("End")
    page.wait_for_timeout(100)
    assert ask(page, "view.travelled") == 1 and ask(page, "view.key") == "fourth"


@slow
def test_a_link_restores_the_same_places(page: Page, address: str) -> None:
    show(page, address, "two=1")
    at = on_page(page, rings(page)["cedar"])
    drag(page, at, (at[0] + 60, at[1] - 50))
    page.mouse.move(*on_page(page, np.array([200.0, 150.0])))
    page.mouse.wheel(0, -300)
    page.keyboard.press(".")
    rest(page)
    before = [places(page, k) for k in (0, 1)]
    _, moment = told(page)[-1]
    assert moment["step"] == 50 and len(moment["turn"]) == 80 and moment["zoom"].count("_") == 2
    show(page, address, "two=1&" + "&".join(f"{key}={text}" for key, text in moment.items()))
    for k in (0, 1):
        np.testing.assert_allclose(places(page, k), before[k], atol=1)
    assert ask(page, "tour.course.texts.turn") == moment["turn"]
    assert told(page) == []


# --- pointing ----------------------------------------------------------------------------------


@slow
def test_hovering_tells_of_a_sample_in_both_views_and_sends_nothing(
    page: Page, address: str
) -> None:
    sent = listen(page)
    show(page, address, "two=1")
    page.evaluate(
        "addEventListener('layerscope:sample', ({ detail }) => (window.heard ??= []).push(detail))"
    )
    uid = lonely(page)
    before = len(sent)
    page.mouse.move(*on_page(page, places(page)[uid]))
    page.wait_for_timeout(100)
    tip = page.locator(".tooltip").first
    names = ("ash", "<b>birch</b>", "cedar")
    assert tip.locator(".uid").inner_text() == f"{uid:04d}"
    assert tip.locator(".true").inner_text() == names[uid % 3]
    assert tip.locator(".figure").inner_text() == f"0.88 {'✓' if uid % 3 != 1 else '✗'}"
    assert page.locator(".tooltip").nth(1).is_hidden()
    for k in (0, 1):
        x, y = places(page, k)[uid]
        ringed = "tour.views[value[0]].marks.ink.getImageData(value[1], value[2], 24, 24)"
        assert ask(page, f"{ringed}.data.some(Boolean)", [k, x - 12, y - 12])
    assert page.evaluate("heard") == [{"family": "wood", "uid": uid}]
    page.evaluate(
        "dispatchEvent(new CustomEvent('layerscope:sample', { detail: { family: 'wood', uid: 7 } }))"
    )
    assert tip.locator(".uid").inner_text() == "0007"
    page.wait_for_timeout(300)
    assert len(sent) == before


@slow
def test_a_click_pins_and_a_click_beside_releases(page: Page, address: str) -> None:
    show(page, address)
    uid = lonely(page)
    page.mouse.click(*on_page(page, places(page)[uid]))
    assert told(page) == [["pinned", uid]]
    page.mouse.click(*on_page(page, free_ground(page)))
    assert told(page)[1:] == [["pinned", None]]
    page.mouse.click(*on_page(page, places(page)[uid]))
    settle(page)
    page.keyboard.press("Escape")
    assert told(page)[2:] == [["pinned", uid], ["pinned", None]]
    page.mouse.click(*on_page(page, places(page)[N - 1]))  # left out by a filter
    assert ["pinned", N - 1] not in told(page)


@slow
def test_panning_zooming_and_fitting(page: Page, address: str) -> None:
    show(page, address, "two=1")
    before = [places(page, k) for k in (0, 1)]
    ground = on_page(page, free_ground(page))
    drag(page, ground, (ground[0] + 40, ground[1] - 30))
    page.wait_for_timeout(100)
    for k in (0, 1):
        np.testing.assert_allclose(places(page, k), before[k] + [40, -30], atol=1e-2)
    under = places(page)[5]
    page.mouse.move(*on_page(page, under))
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(100)
    np.testing.assert_allclose(places(page)[5], under, atol=0.6)  # a page has whole pixels
    spread = [np.ptp(each, axis=0) for each in (places(page), before[0])]
    np.testing.assert_allclose(spread[0] / spread[1], np.exp(0.6), rtol=1e-3)
    rest(page)
    name, moment = told(page)[-1]
    assert name == "moment" and float(moment["zoom"].split("_")[0]) == pytest.approx(1.822)
    page.mouse.dblclick(*on_page(page, np.array([20.0, 20.0])))
    rest(page)
    np.testing.assert_allclose(places(page), before[0], atol=1e-2)
    assert told(page)[-1][1]["zoom"] == ""
    page.keyboard.press("+")
    page.wait_for_timeout(400)
    np.testing.assert_allclose(np.ptp(places(page), axis=0), 1.5 * spread[1], rtol=1e-3)
    page.keyboard.press("0")
    page.wait_for_timeout(400)
    np.testing.assert_allclose(places(page), before[0], atol=1e-2)


# --- handles -----------------------------------------------------------------------------------


@slow
def test_a_dragged_handle_stays_under_the_pointer_and_both_views_turn(
    page: Page, address: str
) -> None:
    show(page, address, "two=1&step=0")
    page.keyboard.press(" ")
    rest(page)
    before = [places(page, k) for k in (0, 1)]
    start = rings(page)["ash"]
    goal = start + np.array([35, 45])
    page.mouse.move(*on_page(page, start))
    page.mouse.down()
    page.mouse.move(*on_page(page, goal), steps=5)
    page.wait_for_timeout(100)
    assert np.linalg.norm(rings(page)["ash"] - goal) < 2
    page.mouse.up()
    rest(page)
    np.testing.assert_allclose(rings(page)["ash"], goal, atol=2)
    for k in (0, 1):
        assert np.abs(places(page, k) - before[k]).max() > 20
        np.testing.assert_allclose(places(page, k), project(page, STORED[k, k], k), atol=0.1)
    post = np.reshape(ask(page, "[...tour.course.post]"), (D, D))
    np.testing.assert_allclose(post @ post.T, np.eye(D), atol=1e-9)
    _, moment = told(page)[-1]
    frame = np.frombuffer(base64.urlsafe_b64decode(moment["turn"]), "<i2").reshape(D, 2) / 32767
    np.testing.assert_allclose(frame, post[:, :2], atol=2e-5)


@slow
def test_the_tour_waits_while_a_handle_is_held(page: Page, address: str) -> None:
    show(page, address, "step=0")
    start = rings(page)["cedar"]
    page.evaluate("() => 0")
    page.mouse.move(*on_page(page, start))
    start = rings(page)["cedar"]
    page.mouse.move(*on_page(page, start))
    page.mouse.down()
    if not ask(page, "tour.held"):
        pytest.fail("the handle was not caught")
    page.wait_for_timeout(100)
    step = ask(page, "tour.course.step")
    page.wait_for_timeout(300)
    assert ask(page, "tour.course.step") == step
    page.mouse.up()
    page.wait_for_timeout(200)
    assert ask(page, "tour.course.step") > step


def lasso_around(page: Page, uids: list[int], margin: float = 6) -> None:
    """Draw a box round samples, with Shift."""
    at = places(page)[uids]
    (left, top), (right, bottom) = at.min(0) - margin, at.max(0) + margin
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    page.keyboard.down("Shift")
    drag(page, *(on_page(page, np.array(corner)) for corner in corners))
    page.keyboard.up("Shift")


def caught_by(page: Page, uids: list[int], margin: float = 6) -> list[int]:
    at = places(page)
    low, high = at[uids].min(0) - margin, at[uids].max(0) + margin
    inside = ((at > low) & (at < high)).all(1)
    return [int(uid) for uid in np.flatnonzero(inside) if uid < N - 3]


@slow
def test_a_brushed_set_gets_a_handle_of_its_own(page: Page, address: str) -> None:
    show(page, address)
    near = np.argsort(np.linalg.norm(places(page) - places(page)[40], axis=1))[:5].tolist()
    expected = caught_by(page, near)
    lasso_around(page, near)
    assert told(page) == [["lassoed", expected]]
    assert page.locator(".caught span").inner_text() == f"{len(expected)} samples"
    page.keyboard.press("d")
    assert told(page)[1:] == [["handles", [["Group 1", expected]]]]
    np.testing.assert_allclose(rings(page)["Group 1"], places(page)[expected].mean(0), atol=0.1)
    page.mouse.dblclick(*on_page(page, rings(page)["Group 1"]))
    field = page.locator("input.rename")
    assert field.input_value() == "Group 1"
    field.fill("  corner & <i>edge</i> ")
    field.press("Enter")
    assert told(page)[2:] == [["handles", [["corner & <i>edge</i>", expected]]]]
    page.mouse.dblclick(*on_page(page, rings(page)["corner & <i>edge</i>"]))
    field.fill("x")
    field.press("Escape")
    assert len(told(page)) == 3 and field.count() == 0
    page.keyboard.press("End")
    rest(page)
    seen = project(page, STORED[0, 3])
    np.testing.assert_allclose(
        rings(page)["corner & <i>edge</i>"], seen[expected].mean(0), atol=0.1
    )
    page.keyboard.press("x")
    assert told(page)[-1] == ["handles", []]
    assert set(rings(page)) == {"ash", "<b>birch</b>", "cedar"}
    page.keyboard.press("Escape")
    assert told(page)[-1] == ["lassoed", []]


@slow
def test_handles_are_hidden_and_those_that_are_hidden_are_not_caught(
    page: Page, address: str
) -> None:
    show(page, address)
    drawn = "view.rings.ink.getImageData(0, 0, view.width, view.height).data.some(Boolean)"
    await_that(page, drawn)
    page.keyboard.press("h")
    await_that(page, f"!{drawn}")
    before = rings(page)["ash"]
    start = on_page(page, before)
    drag(page, start, (start[0] + 30, start[1]))
    page.wait_for_timeout(100)
    np.testing.assert_allclose(rings(page)["ash"], before + np.array([30, 0]), atol=1e-2)  # panned
    page.get_by_role("button", name="Handles").click()
    await_that(page, drawn)
    assert told(page)[-1][0] == "moment"


# --- looks -------------------------------------------------------------------------------------


def color_at(page: Page, place: np.ndarray) -> list[int]:
    """What is drawn at a place of the first view, drawn again for it."""
    script = """(() => {
      const { gl, canvas } = view.renderer;
      tour.loop.redraw(performance.now());
      const pixel = new Uint8Array(4);
      const [x, y] = [Math.round(value[0]), canvas.height - 1 - Math.round(value[1])];
      gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      return [...pixel].slice(0, 3);
    })()"""
    found: list[int] = ask(page, script, [float(v) for v in place])
    return found


def rgb(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]


@slow
def test_the_legend_brings_out_and_keeps_a_class(page: Page, address: str) -> None:
    show(page, address)
    uid = lonely(page)
    place = places(page)[uid]
    own, others = uid % 3, [label for label in range(3) if label != uid % 3]
    assert color_at(page, place) == pytest.approx(rgb(COLORS[own]), abs=3)
    entry = page.locator(".legend .entry").nth(others[0])
    entry.hover()
    page.wait_for_timeout(100)
    assert max(color_at(page, place)) < 110
    page.mouse.move(2, 2)
    page.wait_for_timeout(100)
    assert color_at(page, place) == pytest.approx(rgb(COLORS[own]), abs=3)
    entry.click()
    assert told(page) == [["only", [others[0]]]]
    assert max(color_at(page, place)) < 110
    assert list(rings(page)) == [("ash", "<b>birch</b>", "cedar")[others[0]]]
    page.mouse.click(*on_page(page, place))
    assert len(told(page)) == 1  # what is grey cannot be pinned
    page.get_by_role("button", name="All", exact=True).click()
    assert told(page)[1:] == [["only", []]]
    assert len(rings(page)) == 3


@slow
def test_samples_turn_into_pictures(page: Page, address: str) -> None:
    show(page, address)
    uid = lonely(page)
    page.keyboard.press("i")
    page.wait_for_timeout(500)
    assert told(page) == [["pictures", True]]
    size = ask(page, "view.size")
    assert size >= 24
    order = ask(page, "[...view.cast.order]")
    at = places(page)
    apart = np.abs(at - at[uid]).max(1)
    front = uid if all(apart[each] > size for each in order[order.index(uid) + 1 :]) else order[-1]
    assert color_at(page, at[front]) == pytest.approx([200, 0, 0], abs=6)
    across = [color_at(page, at[front] + [dx, 0]) for dx in range(-size // 2, 1)]
    assert any(np.allclose(each, rgb(COLORS[front % 3]), atol=4) for each in across)  # its frame
    page.mouse.move(*on_page(page, at[front] + size / 2 - 3))
    assert page.locator(".tooltip .uid").inner_text() == f"{front:04d}"
    page.get_by_role("button", name="Pictures instead of points").click()
    assert told(page)[1:] == [["pictures", False]]


@slow
def test_colors_tell_how_far_samples_moved(page: Page, address: str) -> None:
    show(page, address, "moved=1")
    second, third = (standardize(layer) for layer in STORED[0, 1:3])
    about = page.locator(".legend .about")

    def measure(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.linalg.norm(a @ orthogonal_procrustes(a, b)[0] - b, axis=1)

    assert about.inner_text() == "Moved: go to another layer"  # there is none before it
    page.keyboard.press("ArrowRight")
    rest(page)
    assert about.inner_text() == "Moved from FIRST"
    low, high = page.locator(".legend .end").all_inner_texts()
    assert float(low) == 0 and float(high.split()[-1]) < 0.01  # the second is the first one turned
    page.keyboard.press("ArrowRight")
    rest(page)
    expected = measure(second, third)
    top = np.sort(expected)[int(np.ceil(0.98 * (N - 1)))]
    assert page.locator(".legend .end").all_inner_texts() == [
        f"{expected.min():.2f}",
        f"≥ {top:.2f}",
    ]
    steps = np.clip((expected - expected.min()) / (top - expected.min()) * 4, 0, 3.999)
    found = np.array(ask(page, "[...view.cast.groups]"))
    sure = np.abs(steps - np.round(steps)) > 0.01
    np.testing.assert_array_equal(found[sure], steps.astype(int)[sure])
    assert about.inner_text() == "Moved from SECOND"
    assert sure.mean() > 0.9


# --- time --------------------------------------------------------------------------------------


@slow
def test_steps_and_going_back_show_exactly_the_same(page: Page, address: str) -> None:
    show(page, address)
    before = places(page)
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.wait_for_timeout(100)
    assert ask(page, "tour.course.step") == 60
    start = on_page(page, rings(page)["ash"])
    drag(page, start, (start[0] + 50, start[1] + 20))
    page.wait_for_timeout(100)
    later = places(page)
    page.keyboard.press(".")
    page.wait_for_timeout(100)
    for key, expected in ((",", later), (",", None), (",", before)):
        page.keyboard.press(key)
        page.wait_for_timeout(100)
        if expected is not None:
            np.testing.assert_array_equal(places(page), expected)
    way = page.locator(".time-way input")
    assert int(way.input_value()) == 40
    way.fill("60")
    page.wait_for_timeout(100)
    np.testing.assert_array_equal(places(page), later)
    rest(page)
    assert told(page)[-1][1]["step"] == 60 and told(page)[-1][1]["turn"]
    page.get_by_role("button", name="Start again").click()
    rest(page)
    assert told(page)[-1] == ["moment", {"seed": 3, "step": 0, "turn": "", "zoom": ""}]
    base = standardize(STORED[0, 0])[:, :2]
    view = ask(page, "view.view")
    np.testing.assert_allclose(
        places(page), base * [view["s"], -view["s"]] + [view["x"], view["y"]], atol=0.1
    )


@slow
def test_another_seed_sets_out_from_here_on_another_way(page: Page, address: str) -> None:
    show(page, address)
    before = places(page)
    page.locator("[data-does=reseed]").click()
    rest(page)
    name, moment = told(page)[-1]
    assert name == "moment" and moment["seed"] != 3 and moment["step"] == 0
    np.testing.assert_allclose(places(page), before, atol=1e-3)
    page.keyboard.press(".")
    page.wait_for_timeout(100)
    there = places(page)
    show(page, address, "step=50")
    assert np.abs(places(page) - there).max() > 1


# --- layers ------------------------------------------------------------------------------------


@slow
def test_layers_are_clicked_and_walked_with_keys(page: Page, address: str) -> None:
    show(page, address, "two=1")
    stops = page.locator(".track").nth(1).locator("[role=option]")
    stops.nth(3).click()
    page.wait_for_timeout(60)
    early = ask(page, "other.travelled")
    assert 0 < early < 1
    rest(page)
    assert page.locator(".grand-tour").get_attribute("data-layers") == "first fourth"
    assert told(page) == [["layer", 1, "fourth"]]
    np.testing.assert_allclose(places(page, 1), project(page, STORED[1, 3], 1), atol=0.1)
    page.keyboard.press("Home")  # of the track that was used last
    page.mouse.click(*on_page(page, free_ground(page)))
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        settle(page)
        page.keyboard.press(key)
    rest(page)
    assert [each[1:] for each in told(page)[1:]] == [
        [1, "first"], [0, "second"], [0, "third"], [0, "second"],
    ]  # fmt: skip
    np.testing.assert_allclose(places(page), project(page, STORED[0, 1]), atol=0.1)


@slow
def test_choices_that_follow_on_each_other_are_all_told(page: Page, address: str) -> None:
    show(page, address, "two=1")
    for k, stop in ((0, 1), (1, 2), (0, 3), (1, 0)):
        page.locator(".track").nth(k).locator("[role=option]").nth(stop).click()
    rest(page)
    last = dict(each[1:] for each in told(page))
    assert last == {0: "fourth", 1: "first"}
    assert ask(page, "tour.views.map(({ key }) => key)") == ["fourth", "first"]


@slow
def test_a_journey_that_is_interrupted_goes_on_from_where_it_is(page: Page, address: str) -> None:
    show(page, address)
    page.keyboard.press("End")
    page.wait_for_timeout(450)
    jump = ask(
        page,
        """(() => {
          tour.loop.redraw(performance.now());
          const before = [...view.renderer.places];
          tour.journey.step(-1);
          view.began = Infinity;
          tour.loop.redraw(performance.now());
          const after = [...view.renderer.places];
          view.began = performance.now();
          tour.loop.invalidate();
          return Math.max(...after.map((v, k) => Math.abs(v - before[k])));
        })()""",
    )
    assert jump < 0.1
    rest(page)
    np.testing.assert_allclose(places(page), project(page, STORED[0, 2]), atol=0.1)


@slow
def test_what_only_turns_stays_in_place_where_it_is_aligned(page: Page, address: str) -> None:
    show(page, address, "two=1")
    # The second network's layers are the first one's, turned: the same seen from elsewhere.
    np.testing.assert_allclose(places(page, 1), places(page), atol=0.2)
    before = places(page, 1)
    page.locator(".track").nth(1).locator("[role=option]").nth(0).click()
    page.wait_for_timeout(300)
    np.testing.assert_allclose(places(page, 1), before, atol=0.2)  # on the way, too
    rest(page)
    np.testing.assert_allclose(places(page, 1), before, atol=0.2)
    page.locator("[data-does=align]").click()
    rest(page)
    assert told(page)[-1] == ["aligned", False]
    assert np.abs(places(page, 1) - places(page)).max() > 30
    np.testing.assert_array_equal(np.reshape(ask(page, "[...other.pre]"), (D, D)), np.eye(D))
    np.testing.assert_allclose(places(page, 1), project(page, STORED[1, 0], 1), atol=0.1)
    page.locator("[data-does=align]").click()
    rest(page)
    np.testing.assert_allclose(places(page, 1), before, atol=0.2)


@slow
def test_a_walk_goes_to_the_output_and_tells_at_its_end(page: Page, address: str) -> None:
    show(page, address)
    page.keyboard.press("ArrowRight")
    rest(page)
    walk = page.locator("[data-does=walk]")
    walk.click()
    page.wait_for_timeout(200)
    assert ask(page, "[view.key, tour.journey.walk !== null]") == ["third", True]
    assert told(page) == [["layer", 0, "second"]]
    page.wait_for_timeout(1500)
    assert ask(page, "[view.key, tour.journey.walk]") == ["fourth", None]
    rest(page)
    assert told(page)[1:] == [["layer", 0, "fourth"]]
    walk.click()  # from the output it begins at the input
    page.wait_for_timeout(200)
    assert ask(page, "view.key") == "first"
    page.mouse.move(*on_page(page, free_ground(page)))
    page.locator(".views").focus()
    page.keyboard.press("Escape")
    page.wait_for_timeout(1500)
    assert ask(page, "[view.key, tour.journey.walk]") == ["first", None]
    assert told(page)[2:] == [["layer", 0, "first"]]


# --- keys, files, and what goes wrong ----------------------------------------------------------


@slow
def test_keys_leave_alone_what_is_typed(page: Page, address: str) -> None:
    show(page, address)
    field = page.get_by_label("text")
    field.focus()
    for key in (" ", ".", "i", "h", "ArrowRight", "End"):
        page.keyboard.press(key)
    page.locator("body").press("Control+d")
    assert told(page) == []
    assert ask(page, "[view.key, tour.course.step, tour.handled, tour.playing]") == [
        "first", 40, True, False,
    ]  # fmt: skip
    page.locator(".tools .in").focus()
    page.keyboard.press(" ")  # presses the button, and nothing else
    page.wait_for_timeout(300)
    assert ask(page, "[tour.playing, Math.round(100 * tour.zoom.pose.k)]") == [False, 150]


def save(page: Page, name: str) -> tuple[str, bytes]:
    page.get_by_role("button", name="Save").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=name).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


@slow
def test_matrices_take_what_is_stored_to_what_is_seen(page: Page, address: str) -> None:
    show(page, address, "two=1")
    name, content = save(page, "CSV")
    assert name == "grand-tour_first_second_step-40.csv"
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 2 * (D + 1)
    for k, layer in enumerate((0, 1)):
        part = [
            row for row in rows if row["run"] == f"network {k}" and row["layer"] == LAYERS[layer]
        ]
        values = np.array([[float(row["x"]), float(row["y"])] for row in part])
        seen = STORED[k, layer] @ values[:D] + values[D]
        view = ask(page, "tour.views[value].view", k)
        expected = seen * [view["s"], -view["s"]] + [view["x"], view["y"]]
        np.testing.assert_allclose(places(page, k), expected, atol=0.1)


@slow
def test_drawings_and_pictures_show_what_is_on_show(page: Page, address: str) -> None:
    import cv2

    show(page, address)
    name, content = save(page, "SVG")
    text = content.decode()
    assert name == "grand-tour_first_step-40.svg"
    assert (
        text.count("<path") == N + 3 and text.count("<circle") == 6
    )  # and the legend's, and rings
    assert "&#60;b&#62;birch" in text and "<b>" not in text
    found = [
        [float(v) for v in pair] for pair in re.findall(r"translate\(([\d.-]+) ([\d.-]+)\)", text)
    ]
    seen = places(page)
    assert all(np.abs(np.array(found) - each).sum(1).min() < 0.01 for each in seen)
    name, content = save(page, "PNG")
    assert name == "grand-tour_first_step-40.png"
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    for color in COLORS:
        assert (np.abs(picture.astype(int) - rgb(color)).max(2) < 4).sum() > 100


@slow
def test_a_hostile_browser_changes_nothing(page: Page, address: str) -> None:
    show(page, address)
    for name, values in {
        "pinned": [N, "0", 1.5],
        "only": [[3], "all"],
        "lassoed": [[N], {"0": 1}],
        "pictures": [1, "true"],
        "layer": [{"network": 1, "key": "first"}, {"network": 0, "key": "fifth"}],
        "moment": [{"seed": 1, "step": 0, "turn": "A" * 80, "zoom": ""}, None],
        "handles": [[{"name": "a", "uids": [N]}], [{"name": "", "uids": [1]}]],
        "aligned": [0, "x"],
    }.items():
        for value in values:
            ask(page, "tour.send(value[0], value[1])", [name, value])
            settle(page)
    assert told(page) == []


@slow
def test_what_is_missing_is_said_in_a_line(page: Page, address: str) -> None:
    show(page, address, "unlike=1")
    note = page.locator(".view .note")
    assert "other samples" in note.inner_text()
    assert ask(page, "tour.loop.frames") == 0
    page.clock.install()
    page.goto(f"{address}/?blank=1")
    page.wait_for_selector(".grand-tour")
    page.wait_for_timeout(500)
    assert note.is_hidden()
    page.clock.fast_forward(21_000)
    page.wait_for_timeout(100)
    assert "have not arrived" in note.inner_text()
    page.keyboard.press("i")  # the rest lives on
    page.keyboard.press("ArrowRight")
    assert ask(page, "tour.choices.get('pictures')")


@slow
def test_a_lost_card_is_said_and_comes_back(page: Page, address: str) -> None:
    show(page, address)
    note = page.locator(".view .note")
    ask(page, "(window.card = view.renderer.gl.getExtension('WEBGL_lose_context')).loseContext()")
    page.wait_for_timeout(200)
    assert "graphics card" in note.inner_text()
    page.keyboard.press(".")
    page.evaluate("card.restoreContext()")
    page.wait_for_timeout(300)
    assert note.is_hidden()
    uid = lonely(page)
    assert color_at(page, places(page)[uid]) == pytest.approx(rgb(COLORS[uid % 3]), abs=3)


@slow
def test_without_webgl_the_rest_of_the_page_lives(page: Page, address: str) -> None:
    page.add_init_script(
        """const open = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
          return kind === "webgl2" ? null : open.call(this, kind, ...rest);
        };"""
    )
    show(page, address)
    assert "WebGL 2" in page.locator(".view [role=status].no-webgl").inner_text()
    page.keyboard.press("End")
    page.mouse.move(300, 300)
    page.mouse.down()
    page.mouse.up()
    page.keyboard.press("i")
    assert told(page) == [["layer", 0, "fourth"], ["pictures", True]]


@slow
def test_the_hint_goes_with_the_first_gesture(page: Page, address: str) -> None:
    show(page, address)
    hint = page.locator(".hint")
    assert "ring" in hint.inner_text()
    page.mouse.move(*on_page(page, free_ground(page)))
    assert hint.is_visible()
    page.mouse.wheel(0, 100)
    page.wait_for_timeout(100)
    assert hint.is_hidden()
