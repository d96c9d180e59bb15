import assert from "node:assert/strict";
import { test } from "node:test";
import { Choice, PATIENCE } from "./choice";

test("an answer to an earlier change does not take back a later one", () => {
  const choice = new Choice(0, () => {});
  choice.make(1);
  choice.make(2);
  choice.confirm(1, false);
  assert.equal(choice.value, 2);
  choice.confirm(2, false);
  assert.equal(choice.value, 2);
  choice.confirm(7, false); // nothing is on its way: the page decides
  assert.equal(choice.value, 7);
});

test("other samples end what was on its way", () => {
  const choice = new Choice(0, () => {});
  choice.make(1);
  choice.confirm(5, true);
  assert.equal(choice.value, 5);
});

test("a page that does not answer is right after a while", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let drawn = 0;
  const choice = new Choice([0], () => drawn++);
  choice.make([1]);
  mock.timers.tick(PATIENCE - 1);
  assert.deepEqual([choice.value, drawn], [[1], 0]);
  mock.timers.tick(1);
  assert.deepEqual([choice.value, drawn], [[0], 1]);
});
