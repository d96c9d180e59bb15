import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENCE } from "../base/choice";
import { ProgressPoll } from "./progress_poll";

test("questions come at growing pauses, and again where the answer is the same", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const asked: string[] = [];
  const polling = new ProgressPoll((token) => asked.push(token));
  polling.follow(true, "a");
  mock.timers.tick(150);
  assert.deepEqual(asked, ["a"]);
  mock.timers.tick(800);
  assert.equal(asked.length, 2);
  polling.follow(true, "a");
  mock.timers.tick(249);
  assert.equal(asked.length, 2);
  mock.timers.tick(1);
  assert.equal(asked.length, 3);
  polling.follow(true, "b"); // something else: from the beginning
  mock.timers.tick(150);
  assert.equal(asked.at(-1), "b");
  polling.follow(false, "b");
  mock.timers.tick(60_000);
  assert.equal(asked.length, 4);
});

test("what a visitor does is not overtaken", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let asked = 0;
  const polling = new ProgressPoll(() => asked++);
  polling.hold(); // nothing is waited for
  mock.timers.tick(PATIENCE);
  assert.equal(asked, 0);
  polling.follow(true, "a");
  polling.hold();
  mock.timers.tick(PATIENCE - 1);
  assert.equal(asked, 0);
  mock.timers.tick(1);
  assert.equal(asked, 1);
  polling.stop();
});
