// Calls the HTTP API on behalf of the person who has signed in.

import type { Problem } from "./types";

/** Where tokens come from. */
export interface Tokens {
  /** One that holds for a while yet. */
  token(): Promise<string>;
  /** A new one, because `refused` was not accepted. */
  renew(refused: string): Promise<string>;
}

/** The service refused a request. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
  }

  get status(): number {
    return this.problem.status;
  }
}

/** The service could not be reached. */
export class NetworkError extends Error {
  constructor() {
    super("Nudge can't be reached just now.");
    this.name = "NetworkError";
  }
}

export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  query?: Record<string, string | undefined>;
  /** Sent as `If-Match`. */
  version?: number;
  signal?: AbortSignal;
}

/** How often a command is sent in all when the service asks to try again. */
const TRIES = 4;
const MAX_WAIT_SECONDS = 5;

export class Api {
  constructor(
    private readonly tokens: Tokens,
    private readonly send: typeof fetch = (input, init) => fetch(input, init),
    private readonly wait: (ms: number) => Promise<void> = (ms) =>
      new Promise((resolve) => setTimeout(resolve, ms)),
  ) {}

  /**
   * Sends a request and reads its JSON. A command has one idempotency key however often it is sent, so that a try whose
   * answer was lost is not done twice.
   */
  async call<T>(path: string, call: Call = {}): Promise<T> {
    const headers = new Headers({ accept: "application/json" });
    if (call.method && call.method !== "GET") headers.set("idempotency-key", crypto.randomUUID());
    if (call.version !== undefined) headers.set("if-match", `"${call.version}"`);
    if (call.body !== undefined) headers.set("content-type", "application/json");
    const url = path + queryString(call.query);
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const token = await this.tokens.token();
      headers.set("authorization", `Bearer ${token}`);
      const response = await this.attempt(url, call, headers);
      if (response.ok) return (await body(response)) as T;
      const problem = await problemOf(response);
      if (response.status === 401 && !renewed) {
        renewed = true;
        await this.tokens.renew(token);
      } else if (response.status === 503 && attempt < TRIES) {
        await this.wait(1000 * retryAfter(response));
      } else {
        throw new ApiError(problem);
      }
    }
  }

  private async attempt(url: string, call: Call, headers: Headers): Promise<Response> {
    try {
      return await this.send(url, {
        method: call.method ?? "GET",
        headers,
        body: call.body === undefined ? null : JSON.stringify(call.body),
        signal: call.signal ?? null,
      });
    } catch (error) {
      if (call.signal?.aborted) throw error;
      throw new NetworkError();
    }
  }
}

function queryString(query: Call["query"]): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) pairs.append(name, value);
  }
  const text = pairs.toString();
  return text ? `?${text}` : "";
}

async function body(response: Response): Promise<unknown> {
  return response.status === 204 ? undefined : response.json();
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = {
    type: "about:blank",
    title: "The request failed",
    detail: `Nudge answered ${response.status}.`,
    status: response.status,
  };
  try {
    return { ...fallback, ...((await response.json()) as Partial<Problem>) };
  } catch {
    return fallback;
  }
}

function retryAfter(response: Response): number {
  const seconds = Number(response.headers.get("retry-after") ?? "1");
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), MAX_WAIT_SECONDS) : 1;
}

/** What a person is told of an error. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
