// The Nudge with real parts that `cargo xtask test dapr` started.

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run cargo xtask test dapr`);
  return value;
}

export const url = setting("NUDGE_URL");

/** Signs the pages of `context` in as the host's first person: the other tests have made more, so the host asks who it is. */
export async function signIn(context) {
  const page = await context.newPage();
  await page.goto(url);
  await page.getByLabel("Who are you?").selectOption("me");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("header [role=status]", { hasText: "Live" }).waitFor();
  await page.close();
}

/** Calls the API as the person who is signed in: with the token that the pages of `context` use. */
export function caller(context) {
  const token = new Promise((resolve) => {
    context.on("request", (request) => {
      const { authorization } = request.headers();
      if (authorization) resolve(authorization);
    });
  });
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: await token, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
}

/** Ends Pushpin as a power cut would. It leads a process group, and is started again by what runs the parts. */
export function killProxy() {
  process.kill(-Number(setting("NUDGE_PROXY_PID")), "SIGKILL");
}
