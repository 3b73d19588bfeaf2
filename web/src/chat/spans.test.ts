import { expect, test } from "vitest";
import { cut } from "./spans";

const marked = (text: string, ...spans: [number, number, string][]) =>
  cut(text, spans.map(([start, end, kind]) => ({ start, end, kind })))
    .map(({ text, kind }) => (kind ? `[${kind}:${text}]` : text))
    .join("");

test.each<[string, [number, number, string][], string]>([
  ["call mom tomorrow", [], "call mom tomorrow"],
  ["call mom tomorrow", [[9, 17, "date"]], "call mom [date:tomorrow]"],
  ["🎂 cake #home p1", [[7, 12, "label"], [13, 15, "priority"]], "🎂 cake [label:#home] [priority:p1]"],
  ["p1 x", [[3, 4, "b"], [0, 2, "a"]], "[a:p1] [b:x]"],
  ["overlap", [[0, 4, "a"], [2, 6, "b"]], "[a:over]lap"],
  ["short", [[0, 99, "a"], [3, 3, "b"]], "short"],
  ["", [], ""],
])("%s %j", (text, spans, expected) => {
  expect(marked(text, ...spans)).toBe(expected);
});
