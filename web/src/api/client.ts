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
  constructor(
    readonly problem: Problem,
    /** So many seconds the service asks to wait before the next try. */
    readonly retryAfter?: number,
  ) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
  }

  get status(): number {
    return this.problem.status;
  }
}

/** Whether an answer with this status may be another one later. */
export function mayPass(status: number): boolean {
  return status === 401 || status === 408 || status === 429 || status >= 500;
}

/** The service could not be reached. */
export class NetworkError extends Error {
  constructor(message = "Nudge can't be reached just now.") {
    super(message);
    this.name = "NetworkError";
  }
}

/** No answer came in time. */
export class TimeoutError extends NetworkError {
  constructor() {
    super("Nudge does not answer just now.");
    this.name = "TimeoutError";
  }
}

export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  query?: Record<string, string | undefined>;
  /** Sent as `If-Match`. */
  version?: number;
  /** Sent as `Idempotency-Key` in place of a new one. */
  key?: string;
  /** How often it is sent in all when the service asks to try again. */
  tries?: number;
  signal?: AbortSignal;
}

/** How often a command is sent in all when the service asks to try again. */
const TRIES = 4;
const MAX_WAIT_SECONDS = 5;
/** How long an answer may take. */
export const ANSWER_LIMIT = 20_000;

export class Api {
  constructor(
    private readonly tokens: Tokens,
    private readonly send: typeof fetch = (input, init) => fetch(input, init),
    private readonly wait: (ms: number) => Promise<void> = (ms) =>
      new Promise((resolve) => setTimeout(resolve, ms)),
    private readonly limit = ANSWER_LIMIT,
  ) {}

  /**
   * Sends a request and reads its JSON. A command has one idempotency key however often it is sent, so that a try whose
   * answer was lost is not done twice.
   */
  async call<T>(path: string, call: Call = {}): Promise<T> {
    const headers = new Headers({ accept: "application/json" });
    if (call.method && call.method !== "GET") {
      headers.set("idempotency-key", call.key ?? crypto.randomUUID());
    }
    if (call.version !== undefined) headers.set("if-match", `"${call.version}"`);
    if (call.body !== undefined) headers.set("content-type", "application/json");
    const url = path + queryString(call.query);
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const token = await this.tokens.token();
      headers.set("authorization", `Bearer ${token}`);
      const { response, value, problem } = await this.attempt(url, call, headers);
      if (!problem) return value as T;
      if (response.status === 401 && !renewed) {
        renewed = true;
        await this.tokens.renew(token);
      } else if (response.status === 503 && attempt < (call.tries ?? TRIES)) {
        await this.wait(1000 * Math.min(retryAfter(response) ?? 1, MAX_WAIT_SECONDS));
      } else {
        throw new ApiError(problem, retryAfter(response));
      }
    }
  }

  /** One request and its whole answer, within the limit. */
  private async attempt(url: string, call: Call, headers: Headers): Promise<Answered> {
    const late = AbortSignal.timeout(this.limit);
    const request = {
      method: call.method ?? "GET",
      headers,
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: call.signal ? AbortSignal.any([call.signal, late]) : late,
    };
    try {
      const response = await this.send(url, request);
      if (!response.ok) return { response, value: undefined, problem: await problemOf(response) };
      return { response, value: await body(response), problem: undefined };
    } catch (error) {
      if (call.signal?.aborted) throw error;
      throw late.aborted ? new TimeoutError() : new NetworkError();
    }
  }
}

interface Answered {
  response: Response;
  value: unknown;
  problem: Problem | undefined;
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

/** Seconds; the header may also name a date, which is not used here. */
function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") || Number.NaN);
  return Number.isFinite(seconds) ? Math.max(seconds, 0) : undefined;
}

/** What a person is told of an error. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
