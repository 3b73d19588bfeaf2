// The screen in a real browser, before real Pushpin, daprd and Kafka.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { device, launch } from "../browser.mjs";
import { PATIENCE, Screen } from "../screen.mjs";
import { caller, killProxy, signIn, url } from "./nudge.mjs";

let browser;

before(async () => {
  browser = await launch();
});

after(async () => {
  await browser?.close();
});

// Seen to fail with a screen that did not read the list again after a reconnection, and with one that stayed away.
test("two tabs find what they missed while the proxy was dead, and hear each other again", async () => {
  const { context, complaints } = await device(browser);
  await signIn(context);
  const api = caller(context);
  const tabs = [await Screen.open(context, url), await Screen.open(context, url)];
  const before = await api("POST", "/api/tasks", { title: "Before the fall" });
  for (const tab of tabs) await tab.appears("Before the fall");

  killProxy();
  for (const tab of tabs) await tab.isAway();
  await api("POST", "/api/tasks", { title: "During the fall" });
  await api("POST", `/api/tasks/${before.id}/complete`);
  for (const tab of tabs) {
    await tab.isLive(2 * PATIENCE);
    await tab.appears("During the fall");
    await tab.disappears("Before the fall");
  }

  const [here, there] = tabs;
  await here.check("During the fall").click();
  await there.disappears("During the fall");
  // The browser itself notes each try to connect; pages complain of nothing else.
  const others = complaints.filter((text) => !text.includes("WebSocket connection to"));
  assert.deepEqual(others, []);
  await context.close();
});
