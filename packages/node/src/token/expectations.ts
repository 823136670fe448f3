// What a verifier expects of a token: the only thing that a token is measured by (RFC 8725 §3).

import type { Algorithm } from "./algorithm.js";
import { TokenRefused } from "./defect.js";
import { isTexts, type JsonObject } from "./strict_json.js";

export interface Expectations {
  readonly issuer: string;
  /** Any one of these. */
  readonly audiences: readonly string[];
  /** The header's `typ`; `JWT` takes a token without one too, for kinds from before types were asked for. */
  readonly typ: string;
  readonly algorithms: readonly Algorithm[];
  /** How far the clocks may be apart. */
  readonly leewaySeconds: number;
}

/** RFC 7515 §4.1.9: compared without regard to case, and `application/` in front is optional. */
export function checkType(typ: string | undefined, expected: string): void {
  if (typ === undefined && expected === "JWT") return;
  if (typ === undefined || subtype(typ) !== subtype(expected)) throw new TokenRefused("type");
}

/** RFC 7519 §4.1.1, §4.1.3. */
export function checkParties(claims: JsonObject, expect: Pick<Expectations, "issuer" | "audiences">): void {
  if (textClaim(claims, "iss") !== expect.issuer) throw new TokenRefused("issuer");
  const audiences = audiencesOf(claims);
  if (!audiences.some((audience) => expect.audiences.includes(audience))) throw new TokenRefused("audience");
}

/** RFC 7519 §4.1.4 to §4.1.6, at `now` in seconds. Returns `exp`. */
export function checkTimes(claims: JsonObject, leewaySeconds: number, now: number): number {
  const expiresAt = secondsClaim(claims, "exp");
  const notBefore = secondsClaim(claims, "nbf");
  const issuedAt = secondsClaim(claims, "iat");
  if (expiresAt === undefined) throw new TokenRefused("claim_missing");
  // On the second of `exp` itself the token is void.
  if (now >= expiresAt + leewaySeconds) throw new TokenRefused("expired");
  if (notBefore !== undefined && notBefore > now + leewaySeconds) throw new TokenRefused("not_yet_valid");
  if (issuedAt !== undefined && issuedAt > now + leewaySeconds) throw new TokenRefused("issued_in_future");
  return expiresAt;
}

export function audiencesOf(claims: JsonObject): readonly string[] {
  if (!Object.hasOwn(claims, "aud")) return [];
  const { aud } = claims;
  if (typeof aud === "string") return [aud];
  if (!isTexts(aud)) throw new TokenRefused("claim_malformed");
  return aud;
}

/** A claim that is a text where it is there. */
export function textClaim(claims: JsonObject, name: string): string | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  if (typeof value !== "string") throw new TokenRefused("claim_malformed");
  return value;
}

/** RFC 7519 §2, `NumericDate`: a number, perhaps with a fraction, which is dropped. */
export function secondsClaim(claims: JsonObject, name: string): number | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  if (typeof value !== "number" || !(value >= 0) || value > Number.MAX_SAFE_INTEGER) {
    throw new TokenRefused("claim_malformed");
  }
  return Math.floor(value);
}

function subtype(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, "");
}
