import { describe, expect, test } from "vitest";
import { ApiError, NetworkError, TimeoutError } from "../api/client";
import { MemoryStorage } from "../device/fixture";
import { type ChatBody, outcomeOf, Queue, type Waiting } from "./queue";

const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

interface Sent {
  page: string;
  body: ChatBody;
  key: string;
  answer(text: string): Promise<unknown>;
  fail(error: Error): Promise<unknown>;
  aborted: boolean;
}

/** A browser whose pages share storage and claims, before a service that answers when it is told to. */
class World {
  storage = new MemoryStorage();
  sent: Sent[] = [];
  isOnline = true;
  now = 1_000;
  private keys = 0;
  private claims = new Map<string, { page: string; then: () => void }[]>();

  page(name: string, person = "ann") {
    const state = { waiting: [] as readonly Waiting[], answers: [] as string[], waits: [] as number[] };
    const timers: (() => void)[] = [];
    const queue = new Queue<string>({
      storage: this.storage,
      claim: (claimed, then) => {
        const line = this.claims.get(claimed) ?? [];
        this.claims.set(claimed, [...line, { page: name, then }]);
        if (line.length === 0) then();
        return () => this.giveUp(claimed, name);
      },
      send: (body, key, signal) =>
        new Promise((resolve, reject) => {
          const one: Sent = {
            page: name,
            body: structuredClone(body),
            key,
            answer: (text) => (resolve(text), settle()),
            fail: (error) => (reject(error), settle()),
            aborted: false,
          };
          signal.addEventListener("abort", () => {
            one.aborted = true;
            reject(signal.reason);
          });
          this.sent.push(one);
        }),
      conversation: () => (state.answers.length > 0 ? "c1" : undefined),
      online: () => this.isOnline,
      now: () => this.now,
      random: () => 1,
      newKey: () => `key-${++this.keys}`,
      setTimeout: (work, ms) => {
        state.waits.push(ms);
        return timers.push(work);
      },
      clearTimeout: () => {},
      onChange: (waiting) => {
        state.waiting = waiting;
      },
      onAnswer: (_, text, answer) => state.answers.push(`${text}: ${answer}`),
    });
    queue.open(person);
    const close = () => queue.stop();
    const pass = async () => {
      for (const work of timers.splice(0)) work();
      await settle();
    };
    return { queue, state, close, pass };
  }

  /** What a page had claimed goes to the next in line. */
  private giveUp(claimed: string, page: string) {
    const line = this.claims.get(claimed) ?? [];
    const rest = line.filter((other) => other.page !== page);
    this.claims.set(claimed, rest);
    if (line[0]?.page === page) rest[0]?.then();
  }

  get last(): Sent {
    const sent = this.sent.at(-1);
    if (!sent) throw new Error("nothing was sent");
    return sent;
  }

  get messages() {
    return this.sent.map(({ body }) => body.message);
  }
}

const shown = ({ state }: { state: { waiting: readonly Waiting[] } }) =>
  state.waiting.map(({ text, state }) => `${text} ${state}`);

describe("texts that are said faster than they are answered", () => {
  test("are sent one at a time, in order, each under its own key", async () => {
    const world = new World();
    const page = world.page("a");
    for (const text of ["one", "two", "three"]) page.queue.say(text, "UTC");
    await settle();
    expect(shown(page)).toEqual(["one sending", "two waiting", "three waiting"]);
    expect(world.messages).toEqual(["one"]);
    await world.last.answer("1");
    await world.last.answer("2");
    expect(shown(page)).toEqual(["three sending"]);
    await world.last.answer("3");
    expect(page.state.answers).toEqual(["one: 1", "two: 2", "three: 3"]);
    expect(new Set(world.sent.map(({ key }) => key)).size).toBe(3);
    expect(shown(page)).toEqual([]);
    expect(world.storage.length).toBe(0);
    expect(world.sent.map(({ body }) => body.conversation_id)).toEqual([undefined, "c1", "c1"]);
  });

  test("are sent again as they were, under their key, while there is no answer", async () => {
    const world = new World();
    const page = world.page("a");
    page.queue.say("one", "UTC");
    page.queue.say("two", "UTC");
    for (const error of [new NetworkError(), new TimeoutError(), refusal(503)]) {
      await world.last.fail(error);
      expect(shown(page)).toEqual(["one waiting", "two waiting"]);
      expect(page.state.waiting[0]?.reason).toBe(error.message);
      await page.pass();
    }
    expect(page.state.waits).toEqual([500, 1000, 2000]);
    await world.last.answer("1");
    const [first, ...others] = world.sent.slice(0, 4);
    for (const other of others) expect([other.key, other.body]).toEqual([first?.key, first?.body]);
    expect(world.last.body.message).toBe("two");
  });

  test("go on after one that is refused, which says why and can be taken out", async () => {
    const world = new World();
    const page = world.page("a");
    page.queue.say("one", "UTC");
    page.queue.say("two", "UTC");
    await world.last.fail(refusal(422, "No sense."));
    expect(page.state.waiting).toMatchObject([
      { text: "one", state: "refused", reason: "No sense." },
      { text: "two", state: "sending" },
    ]);
    await world.last.answer("2");
    // The reload does not send it again either.
    page.close();
    const next = world.page("b");
    expect(next.state.waiting).toMatchObject([{ text: "one", state: "refused", reason: "No sense." }]);
    expect(world.messages).toEqual(["one", "two"]);
    next.queue.drop(next.state.waiting[0]?.key ?? "");
    expect(shown(next)).toEqual([]);
    expect(world.storage.length).toBe(0);
  });

  test("wait while there is no network, and go out when it is back", async () => {
    const world = new World();
    const page = world.page("a");
    world.isOnline = false;
    page.queue.say("one", "UTC");
    await settle();
    expect([shown(page), world.sent.length]).toEqual([["one waiting"], 0]);
    world.isOnline = true;
    page.queue.wake();
    await settle();
    expect(world.messages).toEqual(["one"]);
  });

  test("don't wait out a pause when the network is back, and are never sent twice at once", async () => {
    const world = new World();
    const page = world.page("a");
    page.queue.say("one", "UTC");
    await world.last.fail(new NetworkError());
    page.queue.wake();
    page.queue.wake();
    await settle();
    expect(world.sent).toHaveLength(2);
    page.queue.wake();
    await settle();
    expect(world.sent).toHaveLength(2);
  });

  test("are taken out at any time, and the next goes on", async () => {
    const world = new World();
    const page = world.page("a");
    page.queue.say("one", "UTC");
    page.queue.say("two", "UTC");
    page.queue.drop(page.state.waiting[0]?.key ?? "");
    await settle();
    expect(world.sent[0]?.aborted).toBe(true);
    expect(shown(page)).toEqual(["two sending"]);
  });

  test("are at most 200", () => {
    const world = new World();
    const page = world.page("a");
    for (let i = 0; i < 200; i++) expect(page.queue.say(`text ${i}`, "UTC")).toBe(true);
    expect(page.queue.say("one more", "UTC")).toBe(false);
    expect(page.state.waiting).toHaveLength(200);
  });

  test("need no storage", async () => {
    const world = new World();
    world.storage.full = true;
    const page = world.page("a");
    page.queue.say("one", "UTC");
    world.storage.blocked = true;
    page.queue.say("two", "UTC");
    await settle();
    await world.last.answer("1");
    await world.last.answer("2");
    expect(page.state.answers).toEqual(["one: 1", "two: 2"]);
  });
});

describe("after a reload", () => {
  test("the texts are sent in order, as they were before and under their keys", async () => {
    const world = new World();
    const before = world.page("a");
    before.queue.say("hello", "UTC");
    await world.last.answer("hi");
    before.queue.say("one", "Europe/Berlin");
    before.queue.say("two", "Europe/Berlin");
    await settle();
    before.close();
    const after = world.page("b");
    expect(shown(after)).toEqual(["one sending", "two waiting"]);
    await settle();
    const [, first, again] = world.sent;
    // The conversation too, though the new page begins another.
    expect(first?.body.conversation_id).toBe("c1");
    expect(first?.aborted).toBe(true);
    expect([again?.key, again?.body]).toEqual([first?.key, first?.body]);
    await world.last.answer("1");
    expect(world.last.body).toMatchObject({ message: "two", time_zone: "Europe/Berlin" });
  });

  test("nobody else's are sent", async () => {
    const world = new World();
    const ann = world.page("a", "ann");
    world.isOnline = false;
    ann.queue.say("secret", "UTC");
    ann.close();
    world.isOnline = true;
    const bob = world.page("b", "bob");
    await settle();
    expect([shown(bob), world.sent.length]).toEqual([[], 0]);
    bob.close();
    const again = world.page("c", "ann");
    expect(shown(again)).toEqual(["secret sending"]);
  });

  test("what is a day old is not sent by itself", async () => {
    const world = new World();
    const before = world.page("a");
    world.isOnline = false;
    before.queue.say("tomorrow", "UTC");
    before.close();
    world.isOnline = true;
    world.now += 21 * 60 * 60 * 1000;
    const after = world.page("b");
    await settle();
    expect([shown(after), world.sent.length]).toEqual([["tomorrow refused"], 0]);
  });

  test("nor what grows so old while the page waits for a network", async () => {
    const world = new World();
    const page = world.page("a");
    world.isOnline = false;
    page.queue.say("tomorrow", "UTC");
    world.isOnline = true;
    world.now += 21 * 60 * 60 * 1000;
    page.queue.wake();
    await settle();
    expect([shown(page), world.sent.length]).toEqual([["tomorrow refused"], 0]);
  });

  test("what is damaged is none", () => {
    const world = new World();
    world.storage.setItem("nudge.said/ann/1-x", '{"text":1}');
    world.storage.setItem("nudge.said/ann/2-x", "{");
    expect(shown(world.page("a"))).toEqual([]);
  });
});

test("a text that can't be saved elsewhere waits for the person", async () => {
  const world = new World();
  const page = world.page("a");
  page.queue.rescue("my notes", "UTC", "That task is gone.");
  await settle();
  expect(page.state.waiting).toMatchObject([{ text: "my notes", state: "refused", reason: "That task is gone." }]);
  page.close();
  expect(shown(world.page("b"))).toEqual(["my notes refused"]);
  expect(world.sent).toEqual([]);
});

describe("of several tabs", () => {
  test("each sends what was typed in it", async () => {
    const world = new World();
    const [a, b] = [world.page("a"), world.page("b")];
    a.queue.say("from a", "UTC");
    b.queue.look();
    b.queue.say("from b", "UTC");
    a.queue.look();
    await settle();
    expect(world.sent.map(({ page, body }) => [page, body.message])).toEqual([
      ["a", "from a"],
      ["b", "from b"],
    ]);
  });

  test("one takes over what a closed one leaves, and after it another", async () => {
    const world = new World();
    const [a, b, c] = [world.page("a"), world.page("b"), world.page("c")];
    world.isOnline = false;
    a.queue.say("left", "UTC");
    world.now += 5;
    c.queue.say("own", "UTC");
    for (const tab of [b, c]) tab.queue.look();
    expect([shown(b), shown(c)]).toEqual([[], ["own waiting"]]);
    a.close();
    expect([shown(b), shown(c)]).toEqual([["left waiting"], ["own waiting"]]);
    b.close();
    expect(shown(c)).toEqual(["left waiting", "own waiting"]);
    world.isOnline = true;
    c.queue.wake();
    await settle();
    expect(world.sent.map(({ page }) => page)).toEqual(["c"]);
  });
});

function refusal(status: number, detail = "Not now.", retryAfter?: number): ApiError {
  return new ApiError({ type: "about:blank", title: "No", detail, status }, retryAfter);
}

describe("a text at which the service fails", () => {
  test("is not given up for the failures of the line, and is not said to be undone in the end", async () => {
    const world = new World();
    const page = world.page("a");
    page.queue.say("one", "UTC");
    await settle();
    const fail = async (error: Error) => {
      await world.sent.at(-1)?.fail(error);
      await page.pass();
    };
    for (let i = 0; i < 6; i++) await fail(new NetworkError());
    for (let i = 0; i < 4; i++) await fail(refusal(500));
    expect(page.state.waiting).toMatchObject([{ text: "one", state: "sending" }]);
    await fail(refusal(500));
    expect(page.state.waiting).toMatchObject([{ text: "one", state: "refused", unsure: true }]);
    expect(new Set(world.sent.map(({ key }) => key)).size).toBe(1);
    page.queue.say("two", "UTC");
    await settle();
    await fail(refusal(422));
    expect(page.state.waiting[1]).not.toHaveProperty("unsure");
  });
});

describe("a failure", () => {
  test("is waited out as the service asks", () => {
    expect(outcomeOf(refusal(429, "Slow.", 40), 0, 0, 1)).toEqual({ wait: 40_000 });
    expect(outcomeOf(refusal(503, "Soon.", 1), 3, 0, 1)).toEqual({ wait: 4000 });
    expect(outcomeOf(refusal(503, "Later.", 1e9), 0, 0, 1)).toEqual({ wait: 600_000 });
  });

  test("is final where the service says what is wrong, and otherwise not", () => {
    for (const status of [400, 403, 404, 409, 413, 422]) {
      expect(outcomeOf(refusal(status, "No."), 0, 0, 1)).toEqual({ refused: "No." });
    }
    for (const status of [401, 408, 429, 502, 503, 504]) {
      expect(outcomeOf(refusal(status), 50, 0, 1)).toHaveProperty("wait");
    }
    for (const error of [new NetworkError(), new TimeoutError()]) {
      expect(outcomeOf(error, 50, 0, 1)).toHaveProperty("wait");
    }
  });

  test("of the service itself is tried five times", () => {
    expect(outcomeOf(refusal(500), 50, 4, 1)).toHaveProperty("wait");
    expect(outcomeOf(refusal(500), 0, 5, 1)).toHaveProperty("refused");
  });
});
