import assert from "node:assert/strict";
import { test } from "node:test";
import { findSpans, writeValue } from "./curve";
import { Film, type Frame } from "./film";

const reel = (...steps: number[]) => steps.map((step): Frame => [step, `picture ${step}`]);

test("silent and dead steps that follow each other are one span", () => {
  assert.deepEqual(findSpans("ssaasdda"), [
    [0, 1],
    [4, 6],
  ]);
  assert.deepEqual(findSpans("aaa"), []);
});

test("values have four figures, and a minus that is one", () => {
  assert.deepEqual([undefined, 0, -1.23456, 123456, 0.0001].map(writeValue), ["", "0", "−1.235", "1.23e+5", "1.00e−4"]);
});

test("a film follows what comes until somebody looks at an earlier frame", () => {
  const film = new Film(() => {});
  assert.equal(film.take(0, reel(0, 5)), true);
  assert.deepEqual([film.step, film.last], [5, 1]);
  film.take(2, reel(10));
  assert.equal(film.step, 10);
  film.go(-3);
  film.take(3, reel(15));
  assert.equal(film.step, 0);
  assert.equal(film.take(9, reel(50)), false); // frames 4 to 8 are missing
  film.seek(11);
  assert.equal(film.picture, "picture 10");
});

test("a film runs from its start where it stands at the end, and stops there", ({ mock }) => {
  mock.timers.enable({ apis: ["setInterval"] });
  const film = new Film(() => {});
  film.toggle();
  assert.equal(film.runs, false); // of nothing
  film.take(0, reel(0, 1, 2));
  film.toggle();
  assert.deepEqual([film.at, film.runs], [0, true]);
  mock.timers.tick(90);
  assert.equal(film.at, 1);
  mock.timers.tick(900);
  assert.deepEqual([film.at, film.runs], [2, false]);
});
