import assert from "node:assert/strict";
import { test } from "node:test";
import { tile, Viewport } from "./rectangle";

test("neurons fill a box with cells near the wanted shape, none blank where that can be", () => {
  const pick = ({ rows, columns }: { rows: number; columns: number }) => [rows, columns];
  assert.deepEqual(pick(tile(512, 320, 160, 1)), [16, 32]); // squares of 10 pixels
  assert.deepEqual(pick(tile(1, 300, 20, 1)), [1, 1]);
  assert.deepEqual(pick(tile(12, 320, 100, 3.2)), [4, 3]); // 107 × 25 for names, rather than 80 × 33
  for (const count of [2, 7, 10, 97, 1000, 4096]) {
    const { rows, columns } = tile(count, 700, 150, 1);
    assert.ok(rows * columns >= count && (rows - 1) * columns < count);
  }
});

test("what is under the pointer stays there while it is zoomed", () => {
  const view = new Viewport();
  const under = (u: number, v: number) => [view.x + u / view.k, view.y + v / view.k];
  view.zoom(4, 0.5, 0.25, 100);
  assert.deepEqual([view.k, view.x, view.y], [4, 0.375, 0.1875]);
  const before = under(0.3, 0.6);
  view.zoom(1.7, 0.3, 0.6, 100);
  under(0.3, 0.6).forEach((value, axis) => assert.ok(Math.abs(value - before[axis]) < 1e-12));
  view.zoom(1000, 0, 0, 8);
  assert.equal(view.k, 8);
});

test("nothing beyond the rectangle comes into sight", () => {
  const view = new Viewport();
  view.moveTo(5, -5, 4);
  assert.deepEqual([view.x, view.y], [0.75, 0]);
  view.zoom(0.01, 1, 1, 10);
  assert.deepEqual([view.k, view.x, view.y], [1, 0, 0]);
});
