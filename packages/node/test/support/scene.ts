// An app on another domain at an issuer that a test makes up, with a clock that is set by hand.

import assert from "node:assert/strict";

import { createGuard, type Guard, type Settings, type Who } from "../../dist/index.js";
import { createRelyingParty, MemorySessions, type RelyingParty, type Sessions } from "../../dist/relying_party/index.js";
import { SealedSessions, type Session } from "../../dist/relying_party/session.js";
import { digestOf, type Kind } from "../../dist/subject.js";
import { issuer, json, type Issuer } from "./issuer.js";
import { ISSUER, NOW } from "./keys.js";
import { request } from "./request.js";

/** A busy machine is slow, not wrong. */
const PATIENCE_MS = 30_000;
export const IDLE_SECONDS = 86_400;
/** For how long a row is remembered after it was written, in seconds. */
const ROWS_LIVE = 3720;

export const SESSION: Session = {
  person: { sub: "ada", sid: "s", roles: [], acr: null, amr: [], authenticatedAt: null, email: null, username: null },
  idToken: "id token",
  accessToken: "access token",
  accessUntil: NOW + 600,
  refreshToken: "refresh token",
  givenAt: NOW,
  grantId: null,
  usedAt: NOW,
  endsAt: NOW + 30 * 86_400,
};

export class Scene {
  ms = 0;
  /** The refresh tokens that were presented. */
  readonly presented: string[] = [];
  /** What who presents one is answered. */
  refresh: () => Response | Promise<Response> = () => given("newer");
  /** What introspection answers. */
  readonly introspection: Record<string, unknown> = { active: true, roles: [] };
  readonly issuer: Issuer;
  readonly store: Sessions;
  readonly guard: Guard;
  readonly app: RelyingParty;
  #row = 1;

  private constructor(more: Partial<Settings>, jwks: unknown, store: ((now: () => number) => Sessions) | undefined) {
    const wall = (): number => NOW + Math.floor(this.ms / 1000);
    this.issuer = issuer({
      issuer: ISSUER,
      jwks,
      feed: "event: begin\ndata: snapshot\n\nevent: rows\nid: 1.0000000000000001\ndata: 0\n\nevent: heard\ndata: 0\n\n",
      introspection: this.introspection,
      tokens: (form) => {
        this.presented.push(form.get("refresh_token") ?? "");
        return this.refresh();
      },
    });
    this.guard = createGuard({
      issuer: ISSUER,
      audience: "https://shop.example",
      clientId: "backend",
      clientSecret: "secret",
      clock: { wall, steady: () => this.ms },
      fetch: this.issuer.fetch,
      trouble: () => undefined,
      ...more,
    });
    this.store = store?.(wall) ?? new MemorySessions(10, wall);
    this.app = createRelyingParty({
      guard: this.guard,
      clientId: "shop",
      clientSecret: "secret",
      origin: "https://shop.example",
      sessions: this.store,
      idleSeconds: IDLE_SECONDS,
    });
  }

  static async open(
    more: Partial<Settings> = {},
    { jwks = { keys: [] }, store }: { jwks?: unknown; store?: (now: () => number) => Sessions } = {},
  ): Promise<Scene> {
    const scene = new Scene(more, jwks, store);
    if (more.feed !== false) assert.ok(await scene.guard.ready(PATIENCE_MS));
    return scene;
  }

  close(): void {
    this.guard.close();
  }

  get now(): number {
    return NOW + this.ms / 1000;
  }

  /** Keeps a session here. Returns the `Cookie` header of its browser. */
  async session(more: Partial<Session> = {}): Promise<string> {
    const sessions = new SealedSessions(this.store, IDLE_SECONDS);
    return `__Host-app=${await sessions.insert({ ...SESSION, ...more })}`;
  }

  /** So many minutes pass, in which the feed is heard. */
  async pass(minutes: number): Promise<void> {
    this.ms += minutes * 60_000;
    await this.#tell("");
  }

  /** The feed tells of an end. */
  async end(kind: Kind, id: string): Promise<void> {
    await this.#rows(`-${digestOf(kind, id)}`);
  }

  /** Whom a request with this cookie comes from. */
  who(cookie: string): Promise<Who> {
    return this.app.identify(request({ cookie }));
  }

  /** `ada`, or the kind of the refusal. */
  async kind(cookie: string): Promise<string | null> {
    const who = await this.who(cookie);
    return "refusal" in who ? who.refusal.kind : who.identity.user;
  }

  async #rows(row: string): Promise<void> {
    const { version } = this.guard.parts.beliefs;
    this.#row += 1;
    const until = Math.floor(this.now) + ROWS_LIVE;
    await this.#tell(`event: rows\nid: ${this.#row}.0000000000000001\ndata: ${until} ${row}\n\n`);
    assert.ok(this.guard.parts.beliefs.version > version);
  }

  /** A later time than before is heard each time, so that the moment is known in which it was. */
  async #tell(events: string): Promise<void> {
    this.ms += 1;
    this.issuer.tell(`${events}event: heard\ndata: ${this.ms}\n\n`);
    const until = performance.now() + PATIENCE_MS;
    while (this.guard.vitals.unheardForMs > 0) {
      assert.ok(performance.now() < until, "the feed is not heard");
      await new Promise((later) => setTimeout(later, 1));
    }
  }
}

/** Tokens as an issuer gives them. */
export function given(accessToken: string, more: Record<string, unknown> = {}): Response {
  return json({ access_token: accessToken, token_type: "Bearer", expires_in: 600, ...more });
}
