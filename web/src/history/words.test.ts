import { expect, test } from "vitest";
import { historyWords } from "./words";

const clock = { now: Date.parse("2026-11-24T20:00:00Z"), zone: "Europe/Berlin" };
const due = { date: "2026-11-25", time: "09:00", time_zone: "Europe/Berlin" };

test.each<[string, Record<string, unknown>, string | undefined]>([
  ["TASK_CREATED", { task: {} }, "Created"],
  ["TASK_UPDATED", { changed: ["title", "due"] }, "Changed: title, due date"],
  ["TASK_DELETED", { reason: "withdrawn" }, "Taken back with the one before it"],
  ["TASK_DUE_SET", { due }, "Due: Tomorrow 09:00"],
  ["TASK_DUE_SET", { due: null }, "Due date removed"],
  ["TASK_REMINDER_SET", { reminders: [{ at: "2026-11-24T20:30:00Z" }] }, "Reminder set: Today 21:30"],
  ["REMINDER_TRIGGERED", { late_seconds: 3 }, "Reminded"],
  ["REMINDER_TRIGGERED", { late_seconds: 90 }, "Reminded, late"],
  ["REMINDER_SNOOZED", { until: "2026-11-25T08:00:00Z" }, "Snoozed until Tomorrow 09:00"],
  ["TASK_RECURRED", { due, occurrence: 2 }, "Comes again: number 2, due Tomorrow 09:00"],
  ["NOTIFICATION_DELIVERED", { channel: "email", tries: 1 }, "Sent by email"],
  ["TASK_CHANGED", {}, undefined],
  ["SOMETHING_NEW", {}, "Something new"],
])("%s %j", (event_type, payload, words) => {
  const record = {
    number: 1,
    at: "2026-11-24T20:00:00Z",
    event_type,
    event_id: "e",
    task_id: "t",
    source: "task-service",
    sequence: null,
    correlation_id: "c",
    causation_id: null,
    payload,
  };
  expect(historyWords(record, clock)).toBe(words);
});
