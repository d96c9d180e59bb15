"""The mathematics of the Grand Tour and its points, run in a real browser against numpy and scipy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from browser import browsing, expose
from playwright.sync_api import Page
from scipy.linalg import orthogonal_procrustes, qr, svd

from tests.shared.project import ROOT

pytestmark = pytest.mark.slow
MODULES = ("core", "renderer", "handles")
D = 15


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browsing(600, 400) as (page, errors):
        page.set_content("<body style='margin:0'>")
        page.add_script_tag(content=expose(*(f"grand_tour/{name}.ts" for name in MODULES)))
        yield page
        assert not errors


def turn(page: Page, seed: int, d: int, *steps: float) -> np.ndarray:
    """The tour's rotations, (steps, d, d)."""
    script = "([seed, d, steps]) => steps.map((step) => [...turnTour(planTour(seed, d), step)])"
    return np.array(page.evaluate(script, [seed, d, list(steps)])).reshape(-1, d, d)


def draw_orthogonal(rng: np.random.Generator, d: int, sign: int) -> np.ndarray:
    """Uniformly distributed, with that determinant."""
    q, r = qr(rng.normal(size=(d, d)))
    q = q * np.sign(np.diag(r))
    q[:, 0] *= sign * np.sign(np.linalg.det(q))
    return q


# --- the tour ----------------------------------------------------------------------------------


def test_the_core_is_small_and_knows_no_browser() -> None:
    core = (ROOT / "ui/components/grand_tour/core.ts").read_text()
    assert len(core.splitlines()) <= 200
    assert not any(
        word in core for word in ("document", "window", "Math.random", "Date", "performance")
    )


@pytest.mark.parametrize("d", (2, 3, 15, 16))
def test_the_rotation_is_the_product_of_its_planes(page: Page, d: int) -> None:
    expected = np.eye(d)
    for each in page.evaluate("d => planTour(8, d).turns", d):
        plane = np.ix_([each["i"], each["j"]], [each["i"], each["j"]])
        c, s = np.cos(each["rate"] * 777.25), np.sin(each["rate"] * 777.25)
        rotation = np.eye(d)
        rotation[plane] = [[c, s], [-s, c]]
        expected = expected @ rotation
    found = turn(page, 8, d, 0, 777.25)
    np.testing.assert_array_equal(found[0], np.eye(d))
    np.testing.assert_allclose(found[1], expected, atol=1e-12)


# --- handles -----------------------------------------------------------------------------------

DRAG = """([posts, handles, cursors, d]) => handles.map((p0, k) =>
  [...dragHandle(Float64Array.from(posts[k]), Float64Array.from(p0), ...cursors[k])])"""


@pytest.mark.parametrize("d", (2, 3, 5, 15))
def test_a_dragged_handle_lands_under_the_cursor(page: Page, d: int) -> None:
    rng = np.random.default_rng(d)
    n = 400
    starts = np.stack([draw_orthogonal(rng, d, 1) for _ in range(n)])
    handles = rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-3, 3, (n, 1))
    size = np.linalg.norm(handles, axis=1)
    radius = size * np.sqrt(rng.random(n)) * np.where(np.arange(n) % 4, 1, 20)  # some out of reach
    angle = rng.uniform(0, 2 * np.pi, n)
    cursors = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    # Extreme ones: opposite, the middle, the place itself, the rim, in the view, orthogonal to it.
    cursors[0] = -handles[0, :2]
    cursors[1] = 0
    cursors[2] = handles[2, :2]
    handles[3, 2:] = 0
    cursors[3] = -handles[3, :2]
    handles[4, 2:] = 0
    handles[5, 2:] = 1e-14
    cursors[5] = -handles[5, :2] * (1 - 1e-13)
    if d > 2:
        handles[6, :2] = 0
    cursors[7] = -handles[7, :2] * (1 + 1e-10)
    size = np.linalg.norm(handles, axis=1)
    cursors[8] = [size[8], 0]
    cursors[9] = [-1e6 * size[9], 0]
    before = np.einsum("nd,ned->ne", handles, starts)  # where each lies without `post`
    posts = page.evaluate(
        DRAG, [starts.reshape(n, -1).tolist(), handles.tolist(), cursors.tolist(), d]
    )
    posts = np.array(posts).reshape(n, d, d)
    np.testing.assert_allclose(
        posts @ posts.transpose(0, 2, 1), np.eye(d)[None].repeat(n, 0), atol=1e-12
    )
    assert (np.linalg.det(posts) > 0).all()
    seen = np.einsum("ne,ned->nd", before, posts)[:, :2]
    wanted = np.linalg.norm(cursors, axis=1)
    if d == 2:  # two dimensions leave the direction only
        goal = cursors * (size / np.maximum(wanted, 1e-300))[:, None]
        goal[1] = handles[1]
    else:
        goal = cursors * np.minimum(1, size / np.maximum(wanted, 1e-300))[:, None]
    assert (np.linalg.norm(seen - goal, axis=1) / size).max() < 1e-6  # 1e-3 is asked for


def test_a_drag_is_the_rotation_of_the_formula(page: Page) -> None:
    rng = np.random.default_rng(2)
    p0, p1 = rng.normal(size=(2, D))
    p1 *= np.linalg.norm(p0) / np.linalg.norm(p1)
    script = "([a, b]) => [...rotateOnto(Float64Array.from(a), Float64Array.from(b))]"
    found = np.array(page.evaluate(script, [p0.tolist(), p1.tolist()])).reshape(D, D)
    a, b = p0 / np.linalg.norm(p0), p1 / np.linalg.norm(p1)
    c = a @ b
    s = np.linalg.norm(b - c * a)
    u = (b - c * a) / s
    formula = (
        np.eye(D)
        + (c - 1) * (np.outer(a, a) + np.outer(u, u))
        + s * (np.outer(a, u) - np.outer(u, a))
    )
    np.testing.assert_allclose(found, formula, atol=1e-14)
    np.testing.assert_allclose(p0 @ found, p1, atol=1e-13)
    beside = np.linalg.qr(np.stack([a, u, *rng.normal(size=(D - 2, D))]).T)[0].T[2:]
    np.testing.assert_allclose(beside @ found, beside, atol=1e-13)  # the rest stays


# --- layers ------------------------------------------------------------------------------------


def standardize(x: np.ndarray) -> np.ndarray:
    """Centred, with a mean squared distance of 1 from the centre, as clouds are."""
    centred = x - x.mean(0)
    return centred / np.sqrt((centred**2).sum(1).mean())


def align(page: Page, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    d = x.shape[1]
    script = "([x, y, d]) => [...alignLayers(Float64Array.from(x), Float64Array.from(y), d)]"
    return np.array(page.evaluate(script, [x.ravel().tolist(), y.ravel().tolist(), d])).reshape(
        d, d
    )


@pytest.mark.parametrize("seed", range(12))
def test_alignment_is_scipys_procrustes(page: Page, seed: int) -> None:
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 17))
    x, y = rng.normal(size=(2, 60, d)) * np.logspace(0, -seed / 4, d)  # down to 1e-3
    found = align(page, x, y)
    np.testing.assert_allclose(found @ found.T, np.eye(d), atol=1e-12)
    np.testing.assert_allclose(found, orthogonal_procrustes(x, y)[0], atol=1e-7)


@pytest.mark.parametrize("rank", (0, 1, 7, 14))
def test_alignment_of_what_is_flat(page: Page, rank: int) -> None:
    # How directions that both miss are turned is anyone's: here they stay. What coincides is not.
    rng = np.random.default_rng(rank)
    flat = rng.normal(size=(rank, D))
    x, y = rng.normal(size=(2, 40, rank)) @ flat
    found = align(page, x, y)
    np.testing.assert_allclose(found @ found.T, np.eye(D), atol=1e-12)
    assert np.trace(found.T @ x.T @ y) == pytest.approx(svd(x.T @ y)[1].sum(), rel=1e-9, abs=1e-9)
    missing = svd(flat)[2][rank:] if rank else np.eye(D)
    np.testing.assert_allclose(missing @ found, missing, atol=1e-9)


@pytest.mark.parametrize("sign", (1, -1))
def test_a_layer_change_keeps_a_rigidly_moved_cloud_in_place(page: Page, sign: int) -> None:
    rng = np.random.default_rng(sign + 1)
    cloud = rng.normal(size=(500, D)) * np.logspace(0, -1, D)
    moved = 3.5 * cloud @ draw_orthogonal(rng, D, sign) + rng.normal(size=D)
    defects = page.evaluate(
        """([x, y, d]) => {
          const tour = compose(d, turnTour(planTour(2, d), 12345), turnTour(planTour(3, d), 99));
          return [Float64Array, Float32Array].map((Kind) => {
            const [before, next] = [Kind.from(x), Kind.from(y)];
            const after = transform(next, d, alignLayers(next, before, d));
            const places = [0, 0.3, 1].map((t) => transform(interpolate(before, after, t), d, tour));
            return Math.max(...places.flatMap((at) => [...at.map((v, k) => Math.abs(v - places[0][k]))]));
          });
        }""",
        [standardize(cloud).ravel().tolist(), standardize(moved).ravel().tolist(), D],
    )
    assert defects[0] < 1e-13 and defects[1] < 1e-6


def test_alignment_in_place_is_the_chain_of_matrices(page: Page) -> None:
    # procrustes' = pre^-1 Q pre procrustes, with Q of the layers themselves.
    rng = np.random.default_rng(7)
    before, after = rng.normal(size=(2, 80, D))
    pre, procrustes = (draw_orthogonal(rng, D, sign) for sign in (1, -1))
    q = align(page, after, before)
    found = align(page, after @ pre, before @ pre @ procrustes)
    np.testing.assert_allclose(found, pre.T @ q @ pre @ procrustes, atol=1e-10)


# --- samples -----------------------------------------------------------------------------------


def test_the_projection_is_numpys(page: Page) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, D)) * 5 + 3
    factors = [draw_orthogonal(rng, D, sign) for sign in (1, -1, 1, 1)]
    seen, frame = page.evaluate(
        """([x, factors, d]) => {
          const whole = compose(d, ...factors.map((each) => Float64Array.from(each)));
          return [[...transform(Float64Array.from(x), d, whole)], [...showFrame(whole, d)]];
        }""",
        [standardize(x).ravel().tolist(), [each.ravel().tolist() for each in factors], D],
    )
    product = np.linalg.multi_dot(factors)
    np.testing.assert_allclose(np.reshape(seen, (-1, D)), standardize(x) @ product, atol=1e-12)
    np.testing.assert_allclose(np.reshape(frame, (D, 2)), product[:, :2], atol=1e-14)


# --- the points on the screen ------------------------------------------------------------------

STAGE = """([x, y, d, radius]) => {
  document.body.innerHTML = "<canvas style='width: 300px; height: 200px'></canvas>";
  const renderer = Renderer.open(document.querySelector("canvas"));
  renderer.resize(300, 200, 1);
  renderer.setPalette([{ color: "#ff0000", shape: "circle" }, { color: "#00ff00", shape: "square" }]);
  renderer.setLayers(Float32Array.from(x), Float32Array.from(y), d);
  const n = x.length / d;
  window.stage = { renderer, n, draw(frame, travelled) {
    renderer.draw({ frame, travelled, view: { s: 60, x: 140, y: 90 }, radius });
    return stage.read();
  }, read() {
    const { gl, canvas } = renderer;
    const [w, h] = [canvas.width, canvas.height];
    const pixels = new Uint8Array(4 * w * h);
    gl.readPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    return [w, h, [...pixels], gl.getError()];
  } };
}"""


def show(page: Page, call: str, *values: Any) -> np.ndarray:
    """What has been drawn, (height, width, 3), the first row on top."""
    width, height, pixels, error = page.evaluate(f"([...values]) => stage.{call}", list(values))
    assert error == 0
    return np.reshape(pixels, (height, width, 4))[::-1, :, :3].astype(int)


@pytest.mark.parametrize("d", (2, 5, 15, 16))
@pytest.mark.parametrize("travelled", (0, 0.4, 1))
def test_points_lie_where_numpy_projects_them(page: Page, d: int, travelled: float) -> None:
    rng = np.random.default_rng(d)
    frame = draw_orthogonal(rng, d, 1)[:, :2]
    goal = np.array([[-1.5, 1.0], [0.0, 0.25], [1.75, -0.75]])
    x, y = (goal @ frame.T + rng.normal(size=(3, d)) @ (np.eye(d) - frame @ frame.T) for _ in "xy")
    y = y + np.array([0.5, -0.5]) @ frame.T
    page.evaluate(STAGE, [x.ravel().tolist(), y.ravel().tolist(), d, 4])
    page.evaluate("stage.renderer.setLooks([0, 1, 0], null, null)")
    picture = show(page, "draw(values[0], values[1])", frame.ravel().tolist(), travelled)
    places = ((1 - travelled) * x + travelled * y) @ frame * [60, -60] + [140, 90]
    np.testing.assert_allclose(
        np.reshape(page.evaluate("[...stage.renderer.places]"), (3, 2)), places, atol=1e-3
    )
    for i, channel in enumerate((0, 1, 0)):
        lit = picture[:, :, channel] - picture[:, :, 1 - channel]
        left, top = np.round(places[i]).astype(int)
        near = np.clip(lit[top - 8 : top + 8, left - 8 : left + 8], 0, None)
        rows, columns = np.mgrid[top - 8 : top + 8, left - 8 : left + 8] + 0.5
        assert near.max() > 240
        middle = np.array([(columns * near).sum(), (rows * near).sum()]) / near.sum()
        np.testing.assert_allclose(middle, places[i], atol=0.3)
        assert page.evaluate("([x, y]) => stage.renderer.pick(x, y, 5)", list(places[i] + 2)) == i
    assert page.evaluate("stage.renderer.pick(2, 2, 5)") == -1


def test_parts_and_their_order(page: Page) -> None:
    spots = np.zeros((3, 3))  # on one another
    frame = [1, 0, 0, 1, 0, 0]
    page.evaluate(STAGE, [spots.ravel().tolist(), spots.ravel().tolist(), 3, 6])
    looks = "([parts, order]) => stage.renderer.setLooks([0, 1, 0], parts, order)"
    colors, picked = [], []
    for parts, order in (
        ([2, 2, 2], None),
        ([2, 2, 2], [2, 0, 1]),
        ([0, 1, 0], None),
        ([0, 0, 0], None),
    ):
        page.evaluate(looks, [parts, order])
        picture = show(page, "draw(values[0], 0)", frame)
        colors.append(picture[90, 140])
        picked.append(page.evaluate("stage.renderer.pick(140, 90, 5)"))
    red, green, dark, grey = colors
    assert red[0] > 250 > 5 > red[1] and green[1] > 250 > 5 > green[0]  # the last one is on top
    assert 60 < dark[1] < 120 and dark[0] < 30  # receding
    assert grey.min() > 40 and grey.max() < 120  # left out
    assert picked == [2, 1, 1, -1]


def test_points_come_back_after_the_card_has_forgotten_them(page: Page) -> None:
    spots = [-1, 0, 0, 1, 0, 0]
    page.evaluate(STAGE, [spots, spots, 3, 5])
    before = show(page, "draw(values[0], 0)", [1, 0, 0, 1, 0, 0])
    assert (before[:, :, 0] > 250).any()
    page.evaluate(
        """async () => {
          const { canvas, gl } = stage.renderer;
          const card = gl.getExtension("WEBGL_lose_context");
          const heard = (name) => new Promise((done) => canvas.addEventListener(name, done, { once: true }));
          const lost = heard("webglcontextlost");
          card.loseContext();
          await lost;
          stage.renderer.draw(stage.renderer.scene);  // nothing happens, and nothing breaks
          const found = heard("webglcontextrestored");
          setTimeout(() => card.restoreContext());
          await found;
        }"""
    )
    np.testing.assert_array_equal(show(page, "draw(values[0], 0)", [1, 0, 0, 1, 0, 0]), before)


def test_a_browser_without_webgl_says_so_in_one_line(page: Page) -> None:
    found = page.evaluate(
        """() => {
          document.body.innerHTML = "<div><canvas></canvas></div>";
          const canvas = document.querySelector("canvas");
          canvas.getContext = () => null;
          return [Renderer.open(canvas), document.querySelectorAll("canvas").length,
            document.querySelector("[role=status]").textContent];
        }"""
    )
    assert found[:2] == [None, 0] and "WebGL 2" in found[2] and "\n" not in found[2]


def test_more_dimensions_than_fit_are_refused(page: Page) -> None:
    page.evaluate(STAGE, [[0, 0], [0, 0], 2, 3])
    script = """() => {
      const many = new Float32Array(17);
      try { stage.renderer.setLayers(many, many, 17); } catch (error) { return error.message; }
    }"""
    assert page.evaluate(script) == "17 dimensions are more than 16"


def test_handles_are_hit_where_they_are_drawn(page: Page) -> None:
    found = page.evaluate(
        """() => {
          document.body.innerHTML = "<canvas></canvas>";
          const canvas = document.querySelector("canvas");
          const layer = new HandleLayer(canvas);
          layer.resize(300, 200, 2);
          const handle = (x, y) => ({ name: "<b>shore</b>", color: "#00ff00", x, y });
          layer.draw([handle(50, 60), handle(58, 60), handle(290, 100)], 1);
          const alpha = (x, y) => layer.ink.getImageData(2 * x, 2 * y, 1, 1).data[3];
          const written = (from, to) => {
            const { data } = layer.ink.getImageData(2 * from, 180, 2 * (to - from), 40);
            return data.filter((v, k) => k % 4 === 3 && v).length;
          };
          const places = [[51, 61], [57, 60], [290, 108], [150, 20]];
          return [places.map(([x, y]) => layer.hit(x, y)), alpha(58, 60), alpha(150, 20), written(220, 278)];
        }"""
    )
    assert found[:3] == [[0, 1, 2, -1], 255, 0]
    assert found[3] > 100  # at the edge the name is written to the left
