// RFC 6749 §4.1 with PKCE (RFC 7636), `state`, `nonce` and `iss` (RFC 9207): the way to the sign-in and back.
//
// What must be the same on the way back is sealed into a cookie of the browser that left: nobody else can bring a code here,
// and nothing is kept for people who never come back. Each way has a cookie of its own, so that tabs do not disturb each other.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import { decode, encode } from "../base64url.js";
import { cookieNames, cookieOf, localTarget, type Presented } from "../presented.js";
import type { Metadata } from "../provider/metadata.js";
import { Seal } from "./sealed.js";
import { clearCookie, setCookie } from "./set_cookie.js";
import type { Settled } from "./settings.js";

/** How long somebody may take at the sign-in, in seconds. */
const LIVES = 600;
/** So many ways are open at once in one browser; the others begin anew. */
const OPEN = 4;

/** What somebody left with. */
export interface Flow {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** A path on this host. */
  readonly returnTo: string;
  /** How old the proof of who they are may be, in seconds, where that was asked. */
  readonly maxAge: number | undefined;
  /** In which ways, separated by spaces, where that was asked. */
  readonly acrValues: string | undefined;
  /** The second until which they may come back. */
  readonly until: number;
}

/** What more is asked of the sign-in: how old a proof may be, and of which kind (RFC 9470 §4). */
export interface Wish {
  readonly returnTo: string;
  readonly maxAge: number | undefined;
  readonly acrValues: string | undefined;
}

type Header = readonly ["set-cookie", string];

export class Flows {
  readonly #seal: Seal;

  constructor(private readonly settings: Settled) {
    this.#seal = new Seal(settings.clientSecret, "relying party flow");
  }

  /** Where to send the browser, and what it takes along. */
  begin(
    presented: Presented,
    endpoint: string,
    wish: Wish,
    now: number,
  ): { location: string; cookies: readonly Header[] } {
    const [state, nonce, verifier] = [random(), random(), random()];
    const flow: Flow = { state, nonce, verifier, ...wish, until: now + LIVES };
    const { clientId, origin, scope, resource, paths } = this.settings;
    const location = new URL(endpoint);
    const parameters: Record<string, string | undefined> = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: `${origin}${paths.callback}`,
      scope,
      state,
      nonce,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      resource,
      max_age: wish.maxAge?.toString(),
      acr_values: wish.acrValues,
    };
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== undefined) location.searchParams.set(name, value);
    }
    const name = this.#cookie(state);
    const sealed = encode(this.#seal.seal(JSON.stringify(flow), name));
    const given = cookieNames(presented).filter((one) => one.startsWith(this.#prefix));
    const tooMany = given.slice(0, Math.max(0, given.length - OPEN + 1));
    const cleared = tooMany.map((one) => clearCookie(this.settings, one));
    return { location: location.href, cookies: [...cleared, setCookie(this.settings, name, sealed, LIVES)] };
  }

  /** What this browser left with under this `state`, if it did. */
  find(presented: Presented, state: string, now: number): Flow | undefined {
    if (!/^[A-Za-z0-9_-]{43}$/.test(state)) return undefined;
    const name = this.#cookie(state);
    const sealed = decode(cookieOf(presented, name) ?? "");
    const text = sealed && this.#seal.open(sealed, name);
    if (text === undefined) return undefined;
    // Sealed here, so of our own shape.
    const flow = JSON.parse(text) as Flow;
    return isSame(flow.state, state) && now < flow.until ? flow : undefined;
  }

  /** Takes the cookie back: a way is gone once. */
  end(state: string): Header {
    return clearCookie(this.settings, this.#cookie(state));
  }

  get #prefix(): string {
    return `${this.settings.cookie}-flow-`;
  }

  #cookie(state: string): string {
    return `${this.#prefix}${state.slice(0, 8)}`;
  }
}

/**
 * RFC 9207 §2.4: an answer names the issuer that gave it, where the issuer does so at all. Another one's code is not brought to
 * this one.
 */
export function isFrom(metadata: Metadata, issuer: string | undefined): boolean {
  return issuer === undefined ? !metadata.authorization_response_iss_parameter_supported : issuer === metadata.issuer;
}

/** The longest way back that fits into a cookie with the rest. */
const LONGEST = 2000;

/** Where to go on afterwards: a path on this host, or `/`. */
export function returnTo(asked: string | null): string {
  if (asked !== null && asked.length > LONGEST) return "/";
  const fragment = asked?.indexOf("#") ?? -1;
  const [path, rest] = fragment < 0 ? [asked ?? "/", ""] : [asked!.slice(0, fragment), asked!.slice(fragment)];
  return localTarget(path) !== undefined && /^[\x21-\x7e]*$/.test(rest) ? path + rest : "/";
}

function random(): string {
  return randomBytes(32).toString("base64url");
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
