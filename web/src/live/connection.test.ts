import { beforeEach, describe, expect, test } from "vitest";
import type { ServerMessage } from "../api/types";
import { backoff } from "./backoff";
import { Connection, type Socket, type State } from "./connection";

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  closed = false;
  send(data: string) {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }
  close() {
    this.closed = true;
  }
  hear(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

/** A world with its own clock, network and sockets. */
class World {
  sockets: FakeSocket[] = [];
  states: State[] = [];
  messages: ServerMessage[] = [];
  renewed: string[] = [];
  isOnline = true;
  now = 0;
  private timers = new Map<number, { at: number; work: () => void }>();
  private next = 1;
  connection = new Connection({
    open: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket;
    },
    token: async () => "token",
    renew: async (refused) => {
      this.renewed.push(refused);
      return "renewed";
    },
    online: () => this.isOnline,
    setTimeout: (work, ms) => {
      this.timers.set(this.next, { at: this.now + ms, work });
      return this.next++;
    },
    clearTimeout: (timer) => void this.timers.delete(timer),
    random: () => 1,
    onState: (state) => {
      if (this.states.at(-1) !== state) this.states.push(state);
    },
    onMessage: (message) => this.messages.push(message),
  });

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  async greet() {
    this.socket.onopen?.();
    await Promise.resolve();
    await Promise.resolve();
    this.socket.hear({ type: "hello", revision: 7 });
  }

  pass(ms: number) {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter(([, timer]) => timer.at <= end);
      const first = due.sort(([, a], [, b]) => a.at - b.at)[0];
      if (!first) break;
      this.timers.delete(first[0]);
      this.now = first[1].at;
      first[1].work();
    }
    this.now = end;
  }
}

let world: World;
beforeEach(() => {
  world = new World();
  world.connection.start();
});

describe("a connection", () => {
  test("says the token first and is connected after hello", async () => {
    expect(world.socket.sent).toEqual([]);
    await world.greet();
    expect(world.socket.sent).toEqual([{ type: "auth", token: "token" }]);
    expect(world.states).toEqual(["connecting", "connected"]);
    expect(world.messages).toEqual([{ type: "hello", revision: 7 }]);
  });

  test("comes back with growing pauses, and at once again after a success", async () => {
    await world.greet();
    const pauses: number[] = [];
    for (let i = 0; i < 4; i++) {
      const before = world.sockets.length;
      world.socket.onclose?.({ code: 1006 });
      const lost = world.now;
      while (world.sockets.length === before) world.pass(100);
      pauses.push(world.now - lost);
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000]);
    await world.greet();
    world.socket.onclose?.({ code: 1006 });
    expect(world.states.at(-1)).toBe("reconnecting");
    const before = world.sockets.length;
    world.pass(500);
    expect(world.sockets).toHaveLength(before + 1);
  });

  test("renews the token that the gateway refused", async () => {
    await world.greet();
    world.socket.onclose?.({ code: 4401 });
    world.pass(500);
    await world.greet();
    expect(world.renewed).toEqual(["token"]);
    expect(world.socket.sent).toEqual([{ type: "auth", token: "renewed" }]);
  });

  test("notices silence", async () => {
    await world.greet();
    for (let i = 0; i < 5; i++) {
      world.pass(25_000);
      world.socket.hear({ type: "keep_alive" });
    }
    expect(world.sockets).toHaveLength(1);
    world.pass(61_000);
    expect(world.sockets[0]?.closed).toBe(true);
    expect(world.sockets.length).toBeGreaterThan(1);
  });

  test("an opening that nobody answers is given up", () => {
    world.pass(10_500);
    expect(world.sockets[0]?.closed).toBe(true);
    expect(world.sockets).toHaveLength(2);
  });

  test("rests while there is no network, and comes back at once", async () => {
    await world.greet();
    world.isOnline = false;
    world.connection.sleep();
    expect(world.socket.closed).toBe(true);
    world.pass(600_000);
    expect(world.sockets).toHaveLength(1);
    expect(world.states.at(-1)).toBe("offline");
    world.isOnline = true;
    world.connection.wake();
    expect(world.sockets).toHaveLength(2);
    await world.greet();
    expect(world.states.at(-1)).toBe("connected");
  });

  test("asks whether somebody is there when the page is looked at again", async () => {
    await world.greet();
    world.connection.wake();
    expect(world.socket.sent.at(-1)).toEqual({ type: "ping" });
    world.socket.hear({ type: "pong" });
    world.pass(20_000);
    expect(world.sockets).toHaveLength(1);
    world.connection.wake();
    world.pass(10_500);
    expect(world.sockets).toHaveLength(2);
  });

  test("a socket that was left says nothing more", async () => {
    await world.greet();
    const old = world.socket;
    world.socket.onclose?.({ code: 1006 });
    world.pass(500);
    old.hear({ type: "task_removed" });
    expect(world.messages).toHaveLength(1);
    expect(world.sockets).toHaveLength(2);
  });

  test("stays stopped", async () => {
    await world.greet();
    world.connection.stop();
    world.connection.wake();
    world.pass(600_000);
    expect(world.sockets).toHaveLength(1);
  });
});

test("pauses are bounded and spread", () => {
  for (let attempt = 0; attempt < 100; attempt++) {
    const [low, high] = [backoff(attempt, 0), backoff(attempt, 1)];
    expect(low).toBeGreaterThanOrEqual(250);
    expect(high).toBeLessThanOrEqual(30_000);
    expect(high).toBe(2 * low);
  }
});
