// The three parts of a compact token (RFC 7515 §7.1) and its header, as little of it as a verifier may believe (§4).
//
// `alg`, `kid` and `typ` are read, to be compared with what the verifier expects. Parameters that offer a key or ask for an
// extension refuse the token; all others are ignored, as §4 asks.

import { decode } from "../base64url.js";
import { TokenRefused } from "./defect.js";
import { isObject, readObject, type JsonObject } from "./strict_json.js";

/** The longest token that is read, in characters. */
export const MAX_TOKEN = 16 * 1024;

/** The longest header that is read, decoded. What verifiers need is about a hundred bytes. */
const MAX_HEADER = 1024;
const MAX_HEADER_DEPTH = 4;
const MAX_CLAIMS_DEPTH = 16;

export interface Compact {
  readonly header: Header;
  /** Not decoded yet: nobody looks into the claims before the signature is known to be good. */
  readonly claims: string;
  readonly signature: string;
}

export interface Header {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string | undefined;
  /** The key that the header brings; only a proof of that key may have one. */
  readonly jwk: JsonObject | undefined;
}

/** Takes a token apart. `bringsKey` is for proofs of possession alone. */
export function takeApart(token: string, maxLength = MAX_TOKEN, bringsKey = false): Compact {
  if (token.length > maxLength) throw new TokenRefused("too_long");
  const [header, claims, signature, more] = token.split(".", 4);
  if (header === undefined || claims === undefined || signature === undefined || more !== undefined) {
    throw new TokenRefused("not_compact");
  }
  return { header: readHeader(header, bringsKey), claims, signature };
}

/** The claims of a token whose signature is good. */
export function readClaims(encoded: string): JsonObject {
  return object(encoded, MAX_CLAIMS_DEPTH);
}

function readHeader(encoded: string, bringsKey: boolean): Header {
  if (encoded.length > Math.ceil((MAX_HEADER * 4) / 3)) throw new TokenRefused("too_long");
  const header = object(encoded, MAX_HEADER_DEPTH);
  for (const name of bringsKey ? ["jku", "x5c", "x5u"] : ["jku", "x5c", "x5u", "jwk"]) {
    if (Object.hasOwn(header, name)) throw new TokenRefused("key_in_header");
  }
  // RFC 7797 §6: `b64` means nothing without `crit`, and no `crit` is understood.
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) throw new TokenRefused("critical_header");
  const { jwk } = header;
  if (bringsKey && !isObject(jwk)) throw new TokenRefused("proof_key");
  const alg = text(header, "alg");
  if (alg === undefined) throw new TokenRefused("algorithm");
  return { alg, kid: text(header, "kid"), typ: text(header, "typ"), jwk: isObject(jwk) ? jwk : undefined };
}

function text(header: JsonObject, name: string): string | undefined {
  if (!Object.hasOwn(header, name)) return undefined;
  const value = header[name];
  if (typeof value !== "string") throw new TokenRefused("header_malformed");
  return value;
}

function object(encoded: string, maxDepth: number): JsonObject {
  const bytes = decode(encoded);
  if (bytes === undefined) throw new TokenRefused("base64");
  const read = readObject(bytes, maxDepth);
  if (typeof read === "string") throw new TokenRefused(read);
  return read;
}
