import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Draft } from "./drafts";
import { ChangedElsewhere, TextDraft } from "./text-draft.svelte";

/** A field whose service is in memory, and can be slow, away, or changed by somebody else. */
class World {
  known: string | undefined = "old";
  kept: Omit<Draft, "at"> | undefined;
  saves: [value: string, base: string][] = [];
  fails: Error | undefined;
  refuses = false;
  failures: unknown[] = [];
  private gates: (() => void)[] = [];
  held = false;

  field(pause?: number) {
    return new TextDraft(
      {
        known: () => this.known,
        load: () => (this.kept ? { ...this.kept, at: 0 } : undefined),
        keep: (draft) => {
          this.kept = draft;
        },
        tidy: (text) => text.trim() || undefined,
        save: async (value, base) => {
          this.saves.push([value, base]);
          if (this.held) await new Promise<void>((open) => this.gates.push(open));
          if (this.fails) throw this.fails;
          if (this.known !== base) throw new ChangedElsewhere();
          this.known = value;
          return value;
        },
        failed: (error) => {
          this.failures.push(error);
          return !this.refuses && !(error instanceof ChangedElsewhere);
        },
      },
      pause,
    );
  }

  release() {
    this.held = false;
    for (const open of this.gates.splice(0)) open();
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe("a text field", () => {
  test("shows what the service has until somebody types, and saves that once when it is left", async () => {
    const field = world.field();
    expect(field.text).toBe("old");
    field.type("new ");
    expect(field.text).toBe("new ");
    expect(world.saves).toEqual([]);
    await Promise.all([field.leave(), field.leave()]);
    await field.leave();
    expect(world.saves).toEqual([["new", "old"]]);
    expect([field.text, world.kept]).toEqual(["new", undefined]);
  });

  test("has nothing to save when all is as it was, or when nothing is left of it", async () => {
    const field = world.field();
    for (const text of ["old", " old", "  "]) {
      field.type("x");
      field.type(text);
      await field.leave();
      expect([field.text, world.kept]).toEqual(["old", undefined]);
    }
    expect(world.saves).toEqual([]);
  });

  test("keeps what is typed on while it is being saved, and saves that too", async () => {
    const field = world.field();
    world.held = true;
    field.type("one");
    const leaving = field.leave();
    field.type("one two");
    void field.leave();
    // The socket is faster than the answer.
    world.known = "one";
    expect(field.conflict).toBeUndefined();
    world.known = "old";
    world.release();
    await leaving;
    expect(world.saves).toEqual([
      ["one", "old"],
      ["one two", "one"],
    ]);
    expect([field.text, world.known, world.kept]).toEqual(["one two", "one two", undefined]);
  });

  test("may be told what the service made of it before the answer comes", async () => {
    const field = world.field();
    world.held = true;
    field.type("Home");
    const leaving = field.leave();
    world.known = "home";
    expect([field.text, field.conflict]).toEqual(["Home", undefined]);
    world.known = "old";
    world.release();
    await leaving;
  });

  test("typed back to what it was while that is being changed is changed back", async () => {
    const field = world.field();
    world.held = true;
    field.type("new");
    const leaving = field.leave();
    field.type("old");
    void field.leave();
    world.release();
    await leaving;
    expect(world.known).toBe("old");
    expect(world.saves).toHaveLength(2);
  });

  test("shows the last known text while a newer one is being read", () => {
    const field = world.field();
    expect([field.text, field.ready]).toEqual(["old", true]);
    world.known = undefined;
    expect([field.text, field.ready]).toEqual(["old", true]);
    world.known = "newer";
    expect(field.text).toBe("newer");
  });
});

describe("a text that could not be saved", () => {
  test("stays, is marked, and is there on the next page", async () => {
    world.fails = new Error("away");
    const field = world.field();
    field.type("mine");
    await field.leave();
    expect([field.text, field.unsaved]).toEqual(["mine", true]);
    expect(world.failures).toEqual([world.fails]);
    const next = world.field();
    expect([next.text, next.unsaved]).toEqual(["mine", true]);
    world.fails = undefined;
    await next.leave();
    expect([world.known, world.kept, next.unsaved]).toEqual(["mine", undefined, false]);
  });

  test("but had arrived is no conflict", async () => {
    world.fails = new Error("answer lost");
    const field = world.field();
    field.type("mine");
    await field.leave();
    field.type("mine too");
    world.known = "mine";
    expect(field.conflict).toBeUndefined();
    world.fails = undefined;
    await field.leave();
    expect(world.known).toBe("mine too");
  });
});

describe("a text that is refused", () => {
  test("stays, with the reason, until it is tried again", async () => {
    const field = world.field();
    world.refuses = true;
    world.fails = new Error("too long");
    field.type("mine");
    await field.leave();
    expect([field.text, field.refusal, world.kept?.left]).toEqual(["mine", "too long", false]);
    world.fails = undefined;
    await field.leave();
    expect([field.refusal, world.known]).toEqual([undefined, "mine"]);
  });

  test("for want of an answer is no refusal", async () => {
    const field = world.field();
    world.fails = new Error("away");
    field.type("mine");
    await field.leave();
    expect([field.unsaved, field.refusal]).toEqual([true, undefined]);
  });
});

describe("a field that was changed elsewhere while a draft stands in it", () => {
  test("is not saved until the person chooses their own", async () => {
    const field = world.field();
    field.type("mine");
    world.known = "theirs";
    expect([field.text, field.conflict]).toEqual(["mine", "theirs"]);
    await field.leave();
    expect(world.saves).toEqual([]);
    await field.keepMine();
    expect(world.saves).toEqual([["mine", "theirs"]]);
    expect([field.conflict, world.kept]).toEqual([undefined, undefined]);
  });

  test("takes the other's when the person chooses that", async () => {
    const field = world.field();
    field.type("mine");
    world.known = "theirs";
    field.useTheirs();
    await field.leave();
    expect([field.text, field.conflict, world.kept, world.saves.length]).toEqual(["theirs", undefined, undefined, 0]);
  });

  test("is found out when the service says so only on saving, and on the next page", async () => {
    const field = world.field();
    world.held = true;
    field.type("mine");
    const leaving = field.leave();
    world.known = "theirs";
    world.release();
    await leaving;
    expect([field.text, field.conflict]).toEqual(["mine", "theirs"]);
    expect(world.field().conflict).toBe("theirs");
  });

  test("is no conflict when both made the same of it", async () => {
    const field = world.field();
    field.type("same ");
    world.known = "same";
    expect(field.conflict).toBeUndefined();
    await field.leave();
    expect([world.saves, world.kept]).toEqual([[], undefined]);
  });
});

describe("a field with a pause", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is saved when nothing was typed for so long, and not before", async () => {
    const field = world.field(1000);
    field.type("a");
    await vi.advanceTimersByTimeAsync(900);
    field.type("ab");
    await vi.advanceTimersByTimeAsync(900);
    expect(world.saves).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(world.saves).toEqual([["ab", "old"]]);
    await field.leave();
    await vi.advanceTimersByTimeAsync(5000);
    expect(world.saves).toHaveLength(1);
  });
});
