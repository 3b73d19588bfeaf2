// The focus stays where the person is: what they press goes away, they don't.

import assert from "node:assert/strict";
import { test } from "node:test";
import { create, eventually } from "./service.mjs";
import { open, suite } from "./suite.mjs";

const active = (screen) =>
  screen.page.evaluate(() => {
    const { activeElement, body } = document;
    if (!activeElement || activeElement === body || activeElement.closest("[inert]")) return "lost";
    return activeElement.getAttribute("aria-label") ?? activeElement.id ?? activeElement.className;
  });
const isIn = (screen, where) => eventually(async () => assert.match(await active(screen), where));
const COMPOSER = /^Add a task/;

test("an answered message or reminder gives the focus back to where it came from", async () => {
  await create({ title: "Feed the fish" });
  await create({ title: "Feed the hens" });
  const { screen } = await open();
  const { page } = screen;
  await screen.check("Feed the fish").click();
  await screen.composer.focus();
  await screen.toast("Done: Feed the fish").getByRole("button", { name: "Undo" }).focus();
  await page.keyboard.press("Enter");
  await screen.appears("Feed the fish");
  await isIn(screen, COMPOSER);

  for (const answer of ["Done", "10 min", "Dismiss"]) {
    const at = new Date(Date.now() + 1_500).toISOString();
    const task = await create({ title: `Bell for ${answer}`, reminders: [{ at }] });
    const bell = screen.bell(task.title);
    await bell.waitFor();
    assert.match(await active(screen), COMPOSER);
    await bell.getByRole("button", { name: new RegExp(`^${answer}`) }).focus();
    await page.keyboard.press("Enter");
    await bell.waitFor({ state: "detached" });
    await isIn(screen, COMPOSER);
  }

  // One that another screen answers.
  const at = new Date(Date.now() + 1_500).toISOString();
  const task = await create({ title: "Bell for others", reminders: [{ at }] });
  const bell = screen.bell(task.title);
  await bell.getByRole("button", { name: /^Done/ }).focus();
  await suite.host.api("POST", `/api/tasks/${task.id}/complete`);
  await bell.waitFor({ state: "detached" });
  await isIn(screen, COMPOSER);
});

test("what goes from the conversation or the details leaves the focus beside it", async () => {
  const task = await create({
    title: "Stock the pantry",
    checklist: [{ text: "rice" }, { text: "salt" }],
    due: { date: "2030-01-05", time: "10:00", time_zone: "Europe/Berlin" },
    reminders: [{ before_due_minutes: 10 }],
  });
  const { screen, context, complaints } = await open();
  const { page, details } = screen;
  const press = async (button) => {
    await button.focus();
    await page.keyboard.press("Enter");
  };
  await screen.say("Buy some flour");
  await press(page.locator(".reply").getByRole("button", { name: "Undo" }));
  await screen.disappears("Buy some flour");
  await isIn(screen, COMPOSER);
  await press(page.getByRole("button", { name: "Clear the conversation" }));
  await isIn(screen, COMPOSER);
  await context.route("**/api/chat", (route) => route.abort());
  await page.keyboard.type("Dropped\n");
  await press(page.getByRole("button", { name: "Drop: Dropped" }));
  await isIn(screen, COMPOSER);

  await screen.openDetails("Stock the pantry");
  await press(details.getByRole("button", { name: "Remove the step: salt" }));
  await details.getByText("salt").waitFor({ state: "detached" });
  assert.notEqual(await active(screen), "lost");
  await press(details.getByRole("button", { name: "Remove the step: rice" }));
  await details.getByText("rice").waitFor({ state: "detached" });
  await isIn(screen, /^Add a step/);
  await press(details.getByRole("button", { name: /^Remove the reminder/ }));
  await details.getByRole("button", { name: /^Remove the reminder/ }).waitFor({ state: "detached" });
  await isIn(screen, /^Add a reminder/);
  await details.getByLabel("Title", { exact: true }).focus();
  await page.keyboard.press("Enter");
  assert.notEqual(await active(screen), "lost");
  await page.keyboard.press("Escape");
  await isIn(screen, new RegExp(`task-${task.id}`));
  complaints.length = 0;
});
