import assert from "node:assert/strict";
import { test } from "node:test";
import { isNoise, tellNoise, writeNoise } from "./noise";

const column = { key: "trust", name: "trust", title: "", noise: [0.84, 0.85] as [number, number], n_repeated: 4 };

test("a figure is noise where repetition reaches it", () => {
  assert.deepEqual(
    [0.839, 0.84, 0.845, 0.8504, 0.852, null].map((each) => isNoise(each, column)),
    [false, true, true, true, false, false],
  );
  assert.equal(isNoise(0.845, { ...column, noise: null }), false);
});

test("it is written as half the range, and told with both ends", () => {
  assert.equal(writeNoise([0.84, 0.85]), "±0.005");
  assert.match(tellNoise(column), /Of 4 experiments .*: 0.840 to 0.850;/);
  assert.match(tellNoise({ ...column, noise: [0.9, 0.9] }), /all 0.900;/);
  assert.equal(tellNoise({ ...column, noise: null }), "");
});
