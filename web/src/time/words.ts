// Dates and times as a person says them.

import type { Due } from "../api/types";
import { addDays, daysBetween, instantOf, wallAt } from "./zone";

/** Whose clocks, and what time it is. */
export interface Clock {
  now: number;
  zone: string;
}

function dateFormat(options: Intl.DateTimeFormatOptions): (date: string) => string {
  const format = new Intl.DateTimeFormat(undefined, { ...options, timeZone: "UTC" });
  return (date) => format.format(Date.parse(`${date}T00:00:00Z`));
}

const weekday = dateFormat({ weekday: "long" });
const dayAndMonth = dateFormat({ weekday: "short", day: "numeric", month: "short" });
const withYear = dateFormat({ day: "numeric", month: "short", year: "numeric" });
const full = dateFormat({ weekday: "long", day: "numeric", month: "long" });

/** When the task is due, on the person's clocks. */
export function dueWall(due: Due, zone: string): { date: string; time?: string } {
  if (due.time === undefined) return { date: due.date };
  if (due.time_zone === zone) return { date: due.date, time: due.time };
  return wallAt(instantOf({ date: due.date, time: due.time }, due.time_zone), zone);
}

/** The instant after which it is overdue: its time, or the end of an all-day task's day. */
export function overdueAfter(due: Due): number {
  const wall =
    due.time === undefined
      ? { date: addDays(due.date, 1), time: "00:00" }
      : { date: due.date, time: due.time };
  return instantOf(wall, due.time_zone);
}

/** A day, as near as it is: "Today", "Friday", "Fri, 4 Dec". */
export function dayWords(date: string, { now, zone }: Clock): string {
  const today = wallAt(now, zone).date;
  const days = daysBetween(today, date);
  if (days === 0) return "Today";
  if (days === 1) return "Tomorrow";
  if (days === -1) return "Yesterday";
  if (days > 1 && days < 7) return weekday(date);
  return date.slice(0, 4) === today.slice(0, 4) ? dayAndMonth(date) : withYear(date);
}

export function dueWords(due: Due, clock: Clock): string {
  const { date, time } = dueWall(due, clock.zone);
  const day = dayWords(date, clock);
  return time === undefined ? day : `${day} ${time}`;
}

/** An instant as day and time. */
export function instantWords(at: string, clock: Clock): string {
  const { date, time } = wallAt(Date.parse(at), clock.zone);
  return `${dayWords(date, clock)} ${time}`;
}

/** Today, in full. */
export function todayWords({ now, zone }: Clock): string {
  return full(wallAt(now, zone).date);
}

/** How long before the due time a reminder rings. */
export function beforeWords(minutes: number): string {
  if (minutes === 0) return "When it is due";
  const [amount, unit] =
    minutes % 1440 === 0
      ? [minutes / 1440, "day"]
      : minutes % 60 === 0
        ? [minutes / 60, "hour"]
        : [minutes, "minute"];
  return `${amount} ${unit}${amount === 1 ? "" : "s"} before`;
}
