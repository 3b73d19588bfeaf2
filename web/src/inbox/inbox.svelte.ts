// The in-app inbox: what was told, what was read, and which reminders ring on this screen.

import type { Api } from "../api/client";
import type { Notification, NotificationPage } from "../api/types";

const PAGE = 30;
/** Most reminders that wait to be answered; more are in the inbox. */
const MOST_RINGING = 9;
/** A reminder that came while no screen was open rings when one opens, for so long. */
const RING_AGAIN = 12 * 60 * 60 * 1000;

export class Inbox {
  items = $state.raw<readonly Notification[]>([]);
  unread = $state(0);
  cursor = $state<string | null>(null);
  /** Ids of reminders that ring, the newest first. */
  private ringing = $state.raw<readonly string[]>([]);
  /** Those that this screen has silenced: a repeated delivery must not ring again. */
  private silenced = new Set<string>();
  /** Those that count as read whatever an older answer says. */
  private known = new Set<string>();

  readonly bells: readonly Notification[] = $derived(
    this.items.filter((item) => this.ringing.includes(item.id)),
  );

  constructor(
    private readonly api: Api,
    /** Whether a task is done or gone. */
    private readonly isOver: (task: string) => Promise<boolean>,
    private readonly now: () => number = Date.now,
  ) {}

  /** Reads the newest page. What nobody has answered rings, unless its task is done or gone: then it counts as read. */
  async read(): Promise<void> {
    const page = await this.page(null);
    this.items = page.items;
    this.unread = page.unread;
    this.cursor = page.next_cursor;
    for (const { id } of page.items.filter(({ id, read }) => !read && this.known.has(id))) {
      this.set(id, true);
    }
    const isNews = (item: Notification) =>
      item.kind === "reminder" &&
      !item.read &&
      !this.silenced.has(item.id) &&
      this.now() - Date.parse(item.created_at) < RING_AGAIN;
    const news = page.items.filter(isNews).reverse();
    const tasks = new Set(news.flatMap(({ task_id }) => task_id ?? []));
    const over = new Set<string>();
    for (const task of tasks) if (await this.isOver(task)) over.add(task);
    const isOld = ({ task_id }: Notification) => task_id !== null && over.has(task_id);
    for (const item of news) if (!isOld(item)) this.ring(item);
    await this.tellRead(news.filter(isOld).map(({ id }) => id));
  }

  async readMore(): Promise<void> {
    const page = await this.page(this.cursor);
    const known = new Set(this.items.map(({ id }) => id));
    this.items = [...this.items, ...page.items.filter(({ id }) => !known.has(id))];
    this.cursor = page.next_cursor;
  }

  private page(cursor: string | null): Promise<NotificationPage> {
    const query = { limit: String(PAGE), cursor: cursor ?? undefined };
    return this.api.call<NotificationPage>("/api/notifications", { query });
  }

  /** Takes in what the socket told. True when it is new. */
  take(item: Notification): boolean {
    if (this.items.some(({ id }) => id === item.id)) return false;
    const told = this.known.has(item.id) ? { ...item, read: true } : item;
    this.items = [told, ...this.items];
    if (!told.read) this.unread += 1;
    this.ring(told);
    return true;
  }

  private ring(item: Notification): void {
    const rings = item.kind === "reminder" && !item.read && !this.silenced.has(item.id);
    if (!rings || this.ringing.includes(item.id)) return;
    this.ringing = [item.id, ...this.ringing].slice(0, MOST_RINGING);
  }

  /** Lets a bell stop, and counts its notification as read. */
  async markRead(id: string): Promise<void> {
    this.silence(id);
    const item = this.items.find((item) => item.id === id);
    if (!item || item.read) return;
    this.set(id, true);
    try {
      await this.api.call(`/api/notifications/${id}/read`, { method: "POST" });
    } catch (error) {
      if (!this.known.has(id)) this.set(id, false);
      throw error;
    }
  }

  async markAllRead(): Promise<void> {
    for (const item of this.items) this.silence(item.id);
    const unread = this.items.filter((item) => !item.read);
    const before = this.unread;
    this.items = this.items.map((item) => ({ ...item, read: true }));
    this.unread = 0;
    try {
      await this.api.call("/api/notifications/read-all", { method: "POST" });
    } catch (error) {
      const back = new Set(unread.map(({ id }) => id).filter((id) => !this.known.has(id)));
      this.items = this.items.map((item) => (back.has(item.id) ? { ...item, read: false } : item));
      this.unread = before - (unread.length - back.size);
      throw error;
    }
  }

  /** These were read, here or on another screen of the person: their bells stop everywhere. */
  wasRead(ids: readonly string[]): void {
    for (const id of ids) {
      this.silence(id);
      if (this.known.has(id)) continue;
      this.known.add(id);
      const item = this.items.find((item) => item.id === id);
      // One that is on no page yet was counted all the same.
      if (item ? !item.read : this.cursor !== null) this.set(id, true);
    }
  }

  /** The task is done or gone: what was told of it is no news any more. */
  taskIsOver(task: string): void {
    this.wasRead(this.unreadOf(task));
  }

  /** The bells of a task stop. Answers those that rang. */
  silenceTask(task: string): string[] {
    const ids = this.items.filter((item) => item.task_id === task).map(({ id }) => id);
    const rang = ids.filter((id) => this.ringing.includes(id));
    for (const id of ids) this.silence(id);
    return rang;
  }

  /** A bell stops while it is answered, and rings again when that is refused. */
  async silently(id: string, work: () => Promise<unknown>): Promise<void> {
    const rang = this.ringing.includes(id);
    this.silence(id);
    try {
      await work();
    } catch (error) {
      if (rang) this.ringAgain([id]);
      throw error;
    }
  }

  /** What made these bells stop was refused. */
  ringAgain(ids: readonly string[]): void {
    for (const item of this.items.filter(({ id }) => ids.includes(id) && !this.known.has(id))) {
      this.silenced.delete(item.id);
      this.ring(item);
    }
  }

  /** What was told of a task and not read. */
  unreadOf(task: string): string[] {
    return this.items.filter((item) => item.task_id === task && !item.read).map(({ id }) => id);
  }

  /** These count as read, here and for the service. */
  async tellRead(ids: readonly string[]): Promise<void> {
    this.wasRead(ids);
    const told = ids.map((id) => this.api.call(`/api/notifications/${id}/read`, { method: "POST" }));
    await Promise.all(told);
  }

  private silence(id: string): void {
    this.silenced.add(id);
    this.ringing = this.ringing.filter((other) => other !== id);
  }

  private set(id: string, read: boolean): void {
    this.items = this.items.map((item) => (item.id === id ? { ...item, read } : item));
    this.unread = Math.max(0, this.unread + (read ? -1 : 1));
  }
}
