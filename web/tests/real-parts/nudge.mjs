// The Nudge with real parts that `cargo xtask test dapr` started.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run cargo xtask test dapr`);
  return value;
}

export const url = setting("NUDGE_URL");

/** Calls the API as the one person whom the host signs in without a form. */
export async function api(method, path, body) {
  const token = ["token", "--user", "me", "--data", setting("NUDGE_DATA")];
  const { stdout } = await promisify(execFile)(setting("NUDGE_BINARY"), token);
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${stdout.trim()}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}

/** Ends Pushpin as a power cut would. It leads a process group, and is started again by what runs the parts. */
export function killProxy() {
  process.kill(-Number(setting("NUDGE_PROXY_PID")), "SIGKILL");
}
