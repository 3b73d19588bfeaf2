// The words of a sentence that were understood, as parts to be marked.

import type { Span } from "../api/types";

export interface Part {
  text: string;
  /** What it means; empty for the rest. */
  kind: string;
}

/** Cuts `text` at the spans, which count Unicode code points. Spans that overlap or lie outside are left out. */
export function cut(text: string, spans: readonly Span[]): Part[] {
  const points = [...text];
  const parts: Part[] = [];
  const add = (from: number, to: number, kind: string) => {
    if (to > from) parts.push({ text: points.slice(from, to).join(""), kind });
  };
  let at = 0;
  for (const { start, end, kind } of [...spans].sort((a, b) => a.start - b.start)) {
    if (start < at || end > points.length || end <= start) continue;
    add(at, start, "");
    add(start, end, kind);
    at = end;
  }
  add(at, points.length, "");
  return parts;
}
