// The real browser, as the session needs it.

import type { Browser } from "../session/session";

/** Whether the page may use what signing in needs: browsers give it to HTTPS and to this machine only. */
export function isCapable(): boolean {
  return window.isSecureContext && "locks" in navigator && "subtle" in crypto;
}

export const browser: Browser = {
  fetch: (input, init) => fetch(input, init),
  shared: localStorage,
  own: sessionStorage,
  exclusively: (work) => navigator.locks.request("nudge.session", work),
  now: Date.now,
  location,
  replaceAddress: (url) => history.replaceState(null, "", url),
  setTimeout: (work, ms) => window.setTimeout(work, ms),
  clearTimeout: (timer) => window.clearTimeout(timer),
};
