// Chromium as a person has it, without anything that calls home.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with a profile of its own, which goes when it is closed. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? PLACES.find((path) => existsSync(path));
  if (!executablePath) throw new Error("there is no Chromium; install it, or name it in CHROMIUM");
  return chromium.launch({ executablePath, args: FLAGS });
}

/** In a page: nothing more can be kept on the device. */
function fillStorage() {
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = function (name, value) {
    if (this === localStorage) throw new DOMException("full", "QuotaExceededError");
    setItem.call(this, name, value);
  };
}

/**
 * A device: its own storage, which `storage: "full"` makes keep nothing. Whatever its pages complain of is collected in
 * `complaints`.
 */
export async function device(browser, { storage, ...options } = {}) {
  const context = await browser.newContext({
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    viewport: { width: 1280, height: 860 },
    ...options,
  });
  if (storage === "full") await context.addInitScript(fillStorage);
  const complaints = [];
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return { context, complaints };
}
