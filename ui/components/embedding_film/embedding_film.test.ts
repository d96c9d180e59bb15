import assert from "node:assert/strict";
import { test } from "node:test";
import { writeDecimals, writeSpread } from "./figures";
import { measureMark, placeLayout } from "./layout_plot";
import { findFrame, interpolate } from "./timeline";

test("a layout keeps its proportions, with y upwards", () => {
  const at = placeLayout(Int16Array.of(0, 0, 32767, 32767, -32767, 0), 300, 200, 10);
  assert.deepEqual([...at], [150, 100, 240, 10, 60, 100]);
});

test("marks shrink with their number, between two sizes", () => {
  assert.equal(measureMark(100, 400, 400), 0.12 * 40);
  assert.equal(measureMark(1, 400, 400), 6.5);
  assert.equal(measureMark(1e6, 400, 400), 1.5);
});

test("an iteration is found among frames, and a value between two of them", () => {
  const iterations = [0, 10, 20, 40];
  assert.deepEqual(
    [-5, 0, 5, 30, 40, 99].map((each) => findFrame(iterations, each)),
    [0, 0, 0.5, 2.5, 3, 3],
  );
  assert.deepEqual(
    [0, 0.5, 2.5, 3].map((at) => interpolate(iterations, at)),
    [0, 5, 30, 40],
  );
  for (const each of [0, 7, 33, 40]) assert.equal(interpolate(iterations, findFrame(iterations, each)), each);
});

test("figures have a true minus, and spreads two digits", () => {
  assert.equal(writeDecimals(-0.456), "−0.46");
  assert.deepEqual([0, 0.123, 45.6, 0.0004].map(writeSpread), ["0.0", "0.12", "46", "4e−4"]);
});
