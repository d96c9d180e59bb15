import assert from "node:assert/strict";
import { test } from "node:test";
import { bend, cutEnd, cutStart } from "./boxes";
import { type Box, collapse, layOut } from "./layout";
import { magnify } from "./viewport";

const box = (key: string, parent: string | null = null, kind = "conv", is_group = false): Box => ({
  ...{ key, parent, kind, is_group, label: key, detail: "", color: "", shape: "", field: "" },
  ...{ parameters: "", multiply_adds: "", parameter_share: 0, multiply_add_share: 0 },
});
const link = (source: string, target: string, shape = "1") => ({ source, target, shape });
// A residual block: in, [ conv, sum ], out, with a tensor round the convolution.
const BOXES = [box("in"), box("g", null, "conv", true), box("conv", "g"), box("sum", "g", "sum"), box("out")];
const LINKS = [link("in", "conv", "3"), link("conv", "sum"), link("in", "sum", "4"), link("sum", "out")];

test("a closed group stands for what it holds, with one link for all", () => {
  const seen = collapse(BOXES, LINKS, new Set());
  assert.deepEqual([...seen.boxes.keys()], ["in", "g", "out"]);
  assert.equal(seen.clusters.size, 0);
  assert.equal(seen.standsFor.get("sum"), "g");
  assert.deepEqual(
    seen.links.map(({ source, target, shapes }) => [source, target, ...shapes]),
    [
      ["in", "g", "3", "4"],
      ["g", "out", "1"],
    ],
  );
});

test("an open group is around its boxes, and what leads round one to a sum skips", () => {
  const seen = collapse(BOXES, LINKS, new Set(["g"]));
  assert.deepEqual([...seen.boxes.keys()], ["in", "conv", "sum", "out"]);
  assert.deepEqual([...seen.clusters.keys()], ["g"]);
  assert.deepEqual(
    seen.links.filter(({ skips }) => skips).map(({ source, target }) => source + target),
    ["insum"],
  );
});

test("boxes come from top to bottom within their group, which has room for its title", () => {
  const seen = collapse(BOXES, LINKS, new Set(["g"]));
  const { places, points, width, height } = layOut(seen);
  const ys = [...seen.boxes.keys()].map((key) => places.get(key)!.y);
  assert.deepEqual(
    ys,
    ys.toSorted((a, b) => a - b),
  );
  const [group, conv, sum] = ["g", "conv", "sum"].map((key) => places.get(key)!);
  assert.ok(conv.y - conv.height / 2 - (group.y - group.height / 2) > 15);
  assert.ok(sum.y + sum.height / 2 < group.y + group.height / 2);
  assert.equal(points.length, seen.links.length);
  for (const { x, y } of points.flat()) assert.ok(x >= 0 && x <= width && y >= 0 && y <= height);
});

test("what is under the pointer stays there, within the bounds of the zoom", () => {
  const pose = { s: 1, x: 10, y: -20 };
  const { s, x, y } = magnify(pose, 1.25, 100, 50);
  assert.deepEqual([s, x, y], [1.25, -12.5, -37.5]); // 90 pixels right of the corner, 70 below it
  assert.deepEqual([magnify(pose, 100, 0, 0).s, magnify(pose, 0.001, 0, 0).s], [2.5, 0.05]);
});

test("lines meet the middles between their points", () => {
  const at = (x: number, y: number) => ({ x, y });
  assert.equal(bend([at(0, 0), at(0, 10)]), "M 0 0 L 0 10");
  assert.equal(bend([at(0, 0), at(4, 4), at(8, 0), at(9, 9)]), "M 0 0 Q 4 4 6 2 Q 8 0 8.5 4.5 L 9 9");
});

test("texts are cut to a length", () => {
  assert.deepEqual([cutEnd("abcdef", 4), cutStart("abcdef", 4), cutEnd("abcd", 4)], ["abc…", "…def", "abcd"]);
});
