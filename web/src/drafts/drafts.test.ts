import { describe, expect, test } from "vitest";
import { MemoryStorage } from "../device/fixture";
import { Drafts } from "./drafts";

const DAY = 24 * 60 * 60 * 1000;

/** A device whose pages are open one after the other, unless they are said to stay. */
function device(storage: MemoryStorage | undefined = new MemoryStorage()) {
  const world = { now: 0 };
  const staying = new Set<string>();
  let pages = 0;
  const page = async (person: string, stays = false, before?: string) => {
    const own = `page-${++pages}`;
    if (stays) staying.add(own);
    const withOpen = async (work: (open: ReadonlySet<string>) => void) => work(new Set([...staying, own]));
    const drafts = new Drafts(storage, { own, before, withOpen }, () => world.now);
    await drafts.open(person);
    return drafts;
  };
  return { world, page, close: () => staying.clear() };
}

const draft = (value: string) => ({ value, base: "was" });

describe("drafts", () => {
  test("are there on the next page, until they are forgotten", async () => {
    const { page } = device();
    (await page("ann")).keep("t/1", "notes", draft("words"));
    expect((await page("ann")).load("t/1", "notes")).toMatchObject({ value: "words", base: "was" });
    expect((await page("ann")).load("t/1", "title")).toBeUndefined();
    expect((await page("ann")).all()).toMatchObject([{ task: "t/1", field: "notes" }]);
    (await page("ann")).keep("t/1", "notes", undefined);
    expect((await page("ann")).all()).toEqual([]);
  });

  test("are seen by nobody else, whatever their names", async () => {
    const { page } = device();
    (await page("ann")).keep("t", "notes", draft("secret"));
    (await page("ann/t")).keep("t", "notes", draft("other"));
    for (const other of ["an", "ann/", "bob", ""]) expect((await page(other)).all()).toEqual([]);
    expect((await page("ann")).all()).toHaveLength(1);
  });

  test("of nobody in particular are not kept", async () => {
    const storage = new MemoryStorage();
    new Drafts(storage, { own: "page", before: undefined, withOpen: async () => {} }).keep("t", "notes", draft("words"));
    expect(storage.length).toBe(0);
  });

  test("are at most 100: the newest", async () => {
    const { world, page } = device();
    for (let i = 0; i < 130; i++) {
      world.now = i;
      (await page("ann")).keep(`t${i}`, "title", draft(`${i}`));
    }
    const left = (await page("ann")).all().map(({ draft }) => Number(draft.value));
    expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 30));
  });

  test("of anybody go after 30 days", async () => {
    const { world, page } = device();
    (await page("ann")).keep("t", "title", draft("old"));
    world.now = 29 * DAY;
    (await page("ann")).keep("u", "title", draft("new"));
    world.now = 30 * DAY + 1;
    (await page("bob"));
    expect((await page("ann")).all().map(({ task }) => task)).toEqual(["u"]);
  });

  test("are no trouble where nothing can be kept", async () => {
    const [full, blocked] = [new MemoryStorage(), new MemoryStorage()];
    full.full = true;
    blocked.blocked = true;
    for (const storage of [full, blocked, undefined]) {
      const drafts = new Drafts(storage, { own: "page", before: undefined, withOpen: async (work) => work(new Set()) });
      await drafts.open("ann");
      drafts.keep("t", "title", draft("x"));
      expect(drafts.load("t", "title")).toBeUndefined();
      expect(drafts.all()).toEqual([]);
    }
  });

  test("that are damaged are none", async () => {
    const storage = new MemoryStorage();
    for (const [i, value] of ["{", "null", "7", '{"value":3}'].entries()) {
      storage.setItem(`nudge.draft/ann/t${i}/title`, value);
    }
    const { page } = device(storage);
    expect((await page("ann")).all()).toEqual([]);
    expect(storage.length).toBe(0);
  });

  test("of pages that are open at once are each their own, and go to the next page when theirs is gone", async () => {
    const { world, page, close } = device();
    const [first, second] = [await page("ann", true), await page("ann", true)];
    first.keep("t", "title", draft("one"));
    world.now = 1;
    second.keep("t", "title", draft("two"));
    first.keep("t", "notes", undefined);
    second.keep("t", "notes", draft("more"));
    expect([first, second].map((one) => one.load("t", "title")?.value)).toEqual(["one", "two"]);
    const third = await page("ann", true);
    expect([third.load("t", "title"), third.all()]).toEqual([undefined, []]);
    expect(third.loadAny("t", "title")?.value).toBe("two");
    first.keep("t", "title", undefined);
    first.keep("t", "title", draft("one again"));
    expect(second.load("t", "title")?.value).toBe("two");
    third.keep("t", "title", draft("three"));
    close();
    // What is typed already is not replaced; what was left besides comes when there is room for it.
    await third.takeOver(() => true);
    expect(third.all().map(({ draft }) => draft.value).sort()).toEqual(["more", "three"]);
    third.keep("t", "title", undefined);
    await third.takeOver(({ field }) => field === "notes");
    expect(third.load("t", "title")).toBeUndefined();
    await third.takeOver(() => true);
    expect(third.load("t", "title")?.value).toBe("one again");
  });

  test("come back to the tab that they were typed in, when all are opened again at once", async () => {
    const { world, page, close } = device();
    const [first, second] = [await page("ann", true), await page("ann", true)];
    first.keep("composer", "text", draft("one"));
    world.now = 1;
    second.keep("composer", "text", draft("two"));
    close();
    expect((await page("ann", true, "page-1")).load("composer", "text")?.value).toBe("one");
    expect((await page("ann", true, "page-2")).load("composer", "text")?.value).toBe("two");
    // A tab that was copied has its own.
    expect((await page("ann", true, "page-3")).load("composer", "text")).toBeUndefined();
  });

  test("that other pages show too go with the one that was sent", async () => {
    const { page } = device();
    const pages = [];
    const texts = [["same", "1"], ["same ", "1"], ["same and more", "1"], ["same", "2"]] as const;
    for (const [value, base] of texts) {
      const one = await page("ann", true);
      one.keep("composer", "text", { value, base });
      pages.push(one);
    }
    pages[1]?.forgetAll("composer", "text", { value: "same", base: "1" });
    const left = pages.map((one) => one.load("composer", "text")?.value);
    // Somebody who types the same, or has typed on, keeps it.
    expect(left).toEqual([undefined, undefined, "same and more", "same"]);
  });

  test("of a version that knew no pages are taken over", async () => {
    const storage = new MemoryStorage();
    storage.setItem("nudge.draft/ann/t/notes", JSON.stringify({ ...draft("old words"), at: 0 }));
    const { page } = device(storage);
    expect((await page("ann")).load("t", "notes")?.value).toBe("old words");
  });

  test("another page's forgetting is understood by what it was", async () => {
    const storage = new MemoryStorage();
    const { page } = device(storage);
    const ann = await page("ann");
    ann.keep("composer", "text", draft("sent"));
    const key = storage.key(0);
    const oldValue = storage.getItem(key ?? "");
    const gone = { key, oldValue, newValue: null };
    expect(ann.forgotten("composer", "text", gone, false)).toBe("sent");
    expect(ann.forgotten("composer", "text", { ...gone, newValue: oldValue }, true)).toBeUndefined();
    expect(ann.forgotten("other", "text", gone, true)).toBeUndefined();
    expect((await page("bob")).forgotten("composer", "text", gone, true)).toBeUndefined();
    // Another page's own is this one's only where it shows it too.
    const other = await page("ann");
    expect(other.forgotten("composer", "text", gone, false)).toBeUndefined();
    expect(other.forgotten("composer", "text", gone, true)).toBe("sent");
  });
});
