import assert from "node:assert/strict";
import { test } from "node:test";

import { ALGORITHMS } from "../../dist/token/algorithm.js";
import type { Defect } from "../../dist/token/defect.js";
import { couldBeGood, verify } from "../../dist/token/verify.js";
import type { Expectations } from "../../dist/token/expectations.js";
import type { TrustedKeys } from "../../dist/token/trusted_keys.js";
import { AUDIENCE, claims, ISSUER, makeKey, NOW, sign, signRaw, trust } from "../support/keys.js";

const EXPECT: Expectations = {
  issuer: ISSUER,
  audiences: [AUDIENCE],
  typ: "at+jwt",
  algorithms: ALGORITHMS,
  leewaySeconds: 0,
};

const KEY = await makeKey();
const KEYS = await trust(KEY);

async function refused(token: string, defect: Defect, expect = EXPECT, keys: TrustedKeys = KEYS): Promise<void> {
  // What is shown to be refused is refused for one reason: the same without it is accepted.
  await verify(await sign(KEY), KEYS, EXPECT, NOW);
  await assert.rejects(verify(token, keys, expect, NOW), { name: "TokenRefused", defect });
}

for (const algorithm of ALGORITHMS) {
  test(`a token signed with ${algorithm} is read`, async () => {
    const key = await makeKey(algorithm);
    const verified = await verify(await sign(key), await trust(key), EXPECT, NOW);
    assert.equal(verified.claims["sub"], claims()["sub"]);
    assert.deepEqual([verified.kid, verified.expiresAt], [algorithm, NOW + 590]);
  });
}

test("an algorithm that is not expected is refused", async () => {
  await refused(await sign(KEY), "algorithm", { ...EXPECT, algorithms: ["Ed25519"] });
});

test("an algorithm that the key is not for is refused", async () => {
  const rsa = await makeKey("RS256");
  const keys = await trust(rsa);
  await verify(await sign(rsa), keys, EXPECT, NOW);
  const other = { ...(await makeKey("PS256", "RS256")), privateKey: (await makeKey("PS256")).privateKey };
  await refused(await sign(other), "algorithm", EXPECT, keys);
});

test("no token says that it needs no signature", async () => {
  const [, payload] = (await sign(KEY)).split(".");
  for (const alg of ["none", "None", "HS256", "ES256K", "constructor", ""]) {
    const header = Buffer.from(JSON.stringify({ alg, kid: KEY.kid, typ: "at+jwt" })).toString("base64url");
    await refused(`${header}.${payload}.`, "algorithm");
    await refused(`${header}.${payload}.AAAA`, "algorithm");
  }
});

test("a public key is no secret", async () => {
  const { createHmac } = await import("node:crypto");
  const header = Buffer.from(JSON.stringify({ alg: "HS256", kid: KEY.kid, typ: "at+jwt" })).toString("base64url");
  const signed = `${header}.${Buffer.from(JSON.stringify(claims())).toString("base64url")}`;
  const mac = createHmac("sha256", JSON.stringify(KEY.jwk)).update(signed).digest("base64url");
  await refused(`${signed}.${mac}`, "algorithm");
});

test("another key's signature is refused", async () => {
  await refused(await sign(await makeKey("ES256")), "signature");
  await refused(await sign(await makeKey("ES256", "other")), "key_unknown");
});

test("a token that does not name its key is refused", async () => {
  await refused(await signRaw(KEY, '{"alg":"ES256","typ":"at+jwt"}', JSON.stringify(claims())), "key_id_missing");
});

test("a changed claim breaks the signature", async () => {
  const [header, , signature] = (await sign(KEY)).split(".");
  const other = Buffer.from(JSON.stringify(claims({ sub: "admin" }))).toString("base64url");
  await refused(`${header}.${other}.${signature}`, "signature");
});

test("a key in the header refuses the token", async () => {
  const header = (more: object): string => JSON.stringify({ alg: "ES256", kid: "ES256", typ: "at+jwt", ...more });
  await verify(await signRaw(KEY, header({}), JSON.stringify(claims())), KEYS, EXPECT, NOW);
  for (const more of [{ jwk: KEY.jwk }, { jku: "https://x" }, { x5u: "https://x" }, { x5c: ["x"] }]) {
    await refused(await signRaw(KEY, header(more), JSON.stringify(claims())), "key_in_header");
  }
  for (const more of [{ crit: ["x"], x: 1 }, { b64: true }]) {
    await refused(await signRaw(KEY, header(more), JSON.stringify(claims())), "critical_header");
  }
});

test("a type is compared without regard to case, and application/ is optional", async () => {
  for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt"]) {
    await verify(await sign(KEY, claims(), { typ }), KEYS, EXPECT, NOW);
  }
  for (const typ of ["JWT", "dpop+jwt", "", "application/"]) await refused(await sign(KEY, claims(), { typ }), "type");
  await refused(await signRaw(KEY, '{"alg":"ES256","kid":"ES256"}', JSON.stringify(claims())), "type");
});

test("issuer and audience are the expected ones", async () => {
  await verify(await sign(KEY, claims({ aud: ["other", AUDIENCE] })), KEYS, EXPECT, NOW);
  await refused(await sign(KEY, claims({ iss: `${ISSUER}/` })), "issuer");
  await refused(await sign(KEY, claims({ iss: undefined })), "issuer");
  await refused(await sign(KEY, claims({ aud: "other" })), "audience");
  await refused(await sign(KEY, claims({ aud: [] })), "audience");
  await refused(await sign(KEY, claims({ aud: { [AUDIENCE]: 1 } })), "claim_malformed");
  await refused(await sign(KEY, claims({ aud: [AUDIENCE, 1] })), "claim_malformed");
});

test("times are compared to the second", async () => {
  await verify(await sign(KEY, claims({ exp: NOW + 1, nbf: NOW, iat: NOW })), KEYS, EXPECT, NOW);
  await verify(await sign(KEY, claims({ exp: NOW + 1.5, iat: NOW + 0.9 })), KEYS, EXPECT, NOW);
  await refused(await sign(KEY, claims({ exp: NOW })), "expired");
  await refused(await sign(KEY, claims({ nbf: NOW + 1 })), "not_yet_valid");
  await refused(await sign(KEY, claims({ iat: NOW + 1 })), "issued_in_future");
  await refused(await sign(KEY, claims({ exp: undefined })), "claim_missing");
  for (const exp of [String(NOW + 9), -1, null, [NOW + 9]]) {
    await refused(await sign(KEY, claims({ exp })), "claim_malformed");
  }
  const lenient = { ...EXPECT, leewaySeconds: 5 };
  await verify(await sign(KEY, claims({ exp: NOW - 4 })), KEYS, lenient, NOW);
  await refused(await sign(KEY, claims({ exp: NOW - 5 })), "expired", lenient);
});

test("a name that appears twice refuses the token, at any depth and however it is written", async () => {
  const twice = (payload: string): Promise<string> => sign(KEY, payload);
  const plain = JSON.stringify(claims()).slice(0, -1);
  await verify(await twice(`${plain},"a":{"b":1},"c":{"b":2}}`), KEYS, EXPECT, NOW);
  await refused(await twice(`${plain},"sub":"admin"}`), "duplicate_member");
  await refused(await twice(`${plain},"s\\u0075b":"admin"}`), "duplicate_member");
  await refused(await twice(`${plain},"a":[{"b":1,"b":2}]}`), "duplicate_member");
  const header = '{"alg":"ES256","kid":"ES256","typ":"at+jwt","alg":"ES256"}';
  await refused(await signRaw(KEY, header, JSON.stringify(claims())), "duplicate_member");
});

test("a token has one spelling", async () => {
  const token = await sign(KEY);
  const [header, payload, signature] = token.split(".");
  await refused(`${token}=`, "base64");
  await refused(`${token}.`, "not_compact");
  await refused(`${header}.${payload}`, "not_compact");
  await refused(` ${token}`, "base64");
  await refused(`${header}=.${payload}.${signature}`, "base64");
  // 64 bytes leave four bits of the last letter unused: they must be zero.
  const last = signature!.slice(-1);
  const sibling = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const other = sibling[sibling.indexOf(last) + 1]!;
  await refused(`${header}.${payload}.${signature!.slice(0, -1)}${other}`, "base64");
});

test("what is too long or too deep is not read", async () => {
  await refused(await sign(KEY, claims({ a: "x".repeat(16 * 1024) })), "too_long");
  await refused(await sign(KEY, claims(), { x: "x".repeat(1024) }), "too_long");
  let deep: unknown = 1;
  for (let depth = 0; depth < 16; depth += 1) deep = [deep];
  await refused(await sign(KEY, claims({ deep })), "too_deep");
});

test("claims that are no object of text are refused", async () => {
  for (const payload of ["[]", "1", '"x"', "", "{", "\ufeff{}", '{"a":"\\ud800"}']) {
    await refused(await sign(KEY, payload), "not_json");
  }
  await refused(await sign(KEY, claims({ sub: 1 })), "claim_malformed");
});

test("what no key could make good makes nobody look for keys", async () => {
  const other = await makeKey("ES256", "elsewhere");
  couldBeGood(await sign(other), EXPECT, NOW);
  for (const [what, defect] of [
    [claims({ exp: NOW }), "expired"],
    [claims({ iss: "https://evil.example" }), "issuer"],
    [claims({ aud: "other" }), "audience"],
  ] as const) {
    const token = await sign(other, what);
    assert.throws(() => couldBeGood(token, EXPECT, NOW), { defect });
  }
  const [header, payload] = (await sign(other)).split(".");
  assert.throws(() => couldBeGood(`${header}.${payload}.`, EXPECT, NOW), { defect: "signature" });
});
