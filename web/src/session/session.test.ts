import { beforeEach, describe, expect, test, vi } from "vitest";
import { NetworkError } from "../api/client";
import type { SessionInfo } from "../api/types";
import { MemoryStorage } from "../device/fixture";
import { challenge } from "./pkce";
import { type Browser, REFRESH_TOKEN, Session, SignInError } from "./session";

const INFO: SessionInfo = {
  issuer: "https://id.example",
  audience: "nudge",
  client_id: "nudge-web",
  authorize_url: "https://id.example/authorize",
  token_url: "https://id.example/token",
  revocation_url: "https://id.example/revoke",
  scope: "openid offline_access",
  features: [],
  person: null,
};

/** An issuer whose refresh tokens are good once, and a browser with tabs. */
class World {
  shared = new MemoryStorage();
  good = new Set<string>();
  grants: URLSearchParams[] = [];
  revoked: string[] = [];
  issued = 0;
  broken = false;
  now = 0;
  private turn: Promise<unknown> = Promise.resolve();

  issue() {
    const number = ++this.issued;
    this.good.add(`refresh-${number}`);
    return { access_token: `access-${number}`, expires_in: 3600, refresh_token: `refresh-${number}` };
  }

  tab(href = "https://nudge.example/") {
    const own = new MemoryStorage();
    const visited: string[] = [];
    const shown: string[] = [];
    const timers: { work: () => void; ms: number }[] = [];
    const browser: Browser = {
      fetch: async (url, init) => {
        if (this.broken) throw new TypeError("no network");
        // The answer takes a while, so that tabs overlap.
        await new Promise((resolve) => setTimeout(resolve, 1));
        const grant = new URLSearchParams(String(init?.body));
        if (url === INFO.revocation_url) {
          const token = grant.get("token") ?? "";
          this.good.delete(token);
          this.revoked.push(token);
          return new Response("{}");
        }
        this.grants.push(grant);
        const refresh = grant.get("refresh_token");
        const holds = refresh ? this.good.delete(refresh) : grant.get("code") === "good";
        return new Response(JSON.stringify(holds ? this.issue() : { error: "invalid_grant" }), {
          status: holds ? 200 : 400,
        });
      },
      shared: this.shared,
      own,
      exclusively: (work) => {
        const mine = this.turn.then(work);
        this.turn = mine.catch(() => {});
        return mine;
      },
      now: () => this.now,
      location: { href, origin: "https://nudge.example", assign: (url) => visited.push(url) },
      replaceAddress: (url) => shown.push(url),
      setTimeout: (work, ms) => timers.push({ work, ms }),
      clearTimeout: () => {},
    };
    return { session: new Session(INFO, browser), browser, own, visited, shown, timers };
  }
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe("signing in", () => {
  test("goes to the issuer and comes back to where one was", async () => {
    const tab = world.tab("https://nudge.example/?task=7");
    expect(await tab.session.resume()).toBe(false);
    await tab.session.begin();
    const target = new URL(tab.visited[0] ?? "");
    expect(target.origin + target.pathname).toBe("https://id.example/authorize");
    const asked = Object.fromEntries(target.searchParams);
    expect(asked).toMatchObject({
      response_type: "code",
      client_id: "nudge-web",
      redirect_uri: "https://nudge.example/",
      scope: "openid offline_access",
      code_challenge_method: "S256",
    });

    tab.browser.location.href = `https://nudge.example/?code=good&state=${asked.state}`;
    expect(await tab.session.resume()).toBe(true);
    expect(tab.shown).toEqual(["/?task=7"]);
    expect(await tab.session.token()).toBe("access-1");
    const verifier = world.grants[0]?.get("code_verifier") ?? "";
    expect(await challenge(verifier)).toBe(asked.code_challenge);
    expect(world.shared.getItem(REFRESH_TOKEN)).toBe("refresh-1");
  });

  test("takes no code that it did not ask for", async () => {
    const tab = world.tab("https://nudge.example/?code=good&state=foreign");
    expect(await tab.session.resume()).toBe(false);
    expect(world.grants).toEqual([]);
    expect(tab.shown).toEqual(["/"]);
  });

  test("says why the issuer refused", async () => {
    const tab = world.tab();
    await tab.session.begin();
    const state = new URL(tab.visited[0] ?? "").searchParams.get("state");
    tab.browser.location.href = `https://nudge.example/?error=access_denied&error_description=No&state=${state}`;
    await expect(tab.session.resume()).rejects.toThrow(new SignInError("No"));
  });

  test("does not go round in circles", async () => {
    const tab = world.tab();
    for (let i = 0; i < 3; i++) await tab.session.begin();
    await expect(tab.session.begin()).rejects.toBeInstanceOf(SignInError);
    world.now += 31_000;
    await tab.session.begin();
    expect(tab.visited).toHaveLength(4);
  });
});

describe("renewing", () => {
  beforeEach(() => {
    world.shared.setItem(REFRESH_TOKEN, world.issue().refresh_token);
  });

  test("several tabs take turns on the one refresh token", async () => {
    const tabs = Array.from({ length: 5 }, () => world.tab());
    expect(await Promise.all(tabs.map(({ session }) => session.resume()))).toEqual(
      Array(5).fill(true),
    );
    world.now += 3_600_000;
    const tokens = await Promise.all(
      tabs.flatMap(({ session }) => [session.token(), session.token()]),
    );
    expect(new Set(tokens).size).toBe(5);
    expect(world.grants).toHaveLength(10);
    expect(world.good.size).toBe(1);
    expect(world.good.has(world.shared.getItem(REFRESH_TOKEN) ?? "")).toBe(true);
  });

  test("happens before the end, and tells the new token", async () => {
    const { session, timers } = world.tab();
    const told: string[] = [];
    session.onToken = (token) => told.push(token);
    await session.resume();
    expect(timers[0]?.ms).toBeLessThan(3_600_000);
    timers[0]?.work();
    await session.renew("access-2");
    expect(told).toEqual(["access-2", "access-3"]);
  });

  test("a refused token that was renewed meanwhile is not renewed again", async () => {
    const { session } = world.tab();
    await session.resume();
    expect(await session.renew("access-1")).toBe("access-2");
    expect(await session.renew("access-2")).toBe("access-3");
  });

  test("a network fault signs nobody out", async () => {
    const { session } = world.tab();
    world.broken = true;
    await expect(session.resume()).rejects.toBeInstanceOf(NetworkError);
    world.broken = false;
    expect(await session.resume()).toBe(true);
  });

  test("a refresh token that is no good leads to a new sign-in", async () => {
    world.good.clear();
    const { session } = world.tab();
    expect(await session.resume()).toBe(false);
    expect(world.shared.getItem(REFRESH_TOKEN)).toBeNull();
  });

  test("signing out in one tab signs out in all", async () => {
    const [one, other] = [world.tab(), world.tab()];
    await one.session.resume();
    await other.session.resume();
    let out = 0;
    one.session.onSignedOut = other.session.onSignedOut = () => out++;
    one.session.signOut();
    other.session.storageChanged(REFRESH_TOKEN, null);
    expect(out).toBe(2);
    await expect(other.session.token()).rejects.toThrow("signed out");
    await vi.waitFor(() => expect(world.good.size).toBe(0));
  });

  test("a tab whose person has signed out takes no token of the one who comes after", async () => {
    const [ann, bob] = [world.tab(), world.tab("https://nudge.example/?code=good&state=s")];
    await ann.session.resume();
    ann.session.storageChanged(REFRESH_TOKEN, null);
    bob.own.setItem("nudge.sign-in", JSON.stringify({ state: "s", verifier: "v", address: "/" }));
    expect(await bob.session.resume()).toBe(true);
    const bobs = world.shared.getItem(REFRESH_TOKEN);
    await expect(ann.session.token()).rejects.toThrow("signed out");
    await expect(ann.session.renew("access-2")).rejects.toThrow("signed out");
    expect(world.shared.getItem(REFRESH_TOKEN)).toBe(bobs);
  });

  test("signing out while a token is renewed ends the new one", async () => {
    const tab = world.tab();
    await tab.session.resume();
    const renewed = tab.session.renew("access-2");
    tab.session.signOut();
    await renewed;
    await vi.waitFor(() => expect(world.revoked).toEqual(["refresh-3"]));
    expect(world.good.size).toBe(0);
    expect(world.shared.getItem(REFRESH_TOKEN)).toBeNull();
    await expect(tab.session.token()).rejects.toThrow("signed out");
  });

  test("without an issuer that answers, signing out still forgets", async () => {
    const tab = world.tab();
    await tab.session.resume();
    world.broken = true;
    tab.session.signOut();
    await expect(tab.session.token()).rejects.toThrow("signed out");
    expect(world.shared.getItem(REFRESH_TOKEN)).toBeNull();
  });
});
