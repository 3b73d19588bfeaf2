import { beforeEach, describe, expect, test } from "vitest";
import { ApiError, NetworkError } from "../api/client";
import type { ChecklistItem } from "../api/types";
import { type WaitingStep, WaitingSteps } from "./waiting-steps.svelte";

/** A task whose service is in memory, and can be slow, away, lose its answers, or know more than this page. */
class World {
  steps: ChecklistItem[] = [];
  kept: readonly WaitingStep[] = [];
  fails: Error | undefined;
  losesAnswer = false;
  handedBack: string[] = [];
  saves = 0;
  /** What this page takes for the steps at first, where others were faster. */
  stale: ChecklistItem[] | undefined;

  page() {
    return new WaitingSteps({
      load: () => [...this.kept],
      keep: (steps) => {
        this.kept = structuredClone(steps);
      },
      save: async (change) => {
        this.saves += 1;
        if (this.stale) change(this.stale);
        this.stale = undefined;
        const next = change(this.steps);
        await Promise.resolve();
        if (this.fails) throw this.fails;
        this.steps = next;
        if (this.losesAnswer) throw new NetworkError();
      },
      failed: (error, text) => {
        const later = error instanceof NetworkError;
        if (!later) this.handedBack.push(text);
        return later;
      },
    });
  }

  get texts() {
    return this.steps.map(({ text }) => text);
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe("steps that are added", () => {
  test("fast are as many, in their order, also where two read alike", async () => {
    const page = world.page();
    for (const text of ["a", "b", "b"]) page.add(text);
    expect(page.after(world.steps).map(({ text }) => text)).toEqual(["a", "b", "b"]);
    await page.save();
    expect([world.texts, world.kept, page.after(world.steps)]).toEqual([["a", "b", "b"], [], []]);
  });

  test("without a network wait, also for the next page", async () => {
    world.fails = new NetworkError();
    const page = world.page();
    page.add("a");
    page.add("b");
    await page.save();
    expect([world.texts, world.saves]).toEqual([[], 1]);
    world.fails = undefined;
    const next = world.page();
    expect(next.after([]).map(({ text }) => text)).toEqual(["a", "b"]);
    await next.save();
    expect([world.texts, world.kept]).toEqual([["a", "b"], []]);
  });

  test("arrive once though the answer was lost, and are shown once meanwhile", async () => {
    world.steps = [{ text: "a", done: false }];
    world.losesAnswer = true;
    const page = world.page();
    page.add("a");
    await page.save();
    expect([world.texts, page.after(world.steps)]).toEqual([["a", "a"], []]);
    world.losesAnswer = false;
    await world.page().save();
    expect([world.texts, world.kept]).toEqual([["a", "a"], []]);
  });

  test("are added to what others have added meanwhile, though it reads alike", async () => {
    world.steps = [{ text: "a", done: false }];
    world.stale = [];
    const page = world.page();
    page.add("a");
    await page.save();
    expect(world.texts).toEqual(["a", "a"]);
  });

  test("go back to the person when they are refused, and the next ones are saved", async () => {
    world.fails = new ApiError({ type: "about:blank", title: "No", status: 422, detail: "too long" });
    const page = world.page();
    page.add("too long");
    await page.save();
    world.fails = undefined;
    page.add("b");
    await page.save();
    expect([world.handedBack, world.texts, world.kept]).toEqual([["too long"], ["b"], []]);
  });

  test("can be taken back, and are taken out when the task is gone", async () => {
    world.fails = new NetworkError();
    const page = world.page();
    for (const text of ["a", "b", "c"]) page.add(text);
    await page.save();
    const second = page.after([])[1];
    if (second) page.remove(second);
    expect(page.takeOut()).toEqual(["a", "c"]);
    expect(world.kept).toEqual([]);
  });
});
