// Access tokens: verified once by their signature, recalled afterwards, and believed while nothing of theirs ended.

import { createHash } from "node:crypto";

import type { Beliefs, Mark } from "./beliefs.js";
import { Bounded } from "./bounded.js";
import { frozen, type Identity } from "./identity.js";
import type { ServiceClient } from "./provider/client.js";
import type { IssuerKeys } from "./provider/keys.js";
import type { Refusal } from "./refusal.js";
import type { Settled } from "./settings.js";
import { readTokenClaims, type Confirmation, type TokenClaims } from "./token/claims.js";
import { takeApart } from "./token/compact.js";
import { TokenRefused, type Defect } from "./token/defect.js";
import { couldBeGood, verify } from "./token/verify.js";
import type { Expectations } from "./token/expectations.js";

/** A token whose signature and claims are good. */
export interface Token extends TokenClaims {
  /** Which set of keys it was verified by. */
  readonly generation: number;
  /** The version of the beliefs at which nothing was found to concern it. */
  cleanAt: number;
  /** What the issuer said when it was asked. */
  asked: { readonly identity: Identity; readonly mark: Mark } | undefined;
}

/** What is to be done with a good token. */
export type Standing = { readonly identity: Identity } | { readonly refusal: Refusal } | "ask";

/** Verifies and remembers. */
export class Tokens {
  readonly #remembered: Bounded<string, Token>;
  readonly #expect: readonly Expectations[];

  constructor(
    settings: Settled,
    private readonly keys: IssuerKeys,
  ) {
    this.#remembered = new Bounded(settings.rememberedTokens);
    const { issuer, audiences, algorithms, leewaySeconds } = settings;
    const types = settings.plainJwt ? ["at+jwt", "JWT"] : ["at+jwt"];
    this.#expect = types.map((typ) => ({ issuer, audiences, algorithms, leewaySeconds, typ }));
  }

  /** How many tokens are remembered. */
  get remembered(): number {
    return this.#remembered.size;
  }

  /**
   * Verifies strictly, or recalls that it did. `now` is in seconds.
   *
   * @throws TokenRefused
   * @throws Unanswered where the keys are not known
   */
  async verify(token: string, now: number): Promise<Token> {
    const name = createHash("sha256").update(token).digest("base64url");
    if (this.keys.areOld) await this.keys.renew();
    const known = this.#remembered.find(name);
    // With other keys a token may be no good any more: it is verified again.
    if (known !== undefined && known.generation === this.keys.generation) {
      if (now >= known.identity.expiresAt + this.#expect[0]!.leewaySeconds) {
        this.#remembered.remove(name);
        throw new TokenRefused("expired");
      }
      return known;
    }
    const expect = this.#expectationsFor(token, now);
    const { kid } = takeApart(token).header;
    const keys = await this.keys.with(kid ?? "");
    const generation = this.keys.generation;
    const claims = readTokenClaims(await verify(token, keys, expect, now));
    const verified: Token = { ...claims, generation, cleanAt: 0, asked: known?.asked };
    this.#remembered.put(name, verified);
    return verified;
  }

  /** Those that it could meet, so that nobody makes us look for keys with what no key could make good. */
  #expectationsFor(token: string, now: number): Expectations {
    let refused: unknown;
    for (const expect of this.#expect) {
      try {
        couldBeGood(token, expect, now);
        return expect;
      } catch (error) {
        refused ??= error;
      }
    }
    throw refused;
  }
}

/** Whether a good token is believed by what the feed told. `fresh` is whether the feed is heard. */
export function standing(token: Token, beliefs: Beliefs, fresh: boolean): Standing {
  if (token.cleanAt === beliefs.version) return fresh ? { identity: token.identity } : "ask";
  if (token.hangsFrom.some((subject) => beliefs.hasEnded(subject))) return { refusal: { kind: "token_revoked" } };
  if (!fresh) return "ask";
  const changedAt = token.user === undefined ? 0 : beliefs.changedAt(token.user);
  if (changedAt === 0) {
    token.cleanAt = beliefs.version;
    return { identity: token.identity };
  }
  const { asked } = token;
  const isNewEnough = asked !== undefined && asked.mark.epoch === beliefs.epoch && asked.mark.version >= changedAt;
  return isNewEnough ? { identity: asked.identity } : "ask";
}

/**
 * Asks the issuer what the token is worth, and remembers what it says of the user where that may be remembered.
 *
 * @throws Unanswered
 */
export async function askAbout(
  text: string,
  token: Token,
  client: ServiceClient,
  beliefs: Beliefs,
  steadyNow: number,
): Promise<Standing> {
  const mark = beliefs.mark(steadyNow);
  const { active, roles, keep } = await client.introspect(text, mark.place);
  if (!active) return { refusal: { kind: "token_revoked" } };
  // What ended while the answer was on its way has ended.
  if (token.hangsFrom.some((subject) => beliefs.hasEnded(subject))) return { refusal: { kind: "token_revoked" } };
  const identity = frozen({ ...token.identity, roles: [...roles] });
  if (keep && mark.epoch === beliefs.epoch) token.asked = { identity, mark };
  return { identity };
}

/** Whether the token may be presented like this: one that is bound to a key counts beside a proof of that key alone. */
export function mayBePresented(confirmation: Confirmation | undefined, proved: string | undefined): Refusal | undefined {
  if (confirmation === undefined) {
    return proved === undefined ? undefined : { kind: "invalid_token", why: "The token is bound to no key." };
  }
  if (confirmation === "not_seen_here") {
    return { kind: "invalid_token", why: "The token is bound to something that is not seen here." };
  }
  if (proved === undefined) {
    return { kind: "invalid_token", why: "The token is bound to a key, and counts in the scheme DPoP alone." };
  }
  if (proved !== confirmation.jkt) return { kind: "invalid_token", why: "The token is bound to another key." };
  return undefined;
}

/** The refusal of a token that did not verify. */
export function refusalOf({ defect }: TokenRefused): Refusal {
  return { kind: "invalid_token", why: SENTENCES[defect] ?? "The token is malformed." };
}

const SENTENCES: Partial<Record<Defect, string>> = {
  key_unknown: "No key of the issuer is named in the token.",
  key_id_missing: "No key of the issuer is named in the token.",
  signature: "The signature of the token is wrong.",
  issuer: "The token is another issuer's.",
  audience: "The token is for another audience.",
  expired: "The token has expired.",
  not_yet_valid: "The token is not valid yet.",
  issued_in_future: "The token is not valid yet.",
  type: "The token is of another type.",
  algorithm: "The token is signed in a way that is not accepted.",
  key_in_header: "The token brings its own key.",
};
