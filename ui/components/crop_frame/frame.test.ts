import assert from "node:assert/strict";
import { test } from "node:test";
import { move, place } from "./frame";

test("the crop lies where its position says", () => {
  assert.deepEqual(place([0.5, 1], [0, 50]), [0, 0]);
  assert.deepEqual(place([0.5, 0.8], [100, 50]), [0.5, 0.09999999999999998]);
  assert.deepEqual(place([2, 1], [0, 0]), [-0.5, 0]); // padded on both sides
});

test("a drag moves it by as much of the picture, and no further than its edge", () => {
  assert.deepEqual(move([0.5, 0.8], [50, 50], [0.1, 0.1]), [70, 100]);
  assert.deepEqual(move([0.5, 0.8], [50, 50], [-9, 0]), [0, 50]);
  assert.deepEqual(move([1, 1.5], [50, 50], [0.4, 0.4]), [50, 50]); // no room
});
