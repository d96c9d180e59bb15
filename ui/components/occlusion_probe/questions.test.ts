import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { GAP, PATIENCE, type Place, type Question, Questions } from "./questions";

/** Questions on a clock of their own, with all that they send. */
function begin(mock: TestContext["mock"]) {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const sent: Question[] = [];
  const questions = new Questions((question) => sent.push(question), Date.now);
  questions.renew("t");
  return { questions, places: () => sent.map(({ places }) => places), pass: (ms: number) => mock.timers.tick(ms) };
}

test("one question is open at a time, the next has the last four places that are not known", ({ mock }) => {
  const { questions, places, pass } = begin(mock);
  questions.ask([0, 0]);
  pass(0);
  assert.deepEqual(places(), [[[0, 0]]]);
  for (let x = 4; x <= 20; x += 4) questions.ask([x, 0]);
  pass(GAP);
  assert.equal(places().length, 1); // no answer yet
  questions.learn([
    [0, 0, 0.5],
    [12, 0, 0.25],
  ]);
  pass(0);
  assert.deepEqual(places()[1], [
    [8, 0],
    [16, 0],
    [20, 0],
  ]);
  assert.equal(questions.find([12, 0]), 0.25);
});

test("questions lie a gap apart, and ask for where the patch is by then", ({ mock }) => {
  const { questions, places, pass } = begin(mock);
  questions.ask([0, 0]);
  pass(0);
  questions.learn([[0, 0, 0.5]]);
  questions.ask([4, 0]);
  pass(GAP - 1);
  questions.ask([8, 0]);
  assert.equal(places().length, 1);
  pass(1);
  assert.deepEqual(places()[1], [
    [4, 0],
    [8, 0],
  ]);
});

test("a lost answer is waited for no longer, and what was known under another token is forgotten", ({ mock }) => {
  const { questions, places, pass } = begin(mock);
  const [here, there]: Place[] = [
    [0, 0],
    [4, 0],
  ];
  questions.ask(here);
  pass(0);
  pass(PATIENCE + 1);
  questions.ask(there);
  pass(0);
  assert.deepEqual(places(), [[here], [here, there]]);
  questions.learn([[0, 0, 0.5]]);
  questions.renew("u");
  assert.equal(questions.find(here), undefined);
});
