// The steps that a person has added to a task and that are not saved yet: each is saved once, one after the other, and
// kept on the device until it is. None of them is ever put together with another one.

import type { ChecklistItem } from "../api/types";
import { withStep } from "../tasks/steps";

export interface WaitingStep {
  text: string;
  /** How many steps read like it when it was first sent: one more, and it has arrived though no answer came. */
  had?: number;
}

/** What the steps need around them. */
export interface Ends {
  load(): WaitingStep[];
  keep(steps: readonly WaitingStep[]): void;
  /** Changes the steps of the task by what they are now. */
  save(change: (steps: readonly ChecklistItem[]) => ChecklistItem[]): Promise<unknown>;
  /** Tells why a step was not saved. True when it may be later; else its text is dealt with. */
  failed(error: unknown, text: string): boolean;
}

export class WaitingSteps {
  private waiting = $state.raw<readonly WaitingStep[]>([]);
  private running: Promise<void> | undefined;

  constructor(private readonly ends: Ends) {
    this.waiting = ends.load();
  }

  /** What to show after the steps that the task has. */
  after(steps: readonly ChecklistItem[]): readonly WaitingStep[] {
    return this.waiting.filter((step) => !hasArrived(step, steps));
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  add(text: string): void {
    this.put([...this.waiting, { text }]);
    void this.save();
  }

  remove(step: WaitingStep): void {
    this.put(this.waiting.filter((other) => other !== step));
  }

  /** The task is gone: its steps are no longer to be saved. */
  takeOut(): string[] {
    const texts = this.waiting.map(({ text }) => text);
    this.put([]);
    return texts;
  }

  /** Saves what waits, until something can't be saved now. */
  save(): Promise<void> {
    this.running ??= this.saveAll().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async saveAll(): Promise<void> {
    for (let step = this.waiting[0]; step; step = this.waiting[0]) {
      let sent = step;
      try {
        await this.ends.save((steps) => {
          if (hasArrived(step, steps)) return [...steps];
          sent = this.begun(sent, count(step.text, steps));
          return withStep(steps, step.text);
        });
      } catch (error) {
        if (this.ends.failed(error, sent.text)) return;
      }
      this.remove(sent);
    }
  }

  /** Notes how many steps like it there are, before it is sent. */
  private begun(step: WaitingStep, had: number): WaitingStep {
    const begun = { ...step, had };
    this.put(this.waiting.map((other) => (other === step ? begun : other)));
    return begun;
  }

  private put(waiting: readonly WaitingStep[]): void {
    this.waiting = waiting;
    this.ends.keep(waiting);
  }
}

const count = (text: string, steps: readonly ChecklistItem[]) => steps.filter((step) => step.text === text).length;

function hasArrived({ text, had }: WaitingStep, steps: readonly ChecklistItem[]): boolean {
  return had !== undefined && count(text, steps) > had;
}
