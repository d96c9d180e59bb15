import assert from "node:assert/strict";
import { test } from "node:test";
import type { Table } from "../base/component";
import { PairValues } from "./pair_values";

function tableOf(columns: Record<string, number[]>) {
  const bytes = (name: string) => new Uint8Array(Float32Array.from(columns[name]).buffer);
  const child = (name: string) => (columns[name] ? { get: () => bytes(name) } : null);
  return { getChild: child } as unknown as Table;
}

test("a similarity is told beside what it would be anyway", () => {
  const values = new PairValues(
    tableOf({
      a_values: [0.9, 0.5, 0.02, -0.034, NaN],
      a_null_mean: [0, 0, 0, 0, 0],
      a_null_high: [0.04, 0.04, 0.04, 0.04, 0.04],
      a_class_mean: [0.5, 0.5, NaN, 0, 0],
      a_class_high: [0.6, 0.6, NaN, 0, 0],
      a_low: [0.85, 0.4, -0.01, -0.06, NaN],
      a_high: [0.95, 0.6, 0.05, 0.01, NaN],
      a_repeated: [0.8, NaN, 0.8, 0.8, 0.8],
    }),
    "a",
  );
  assert.deepEqual(values.tell(0), [
    "other samples: 95 % from 0.85 to 0.95",
    "by chance 0.00 (99 %: 0.04)",
    "by classes alone 0.50 (99 %: 0.60)",
    "differ by no more than repetition (0.80)",
  ]);
  assert.deepEqual(values.tell(1).slice(2), ["not above classes alone 0.50 (99 %: 0.60)"]);
  assert.deepEqual(values.tell(2).slice(1), ["not above chance 0.00 (99 %: 0.04)", "embedded again 0.80"]);
  assert.deepEqual([values.text(3), values.text(4)], ["−0.03", "–"]);
  const marks = [0, 1, 2, 3, 4].map((i) => [values.isByChance(i), values.isByClasses(i), values.isRepetition(i)]);
  const [none, classes, chance, repeated] = [
    [false, false, false],
    [false, true, false],
    [true, false, false],
    [false, false, true],
  ];
  assert.deepEqual(marks, [repeated, classes, chance, chance, none]);
});

test("of what is not known nothing is told", () => {
  const values = new PairValues(tableOf({ a_values: [0.9, -0.001] }), "a");
  assert.deepEqual([values.tell(0), values.isByChance(0), values.isRepetition(0)], [[], false, false]);
  assert.equal(values.text(1), "0.00");
});
