import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";

import { readKey, TrustedKeys } from "../../dist/token/trusted_keys.js";
import { makeKey } from "../support/keys.js";

const { jwk } = await makeKey();

const read = (set: unknown): Promise<TrustedKeys | undefined> =>
  TrustedKeys.read(Buffer.from(typeof set === "string" ? set : JSON.stringify(set)));

test("what cannot be used is left out of a set, and the rest is trusted", async () => {
  const set = { keys: [{ ...jwk, kid: "odd", kty: "XX" }, { ...jwk, kid: "enc", use: "enc" }, 7, jwk] };
  const keys = await read(set);
  assert.ok(keys?.find("ES256"));
  assert.deepEqual([keys?.find("odd"), keys?.find("enc")], [undefined, undefined]);
});

test("two keys of one name refuse the set", async () => {
  const other = (await makeKey()).jwk;
  assert.ok(await read({ keys: [jwk, { ...other, kid: "other" }] }));
  assert.equal(await read({ keys: [jwk, other] }), undefined);
});

test("what is no set of keys is none", async () => {
  for (const text of ["", "[]", "{}", '{"keys":{}}', '{"keys":[],"keys":[]}']) {
    assert.equal(await read(text), undefined, text);
  }
  assert.equal(await read({ keys: [], x: "x".repeat(256 * 1024) }), undefined);
});

test("secrets and private halves are no public keys", async () => {
  assert.ok(await readKey({ ...jwk }));
  const secret = { kty: "oct", k: Buffer.alloc(32).toString("base64url"), alg: "HS256", kid: "s" };
  assert.equal(await readKey(secret), undefined);
  assert.equal(await readKey({ ...jwk, d: "AAAA" }), undefined);
});

test("a key says what it is for", async () => {
  const { alg: _, ...free } = jwk;
  assert.deepEqual([...((await readKey(free))?.byAlgorithm.keys() ?? [])], ["ES256"]);
  for (const wrong of [{ alg: "RS256" }, { alg: "HS256" }, { alg: 1 }, { key_ops: ["sign"] }, { kid: 1 }]) {
    assert.equal(await readKey({ ...jwk, ...wrong }), undefined, JSON.stringify(wrong));
  }
});

test("a key without a name is named by its thumbprint", async () => {
  const { kid: _, ...nameless } = jwk;
  const named = await readKey(nameless);
  assert.match(named?.kid ?? "", /^[A-Za-z0-9_-]{43}$/);
});

test("short RSA keys are refused", async () => {
  const rsa = (modulusLength: number): Record<string, unknown> =>
    ({ ...generateKeyPairSync("rsa", { modulusLength }).publicKey.export({ format: "jwk" }) });
  assert.ok(await readKey(rsa(2048)));
  assert.equal(await readKey(rsa(1024)), undefined);
});

test("a point that is not on its curve is no key", async () => {
  assert.equal(await readKey({ ...jwk, y: jwk.x }), undefined);
});
