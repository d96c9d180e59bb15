import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExperimentRow, sortExperiments } from "./sorting";

const COLUMNS = [{ key: "trust", name: "trust", title: "Trust", noise: null, n_repeated: 0 }];
const experiment = (name: string, trust: number | null, changes: [string, string][] = []): ExperimentRow => ({
  key: name,
  name,
  source: "",
  changes,
  created: "2026-01-01",
  figures: [trust],
});
const ALL = [experiment("umap-50", 0.5, [["n", "50"]]), experiment("base", null), experiment("umap-5", 0.25)];
const sort = (order: string) => sortExperiments(ALL, COLUMNS, order).map(({ key }) => key);

test("numbers in names count as numbers", () => {
  assert.deepEqual(sort("name"), ["base", "umap-5", "umap-50"]);
  assert.deepEqual(sort("-name"), ["umap-50", "umap-5", "base"]);
});

test("what has no figure comes last, whichever way", () => {
  assert.deepEqual(sort("trust"), ["umap-5", "umap-50", "base"]);
  assert.deepEqual(sort("-trust"), ["umap-50", "umap-5", "base"]);
});

test("without an order, and where values are equal, they stand as they come", () => {
  assert.deepEqual(sort(""), ["umap-50", "base", "umap-5"]);
  assert.deepEqual(sort("-created"), ["umap-50", "base", "umap-5"]);
  assert.deepEqual(sort("changes"), ["base", "umap-5", "umap-50"]);
});
