// The tasks on this screen: the replica of the service's, with the person's own changes on top while they are on their
// way. A change that the service refuses falls off again.

import { type Api, ApiError, describe, NetworkError, TimeoutError } from "../api/client";
import type { ChecklistItem, Recurrence, Task, TaskFields, TaskPage, TaskPatch } from "../api/types";
import { ChangedElsewhere } from "../drafts/text-draft.svelte";
import { backoff } from "../live/backoff";
import { apply, type Change, EMPTY, fromList, remove, type Replica, upsert } from "./replica";
import type { TextField } from "./text-fields";

interface Overlay {
  id: string;
  /** What the task will be; `undefined`: gone. */
  change(task: Task): Task | undefined;
}

const PAGE = 200;
const DONE_PAGE = 50;
/** How often the pages are read anew because the list changed in between. */
const TRIES = 5;

export class TaskStore {
  private replica = $state.raw<Replica>(EMPTY);
  private overlays = $state.raw<readonly Overlay[]>([]);
  /** Whether the list has been read once. */
  loaded = $state(false);
  /** Why the list could not be read; empty when it could. */
  trouble = $state("");
  /** Whether the completed tasks are shown, and where their next page begins. */
  doneShown = $state(false);
  doneCursor = $state<string | null>(null);

  /** What the person sees. */
  readonly visible: ReadonlyMap<string, Task> = $derived(overlaid(this.replica.tasks, this.overlays));

  private reading: Promise<void> | undefined;
  private again = false;
  /** Changes that came while the list was being read. */
  private waiting: Change[] = [];
  private failures = 0;
  /** The last command to each task that is not answered yet. */
  private turns = new Map<string, Promise<Task>>();

  constructor(private readonly api: Api) {}

  /** The service's revision, as far as this screen has followed it. */
  get revision(): number {
    return this.replica.revision;
  }

  get(id: string): Task | undefined {
    return this.visible.get(id);
  }

  /** The task as the service has it, without the person's own changes that are on their way. */
  known(id: string): Task | undefined {
    return this.replica.tasks.get(id);
  }

  /** Whether the service has told that the task is gone. */
  isGone(id: string): boolean {
    return this.replica.removed.has(id);
  }

  /** Takes in what the socket told; reads the list again when something was missed. */
  take(change: Change): void {
    if (this.reading) this.waiting.push(change);
    const { replica, gap } = apply(this.replica, change);
    this.replica = replica;
    if (gap && this.loaded && !this.reading) void this.read();
  }

  /** Reads the list. A call while it is being read makes it be read once more. */
  read(): Promise<void> {
    if (this.reading) {
      this.again = true;
      return this.reading;
    }
    this.reading = this.readOnce()
      .then(
        () => {
          this.failures = 0;
          this.trouble = "";
        },
        (error: unknown) => this.failed(error),
      )
      .finally(() => {
        this.reading = undefined;
        this.waiting = [];
        if (this.again) {
          this.again = false;
          void this.read();
        }
      });
    return this.reading;
  }

  private async readOnce(): Promise<void> {
    this.waiting = [];
    const { items, revision } = await this.readAll();
    this.replica = fromList(items, revision, this.replica);
    this.loaded = true;
    for (const change of this.waiting) {
      const { replica, gap } = apply(this.replica, change);
      this.replica = replica;
      if (gap) this.again = true;
    }
    if (this.doneShown) await this.readDone();
  }

  /** All pages of one revision; if they never agree, the lowest revision, whose gap will be noticed. */
  private async readAll(): Promise<{ items: Task[]; revision: number }> {
    let best = { items: [] as Task[], revision: 0 };
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const items: Task[] = [];
      const revisions = new Set<number>();
      let cursor: string | null = null;
      do {
        const page: TaskPage = await this.page("open", PAGE, cursor);
        items.push(...page.items);
        revisions.add(page.revision);
        cursor = page.next_cursor;
      } while (cursor);
      best = { items, revision: Math.min(...revisions) };
      if (revisions.size === 1) break;
    }
    return best;
  }

  private page(status: string, limit: number, cursor: string | null): Promise<TaskPage> {
    const query = { status, limit: String(limit), cursor: cursor ?? undefined };
    return this.api.call<TaskPage>("/api/tasks", { query });
  }

  private failed(error: unknown): void {
    this.trouble = describe(error);
    // Without a network the connection comes back first, and reads then. An answer that did not come is asked for again.
    if (error instanceof NetworkError && !(error instanceof TimeoutError)) return;
    setTimeout(() => void this.read(), backoff(this.failures++, Math.random()));
  }

  /** Reads a page of the completed tasks: the first, or the one that follows. */
  async readDone(more = false): Promise<void> {
    this.doneShown = true;
    const page = await this.page("completed", DONE_PAGE, more ? this.doneCursor : null);
    for (const task of page.items) this.replica = upsert(this.replica, task);
    this.doneCursor = page.next_cursor;
  }

  /** Reads a task with its long texts; `undefined` when it is gone. */
  async fetch(id: string): Promise<Task | undefined> {
    try {
      return this.keep(await this.api.call<Task>(`/api/tasks/${id}`));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  complete(id: string): Promise<Task> {
    const completed_at = new Date().toISOString();
    return this.command(
      id,
      (task) => ({ ...task, status: "completed", completed_at }),
      () => this.api.call<Task>(`/api/tasks/${id}/complete`, { method: "POST" }),
    );
  }

  reopen(id: string): Promise<Task> {
    return this.command(
      id,
      (task) => ({ ...task, status: "open", completed_at: null }),
      () => this.api.call<Task>(`/api/tasks/${id}/reopen`, { method: "POST" }),
    );
  }

  /** Changes fields. With `guarded` it fails when somebody else has changed the task since it was shown. */
  update(id: string, patch: TaskPatch, guarded = false): Promise<Task> {
    return this.command(
      id,
      (task) => patched(task, patch),
      (version) =>
        this.api.call<Task>(`/api/tasks/${id}`, {
          method: "PATCH",
          body: patch,
          ...(guarded && version !== undefined ? { version } : {}),
        }),
    );
  }

  /**
   * Changes a task by what it is now: when somebody else was faster, `patch` is asked again with what they made of it. It
   * throws what speaks against that. `shown` is what the screen shows meanwhile.
   */
  change(id: string, patch: (task: Task) => TaskPatch, shown: (task: Task) => Task): Promise<Task> {
    return this.command(id, shown, () => this.changeNow(id, patch));
  }

  private async changeNow(id: string, patch: (task: Task) => TaskPatch): Promise<Task> {
    for (let attempt = 1; ; attempt++) {
      const known = attempt === 1 ? this.known(id) : undefined;
      const task = isWhole(known) ? known : this.keep(await this.api.call<Task>(`/api/tasks/${id}`));
      const call = { method: "PATCH", body: patch(task), version: task.version } as const;
      try {
        return await this.api.call<Task>(`/api/tasks/${id}`, call);
      } catch (error) {
        const isLate = error instanceof ApiError && error.status === 412;
        if (!isLate || attempt >= TRIES) throw error;
      }
    }
  }

  /** Changes a text field from `base` to `value`. Whoever has changed it meanwhile is not overwritten. */
  async saveText(id: string, field: TextField, value: string, base: string): Promise<string> {
    const saved = await this.change(
      id,
      (task) => {
        const now = field.read(task);
        if (now !== base && now !== value) throw new ChangedElsewhere();
        return field.patch(value);
      },
      (task) => patched(task, field.patch(value)),
    );
    return field.read(saved) ?? value;
  }

  /** Changes the steps by what they are now. */
  saveSteps(id: string, change: (steps: readonly ChecklistItem[]) => ChecklistItem[]): Promise<Task> {
    return this.change(
      id,
      (task) => ({ checklist: change(task.checklist ?? []) }),
      (task) => (task.checklist ? { ...task, checklist: change(task.checklist) } : task),
    );
  }

  /** Deletes a task and answers what it was, so that it can be created again. */
  async delete(id: string): Promise<Task> {
    return this.command(
      id,
      () => undefined,
      async () => {
        const task = await this.api.call<Task>(`/api/tasks/${id}`);
        await this.api.call(`/api/tasks/${id}`, { method: "DELETE" });
        this.replica = remove(this.replica, id);
        return task;
      },
    );
  }

  /** Tried again under the same key, it is created once. */
  async create(fields: Partial<TaskFields> & { title: string }, key: string): Promise<Task> {
    return this.keep(await this.api.call<Task>("/api/tasks", { method: "POST", body: fields, key }));
  }

  /** Takes in a task that some answer brought. */
  keep(task: Task): Task {
    this.replica = upsert(this.replica, task);
    return task;
  }

  /** Shows a change at once and sends it when the person's earlier ones to the same task are answered. */
  private async command(
    id: string,
    change: Overlay["change"],
    send: (version: number | undefined) => Promise<Task>,
  ): Promise<Task> {
    const overlay = { id, change };
    this.overlays = [...this.overlays, overlay];
    const sent = this.inTurn(id, send);
    this.turns.set(id, sent);
    try {
      return this.keep(await sent);
    } finally {
      this.overlays = this.overlays.filter((other) => other !== overlay);
      if (this.turns.get(id) === sent) this.turns.delete(id);
    }
  }

  /** The version that the person has seen is the one that their own change before made, or else the one shown. */
  private async inTurn(
    id: string,
    send: (version: number | undefined) => Promise<Task>,
  ): Promise<Task> {
    const shown = this.replica.tasks.get(id)?.version;
    const before = await this.turns.get(id)?.catch(() => undefined);
    return send(before?.version ?? shown);
  }
}

function overlaid(
  tasks: ReadonlyMap<string, Task>,
  overlays: readonly Overlay[],
): ReadonlyMap<string, Task> {
  if (overlays.length === 0) return tasks;
  const visible = new Map(tasks);
  for (const { id, change } of overlays) {
    const task = visible.get(id);
    const changed = task && change(task);
    if (changed) visible.set(id, changed);
    else visible.delete(id);
  }
  return visible;
}

/** Whether the long texts have been read too. */
function isWhole(task: Task | undefined): task is Task {
  return task?.notes !== undefined && task.checklist !== undefined;
}

/** The task as the patch will make it, as far as the screen shows it. */
function patched(task: Task, patch: TaskPatch): Task {
  const { due, ...fields } = patch;
  const next = { ...task, ...fields } as Task;
  if (due === null) next.due = null;
  else if (due) {
    const { time, ...rest } = { ...task.due, ...due } as { date: string; time_zone: string; time?: string | null };
    next.due = time ? { ...rest, time } : rest;
  }
  return next;
}

/** Only the rule: it says all that the simple fields say. */
function onlyRule({ rrule, basis }: Recurrence): Recurrence {
  return rrule === undefined ? { basis } : { rrule, basis };
}

/** The fields of a task that make another one like it. */
export function fieldsOf(task: Task): TaskFields {
  return {
    title: task.title,
    notes: task.notes ?? "",
    priority: task.priority,
    labels: task.labels,
    list: task.list,
    checklist: task.checklist ?? [],
    reminders: task.reminders.map(({ id: _, ...rule }) => rule),
    ...(task.due && { due: task.due }),
    ...(task.recurrence && { recurrence: onlyRule(task.recurrence) }),
  };
}
