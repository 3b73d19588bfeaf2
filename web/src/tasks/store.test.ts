import { beforeEach, describe, expect, test } from "vitest";
import { Api } from "../api/client";
import type { Task } from "../api/types";
import { ChangedElsewhere } from "../drafts/text-draft.svelte";
import { task } from "./fixture";
import { withStep } from "./steps";
import { fieldsOf, TaskStore } from "./store.svelte";
import { TEXT_FIELDS } from "./text-fields";

/** A task service in memory, whose answers can be held back and refused. */
class Service {
  tasks = new Map<string, Task>();
  revision = 0;
  refuse = new Set<string>();
  calls: string[] = [];
  private gates: (() => void)[] = [];
  held = false;
  store = new TaskStore(
    new Api({ token: async () => "t", renew: async () => "t" }, (url, init) =>
      this.answer(String(url), init ?? {}),
    ),
  );

  put(item: Task) {
    this.tasks.set(item.id, item);
    this.revision++;
  }

  release() {
    this.held = false;
    for (const open of this.gates.splice(0)) open();
  }

  private async answer(url: string, init: RequestInit): Promise<Response> {
    const [, , , id, verb] = url.split("?")[0]?.split("/") ?? [];
    const name = `${init.method} ${id ?? "list"}${verb ? ` ${verb}` : ""}`;
    this.calls.push(name);
    // What the list says is what it was when the service read it.
    const page = { items: [...this.tasks.values()], next_cursor: null, revision: this.revision };
    if (this.held) await new Promise<void>((open) => this.gates.push(open));
    if (!id) return json(200, page);
    const known = this.tasks.get(id);
    const expected = new Headers(init.headers).get("if-match");
    if (this.refuse.has(name)) return json(409, { detail: "Refused." });
    if (!known) return json(404, { detail: "Gone." });
    if (expected && expected !== `"${known.version}"`) return json(412, { detail: "Changed." });
    if (init.method === "GET") return json(200, known);
    if (init.method === "DELETE") {
      this.tasks.delete(id);
      this.revision++;
      return new Response(null, { status: 204 });
    }
    const fields = init.body ? (JSON.parse(String(init.body)) as Partial<Task>) : {};
    if (verb === "complete") fields.status = "completed";
    this.put({ ...known, ...fields, version: known.version + 1 });
    return json(200, this.tasks.get(id));
  }
}

const json = (status: number, value: unknown) => new Response(JSON.stringify(value), { status });

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

let service: Service;
let store: TaskStore;
beforeEach(async () => {
  service = new Service();
  store = service.store;
  service.put(task("a"));
  service.put(task("b"));
  await store.read();
});

describe("own changes", () => {
  test("are shown at once and stay when the service agrees", async () => {
    service.held = true;
    const completing = store.complete("a");
    expect(store.get("a")?.status).toBe("completed");
    service.release();
    await completing;
    expect(store.get("a")).toMatchObject({ status: "completed", version: 2 });
  });

  test("fall back when it refuses", async () => {
    service.refuse.add("POST a complete");
    const completing = store.complete("a");
    expect(store.get("a")?.status).toBe("completed");
    await expect(completing).rejects.toThrow("Refused.");
    expect(store.get("a")?.status).toBe("open");
  });

  test("to the same task go one after the other, each on top of the one before", async () => {
    service.held = true;
    const changes = [
      store.update("a", { title: "one" }, true),
      store.update("a", { labels: ["two"] }, true),
      store.complete("a"),
    ];
    expect(store.get("a")).toMatchObject({ title: "one", labels: ["two"], status: "completed" });
    await settle();
    expect(service.calls.filter((call) => call.includes(" a"))).toHaveLength(1);
    service.release();
    await Promise.all(changes);
    expect(store.get("a")).toMatchObject({ title: "one", labels: ["two"], version: 4 });
  });

  test("that somebody else's came before are refused where they would undo it", async () => {
    service.put(task("a", { version: 2, labels: ["theirs"] }));
    await expect(store.update("a", { labels: ["mine"] }, true)).rejects.toThrow("Changed.");
    await store.update("a", { title: "mine" });
    expect(store.get("a")).toMatchObject({ title: "mine", labels: ["theirs"] });
  });

  test("deleting answers what was there", async () => {
    service.put(task("a", { version: 2, notes: "long" }));
    const deleting = store.delete("a");
    expect(store.get("a")).toBeUndefined();
    expect(fieldsOf(await deleting)).toMatchObject({ title: "Task a", notes: "long" });
    expect(store.get("a")).toBeUndefined();
  });
});

describe("texts and steps", () => {
  const whole = (fields: Partial<Task> = {}) => task("a", { notes: "", checklist: [], ...fields });

  beforeEach(async () => {
    service.put(whole());
    await store.fetch("a");
  });

  test("are saved on top of what others have made of other fields", async () => {
    service.put(whole({ version: 2, title: "theirs" }));
    const saved = await store.saveText("a", TEXT_FIELDS.notes, "mine", "");
    expect(saved).toBe("mine");
    expect(store.get("a")).toMatchObject({ title: "theirs", notes: "mine", version: 3 });
  });

  test("never overwrite what others have made of the same field, which is then known", async () => {
    service.put(whole({ version: 2, notes: "theirs" }));
    const saving = store.saveText("a", TEXT_FIELDS.notes, "mine", "");
    expect(store.get("a")?.notes).toBe("mine");
    expect(store.known("a")?.notes).toBe("");
    await expect(saving).rejects.toBeInstanceOf(ChangedElsewhere);
    expect(store.get("a")?.notes).toBe("theirs");
    expect(service.tasks.get("a")?.notes).toBe("theirs");
  });

  test("go one after the other, each on top of the one before", async () => {
    const step = (text: string) => store.saveSteps("a", (steps) => withStep(steps, text));
    await Promise.all([step("one"), store.saveText("a", TEXT_FIELDS.labels, "#x", ""), step("two")]);
    expect(service.tasks.get("a")).toMatchObject({
      labels: ["x"],
      checklist: [
        { text: "one", done: false },
        { text: "two", done: false },
      ],
    });
  });

  test("of a task whose long texts are not here are made on what the service has", async () => {
    service.put(task("b", { version: 2, notes: "n", checklist: [{ text: "theirs", done: true }] }));
    await store.saveSteps("b", (steps) => withStep(steps, "mine"));
    expect(service.tasks.get("b")?.checklist).toHaveLength(2);
  });
});

describe("changes that others make", () => {
  const changed = (id: string, revision = service.revision) => ({
    type: "task_changed" as const,
    revision,
    previous_revision: revision - 1,
    task: service.tasks.get(id) as Task,
  });

  test("are shown without reading the list", async () => {
    const before = service.calls.length;
    service.put(task("c"));
    store.take(changed("c"));
    expect(store.get("c")).toBeDefined();
    expect(service.calls).toHaveLength(before);
  });

  test("make the list be read when one was missed", async () => {
    service.put(task("c"));
    service.put(task("d"));
    store.take(changed("d"));
    await settle();
    expect([...store.visible.keys()].sort()).toEqual(["a", "b", "c", "d"]);
    expect(store.revision).toBe(4);
  });

  test("that come while the list is being read are in it afterwards", async () => {
    service.held = true;
    const reading = store.read();
    await settle();
    service.put(task("c"));
    store.take(changed("c"));
    service.release();
    await reading;
    expect(store.get("c")).toBeDefined();
    expect(store.revision).toBe(3);
  });
});
