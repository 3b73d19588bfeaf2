// What a person has said and Nudge has not answered yet. Each text is sent under one key until it is answered, one
// after the other, and is kept on the device meanwhile. It belongs to the page in which it was typed; when that is gone,
// to one other.

import { ApiError, describe } from "../api/client";
import { type DeviceStorage, Kept, part } from "../device/kept";
import { backoff } from "../live/backoff";

/** The body of a request: the same at every try, as its key demands. */
export interface ChatBody {
  message: string;
  time_zone: string;
  conversation_id?: string;
}

interface Said {
  key: string;
  /** When it was said; no two texts of a page have the same. */
  at: number;
  text: string;
  zone: string;
  /** The page that it belongs to. */
  page: string;
  /** What was sent, if it was. */
  body?: ChatBody;
  /** Why it will not be sent again by itself. */
  refused?: string;
  /** How often the service failed at it. */
  faults?: number;
}

/** A text as the page shows it. */
export interface Waiting {
  key: string;
  text: string;
  state: "sending" | "waiting" | "refused";
  /** Why it is refused, or still waits. */
  reason?: string;
  /** Whether it may have been done all the same. */
  unsure?: boolean;
}

export interface Parts<Answer> {
  storage: DeviceStorage | undefined;
  /**
   * Asks for what one page can have at a time. From the call of `then` on it has it, until it calls what is answered,
   * or ends.
   */
  claim(name: string, then: () => void): () => void;
  send(body: ChatBody, key: string, signal: AbortSignal): Promise<Answer>;
  /** The conversation that a text which is sent now belongs to. */
  conversation(): string | undefined;
  online(): boolean;
  now(): number;
  random(): number;
  newKey(): string;
  setTimeout(work: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  onChange(waiting: readonly Waiting[]): void;
  onAnswer(key: string, text: string, answer: Answer): void;
}

const PREFIX = "nudge.said/";

/** Whether this name in the storage is of a text that waits. */
export const isOfQueue = (name: string | null) => name?.startsWith(PREFIX) ?? false;

const MOST = 200;
/** The service knows a key for a day, and "tomorrow" was meant from the day it was said. */
const LONGEST = 20 * 60 * 60 * 1000;
const TOO_OLD = "This was written more than 20 hours ago and may have been done since.";
/** So often a text is sent again after an answer that says nothing of another try. */
const MOST_FAULTS = 5;
const MAY_PASS = [401, 408, 429, 502, 503, 504];
const LONGEST_WAIT = 10 * 60 * 1000;

export class Queue<Answer> {
  private items: Said[] = [];
  private readonly page: string;
  /** The pages whose texts are sent from here, or will be when they are gone; and how to give them up. */
  private readonly claims = new Map<string, () => void>();
  private kept: Kept;
  private running = false;
  private stopped = false;
  private sending: { key: string; request: AbortController } | undefined;
  private trouble = "";
  private failures = 0;
  /** Ends the wait before the next try. */
  private goOn: (() => void) | undefined;

  constructor(private readonly parts: Parts<Answer>) {
    this.page = parts.newKey();
    this.kept = new Kept(undefined, PREFIX);
  }

  /** From now on, the texts are this person's. */
  open(person: string): void {
    this.kept = new Kept(this.parts.storage, `${PREFIX}${part(person)}/`);
    this.claim(this.page);
    this.look();
  }

  /** Looks for texts of other pages: when such a page is gone, they are sent from here. */
  look(): void {
    for (const { page } of this.stored()) this.claim(page);
  }

  private claim(page: string): void {
    if (this.claims.has(page) || this.stopped) return;
    const giveUp = this.parts.claim(`nudge.page/${page}`, () => {
      if (page === this.page || this.stopped) return;
      const known = new Set(this.items.map(({ key }) => key));
      const left = this.stored().filter((item) => item.page === page && !known.has(item.key));
      this.items = [...this.items, ...left.map((item) => this.withAge(item))].sort((a, b) => a.at - b.at);
      this.changed();
      void this.run();
    });
    this.claims.set(page, giveUp);
  }

  private stored(): Said[] {
    return this.kept.entries().flatMap(([, value]) => (isSaid(value) ? [value] : []));
  }

  /** Takes a text in, to be sent when those before it are. False: there are too many already. */
  say(text: string, zone: string): boolean {
    if (Math.max(this.items.length, this.kept.entries().length) >= MOST) return false;
    this.add({ text, zone });
    void this.run();
    return true;
  }

  /** Keeps a text that is not to be sent by itself, for the person to see why and what to do with it. */
  rescue(text: string, zone: string, refused: string): void {
    this.add({ text, zone, refused });
  }

  private add(fields: Pick<Said, "text" | "zone" | "refused">): void {
    const at = Math.max(this.parts.now(), (this.items.at(-1)?.at ?? 0) + 1);
    const item: Said = { key: this.parts.newKey(), at, page: this.page, ...fields };
    this.items = [...this.items, item];
    this.keep(item);
    this.changed();
  }

  /** Takes a text out, whatever became of it. */
  drop(key: string): void {
    const item = this.items.find((item) => item.key === key);
    if (!item) return;
    this.remove(item);
    if (this.sending?.key === key) this.sending.request.abort();
    this.wake();
  }

  /** Something has changed for the better: don't wait any longer. */
  wake(): void {
    this.look();
    this.goOn?.();
    void this.run();
  }

  stop(): void {
    this.stopped = true;
    this.sending?.request.abort();
    this.goOn?.();
    for (const giveUp of this.claims.values()) giveUp();
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      for (;;) {
        const item = this.items.find(({ refused }) => refused === undefined);
        if (!item || this.stopped || !this.parts.online()) break;
        const wait = await this.attempt(item);
        if (wait > 0 && !this.stopped) await this.pause(wait);
      }
    } finally {
      this.running = false;
    }
  }

  /** Sends a text once. Answers how long to wait before the next try of anything. */
  private async attempt(said: Said): Promise<number> {
    const item = this.withAge(said);
    if (item.refused !== undefined) {
      this.replace(item);
      return 0;
    }
    const conversation = this.parts.conversation();
    const body: ChatBody = item.body ?? {
      message: item.text,
      time_zone: item.zone,
      ...(conversation === undefined ? {} : { conversation_id: conversation }),
    };
    const request = new AbortController();
    this.sending = { key: item.key, request };
    this.replace({ ...item, body });
    try {
      const answer = await this.parts.send(body, item.key, request.signal);
      this.failures = 0;
      this.trouble = "";
      this.sending = undefined;
      if (this.remove(item)) this.parts.onAnswer(item.key, item.text, answer);
      return 0;
    } catch (error) {
      this.sending = undefined;
      const isThere = this.items.some(({ key }) => key === item.key);
      if (this.stopped || !isThere) return 0;
      const faults = (item.faults ?? 0) + Number(isFault(error));
      const outcome = outcomeOf(error, this.failures, faults, this.parts.random());
      this.failures = "wait" in outcome ? this.failures + 1 : 0;
      this.trouble = "wait" in outcome ? describe(error) : "";
      this.replace({ ...item, body, ...(faults > 0 ? { faults } : {}), ...("refused" in outcome ? outcome : {}) });
      return "wait" in outcome ? outcome.wait : 0;
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.parts.clearTimeout(timer);
        this.goOn = undefined;
        resolve();
      };
      const timer = this.parts.setTimeout(done, ms);
      this.goOn = done;
    });
  }

  /** What is too old is the person's to send. */
  private withAge(item: Said): Said {
    const isOld = this.parts.now() - item.at > LONGEST;
    return isOld && item.refused === undefined ? { ...item, refused: TOO_OLD } : item;
  }

  private replace(item: Said): void {
    this.items = this.items.map((other) => (other.key === item.key ? item : other));
    this.keep(item);
    this.changed();
  }

  private remove(item: Said): boolean {
    const before = this.items.length;
    this.items = this.items.filter(({ key }) => key !== item.key);
    this.kept.remove(nameOf(item));
    this.changed();
    return this.items.length < before;
  }

  private keep(item: Said): void {
    this.kept.set(nameOf(item), item);
  }

  private changed(): void {
    this.parts.onChange(
      this.items.map((item, at): Waiting => {
        const { key, text, refused } = item;
        if (refused !== undefined) {
          const unsure = (item.faults ?? 0) >= MOST_FAULTS || (refused === TOO_OLD && item.body !== undefined);
          return { key, text, state: "refused", reason: refused, ...(unsure ? { unsure } : {}) };
        }
        if (this.sending?.key === key) return { key, text, state: "sending" };
        const isNext = this.items.findIndex((item) => item.refused === undefined) === at;
        const reason = isNext && this.trouble ? { reason: this.trouble } : {};
        const unsure = item.body !== undefined;
        return { key, text, state: "waiting", ...reason, ...(unsure ? { unsure } : {}) };
      }),
    );
  }
}

/** An answer that says nothing of another try, nor whether anything was done. */
const isFault = (error: unknown) =>
  error instanceof ApiError && error.status >= 500 && !MAY_PASS.includes(error.status);

/** Whether a text is sent again, and when, after `failures` tries before this one, and with it `faults` of the service. */
export function outcomeOf(
  error: unknown,
  failures: number,
  faults: number,
  random: number,
): { wait: number } | { refused: string } {
  const wait = backoff(failures, random);
  if (!(error instanceof ApiError)) return { wait };
  const { status } = error;
  const asked = Math.min(1000 * (error.retryAfter ?? 0), LONGEST_WAIT);
  if (MAY_PASS.includes(status)) return { wait: Math.max(wait, asked) };
  const isWorthIt = status >= 500 && faults < MOST_FAULTS;
  return isWorthIt ? { wait } : { refused: describe(error) };
}

function nameOf({ at, key }: Said): string {
  return `${String(at).padStart(15, "0")}-${key}`;
}

function isSaid(value: unknown): value is Said {
  if (typeof value !== "object" || value === null) return false;
  const { key, at, text, zone, page } = value as Partial<Said>;
  return [key, text, zone, page].every((each) => typeof each === "string") && typeof at === "number";
}
