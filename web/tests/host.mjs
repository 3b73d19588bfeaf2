// A Nudge of its own for a test: the real host with the real components, a free port, a temporary data folder.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.NUDGE_BINARY ?? join(ROOT, "target/debug/nudge");
/** The first start compiles the components. */
const START_LIMIT = 300_000;

export class Host {
  #process;
  #data;
  url = "";

  /** `people`: names and passphrases, instead of the one person who needs none. */
  static async start(people = {}) {
    const host = new Host();
    host.#data = await mkdtemp(join(tmpdir(), "nudge-browser-"));
    for (const [name, passphrase] of Object.entries(people)) await host.#add(name, passphrase);
    await host.#run(0);
    return host;
  }

  /** Ends it as a power cut would, and starts it again on the same port and data. */
  async restart() {
    const { port } = new URL(this.url);
    await this.#end("SIGKILL");
    await this.#run(Number(port));
  }

  async stop() {
    await this.#end("SIGTERM");
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Calls the API as the one person there is. */
  async api(method, path, body) {
    const run = promisify(execFile);
    const { stdout } = await run(BINARY, ["token", "--data", this.#data], { cwd: ROOT });
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${stdout.trim()}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  }

  #add(name, passphrase) {
    const child = spawn(BINARY, ["person", name, "--data", this.#data], { cwd: ROOT, stdio: ["pipe", "ignore", "ignore"] });
    child.stdin.end(`${passphrase}\n`);
    return new Promise((resolve, reject) => {
      child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`nudge person: ${code}`))));
    });
  }

  async #run(port) {
    const args = ["run", "--port", String(port), "--data", this.#data];
    const child = spawn(BINARY, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    this.#process = child;
    this.url = await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the host does not start")), START_LIMIT);
      let said = "";
      child.stdout.on("data", (chunk) => {
        said += chunk;
        const match = /Nudge is at (http:\/\/\S+)/.exec(said);
        if (match) {
          clearTimeout(timer);
          resolve(match[1]);
        }
      });
      child.once("exit", (code) => {
        clearTimeout(timer);
        reject(new Error(`the host ended with ${code}`));
      });
    });
  }

  async #end(signal) {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}
