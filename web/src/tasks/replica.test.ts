import { describe, expect, test } from "vitest";
import { task } from "./fixture";
import { apply, type Change, EMPTY, fromList, remove, type Replica, upsert } from "./replica";

const changed = (revision: number, id: string, version = 1): Change => ({
  type: "task_changed",
  revision,
  previous_revision: revision - 1,
  task: task(id, { version }),
});
const removed = (revision: number, id: string): Change => ({
  type: "task_removed",
  revision,
  previous_revision: revision - 1,
  task_id: id,
});

const ids = (replica: Replica) => [...replica.tasks.keys()].sort().join("");

describe("following the service", () => {
  test("changes in order are taken in", () => {
    let replica = fromList([task("a")], 7);
    for (const change of [changed(8, "b"), changed(9, "a", 2), removed(10, "b")]) {
      const step = apply(replica, change);
      expect(step.gap).toBe(false);
      replica = step.replica;
    }
    expect(replica.revision).toBe(10);
    expect(ids(replica)).toBe("a");
    expect(replica.tasks.get("a")?.version).toBe(2);
  });

  test("a repeat or an old change is nothing new", () => {
    const replica = fromList([task("a", { version: 5 })], 7);
    for (const change of [changed(7, "a", 4), removed(3, "a")]) {
      expect(apply(replica, change)).toEqual({ replica, gap: false });
    }
  });

  test("a missed change is a gap: what came is shown, the revision waits for the list", () => {
    const { replica, gap } = apply(fromList([task("a")], 7), changed(9, "b"));
    expect(gap).toBe(true);
    expect(replica.revision).toBe(7);
    expect(ids(replica)).toBe("ab");
    // The next one shows the gap again, until the list is read.
    expect(apply(replica, changed(10, "c")).gap).toBe(true);
    expect(apply(fromList([task("a"), task("b")], 9), changed(10, "c")).gap).toBe(false);
  });

  test("a task that was gone can come again", () => {
    const replica = apply(fromList([task("a", { version: 4 })], 7), removed(8, "a")).replica;
    const { replica: again } = apply(replica, changed(9, "a", 1));
    expect(again.tasks.get("a")?.version).toBe(1);
    expect(upsert(again, task("a", { version: 2 })).tasks.get("a")?.version).toBe(2);
  });

  test("in whatever order lists and changes come, it ends as the service has it", () => {
    const changes = [changed(1, "a"), changed(2, "b"), changed(3, "a", 2), removed(4, "b")];
    // The list is read at every revision, while all changes come before, after and during it.
    for (let readAt = 0; readAt <= changes.length; readAt++) {
      let service: Replica = EMPTY;
      for (const change of changes.slice(0, readAt)) service = apply(service, change).replica;
      let replica = fromList(service.tasks.values(), service.revision);
      for (const change of changes) {
        const step = apply(replica, change);
        expect(step.gap).toBe(false);
        replica = step.replica;
      }
      expect([replica.revision, ids(replica)]).toEqual([4, "a"]);
    }
  });
});

describe("answers to own commands", () => {
  test("never go back behind what the socket told", () => {
    const replica = fromList([task("a", { version: 3, title: "new" })], 7);
    expect(upsert(replica, task("a", { version: 2, title: "old" }))).toBe(replica);
    expect(upsert(replica, task("a", { version: 4 })).tasks.get("a")?.version).toBe(4);
  });

  test("do not bring back what was removed", () => {
    const replica = remove(fromList([task("a")], 7), "a");
    expect(ids(upsert(replica, task("a", { version: 9 })))).toBe("");
  });

  test("keep the long texts of the same version", () => {
    const replica = fromList([task("a", { notes: "long" })], 7);
    expect(upsert(replica, task("a")).tasks.get("a")?.notes).toBe("long");
    expect(upsert(replica, task("a", { version: 2 })).tasks.get("a")?.notes).toBeUndefined();
    expect(fromList([task("a")], 8, replica).tasks.get("a")?.notes).toBe("long");
  });
});
