import assert from "node:assert/strict";
import { test } from "node:test";
import { Poll } from "./poll";

test("the last pause goes on, and what is started anew replaces what was", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let asked = 0;
  const poll = new Poll(() => asked++);
  const after = (milliseconds: number) => {
    mock.timers.tick(milliseconds);
    return asked;
  };
  poll.start(10, 30);
  assert.deepEqual([after(9), after(1), after(29), after(1), after(30)], [0, 1, 1, 2, 3]);
  poll.start(50);
  assert.deepEqual([after(49), after(1), after(50)], [3, 4, 5]);
  poll.stop();
  assert.equal(after(1000), 5);
});
