// The public keys that a verifier trusts, by `kid` (RFC 7517 §5).
//
// Of a set that is read, what cannot be used is left out; two keys of one name refuse the set, since a token would mean one
// of them. A secret, or a key with its private half, is never taken for a public key.

import "../web_crypto.js";
import { calculateJwkThumbprint, importJWK, type CryptoKey, type JWK } from "jose";

import { algorithmsFor, isAlgorithm, type Algorithm } from "./algorithm.js";
import { isObject, readObject, type JsonObject } from "./strict_json.js";

const MAX_SET_BYTES = 256 * 1024;
const MAX_DEPTH = 8;
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

export interface TrustedKey {
  readonly kid: string;
  /** What the key is trusted for, and the key as each of them takes it. */
  readonly byAlgorithm: ReadonlyMap<Algorithm, CryptoKey>;
}

export class TrustedKeys {
  private constructor(private readonly byKid: ReadonlyMap<string, TrustedKey>) {}

  static readonly none = new TrustedKeys(new Map());

  /** Reads a published set. `undefined` where it is none. */
  static async read(bytes: Uint8Array): Promise<TrustedKeys | undefined> {
    if (bytes.byteLength > MAX_SET_BYTES) return undefined;
    const set = readObject(bytes, MAX_DEPTH);
    if (typeof set === "string" || !Array.isArray(set["keys"])) return undefined;
    const byKid = new Map<string, TrustedKey>();
    for (const jwk of set["keys"] as unknown[]) {
      const key = isObject(jwk) ? await readKey(jwk) : undefined;
      if (key === undefined) continue;
      if (byKid.has(key.kid)) return undefined;
      byKid.set(key.kid, key);
    }
    return new TrustedKeys(byKid);
  }

  find(kid: string): TrustedKey | undefined {
    return this.byKid.get(kid);
  }
}

/** One public key, named by its thumbprint where it has no name; `undefined` where it cannot be used. */
export async function readKey(jwk: JsonObject): Promise<TrustedKey | undefined> {
  const { kty, crv, alg, use, key_ops: operations, kid } = jwk;
  if (PRIVATE.some((name) => Object.hasOwn(jwk, name))) return undefined;
  if (use !== undefined && use !== "sig") return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return undefined;
  if (kid !== undefined && typeof kid !== "string") return undefined;
  if (alg !== undefined && !isAlgorithm(alg)) return undefined;
  const algorithms = algorithmsFor(kty, crv).filter((one) => alg === undefined || alg === one);
  if (algorithms.length === 0) return undefined;
  const material = publicPart(jwk);
  const byAlgorithm = new Map<Algorithm, CryptoKey>();
  try {
    for (const algorithm of algorithms) {
      const key = await importJWK(material, algorithm);
      if (!(key instanceof Uint8Array) && isOfRightSize(key)) byAlgorithm.set(algorithm, key);
    }
    if (byAlgorithm.size === 0) return undefined;
    return { kid: kid ?? (await calculateJwkThumbprint(material)), byAlgorithm };
  } catch {
    // Not a point on its curve, a number missing: whoever published it must replace it.
    return undefined;
  }
}

/** The members that make up the key: Node 18 stumbles over an `alg` that it does not know. */
function publicPart({ kty, crv, x, y, n, e }: JsonObject): JWK {
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as JWK;
}

function isOfRightSize(key: CryptoKey): boolean {
  const { modulusLength, publicExponent } = key.algorithm as { modulusLength?: number; publicExponent?: Uint8Array };
  if (modulusLength === undefined) return true;
  const exponent = [...(publicExponent ?? [])].reduce((number, byte) => number * 256 + byte, 0);
  return modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS && exponent >= 65_537;
}
