// RFC 9449 §4.2, §4.3, §7: a request shows that its sender holds the key that its access token is bound to.
//
// The only place where a key from a header is used, and it earns no trust: a proof says *I hold this key*, and the token says
// which key that must be.

import { createHash, timingSafeEqual } from "node:crypto";

import { calculateJwkThumbprint, type JWK } from "jose";

import type { Algorithm } from "./algorithm.js";
import { readClaims, takeApart } from "./compact.js";
import { TokenRefused } from "./defect.js";
import { checkType } from "./expectations.js";
import { readKey } from "./trusted_keys.js";
import { accepted, checkSignature } from "./verify.js";

/** How old a proof may be when it arrives, and how far the clock of its maker may be ahead of ours, in seconds. */
export const AGE_SECONDS = 120;
export const AHEAD_SECONDS = 30;

const MAX_LENGTH = 4 * 1024;
const MAX_JTI = 255;

export interface ProvedRequest {
  readonly method: string;
  /** Where it went, as its sender sees it, without a query. */
  readonly url: string;
  readonly accessToken: string;
}

export interface Proved {
  /** The thumbprint of the key (`jkt`). */
  readonly thumbprint: string;
  /** What must be marked as used before the proof counts, and the second until which it must stay marked. */
  readonly mark: string;
  readonly until: number;
}

/** The proof was refused. Holds nothing of the proof. */
export class ProofRefused extends Error {
  override readonly name = "ProofRefused";
}

/**
 * Verifies a proof for the request that it came with, at `now` in seconds.
 *
 * @throws ProofRefused
 */
export async function verifyProof(
  proof: string,
  request: ProvedRequest,
  algorithms: readonly Algorithm[],
  now: number,
): Promise<Proved> {
  try {
    return await prove(proof, request, algorithms, now);
  } catch (error) {
    if (error instanceof TokenRefused) throw new ProofRefused(`The DPoP proof was refused: ${error.message}.`);
    throw error;
  }
}

async function prove(
  proof: string,
  request: ProvedRequest,
  algorithms: readonly Algorithm[],
  now: number,
): Promise<Proved> {
  const compact = takeApart(proof, MAX_LENGTH, true);
  checkType(compact.header.typ, "dpop+jwt");
  const algorithm = accepted(compact.header.alg, algorithms);
  const { jwk } = compact.header;
  const key = jwk === undefined ? undefined : await readKey(jwk);
  if (jwk === undefined || key === undefined) throw new TokenRefused("proof_key");
  await checkSignature(proof, compact, key, algorithm);

  const claims = readClaims(compact.claims);
  const { jti, htm, htu, iat, ath, nbf, exp } = claims;
  if (typeof jti !== "string" || jti === "" || jti.length > MAX_JTI) refuse("jti of the DPoP proof is empty or too long.");
  if (htm !== request.method) refuse("htm of the DPoP proof is another method.");
  if (typeof htu !== "string" || !isSameTarget(htu, request.url)) refuse("htu of the DPoP proof is another URL.");
  if (typeof ath !== "string" || !isDigestOf(ath, request.accessToken)) {
    refuse("ath of the DPoP proof is not of this access token.");
  }
  if (typeof iat !== "number" || !(iat >= 0)) refuse("iat of the DPoP proof is no time.");
  const madeAt = Math.floor(iat);
  if (madeAt + AGE_SECONDS < now || madeAt > now + AHEAD_SECONDS) refuse("The DPoP proof was not made just now.");
  // Nobody has to say these; what is said must hold (RFC 7519 §4.1.4, §4.1.5).
  const begins = nbf === undefined || (typeof nbf === "number" && nbf <= now + AHEAD_SECONDS);
  const lasts = exp === undefined || (typeof exp === "number" && exp + AHEAD_SECONDS > now);
  if (!begins || !lasts) refuse("nbf or exp of the DPoP proof does not hold.");
  const thumbprint = await calculateJwkThumbprint(jwk as JWK);
  // A second more, since `iat` lost its fraction.
  return { thumbprint, mark: `${thumbprint} ${jti}`, until: madeAt + AGE_SECONDS + 1 };
}

function refuse(why: string): never {
  throw new ProofRefused(why);
}

/** RFC 9449 §4.2: `ath` is SHA-256 of the token as it is written. */
function isDigestOf(ath: string, token: string): boolean {
  const digest = Buffer.from(createHash("sha256").update(token).digest("base64url"));
  const said = Buffer.from(ath);
  return said.length === digest.length && timingSafeEqual(said, digest);
}

/** RFC 9449 §4.3, check 9: without query and fragment, normalised as RFC 3986 §6.2.2 and §6.2.3 have it. */
function isSameTarget(said: string, real: string): boolean {
  const [a, b] = [normal(said), normal(real)];
  return a !== undefined && a === b;
}

function normal(text: string): string | undefined {
  // What a browser would kindly repair is not a URL here.
  if (!/^[\x21-\x5b\x5d-\x7e]{1,2048}$/.test(text)) return undefined;
  try {
    const url = new URL(text);
    if ((url.protocol !== "https:" && url.protocol !== "http:") || url.username !== "" || url.password !== "") {
      return undefined;
    }
    // Letters that need no escape are the same with and without one.
    const path = url.pathname.replace(/%[0-9a-fA-F]{2}/g, (escaped) => {
      const letter = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
      return /[A-Za-z0-9._~-]/.test(letter) ? letter : escaped.toUpperCase();
    });
    return `${url.origin}${path}`;
  } catch {
    return undefined;
  }
}

/** Proofs that were used, until they are too old to be used again. */
export class UsedProofs {
  readonly #until = new Map<string, number>();

  constructor(private readonly limit: number) {}

  /** Marks the proof as used: `"used"` where it was, `"full"` where there is no room to remember it. */
  spend({ mark, until }: Proved, now: number): "spent" | "used" | "full" {
    if (this.#until.has(mark)) return "used";
    if (this.#until.size >= this.limit) this.#sweep(now);
    if (this.#until.size >= this.limit) return "full";
    this.#until.set(mark, until);
    return "spent";
  }

  #sweep(now: number): void {
    for (const [mark, until] of this.#until) if (until < now) this.#until.delete(mark);
  }
}
