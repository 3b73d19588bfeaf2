// A text field of a task: what the service has, what the person has typed on top of it, and whether the two disagree.

import { describe } from "../api/client";
import type { Draft } from "./drafts";

/** Somebody else has changed the same field meanwhile. */
export class ChangedElsewhere extends Error {
  constructor() {
    super("This was changed elsewhere.");
    this.name = "ChangedElsewhere";
  }
}

/** What a field needs around it. */
export interface Ends {
  /** What the service has, as far as this page knows. */
  known(): string | undefined;
  load(): Draft | undefined;
  keep(draft: Omit<Draft, "at"> | undefined): void;
  /** The text as it is saved; `undefined`: it can't be saved, and the old one comes back. */
  tidy(text: string): string | undefined;
  /** Saves `value` if the service still has `base`, and answers what it then has. */
  save(value: string, base: string): Promise<string>;
  /** Tells why something was not saved, other than by what the field shows. True when it may work later. */
  failed(error: unknown): boolean;
}

type Typed = Omit<Draft, "at">;

export class TextDraft {
  private typed = $state.raw<Typed | undefined>();
  private saving = $state(false);
  /** Why it was refused, until something changes. */
  private why = $state("");
  private running: Promise<void> | undefined;
  private again = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastKnown: string | undefined;

  /** A change from elsewhere comes without the long texts: until they are read, the last known one is shown. */
  private get server(): string | undefined {
    const known = this.ends.known();
    if (known !== undefined) this.lastKnown = known;
    return this.lastKnown;
  }

  /** With `pause`, the text is also saved when nothing was typed for so long. */
  constructor(
    private readonly ends: Ends,
    private readonly pause?: number,
  ) {
    this.typed = ends.load();
  }

  /** What the field shows. */
  get text(): string {
    return this.typed?.value ?? this.server ?? "";
  }

  /** Whether there is something to show yet. */
  get ready(): boolean {
    return this.typed !== undefined || this.server !== undefined;
  }

  /** What somebody else has made of the field while something else stands in it here. */
  get conflict(): string | undefined {
    const { typed, server } = this;
    if (!typed || server === undefined || this.saving) return undefined;
    const mine = [typed.base, typed.sent, typed.value, this.ends.tidy(typed.value)];
    return mine.includes(server) ? undefined : server;
  }

  /** Whether something stands here that is not saved. */
  get isTyped(): boolean {
    return this.typed !== undefined;
  }

  /** Whether a try to save has failed, so that the text is on this device only. */
  get unsaved(): boolean {
    return this.typed?.sent !== undefined && !this.saving;
  }

  /** Why it will not be saved as it is. */
  get refusal(): string | undefined {
    return (this.unsaved && this.why) || undefined;
  }

  type(value: string): void {
    const { typed, server } = this;
    if (value === server && !this.saving) {
      this.put(undefined);
      return;
    }
    const sent = typed?.sent === undefined ? {} : { sent: typed.sent };
    this.put({ value, base: typed?.base ?? server ?? "", ...sent });
    clearTimeout(this.timer);
    if (this.pause !== undefined) this.timer = setTimeout(() => void this.leave(), this.pause);
  }

  /** Saves what was typed, unless the person has to choose first. */
  leave(): Promise<void> {
    clearTimeout(this.timer);
    this.again = true;
    this.running ??= this.saveAll().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** The person wants what somebody else has made of it. */
  useTheirs(): void {
    clearTimeout(this.timer);
    this.put(undefined);
  }

  /** What was typed and can't be saved any more: the field forgets it. */
  takeOut(): string | undefined {
    clearTimeout(this.timer);
    const text = this.typed?.value;
    this.put(undefined);
    return text;
  }

  /** The person wants their own text in place of what somebody else has made of it. */
  keepMine(): Promise<void> {
    if (this.typed && this.server !== undefined) this.put({ ...this.typed, base: this.server });
    return this.leave();
  }

  /** What is typed on and left while something is being saved is saved after it. */
  private async saveAll(): Promise<void> {
    while (this.again) {
      this.again = false;
      await this.saveOnce();
    }
  }

  private async saveOnce(): Promise<void> {
    const { typed, server } = this;
    if (!typed || server === undefined || this.conflict !== undefined) return;
    const value = this.ends.tidy(typed.value);
    if (value === undefined || value === server) {
      this.put(undefined);
      return;
    }
    this.put({ ...typed, sent: value, left: true });
    this.why = "";
    this.saving = true;
    try {
      const saved = await this.ends.save(value, server);
      const now = this.typed;
      const isSame = now === undefined || this.ends.tidy(now.value) === value;
      this.put(isSame ? undefined : { value: now.value, base: saved });
    } catch (error) {
      const later = this.ends.failed(error);
      if (!later && !(error instanceof ChangedElsewhere)) this.why = describe(error);
      if (this.typed) this.put({ ...this.typed, left: later });
    } finally {
      this.saving = false;
    }
  }

  private put(typed: Typed | undefined): void {
    this.typed = typed;
    this.ends.keep(typed);
  }
}
