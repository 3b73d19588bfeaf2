// The WebSocket: signing in on it, noticing when it is dead, coming back.

import type { ServerMessage } from "../api/types";
import { backoff } from "./backoff";

export type State = "connecting" | "connected" | "reconnecting" | "offline";

/** The part of a WebSocket that is used. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: string): void;
  close(): void;
}

export interface Parts {
  open(): Socket;
  token(): Promise<string>;
  /** The token that the last try used was refused. */
  renew(refused: string): Promise<string>;
  online(): boolean;
  setTimeout(work: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  random(): number;
  onState(state: State): void;
  onMessage(message: ServerMessage): void;
}

/** The gateway's close code for a token that is missing, wrong or over. */
const UNAUTHORIZED = 4401;
/** The gateway says something at least every 25 s. */
const SILENCE = 60_000;
/** How long the answer to a question may take. */
const ANSWER = 10_000;

export class Connection {
  private socket: Socket | undefined;
  private timer: number | undefined;
  private attempt = 0;
  private token = "";
  private refused = "";
  private stopped = true;
  private greeted = false;

  constructor(private readonly parts: Parts) {}

  start(): void {
    this.stopped = false;
    this.parts.onState("connecting");
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
  }

  /** The device has a network again, or the page is looked at again: don't wait any longer. */
  wake(): void {
    if (this.stopped) return;
    if (this.greeted) {
      this.say({ type: "ping" });
      this.expectWithin(ANSWER);
    } else {
      this.attempt = 0;
      this.connect();
    }
  }

  /** The device has no network. */
  sleep(): void {
    if (this.stopped) return;
    this.drop();
    this.parts.onState("offline");
  }

  /** Tells the gateway a newer token, so that it goes on listening to this screen. */
  authenticate(token: string): void {
    this.token = token;
    if (this.greeted) this.say({ type: "auth", token });
  }

  private connect(): void {
    this.drop();
    if (!this.parts.online()) {
      this.parts.onState("offline");
      return;
    }

    const socket = this.parts.open();
    this.socket = socket;
    this.expectWithin(ANSWER);
    const mine = () => this.socket === socket;
    socket.onclose = ({ code }) => {
      if (mine()) this.lost(code);
    };
    socket.onmessage = ({ data }) => {
      if (mine()) this.heard(data);
    };
    socket.onopen = () => {
      this.freshToken().then(
        (token) => {
          if (!mine()) return;
          this.token = token;
          this.say({ type: "auth", token });
        },
        () => {
          if (mine()) this.lost(0);
        },
      );
    };
  }

  private freshToken(): Promise<string> {
    const refused = this.refused;
    this.refused = "";
    return refused ? this.parts.renew(refused) : this.parts.token();
  }

  private heard(data: unknown): void {
    this.expectWithin(SILENCE);
    const message = parse(data);
    if (!message) return;
    const first = message.type === "hello" && !this.greeted;
    if (first) {
      this.attempt = 0;
      this.greeted = true;
    }
    this.parts.onMessage(message);
    if (first) this.parts.onState("connected");
  }

  private lost(code: number): void {
    if (code === UNAUTHORIZED) this.refused = this.token;
    this.drop();
    if (!this.parts.online()) {
      this.parts.onState("offline");
      return;
    }
    this.parts.onState("reconnecting");
    const wait = backoff(this.attempt++, this.parts.random());
    this.timer = this.parts.setTimeout(() => this.connect(), wait);
  }

  /** Without a word within `ms`, the connection counts as lost. */
  private expectWithin(ms: number): void {
    this.clear();
    this.timer = this.parts.setTimeout(() => this.lost(0), ms);
  }

  private say(message: object): void {
    this.socket?.send(JSON.stringify(message));
  }

  private clear(): void {
    if (this.timer !== undefined) this.parts.clearTimeout(this.timer);
    this.timer = undefined;
  }

  private drop(): void {
    this.clear();
    this.greeted = false;
    const socket = this.socket;
    this.socket = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

function parse(data: unknown): ServerMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === "object" && message !== null && "type" in message
      ? (message as ServerMessage)
      : undefined;
  } catch {
    return undefined;
  }
}
