import { expect, test } from "vitest";
import { task } from "../tasks/fixture";
import { dueChange } from "./due-change";

const zone = "Europe/Berlin";
const timed = { date: "2026-11-25", time: "09:00", time_zone: zone };
const at = { id: "1", at: "2026-11-25T08:00:00Z" };

test.each([
  ["nothing", task("a"), "", "", undefined],
  ["the same", task("a", { due: timed }), "2026-11-25", "09:00", undefined],
  ["the same on other clocks", task("a", { due: { ...timed, time: "03:00", time_zone: "America/New_York" } }), "2026-11-25", "09:00", undefined],
  ["a first date", task("a"), "2026-11-25", "", { due: { date: "2026-11-25", time: null, time_zone: zone } }],
  ["a first time", task("a", { due: { date: "2026-11-25", time_zone: zone } }), "2026-11-25", "09:00", { due: timed, reminders: [{ before_due_minutes: 0 }] }],
  ["a first time, with a reminder", task("a", { reminders: [at] }), "2026-11-25", "09:00", { due: timed }],
  ["another day", task("a", { due: timed }), "2026-12-01", "09:00", { due: { date: "2026-12-01" } }],
  // On the clocks here it is 26 November, at 5 in the morning.
  ["another day of other clocks", task("a", { due: { date: "2026-11-25", time: "23:00", time_zone: "America/New_York" } }), "2026-11-28", "05:00", { due: { date: "2026-11-27" } }],
  ["another day, all day", task("a", { due: { date: "2026-11-25", time_zone: "America/New_York" } }), "2026-11-27", "", { due: { date: "2026-11-27" } }],
  ["another time", task("a", { due: timed }), "2026-11-25", "10:00", { due: { ...timed, time: "10:00" } }],
  ["all day", task("a", { due: timed }), "2026-11-25", "", { due: { ...timed, time: null } }],
  ["no date", task("a", { due: timed, reminders: [at, { before_due_minutes: 0 }] }), "", "", { due: null, recurrence: null, reminders: [at] }],
])("%s", (_, item, date, time, patch) => {
  expect(dueChange(item, date, time, zone)).toEqual(patch);
});
