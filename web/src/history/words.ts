// Records of the audit, as a person reads them.

import type { Due, HistoryRecord } from "../api/types";
import { type Clock, dueWords, instantWords } from "../time/words";

type Payload = Record<string, unknown>;
type Words = (payload: Payload, clock: Clock) => string;

const FIELDS: Record<string, string> = {
  due: "due date",
  recurrence: "repetition",
  list: "list",
};

const WORDS: Record<string, Words> = {
  TASK_CREATED: () => "Created",
  TASK_UPDATED: ({ changed }) => `Changed: ${names(changed)}`,
  TASK_COMPLETED: () => "Done",
  TASK_REOPENED: () => "Opened again",
  TASK_DELETED: ({ reason }) =>
    reason === "withdrawn" ? "Taken back with the one before it" : "Deleted",
  TASK_DUE_SET: ({ due }, clock) =>
    due ? `Due: ${dueWords(due as Due, clock)}` : "Due date removed",
  TASK_REMINDER_SET: ({ reminders }, clock) => {
    const first = (reminders as { at: string }[] | undefined)?.[0];
    return first ? `Reminder set: ${instantWords(first.at, clock)}` : "Reminders set";
  },
  TASK_REMINDER_CLEARED: () => "Reminders off",
  REMINDER_TRIGGERED: ({ late_seconds }) =>
    Number(late_seconds) >= 60 ? "Reminded, late" : "Reminded",
  REMINDER_SNOOZED: ({ until }, clock) => `Snoozed until ${instantWords(String(until), clock)}`,
  REMINDER_DISMISSED: () => "Reminder seen",
  TASK_RECURRED: ({ due, occurrence }, clock) =>
    `Comes again: number ${occurrence}, due ${dueWords(due as Due, clock)}`,
  RECURRENCE_ENDED: () => "The repetition has ended",
  NOTIFICATION_ADDED: () => "Told in the app",
  NOTIFICATION_DELIVERED: ({ channel }) => `Sent by ${channel}`,
  NOTIFICATION_WITHDRAWN: ({ channel, reason }) => `Not sent by ${channel}: ${reason}`,
  NOTIFICATION_FAILED: ({ channel, reason }) => `Could not be sent by ${channel}: ${reason}`,
};

function names(changed: unknown): string {
  const fields = Array.isArray(changed) ? changed.map(String) : [];
  return fields.map((field) => FIELDS[field] ?? field).join(", ") || "something";
}

/** A record in words; `undefined` for those that only keep screens up to date. */
export function historyWords(record: HistoryRecord, clock: Clock): string | undefined {
  if (record.event_type === "TASK_CHANGED") return undefined;
  const words = WORDS[record.event_type];
  if (words) return words(record.payload, clock);
  const text = record.event_type.toLowerCase().replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
