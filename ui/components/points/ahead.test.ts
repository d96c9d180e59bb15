import assert from "node:assert/strict";
import { test } from "node:test";
import { ARROWS } from "../base/keys";
import { findAhead } from "./ahead";
import type { Pair } from "./geometry";

const PLACES: Pair[] = [
  [0, 0],
  [10, 0],
  [6, 4],
  [0, -5],
  [-1, 9],
];

const ground = (isFree = (_: number) => true) => ({
  count: PLACES.length,
  isFree,
  place: (i: number) => PLACES[i],
  middle: [5, 3] as Pair,
});

test("the nearest in a direction; off to the side is farther", () => {
  assert.equal(findAhead(ground(), 0, ARROWS.ArrowRight), 1); // 10 against 6 + 2 * 4
  assert.equal(findAhead(ground(), 0, ARROWS.ArrowUp), 3);
  assert.equal(findAhead(ground(), 0, ARROWS.ArrowDown), 4);
  assert.equal(findAhead(ground(), 4, ARROWS.ArrowLeft), -1);
  assert.equal(
    findAhead(
      ground((i) => i !== 1),
      0,
      ARROWS.ArrowRight,
    ),
    2,
  );
});

test("without a start, the one nearest to the middle", () => {
  assert.equal(findAhead(ground(), -1, ARROWS.ArrowLeft), 2);
});
