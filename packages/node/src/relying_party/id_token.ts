// OpenID Connect Core §3.1.3.7: who signed in, as the issuer tells this client.

import { ALGORITHMS } from "../token/algorithm.js";
import { TokenRefused } from "../token/defect.js";
import { audiencesOf, secondsClaim, textClaim } from "../token/expectations.js";
import { isTexts, type JsonObject } from "../token/strict_json.js";
import { verify } from "../token/verify.js";
import type { TrustedKeys } from "../token/trusted_keys.js";

export interface Person {
  readonly sub: string;
  readonly sid: string | null;
  readonly roles: readonly string[];
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly authenticatedAt: number | null;
  readonly email: string | null;
  readonly username: string | null;
}

export interface Expected {
  readonly issuer: string;
  readonly clientId: string;
  /** What was sent along; `undefined` for one that came with a refresh, which need not repeat it. */
  readonly nonce: string | undefined;
  readonly leewaySeconds: number;
}

/** @throws TokenRefused */
export async function readIdToken(token: string, keys: TrustedKeys, expected: Expected, now: number): Promise<Person> {
  const { issuer, clientId, nonce, leewaySeconds } = expected;
  const expect = { issuer, audiences: [clientId], typ: "JWT", algorithms: ALGORITHMS, leewaySeconds };
  const { claims } = await verify(token, keys, expect, now);
  const sub = textClaim(claims, "sub");
  if (sub === undefined || sub === "") throw new TokenRefused("claim_missing");
  const azp = textClaim(claims, "azp");
  // Made for somebody else, and lent to us.
  if (azp !== undefined && azp !== clientId) throw new TokenRefused("audience");
  if (azp === undefined && audiencesOf(claims).length > 1) throw new TokenRefused("audience");
  if (nonce !== undefined && textClaim(claims, "nonce") !== nonce) throw new TokenRefused("claim_malformed");
  return {
    sub,
    sid: textClaim(claims, "sid") ?? null,
    roles: list(claims, "roles"),
    acr: textClaim(claims, "acr") ?? null,
    amr: list(claims, "amr"),
    authenticatedAt: secondsClaim(claims, "auth_time") ?? null,
    email: textClaim(claims, "email") ?? null,
    username: textClaim(claims, "preferred_username") ?? null,
  };
}

function list(claims: JsonObject, name: string): string[] {
  const value = claims[name];
  return isTexts(value) ? value : [];
}
