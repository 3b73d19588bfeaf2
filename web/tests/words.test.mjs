// What a person has typed is not lost: not by Esc, a slow line, a lost answer, no network, a reload or another screen.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENCE, Screen } from "./screen.mjs";
import { becomes, create, eventually, read, titles } from "./service.mjs";
import { open, suite } from "./suite.mjs";

const waiting = (screen, text) => screen.page.locator(".thread-waiting", { hasText: text });

test("Esc, the X, and opening another task keep what was typed in the details", async () => {
  const [weld, sew] = [await create({ title: "Learn to weld" }), await create({ title: "Learn to sew" })];
  const { screen } = await open();
  const { details, page } = screen;
  await screen.openDetails("Learn to weld");
  await details.getByLabel("Notes").pressSequentially("Ask Tom");
  await page.keyboard.press("Escape");
  await details.waitFor({ state: "detached" });
  await becomes(weld.id, { notes: "Ask Tom" });

  await screen.openDetails("Learn to weld");
  await details.getByLabel("Title").fill("Learn to weld pipes");
  await page.keyboard.press("Escape");
  await becomes(weld.id, { title: "Learn to weld pipes" });

  await details.waitFor({ state: "detached" });
  await screen.openDetails("Learn to weld pipes");
  await details.getByLabel("Add a step").pressSequentially("Buy gloves");
  await page.keyboard.press("Escape");
  await becomes(weld.id, { checklist: [{ text: "Buy gloves", done: false }] });

  await details.waitFor({ state: "detached" });
  await screen.openDetails("Learn to weld pipes");
  await details.getByLabel("Labels").fill("#workshop");
  await screen.openDetails("Learn to sew");
  await becomes(weld.id, { labels: ["workshop"] });
  await details.getByLabel("Notes").fill("By hand");
  await details.getByRole("button", { name: "Close the details" }).click();
  await becomes(sew.id, { notes: "By hand" });
  assert.equal(await screen.toast("There is no such task").count(), 0);
});

test("notes are saved in a pause of the typing, without leaving them", async () => {
  const task = await create({ title: "Keep a diary" });
  const { screen } = await open();
  await screen.openDetails("Keep a diary");
  const notes = screen.details.getByLabel("Notes");
  await notes.pressSequentially("Monday: rain");
  await becomes(task.id, { notes: "Monday: rain" });
  await notes.pressSequentially(", later sun");
  await becomes(task.id, { notes: "Monday: rain, later sun" });
  assert.equal(await notes.inputValue(), "Monday: rain, later sun");
  assert.equal(await screen.details.getByText("Changed elsewhere").count(), 0);
});

test("three sentences typed faster than they are answered are three tasks", async () => {
  const { screen, context } = await open();
  const keys = [];
  await context.route("**/api/chat", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    await new Promise((resolve) => setTimeout(resolve, 800));
    await route.continue();
  });
  await screen.composer.focus();
  await screen.page.keyboard.type("RF one\nRF two\nRF three\n", { delay: 40 });
  await waiting(screen, "RF three").waitFor();
  assert.equal(await screen.composer.inputValue(), "");
  for (const title of ["RF one", "RF two", "RF three"]) await screen.appears(title);
  await waiting(screen, "RF").first().waitFor({ state: "detached" });
  assert.deepEqual(await titles("RF"), ["RF one", "RF three", "RF two"]);
  assert.equal(new Set(keys).size, 3);
  const said = await screen.page.locator(".said").allInnerTexts();
  assert.match(said.join(" "), /RF one.*RF two.*RF three/s);
});

test("a request that hangs blocks nobody, and its task is made once", async () => {
  const { screen, context, complaints } = await open();
  const keys = [];
  await context.route("**/api/chat", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    // The service did it, and its answer never comes.
    if (keys.length === 1) await route.fetch();
    else await route.continue();
  });
  await screen.composer.fill("HG one");
  await screen.composer.press("Enter");
  await screen.composer.fill("HG two");
  await screen.composer.press("Enter");
  await waiting(screen, "HG two").waitFor();
  await screen.row("HG two").waitFor({ timeout: 3 * PATIENCE });
  assert.deepEqual(await titles("HG"), ["HG one", "HG two"]);
  assert.equal(keys[0], keys[1]);
  assert.notEqual(keys[1], keys[2]);
  complaints.length = 0;
});

test("a text that is refused says why, and goes back into the field or away", async () => {
  const { screen, context, complaints } = await open();
  await context.route("**/api/chat", (route) => {
    if (!route.request().postData().includes("nonsense")) return route.continue();
    return route.fulfill({
      status: 422,
      contentType: "application/problem+json",
      body: JSON.stringify({ title: "Invalid", status: 422, detail: "That makes no sense." }),
    });
  });
  for (const text of ["nonsense one", "nonsense two", "after the nonsense is over"]) {
    await screen.composer.fill(text.replace("the nonsense", "all that"));
    await screen.composer.press("Enter");
  }
  const refused = (text) => screen.page.locator(".thread-refused", { hasText: text });
  await refused("nonsense one").getByText("That makes no sense.").waitFor();
  await screen.appears("after all that is over");
  await refused("nonsense one").getByRole("button", { name: /^Drop/ }).click();
  await refused("nonsense one").waitFor({ state: "detached" });
  await refused("nonsense two").getByRole("button", { name: /^Edit/ }).click();
  await refused("nonsense two").waitFor({ state: "detached" });
  assert.equal(await screen.composer.inputValue(), "nonsense two");
  await screen.composer.fill("more sense now");
  await screen.composer.press("Enter");
  await screen.appears("more sense now");
  complaints.length = 0;
});

test("what is written without a network is sent when it is back, and changes are saved", async () => {
  const task = await create({ title: "Paint the fence", notes: "Green" });
  const { screen, context, complaints } = await open();
  await screen.openDetails("Paint the fence");
  const { details } = screen;
  await details.getByLabel("Notes").and(screen.page.locator(":enabled")).waitFor();
  await context.setOffline(true);
  await screen.page.locator("header [role=status]", { hasText: "Offline" }).waitFor();
  await details.getByLabel("Title").fill("Paint the fence white");
  await details.getByLabel("Title").press("Enter");
  await details.getByText("Not saved yet").waitFor();
  assert.equal(await details.getByLabel("Title").inputValue(), "Paint the fence white");
  await screen.composer.focus();
  await screen.page.keyboard.type("OF one\nOF two\n");
  await waiting(screen, "OF one").waitFor();
  await waiting(screen, "OF two").waitFor();
  assert.equal(await screen.composer.inputValue(), "");
  await context.setOffline(false);
  await screen.appears("OF one");
  await screen.appears("OF two");
  assert.deepEqual(await titles("OF"), ["OF one", "OF two"]);
  await becomes(task.id, { title: "Paint the fence white" });
  await details.getByText("Not saved yet").waitFor({ state: "detached" });
  complaints.length = 0;
});

test("waiting texts and drafts are there after a reload", async () => {
  const task = await create({ title: "Write the letter" });
  const { screen, context, complaints } = await open();
  const { details, page } = screen;
  await context.route("**/api/chat", (route) => route.abort());
  await context.route(`**/api/tasks/${task.id}`, (route) =>
    route.request().method() === "PATCH" ? route.abort() : route.continue(),
  );
  await screen.composer.focus();
  await page.keyboard.type("RL one\nRL two\nnot yet ent");
  await waiting(screen, "RL two").waitFor();
  await screen.openDetails("Write the letter");
  await details.getByLabel("Title").fill("Write the long letter");
  await details.getByLabel("Add a step").fill("Find paper");
  await page.reload();
  await screen.isLive();
  await waiting(screen, "RL one").waitFor();
  await waiting(screen, "RL two").waitFor();
  assert.equal(await screen.composer.inputValue(), "not yet ent");
  await details.getByLabel("Title").waitFor();
  assert.equal(await details.getByLabel("Title").inputValue(), "Write the long letter");
  assert.equal(await details.getByLabel("Add a step").inputValue(), "Find paper");
  await context.unroute("**/api/chat");
  await context.unroute(`**/api/tasks/${task.id}`);
  await screen.appears("RL one");
  await screen.appears("RL two");
  assert.deepEqual(await titles("RL"), ["RL one", "RL two"]);
  await details.getByLabel("Add a step").press("Enter");
  await details.getByRole("button", { name: "Close the details" }).click();
  await becomes(task.id, {
    title: "Write the long letter",
    checklist: [{ text: "Find paper", done: false }],
  });
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes(" letter"))), []);
  complaints.length = 0;
});

test("a change that could not be saved is saved when the page is opened again", async () => {
  const task = await create({ title: "Mend the roof" });
  const { screen, context, complaints } = await open();
  const { details, page } = screen;
  await context.route(`**/api/tasks/${task.id}`, (route) =>
    route.request().method() === "PATCH" ? route.abort() : route.continue(),
  );
  await screen.openDetails("Mend the roof");
  await details.getByLabel("Title", { exact: true }).fill("Mend the old roof");
  await page.keyboard.press("Escape");
  await screen.toast("can't be reached").waitFor();
  await screen.appears("Mend the roof");
  await context.unroute(`**/api/tasks/${task.id}`);
  // The page listens before it learns who the person is.
  await context.route("**/api/session", async (route) => {
    if (route.request().headers().authorization) await new Promise((resolve) => setTimeout(resolve, 2_000));
    await route.continue();
  });
  await page.goto(suite.host.url);
  await screen.appears("Mend the old roof");
  assert.equal((await read(task.id)).title, "Mend the old roof");
  complaints.length = 0;
});

test("what a closed tab left waiting is sent by another, once", async () => {
  const { screen, context, complaints } = await open();
  const leaving = await Screen.open(context, suite.host.url);
  await leaving.page.route("**/api/chat", (route) => route.abort());
  await leaving.composer.focus();
  await leaving.page.keyboard.type("CL one\nCL two\n");
  await waiting(leaving, "CL two").waitFor();
  const others = [screen, await Screen.open(context, suite.host.url)];
  await leaving.page.close();
  for (const other of others) {
    await other.appears("CL one");
    await other.appears("CL two");
  }
  assert.deepEqual(await titles("CL"), ["CL one", "CL two"]);
  complaints.length = 0;
});

test("what waits outlives signing out, for the same person", async () => {
  const { screen, context, complaints } = await open();
  const { page } = screen;
  await context.route("**/api/chat", (route) => route.abort());
  await screen.composer.focus();
  await page.keyboard.type("SO one\nand a draft");
  await waiting(screen, "SO one").waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You are signed out.").waitFor();
  assert.equal(await page.getByText("SO one").count(), 0);
  await context.unroute("**/api/chat");
  await page.getByRole("button", { name: "Sign in" }).click();
  await screen.appears("SO one");
  assert.equal(await screen.composer.inputValue(), "and a draft");
  assert.deepEqual(await titles("SO"), ["SO one"]);
  complaints.length = 0;
});

test("a draft that one tab sends goes from the others, and another text stays", async () => {
  const { screen: first, context } = await open();
  await first.composer.pressSequentially("TT shared");
  const second = await Screen.open(context, suite.host.url);
  const third = await Screen.open(context, suite.host.url);
  assert.equal(await second.composer.inputValue(), "TT shared");
  await third.composer.fill("TT other");
  await second.composer.fill("TT shared");
  await second.composer.press("Enter");
  await first.appears("TT shared");
  await first.page.waitForFunction(() => document.querySelector("textarea").value === "");
  assert.equal(await third.composer.inputValue(), "TT other");
  assert.deepEqual(await titles("TT"), ["TT shared"]);
});

test("a draft and a change of the same field elsewhere: the person chooses", async () => {
  const task = await create({ title: "Repair the bike", notes: "The brake" });
  const [{ screen: here }, { screen: there }] = [await open(), await open()];
  await here.openDetails("Repair the bike");
  await there.openDetails("Repair the bike");
  const title = here.details.getByLabel("Title", { exact: true });
  const notice = here.details.getByRole("group", { name: "Title was changed elsewhere" });
  await title.pressSequentially(" soon");
  await there.details.getByLabel("Priority").selectOption("Urgent");
  await here.row("Repair the bike").getByText("Urgent").waitFor();
  assert.equal(await title.inputValue(), "Repair the bike soon");
  assert.equal(await notice.count(), 0);
  await there.details.getByLabel("Title").fill("Repair both bikes");
  await there.details.getByLabel("Title").press("Enter");
  await notice.getByText("Repair both bikes").waitFor();
  assert.equal(await title.inputValue(), "Repair the bike soon");
  // Leaving the field is no choice.
  await title.press("Enter");
  assert.equal((await read(task.id)).title, "Repair both bikes");
  await notice.getByRole("button", { name: "Keep mine" }).click();
  await becomes(task.id, { title: "Repair the bike soon" });
  await notice.waitFor({ state: "detached" });
  await there.appears("Repair the bike soon");

  const notes = here.details.getByLabel("Notes", { exact: true });
  await here.page.route(`**/api/tasks/${task.id}`, async (route) => {
    // The change from elsewhere is faster than the one from here.
    if (route.request().method() === "PATCH") await elsewhere;
    await route.continue();
  });
  let came = () => {};
  const elsewhere = new Promise((resolve) => {
    came = resolve;
  });
  await notes.fill("The brake and the bell");
  await suite.host.api("PATCH", `/api/tasks/${task.id}`, { notes: "The lamp" });
  came();
  const noteNotice = here.details.getByRole("group", { name: "Notes were changed elsewhere" });
  await noteNotice.getByText("The lamp").waitFor();
  assert.equal(await notes.inputValue(), "The brake and the bell");
  await noteNotice.getByRole("button", { name: "Use theirs" }).click();
  assert.equal(await notes.inputValue(), "The lamp");
  await noteNotice.waitFor({ state: "detached" });
  assert.equal((await read(task.id)).notes, "The lamp");
});

test("a step that is being typed stays when something else of the task changes", async () => {
  const task = await create({ title: "Plan the trip" });
  const { screen } = await open();
  await screen.openDetails("Plan the trip");
  const step = screen.details.getByLabel("Add a step");
  await step.pressSequentially("Book the tr");
  await suite.host.api("PATCH", `/api/tasks/${task.id}`, { priority: 1, checklist: [{ text: "Pack" }] });
  await screen.row("Plan the trip").getByText("Urgent").waitFor();
  await screen.details.getByText("Pack").waitFor();
  await screen.page.keyboard.type("ain\n");
  await becomes(task.id, {
    checklist: [
      { text: "Pack", done: false },
      { text: "Book the train", done: false },
    ],
  });
});

test("what was typed in a task that is deleted elsewhere can be used elsewhere", async () => {
  const task = await create({ title: "Cancel the plan" });
  const { screen, complaints } = await open();
  await screen.openDetails("Cancel the plan");
  await screen.details.getByLabel("Add a step").pressSequentially("Tell Ida first");
  await suite.host.api("DELETE", `/api/tasks/${task.id}`);
  const text = screen.page.locator(".thread-refused", { hasText: "Tell Ida first" });
  await text.getByText("a task that is gone").waitFor();
  await screen.details.waitFor({ state: "detached" });
  await text.getByRole("button", { name: /^Edit/ }).click();
  assert.equal(await screen.composer.inputValue(), "Tell Ida first");
  await text.waitFor({ state: "detached" });
  // The page looks for the task, and the browser notes that there is none.
  complaints.length = 0;
});

test("a bell that was answered on another screen stops here", async () => {
  const { screen, context } = await open();
  let tell = () => {};
  await context.routeWebSocket(/\/ws$/, (socket) => {
    socket.connectToServer();
    tell = (message) => socket.send(JSON.stringify(message));
  });
  await screen.page.reload();
  await screen.isLive();
  const at = new Date(Date.now() + 2_000).toISOString();
  for (const title of ["Answered there", "Not answered"]) await create({ title, reminders: [{ at }] });
  await screen.page.waitForFunction(() => document.title === "(2) Nudge");
  const { items } = await suite.host.api("GET", "/api/notifications");
  const { id } = items.find(({ title }) => title === "Answered there");
  await suite.host.api("POST", `/api/notifications/${id}/read`);
  tell({ type: "notifications_read", ids: [id] });
  await screen.bell("Answered there").waitFor({ state: "detached" });
  await screen.bell("Not answered").waitFor();
  await screen.page.waitForFunction(() => document.title === "(1) Nudge");
  await screen.bell("Not answered").getByRole("button", { name: /^Done/ }).click();
  await screen.page.waitForFunction(() => document.title === "Nudge");
});

test("the bell of a task that is done stops on every screen, and rings nowhere again", async () => {
  const [{ screen: here, complaints }, { screen: there }] = [await open(), await open()];
  const at = new Date(Date.now() + 2_000).toISOString();
  for (const title of ["Ring by list", "Ring elsewhere", "Ring and go"]) {
    await create({ title, reminders: [{ at }] });
  }
  const bells = (screen) => screen.page.waitForFunction(() => document.title === "(3) Nudge");
  await bells(here);
  await bells(there);
  await here.check("Ring by list").click();
  const { items } = await suite.host.api("GET", "/api/tasks?status=open&limit=200");
  const id = (title) => items.find((task) => task.title === title).id;
  await suite.host.api("POST", `/api/tasks/${id("Ring elsewhere")}/complete`);
  await suite.host.api("DELETE", `/api/tasks/${id("Ring and go")}`);
  for (const screen of [here, there]) {
    await screen.page.getByRole("region", { name: "Reminders" }).locator("article").waitFor({ state: "detached" });
    await screen.page.waitForFunction(() => document.title === "Nudge");
  }
  await eventually(async () => {
    const { items } = await suite.host.api("GET", "/api/notifications");
    assert.equal(items.find(({ title }) => title === "Ring by list").read, true);
  });
  await here.page.reload();
  await here.isLive();
  await here.page.getByRole("button", { name: /^Notifications/ }).click();
  await here.page.getByRole("dialog", { name: "Notifications" }).getByText("Ring by list").waitFor();
  assert.equal(await here.page.getByRole("region", { name: "Reminders" }).locator("article").count(), 0);
  // The page may look for the task that is gone, and the browser notes that there is none.
  complaints.length = 0;
});
