import { beforeEach, describe, expect, test } from "vitest";
import { Api } from "../api/client";
import type { Notification } from "../api/types";
import { Inbox } from "./inbox.svelte";

const NOW = Date.parse("2026-11-24T12:00:00Z");

function reminder(id: string, fields: Partial<Notification> = {}): Notification {
  return {
    id,
    kind: "reminder",
    title: `Task ${id}`,
    body: "Due now.",
    task_id: `task-${id}`,
    reminder_id: `reminder-${id}`,
    due: null,
    late: false,
    read: false,
    created_at: "2026-11-24T11:00:00Z",
    ...fields,
  };
}

/** A service with notifications, and the inbox of one page. */
class World {
  items: Notification[] = [];
  older = 0;
  over = new Set<string>();
  told: string[] = [];
  refuses = false;
  inbox = new Inbox(
    new Api({ token: async () => "t", renew: async () => "t" }, (url, init) => this.answer(String(url), init?.method)),
    async (task) => this.over.has(task),
    () => NOW,
  );

  private async answer(url: string, method?: string): Promise<Response> {
    if (method === "POST") {
      this.told.push(url.replace("/api/notifications/", ""));
      if (this.refuses) return new Response("{}", { status: 400 });
      return new Response(null, { status: 204 });
    }
    const unread = this.items.filter(({ read }) => !read).length + this.older;
    const next_cursor = this.older > 0 ? "more" : null;
    return new Response(JSON.stringify({ items: this.items, unread, next_cursor }));
  }

  get bells() {
    return this.inbox.bells.map(({ id }) => id);
  }

  get read() {
    return this.inbox.items.filter(({ read }) => read).map(({ id }) => id);
  }
}

let world: World;
beforeEach(async () => {
  world = new World();
  world.items = [reminder("a"), reminder("b"), reminder("c", { read: true })];
  await world.inbox.read();
});

describe("bells", () => {
  test("ring for what nobody has read", () => {
    expect([world.bells, world.inbox.unread]).toEqual([["a", "b"], 2]);
  });

  test("stop when another screen has read them, and count as read", () => {
    world.inbox.wasRead(["a", "c"]);
    expect([world.bells, world.read, world.inbox.unread]).toEqual([["b"], ["a", "c"], 1]);
    // The same message may come twice.
    world.inbox.wasRead(["a"]);
    expect(world.inbox.unread).toBe(1);
    expect(world.told).toEqual([]);
  });

  test("read on a page that is not here yet lower the number all the same", async () => {
    world.older = 3;
    await world.inbox.read();
    expect(world.inbox.unread).toBe(5);
    world.inbox.wasRead(["old", "a"]);
    expect(world.inbox.unread).toBe(3);
    world.inbox.wasRead(["old"]);
    expect(world.inbox.unread).toBe(3);
  });

  test("don't ring again by an older answer, or by news that come after it was read", async () => {
    world.inbox.wasRead(["a", "d"]);
    world.inbox.take(reminder("d"));
    expect([world.bells, world.inbox.unread]).toEqual([["b"], 1]);
    await world.inbox.read();
    expect([world.bells, world.inbox.unread]).toEqual([["b"], 1]);
  });

  test("stop when their task is over, whoever ended it", () => {
    world.inbox.taskIsOver("task-b");
    expect([world.bells, world.read, world.inbox.unread]).toEqual([["a"], ["b", "c"], 1]);
  });

  test("of a task that is over don't ring when the page is loaded, and count as read", async () => {
    const later = new World();
    later.items = world.items;
    later.over.add("task-a");
    await later.inbox.read();
    expect([later.bells, later.read, later.inbox.unread]).toEqual([["b"], ["a", "c"], 1]);
    expect(later.told).toEqual(["a/read"]);
  });

  test("of yesterday don't ring", async () => {
    const later = new World();
    later.items = [reminder("x", { created_at: "2026-11-23T11:00:00Z" })];
    await later.inbox.read();
    expect([later.bells, later.inbox.unread]).toEqual([[], 1]);
  });
});

describe("what was told of a task that this screen ends", () => {
  test("is read for the service too, even if the news of the end comes first", async () => {
    const told = world.inbox.unreadOf("task-a");
    world.inbox.silenceTask("task-a");
    expect([world.bells, world.inbox.unread]).toEqual([["b"], 2]);
    world.inbox.taskIsOver("task-a");
    await world.inbox.tellRead(told);
    expect([world.inbox.unread, world.told]).toEqual([1, ["a/read"]]);
  });
});

test("bells ring again when what made them stop was refused, but for those that were read meanwhile", () => {
  const rang = [...world.inbox.silenceTask("task-a"), ...world.inbox.silenceTask("task-b")];
  expect([rang, world.bells]).toEqual([["a", "b"], []]);
  world.inbox.wasRead(["b"]);
  world.inbox.ringAgain(rang);
  expect(world.bells).toEqual(["a"]);
});

test("a bell is silent while it is answered, and rings again when that is refused", async () => {
  let refuse = () => {};
  const answering = world.inbox.silently("a", () => new Promise((_, reject) => (refuse = () => reject(new Error("no")))));
  expect(world.bells).toEqual(["b"]);
  refuse();
  await expect(answering).rejects.toThrow("no");
  expect(world.bells).toContain("a");
  await world.inbox.silently("a", async () => {});
  expect(world.bells).toEqual(["b"]);
});

describe("a refused reading", () => {
  test("is taken back, but for what another screen has read meanwhile", async () => {
    world.refuses = true;
    await expect(world.inbox.markRead("a")).rejects.toThrow();
    expect([world.read, world.inbox.unread]).toEqual([["c"], 2]);
    const marking = world.inbox.markAllRead();
    world.inbox.wasRead(["a"]);
    await expect(marking).rejects.toThrow();
    expect([world.read, world.inbox.unread]).toEqual([["a", "c"], 1]);
  });
});
