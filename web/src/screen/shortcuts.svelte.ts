// Single-key shortcuts, which a person can turn off (WCAG 2.1.4): speech input may type letters by mistake.

import { browser } from "./browser";

const KEY = "nudge.shortcuts";

class Shortcuts {
  private value = $state(browser.shared.getItem(KEY) !== "off");

  get on(): boolean {
    return this.value;
  }

  set on(on: boolean) {
    this.value = on;
    browser.shared.setItem(KEY, on ? "on" : "off");
  }
}

export const shortcuts = new Shortcuts();

/** What there is, for the page that lists them. */
export const SHORTCUTS: readonly (readonly [keys: string, what: string])[] = [
  ["n  /", "Type a new task or a question"],
  ["↓  ↑", "Next or previous task"],
  ["Enter", "Open the task"],
  ["x", "Done, or open again"],
  ["Delete", "Delete the task"],
  ["z", "Undo the last change"],
  ["i", "Notifications"],
  ["Esc", "Close"],
  ["?", "Settings and shortcuts"],
];
