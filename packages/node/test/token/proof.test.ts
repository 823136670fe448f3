import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";

import { calculateJwkThumbprint, type JWK } from "jose";

import { ALGORITHMS } from "../../dist/token/algorithm.js";
import { AGE_SECONDS, AHEAD_SECONDS, UsedProofs, verifyProof, type Proved } from "../../dist/token/proof.js";
import { makeKey, NOW, sign, type Key } from "../support/keys.js";

const KEY = await makeKey();
const REQUEST = { method: "GET", url: "https://api.example/orders", accessToken: "a.b.c" };
const ATH = createHash("sha256").update(REQUEST.accessToken).digest("base64url");
const { kid: _kid, alg: _alg, use: _use, ...bare } = KEY.jwk;
const PUBLIC: JWK = bare;

function proof(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key: Key = KEY): Promise<string> {
  const all = { jti: randomUUID(), htm: "GET", htu: REQUEST.url, iat: NOW, ath: ATH, ...claims };
  return sign(key, all, { typ: "dpop+jwt", jwk: PUBLIC, kid: undefined, ...header });
}

const verified = async (text: string | Promise<string>): Promise<Proved> =>
  verifyProof(await text, REQUEST, ALGORITHMS, NOW);

const refused = async (text: string | Promise<string>, why: RegExp): Promise<void> => {
  await verified(proof());
  await assert.rejects(verified(text), (error: Error) => error.name === "ProofRefused" && why.test(error.message));
};

test("a proof tells the thumbprint of the key that was proved", async () => {
  assert.equal((await verified(proof())).thumbprint, await calculateJwkThumbprint(PUBLIC));
});

test("a proof is for one method, one address and one token", async () => {
  await refused(proof({ htm: "POST" }), /method/);
  await refused(proof({ htm: "get" }), /method/);
  await refused(proof({ ath: ATH.slice(1) }), /access token/);
  await refused(proof({ ath: undefined }), /access token/);
  for (const htu of ["https://api.example/orders?a=b", "HTTPS://API.example:443/x/../orders#c", "https://api.example/%6frders"]) {
    await verified(proof({ htu }));
  }
  for (const htu of [
    "http://api.example/orders",
    "https://api.example/orders/",
    "https://api.example:8443/orders",
    "https://api.example/Orders",
    "https://api.example%2forders",
    "https://user@api.example/orders",
    "https:\\\\api.example\\orders",
    " https://api.example/orders",
    "/orders",
    7,
  ]) {
    await refused(proof({ htu }), /another URL/);
  }
});

test("a proof is made just now", async () => {
  await verified(proof({ iat: NOW - AGE_SECONDS }));
  await verified(proof({ iat: NOW + AHEAD_SECONDS }));
  await refused(proof({ iat: NOW - AGE_SECONDS - 1 }), /just now/);
  await refused(proof({ iat: NOW + AHEAD_SECONDS + 1 }), /just now/);
  await refused(proof({ iat: "now" }), /no time/);
  await refused(proof({ exp: NOW - AHEAD_SECONDS }), /does not hold/);
  await refused(proof({ nbf: NOW + AHEAD_SECONDS + 1 }), /does not hold/);
});

test("a proof has a name of its own", async () => {
  for (const jti of ["", "x".repeat(256), 7, undefined]) await refused(proof({ jti }), /jti/);
});

test("a proof brings the public key that signed it, and nothing private", async () => {
  const other = await makeKey();
  await refused(proof({}, { jwk: { ...PUBLIC, x: other.jwk.x, y: other.jwk.y } }), /signature/);
  await refused(proof({}, { jwk: { ...PUBLIC, d: "AAAA" } }), /key of the proof/);
  await refused(proof({}, { jwk: undefined }), /key of the proof/);
  await refused(proof({}, { jwk: { kty: "oct", k: "AAAA" } }), /key of the proof/);
});

test("an access token is no proof", async () => {
  await refused(proof({}, { typ: "at+jwt" }), /another type/);
  await refused(proof({}, { typ: undefined }), /another type/);
});

test("a proof counts once", async () => {
  const used = new UsedProofs(2);
  const first = await verified(proof());
  assert.equal(used.spend(first, NOW), "spent");
  assert.equal(used.spend(first, NOW), "used");
  assert.equal(used.spend(await verified(proof()), NOW), "spent");
  // Nothing that could still be used again is forgotten to make room.
  assert.equal(used.spend(await verified(proof()), NOW), "full");
  assert.equal(used.spend(first, first.until), "used");
  assert.equal(used.spend(await verified(proof()), first.until + 1), "spent");
});
