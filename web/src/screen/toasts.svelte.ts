// Short messages that go away by themselves, and what they offer to take back.

import { describe } from "../api/client";

export interface Toast {
  id: number;
  text: string;
  kind: "done" | "error";
  action?: { label: string; run: () => void };
}

const STAYS = 7_000;
const ERROR_STAYS = 12_000;
const MOST = 3;

export class Toasts {
  items = $state.raw<readonly Toast[]>([]);
  private next = 0;
  private timers = new Map<number, ReturnType<typeof setTimeout>>();
  private held = false;

  done(text: string, action?: Toast["action"]): void {
    this.add({ id: this.next++, text, kind: "done", ...(action ? { action } : {}) });
  }

  error(error: unknown): void {
    this.add({ id: this.next++, text: describe(error), kind: "error" });
  }

  private add(toast: Toast): void {
    // The same trouble is told once, and stays.
    const same = this.items.find(({ kind, text }) => kind === "error" && text === toast.text);
    if (same) {
      clearTimeout(this.timers.get(same.id));
      if (!this.held) this.schedule(same);
      return;
    }
    this.items = [...this.items, toast].slice(-MOST);
    if (!this.held) this.schedule(toast);
  }

  /** While somebody points at them or has the focus in them, they stay. */
  hold(held: boolean): void {
    if (this.held === held) return;
    this.held = held;
    for (const toast of this.items) {
      clearTimeout(this.timers.get(toast.id));
      if (!held) this.schedule(toast);
    }
  }

  private schedule(toast: Toast): void {
    const stays = toast.kind === "error" ? ERROR_STAYS : STAYS;
    this.timers.set(
      toast.id,
      setTimeout(() => this.close(toast.id), stays),
    );
  }

  close(id: number): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    this.items = this.items.filter((toast) => toast.id !== id);
  }

  /** Does what the newest toast offers, as its button would. False when none offers anything. */
  runLast(): boolean {
    const toast = this.items.findLast((toast) => toast.action);
    if (!toast?.action) return false;
    this.close(toast.id);
    toast.action.run();
    return true;
  }
}
