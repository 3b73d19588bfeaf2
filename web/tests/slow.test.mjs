// Fast fingers before a slow or broken line: as many steps as were typed, no text cut, nothing waiting for ever.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Screen } from "./screen.mjs";
import { becomes, create, eventually, read, titles } from "./service.mjs";
import { open, suite } from "./suite.mjs";

const steps = (...texts) => ({ checklist: texts.map((text) => ({ text, done: false })) });
const refused = (screen, text) => screen.page.locator(".thread-refused", { hasText: text });

/** Lets `answer` answer the changes of a task. */
const onPatch = (context, task, answer) =>
  context.route(`**/api/tasks/${task.id}`, (route) =>
    route.request().method() === "PATCH" ? answer(route) : route.continue(),
  );

test("steps typed faster than they are saved are as many steps, in their order", async () => {
  const task = await create({ title: "Pack the car" });
  const { screen, context, complaints } = await open();
  await onPatch(context, task, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await screen.openDetails("Pack the car");
  const field = screen.details.getByLabel("Add a step");
  await field.focus();
  await screen.page.keyboard.type("tent\nstove\nmap\nmap\nlam", { delay: 15 });
  await becomes(task.id, steps("tent", "stove", "map", "map"));
  assert.equal(await field.inputValue(), "lam");

  await context.unroute(`**/api/tasks/${task.id}`);
  await context.setOffline(true);
  await screen.isOffline();
  await screen.page.keyboard.type("p\nrope\nknife\nfl", { delay: 15 });
  for (const text of ["lamp", "rope", "knife"]) await screen.details.getByText(text, { exact: true }).waitFor();
  assert.equal(await field.inputValue(), "fl");
  await context.setOffline(false);
  await becomes(task.id, steps("tent", "stove", "map", "map", "lamp", "rope", "knife"));
  await screen.page.keyboard.type("int\n");
  await becomes(task.id, steps("tent", "stove", "map", "map", "lamp", "rope", "knife", "flint"));
  complaints.length = 0;
});

test("a step whose answer was lost is there once, and the next ones follow by themselves", async () => {
  const task = await create({ title: "Wash the car" });
  const { screen, context, complaints } = await open();
  let lost = 0;
  await onPatch(context, task, async (route) => {
    if (lost++ > 0) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await screen.openDetails("Wash the car");
  await screen.details.getByLabel("Add a step").focus();
  await screen.page.keyboard.type("hose\nsponge\n", { delay: 15 });
  await becomes(task.id, steps("hose", "sponge"));
  await screen.details.getByText("sponge", { exact: true }).waitFor();
  assert.equal(await screen.details.getByRole("checkbox").count(), 2);
  complaints.length = 0;
});

test("steps that wait are saved after a reload, also by a page that does not show them", async () => {
  const task = await create({ title: "Sell the car" });
  const { screen, context, complaints } = await open();
  await onPatch(context, task, (route) => route.abort());
  await screen.openDetails("Sell the car");
  await screen.details.getByLabel("Add a step").focus();
  await screen.page.keyboard.type("photos\nadvert\nand a dra", { delay: 15 });
  await screen.details.getByText("advert", { exact: true }).waitFor();
  await context.unroute(`**/api/tasks/${task.id}`);
  await screen.page.goto(suite.host.url);
  await becomes(task.id, steps("photos", "advert"));
  await screen.openDetails("Sell the car");
  assert.equal(await screen.details.getByLabel("Add a step").inputValue(), "and a dra");
  complaints.length = 0;
});

test("a text that is too long stays whole, and says so", async () => {
  const task = await create({ title: "Write the speech" });
  const { screen, complaints } = await open();
  const { page, details } = screen;
  const long = "Words and words. ".repeat(300).trim();
  await screen.composer.focus();
  await page.keyboard.insertText(long);
  await page.keyboard.press("Enter");
  await screen.toast("at most 2,000").waitFor();
  assert.equal(await screen.composer.inputValue(), long);
  await page.reload();
  await screen.isLive();
  assert.equal(await screen.composer.inputValue(), long);
  await screen.composer.fill("LT short again");
  await screen.composer.press("Enter");
  await screen.appears("LT short again");

  await screen.openDetails("Write the speech");
  await details.getByLabel("Title", { exact: true }).focus();
  await page.keyboard.press("End");
  await page.keyboard.insertText(` ${long.slice(0, 600)}`);
  await page.keyboard.press("Enter");
  await details.getByText("Not saved: ").waitFor();
  assert.equal(await details.getByLabel("Title", { exact: true }).inputValue(), `Write the speech ${long.slice(0, 600)}`);
  assert.equal((await read(task.id)).title, "Write the speech");
  await details.getByLabel("Add a step").focus();
  await page.keyboard.insertText(long);
  await page.keyboard.press("Enter");
  await refused(screen, long).waitFor();
  complaints.length = 0;
});

test("a change that was not answered is saved when it can be, while the page listens", async () => {
  const task = await create({ title: "Mow the lawn" });
  const { screen, context, complaints } = await open();
  let asked = 0;
  await onPatch(context, task, (route) => (asked++ < 2 ? route.fulfill({ status: 429, body: "" }) : route.continue()));
  await screen.openDetails("Mow the lawn");
  await screen.details.getByLabel("Title", { exact: true }).fill("Mow the big lawn");
  await screen.page.keyboard.press("Escape");
  await becomes(task.id, { title: "Mow the big lawn" });
  await screen.appears("Mow the big lawn");
  complaints.length = 0;
});

test("where the browser keeps nothing, all goes on as long as the page is there", async () => {
  const { screen, context, complaints } = await open({ storage: "full" });
  await context.route("**/api/chat", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await route.continue();
  });
  await screen.composer.focus();
  await screen.page.keyboard.type("FS one\nFS two\nFS three\n", { delay: 10 });
  await screen.appears("FS three");
  assert.deepEqual(await titles("FS"), ["FS one", "FS three", "FS two"]);
  // The page asks before it takes words along that nobody else has.
  await screen.page.keyboard.type("FS four");
  const asked = screen.page.waitForEvent("dialog");
  await screen.page.close({ runBeforeUnload: true });
  assert.equal((await asked).type(), "beforeunload");
  await (await asked).dismiss();
  assert.equal(await screen.composer.inputValue(), "FS four");
  await screen.composer.press("Enter");
  await screen.appears("FS four");
  complaints.length = 0;
});

test("a browser that refuses storage is told what signing in needs", async () => {
  const { context, complaints } = await open();
  await context.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, {
        get() {
          throw new DOMException("blocked", "SecurityError");
        },
      });
    }
  });
  const page = await context.newPage();
  await page.goto(suite.host.url);
  await page.getByRole("alert").getByText("storage").waitFor();
  complaints.length = 0;
});

test("a change that the task is gone for is handed back, though its details are closed", async () => {
  const task = await create({ title: "Clean the pond" });
  const { screen, context, complaints } = await open();
  let gone = () => {};
  const removal = new Promise((resolve) => {
    gone = resolve;
  });
  await onPatch(context, task, async (route) => {
    await removal;
    await route.continue();
  });
  await screen.openDetails("Clean the pond");
  await screen.details.getByLabel("Notes").pressSequentially("With the big net");
  await screen.page.keyboard.press("Escape");
  await screen.details.waitFor({ state: "detached" });
  await suite.host.api("DELETE", `/api/tasks/${task.id}`);
  gone();
  await refused(screen, "With the big net").getByText("a task that is gone").waitFor();
  assert.equal(await refused(screen, "With the big net").count(), 1);
  complaints.length = 0;
});

test("a change that is refused because the task is done says so, and can be made when it is open again", async () => {
  const task = await create({ title: "Book the hall" });
  const { screen, complaints } = await open();
  await screen.openDetails("Book the hall");
  const notes = screen.details.getByLabel("Notes");
  await notes.pressSequentially("Seats");
  await becomes(task.id, { notes: "Seats" });
  await suite.host.api("POST", `/api/tasks/${task.id}/complete`);
  await screen.details.getByRole("button", { name: "Open again" }).waitFor();
  await notes.pressSequentially(" for 80");
  await screen.details.getByText("Not saved: The task is completed").waitFor();
  await screen.details.getByRole("button", { name: "Open again" }).click();
  await becomes(task.id, { notes: "Seats for 80" });
  await screen.details.getByText("Not saved").waitFor({ state: "detached" });
  complaints.length = 0;
});

test("typing goes on in the details of a done task while the list is read again", async () => {
  const task = await create({ title: "Fix the gate" });
  const { screen, context, complaints } = await open();
  await screen.openDetails("Fix the gate");
  const notes = screen.details.getByLabel("Notes");
  await notes.click();
  await suite.host.api("POST", `/api/tasks/${task.id}/complete`);
  await screen.details.getByRole("button", { name: "Open again" }).waitFor();
  // A slow look at the task.
  await context.route(`**/api/tasks/${task.id}`, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await route.continue();
  });
  const reading = screen.page.waitForResponse((answer) => answer.url().includes("/api/tasks?status=open"));
  await context.setOffline(true);
  await screen.isOffline();
  await context.setOffline(false);
  await reading;
  await screen.isLive();
  await screen.page.keyboard.type("New hinges, two of them", { delay: 20 });
  assert.equal(await notes.inputValue(), "New hinges, two of them");
  complaints.length = 0;
});

test("what two tabs type is kept apart, and each finds its own again", async () => {
  const task = await create({ title: "Name the cat" });
  const { screen: first, context } = await open();
  const second = await Screen.open(context, suite.host.url);
  await first.composer.pressSequentially("KA first dra", { delay: 10 });
  await second.composer.fill("");
  await second.composer.pressSequentially("KA second", { delay: 10 });
  await first.composer.pressSequentially("ft", { delay: 10 });
  await second.page.reload();
  await first.page.reload();
  for (const screen of [first, second]) await screen.isLive();
  assert.equal(await first.composer.inputValue(), "KA first draft");
  assert.equal(await second.composer.inputValue(), "KA second");
  await second.composer.press("Enter");
  await second.appears("KA second");
  await first.page.reload();
  await first.isLive();
  assert.equal(await first.composer.inputValue(), "KA first draft");

  for (const screen of [first, second]) await screen.openDetails("Name the cat");
  const title = (screen) => screen.details.getByLabel("Title", { exact: true });
  await first.composer.fill("");
  await title(first).pressSequentially(" Mia");
  await title(second).pressSequentially(" Tom");
  await title(first).press("Enter");
  await becomes(task.id, { title: "Name the cat Mia" });
  const notice = second.details.getByRole("group", { name: "Title was changed elsewhere" });
  await notice.getByText("Name the cat Mia").waitFor();
  await second.page.reload();
  await notice.getByText("Name the cat Mia").waitFor();
  assert.equal(await title(second).inputValue(), "Name the cat Tom");
  assert.deepEqual(await titles("KA"), ["KA second"]);
});

test("one can write in a task's details before they are read", async () => {
  const plain = await create({ title: "Wax the skis" });
  await create({ title: "Wax the board", notes: "Warm wax" });
  const { screen, context } = await open();
  const { details, page } = screen;
  let go = () => {};
  const held = new Promise((resolve) => {
    go = resolve;
  });
  await context.route("**/api/tasks/*", async (route) => {
    await held;
    await route.continue();
  });
  await screen.openDetails("Wax the skis");
  await details.getByLabel("Notes", { exact: true }).click();
  await page.keyboard.type("Base first", { delay: 10 });
  await details.getByLabel("Add a step").click();
  await page.keyboard.type("iron\n", { delay: 10 });
  // What has notes is read first, and letters are no commands meanwhile.
  await screen.openDetails("Wax the board");
  await details.getByLabel("Notes", { exact: true }).click();
  await page.keyboard.type("xin", { delay: 10 });
  assert.equal(await page.getByRole("dialog").count(), 0);
  go();
  await becomes(plain.id, { notes: "Base first", ...steps("iron") });
  await page.waitForFunction(() => [...document.querySelectorAll("textarea")].some(({ value }) => value.startsWith("Warm wax")));
});

test("a bell that is snoozed on a slow line is silent at once", async () => {
  const { screen, context } = await open();
  let snoozes = 0;
  let go = () => {};
  const held = new Promise((resolve) => {
    go = resolve;
  });
  await context.route("**/snooze", async (route) => {
    snoozes += 1;
    await held;
    await route.continue();
  });
  const at = new Date(Date.now() + 1_500).toISOString();
  const task = await create({ title: "Turn the roast", reminders: [{ at }] });
  await screen.bell(task.title).getByRole("button", { name: "10 min" }).click();
  await screen.bell(task.title).waitFor({ state: "detached" });
  go();
  await screen.toast("Snoozed for 10 minutes: Turn the roast").waitFor();
  assert.equal(snoozes, 1);
});

test("a deletion that is taken back without a network is taken back when there is one, once", async () => {
  await create({ title: "Keep my words", notes: "All of them" });
  const { screen, context, complaints } = await open();
  await screen.row("Keep my words").hover();
  await screen.page.getByRole("button", { name: "Delete: Keep my words" }).click();
  let tries = 0;
  await context.route("**/api/tasks", async (route) => {
    if (route.request().method() !== "POST" || tries++ > 1) return route.continue();
    // The first one arrives all the same.
    if (tries === 1) await route.fetch();
    return route.abort();
  });
  await screen.toast("Deleted: Keep my words").getByRole("button", { name: "Undo" }).click();
  await screen.appears("Keep my words");
  await eventually(async () => assert.equal(tries, 3));
  const { items } = await suite.host.api("GET", "/api/tasks?status=open&limit=200");
  const back = items.filter(({ title }) => title === "Keep my words");
  assert.equal(back.length, 1);
  assert.equal((await read(back[0].id)).notes, "All of them");
  complaints.length = 0;
});

test("letters typed into a task that goes away are no commands, and are not lost", async () => {
  const gone = await create({ title: "AA gone" });
  const stays = await create({ title: "AA stays" });
  const { screen, complaints } = await open();
  await screen.openDetails("AA gone");
  const notes = screen.details.getByLabel("Notes");
  await notes.pressSequentially("six ");
  await suite.host.api("DELETE", `/api/tasks/${gone.id}`);
  await screen.details.waitFor({ state: "detached" });
  await screen.page.keyboard.type("xz boxes", { delay: 10 });
  assert.equal(await screen.composer.inputValue(), "six xz boxes");
  assert.equal((await read(stays.id)).status, "open");
  await eventually(async () => assert.equal(await refused(screen, "six").count(), 0));
  complaints.length = 0;
});
