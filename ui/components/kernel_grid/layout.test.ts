import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelLayout } from "./layout";

const extent = (rows: number, columns: number, side: number) => ({ rows, columns, width: side, height: side });

test("one filter fills its box above its bar and number", () => {
  const layout = new KernelLayout(extent(1, 1, 5), 400, 122, 1);
  assert.deepEqual(layout.place(0), [0, 0, 100, 100]);
  assert.ok(layout.captioned);
});

test("weights of few pixels are whole ones of the screen", () => {
  for (const ratio of [1, 1.5, 2]) {
    const [, , w, h] = new KernelLayout(extent(40, 60, 7), 1200, 700, ratio).place(0);
    for (const side of [w, h]) assert.ok(Number.isInteger((side / 7) * ratio));
  }
});

test("a matrix leaves room for numbers above and beside it, and its weights stay small", () => {
  const layout = new KernelLayout(extent(2, 3, 1), 1000, 1000, 1);
  assert.deepEqual(layout.place(4), [62 + 30, 40 + 30, 30, 30]);
});

test("each tile is found again where it lies, and belongs to a filter", () => {
  for (const [rows, columns] of [
    [1, 64],
    [1, 7],
    [12, 20],
  ]) {
    const layout = new KernelLayout(extent(rows, columns, 3), 900, 420, 1);
    for (let i = 0; i < rows * columns; i++) {
      const [x, y, w, h] = layout.place(i);
      assert.equal(layout.at(x + w / 2, y + h / 2), i);
      assert.ok(x >= 0 && y >= 0 && x + w <= 900 && y + h <= 420);
      assert.equal(layout.column(i), i % columns);
    }
  }
  const matrix = new KernelLayout(extent(4, 4, 3), 900, 420, 1);
  assert.equal(matrix.at(62 + matrix.dx * 1.5, 10), 1); // its number above
  assert.deepEqual([matrix.at(20, 100), matrix.at(62 + matrix.dx * 4, 100)], [-1, -1]);
});
