// The conversation, and what is understood of a sentence while it is being typed.

import type { Api } from "../api/client";
import type { ChatAction, ChatAnswer, QuickAddPreview, Task } from "../api/types";
import type { DeviceStorage } from "../device/kept";
import { Queue, type Waiting } from "./queue";

/** Something that was said, and its answer. */
export interface Turn {
  id: string;
  said: string;
  reply: string;
  actions: ChatAction[];
  tasks: Task[];
}

/** What the conversation needs of the browser. */
export interface Device {
  storage: DeviceStorage | undefined;
  claim(name: string, then: () => void): () => void;
}

/** A sentence is read this long after the last key. */
const PAUSE = 220;
/** So much of a sentence is read at once. */
const MOST_READ = 2_000;
/** Most turns that stay on the screen. */
const MOST_TURNS = 50;

export class Chat {
  turns = $state.raw<readonly Turn[]>([]);
  /** What was said and is not answered yet, in order. */
  waiting = $state.raw<readonly Waiting[]>([]);
  preview = $state.raw<QuickAddPreview | undefined>();
  /** The sentence that the preview is of. */
  previewOf = $state("");
  private conversation: string | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private request: AbortController | undefined;
  private readonly queue: Queue<ChatAnswer>;

  constructor(
    private readonly api: Api,
    private readonly zone: () => string,
    private readonly onTask: (task: Task) => void,
    device: Device,
  ) {
    this.queue = new Queue({
      ...device,
      send: (body, key, signal) =>
        api.call<ChatAnswer>("/api/chat", { method: "POST", body, key, signal, tries: 1 }),
      conversation: () => this.conversation,
      online: () => navigator.onLine,
      now: Date.now,
      random: Math.random,
      newKey: () => crypto.randomUUID(),
      setTimeout: (work, ms) => setTimeout(work, ms),
      clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
      onChange: (waiting) => {
        this.waiting = waiting;
      },
      onAnswer: (key, text, answer) => this.answered(key, text, answer),
    });
  }

  /** The person whose conversation it is. */
  open(person: string): void {
    this.queue.open(person);
  }

  stop(): void {
    this.queue.stop();
  }

  /** There may be a network again, or texts that another page has left. */
  wake(): void {
    this.queue.wake();
  }

  look(): void {
    this.queue.look();
  }

  /** Takes a turn back: what it offers can be said once. */
  undo(turn: Turn, message: string): void {
    if (!this.say(message)) return;
    const actions = turn.actions.map((action) => ({ ...action, undo: null }));
    this.turns = this.turns.map((other) => (other.id === turn.id ? { ...turn, actions } : other));
  }

  /** Says something; its answer comes in turn. False: too much is waiting already. */
  say(message: string): boolean {
    if (!this.queue.say(message, this.zone())) return false;
    this.forgetPreview();
    return true;
  }

  /** Shows a text that could not be saved where it was written. */
  rescue(text: string, why: string): void {
    this.queue.rescue(text, this.zone(), why);
  }

  /** Takes something out that was said and is not answered. */
  drop(key: string): void {
    this.queue.drop(key);
  }

  private answered(id: string, said: string, answer: ChatAnswer): void {
    const { reply, actions, tasks } = answer;
    this.conversation = answer.conversation_id;
    this.turns = [...this.turns, { id, said, reply, actions, tasks }].slice(-MOST_TURNS);
    for (const { kind, task } of actions) if (task && kind !== "deleted") this.onTask(task);
  }

  /** What waits for its answer stays. */
  clear(): void {
    this.turns = [];
  }

  /** The sentence is now this: it is read when the typing pauses. */
  typed(text: string): void {
    clearTimeout(this.timer);
    this.request?.abort();
    const sentence = text.trim();
    if (sentence.length < 3 || sentence.length > MOST_READ) {
      this.forgetPreview();
      return;
    }
    this.timer = setTimeout(() => void this.understand(text), PAUSE);
  }

  private async understand(text: string): Promise<void> {
    const request = new AbortController();
    this.request = request;
    try {
      const preview = await this.api.call<QuickAddPreview>("/api/quick-add/preview", {
        method: "POST",
        body: { text, time_zone: this.zone() },
        signal: request.signal,
      });
      if (request.signal.aborted) return;
      this.preview = preview;
      this.previewOf = text;
    } catch {
      // A preview is a courtesy: sending the sentence says what is wrong.
      if (!request.signal.aborted) this.forgetPreview();
    }
  }

  private forgetPreview(): void {
    clearTimeout(this.timer);
    this.request?.abort();
    this.preview = undefined;
    this.previewOf = "";
  }
}
