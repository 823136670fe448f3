// Who a request comes from: found in memory where that may be believed, and asked for where it may not.

import { Beliefs } from "./beliefs.js";
import { Cookies } from "./cookies.js";
import { Connection } from "./feed/connection.js";
import { passesOriginCheck } from "./origin_check.js";
import {
  cookieOf,
  isNavigation,
  localTarget,
  pathOf,
  tokenOf,
  type Presented,
  type PresentedToken,
} from "./presented.js";
import { Asker, Unanswered } from "./provider/ask.js";
import { ServiceClient } from "./provider/client.js";
import { IssuerKeys } from "./provider/keys.js";
import { Discovery } from "./provider/metadata.js";
import { askForSession } from "./provider/sessions.js";
import { answerTo, type Answer, type Refusal } from "./refusal.js";
import type { Who } from "./requirements.js";
import { SessionData, type Credentials } from "./session_data.js";
import { settle, type Settings, type Settled } from "./settings.js";
import { TokenRefused } from "./token/defect.js";
import { ProofRefused, UsedProofs, verifyProof, type Proved } from "./token/proof.js";
import { askAbout, mayBePresented, refusalOf, standing, Tokens, type Token } from "./tokens.js";

const USED_PROOFS = 100_000;

/** So many questions of the guard's own are open at once: each kind of them, for metadata, keys and the feed, is asked once. */
const OWN_QUESTIONS = 8;

/** Makes a guard, which follows the feed from now on. @throws SettingsError */
export function createGuard(settings: Settings): Guard {
  return new Guard(settle(settings));
}

/** What stands behind a guard. */
export interface Parts {
  readonly settings: Settled;
  readonly beliefs: Beliefs;
  readonly asker: Asker;
  readonly discovery: Discovery;
  readonly keys: IssuerKeys;
  /** Whether the feed was heard recently enough to believe what is remembered. */
  readonly isHeard: () => boolean;
  readonly trouble: (why: string) => void;
}

export class Guard {
  readonly #settings: Settled;
  readonly #beliefs: Beliefs;
  readonly #asker: Asker;
  readonly #discovery: Discovery;
  readonly #keys: IssuerKeys;
  readonly #client: ServiceClient | undefined;
  readonly #tokens: Tokens;
  readonly #cookies: Cookies | undefined;
  readonly #usedProofs = new UsedProofs(USED_PROOFS);
  readonly #connection: Connection | undefined;
  #lastTrouble = "";

  /** By `createGuard`. */
  constructor(settings: Settled) {
    const { issuer, clock, service, cookie, fetch } = settings;
    this.#settings = settings;
    this.#beliefs = new Beliefs(settings.maxStalenessMs);
    this.#asker = new Asker(fetch, settings.askTimeoutMs, settings.openQuestions);
    // What strangers present takes no room from what everybody depends on.
    const own = new Asker(fetch, settings.askTimeoutMs, OWN_QUESTIONS);
    this.#discovery = new Discovery(issuer, own, clock);
    const isHeard = (): boolean => settings.followsFeed && this.#isHeard();
    this.#keys = new IssuerKeys(this.#discovery, own, clock, settings.keysPauseMs, isHeard);
    const client = (asker: Asker): ServiceClient | undefined =>
      service && new ServiceClient(this.#discovery, asker, clock, service.clientId, service.clientSecret);
    this.#client = client(this.#asker);
    this.#tokens = new Tokens(settings, this.#keys);
    if (cookie !== undefined) {
      const ask = askForSession.bind(undefined, this.#asker, issuer);
      this.#cookies = new Cookies(cookie, settings.rememberedCookies, this.#beliefs, clock, ask);
    }
    const follower = settings.followsFeed ? client(own) : undefined;
    if (follower !== undefined) {
      const trouble = (why: string): void => this.#trouble(why);
      const feed = { issuer, client: follower, beliefs: this.#beliefs, clock, fetch, trouble };
      this.#connection = new Connection({ ...feed, random: Math.random });
    }
  }

  /** Resolves once the feed is heard, to whether it was within `milliseconds`. Nobody has to wait for that. */
  async ready(milliseconds = 10_000): Promise<boolean> {
    return (await this.#connection?.heard(milliseconds)) ?? true;
  }

  /** Stops following. */
  close(): void {
    this.#connection?.close();
  }

  /** What an operator may want to know. */
  get vitals(): { unheardForMs: number; concerned: number; rememberedTokens: number; rememberedCookies: number } {
    return {
      unheardForMs: this.#beliefs.unheardFor(this.#settings.clock.steady()),
      concerned: this.#beliefs.concerned,
      rememberedTokens: this.#tokens.remembered,
      rememberedCookies: this.#cookies?.remembered ?? 0,
    };
  }

  /**
   * Whom a request comes from. A token that is presented counts, and a cookie beside it does not: whoever writes a header means
   * it, while a browser adds cookies by itself.
   */
  async identify(presented: Presented): Promise<Who> {
    try {
      const token = tokenOf(presented);
      if (token === "malformed") return { refusal: { kind: "invalid_request" } };
      if (token !== undefined) return await this.#byToken(presented, token);
      return await this.#byCookie(presented);
    } catch (error) {
      if (error instanceof TokenRefused) return { refusal: refusalOf(error) };
      if (error instanceof ProofRefused) return { refusal: { kind: "invalid_dpop_proof", why: error.message } };
      if (!(error instanceof Unanswered)) throw error;
      this.#trouble(error.message);
      return { refusal: { kind: "unavailable" } };
    }
  }

  /** How a refusal is answered. */
  answer(refusal: Refusal): Answer {
    const { issuer, audiences, algorithms, resourceMetadata, againCookie } = this.#settings;
    const realm = this.#settings.origin ?? audiences[0] ?? issuer;
    return answerTo(refusal, { realm, issuer, proofAlgorithms: algorithms, resourceMetadata, againCookie });
  }

  /** Seconds since 1970. */
  now(): number {
    return this.#settings.clock.wall();
  }

  /** The documents of whoever sent the request, in one namespace. The request must have an identity. */
  data<T>(presented: Presented, namespace: string, of?: string): SessionData<T> {
    const { issuer, origin } = this.#settings;
    return new SessionData<T>(this.#asker, issuer, origin, this.#credentials(presented), namespace, of);
  }

  /** What a relying party shares with its guard. */
  get parts(): Parts {
    return {
      settings: this.#settings,
      beliefs: this.#beliefs,
      asker: this.#asker,
      discovery: this.#discovery,
      keys: this.#keys,
      isHeard: () => this.#isHeard(),
      trouble: (why) => this.#trouble(why),
    };
  }

  #isHeard(): boolean {
    return this.#beliefs.areFresh(this.#settings.clock.steady());
  }

  async #byToken(presented: Presented, { token: text, scheme }: PresentedToken): Promise<Who> {
    const now = this.now();
    const token = await this.#tokens.verify(text, now);
    const proved = scheme === "dpop" ? await this.#prove(presented, text, now) : undefined;
    const refusal = mayBePresented(token.confirmation, proved?.thumbprint);
    if (refusal !== undefined) return { refusal };
    const who = await this.#standingOf(text, token);
    if (proved === undefined || "refusal" in who) return who;
    // A proof counts once, and is spent by a request that would be answered.
    switch (this.#usedProofs.spend(proved, now)) {
      case "used":
        return { refusal: { kind: "invalid_dpop_proof", why: "The DPoP proof was used before." } };
      case "full":
        return { refusal: { kind: "unavailable" } };
      case "spent":
        return who;
    }
  }

  async #standingOf(text: string, token: Token): Promise<Who> {
    if (!this.#settings.followsFeed) return { identity: token.identity };
    const fresh = this.#isHeard();
    const found = standing(token, this.#beliefs, fresh);
    if (found !== "ask") return found;
    if ((!fresh && this.#settings.whenUnheard === "refuse") || this.#client === undefined) {
      return { refusal: { kind: "unavailable" } };
    }
    const steadyNow = this.#settings.clock.steady();
    const told = await askAbout(text, token, this.#client, this.#beliefs, steadyNow);
    return told === "ask" ? { refusal: { kind: "unavailable" } } : told;
  }

  async #prove(presented: Presented, accessToken: string, now: number): Promise<Proved> {
    const [proof, second] = presented.lines("dpop");
    if (proof === undefined) throw new ProofRefused("There is no DPoP proof.");
    if (second !== undefined) throw new ProofRefused("There is more than one DPoP header.");
    const url = `${this.#originOf(presented) ?? ""}${pathOf(presented.target)}`;
    const request = { method: presented.method, url, accessToken };
    return verifyProof(proof.trim(), request, this.#settings.algorithms, now);
  }

  async #byCookie(presented: Presented): Promise<Who> {
    const { cookie, trustedOrigins, followsFeed, whenUnheard } = this.#settings;
    const value = cookie === undefined ? undefined : cookieOf(presented, cookie);
    if (this.#cookies === undefined || value === undefined) return { refusal: { kind: "not_signed_in" } };
    if (!passesOriginCheck(presented, this.#originOf(presented), trustedOrigins)) {
      return { refusal: { kind: "cross_site" } };
    }
    const fresh = followsFeed && this.#isHeard();
    if (followsFeed && !fresh && whenUnheard === "refuse") return { refusal: { kind: "unavailable" } };
    const answered = await this.#cookies.check(value, fresh);
    if ("session" in answered) return { identity: answered.session.identity };
    return { refusal: this.#withWayBack(answered.refusal, presented) };
  }

  /** A navigation whose cookie was replaced a moment ago is sent to itself once: the new one is here by then. */
  #withWayBack(refusal: Refusal, presented: Presented): Refusal {
    if (refusal.kind !== "session_replaced") return refusal;
    const wasSent = cookieOf(presented, this.#settings.againCookie) !== undefined;
    const again = !wasSent && isNavigation(presented) ? localTarget(presented.target) : undefined;
    return { kind: "session_replaced", again };
  }

  #originOf(presented: Presented): string | undefined {
    const { origin, issuer } = this.#settings;
    if (origin !== undefined) return origin;
    const [host, second] = presented.lines("host");
    if (host === undefined || second !== undefined) return undefined;
    return `${issuer.startsWith("https:") ? "https" : "http"}://${host}`;
  }

  #credentials(presented: Presented): Credentials {
    const token = tokenOf(presented);
    if (token !== undefined && token !== "malformed") {
      return token.scheme === "bearer" ? { authorization: `Bearer ${token.token}` } : {};
    }
    const { cookie } = this.#settings;
    const value = cookie === undefined ? undefined : cookieOf(presented, cookie);
    return cookie === undefined || value === undefined ? {} : { cookie: `${cookie}=${value}` };
  }

  /** Says a thing once, until there is another to say. */
  #trouble(why: string): void {
    if (why === this.#lastTrouble) return;
    this.#lastTrouble = why;
    this.#settings.trouble(why);
  }
}
