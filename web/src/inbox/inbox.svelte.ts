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

  readonly bells: readonly Notification[] = $derived(
    this.items.filter((item) => this.ringing.includes(item.id)),
  );

  constructor(
    private readonly api: Api,
    private readonly now: () => number = Date.now,
  ) {}

  /** Reads the newest page. */
  async read(): Promise<void> {
    const page = await this.page(null);
    this.items = page.items;
    this.unread = page.unread;
    this.cursor = page.next_cursor;
    const recent = (item: Notification) => this.now() - Date.parse(item.created_at) < RING_AGAIN;
    for (const item of page.items.filter(recent).reverse()) this.ring(item);
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
    this.items = [item, ...this.items];
    if (!item.read) this.unread += 1;
    this.ring(item);
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
      this.set(id, false);
      throw error;
    }
  }

  async markAllRead(): Promise<void> {
    for (const item of this.items) this.silence(item.id);
    const before = { items: this.items, unread: this.unread };
    this.items = this.items.map((item) => ({ ...item, read: true }));
    this.unread = 0;
    try {
      await this.api.call("/api/notifications/read-all", { method: "POST" });
    } catch (error) {
      this.items = before.items;
      this.unread = before.unread;
      throw error;
    }
  }

  /** Reminders of a task that is done or gone are no news any more: their bells stop. */
  silenceTask(task: string): void {
    for (const item of this.items) if (item.task_id === task) this.silence(item.id);
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
