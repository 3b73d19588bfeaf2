// The conversation, and what is understood of a sentence while it is being typed.

import { type Api, describe } from "../api/client";
import type { ChatAction, ChatAnswer, QuickAddPreview, Task } from "../api/types";

export interface Turn {
  id: number;
  said: string;
  /** Absent while it is awaited. */
  reply?: string;
  failed?: boolean;
  actions: ChatAction[];
  tasks: Task[];
}

/** A sentence is read this long after the last key. */
const PAUSE = 220;
/** Most turns that stay on the screen. */
const MOST_TURNS = 50;

export class Chat {
  turns = $state.raw<readonly Turn[]>([]);
  preview = $state.raw<QuickAddPreview | undefined>();
  /** The sentence that the preview is of. */
  previewOf = $state("");
  private conversation: string | undefined;
  private next = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private request: AbortController | undefined;

  constructor(
    private readonly api: Api,
    private readonly zone: () => string,
    private readonly onTask: (task: Task) => void,
  ) {}

  get busy(): boolean {
    return this.turns.at(-1)?.reply === undefined && this.turns.length > 0;
  }

  /** Takes a turn back: what it offers can be said once. */
  async undo(turn: Turn, message: string): Promise<void> {
    const actions = turn.actions.map((action) => ({ ...action, undo: null }));
    this.answer(turn.id, { actions });
    await this.say(message);
  }

  /** Says something and shows the answer. */
  async say(message: string): Promise<void> {
    this.forgetPreview();
    const turn: Turn = { id: this.next++, said: message, actions: [], tasks: [] };
    this.turns = [...this.turns, turn].slice(-MOST_TURNS);
    const body = {
      message,
      time_zone: this.zone(),
      ...(this.conversation === undefined ? {} : { conversation_id: this.conversation }),
    };
    try {
      const answer = await this.api.call<ChatAnswer>("/api/chat", { method: "POST", body });
      this.conversation = answer.conversation_id;
      const { reply, actions, tasks } = answer;
      this.answer(turn.id, { reply, actions, tasks });
      for (const { kind, task } of actions) if (task && kind !== "deleted") this.onTask(task);
    } catch (error) {
      this.answer(turn.id, { reply: describe(error), failed: true });
    }
  }

  private answer(id: number, fields: Partial<Turn>): void {
    this.turns = this.turns.map((turn) => (turn.id === id ? { ...turn, ...fields } : turn));
  }

  clear(): void {
    this.turns = this.turns.filter((turn) => turn.reply === undefined);
  }

  /** The sentence is now this: it is read when the typing pauses. */
  typed(text: string): void {
    clearTimeout(this.timer);
    this.request?.abort();
    const sentence = text.trim();
    if (sentence.length < 3) {
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
