// What the service says and is told, past the screen.

import assert from "node:assert/strict";
import { PATIENCE } from "./screen.mjs";
import { suite } from "./suite.mjs";

export const create = (fields) => suite.host.api("POST", "/api/tasks", fields);
export const read = (id) => suite.host.api("GET", `/api/tasks/${id}`);

/** Waits until a check passes. */
export async function eventually(check) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Waits until the service has a task as it is expected. */
export const becomes = (id, expected) =>
  eventually(async () => {
    const task = await read(id);
    const found = Object.fromEntries(Object.keys(expected).map((name) => [name, task[name]]));
    assert.deepEqual(found, expected);
  });

/** The titles of the open tasks that begin so. */
export async function titles(start) {
  const { items } = await suite.host.api("GET", "/api/tasks?status=open&limit=200");
  return items.map(({ title }) => title).filter((title) => title.startsWith(start)).sort();
}
