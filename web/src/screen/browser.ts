// The real browser, as the session needs it.

import { type DeviceStorage, overflowing } from "../device/kept";
import type { Pages } from "../drafts/drafts";
import type { Browser } from "../session/session";

/** The browser's storage; browsers can be told to refuse it. */
function stored(name: "localStorage" | "sessionStorage"): DeviceStorage | undefined {
  try {
    return window[name];
  } catch {
    return undefined;
  }
}

/** Where drafts and waiting texts are kept. */
export const deviceStorage = stored("localStorage");
const tabStorage = stored("sessionStorage");

/** Why one can't sign in with this browser; `undefined`: one can. */
export function obstacle(): string | undefined {
  // Browsers give what signing in needs to HTTPS and to this machine only.
  if (!window.isSecureContext || !("locks" in navigator) || !("subtle" in crypto)) {
    return "Signing in needs https, or an address on this machine such as localhost.";
  }
  if (!deviceStorage || !tabStorage) {
    return "Signing in needs the browser's storage, and this browser is told to refuse it to Nudge.";
  }
  return undefined;
}

const NOTHING: DeviceStorage = {
  length: 0,
  key: () => null,
  getItem: () => null,
  setItem: () => {},
  removeItem: () => {},
};

export const browser: Browser = {
  fetch: (input, init) => fetch(input, init),
  shared: overflowing(deviceStorage ?? NOTHING),
  own: overflowing(tabStorage ?? NOTHING),
  exclusively: (work) => navigator.locks.request("nudge.session", work),
  now: Date.now,
  location,
  replaceAddress: (url) => history.replaceState(null, "", url),
  setTimeout: (work, ms) => window.setTimeout(work, ms),
  clearTimeout: (timer) => window.clearTimeout(timer),
};

/** Waits for what one page can have at a time, and has it until it is given back or this page ends. */
export function claim(name: string, then: () => void): () => void {
  const waiting = new AbortController();
  let giveBack = () => {
    waiting.abort();
  };
  navigator.locks
    .request(name, { signal: waiting.signal }, () => {
      const held = new Promise<void>((resolve) => {
        giveBack = resolve;
      });
      then();
      return held;
    })
    .catch((error: unknown) => {
      if (!waiting.signal.aborted) console.warn(error);
    });
  return () => giveBack();
}

const OPEN = "nudge.open/";

/** Says that this page is open, until that is taken back or the page ends. */
export const isOpen = (page: string) => claim(OPEN + page, () => {});

const PAGE = "nudge.page";

/** This page and those that are open beside it. */
export function pages(own: string): Pages {
  const before = browser.own.getItem(PAGE) ?? undefined;
  browser.own.setItem(PAGE, own);
  return {
    own,
    before,
    withOpen: (work) =>
      navigator.locks.request("nudge.drafts", async () => {
        const { held = [] } = await navigator.locks.query();
        const names = held.map(({ name = "" }) => name).filter((name) => name.startsWith(OPEN));
        work(new Set(names.map((name) => name.slice(OPEN.length))));
      }),
  };
}

/** Whether a key belongs to the making of a character. Some browsers tell it only by the code of the key that ends it. */
export const isComposing = (event: KeyboardEvent) => event.isComposing || event.keyCode === 229;
