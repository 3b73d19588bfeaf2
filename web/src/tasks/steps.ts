// Changes of a task's steps, made on the steps as they are now: a step is known by its text, and by its place where two
// read alike, so that a change from elsewhere moves nothing to the wrong step.

import type { ChecklistItem, Task } from "../api/types";

type Steps = readonly ChecklistItem[];

/** `undefined` where the page has not read them yet. A list leaves them out, but says that there are none. */
export function stepsOf(task: Task): Steps | undefined {
  return task.checklist ?? (task.checklist_progress?.total === 0 ? [] : undefined);
}

export interface StepAt {
  at: number;
  text: string;
}

export function withStep(steps: Steps, text: string): ChecklistItem[] {
  return [...steps, { text, done: false }];
}

export function withDone(steps: Steps, step: StepAt, done: boolean): ChecklistItem[] {
  const at = find(steps, step);
  return steps.map((other, i) => (i === at ? { ...other, done } : other));
}

export function without(steps: Steps, step: StepAt): ChecklistItem[] {
  const at = find(steps, step);
  return steps.filter((_, i) => i !== at);
}

function find(steps: Steps, { at, text }: StepAt): number {
  return steps[at]?.text === text ? at : steps.findIndex((step) => step.text === text);
}
