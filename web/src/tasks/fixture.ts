// Tasks for tests.

import type { Task } from "../api/types";

/** A plain open task, with what `fields` say otherwise. */
export function task(id: string, fields: Partial<Task> = {}): Task {
  return {
    id,
    version: 1,
    title: `Task ${id}`,
    status: "open",
    priority: 4,
    labels: [],
    list: "inbox",
    due: null,
    reminders: [],
    recurrence: null,
    series_id: null,
    created_at: "2026-11-24T08:00:00Z",
    updated_at: "2026-11-24T08:00:00Z",
    completed_at: null,
    ...fields,
  };
}
