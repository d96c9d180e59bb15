import assert from "node:assert/strict";
import { test } from "node:test";
import { StripLayout } from "./strip";

const near = (found: number, wanted: number) => assert.ok(Math.abs(found - wanted) < 1e-9, `${found}, not ${wanted}`);
const strip = (...ends: [number, number][]) =>
  new StripLayout(
    ends.map(([low, high]) => ({ quantiles: [low, 0, 0, 0, 0, 0, high] })),
    444,
    200,
  );

test("layers share the width beside what the axes say", () => {
  const layout = strip([-1, 1], [-1, 1], [-1, 1], [-1, 1]);
  assert.deepEqual(
    [0, 3].map((i) => layout.left(i)),
    [44, 344],
  );
});

test("zero is in the middle of the band, the largest weight at its end, either sign alike", () => {
  const layout = strip([-0.1, 0.1], [-3, 1]);
  assert.deepEqual([layout.y(3), layout.y(0), layout.y(-3)], [100, 147.5, 195]);
  near(layout.y(0.7) + layout.y(-0.7), 295);
});

test("small weights are told apart linearly, large ones by their power", () => {
  const layout = strip([-1e-3, 1e-3], [-1, 1]);
  const up = (value: number) => 147.5 - layout.y(value);
  assert.ok(Math.abs(up(2e-5) / up(1e-5) - 2) < 0.01);
  assert.ok(Math.abs(up(1) - up(0.1) - (up(0.1) - up(0.01))) < 0.05);
});

test("lines stand at powers of ten within the range; layers of zeros only have a range too", () => {
  assert.deepEqual(
    strip([-0.3, 0.5]).ticks.map((tick) => Number(tick.toPrecision(2))),
    [0.1, 0.01, 0, -0.01, -0.1],
  );
  assert.ok(Number.isFinite(strip([0, 0]).y(0)));
});
