import { expect, test } from "vitest";
import { MemoryStorage } from "./fixture";
import { Kept, overflowing } from "./kept";

test("what does not fit into the storage is there as long as the page is, in place of what was there before", () => {
  const full = new MemoryStorage();
  const storage = overflowing(full);
  storage.setItem("a", "old");
  full.full = true;
  storage.setItem("a", "new");
  expect([storage.getItem("a"), full.getItem("a")]).toEqual(["new", null]);
  full.full = false;
  storage.setItem("a", "newer");
  expect([storage.getItem("a"), full.getItem("a")]).toEqual(["newer", "newer"]);
  storage.removeItem("a");
  expect([storage.getItem("a"), storage.length]).toEqual([null, 0]);
});

test("whether something more can be kept is found out, and leaves nothing behind", () => {
  const storage = new MemoryStorage();
  const kept = new Kept(storage, "p/");
  expect([kept.works(), storage.length]).toEqual([true, 0]);
  storage.full = true;
  expect(kept.works()).toBe(false);
  storage.blocked = true;
  expect([kept.works(), new Kept(undefined, "p/").works()]).toEqual([false, false]);
});
