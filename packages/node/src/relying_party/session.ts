// A session of this app: who signed in, and the tokens by which the issuer can be asked about it. The browser has neither.

import { createHash, randomBytes } from "node:crypto";

import { decode, encode } from "../base64url.js";
import { frozen, type Identity } from "../identity.js";
import { digestOf, type Digest } from "../subject.js";
import { isObject, isTexts } from "../token/strict_json.js";
import type { Person } from "./id_token.js";
import { Seal } from "./sealed.js";
import type { Sessions } from "./sessions.js";

export interface Session {
  readonly person: Person;
  /** For the issuer's sign-out, which asks whose session it is. */
  readonly idToken: string;
  readonly accessToken: string;
  /** The second from which on it is void. */
  readonly accessUntil: number;
  readonly refreshToken: string | null;
  /** The second at which the issuer last gave tokens; 0 where a version kept the session that did not note it. */
  readonly givenAt: number;
  /** The grant that they hang from, where the issuer says so. */
  readonly grantId: string | null;
  /** The last use that was noted, in seconds. */
  readonly usedAt: number;
  /** The second at which it is over whatever happens. */
  readonly endsAt: number;
}

/** As an earlier version may have kept it. */
type Kept = Omit<Session, "givenAt" | "usedAt"> & Partial<Session>;

/** A session with the secret that opens it and what it was found as. */
export interface Opened {
  readonly secret: Buffer;
  readonly name: string;
  readonly sealed: Uint8Array;
  readonly session: Session;
}

const SECRET_BYTES = 32;

/**
 * How long the feed's word is believed after the issuer last gave tokens, in seconds. A row is remembered for longer, and so is
 * every end since then.
 */
const VOUCHED_FOR = 3600;

/** How far the clocks of processes that share a store may lie apart, in seconds. */
const APART = 60;

/** Sessions, of which each is sealed under the secret that its cookie has. */
export class SealedSessions {
  constructor(
    private readonly sessions: Sessions,
    private readonly idleSeconds: number,
  ) {}

  /** Keeps a new session. Returns its cookie's value. */
  async insert(session: Session): Promise<string> {
    const secret = randomBytes(SECRET_BYTES);
    const name = nameOf(secret);
    await this.sessions.insert(name, seal(secret, name, session), this.#until(session));
    return encode(secret);
  }

  async find(cookie: string, now: number): Promise<Opened | undefined> {
    const secret = decode(cookie);
    return secret?.length === SECRET_BYTES ? this.#open(secret, now) : undefined;
  }

  /** As it is there now. */
  findAgain({ secret }: Opened, now: number): Promise<Opened | undefined> {
    return this.#open(secret, now);
  }

  /** `undefined` where another request was faster, or the session is gone. */
  async replace({ secret, name, sealed }: Opened, session: Session): Promise<Opened | undefined> {
    const next = seal(secret, name, session);
    const done = await this.sessions.replace(name, sealed, next, this.#until(session));
    return done ? { secret, name, sealed: next, session } : undefined;
  }

  /** Notes a use, now and then, so that the session does not end as idle. */
  async use(opened: Opened, now: number): Promise<Opened> {
    const { session } = opened;
    if (now - session.usedAt <= this.idleSeconds / 10) return opened;
    // Where another request was faster, it noted the same.
    return (await this.replace(opened, { ...session, usedAt: now })) ?? opened;
  }

  async remove({ name }: Opened): Promise<void> {
    await this.sessions.remove(name);
  }

  async #open(secret: Buffer, now: number): Promise<Opened | undefined> {
    const name = nameOf(secret);
    const sealed = await this.sessions.find(name);
    const text = sealed && new Seal(secret, PURPOSE).open(sealed, name);
    if (sealed === undefined || text === undefined) return undefined;
    // Sealed here, so of our own shape, or of that of an earlier version.
    const kept = JSON.parse(text) as Kept;
    // Its uses were its refreshes, and those came before the token that they brought was void.
    const session: Session = { givenAt: 0, usedAt: kept.accessUntil, ...kept };
    return now < this.#until(session) ? { secret, name, sealed, session } : undefined;
  }

  #until({ endsAt, usedAt }: Session): number {
    return Math.min(endsAt, usedAt + this.idleSeconds);
  }
}

const PURPOSE = "relying party session";

function nameOf(secret: Buffer): string {
  return createHash("sha256").update(secret).digest("base64url");
}

function seal(secret: Buffer, name: string, session: Session): Buffer {
  return new Seal(secret, PURPOSE).seal(JSON.stringify(session), name);
}

/** Whether the issuer gave tokens so short a time ago that no end since then is forgotten by whoever follows the feed. */
export function isVouchedFor(session: Session, now: number): boolean {
  return now < session.givenAt + VOUCHED_FOR && !isAhead(session, now);
}

/** Whether newer tokens are wanted, and can be asked for. */
export function wantsRefresh(session: Session, now: number): boolean {
  return session.refreshToken !== null && (session.accessUntil <= now || isAhead(session, now));
}

/** Whether its times were noted by a clock that was set back since: they say nothing of what is now. */
function isAhead({ givenAt }: Session, now: number): boolean {
  return now + APART < givenAt;
}

/** Whose end is the session's end. */
export function hangsFrom({ person, grantId }: Session, clientId: string): Digest[] {
  const all = [digestOf("user", person.sub), digestOf("client", clientId)];
  if (person.sid !== null) all.push(digestOf("session", person.sid));
  if (grantId !== null) all.push(digestOf("grant", grantId));
  return all;
}

export function identityOf({ person, endsAt }: Session, clientId: string): Identity {
  return frozen({
    user: person.sub,
    session: person.sid,
    client: clientId,
    scopes: [],
    roles: [...person.roles],
    acr: person.acr,
    amr: [...person.amr],
    authenticatedAt: person.authenticatedAt,
    expiresAt: endsAt,
    carrier: "cookie",
    email: person.email,
    username: person.username,
  });
}

/**
 * What an access token says of its grant and of its user, where it is a token that can be looked into. It came from the issuer
 * over a connection of our own.
 */
export function looselyRead(accessToken: string): { grantId: string | null; roles: readonly string[] } {
  const nothing = { grantId: null, roles: [] };
  const claims = accessToken.split(".")[1];
  if (claims === undefined) return nothing;
  try {
    const read: unknown = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
    if (!isObject(read)) return nothing;
    const { grant_id: grant, roles } = read;
    return { grantId: typeof grant === "string" ? grant : null, roles: isTexts(roles) ? roles : [] };
  } catch {
    return nothing;
  }
}
