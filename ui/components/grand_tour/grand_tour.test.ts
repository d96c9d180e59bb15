import assert from "node:assert/strict";
import { test } from "node:test";
import { planTour, transform, turnTour } from "./core";
import { Course, readTurn, writeTurn } from "./course";
import { listGroups, locateGroups, nameGroup } from "./handles";
import { expectMovement, gradeMovement, measureMovement } from "./journey";
import { traceAccuracy } from "./layer_track";
import { chooseAnchors } from "./trust";
import { Zoom } from "./zoom";

test("what was dragged goes into an address and comes back", () => {
  const post = turnTour(planTour(4, 15), 2500);
  const text = writeTurn(post, 15);
  assert.match(text, /^[A-Za-z0-9_-]{80}$/);
  assert.equal(writeTurn(readTurn(text, 15)!, 15), text);
  assert.equal(readTurn(text, 14), null);
  assert.equal(writeTurn(turnTour(planTour(4, 2), 0), 2), "_38AAAAA_38"); // 32767, 0, 0, 32767
});

test("a course goes on from its address", () => {
  const course = new Course();
  course.begin({ seed: 7, step: 100, turn: "" });
  course.prepare(3);
  course.drag(Float64Array.of(1, 0, 0), 0, 1);
  course.release();
  assert.deepEqual([course.reached, course.drags.length], [100, 1]);
  const { texts, matrix } = course;
  const again = new Course();
  again.begin(texts);
  again.prepare(3);
  const seen = [matrix, again.matrix].map((each) => transform(Float64Array.of(1, 0, 0), 3, each));
  for (const k of [0, 1]) assert.ok(Math.abs(seen[0][k] - seen[1][k]) < 1e-4);
  course.go(99); // before the drag
  assert.equal(course.texts.turn, "");
  course.go(1e9);
  assert.deepEqual([course.step, course.reached], [1e7, 1e7]);
});

test("a zoom keeps a place where it is, and an address holds it", () => {
  const zoom = new Zoom();
  const seen = () => {
    const { s, x, y } = zoom.view(400, 300);
    return [x + s * 0.5, y - s * 0.25];
  };
  assert.deepEqual(zoom.view(400, 320), { s: 200, x: 200, y: 160 });
  assert.equal(zoom.text, "");
  const before = seen();
  zoom.set(zoom.magnify(4, 0.5, 0.25));
  assert.deepEqual(seen(), before);
  assert.equal(zoom.text, "4_0.375_0.188");
  zoom.read("2.5_-1_20");
  assert.deepEqual(zoom.pose, { k: 2.5, x: -1, y: 20 });
  assert.equal(zoom.magnify(1000).k, 50);
  zoom.set({ k: 1, x: 30, y: 0 });
  assert.equal(zoom.pose.x, 20);
});

test("classes with a sample on show have handles, the most frequent in front of them those made by hand", () => {
  const found = listGroups({
    labels: Int32Array.of(0, 1, 1, 2, 0),
    classes: ["ash", "birch", "cedar"],
    free: Uint8Array.of(1, 1, 1, 0, 0),
    paint: (uids) => `#${uids.join("")}`,
    handles: [
      { name: "mine", uids: [2, 3] },
      { name: "of other samples", uids: [5] },
    ],
  });
  assert.deepEqual(found, [
    { name: "ash", color: "#04", uids: [0, 4], made: -1 },
    { name: "birch", color: "#12", uids: [1, 2], made: -1 },
    { name: "mine", color: "#ffffff", uids: [2, 3], made: 0 },
  ]);
  const middles = locateGroups(Float64Array.of(0, 0, 2, 4, 4, 8), 2, [{ uids: [1, 2] }, { uids: [0, 1] }]);
  assert.deepEqual([...middles], [3, 6, 1, 2]);
  assert.equal(nameGroup([{ name: "Group 2" }]), "Group 3");
});

test("what only turns has not moved", () => {
  const before = Float32Array.of(1, 0, -1, 0, 0, 2, 0, -2);
  const turned = Float32Array.of(0, 1, 0, -1, -2, 0, 2, 0);
  assert.ok(Math.max(...measureMovement(before, turned, 2)) < 1e-6);
  turned[0] = 3;
  assert.ok(measureMovement(before, turned, 2)[0] > 1);
});

test("movement is graded from the least to nearly the most", () => {
  const { groups, entries, ends } = gradeMovement([Float32Array.of(0, 1, 2), Float32Array.of(4, 3)], ["#000", "#fff"]);
  assert.deepEqual(
    groups.map((each) => [...each]),
    [
      [0, 0, 1],
      [1, 1],
    ],
  );
  assert.deepEqual(
    entries.map(({ name }) => name),
    ["0.00 to 2.00", "2.00 to 4.00"],
  );
  assert.deepEqual(ends, ["0.00", "4.00"]);
  const far = gradeMovement([Float32Array.from({ length: 101 }, (_, k) => (k < 99 ? k / 98 : 50))], ["#000"]);
  assert.deepEqual(far.ends, ["0.00", "≥ 1.00"]);
});

test("samples that moved no farther than by repetition are told apart, in each view by its own", () => {
  const moves = [Float32Array.of(0.25, 0.5, 2, 4), Float32Array.of(3, 1)];
  const { groups, entries, ends, unknown } = gradeMovement(moves, ["#000", "#fff"], [0.5, null]);
  assert.deepEqual(
    groups.map((each) => [...each]),
    [
      [2, 2, 0, 1],
      [1, 0],
    ],
  );
  assert.deepEqual([entries.at(-1)?.name, ends, unknown], ["not more than repetition", ["1.00", "4.00"], true]);
  const still = gradeMovement([Float32Array.of(0.1, 0.2)], ["#000"], [0.5]);
  assert.deepEqual(
    [[...still.groups[0]], still.ends],
    [
      [1, 1],
      ["–", "–"],
    ],
  );
});

test("movement by repetition is that of both layers, by the mean of squares", () => {
  const layer = (movement: number) => ({ similarity: 1, movement, movement_high: 2 * movement, neighbors: 1 });
  const found = expectMovement(layer(1), layer(7));
  assert.deepEqual([found?.mean, found?.high], [5, 10]);
  assert.equal(expectMovement(layer(1), null), null);
});

test("the line of accuracy is broken where nothing was measured", () => {
  const stops = [0.5, null, 1, 0].map((accuracy) => ({ accuracy }));
  assert.equal(traceAccuracy(stops), "M0.5 0.5000h0M2.5 0.0000h0L3.5 1.0000h0");
});

test("anchors are spread evenly", () => {
  for (const [n, count] of [
    [7000, 200],
    [1000, 200],
    [10, 3],
    [7, 7],
    [5, 9],
    [0, 4],
  ]) {
    const parts = Math.min(n, count);
    const chosen = [...chooseAnchors(n, count)];
    assert.deepEqual(
      chosen.map((anchor) => Math.floor((anchor * parts) / n)),
      [...Array(parts).keys()],
    );
    if (count !== 200) continue;
    const classes = new Array(10).fill(0); // of samples in turn: none is missed, as a fixed stride would
    for (const anchor of chosen) classes[anchor % 10]++;
    assert.ok(Math.min(...classes) > 5);
  }
});
