// The whole screen's state, put together: session, connection, tasks, inbox, chat, preferences, clock.

import { Api, ApiError, describe, mayPass, NetworkError } from "../api/client";
import type { Notification, Preferences, PreferencesInput, ServerMessage, SessionInfo, Task } from "../api/types";
import { Chat } from "../chat/chat.svelte";
import { isOfQueue } from "../chat/queue";
import { COMPOSER, Drafts } from "../drafts/drafts";
import { ChangedElsewhere, TextDraft } from "../drafts/text-draft.svelte";
import { WaitingSteps } from "../drafts/waiting-steps.svelte";
import { Inbox } from "../inbox/inbox.svelte";
import { backoff } from "../live/backoff";
import { Connection, type Socket, type State } from "../live/connection";
import { type Session, SignedOut } from "../session/session";
import { fieldsOf, TaskStore } from "../tasks/store.svelte";
import { TEXT_FIELDS, type TextFieldName, textField } from "../tasks/text-fields";
import { addDays, deviceZone, instantOf, isZone, wallAt } from "../time/zone";
import { claim, deviceStorage, isOpen, pages } from "./browser";
import { Toasts } from "./toasts.svelte";

const NO_PREFERENCES: Preferences = {
  time_zone: null,
  quiet_hours: null,
  email: { enabled: false, address: null, confirmed: false, available: true },
};

/** The draft of the steps that are added to a task: one a line. */
const STEPS = "steps";
/** Notes are saved when nothing was typed for so long. */
const NOTES_PAUSE = 1_000;

export type Snooze = "10 minutes" | "1 hour" | "tomorrow";

export class Nudge {
  readonly api: Api;
  readonly tasks: TaskStore;
  readonly inbox: Inbox;
  readonly chat: Chat;
  readonly drafts: Drafts;
  readonly toasts = new Toasts();
  connection = $state<State>("connecting");
  preferences = $state.raw<Preferences>(NO_PREFERENCES);
  person = $state.raw<SessionInfo["person"]>(null);
  now = $state(Date.now());
  /** The task whose details are open. */
  opened = $state<string | null>(null);
  private readonly live: Connection;
  /** The text fields that were edited on this page: each has one draft, however often its task is opened. */
  private readonly edited = new Map<string, TextDraft>();
  private readonly added = new Map<string, WaitingSteps>();
  private readonly page = crypto.randomUUID();
  private leave = () => {};
  /** The next try to save what could not be saved, and how many were in vain. */
  private retry: ReturnType<typeof setTimeout> | undefined;
  private retries = 0;
  private isRetrying = false;
  private isStopped = false;

  /** The person's zone: the one they chose, else this device's. */
  readonly zone: string = $derived(
    this.preferences.time_zone && isZone(this.preferences.time_zone)
      ? this.preferences.time_zone
      : deviceZone(),
  );
  readonly clock = $derived({ now: this.now, zone: this.zone });

  constructor(private readonly session: Session) {
    this.drafts = new Drafts(deviceStorage, pages(this.page));
    this.api = new Api(session);
    this.tasks = new TaskStore(this.api);
    this.inbox = new Inbox(this.api, (task) => this.isOver(task));
    this.chat = new Chat(
      this.api,
      () => this.zone,
      (task) => this.tasks.keep(task),
      { storage: deviceStorage, claim },
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

  /** Begins to listen, and learns who the person is: what is kept on the device is kept by person. */
  async start(): Promise<void> {
    this.opened = new URL(location.href).searchParams.get("task");
    this.live.start();
    // What is not on the socket is read once; the list is read when the socket is there, so that nothing falls between.
    this.quietly(async () => {
      this.preferences = await this.api.call<Preferences>("/api/preferences");
    });
    this.person = (await this.api.call<SessionInfo>("/api/session")).person;
    if (!this.person) return;
    this.leave = isOpen(this.page);
    await this.drafts.open(this.person.id);
    this.chat.open(this.person.id);
    if (this.connection === "connected") this.quietly(() => this.saveLeft());
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.retry);
    this.live.stop();
    this.chat.stop();
    this.leave();
  }

  online(): void {
    this.live.wake();
    this.chat.wake();
  }

  offline(): void {
    this.live.sleep();
  }

  /** The page is looked at again: timers may have slept. */
  lookedAt(): void {
    this.tick();
    this.live.wake();
    this.chat.wake();
    if (this.connection === "connected") this.quietly(() => this.saveLeft());
  }

  /** Another page of this browser has changed what is kept on the device. */
  storageChanged(name: string | null): void {
    if (isOfQueue(name)) this.chat.look();
  }

  tick(): void {
    this.now = Date.now();
  }

  private connectionIs(state: State): void {
    this.connection = state;
    if (state !== "connected") return;
    this.chat.wake();
    // What rings depends on which tasks are open.
    const reading = this.tasks.read();
    this.quietly(async () => {
      await reading;
      await this.inbox.read();
    });
    this.quietly(async () => {
      await reading;
      await this.saveLeft();
    });
  }

  /** The draft of a task's text field. */
  draft(id: string, name: TextFieldName): TextDraft {
    const key = `${id}/${name}`;
    const known = this.edited.get(key);
    if (known) return known;
    const field = TEXT_FIELDS[name];
    const ends = {
      known: () => {
        const task = this.tasks.known(id);
        return task && field.read(task);
      },
      load: () => this.drafts.load(id, name),
      keep: (draft: Parameters<Drafts["keep"]>[2]) => this.drafts.keep(id, name, draft),
      tidy: field.tidy,
      save: (value: string, base: string) => this.tasks.saveText(id, field, value, base),
      failed: (error: unknown) => this.notSaved(id, error),
    };
    const draft = new TextDraft(ends, name === "notes" ? NOTES_PAUSE : undefined);
    this.edited.set(key, draft);
    return draft;
  }

  /** The steps of a task that are not saved yet. */
  steps(id: string): WaitingSteps {
    const known = this.added.get(id);
    if (known) return known;
    const kept = () => this.drafts.load(id, STEPS);
    const steps = new WaitingSteps({
      load: () => linesOf(kept()?.value).map((text, at) => ({ text, ...(at === 0 ? hadOf(kept()?.base) : {}) })),
      keep: (steps) => {
        const value = steps.map(({ text }) => text).join("\n");
        const draft = { value, base: String(steps[0]?.had ?? ""), left: true };
        this.drafts.keep(id, STEPS, value ? draft : undefined);
      },
      save: (change) =>
        this.tasks.change(id, (task) => ({ checklist: change(task.checklist ?? []) }), (task) => task),
      failed: (error, text) => {
        const later = this.notSaved(id, error);
        if (!later && !isGone(error)) this.chat.rescue(text, describe(error));
        return later;
      },
    });
    this.added.set(id, steps);
    return steps;
  }

  /** Tells why a text of a task was not saved, unless its field does. True when it may be later. */
  private notSaved(id: string, error: unknown): boolean {
    if (error instanceof ChangedElsewhere) return false;
    if (error instanceof SignedOut) return true;
    if (isGone(error)) {
      this.taskIsGone(id);
      return false;
    }
    if (!this.isRetrying) this.toasts.error(error);
    const later = mayComeLater(error);
    if (later) this.saveLater();
    return later;
  }

  /** Tries again by itself. Without a network, that is done when it is back. */
  private saveLater(): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => {
      if (this.connection === "connected") this.quietly(() => this.saveLeft());
    }, backoff(this.retries, Math.random()));
  }

  /** Saves the texts that a person has left while the service could not be reached, here or on a page that is gone. */
  private async saveLeft(): Promise<void> {
    if (this.isRetrying) return;
    this.isRetrying = true;
    this.retries += 1;
    try {
      await this.drafts.takeOver(({ draft }) => draft.left === true);
      for (const { task, field, draft } of this.drafts.all()) {
        if (task !== COMPOSER.task) await this.saveDraft(task, field, draft.left === true);
      }
      if (!this.drafts.all().some(({ draft }) => draft.left)) this.retries = 0;
    } catch (error) {
      this.saveLater();
      throw error;
    } finally {
      this.isRetrying = false;
    }
  }

  private async saveDraft(task: string, field: string, left: boolean): Promise<void> {
    const known = this.tasks.known(task);
    // A list leaves the long texts out.
    const isKnown = known?.notes !== undefined || (known && !left) || (await this.tasks.fetch(task));
    if (!isKnown) this.taskIsGone(task);
    else if (left && field === STEPS) await this.steps(task).save();
    else if (left && textField(field)) await this.draft(task, field as TextFieldName).leave();
  }

  /** Whether there are words that nobody has but this page. */
  get hasOnlyHere(): boolean {
    const isWaiting = this.chat.waiting.length > 0;
    const isEdited = [...this.edited.values()].some((draft) => draft.isTyped);
    return isWaiting || isEdited || [...this.added.values()].some((steps) => !steps.isEmpty);
  }

  /** What was typed in a task's details and can't be saved there any more is shown where it can be used. */
  taskIsGone(id: string): void {
    const mine = this.drafts.all().filter(({ task }) => task === id);
    const texts = new Map(mine.map(({ field, draft }) => [field, draft.value]));
    for (const { field } of mine) this.drafts.keep(id, field, undefined);
    // Where the device keeps nothing, the page does.
    for (const name of Object.keys(TEXT_FIELDS)) {
      const text = this.edited.get(`${id}/${name}`)?.takeOut();
      if (text !== undefined) texts.set(name, text);
    }
    const steps = this.added.get(id)?.takeOut() ?? linesOf(texts.get(STEPS));
    texts.delete(STEPS);
    for (const text of [...texts.values(), ...steps]) {
      this.chat.rescue(text, "You wrote this in the details of a task that is gone.");
    }
  }

  /** Whether a task is done or gone. One that is not known is looked up. */
  private async isOver(id: string): Promise<boolean> {
    try {
      const task = this.tasks.known(id) ?? (await this.tasks.fetch(id));
      return task?.status !== "open";
    } catch {
      return false;
    }
  }

  private heard(message: ServerMessage): void {
    switch (message.type) {
      case "task_changed":
        if (message.task.status === "completed") this.inbox.taskIsOver(message.task.id);
        this.tasks.take(message);
        break;
      case "task_removed":
        this.inbox.taskIsOver(message.task_id);
        this.tasks.take(message);
        this.taskIsGone(message.task_id);
        break;
      case "notifications_read":
        this.inbox.wasRead(message.ids);
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

  /** Does what ends a task: its bells stop at once, and what they told counts as read when it is done. */
  private async ending<T>(task: string, work: () => Promise<T>): Promise<T> {
    const told = this.inbox.unreadOf(task);
    const rang = this.inbox.silenceTask(task);
    try {
      const done = await work();
      this.quietly(() => this.inbox.tellRead(told));
      return done;
    } catch (error) {
      this.inbox.ringAgain(rang);
      throw error;
    }
  }

  async complete(task: Task): Promise<void> {
    await this.telling(async () => {
      await this.ending(task.id, () => this.tasks.complete(task.id));
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
    if (this.opened === task.id) this.open(null);
    await this.telling(async () => {
      const was = await this.ending(task.id, () => this.tasks.delete(task.id));
      this.toasts.done(`Deleted: ${task.title}`, this.undo(() => this.recreate(was)));
    });
  }

  /** A deleted task is gone for good: undo makes one like it, however long it takes: nobody else has its words. */
  private async recreate(was: Task): Promise<void> {
    const key = crypto.randomUUID();
    const task = await this.untilAnswered(() => this.tasks.create(fieldsOf(was), key));
    if (was.status === "completed") await this.tasks.complete(task.id);
  }

  async snooze(item: Notification, how: Snooze): Promise<void> {
    if (!item.reminder_id) return;
    const path = `/api/reminders/${item.reminder_id}/snooze`;
    await this.telling(async () => {
      // It stops at once: who waits for the answer before a bell that rings on answers it twice.
      await this.inbox.silently(item.id, () => this.api.call(path, { method: "POST", body: this.snoozeBody(how) }));
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
      await this.ending(id, () => this.tasks.complete(id));
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

  async savePreferences(preferences: PreferencesInput): Promise<void> {
    this.preferences = await this.api.call<Preferences>("/api/preferences", {
      method: "PUT",
      body: preferences,
    });
  }

  /** The address that the person has not yet shown to be theirs. */
  get unconfirmed(): string | undefined {
    const { available, confirmed, address } = this.preferences.email;
    return confirmed === false && available !== false ? (address ?? undefined) : undefined;
  }

  /** Shows by the code that was sent to it that the address is the person's. */
  async confirmEmail(code: string): Promise<void> {
    const call = { method: "POST", body: { code } } as const;
    this.preferences = await this.api.call<Preferences>("/api/preferences/email/confirm", call);
  }

  async sendNewCode(): Promise<void> {
    await this.api.call("/api/preferences/email/code", { method: "POST" });
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

  /** Tries again until there is an answer, and tells the first time why there is none. */
  private async untilAnswered<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (!mayComeLater(error) || this.isStopped) throw error;
        if (attempt === 0) this.toasts.error(error);
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt, Math.random())));
      }
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

const isGone = (error: unknown) => error instanceof ApiError && error.status === 404;

const mayComeLater = (error: unknown) =>
  error instanceof ApiError ? mayPass(error.status) : error instanceof NetworkError;

const linesOf = (text = "") => text.split("\n").filter(Boolean);

const hadOf = (base = "") => (base === "" ? {} : { had: Number(base) });

function socketAddress(): string {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = url.hash = "";
  return url.href;
}
