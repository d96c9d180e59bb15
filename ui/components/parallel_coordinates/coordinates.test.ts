import assert from "node:assert/strict";
import { test } from "node:test";
import { type Brushes, Coordinates, listKept } from "./coordinates";

const axis = (name: string, measured: boolean) => ({ name, measured, ticks: [] });
const AXES = [axis("pool", false), axis("trust", true)];
const line = (key: string, ...places: (number | null)[]) => ({ key, name: key, about: "", color: "", places });
const LINES = [line("a", 0, 0), line("b", 0, 1), line("c", null, 0.5)];
const at = new Coordinates(AXES, LINES, 200, 128); // axes at 50 and 150, from 8 down to 108

test("axes share the width; lines through one value are fanned out, those of figures are not", () => {
  assert.deepEqual(at.across, [50, 150]);
  assert.deepEqual(at.paths, [
    [106.75, 108],
    [109.25, 8],
    [123, 58],
  ]);
  assert.equal(at.trace(0), "M 50.0 106.8 L 150.0 108.0");
});

test("a place on an axis is found again, and none lies beyond its ends", () => {
  for (const place of [0, 0.25, 1]) assert.equal(at.placeAt(at.down(place)), place);
  assert.deepEqual([at.placeAt(-50), at.placeAt(500)], [1, 0]);
});

test("brushes keep what crosses all of them, and nothing without a value", () => {
  const keep = (...brushes: [string, [number, number]][]) => [...listKept(AXES, LINES, new Map(brushes) as Brushes)];
  assert.deepEqual(keep(), ["a", "b", "c"]);
  assert.deepEqual(keep(["pool", [0, 1]]), ["a", "b"]);
  assert.deepEqual(keep(["trust", [0.5, 1]]), ["b", "c"]);
  assert.deepEqual(keep(["pool", [0, 1]], ["trust", [0.5, 1]]), ["b"]);
});

test("the nearest line of those that are kept is hit, between the axes", () => {
  const all = new Set(["a", "b", "c"]);
  assert.equal(at.hit(149, 10, all)?.key, "b");
  assert.equal(at.hit(100, 90, all)?.key, "c"); // on it at 90.5
  assert.equal(at.hit(100, 90, new Set(["a", "b"])), null);
  assert.deepEqual([at.hit(40, 107, all), at.hit(160, 107, all)], [null, null]);
});
