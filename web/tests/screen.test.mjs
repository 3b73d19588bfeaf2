// The screen in a real browser, before the real host: what a person does and sees.

import assert from "node:assert/strict";
import { test } from "node:test";
import { device } from "./browser.mjs";
import { Host } from "./host.mjs";
import { PATIENCE, Screen } from "./screen.mjs";
import { open, suite } from "./suite.mjs";

test("one person on their own machine is signed in without a form, in every tab", async () => {
  const { context, screen } = await open();
  const url = new URL(screen.page.url());
  assert.equal(url.pathname + url.search, "/");
  const tabs = await Promise.all([1, 2, 3].map(() => Screen.open(context, suite.host.url)));
  // All at once: each takes its turn on the one refresh token.
  await Promise.all(tabs.map((tab) => tab.page.reload()));
  await Promise.all(tabs.map((tab) => tab.isLive()));
});

test("what is said here appears there, without a reload", async () => {
  const [{ screen: here }, { screen: there }] = [await open(), await open()];
  const reply = await here.say("buy oat milk tomorrow at 9am #shop");
  assert.match(reply, /oat milk/i);
  await here.appears("buy oat milk");
  await there.appears("buy oat milk");
  const row = there.row("buy oat milk");
  assert.match(await row.innerText(), /Tomorrow 09:00/);
  assert.match(await row.innerText(), /#shop/);
});

test("a sentence is understood while it is typed", async () => {
  const { screen } = await open();
  await screen.composer.pressSequentially("water the ferns every 3 days at 8am");
  const preview = screen.page.locator(".preview");
  await preview.getByText("Every 3 days").waitFor();
  await preview.getByText("08:00").waitFor();
  const marks = screen.page.locator(".marks mark");
  await marks.first().waitFor();
  assert.match((await marks.allInnerTexts()).join(" "), /every 3 days/);
});

test("done, and undone, on both screens", async () => {
  await suite.host.api("POST", "/api/tasks", { title: "Sharpen the axe" });
  const [{ screen: here }, { screen: there }] = [await open(), await open()];
  await here.check("Sharpen the axe").click();
  await here.disappears("Sharpen the axe");
  await there.disappears("Sharpen the axe");
  await here.toast("Done: Sharpen the axe").getByRole("button", { name: "Undo" }).click();
  await here.appears("Sharpen the axe");
  await there.appears("Sharpen the axe");
  await there.check("Sharpen the axe").click();
  await there.disappears("Sharpen the axe");
  await there.page.getByRole("button", { name: "Done", exact: true }).click();
  await there.appears("Sharpen the axe");
  assert.equal(await there.check("Sharpen the axe").isChecked(), true);
});

test("deleted, and brought back with all it had", async () => {
  const due = { date: "2031-05-06", time: "07:30", time_zone: "Europe/Berlin" };
  const recurrence = { rrule: "FREQ=WEEKLY" };
  const fields = { title: "Feed the owl", notes: "At night.", labels: ["zoo"], priority: 2, due, recurrence };
  await suite.host.api("POST", "/api/tasks", fields);
  const { screen } = await open();
  await screen.openDetails("Feed the owl");
  await screen.details.getByRole("button", { name: "Delete the task" }).click();
  await screen.disappears("Feed the owl");
  await screen.toast("Deleted: Feed the owl").getByRole("button", { name: "Undo" }).click();
  await screen.appears("Feed the owl");
  const { items } = await suite.host.api("GET", "/api/tasks?label=zoo");
  assert.equal(items.length, 1);
  const task = await suite.host.api("GET", `/api/tasks/${items[0].id}`);
  assert.equal(task.notes, "At night.");
  assert.equal(task.priority, 2);
  assert.deepEqual(task.due, due);
  assert.match(task.recurrence.rrule, /WEEKLY/);
});

test("details are changed here, seen there, and told by the history", async () => {
  await suite.host.api("POST", "/api/tasks", { title: "Paint the shed" });
  const [{ screen: here }, { screen: there }] = [await open(), await open()];
  await here.openDetails("Paint the shed");
  const { details } = here;
  await details.getByLabel("Title").fill("Paint the shed blue");
  await details.getByLabel("Title").press("Enter");
  await there.appears("Paint the shed blue");
  await details.getByLabel("Due", { exact: true }).fill("2031-06-01");
  await there.row("Paint the shed blue").getByText("1 Jun 2031").waitFor();
  await details.getByLabel("Time", { exact: true }).fill("15:00");
  await there.row("Paint the shed blue").getByText("15:00").waitFor();
  await details.getByLabel("Repeats").selectOption("Every month");
  await there.row("Paint the shed blue").getByText("Every month").waitFor();
  await details.getByLabel("Priority").selectOption("Urgent");
  await there.row("Paint the shed blue").getByText("Urgent").waitFor();
  await details.getByLabel("Labels").fill("#garden #summer");
  await details.getByLabel("Labels").press("Enter");
  await there.row("Paint the shed blue").getByText("#garden").waitFor();
  await details.getByLabel("Add a step").fill("Buy paint");
  await details.getByLabel("Add a step").press("Enter");
  await there.row("Paint the shed blue").getByText("0 of 1").waitFor();
  await details.getByLabel("Notes").fill("Two coats.");
  await details.getByRole("button", { name: "History" }).click();
  await details.getByText("Changed: title").waitFor();
  await details.getByText("Created", { exact: true }).waitFor();
  // Each of these a person can take back in the same place.
  await details.getByRole("button", { name: "Remove the step: Buy paint" }).click();
  await details.getByLabel("Due", { exact: true }).fill("");
  await there.rowIn("No date", "Paint the shed blue").waitFor();
  assert.equal(await details.getByLabel("Notes").inputValue(), "Two coats.");
});

test("a refused change falls back to what it was, and says why", async () => {
  await suite.host.api("POST", "/api/tasks", { title: "Stay as you are" });
  const { screen, context, complaints } = await open();
  await context.route("**/api/tasks/*/complete", (route) =>
    route.fulfill({
      status: 409,
      contentType: "application/problem+json",
      body: JSON.stringify({ title: "Conflict", status: 409, detail: "Not today." }),
    }),
  );
  await screen.check("Stay as you are").click();
  await screen.toast("Not today.").waitFor();
  await screen.appears("Stay as you are");
  assert.equal(await screen.check("Stay as you are").isChecked(), false);
  // The browser itself notes the refused request.
  complaints.length = 0;
});

test("a reminder rings on time, the task turns overdue by itself, and it can be snoozed", async () => {
  const { screen } = await open();
  // Due at the next full minute, with some seconds to see it before; the reminder rings a little earlier.
  const minute = Math.ceil((Date.now() + 8_000) / 60_000) * 60_000;
  const [date, time] = new Date(minute).toISOString().split("T");
  const due = { date, time: time.slice(0, 5), time_zone: "UTC" };
  const at = new Date(Date.now() + 4_000).toISOString();
  await suite.host.api("POST", "/api/tasks", { title: "Stretch", due, reminders: [{ at }] });
  await screen.rowIn("Today|Upcoming", "Stretch").waitFor();
  const bell = screen.bell("Stretch");
  await bell.waitFor();
  assert.match(await screen.page.title(), /^\(1\)/);
  await screen.rowIn("Overdue", "Stretch").waitFor({ timeout: minute - Date.now() + PATIENCE });
  await bell.getByRole("button", { name: /10 min/ }).click();
  await bell.waitFor({ state: "detached" });
  await screen.toast("Snoozed for 10 minutes").waitFor();
  const { items } = await suite.host.api("GET", "/api/reminders");
  const reminder = items.find((item) => item.title === "Stretch");
  assert.equal(reminder.state, "snoozed");
  assert.ok(Date.parse(reminder.at) > Date.now() + 8 * 60_000);
  await screen.page.getByRole("button", { name: /^Notifications/ }).click();
  await screen.page.getByRole("dialog", { name: "Notifications" }).getByText("Stretch").waitFor();
});

test("a reminder is answered with done, on every screen", async () => {
  const [{ screen: here }, { screen: there }] = [await open(), await open()];
  const at = new Date(Date.now() + 3_000).toISOString();
  await suite.host.api("POST", "/api/tasks", { title: "Drink water", reminders: [{ at }] });
  await there.bell("Drink water").waitFor();
  await here.bell("Drink water").getByRole("button", { name: "Done" }).click();
  await here.disappears("Drink water");
  await there.bell("Drink water").waitFor({ state: "detached" });
  await there.disappears("Drink water");
});

test("offline is said, and what was missed is there when the network is back", async () => {
  const { screen, context, complaints } = await open();
  await context.setOffline(true);
  await screen.page.locator("header [role=status]", { hasText: "Offline" }).waitFor();
  await suite.host.api("POST", "/api/tasks", { title: "Missed one" });
  await suite.host.api("POST", "/api/tasks", { title: "Missed two" });
  await context.setOffline(false);
  await screen.isLive();
  await screen.appears("Missed one");
  await screen.appears("Missed two");
  complaints.length = 0;
});

test("a host that dies and comes back is found again", async () => {
  const { screen, complaints } = await open();
  await suite.host.restart();
  await screen.page.locator("header [role=status]", { hasText: "Live" }).waitFor({ timeout: 2 * PATIENCE });
  await suite.host.api("POST", "/api/tasks", { title: "After the fall" });
  await screen.appears("After the fall");
  // The browser notes each try to connect.
  complaints.length = 0;
});

test("everything by keyboard", async () => {
  const { screen } = await open();
  const { keyboard } = screen.page;
  const focused = () => screen.focused();
  await keyboard.press("n");
  await keyboard.type("tune the piano");
  await keyboard.press("Enter");
  await screen.appears("tune the piano");
  await keyboard.press("Escape");
  await keyboard.press("Escape");
  // Down the list to the task.
  const row = screen.row("tune the piano").locator("button.main");
  await screen.page.locator("[data-row]").first().focus();
  for (let i = 0; i < 50 && !/tune the piano/i.test(await focused()); i++) {
    await keyboard.press("ArrowDown");
  }
  assert.match(await focused(), /tune the piano/i);
  await keyboard.press("Enter");
  await screen.details.getByLabel("Title").waitFor();
  await keyboard.press("Escape");
  await screen.details.waitFor({ state: "detached" });
  assert.match(await focused(), /tune the piano/i);
  await keyboard.press("x");
  await screen.disappears("tune the piano");
  await screen.toast("Done:").waitFor();
  await keyboard.press("z");
  await screen.appears("tune the piano");
  await row.focus();
  await keyboard.press("Delete");
  await screen.disappears("tune the piano");
  assert.notEqual(await focused(), "");
});

test("the focus stays in the list when a row goes, whatever takes it", async () => {
  for (const title of ["one", "two", "three", "four", "five", "six"]) {
    await suite.host.api("POST", "/api/tasks", { title: `Linger ${title}`, due: { date: "2032-01-01", time_zone: "UTC" } });
  }
  const { screen } = await open();
  const { keyboard } = screen.page;
  await screen.appears("Linger six");
  const rows = screen.page.locator("li.row:not([inert]) [data-row]", { hasText: "Linger" });
  const titles = (await rows.locator(".title").allInnerTexts()).map((title) => title.trim());
  assert.equal(titles.length, 6);
  const isOn = async (title) => {
    await screen.disappears(titles.shift());
    assert.match(await screen.focused(), new RegExp(`^${title}`));
  };
  await rows.first().focus();
  await keyboard.press("x");
  await isOn(titles[1]);
  await keyboard.press("Delete");
  await isOn(titles[1]);
  await screen.check(titles[0]).focus();
  await keyboard.press("Space");
  await isOn(titles[1]);
  await keyboard.press("Enter");
  await screen.details.getByLabel("Title").waitFor();
  await screen.details.getByRole("button", { name: "Delete the task" }).focus();
  await keyboard.press("Enter");
  await isOn(titles[1]);
  const { items } = await suite.host.api("GET", "/api/tasks?status=open&limit=200");
  await suite.host.api("DELETE", `/api/tasks/${items.find(({ title }) => title === titles[0]).id}`);
  await isOn(titles[1]);
  await keyboard.press("ArrowUp");
  assert.notEqual(await screen.focused(), "");
});

test("settings are kept, and times follow the zone", async () => {
  const due = { date: "2031-02-03", time: "12:00", time_zone: "Europe/Berlin" };
  await suite.host.api("POST", "/api/tasks", { title: "Call Tokyo", due });
  const { screen } = await open();
  const dialog = screen.page.getByRole("dialog", { name: "Settings" });
  const save = async (zone) => {
    await screen.page.getByRole("button", { name: "Settings" }).click();
    await dialog.getByLabel("Time zone").fill(zone);
    await dialog.getByRole("button", { name: "Save" }).click();
  };
  await screen.row("Call Tokyo").getByText("12:00").waitFor();
  await save("Asia/Tokyo");
  await screen.row("Call Tokyo").getByText("20:00").waitFor();
  const preferences = await suite.host.api("GET", "/api/preferences");
  assert.equal(preferences.time_zone, "Asia/Tokyo");
  await save("Europe/Nowhere");
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Time zone").fill("Europe/Berlin");
  await dialog.getByRole("button", { name: "Save" }).click();
  await screen.row("Call Tokyo").getByText("12:00").waitFor();
});

/** A page before a service whose e-mail is in this state, and what the page sends to it. */
async function openWithEmail(email, answers) {
  const { screen, context, complaints } = await open();
  const sent = [];
  await context.route("**/api/preferences**", (route) => {
    const request = route.request();
    const path = new URL(request.url()).pathname.replace("/api/preferences", "");
    if (request.method() !== "GET") sent.push([request.method(), path, request.postDataJSON()]);
    const preferences = { time_zone: "Europe/Berlin", quiet_hours: null, email };
    const { status = 200, json = preferences, headers = {} } = answers?.(path, request.postDataJSON()) ?? {};
    return route.fulfill({ status, headers, json: status === 204 ? undefined : json });
  });
  await screen.page.reload();
  await screen.isLive();
  await screen.page.getByRole("button", { name: "Settings" }).click();
  return { screen, dialog: screen.page.getByRole("dialog", { name: "Settings" }), sent, complaints };
}

test("e-mail is not offered where none can be sent", async () => {
  const email = { enabled: false, address: "me@example.org", available: false };
  const { screen, dialog, sent } = await openWithEmail(email);
  await dialog.getByText("This Nudge can't send e-mail.").waitFor();
  assert.equal(await dialog.getByLabel("Also send reminders by e-mail").isDisabled(), true);
  assert.equal(await dialog.getByLabel("E-mail address").isDisabled(), true);
  await dialog.getByRole("button", { name: "Save" }).click();
  await screen.toast("Settings saved").waitFor();
  assert.deepEqual(sent[0][2].email, { enabled: false, address: "me@example.org" });
});

test("an e-mail address is confirmed by the code that was sent to it", async () => {
  const email = { enabled: true, address: "me@example.org", confirmed: false };
  let codes = 0;
  const { screen, dialog, sent, complaints } = await openWithEmail(email, (path, body) => {
    const preferences = (fields) => ({ time_zone: null, quiet_hours: null, email: { ...email, ...fields } });
    if (path === "/email/code") {
      return codes++ === 0 ? { status: 204 } : { status: 429, json: {}, headers: { "retry-after": "90" } };
    }
    if (path !== "/email/confirm") return undefined;
    if (body.code === "123456") return { json: preferences({ confirmed: true }) };
    return { status: 422, json: { title: "Wrong", status: 422, detail: "That is not the code." } };
  });
  await dialog.getByText("A code was sent to me@example.org.").waitFor();
  const code = dialog.getByLabel("Code from the e-mail");
  await code.fill("000000");
  await dialog.getByRole("button", { name: "Confirm" }).click();
  await dialog.getByText("That is not the code.").waitFor();
  await dialog.getByRole("button", { name: "Send a new code" }).click();
  await dialog.getByText("A new code was sent.").waitFor();
  await dialog.getByRole("button", { name: "Send a new code" }).click();
  await dialog.getByText("A new code can be sent in 2 minutes.").waitFor();
  await code.fill(" 123456 ");
  await code.press("Enter");
  await code.waitFor({ state: "detached" });
  await screen.toast("E-mail address confirmed").waitFor();
  assert.deepEqual(sent.map(([method, path]) => `${method} ${path}`), [
    "POST /email/confirm",
    "POST /email/code",
    "POST /email/code",
    "POST /email/confirm",
  ]);
  assert.deepEqual(sent.at(-1)[2], { code: "123456" });
  complaints.length = 0;
});

test("signing out in one tab ends the others, and one can come back", async () => {
  const { context, screen } = await open();
  const other = await Screen.open(context, suite.host.url);
  await screen.page.getByRole("button", { name: "Settings" }).click();
  await screen.page.getByRole("button", { name: "Sign out" }).click();
  await screen.page.getByText("You are signed out.").waitFor();
  await other.page.getByText("You are signed out.").waitFor();
  await other.page.getByRole("button", { name: "Sign in" }).click();
  await other.isLive();
});

// Seen to fail: the page had the browser send its form with the origin "null", and nobody got in by it.
test("people who have passphrases sign in by the form, and sign out", async () => {
  const family = await Host.start({ mia: "correct horse", tom: "battery staple" });
  const { context } = await device(suite.browser);
  const page = await context.newPage();
  await page.goto(family.url);
  await page.getByLabel("Who are you?").selectOption("tom");
  await page.getByLabel("Passphrase").fill("correct horse");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("That did not match. Try again.").waitFor();
  await page.getByLabel("Who are you?").selectOption("tom");
  await page.getByLabel("Passphrase").fill("battery staple");
  await page.getByRole("button", { name: "Sign in" }).click();
  const screen = new Screen(page);
  await screen.isLive();
  const refreshToken = await page.evaluate(() => localStorage.getItem("nudge.refresh-token"));
  await page.getByRole("button", { name: "Settings" }).click();
  const revoked = page.waitForResponse((response) => response.url().endsWith("/sign-in/revoke"));
  await page.getByRole("button", { name: "Sign out" }).click();
  assert.equal((await revoked).status(), 200);
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
  const again = await fetch(`${family.url}/sign-in/token`, { method: "POST", body });
  assert.equal(again.status, 400);
  await context.close();
  await family.stop();
});
