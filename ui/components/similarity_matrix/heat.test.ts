import assert from "node:assert/strict";
import { test } from "node:test";
import { EDGE, MatrixLayout } from "./heat";

test("cells are as wide as fits, and as high as the longer side allows", () => {
  const wide = new MatrixLayout(2, 10, EDGE + 200, 1);
  assert.deepEqual([wide.w, wide.h, wide.width, wide.height], [20, 20, EDGE + 200, EDGE + 40]);
  const tall = new MatrixLayout(20, 2, EDGE + 200, 1);
  assert.deepEqual([tall.w, tall.h], [100, 10]);
  const few = new MatrixLayout(2, 2, EDGE + 200, 1); // no higher than a cell needs
  assert.deepEqual([few.w, few.h], [100, 26]);
  const crowd = new MatrixLayout(100, 100, EDGE + 200, 1); // wider than its box, which scrolls
  assert.deepEqual([crowd.w, crowd.width], [4, EDGE + 400]);
});

test("each pair is found again in the middle of its cell, and none on the strips or outside", () => {
  const layout = new MatrixLayout(7, 13, 311, 1.5);
  for (let pair = 0; pair < 7 * 13; pair++) {
    const [x, y, w, h] = layout.place(pair);
    assert.equal(layout.at(x + w / 2, y + h / 2), pair);
    for (const edge of [x, y, w, h]) assert.ok(Math.abs(edge * 1.5 - Math.round(edge * 1.5)) < 1e-9);
  }
  const [width, height] = [layout.width + 1, layout.height + 1];
  assert.deepEqual([layout.at(3, 50), layout.at(50, 3), layout.at(width, 50), layout.at(50, height)], [-1, -1, -1, -1]);
});
