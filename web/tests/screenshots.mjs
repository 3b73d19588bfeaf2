// Pictures of the screen with a household's tasks: node tests/screenshots.mjs FOLDER. The one in docs/ is desk.png.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { device, launch } from "./browser.mjs";
import { Host } from "./host.mjs";
import { Screen } from "./screen.mjs";

const folder = process.argv[2];
if (!folder) throw new Error("say where the pictures go");
await mkdir(folder, { recursive: true });

const ZONE = "Europe/Berlin";

/** A date some days from now in the zone of the pictures. */
function day(days) {
  const then = new Date(Date.now() + days * 86_400_000);
  return new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE }).format(then);
}

const due = (days, time) => ({ date: day(days), time_zone: ZONE, ...(time ? { time } : {}) });

const TASKS = [
  { title: "Return the library books", due: due(-1), labels: ["errands"], reminders: [] },
  { title: "Pay the electricity bill", due: due(0), priority: 1, reminders: [] },
  { title: "Ask Ines about the allotment", due: due(0), labels: ["garden"], reminders: [] },
  {
    title: "Water the plants",
    due: due(1, "08:00"),
    labels: ["home"],
    recurrence: { rrule: "FREQ=DAILY;INTERVAL=3" },
  },
  {
    title: "Pack for Lisbon",
    due: due(3, "18:00"),
    priority: 2,
    checklist: [{ text: "Passport", done: true }, { text: "Charger" }, { text: "Swimsuit" }],
  },
  { title: "Dentist", due: due(6, "14:30"), notes: "Bring the insurance card." },
  { title: "Pay rent", due: due(9), recurrence: { rrule: "FREQ=MONTHLY;BYMONTHDAY=1" }, priority: 2 },
  { title: "Learn three new chords", labels: ["guitar"] },
];

const host = await Host.start();
const browser = await launch();
try {
  for (const task of TASKS) await host.api("POST", "/api/tasks", task);
  const shoot = async (name, options, act) => {
    const { context } = await device(browser, options);
    const screen = await Screen.open(context, host.url);
    await screen.appears("Dentist");
    await act?.(screen);
    await screen.page.waitForTimeout(600);
    await screen.page.screenshot({ path: join(folder, `${name}.png`) });
    await context.close();
  };
  const desk = { viewport: { width: 1200, height: 900 }, deviceScaleFactor: 1 };
  const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };
  const ring = async (screen) => {
    const at = new Date(Date.now() + 3_000).toISOString();
    const fields = { title: "Call mom", due: due(0, "23:30"), reminders: [{ at }] };
    await host.api("POST", "/api/tasks", fields);
    await screen.bell("Call mom").waitFor();
  };
  const type = async (screen) => {
    await screen.composer.fill("Take out the bins every tuesday at 7am #home !2");
    await screen.page.locator(".preview").waitFor();
  };
  const detail = async (screen) => {
    await screen.openDetails("Pack for Lisbon");
    await screen.details.getByRole("button", { name: "History" }).click();
  };
  await shoot("desk", desk, async (screen) => {
    await ring(screen);
    await type(screen);
  });
  await shoot("desk-dark", { ...desk, colorScheme: "dark" }, type);
  await shoot("desk-detail", desk, detail);
  await shoot("desk-detail-dark", { ...desk, colorScheme: "dark" }, detail);
  await shoot("phone", phone, type);
  await shoot("phone-dark", { ...phone, colorScheme: "dark" });
  await shoot("phone-detail", phone, detail);
  await shoot("desk-settings", desk, (screen) =>
    screen.page.getByRole("button", { name: "Settings" }).click(),
  );
  await shoot("desk-inbox", desk, (screen) =>
    screen.page.getByRole("button", { name: /^Notifications/ }).click(),
  );
  await shoot("desk-chat", desk, async (screen) => {
    await screen.say("what's due this week?");
    await screen.say("done with the library books");
  });
} finally {
  await browser.close();
  await host.stop();
}
