// What this screen knows of the person's tasks: a copy that follows the service by revisions.

import type { Task } from "../api/types";

export interface Replica {
  /** Of the last change that is in it. */
  readonly revision: number;
  readonly tasks: ReadonlyMap<string, Task>;
  /** Tasks that are gone: a late answer must not bring them back. */
  readonly removed: ReadonlySet<string>;
}

/** A change that the service tells. */
export type Change =
  | { type: "task_changed"; revision: number; previous_revision: number; task: Task }
  | { type: "task_removed"; revision: number; previous_revision: number; task_id: string };

export const EMPTY: Replica = { revision: 0, tasks: new Map(), removed: new Set() };

/**
 * The list as it was read at `revision`; long texts that `known` has are kept. Completed tasks stay out of it: they are
 * read when somebody wants to see them.
 */
export function fromList(items: Iterable<Task>, revision: number, known: Replica = EMPTY): Replica {
  const tasks = [...items].map((task): [string, Task] => [task.id, merge(known.tasks.get(task.id), task)]);
  return { revision, tasks: new Map(tasks), removed: known.removed };
}

/**
 * The replica with `change` in it, and whether changes before it were missed: then the list has to be read again, and
 * until it is, the revision stays where it was.
 */
export function apply(replica: Replica, change: Change): { replica: Replica; gap: boolean } {
  if (change.revision <= replica.revision) return { replica, gap: false };
  const gap = change.previous_revision !== replica.revision;
  const changed =
    change.type === "task_changed" ? restore(replica, change.task) : remove(replica, change.task_id);
  return { replica: gap ? changed : { ...changed, revision: change.revision }, gap };
}

/** The replica with a task as the service answered it, unless a newer one is known. */
export function upsert(replica: Replica, task: Task): Replica {
  const known = replica.tasks.get(task.id);
  if (replica.removed.has(task.id)) return replica;
  if (known && known.version > task.version) return replica;
  return { ...replica, tasks: new Map(replica.tasks).set(task.id, merge(known, task)) };
}

/** A list leaves the long texts out: the same version keeps those that are known. */
function merge(known: Task | undefined, task: Task): Task {
  return known?.version === task.version ? { ...known, ...task } : task;
}

/** A task that the service tells of is there, even if it was gone before: a withdrawn occurrence can come again. */
function restore(replica: Replica, task: Task): Replica {
  const removed = new Set(replica.removed);
  removed.delete(task.id);
  return upsert({ ...replica, removed }, task);
}

/** The replica without a task. */
export function remove(replica: Replica, id: string): Replica {
  const tasks = new Map(replica.tasks);
  tasks.delete(id);
  return { ...replica, tasks, removed: new Set(replica.removed).add(id) };
}
