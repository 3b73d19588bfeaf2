import { expect, test } from "vitest";
import { withDone, without, withStep } from "./steps";

const steps = (...texts: string[]) => texts.map((text) => ({ text, done: false }));
const words = (list: { text: string; done: boolean }[]) =>
  list.map(({ text, done }) => (done ? `${text} done` : text));

test("a step is changed where it is now, though others came before it meanwhile", () => {
  const now = steps("new", "a", "b");
  expect(words(withDone(now, { at: 0, text: "a" }, true))).toEqual(["new", "a done", "b"]);
  expect(words(without(now, { at: 1, text: "b" }))).toEqual(["new", "a"]);
  expect(words(withStep(now, "c"))).toEqual(["new", "a", "b", "c"]);
});

test("of two that read alike the one in that place is meant", () => {
  expect(words(withDone(steps("a", "a"), { at: 1, text: "a" }, true))).toEqual(["a", "a done"]);
});

test("one that is gone changes nothing", () => {
  expect(words(without(steps("a"), { at: 0, text: "b" }))).toEqual(["a"]);
  expect(words(withDone(steps("a"), { at: 3, text: "b" }, true))).toEqual(["a"]);
});
