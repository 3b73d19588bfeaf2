// What a new due date means for the rest of a task.

import type { Task, TaskPatch } from "../api/types";
import { dueWall } from "../time/words";

/**
 * The patch that makes a task due at `date` and `time` on the person's clocks; an empty `time` is all day, an empty
 * `date` takes the due date away, and with it what counts from it. `undefined`: nothing changes.
 */
export function dueChange(
  task: Task,
  date: string,
  time: string,
  zone: string,
): TaskPatch | undefined {
  if (date === "") {
    if (!task.due) return undefined;
    const reminders = task.reminders.filter((reminder) => reminder.at !== undefined);
    return { due: null, recurrence: null, reminders };
  }
  const was = task.due ? dueWall(task.due, zone) : undefined;
  if (was?.date === date && (was.time ?? "") === time) return undefined;
  if (task.due && was && (was.time ?? "") === time) {
    // Another day alone: the time stays, and whose clocks show it.
    return { due: { date: plusDays(task.due.date, daysBetween(was.date, date)) } };
  }
  const patch: TaskPatch = { due: { date, time: time || null, time_zone: zone } };
  // A task that gets a time is heard of at that time, as a new one would be.
  const getsTime = time !== "" && was?.time === undefined;
  if (getsTime && task.reminders.length === 0) patch.reminders = [{ before_due_minutes: 0 }];
  return patch;
}

const DAY = 86_400_000;

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY);
}

function plusDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * DAY).toISOString().slice(0, 10);
}
