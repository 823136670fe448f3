// Keys and tokens made for a test: what an issuer would sign, and what it never would.

import { webcrypto } from "node:crypto";

import "../../dist/web_crypto.js";
import { CompactSign, exportJWK, generateKeyPair, type CryptoKey, type JWK } from "jose";

import { TrustedKeys } from "../../dist/token/trusted_keys.js";

export const NOW = 1_700_000_000;
export const ISSUER = "https://id.example";
export const AUDIENCE = "https://api.example";

export interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function makeKey(alg = "ES256", kid = alg): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

export async function trust(...keys: Key[]): Promise<TrustedKeys> {
  const set = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
  const trusted = await TrustedKeys.read(Buffer.from(set));
  if (trusted === undefined) throw new Error("the key set was refused");
  return trusted;
}

export function claims(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: "018bcfe5-6800-7101-8101-010101010101",
    client_id: "shop",
    iat: NOW - 10,
    exp: NOW + 590,
    jti: "one",
    ...more,
  };
}

/** Signs any claims, as an object or as text, under any header. */
export async function sign(
  key: Key,
  what: Record<string, unknown> | string = claims(),
  header: Record<string, unknown> = {},
): Promise<string> {
  const text = typeof what === "string" ? what : JSON.stringify(what);
  return new CompactSign(Buffer.from(text))
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "at+jwt", ...header })
    .sign(key.privateKey);
}

/** Signs exactly this text as a header, which `jose` would refuse to make. */
export async function signRaw(key: Key, header: string, payload: string): Promise<string> {
  const encoded = [header, payload].map((part) => Buffer.from(part).toString("base64url")).join(".");
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await webcrypto.subtle.sign(algorithm, key.privateKey as webcrypto.CryptoKey, Buffer.from(encoded));
  return `${encoded}.${Buffer.from(signature).toString("base64url")}`;
}
