// What the suites in a browser begin and end with: one host, one browser, and devices that have nothing to complain of.

import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { device, launch } from "./browser.mjs";
import { Host } from "./host.mjs";
import { Screen } from "./screen.mjs";

/** The host and the browser of this suite, once its tests run. */
export const suite = { host: undefined, browser: undefined };
const devices = [];

before(async () => {
  suite.host = await Host.start();
  suite.browser = await launch();
});

after(async () => {
  await suite.browser?.close();
  await suite.host?.stop();
});

afterEach(async () => {
  const complaints = devices.flatMap((one) => one.complaints);
  for (const { context } of devices.splice(0)) await context.close();
  assert.deepEqual(complaints, []);
});

/** A new device with the screen open on it. */
export async function open(options) {
  const one = await device(suite.browser, options);
  devices.push(one);
  return { ...one, screen: await Screen.open(one.context, suite.host.url) };
}
