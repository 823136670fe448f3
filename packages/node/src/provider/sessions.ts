// `GET /api/v1/session`: whose cookie this is.

import { frozen, type Identity } from "../identity.js";
import type { Refusal } from "../refusal.js";
import { digestOf, type Digest } from "../subject.js";
import { isObject, isTexts, type JsonObject } from "../token/strict_json.js";
import { objectOf, Unanswered, type Asker } from "./ask.js";
import { isKept, named } from "./client.js";

const MAX_BYTES = 64 * 1024;

/** A session as the issuer tells of it. */
export interface Session {
  readonly identity: Identity;
  /** The second since 1970 from which on it must be asked about again, whatever the feed says. */
  readonly until: number;
  /** Whose end is its end, and whose change makes the answer old: its own and its user's. */
  readonly hangsFrom: readonly Digest[];
}

export type Answered =
  | { readonly session: Session; /** Whether the answer may be kept. */ readonly keep: boolean }
  | { readonly refusal: Refusal };

/** @throws Unanswered */
export async function askForSession(
  asker: Asker,
  issuer: string,
  cookie: string,
  place: string | undefined,
): Promise<Answered> {
  const url = `${issuer.replace(/\/$/, "")}/api/v1/session`;
  const reply = await asker.ask(url, { headers: { accept: "application/json", cookie, ...named(place) } }, MAX_BYTES);
  const answer = objectOf(reply);
  if (reply.status === 401) return { refusal: refusalFor(answer?.["code"]) };
  const session = reply.status === 200 && answer !== undefined ? readSession(answer) : undefined;
  if (session === undefined) throw new Unanswered(`${url} answered ${reply.status} with something else than a session`);
  return { session, keep: isKept(reply, place) };
}

function refusalFor(code: unknown): Refusal {
  if (code === "session_expired") return { kind: "session_expired" };
  if (code === "session_replaced") return { kind: "session_replaced", again: undefined };
  return { kind: "session_unknown" };
}

function readSession({ session, user }: JsonObject): Session | undefined {
  if (!isObject(session) || typeof session["sid"] !== "string") return undefined;
  const [ends, idles] = [seconds(session["expires_at"]), seconds(session["idle_expires_at"])];
  if (ends === undefined || idles === undefined) return undefined;
  const who = isObject(user) ? user : undefined;
  const id = who?.["id"];
  if (who === undefined ? user !== null : typeof id !== "string") return undefined;
  const hangsFrom = [digestOf("session", session["sid"])];
  if (typeof id === "string") hangsFrom.push(digestOf("user", id));
  const identity = frozen({
    user: text(id),
    session: session["sid"],
    client: null,
    scopes: [],
    roles: list(who?.["roles"]),
    acr: text(session["acr"]),
    amr: list(session["amr"]),
    authenticatedAt: seconds(session["authenticated_at"]) ?? null,
    expiresAt: ends,
    carrier: "cookie",
    email: text(who?.["email"]),
    username: text(who?.["username"]),
  });
  return { identity, until: Math.min(ends, idles), hangsFrom };
}

function seconds(value: unknown): number | undefined {
  const milliseconds = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function list(value: unknown): string[] {
  return isTexts(value) ? [...value] : [];
}
