import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compose,
  createRandom,
  dragHandle,
  identity,
  planTour,
  recallPost,
  recordDrag,
  restoreMatrix,
  type Samples,
  showFrame,
  transform,
  transpose,
  turnTour,
} from "./core";

const D = 15;

/** How far a matrix is from being orthogonal. */
function measureDefect(m: Float64Array, d: number) {
  const square = compose(d, m, transpose(m, d));
  return Math.max(...square.map((x, k) => Math.abs(x - (k % (d + 1) ? 0 : 1))));
}

const measureDistance = (a: Samples, b: Samples) => Math.hypot(...a.map((x, k) => x - b[k]));
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

test("the generator is mulberry32", () => {
  const mulberry32 = (state: bigint) => {
    const low = (x: bigint) => BigInt.asUintN(32, x);
    let t = low((state ^ (state >> 15n)) * (state | 1n));
    t ^= low(t + (t ^ (t >> 7n)) * (t | 61n));
    return Number(low(t ^ (t >> 14n))) / 2 ** 32;
  };
  const random = createRandom(2 ** 31 + 5);
  for (const k of [1n, 2n, 3n]) {
    assert.equal(random(), mulberry32(BigInt.asUintN(32, 2n ** 31n + 5n + k * 0x6d2b79f5n)));
  }
});

test("every coordinate plane turns at a rate of its own", () => {
  for (let d = 2; d < 17; d++) {
    const { turns } = planTour(3, d);
    const planes = turns.map(({ i, j }) => [Math.min(i, j), Math.max(i, j)].join());
    const list = (axes: number[]) => axes.flatMap((i) => [...Array(d).keys()].slice(i + 1).map((j) => [i, j].join()));
    const first = (d * (d - 1)) / 2;
    assert.deepEqual(planes.slice(0, first).sort(), list([...Array(d).keys()]).sort());
    assert.deepEqual(planes.slice(first), list([0, 1]));
    const rates = turns.map(({ rate }) => rate);
    assert.equal(new Set(rates).size, rates.length);
    assert.ok(Math.max(...rates) < 3 * Math.min(...rates));
    const speed = (2 / d) * rates.reduce((sum, rate) => sum + rate ** 2, 0);
    assert.ok(Math.abs(speed / 0.005 ** 2 - 1) < 1e-6);
  }
});

test("matrices stay orthonormal over 100,000 steps", () => {
  const plan = planTour(1, D);
  let worst = measureDefect(turnTour(plan, 1e9), D);
  for (let step = 0; step <= 100_000; step += 10) worst = Math.max(worst, measureDefect(turnTour(plan, step), D));
  assert.ok(worst < 1e-12); // 1e-5 is asked for
});

test("matrices stay orthonormal over 100,000 drags", () => {
  for (const [d, drags] of [
    [3, 100_000],
    [15, 5000],
  ]) {
    const random = createRandom(4);
    let post = identity(d);
    for (let k = 0; k < drags; k++) {
      const p0 = Float64Array.from({ length: d }, () => random() - 0.5);
      post = dragHandle(post, p0, 2 * random() - 1, 2 * random() - 1);
    }
    assert.ok(measureDefect(post, d) < 1e-12);
  }
});

test("the same seed and step give the same view", () => {
  const plan = planTour(5, D);
  const steps = [...Array(1000).keys()];
  const there = steps.map((step) => turnTour(plan, step));
  const back = steps.toReversed().map((step) => turnTour(plan, step));
  assert.deepEqual(there, back.reverse()); // bit by bit, in whatever order
  assert.deepEqual(there[700], turnTour(planTour(5, D), 700));
  const other = turnTour(planTour(6, D), 700);
  assert.ok(Math.max(...other.map((x, k) => Math.abs(x - there[700][k]))) > 0.1);
  // A step is small, half of it smaller, and none takes more than some milliradians.
  const axes = [0, 1].map((axis) => there.map((each) => transpose(each, D).slice(axis * D, axis * D + D)));
  const pace = axes.flatMap((axis) => axis.slice(1).map((at, k) => measureDistance(at, axis[k])));
  const mean = pace.reduce((sum, x) => sum + x) / pace.length;
  assert.ok(0.003 < mean && mean < 0.006 && Math.max(...pace) < 0.012);
});

/**
 * How near the plane of the view has come to each of 300 random directions, in radians, and its projector (d, d) on
 * average, over 20,000 moments; of the tour, or of powers of one rotation.
 */
function cover(seed: number, d: number, stride: number, powers = false) {
  const random = createRandom(d);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()); // Box and Muller 1958
  const directions = Array.from({ length: 300 }, () => {
    const found = Float64Array.from({ length: d }, normal);
    return found.map((x) => x / Math.hypot(...found));
  });
  const plan = planTour(seed, d);
  const once = turnTour({ d, turns: plan.turns.slice(0, (d * (d - 1)) / 2) }, stride);
  const nearest = new Float64Array(directions.length);
  const share = new Float64Array(d * d);
  const count = 20_000;
  let power: Float64Array = identity(d);
  for (let k = 0; k < count; k++) {
    const frame = showFrame(powers ? power : turnTour(plan, k * stride), d);
    if (powers) power = compose(d, power, once);
    for (let i = 0; i < d; i++) {
      for (let j = 0; j < d; j++) {
        share[i * d + j] += (frame[2 * i] * frame[2 * j] + frame[2 * i + 1] * frame[2 * j + 1]) / count;
      }
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
  return { angles: Array.from(nearest, (each) => Math.acos(Math.sqrt(Math.min(1, each)))), share };
}

test("the tour covers the space", () => {
  // A uniformly random plane comes within an angle of a direction with probability sin(angle)^(d - 2). In 100,000
  // steps the tour has to come as near to all directions as 500 independent planes would, give or take one chance in a
  // hundred for the farthest of the 300.
  const planes = 500;
  for (const [d, seed] of [
    [3, 1],
    [4, 2],
    [5, 3],
    [8, 4],
    [15, 5],
    [15, 6],
  ]) {
    const { angles } = cover(seed, d, 5);
    const typical = Math.asin((Math.log(2) / planes) ** (1 / (d - 2)));
    const farthest = Math.asin((Math.log(300 / 0.01) / planes) ** (1 / (d - 2)));
    assert.ok(median(angles) < typical && Math.max(...angles) < farthest, `${d} dimensions`);
  }
});

test("the tour shows every direction for the same time", () => {
  for (const seed of [1, 2]) {
    const { share } = cover(seed, D, 97);
    const excess = share.map((x, k) => (x * D) / 2 - (k % (D + 1) ? 0 : 1));
    let power = excess; // its largest eigenvalue is that of the 64th power of the matrix, but for a factor of 15^(1/64)
    let logarithm = 0;
    for (let k = 0; k < 6; k++) {
      const size = Math.hypot(...power);
      power = compose(D, power, power).map((x) => x / size ** 2);
      logarithm = 2 * (logarithm + Math.log(size));
    }
    assert.ok(Math.exp((logarithm + Math.log(Math.hypot(...power))) / 64) < 0.15);
  }
});

test("powers of one rotation would not cover the space", () => {
  const worst = (powers: boolean) => (Math.max(...cover(1, 3, 5, powers).angles) * 180) / Math.PI;
  assert.ok(worst(true) > 10); // in three dimensions they turn about one axis
  assert.ok(worst(false) < 0.5);
});

test("a handle in the middle cannot be dragged", () => {
  assert.deepEqual(dragHandle(identity(D), new Float64Array(D), 1, 2), identity(D));
});

test("going back takes back what was dragged later", () => {
  const [a, b, c] = [1, 2, 3].map((k) => turnTour(planTour(k, 3), 50));
  const drags = recordDrag(recordDrag([], 10, a), 20, b);
  const none = identity(3);
  const recall = (steps: number[], list: typeof drags) => steps.map((step) => recallPost(list, step, 3));
  assert.deepEqual(recall([0, 9.5, 10, 19, 20, 1e6], drags), [none, none, a, a, b, b]);
  const between = recordDrag(drags, 15, c);
  assert.deepEqual(recall([9, 10, 15, 20, 30], between), [none, a, c, c, c]);
  const again = recordDrag(drags, 20, c);
  assert.deepEqual(recall([20], again), [c]);
  assert.deepEqual([drags.length, again.length, between.length], [2, 2, 2]);
});

test("two columns of post are enough to go on from", () => {
  // As many numbers as an address holds: what is seen after another drag is the same.
  const post = turnTour(planTour(9, D), 4000);
  const again = restoreMatrix(Float32Array.from(showFrame(post, D)), D);
  const x = Float64Array.from({ length: D }, (_, k) => Math.sin(3 * k));
  const [seen, after] = [post, again].map((each) => showFrame(dragHandle(each, transform(x, D, each), 0.7, -0.4), D));
  assert.ok(Math.max(...seen.map((v, k) => Math.abs(v - after[k]))) < 1e-6);
  assert.ok(measureDefect(again, D) < 1e-12);
});
