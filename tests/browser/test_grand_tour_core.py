"""The mathematics of the Grand Tour and its points, run in a real browser against numpy and scipy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from browser import browsing
from playwright.sync_api import Page
from scipy.linalg import orthogonal_procrustes, qr, svd

from tests.shared.project import ROOT

pytestmark = pytest.mark.slow
FOLDER = ROOT / "ui/components/grand_tour"
SCRIPTS = ("core.js", "shaders.js", "renderer.js", "handles.js")
D = 15


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browsing(600, 400) as (page, errors):
        page.set_content("<body style='margin:0'>")
        page.add_script_tag(content="\n".join((FOLDER / name).read_text() for name in SCRIPTS))
        page.evaluate(
            """() => {
              window.defect = (m, d) => {
                const square = compose(d, m, transpose(m, d));
                return Math.max(...square.map((x, k) => Math.abs(x - (k % (d + 1) ? 0 : 1))));
              };
            }"""
        )
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
    core = (FOLDER / "core.js").read_text()
    assert len(core.splitlines()) <= 200
    assert not any(
        word in core for word in ("document", "window", "Math.random", "Date", "performance")
    )


def test_the_generator_is_mulberry32(page: Page) -> None:
    def mulberry32(state: int) -> float:
        t = (state ^ state >> 15) * (state | 1) & 0xFFFFFFFF
        t ^= t + (t ^ t >> 7) * (t | 61) & 0xFFFFFFFF
        return (t ^ t >> 14) / 2**32

    drawn = page.evaluate("() => { const r = createRandom(2 ** 31 + 5); return [r(), r(), r()]; }")
    states = [(2**31 + 5 + (k + 1) * 0x6D2B79F5) & 0xFFFFFFFF for k in range(3)]
    assert drawn == [mulberry32(state) for state in states]


@pytest.mark.parametrize("d", range(2, 17))
def test_every_coordinate_plane_turns_at_a_rate_of_its_own(page: Page, d: int) -> None:
    turns = page.evaluate("d => planTour(3, d).turns", d)
    planes = [tuple(sorted((turn["i"], turn["j"]))) for turn in turns]
    every = {(i, j) for i in range(d) for j in range(i + 1, d)}
    first = d * (d - 1) // 2
    assert set(planes[:first]) == every and len(set(planes[:first])) == first
    assert planes[first:] == [(i, j) for i in (0, 1) for j in range(i + 1, d)]
    rates = [turn["rate"] for turn in turns]
    assert len(set(rates)) == len(rates) and max(rates) < 3 * min(rates)
    assert 2 / d * sum(rate**2 for rate in rates) == pytest.approx(0.005**2)


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


def test_matrices_stay_orthonormal_over_100_000_steps(page: Page) -> None:
    worst = page.evaluate(
        """d => {
          const plan = planTour(1, d);
          let worst = 0;
          for (let step = 0; step <= 100_000; step += 10) {
            worst = Math.max(worst, defect(turnTour(plan, step), d));
          }
          return Math.max(worst, defect(turnTour(plan, 1e9), d));
        }""",
        D,
    )
    assert worst < 1e-12  # 1e-5 is asked for


def test_matrices_stay_orthonormal_over_100_000_drags(page: Page) -> None:
    worst = page.evaluate(
        """() => {
          let worst = 0;
          for (const [d, drags] of [[3, 100_000], [15, 5000]]) {
            const random = createRandom(4);
            let post = identity(d);
            for (let k = 0; k < drags; k++) {
              const p0 = Float64Array.from({ length: d }, () => random() - 0.5);
              post = dragHandle(post, p0, 2 * random() - 1, 2 * random() - 1);
            }
            worst = Math.max(worst, defect(post, d));
          }
          return worst;
        }"""
    )
    assert worst < 1e-12


def test_the_same_seed_and_step_give_the_same_view(page: Page) -> None:
    there = turn(page, 5, D, *range(1000))
    back = turn(page, 5, D, *range(999, -1, -1))[::-1]
    np.testing.assert_array_equal(there, back)  # bit by bit, in whatever order
    np.testing.assert_array_equal(there[700], turn(page, 5, D, 700)[0])
    assert np.abs(turn(page, 6, D, 700)[0] - there[700]).max() > 0.1
    # A step is small, half of it smaller, and none takes more than some milliradians.
    pace = np.linalg.norm(np.diff(there[:, :, :2], axis=0), axis=1)
    assert 0.003 < pace.mean() < 0.006 and pace.max() < 0.012


COVER = """([seed, d, count, stride, directions, powers]) => {
  const plan = planTour(seed, d);
  const once = turnTour({ d, turns: plan.turns.slice(0, (d * (d - 1)) / 2) }, stride);
  const nearest = new Float64Array(directions.length);
  const share = new Float64Array(d * d);
  let power = identity(d);
  for (let k = 0; k < count; k++) {
    const frame = showFrame(powers ? power : turnTour(plan, k * stride), d);
    if (powers) power = compose(d, power, once);
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) {
      share[i * d + j] += (frame[2 * i] * frame[2 * j] + frame[2 * i + 1] * frame[2 * j + 1]) / count;
    }
    directions.forEach((u, q) => {
      let [x, y] = [0, 0];
      for (let i = 0; i < d; i++) {
        x += u[i] * frame[2 * i];
        y += u[i] * frame[2 * i + 1];
      }
      nearest[q] = Math.max(nearest[q], x * x + y * y);
    });
  }
  return { nearest: [...nearest], share: [...share] };
}"""


def cover(
    page: Page, seed: int, d: int, stride: int, powers: bool
) -> tuple[np.ndarray, np.ndarray]:
    """How near the plane of the view has come to each of 300 random directions, (300,) in radians, and
    its projector (d, d) on average, over 20,000 moments.
    """
    directions = np.random.default_rng(d).normal(size=(300, d))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found = page.evaluate(COVER, [seed, d, 20_000, stride, directions.tolist(), powers])
    angles = np.arccos(np.sqrt(np.clip(found["nearest"], 0, 1)))
    return angles, np.array(found["share"]).reshape(d, d)


@pytest.mark.parametrize(("d", "seed"), [(3, 1), (4, 2), (5, 3), (8, 4), (15, 5), (15, 6)])
def test_the_tour_covers_the_space(page: Page, d: int, seed: int) -> None:
    # A uniformly random plane comes within an angle of a direction with probability sin(angle)^(d - 2).
    # In 100,000 steps the tour has to come as near to all directions as 500 independent planes would,
    # give or take one chance in a hundred for the farthest of the 300.
    angles, _ = cover(page, seed, d, 5, False)
    planes = 500
    typical = np.arcsin((np.log(2) / planes) ** (1 / (d - 2)))
    farthest = np.arcsin((np.log(300 / 0.01) / planes) ** (1 / (d - 2)))
    assert np.median(angles) < typical and angles.max() < farthest


@pytest.mark.parametrize("seed", (1, 2))
def test_the_tour_shows_every_direction_for_the_same_time(page: Page, seed: int) -> None:
    _, share = cover(page, seed, D, 97, False)
    assert np.linalg.norm(share * D / 2 - np.eye(D), 2) < 0.15


def test_powers_of_one_rotation_would_not_cover_the_space(page: Page) -> None:
    angles, _ = cover(page, 1, 3, 5, True)  # in three dimensions they turn about one axis
    assert np.degrees(angles.max()) > 10
    assert np.degrees(cover(page, 1, 3, 5, False)[0].max()) < 0.5


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


def test_a_handle_in_the_middle_cannot_be_dragged(page: Page) -> None:
    post = page.evaluate("d => [...dragHandle(identity(d), new Float64Array(d), 1, 2)]", D)
    np.testing.assert_array_equal(np.reshape(post, (D, D)), np.eye(D))


def test_going_back_takes_back_what_was_dragged_later(page: Page) -> None:
    found = page.evaluate(
        """() => {
          const [a, b, c] = [1, 2, 3].map((k) => turnTour(planTour(k, 3), 50));
          const drags = recordDrag(recordDrag([], 10, a), 20, b);
          const name = (step, list) => ["none", "a", "b", "c"][
            [identity(3).join(), a.join(), b.join(), c.join()].indexOf(recallPost(list, step, 3).join())];
          return [
            [0, 9.5, 10, 19, 20, 1e6].map((step) => name(step, drags)),
            [9, 10, 15, 20, 30].map((step) => name(step, recordDrag(drags, 15, c))),
            [20].map((step) => name(step, recordDrag(drags, 20, c))),
            [drags, recordDrag(drags, 20, c), recordDrag(drags, 15, c)].map((list) => list.length),
          ];
        }"""
    )
    assert found == [
        ["none", "none", "a", "a", "b", "b"],
        ["none", "a", "c", "c", "c"],
        ["c"],
        [2, 2, 2],
    ]


def test_two_columns_of_post_are_enough_to_go_on_from(page: Page) -> None:
    # As many numbers as an address holds: what is seen after another drag is the same.
    frames = page.evaluate(
        """d => {
          const post = turnTour(planTour(9, d), 4000);
          const again = restoreMatrix(Float32Array.from(showFrame(post, d)), d);
          const x = Float64Array.from({ length: d }, (_, k) => Math.sin(3 * k));
          const seen = [post, again].map((each) => {
            const p0 = transform(x, d, each);
            return [...showFrame(dragHandle(each, p0, 0.7, -0.4), d)];
          });
          return [...seen, defect(again, d)];
        }""",
        D,
    )
    np.testing.assert_allclose(frames[0], frames[1], atol=1e-6)
    assert frames[2] < 1e-12


# --- layers ------------------------------------------------------------------------------------


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
            const before = standardize(Kind.from(x), d);
            const next = standardize(Kind.from(y), d);
            const after = transform(next, d, alignLayers(next, before, d));
            const places = [0, 0.3, 1].map((t) => transform(interpolate(before, after, t), d, tour));
            return Math.max(...places.flatMap((at) => [...at.map((v, k) => Math.abs(v - places[0][k]))]));
          });
        }""",
        [cloud.ravel().tolist(), moved.ravel().tolist(), D],
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
    centred, whole, frame = page.evaluate(
        """([x, factors, d]) => {
          const centred = standardize(Float64Array.from(x), d);
          const whole = compose(d, ...factors.map((each) => Float64Array.from(each)));
          return [[...centred], [...transform(centred, d, whole)], [...showFrame(whole, d)]];
        }""",
        [x.ravel().tolist(), [each.ravel().tolist() for each in factors], D],
    )
    expected = x - x.mean(0)
    expected /= np.sqrt((expected**2).sum(1).mean())
    product = np.linalg.multi_dot(factors)
    np.testing.assert_allclose(np.reshape(centred, (-1, D)), expected, atol=1e-12)
    np.testing.assert_allclose(np.reshape(whole, (-1, D)), expected @ product, atol=1e-12)
    np.testing.assert_allclose(np.reshape(frame, (D, 2)), product[:, :2], atol=1e-14)


def test_centroids_are_means_of_groups(page: Page) -> None:
    x = np.random.default_rng(3).normal(size=(50, 4))
    groups = np.arange(50) % 4 - 1
    script = (
        "([x, g]) => [...centroids(Float64Array.from(x), 4, g, 4)].map((v) => isNaN(v) ? null : v)"
    )
    found = np.reshape(page.evaluate(script, [x.ravel().tolist(), groups.tolist()]), (4, 4))
    expected = np.stack([x[groups == k].mean(0) for k in range(3)])
    np.testing.assert_allclose(found[:3].astype(float), expected, atol=1e-14)
    assert (found[3] == None).all()  # noqa: E711


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
