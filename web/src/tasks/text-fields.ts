// The fields of a task that are typed as text: how each is read from a task, tidied as the service tidies it, and
// saved.

import type { Task, TaskPatch } from "../api/types";

export interface TextField {
  /** `undefined` where the page has not read it yet. */
  read(task: Task): string | undefined;
  /** As it is saved; `undefined`: it can't be. */
  tidy(text: string): string | undefined;
  patch(text: string): TaskPatch;
}

/** A title or a step as the service keeps it. */
export const oneLine = (text: string) => text.trim().replace(/[\n\r\t]/g, " ");

const labelsOf = (text: string) => [
  ...new Set(
    text
      .split(/[\s,]+/)
      .map((label) => label.replace(/^#/, "").toLowerCase())
      .filter(Boolean),
  ),
];

const labelsText = (labels: readonly string[]) => labels.map((label) => `#${label}`).join(" ");

export const TEXT_FIELDS = {
  title: {
    read: (task) => task.title,
    tidy: (text) => oneLine(text) || undefined,
    patch: (title) => ({ title }),
  },
  notes: {
    // A list leaves them out, but says that there are none.
    read: (task) => task.notes ?? (task.has_notes === false ? "" : undefined),
    tidy: (text) => text,
    patch: (notes) => ({ notes }),
  },
  list: {
    read: (task) => task.list,
    tidy: (text) => text.trim().replace(/^@/, "").toLowerCase() || "inbox",
    patch: (list) => ({ list }),
  },
  labels: {
    read: (task) => labelsText(task.labels),
    tidy: (text) => labelsText(labelsOf(text)),
    patch: (text) => ({ labels: labelsOf(text) }),
  },
} satisfies Record<string, TextField>;

export type TextFieldName = keyof typeof TEXT_FIELDS;

export function textField(name: string): TextField | undefined {
  return Object.hasOwn(TEXT_FIELDS, name) ? TEXT_FIELDS[name as TextFieldName] : undefined;
}
