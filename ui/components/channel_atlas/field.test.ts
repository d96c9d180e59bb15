import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldLayout, isByChance } from "./field";

test("dots stand by selectivity and strength, and are counted by selectivity", () => {
  const layout = new FieldLayout([0, 0.5, 1], [0, 4, 2]);
  const across = [0, 1, 2].map((i) => layout.place(i)[0]);
  const down = [0, 1, 2].map((i) => layout.place(i)[1]);
  assert.deepEqual(across, [0, 0.5, 1]);
  assert.ok(Math.abs(down[2] - (down[0] + down[1]) / 2) < 1e-12 && down[1] < down[0]);
  assert.deepEqual([layout.counts[0], layout.counts[10], layout.counts[19]], [1, 1, 1]);
});

test("those without a selectivity stand apart at the left", () => {
  const layout = new FieldLayout([null, 0, null, 1], [1, 1, 1, 1]);
  const [first, least, third, most] = [0, 1, 2, 3].map((i) => layout.place(i)[0]);
  assert.ok(first < layout.start && third < layout.start && first !== third);
  assert.deepEqual([least, most], [layout.start, 1]);
});

test("where none has one, they stand by their numbers, and silent ones on the ground", () => {
  const layout = new FieldLayout([null, null], [0, 0]);
  assert.deepEqual([layout.place(0)[0], layout.place(1)[0], layout.start], [0.25, 0.75, 0]);
  assert.deepEqual([layout.low, layout.high], [0, 1]);
  assert.ok(Math.abs(layout.place(0)[1] - 0.98) < 1e-12);
});

test("a channel is by chance where shuffled labels reach it, and not where nothing was tested", () => {
  const channels = {
    index: [0.1, 0.3, 0.2, null, 0.9],
    by_chance: [0.2, 0.2, 0.2, null, null],
    strongest: [1, 1, 1, 1, 1],
    preferred: [0, 0, 0, -1, 0],
    classes: [],
    current: 0,
  };
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((i) => isByChance(channels, i)),
    [true, false, true, false, false],
  );
});
