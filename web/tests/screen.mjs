// The screen as a test uses it: by what a person sees and reads.

/** How long something may take that needs the whole way through the functions, on a busy machine. */
export const PATIENCE = 30_000;

export class Screen {
  constructor(page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE);
  }

  /** Opens the screen in a new tab and waits until it listens. */
  static async open(context, url) {
    const screen = new Screen(await context.newPage());
    await screen.page.goto(url);
    await screen.isLive();
    return screen;
  }

  isLive(timeout = PATIENCE) {
    return this.page.locator("header [role=status]", { hasText: "Live" }).waitFor({ timeout });
  }

  /** Says that it does not listen. */
  isAway() {
    return this.page.locator("header [role=status]", { hasText: "Reconnecting" }).waitFor();
  }

  isOffline() {
    return this.page.locator("header [role=status]", { hasText: "Offline" }).waitFor();
  }

  get composer() {
    return this.page.getByRole("textbox", { name: "Add a task, or ask" });
  }

  /** Says something in the chat line and waits for the answer. */
  async say(text) {
    const replies = this.page.locator(".reply:not(.waiting)");
    const before = await replies.count();
    await this.composer.fill(text);
    await this.composer.press("Enter");
    await replies.nth(before).waitFor();
    return replies.nth(before).innerText();
  }

  /** The row of a task. */
  row(title) {
    return this.page.locator("li.row").filter({
      has: this.page.locator(".title", { hasText: new RegExp(`^${title}$`, "i") }),
    });
  }

  rowIn(group, title) {
    const section = this.page.getByRole("region", { name: new RegExp(`^${group}`) });
    return section.locator("li.row").filter({
      has: this.page.locator(".title", { hasText: new RegExp(`^${title}$`, "i") }),
    });
  }

  check(title) {
    return this.row(title).getByRole("checkbox");
  }

  async appears(title) {
    await this.row(title).waitFor();
  }

  async disappears(title) {
    await this.row(title).waitFor({ state: "detached" });
  }

  /** The text of what has the focus; nothing when it is lost. */
  focused() {
    return this.page.evaluate(() => {
      const { activeElement, body } = document;
      const isLost = !activeElement || activeElement === body || activeElement.closest("[inert]");
      return isLost ? "" : activeElement.textContent.trim();
    });
  }

  toast(text) {
    return this.page.getByRole("region", { name: "Messages" }).locator(".toast", { hasText: text });
  }

  bell(title) {
    return this.page.getByRole("region", { name: "Reminders" }).locator("article", { hasText: title });
  }

  get details() {
    // Those that are on their way out are inert.
    const open = this.page.locator(":not([inert])");
    return this.page.getByRole("complementary", { name: "Task details" }).and(open);
  }

  openDetails(title) {
    return this.row(title).locator("button.main").click();
  }
}
