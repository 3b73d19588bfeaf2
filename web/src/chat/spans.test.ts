import { expect, test } from "vitest";
import type { Span } from "../api/types";
import { cut } from "./spans";

type Marked = [number, number, Span["kind"]];

const marked = (text: string, ...spans: Marked[]) =>
  cut(text, spans.map(([start, end, kind]) => ({ start, end, kind })))
    .map(({ text, kind }) => (kind ? `[${kind}:${text}]` : text))
    .join("");

test.each<[string, Marked[], string]>([
  ["call mom tomorrow", [], "call mom tomorrow"],
  ["call mom tomorrow", [[9, 17, "date"]], "call mom [date:tomorrow]"],
  ["🎂 cake #home p1", [[7, 12, "label"], [13, 15, "priority"]], "🎂 cake [label:#home] [priority:p1]"],
  ["p1 x", [[3, 4, "time"], [0, 2, "date"]], "[date:p1] [time:x]"],
  ["overlap", [[0, 4, "date"], [2, 6, "time"]], "[date:over]lap"],
  ["short", [[0, 99, "date"], [3, 3, "time"]], "short"],
  ["", [], ""],
])("%s %j", (text, spans, expected) => {
  expect(marked(text, ...spans)).toBe(expected);
});
