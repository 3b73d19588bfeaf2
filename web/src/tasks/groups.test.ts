import { describe, expect, test } from "vitest";
import { task } from "./fixture";
import { completed, groupOf, groups, nextBoundary } from "./groups";

const zone = "Europe/Berlin";
const clock = { now: Date.parse("2026-11-24T20:00:00Z"), zone };
const due = (date: string, time?: string, time_zone = zone) => ({
  due: { date, time_zone, ...(time === undefined ? {} : { time }) },
});

describe("groups", () => {
  test.each([
    ["no date", task("a"), "undated"],
    ["this minute", task("a", due("2026-11-24", "21:00")), "overdue"],
    ["later today", task("a", due("2026-11-24", "21:01")), "today"],
    ["all of today", task("a", due("2026-11-24")), "today"],
    ["all of yesterday", task("a", due("2026-11-23")), "overdue"],
    ["tomorrow", task("a", due("2026-11-25", "00:00")), "upcoming"],
    // 17:00 in New York is 23:00 here, 19:00 is past midnight.
    ["elsewhere, still today", task("a", due("2026-11-24", "17:00", "America/New_York")), "today"],
    ["elsewhere, tomorrow", task("a", due("2026-11-24", "19:00", "America/New_York")), "upcoming"],
  ])("%s", (_, item, expected) => {
    expect(groupOf(item, clock)).toBe(expected);
  });

  test("are in order and leave out what is done or empty", () => {
    const list = [
      task("1", due("2026-11-25", "10:00")),
      task("2", due("2026-11-25", "09:00")),
      task("3", { ...due("2026-11-25", "09:00"), priority: 1 }),
      task("4", { status: "completed" }),
    ];
    expect(groups(list, clock).map(({ name, tasks }) => [name, tasks.map(({ id }) => id)])).toEqual([
      ["upcoming", ["3", "2", "1"]],
    ]);
  });

  test("done ones come newest first", () => {
    const done = (id: string, completed_at: string) => task(id, { status: "completed", completed_at });
    const list = [done("1", "2026-11-24T08:00:00Z"), done("2", "2026-11-24T09:00:00Z"), task("3")];
    expect(completed(list).map(({ id }) => id)).toEqual(["2", "1"]);
  });
});

describe("the next boundary", () => {
  const at = (...tasks: ReturnType<typeof task>[]) =>
    new Date(nextBoundary(tasks, clock)).toISOString();

  test("is midnight, or the next due time before it", () => {
    const midnight = "2026-11-24T23:00:00.000Z";
    expect(at()).toBe(midnight);
    expect(at(task("1", due("2026-11-24", "21:30")))).toBe("2026-11-24T20:30:00.000Z");
    expect(at(task("1", due("2026-11-24", "20:00")), task("2", due("2026-11-26", "08:00")))).toBe(
      midnight,
    );
    expect(at(task("1", { ...due("2026-11-24", "21:30"), status: "completed" }))).toBe(midnight);
  });

  test("a task is in another group when it is reached", () => {
    const item = task("1", due("2026-11-24", "21:30"));
    const then = nextBoundary([item], clock);
    expect(groupOf(item, clock)).toBe("today");
    expect(groupOf(item, { now: then, zone })).toBe("overdue");
  });
});
