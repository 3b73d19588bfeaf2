// The list in groups by when tasks are due, and when that changes by itself.

import type { Task } from "../api/types";
import { type Clock, dueWall, overdueAfter } from "../time/words";
import { nextMidnight, wallAt } from "../time/zone";

export type GroupName = "overdue" | "today" | "upcoming" | "undated";

export interface Group {
  name: GroupName;
  title: string;
  tasks: Task[];
}

const TITLES: [GroupName, string][] = [
  ["overdue", "Overdue"],
  ["today", "Today"],
  ["upcoming", "Upcoming"],
  ["undated", "No date"],
];

export function groupOf(task: Task, clock: Clock): GroupName {
  if (!task.due) return "undated";
  if (overdueAfter(task.due) <= clock.now) return "overdue";
  const today = wallAt(clock.now, clock.zone).date;
  return dueWall(task.due, clock.zone).date <= today ? "today" : "upcoming";
}

/** The open tasks, in groups that have any. */
export function groups(tasks: Iterable<Task>, clock: Clock): Group[] {
  const lists: Record<GroupName, Task[]> = { overdue: [], today: [], upcoming: [], undated: [] };
  for (const task of tasks) {
    if (task.status === "open") lists[groupOf(task, clock)].push(task);
  }
  return TITLES.map(([name, title]) => ({ name, title, tasks: lists[name].sort(before) })).filter(
    (group) => group.tasks.length > 0,
  );
}

/** By due time, then urgency, then age. */
function before(a: Task, b: Task): number {
  const due = (task: Task) => (task.due ? overdueAfter(task.due) : 0);
  return due(a) - due(b) || a.priority - b.priority || (a.id < b.id ? -1 : 1);
}

/** The completed tasks, the last one first. */
export function completed(tasks: Iterable<Task>): Task[] {
  const done = [...tasks].filter((task) => task.status === "completed");
  return done.sort((a, b) => ((a.completed_at ?? "") < (b.completed_at ?? "") ? 1 : -1));
}

/** The next instant at which a task changes its group though nobody touches it. */
export function nextBoundary(tasks: Iterable<Task>, { now, zone }: Clock): number {
  let next = nextMidnight(now, zone);
  for (const task of tasks) {
    if (task.status !== "open" || !task.due) continue;
    const at = overdueAfter(task.due);
    if (at > now && at < next) next = at;
  }
  return next;
}
