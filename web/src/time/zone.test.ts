import { describe, expect, test } from "vitest";
import { addDays, daysBetween, instantOf, isZone, nextMidnight, wallAt } from "./zone";

const at = (text: string) => Date.parse(text);

describe("wall clocks", () => {
  test.each([
    ["2026-03-29T00:59:00Z", "Europe/Berlin", "2026-03-29", "01:59"],
    ["2026-03-29T01:00:00Z", "Europe/Berlin", "2026-03-29", "03:00"],
    ["2026-12-31T23:30:00Z", "Asia/Kolkata", "2027-01-01", "05:00"],
    ["2026-11-24T00:00:00Z", "Pacific/Kiritimati", "2026-11-24", "14:00"],
    ["2026-11-24T12:00:00Z", "UTC", "2026-11-24", "12:00"],
  ])("%s in %s", (instant, zone, date, time) => {
    expect(wallAt(at(instant), zone)).toEqual({ date, time });
  });

  test.each([
    ["2026-11-24", "09:00", "Europe/Berlin", "2026-11-24T08:00:00Z"],
    // Left out when the clocks go forward: the first moment after the gap.
    ["2026-03-29", "02:30", "Europe/Berlin", "2026-03-29T01:00:00Z"],
    ["2026-03-08", "02:00", "America/New_York", "2026-03-08T07:00:00Z"],
    // Shown twice when they go back: the first.
    ["2026-10-25", "02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"],
    ["2026-11-01", "01:15", "America/New_York", "2026-11-01T05:15:00Z"],
    // A gap of half an hour, and midnight that does not exist.
    ["2026-10-04", "02:15", "Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
    ["2026-09-06", "00:00", "America/Santiago", "2026-09-06T04:00:00Z"],
  ])("%s %s in %s", (date, time, zone, expected) => {
    expect(new Date(instantOf({ date, time }, zone)).toISOString()).toBe(
      new Date(expected).toISOString(),
    );
  });

  test("every hour of a year comes back, but for gaps and repeats", () => {
    for (const zone of ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham"]) {
      let different = 0;
      for (let hour = 0; hour < 366 * 24; hour++) {
        const instant = at("2026-01-01T00:00:00Z") + hour * 3_600_000;
        if (instantOf(wallAt(instant, zone), zone) !== instant) different++;
      }
      expect(different, zone).toBeLessThanOrEqual(1);
    }
  });
});

test("calendar days", () => {
  expect(addDays("2028-02-28", 1)).toBe("2028-02-29");
  expect(addDays("2026-01-01", -1)).toBe("2025-12-31");
  expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
  expect(new Date(nextMidnight(at("2026-03-28T23:30:00Z"), "Europe/Berlin")).toISOString()).toBe(
    "2026-03-29T22:00:00.000Z",
  );
  expect(isZone("Europe/Berlin")).toBe(true);
  expect(isZone("Europe/Nowhere")).toBe(false);
});
