import assert from "node:assert/strict";
import { test } from "node:test";
import type { Table } from "../base/component";
import { ChannelMaps, format } from "./channel_maps";

const channels = (scores: number[], { names = null as string[] | null, ranges = [0, 1] } = {}) => {
  const count = scores.length;
  const columns: Record<string, ArrayLike<number> & ArrayBufferView> = {
    maps: new Uint8Array(count),
    scores: Float32Array.from(scores),
    ranges: Float32Array.from({ length: 2 * count }, (_, i) => ranges[i % 2]),
    colors: new Uint8Array(768),
  };
  const arrays = { numRows: 1, getChild: (name: string) => ({ get: () => new Uint8Array(columns[name].buffer) }) };
  const facts = { count, height: 1, width: 1, low: -1, high: 3, names, dense: false, title: "x", unit: "channel" };
  return new ChannelMaps(facts, arrays as Table);
};

test("numbers have three figures, as short as they get", () => {
  const texts = [0, -7, 999, 1000, 1.5, -0.01234, 123.45, 1e5, -2.5e-4, NaN].map(format);
  assert.deepEqual(texts, ["0", "−7", "999", "1000", "1.50", "−0.0123", "123", "1.0e5", "−2.5e−4", "–"]);
});

test("orders rise or fall, and of equal scores the smaller number comes first", () => {
  const maps = channels([0.5, 2, -1, 2]);
  const orders = ["-score", "score", "channel", "-channel"].map((order) => maps.sort(order));
  assert.deepEqual(orders, [
    [1, 3, 0, 2],
    [2, 0, 1, 3],
    [0, 1, 2, 3],
    [3, 2, 1, 0],
  ]);
});

test("a search finds numbers that begin so and names that hold it, an exact one first", () => {
  const numbered = channels(Array(30).fill(0));
  const order = numbered.sort("-channel");
  assert.deepEqual(numbered.find("channel 2", order), [2, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20]);
  assert.equal(numbered.find("  ", order), order);
  const named = channels([1, 2, 3], { names: ["barn owl", "Owl", "cat"] });
  assert.deepEqual(named.find("OWL", [0, 1, 2]), [1, 0]);
});

test("bytes of a channel's range become colours of the layer's scale, or of its own", () => {
  const maps = channels([0], { ranges: [0, 2] }); // of -1 to 3: a quarter to three quarters
  assert.deepEqual([0, 255].map(maps.shade(0)), [64, 191]);
  maps.own = true;
  assert.deepEqual([0, 100, 255].map(maps.shade(0)), [0, 100, 255]);
});
