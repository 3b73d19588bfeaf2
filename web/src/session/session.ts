// Who has signed in: OpenID Connect by authorization code with PKCE. The access token stays in memory; the refresh
// token, which is good once, is shared by the tabs of this browser, which take turns on it.

import { ANSWER_LIMIT, NetworkError, type Tokens } from "../api/client";
import type { SessionInfo } from "../api/types";
import { challenge, randomText } from "./pkce";

/** What a session needs of the browser. */
export interface Browser {
  fetch: typeof fetch;
  /** Shared by all tabs. */
  shared: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Of this tab. */
  own: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  /** Runs `work` while no other tab does. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  now(): number;
  location: { href: string; origin: string; assign(url: string): void };
  /** Shows another address without going there. */
  replaceAddress(url: string): void;
  setTimeout(work: () => void, ms: number): number;
  clearTimeout(timer: number): void;
}

/** Nobody has signed in, or no longer. */
export class SignedOut extends Error {
  constructor() {
    super("You are signed out.");
    this.name = "SignedOut";
  }
}

/** The issuer refused. */
export class SignInError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = "SignInError";
  }
}

interface TokenAnswer {
  access_token: string;
  expires_in?: number;
  refresh_token?: string;
}

interface Pending {
  state: string;
  verifier: string;
  /** Where the person was, to go back to. */
  address: string;
}

export const REFRESH_TOKEN = "nudge.refresh-token";
const PENDING = "nudge.sign-in";
const ATTEMPTS = "nudge.sign-in-attempts";

/** A token is renewed so long before its end. */
const MARGIN = 60_000;
const DEFAULT_LIFE_SECONDS = 300;
/** So many redirects within so long mean that they lead in a circle. */
const MOST_ATTEMPTS = 3;
const ATTEMPT_WINDOW = 30_000;
/** The longest timer that browsers take. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class Session implements Tokens {
  private access: { token: string; expiresAt: number } | undefined;
  private renewing: Promise<string> | undefined;
  private timer: number | undefined;
  /** The person was signed in here and is no longer: what another person's tab shares is not for this session. */
  private over = false;
  /** Told of every new access token. */
  onToken: (token: string) => void = () => {};
  /** Told when nobody is signed in any more. */
  onSignedOut: () => void = () => {};

  constructor(
    private readonly info: SessionInfo,
    private readonly browser: Browser,
  ) {}

  /** Signs in by what is there: an answer of the issuer in the address, or a refresh token. False: neither. */
  async resume(): Promise<boolean> {
    const url = new URL(this.browser.location.href);
    const [code, state] = [url.searchParams.get("code"), url.searchParams.get("state")];
    const error = url.searchParams.get("error");
    if (state && (code || error)) {
      const pending = this.takePending();
      this.browser.replaceAddress(pending?.address ?? "/");
      if (pending?.state === state) {
        if (error) throw new SignInError(url.searchParams.get("error_description") ?? error);
        if (code) return this.redeem(code, pending.verifier);
      }
    }
    if (!this.browser.shared.getItem(REFRESH_TOKEN)) return false;
    try {
      await this.refresh();
      return true;
    } catch (failure) {
      if (failure instanceof SignedOut) return false;
      throw failure;
    }
  }

  /** Goes to the issuer. The page ends here. */
  async begin(): Promise<void> {
    this.countAttempt();
    const url = new URL(this.browser.location.href);
    const pending: Pending = {
      state: randomText(),
      verifier: randomText(),
      address: url.pathname + url.search + url.hash,
    };
    this.browser.own.setItem(PENDING, JSON.stringify(pending));
    const target = new URL(this.info.authorize_url, this.browser.location.origin);
    const fields = {
      response_type: "code",
      client_id: this.info.client_id,
      redirect_uri: this.redirectUri(),
      scope: this.info.scope,
      state: pending.state,
      code_challenge: await challenge(pending.verifier),
      code_challenge_method: "S256",
    };
    for (const [name, value] of Object.entries(fields)) target.searchParams.set(name, value);
    this.browser.location.assign(target.href);
  }

  /** Forgets the tokens, in all tabs, and has the issuer end the refresh token. */
  signOut(): void {
    // In turn with other tabs, so that none of them has just replaced the token.
    void this.browser.exclusively(async () => {
      const token = this.browser.shared.getItem(REFRESH_TOKEN);
      this.browser.shared.removeItem(REFRESH_TOKEN);
      // A renewal that was under way has brought another access token.
      this.forget();
      if (token) await this.revoke(token);
    });
    this.forget();
  }

  /** Ends a refresh token at the issuer (RFC 7009). Where that does not work it ends by itself. */
  private async revoke(token: string): Promise<void> {
    if (!this.info.revocation_url) return;
    const url = new URL(this.info.revocation_url, this.browser.location.origin);
    const fields = { token, token_type_hint: "refresh_token", client_id: this.info.client_id };
    const body = new URLSearchParams(fields);
    const signal = AbortSignal.timeout(ANSWER_LIMIT);
    // The page may go on to another address meanwhile.
    const request = { method: "POST", body, signal, keepalive: true };
    await this.browser.fetch(url.href, request).catch(() => {});
  }

  /** Another tab changed what all share. */
  storageChanged(key: string | null, value: string | null): void {
    if ((key === REFRESH_TOKEN || key === null) && value === null && this.access) this.forget();
  }

  async token(): Promise<string> {
    const { access } = this;
    if (access && access.expiresAt - MARGIN > this.browser.now()) return access.token;
    return this.refresh();
  }

  async renew(refused: string): Promise<string> {
    // Somebody else may have renewed it since.
    if (this.access && this.access.token !== refused) return this.access.token;
    return this.refresh();
  }

  private async refresh(): Promise<string> {
    if (this.over) throw this.signedOut();
    this.renewing ??= this.browser
      .exclusively(() => this.redeemRefreshToken())
      .finally(() => {
        this.renewing = undefined;
      });
    return this.renewing;
  }

  private async redeemRefreshToken(): Promise<string> {
    const refreshToken = this.browser.shared.getItem(REFRESH_TOKEN);
    if (!refreshToken) throw this.signedOut();
    const fields = { grant_type: "refresh_token", refresh_token: refreshToken };
    const answer = await this.ask(fields);
    if (answer) return this.keep(answer);
    this.browser.shared.removeItem(REFRESH_TOKEN);
    throw this.signedOut();
  }

  private async redeem(code: string, verifier: string): Promise<boolean> {
    const fields = {
      grant_type: "authorization_code",
      code,
      code_verifier: verifier,
      redirect_uri: this.redirectUri(),
    };
    // In turn with other tabs, so that none of them takes a refresh token that is being replaced.
    return this.browser.exclusively(async () => {
      const answer = await this.ask(fields);
      if (answer) this.keep(answer);
      return answer !== undefined;
    });
  }

  /** The issuer's answer; `undefined` when the grant is no good. */
  private async ask(fields: Record<string, string>): Promise<TokenAnswer | undefined> {
    const url = new URL(this.info.token_url, this.browser.location.origin);
    const body = new URLSearchParams({ ...fields, client_id: this.info.client_id });
    const signal = AbortSignal.timeout(ANSWER_LIMIT);
    let response: Response;
    try {
      response = await this.browser.fetch(url.href, { method: "POST", body, signal });
      if (response.ok) return (await response.json()) as TokenAnswer;
    } catch {
      throw new NetworkError();
    }
    if (response.status >= 400 && response.status < 500 && response.status !== 429) return undefined;
    throw new NetworkError();
  }

  private keep(answer: TokenAnswer): string {
    const life = 1000 * (answer.expires_in ?? DEFAULT_LIFE_SECONDS);
    this.access = { token: answer.access_token, expiresAt: this.browser.now() + life };
    // An issuer that does not rotate leaves the old one good.
    if (answer.refresh_token) this.browser.shared.setItem(REFRESH_TOKEN, answer.refresh_token);
    this.browser.own.removeItem(ATTEMPTS);
    this.scheduleRefresh(life);
    this.onToken(answer.access_token);
    return answer.access_token;
  }

  private scheduleRefresh(life: number): void {
    if (this.timer !== undefined) this.browser.clearTimeout(this.timer);
    const wait = Math.min(Math.max(life - 2 * MARGIN, life / 2), LONGEST_TIMER);
    // What fails here is tried again by the next call that needs a token.
    this.timer = this.browser.setTimeout(() => void this.refresh().catch(() => {}), wait);
  }

  private signedOut(): SignedOut {
    this.forget();
    return new SignedOut();
  }

  private forget(): void {
    const was = this.access;
    this.access = undefined;
    if (this.timer !== undefined) this.browser.clearTimeout(this.timer);
    if (!was) return;
    this.over = true;
    this.onSignedOut();
  }

  private takePending(): Pending | undefined {
    const text = this.browser.own.getItem(PENDING);
    this.browser.own.removeItem(PENDING);
    return text ? (JSON.parse(text) as Pending) : undefined;
  }

  private countAttempt(): void {
    const now = this.browser.now();
    const text = this.browser.own.getItem(ATTEMPTS);
    const attempts = (text ? (JSON.parse(text) as number[]) : []).filter(
      (at) => now - at < ATTEMPT_WINDOW,
    );
    if (attempts.length >= MOST_ATTEMPTS) {
      this.browser.own.removeItem(ATTEMPTS);
      throw new SignInError("Signing in did not work. The address of the sign-in may be set wrongly.");
    }
    this.browser.own.setItem(ATTEMPTS, JSON.stringify([...attempts, now]));
  }

  private redirectUri(): string {
    return `${this.browser.location.origin}/`;
  }
}
