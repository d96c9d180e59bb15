import assert from "node:assert/strict";
import { test } from "node:test";
import { Choices, NOTHING_CHOSEN, type PlotChoices, toggleEntry } from "./choices";
import { actOf, Lasso, listZoomKeys } from "./gestures";
import { countEntries, listEnclosed } from "./samples";

test("a choice is sent under its name, and the page confirms it", () => {
  const sent: unknown[] = [];
  const choices = new Choices<PlotChoices>(
    NOTHING_CHOSEN,
    (name, value) => sent.push([name, value]),
    () => {},
  );
  choices.make("pinned", 3);
  choices.make("only", toggleEntry(toggleEntry([], 4), 2));
  choices.confirm({ ...NOTHING_CHOSEN, pinned: 3 }, false); // the page knows of the first only
  assert.deepEqual([choices.get("pinned"), choices.get("only")], [3, [2, 4]]);
  assert.deepEqual(sent, [
    ["pinned", 3],
    ["only", [2, 4]],
  ]);
  choices.stop();
});

test("a legend entry is kept, or kept no more", () => {
  assert.deepEqual(toggleEntry([1, 10], 2), [1, 2, 10]);
  assert.deepEqual(toggleEntry([1, 2, 10], 2), [1, 10]);
});

test("a line that was thrown away is not drawn on", () => {
  const caught: number[][] = [];
  const lasso = new Lasso(
    () => {},
    (line) => caught.push(line),
  );
  const grip = lasso.begin(0, 0);
  grip.move(4, 0, [2, 0, 4, 0]);
  assert.deepEqual(lasso.line, [0, 0, 2, 0, 4, 0]);
  grip.end?.();
  assert.deepEqual(caught, [[0, 0, 2, 0, 4, 0]]);
  lasso.drop();
  assert.equal(grip.move(5, 5, [5, 5]), false);
  assert.deepEqual(lasso.line, []);
});

test("a lasso catches what is in reach and inside", () => {
  const places = [
    [1, 1],
    [3, 3],
    [9, 9],
    [2, 1],
  ] as const;
  const square = [0, 0, 4, 0, 4, 4, 0, 4];
  assert.deepEqual(
    listEnclosed(square, Uint8Array.of(1, 0, 1, 1), (i) => places[i]),
    [0, 3],
  );
});

test("legend entries are counted, over all views, and where filters leave samples", () => {
  const [totals, counts] = countEntries(3, [Int32Array.of(0, 1, 1), Int32Array.of(2, 1, 1)], Uint8Array.of(0, 0, 1));
  assert.deepEqual(
    [totals, counts],
    [
      [1, 4, 1],
      [1, 2, 1],
    ],
  );
});

test("keys are found whatever their case", () => {
  const done: unknown[] = [];
  const acts = {
    ...listZoomKeys({ zoomBy: (f) => done.push(f), fit: () => done.push("all") }),
    l: () => done.push("l"),
  };
  for (const key of ["L", "=", "0"]) actOf(acts, { key } as KeyboardEvent)?.();
  assert.deepEqual(done, ["l", 1.5, "all"]);
  assert.equal(actOf(acts, { key: "Enter" } as KeyboardEvent), undefined);
});
