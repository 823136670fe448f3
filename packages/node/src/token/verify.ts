// Strict verification of one token (RFC 7515 §5.2, RFC 7519 §7.2, RFC 8725 §3), all checks on one screen.

import "../web_crypto.js";
import { compactVerify } from "jose";

import { decode } from "../base64url.js";
import { isAlgorithm, type Algorithm } from "./algorithm.js";
import { MAX_TOKEN, readClaims, takeApart, type Compact } from "./compact.js";
import { TokenRefused } from "./defect.js";
import { checkParties, checkTimes, checkType, textClaim, type Expectations } from "./expectations.js";
import type { JsonObject } from "./strict_json.js";
import type { TrustedKey, TrustedKeys } from "./trusted_keys.js";

/** Claims that were verified, and how. */
export interface Verified {
  readonly claims: JsonObject;
  readonly kid: string;
  /** `exp`, in seconds. */
  readonly expiresAt: number;
}

/**
 * Verifies `token` against what is expected of it, at `now` in seconds.
 *
 * @throws TokenRefused
 */
export async function verify(
  token: string,
  keys: TrustedKeys,
  expect: Expectations,
  now: number,
): Promise<Verified> {
  const compact = takeApart(token);
  const { alg, kid, typ } = compact.header;
  checkType(typ, expect.typ);
  const algorithm = accepted(alg, expect.algorithms);
  if (kid === undefined) throw new TokenRefused("key_id_missing");
  const key = keys.find(kid);
  if (key === undefined) throw new TokenRefused("key_unknown");
  // Nothing of the claims is read before this has passed.
  await checkSignature(token, compact, key, algorithm);
  const { claims, expiresAt } = judge(compact.claims, expect, now);
  return { claims, kid, expiresAt };
}

/**
 * Whether somebody's key could make `token` good: everything that verification asks but for key and signature, so that
 * nobody makes us fetch keys for what no key could make good. Nothing is proved by it, and nothing of the token comes out.
 *
 * @throws TokenRefused as verification would
 */
export function couldBeGood(token: string, expect: Expectations, now: number): void {
  const compact = takeApart(token);
  checkType(compact.header.typ, expect.typ);
  accepted(compact.header.alg, expect.algorithms);
  if (compact.header.kid === undefined) throw new TokenRefused("key_id_missing");
  const signature = decode(compact.signature);
  if (signature === undefined) throw new TokenRefused("base64");
  if (signature.length === 0) throw new TokenRefused("signature");
  judge(compact.claims, expect, now);
}

export function accepted(alg: string, algorithms: readonly Algorithm[]): Algorithm {
  if (!isAlgorithm(alg) || !algorithms.includes(alg)) throw new TokenRefused("algorithm");
  return alg;
}

export async function checkSignature(
  token: string,
  { signature }: Compact,
  key: TrustedKey,
  algorithm: Algorithm,
): Promise<void> {
  const material = key.byAlgorithm.get(algorithm);
  if (material === undefined) throw new TokenRefused("algorithm");
  if (decode(signature) === undefined) throw new TokenRefused("base64");
  try {
    await compactVerify(token, material, { algorithms: [algorithm] });
  } catch {
    throw new TokenRefused("signature");
  }
}

function judge(encoded: string, expect: Expectations, now: number): { claims: JsonObject; expiresAt: number } {
  const claims = readClaims(encoded);
  // Not judged, but nobody behind this shall meet a number where RFC 7519 has a text.
  textClaim(claims, "sub");
  textClaim(claims, "jti");
  checkParties(claims, expect);
  return { claims, expiresAt: checkTimes(claims, expect.leewaySeconds, now) };
}

export { MAX_TOKEN };
