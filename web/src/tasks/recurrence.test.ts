import { expect, test } from "vitest";
import { recurrenceWords } from "./recurrence";

test.each([
  ["FREQ=DAILY", "Every day"],
  ["FREQ=DAILY;INTERVAL=3", "Every 3 days"],
  ["FREQ=WEEKLY;BYDAY=MO,WE", "Every week on Mon, Wed"],
  ["FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "Every weekday"],
  ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "Every 2 weeks on Tue"],
  ["FREQ=MONTHLY;BYMONTHDAY=1", "Every month on the 1st"],
  ["FREQ=MONTHLY;BYMONTHDAY=-1", "Every month on the last"],
  ["FREQ=MONTHLY;BYDAY=2TU", "Every month on the 2nd Tue"],
  ["FREQ=YEARLY;BYMONTHDAY=12;BYMONTH=3", "Every year on the 12th in Mar"],
  ["FREQ=DAILY;COUNT=10", "Every day, 10 times"],
  ["FREQ=WEEKLY;UNTIL=20261231", "Every week until 2026-12-31"],
  ["FREQ=WEEKLY;UNTIL=20261231T200000", "Every week until 2026-12-31"],
  ["FREQ=WEEKLY;UNTIL=20261231T120000Z", "Every week until 2026-12-31"],
  ["FREQ=HOURLY", "FREQ=HOURLY"],
])("%s", (rrule, words) => {
  expect(recurrenceWords({ rrule, basis: "due" })).toBe(words);
});

test("counted from completion", () => {
  expect(recurrenceWords({ rrule: "FREQ=DAILY;INTERVAL=3", basis: "completion" })).toBe(
    "Every 3 days after it is done",
  );
});
