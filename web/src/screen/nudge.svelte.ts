// The whole screen's state, put together: session, connection, tasks, inbox, chat, preferences, clock.

import { Api, ApiError } from "../api/client";
import type { Notification, Preferences, ServerMessage, SessionInfo, Task } from "../api/types";
import { Chat } from "../chat/chat.svelte";
import { Inbox } from "../inbox/inbox.svelte";
import { Connection, type Socket, type State } from "../live/connection";
import type { Session } from "../session/session";
import { fieldsOf, TaskStore } from "../tasks/store.svelte";
import { addDays, deviceZone, instantOf, isZone, wallAt } from "../time/zone";
import { Toasts } from "./toasts.svelte";

const NO_PREFERENCES: Preferences = {
  time_zone: null,
  quiet_hours: null,
  email: { enabled: false, address: null },
};

export type Snooze = "10 minutes" | "1 hour" | "tomorrow";

export class Nudge {
  readonly api: Api;
  readonly tasks: TaskStore;
  readonly inbox: Inbox;
  readonly chat: Chat;
  readonly toasts = new Toasts();
  connection = $state<State>("connecting");
  preferences = $state.raw<Preferences>(NO_PREFERENCES);
  person = $state.raw<SessionInfo["person"]>(null);
  now = $state(Date.now());
  /** The task whose details are open. */
  opened = $state<string | null>(null);
  private readonly live: Connection;

  /** The person's zone: the one they chose, else this device's. */
  readonly zone: string = $derived(
    this.preferences.time_zone && isZone(this.preferences.time_zone)
      ? this.preferences.time_zone
      : deviceZone(),
  );
  readonly clock = $derived({ now: this.now, zone: this.zone });

  constructor(private readonly session: Session) {
    this.api = new Api(session);
    this.tasks = new TaskStore(this.api);
    this.inbox = new Inbox(this.api);
    this.chat = new Chat(
      this.api,
      () => this.zone,
      (task) => this.tasks.keep(task),
    );
    this.live = new Connection({
      open: () => new WebSocket(socketAddress()) as Socket,
      token: () => session.token(),
      renew: (refused) => session.renew(refused),
      online: () => navigator.onLine,
      setTimeout: (work, ms) => window.setTimeout(work, ms),
      clearTimeout: (timer) => window.clearTimeout(timer),
      random: Math.random,
      onState: (state) => this.connectionIs(state),
      onMessage: (message) => this.heard(message),
    });
    session.onToken = (token) => this.live.authenticate(token);
  }

  start(): void {
    this.opened = new URL(location.href).searchParams.get("task");
    this.live.start();
    // What is not on the socket is read once; the list is read when the socket is there, so that nothing falls between.
    this.quietly(async () => {
      this.preferences = await this.api.call<Preferences>("/api/preferences");
    });
    this.quietly(async () => {
      this.person = (await this.api.call<SessionInfo>("/api/session")).person;
    });
  }

  stop(): void {
    this.live.stop();
  }

  online(): void {
    this.live.wake();
  }

  offline(): void {
    this.live.sleep();
  }

  /** The page is looked at again: timers may have slept. */
  lookedAt(): void {
    this.tick();
    this.live.wake();
  }

  tick(): void {
    this.now = Date.now();
  }

  private connectionIs(state: State): void {
    this.connection = state;
    if (state !== "connected") return;
    void this.tasks.read();
    this.quietly(() => this.inbox.read());
  }

  private heard(message: ServerMessage): void {
    switch (message.type) {
      case "task_changed":
        if (message.task.status === "completed") this.inbox.silenceTask(message.task.id);
        this.tasks.take(message);
        break;
      case "task_removed":
        this.inbox.silenceTask(message.task_id);
        this.tasks.take(message);
        break;
      case "notification_added":
        this.inbox.take(message.notification);
        break;
      case "hello":
        // The answer to a newer token: says by the way whether something was missed.
        if (this.connection === "connected" && message.revision !== undefined) {
          if (message.revision > this.tasks.revision) void this.tasks.read();
        }
        break;
    }
  }

  open(id: string | null): void {
    this.opened = id;
    const url = new URL(location.href);
    if (id) url.searchParams.set("task", id);
    else url.searchParams.delete("task");
    history.replaceState(null, "", url);
  }

  async complete(task: Task): Promise<void> {
    this.inbox.silenceTask(task.id);
    await this.telling(async () => {
      await this.tasks.complete(task.id);
      this.toasts.done(`Done: ${task.title}`, this.undo(() => this.tasks.reopen(task.id)));
    });
  }

  async reopen(task: Task): Promise<void> {
    await this.telling(async () => {
      await this.tasks.reopen(task.id);
      this.toasts.done(`Open again: ${task.title}`, this.undo(() => this.tasks.complete(task.id)));
    });
  }

  async remove(task: Task): Promise<void> {
    this.inbox.silenceTask(task.id);
    if (this.opened === task.id) this.open(null);
    await this.telling(async () => {
      const was = await this.tasks.delete(task.id);
      this.toasts.done(`Deleted: ${task.title}`, this.undo(() => this.recreate(was)));
    });
  }

  /** A deleted task is gone for good: undo makes one like it. */
  private async recreate(was: Task): Promise<void> {
    const task = await this.tasks.create(fieldsOf(was));
    if (was.status === "completed") await this.tasks.complete(task.id);
  }

  async snooze(item: Notification, how: Snooze): Promise<void> {
    if (!item.reminder_id) return;
    const path = `/api/reminders/${item.reminder_id}/snooze`;
    await this.telling(async () => {
      await this.api.call(path, { method: "POST", body: this.snoozeBody(how) });
      await this.inbox.markRead(item.id);
      const until = how === "tomorrow" ? "until tomorrow 9:00" : `for ${how}`;
      this.toasts.done(`Snoozed ${until}: ${item.title}`);
    });
  }

  private snoozeBody(how: Snooze): { minutes: number } | { until: string } {
    if (how === "10 minutes") return { minutes: 10 };
    if (how === "1 hour") return { minutes: 60 };
    const date = addDays(wallAt(Date.now(), this.zone).date, 1);
    return { until: new Date(instantOf({ date, time: "09:00" }, this.zone)).toISOString() };
  }

  /** Completes the task of a reminder. */
  async doneFrom(item: Notification): Promise<void> {
    const id = item.task_id;
    if (!id) return;
    await this.telling(async () => {
      await this.tasks.complete(id);
      await this.inbox.markRead(item.id);
      this.toasts.done(`Done: ${item.title}`, this.undo(() => this.tasks.reopen(id)));
    });
  }

  /** Lets a reminder rest: it was seen. */
  async dismiss(item: Notification): Promise<void> {
    await this.telling(() => this.inbox.markRead(item.id));
    if (!item.reminder_id) return;
    try {
      await this.api.call(`/api/reminders/${item.reminder_id}/dismiss`, { method: "POST" });
    } catch (error) {
      // Gone with its task: then there is nothing left to dismiss.
      if (!(error instanceof ApiError && error.status === 404)) this.toasts.error(error);
    }
  }

  async savePreferences(preferences: Preferences): Promise<void> {
    this.preferences = await this.api.call<Preferences>("/api/preferences", {
      method: "PUT",
      body: preferences,
    });
  }

  signOut(): void {
    this.session.signOut();
  }

  /** Runs a command and tells the person what went wrong. True when nothing did. */
  async telling(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.toasts.error(error);
      return false;
    }
  }

  private undo(work: () => Promise<unknown>) {
    return { label: "Undo", run: () => void this.telling(work) };
  }

  /** What the screen can do without for now: the next connection, or the command itself, tells of the trouble. */
  private quietly(work: () => Promise<unknown>): void {
    work().catch((error: unknown) => console.warn(error));
  }
}

function socketAddress(): string {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = url.hash = "";
  return url.href;
}
