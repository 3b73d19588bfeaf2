import { describe, expect, test } from "vitest";
import type { Due } from "../api/types";
import { beforeWords, dayWords, dueWords, overdueAfter } from "./words";

const clock = { now: Date.parse("2026-11-24T20:00:00Z"), zone: "Europe/Berlin" };

describe("when something is due", () => {
  test.each<[Due, string]>([
    [{ date: "2026-11-24", time_zone: "Europe/Berlin" }, "Today"],
    [{ date: "2026-11-24", time: "21:30", time_zone: "Europe/Berlin" }, "Today 21:30"],
    [{ date: "2026-11-25", time: "09:00", time_zone: "Europe/Berlin" }, "Tomorrow 09:00"],
    // Another zone's clocks: shown on the person's own.
    [{ date: "2026-11-24", time: "19:00", time_zone: "America/New_York" }, "Tomorrow 01:00"],
    // An all-day task keeps its date wherever one is.
    [{ date: "2026-11-24", time_zone: "Asia/Tokyo" }, "Today"],
    [{ date: "2026-11-23", time_zone: "Europe/Berlin" }, "Yesterday"],
    [{ date: "2026-11-29", time_zone: "Europe/Berlin" }, "Sunday"],
  ])("%j is %s", (due, words) => {
    expect(dueWords(due, clock)).toBe(words);
  });

  test("far dates carry the month, and the year where it is another", () => {
    expect(dayWords("2026-12-15", clock)).toContain("15");
    expect(dayWords("2026-12-15", clock)).not.toContain("2026");
    expect(dayWords("2027-01-15", clock)).toContain("2027");
    expect(dayWords("2026-11-10", clock)).toContain("10");
  });

  test("overdue from the due time, or the end of the day in its own zone", () => {
    const at = (due: Due) => new Date(overdueAfter(due)).toISOString();
    expect(at({ date: "2026-11-24", time: "21:30", time_zone: "Europe/Berlin" })).toBe(
      "2026-11-24T20:30:00.000Z",
    );
    expect(at({ date: "2026-03-29", time_zone: "Europe/Berlin" })).toBe("2026-03-29T22:00:00.000Z");
  });
});

test.each([
  [0, "When it is due"],
  [1, "1 minute before"],
  [10, "10 minutes before"],
  [60, "1 hour before"],
  [2880, "2 days before"],
])("%d minutes", (minutes, words) => {
  expect(beforeWords(minutes)).toBe(words);
});
