import assert from "node:assert/strict";
import { test } from "node:test";
import { BACK, Cast, FULL, OUT } from "./cast";
import { ease, encloses, measureRadius } from "./geometry";

test("a line encloses what it goes round, its loops included", () => {
  const square = [0, 0, 4, 0, 4, 4, 0, 4];
  assert.equal(encloses(square, 2, 2), true);
  assert.equal(encloses(square.toReversed(), 2, 2), true);
  assert.equal(encloses(square, 5, 2), false);
  assert.equal(encloses([...square, ...square], 2, 2), true); // twice round: even-odd would say no
  assert.equal(encloses([0, 0, 4, 4, 4, 0, 0, 4], 3, 2), true); // a bow: both of its halves
  assert.equal(encloses([0, 0, 4, 4, 4, 0, 0, 4], 2, 3), false);
});

test("parts follow filters, the lasso and the legend", () => {
  const cast = new Cast();
  const roles = { groups: Int32Array.of(0, 1, 0, 1, 2), faded: Uint8Array.of(0, 0, 1, 0, 0) };
  cast.assign({ ...roles, only: [0, 1], lassoed: [1], lit: null });
  assert.deepEqual([...cast.part], [BACK, FULL, OUT, BACK, OUT]);
  assert.deepEqual([...cast.free], [1, 1, 0, 1, 0]);
  assert.deepEqual([...cast.order], [2, 4, 0, 3, 1]); // from back to front
  cast.assign({ ...roles, only: [], lassoed: [], lit: 0 });
  assert.deepEqual([...cast.part], [FULL, OUT, OUT, OUT, OUT]); // a filter counts also for what is lit
  assert.deepEqual(cast.used, [OUT, FULL]);
});

test("movement is smooth and symmetric", () => {
  assert.deepEqual([0, 0.25, 0.5, 0.75, 1].map(ease), [0, 0.0625, 0.5, 0.9375, 1]);
});

test("marks shrink with the number of samples and grow with zoom and room", () => {
  assert.equal(measureRadius(100, 680, 680, 1), 5.5);
  assert.ok(measureRadius(7000, 680, 680, 1) < measureRadius(1000, 680, 680, 1));
  assert.ok(measureRadius(1000, 680, 680, 4) > measureRadius(1000, 680, 680, 1));
  assert.equal(measureRadius(1000, 5000, 5000, 1), 3.4 * 1.4);
});
