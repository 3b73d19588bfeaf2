import { describe as group, expect, test } from "vitest";
import { Api, ApiError, NetworkError, TimeoutError } from "./client";

interface Sent {
  url: string;
  headers: Headers;
}

/** An API whose answers are given one after the other. */
function scripted(...answers: (Response | Error)[]) {
  const sent: Sent[] = [];
  const renewed: string[] = [];
  const waits: number[] = [];
  let token = "old";
  const api = new Api(
    {
      token: async () => token,
      renew: async (refused) => {
        renewed.push(refused);
        token = "new";
        return token;
      },
    },
    async (url, init) => {
      sent.push({ url: String(url), headers: new Headers(init?.headers) });
      const answer = answers.shift();
      if (!answer || answer instanceof Error) throw answer ?? new Error("no answer is left");
      return answer;
    },
    async (ms) => {
      waits.push(ms);
    },
  );
  return { api, sent, renewed, waits };
}

const json = (status: number, value: unknown, headers: HeadersInit = {}) =>
  new Response(JSON.stringify(value), { status, headers });

group("a call", () => {
  test("brings the token and reads the answer", async () => {
    const { api, sent } = scripted(json(200, { items: [] }));
    const query = { status: "open", cursor: undefined };
    expect(await api.call("/api/tasks", { query })).toEqual({ items: [] });
    expect(sent[0]?.url).toBe("/api/tasks?status=open");
    expect(sent[0]?.headers.get("authorization")).toBe("Bearer old");
    expect(sent[0]?.headers.get("idempotency-key")).toBeNull();
  });

  test("renews a refused token once", async () => {
    const { api, sent, renewed } = scripted(json(401, {}), json(200, 1));
    expect(await api.call("/api/tasks")).toBe(1);
    expect(renewed).toEqual(["old"]);
    expect(sent[1]?.headers.get("authorization")).toBe("Bearer new");
    const refused = scripted(json(401, {}), json(401, { detail: "no" }));
    await expect(refused.api.call("/api/tasks")).rejects.toThrow("no");
  });

  test("repeats a command under the same key when it is told to wait", async () => {
    const busy = () => json(503, {}, { "retry-after": "2" });
    const { api, sent, waits } = scripted(busy(), busy(), json(201, { id: "7" }));
    await api.call("/api/tasks", { method: "POST", body: { title: "x" } });
    expect(waits).toEqual([2000, 2000]);
    const keys = new Set(sent.map(({ headers }) => headers.get("idempotency-key")));
    expect(keys.size).toBe(1);
  });

  test("gives up in the end, with the problem", async () => {
    const busy = () => json(503, { detail: "Try again soon" });
    const { api, sent } = scripted(busy(), busy(), busy(), busy(), busy());
    const error = await api.call("/api/tasks").catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).status).toBe(503);
    expect(sent).toHaveLength(4);
  });

  test("says when there is no network, and when an answer is no problem document", async () => {
    const { api } = scripted(new TypeError("fetch failed"));
    await expect(api.call("/api/tasks")).rejects.toBeInstanceOf(NetworkError);
    const strange = scripted(new Response("<html>", { status: 502 }));
    await expect(strange.api.call("/api/tasks")).rejects.toThrow("502");
  });

  test("an answer without a body is undefined", async () => {
    const { api } = scripted(new Response(null, { status: 204 }));
    expect(await api.call("/api/tasks/7", { method: "DELETE", version: 3 })).toBeUndefined();
  });
});

group("an answer that does not come", () => {
  const tokens = { token: async () => "t", renew: async () => "t" };
  const wait = async () => {};
  /** Fetch that ends only when it is told to. */
  const hanging: typeof fetch = (_, init) =>
    new Promise((_, reject) => {
      const end = () => reject(init?.signal?.reason);
      if (init?.signal?.aborted) end();
      init?.signal?.addEventListener("abort", end);
    });

  test("is given up", async () => {
    const api = new Api(tokens, hanging, wait, 5);
    await expect(api.call("/api/chat", { method: "POST", body: {} })).rejects.toBeInstanceOf(TimeoutError);
  });

  test("is given up in its middle too", async () => {
    const halting: typeof fetch = async (_, init) => {
      const start = (controller: ReadableStreamDefaultController) => {
        init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
      };
      return new Response(new ReadableStream({ start }));
    };
    const api = new Api(tokens, halting, wait, 5);
    await expect(api.call("/api/tasks")).rejects.toBeInstanceOf(TimeoutError);
  });

  test("is no time-out when the caller gave up", async () => {
    const request = new AbortController();
    const api = new Api(tokens, hanging, wait, 1_000);
    const called = api.call("/api/tasks", { signal: request.signal });
    request.abort(new Error("given up"));
    await expect(called).rejects.toThrow("given up");
  });
});

test("the caller may bring the key, decide how often it is sent, and learns how long to wait", async () => {
  const { api, sent } = scripted(json(429, { detail: "Too many." }, { "retry-after": "17" }));
  const error = await api
    .call("/api/chat", { method: "POST", body: {}, key: "mine", tries: 1 })
    .catch((error: unknown) => error);
  expect(sent.map(({ headers }) => headers.get("idempotency-key"))).toEqual(["mine"]);
  expect((error as ApiError).retryAfter).toBe(17);
});
