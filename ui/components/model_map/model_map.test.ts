import assert from "node:assert/strict";
import { test } from "node:test";
import { fill, sample, trace } from "./curves";
import { ends, findColumn, layOut, traceFaces } from "./layout";

const node = (side: number, thickness: number, gap: number, group: number) => ({
  ...{ height: side, side, thickness, gap, group },
});
const NODES = [node(1, 0.2, 0.3, 0), node(1, 0.3, 0.3, 0), node(0.5, 0.6, 0.4, 1), node(0.25, 0.2, 0.2, 1)];
const BOX = { left: 14, top: 2, width: 900, height: 120 };

test("the row is as wide as its box, with the middles on one line", () => {
  const places = layOut(NODES, BOX);
  const last = places[places.length - 1];
  assert.equal(places[0].x, BOX.left);
  assert.ok(Math.abs(last.x + last.width + last.rx - (BOX.left + BOX.width)) < 1e-9);
  for (const { top, height, ry } of places) assert.ok(Math.abs(top + (height - ry) / 2 - 62) < 1e-9);
  const [first] = places;
  assert.ok(first.height + first.ry <= BOX.height + 1e-9);
});

test("what is left to see of a node holds the middle of it", () => {
  const places = layOut(NODES, BOX);
  places.slice(0, -1).forEach(({ x, width, rx }, i) => {
    if (!ends(NODES, i)) assert.ok(x + (width + rx) / 2 <= places[i + 1].x - 2 + 1e-9);
  });
});

test("a pointer beside the nodes finds the nearest column in reach", () => {
  const places = layOut(NODES, BOX);
  assert.deepEqual(
    [0, 10, 20].map((x) => findColumn(places, x, 12)),
    [-1, 0, 0],
  );
  assert.equal(findColumn(places, 914 + 11, 12), 3);
  assert.equal(findColumn(places, 914 + 13, 12), -1);
});

test("faces of a cuboid share their edges", () => {
  const place = { x: 0, top: 10, width: 4, height: 6, rx: 2, ry: 1, middle: 2, foot: 16 };
  assert.deepEqual(traceFaces(place), {
    side: "4.0,10.0 6.0,9.0 6.0,15.0 4.0,16.0",
    top: "0.0,10.0 2.0,9.0 6.0,9.0 4.0,10.0",
    front: "0.0,10.0 4.0,10.0 4.0,16.0 0.0,16.0",
  });
});

test("a layer without a figure parts a curve", () => {
  const points = [[0, 1], [3, 4], null, [9, 2]] as ([number, number] | null)[];
  assert.equal(trace(points), "M 0.0,1.0 3.0,4.0 M 9.0,2.0 h 0");
  assert.equal(fill(points, 8), "M 0.0,8.0 0.0,1.0 3.0,4.0 3.0,8.0 Z M 9.0,8.0 9.0,2.0 9.0,8.0 Z");
  assert.deepEqual(sample(points, -10, 10), [1, 4]);
});
