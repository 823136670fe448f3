import assert from "node:assert/strict";
import { test } from "node:test";

import { answerTo, type Refusal, type Speech } from "../dist/refusal.js";

const SPEECH: Speech = {
  realm: "https://api.example",
  issuer: "https://id.example",
  proofAlgorithms: ["ES256"],
  resourceMetadata: undefined,
  againCookie: "__Host-cloakroom-again",
};

const challenges = (refusal: Refusal, more: Partial<Speech> = {}): string[] =>
  answerTo(refusal, { ...SPEECH, ...more })
    .headers.filter(([name]) => name === "www-authenticate")
    .map(([, value]) => value);

test("a refusal is a problem that names its kind", () => {
  const { status, headers, body } = answerTo({ kind: "session_expired" }, SPEECH);
  assert.equal(status, 401);
  assert.ok(headers.some(([name, value]) => name === "content-type" && value === "application/problem+json"));
  assert.ok(headers.some(([name, value]) => name === "cache-control" && value === "no-store"));
  assert.deepEqual(JSON.parse(body), {
    type: "https://id.example/problems/session_expired",
    title: "The session has expired",
    status: 401,
    detail: "The session was not used for too long, or its time is over; sign in again.",
    code: "session_expired",
  });
});

test("who sent nothing is told no code", () => {
  assert.deepEqual(challenges({ kind: "not_signed_in" }), ['Bearer realm="https://api.example"', 'DPoP algs="ES256"']);
});

test("who sent something is told why it was refused", () => {
  assert.deepEqual(challenges({ kind: "invalid_token", why: "The token has expired." }), [
    'Bearer realm="https://api.example", error="invalid_token", error_description="The token has expired."',
    'DPoP error="invalid_token", error_description="The token has expired.", algs="ES256"',
  ]);
});

test("what was wrong with a proof is said of proofs alone", () => {
  const [bearer, dpop] = challenges({ kind: "invalid_dpop_proof", why: "x" });
  assert.equal(bearer, 'Bearer realm="https://api.example"');
  assert.match(dpop ?? "", /error="invalid_dpop_proof"/);
});

test("a lacking scope is named", () => {
  assert.match(challenges({ kind: "insufficient_scope", scope: "orders" })[0] ?? "", /error="insufficient_scope".*scope="orders"$/);
  assert.equal(answerTo({ kind: "insufficient_scope", scope: "orders" }, SPEECH).status, 403);
});

test("a step up is a challenge that a client can answer", () => {
  const [bearer] = challenges({ kind: "reauthentication_required", maxAge: 60, acrValues: ["aal2", "aal3"] });
  assert.match(bearer ?? "", /error="insufficient_user_authentication".*acr_values="aal2 aal3", max_age="60"$/);
});

test("a service that describes itself says where", () => {
  const resourceMetadata = "https://api.example/.well-known/oauth-protected-resource";
  for (const challenge of challenges({ kind: "not_signed_in" }, { resourceMetadata })) {
    assert.match(challenge, /resource_metadata="https:\/\/api\.example\/\.well-known\/oauth-protected-resource"/);
  }
});

test("a challenge is one line of balanced quotes, whatever is put into it", () => {
  for (const odd of ['"', "\\", "\r\nx: y", "ü"]) {
    for (const challenge of challenges({ kind: "insufficient_scope", scope: odd }, { realm: odd })) {
      assert.match(challenge, /^[ -~]+$/);
      assert.equal((challenge.match(/"/g) ?? []).length % 2, 0, challenge);
    }
  }
});

test("who can do nothing about it is told when to come back", () => {
  const { status, headers } = answerTo({ kind: "unavailable" }, SPEECH);
  assert.equal(status, 503);
  assert.ok(headers.some(([name, value]) => name === "retry-after" && value === "1"));
});

test("a navigation is sent to itself with a cookie that says so", () => {
  const { status, headers } = answerTo({ kind: "session_replaced", again: "/orders?a=b" }, SPEECH);
  assert.equal(status, 303);
  assert.deepEqual(Object.fromEntries(headers), {
    "location": "/orders?a=b",
    "set-cookie": "__Host-cloakroom-again=1; Path=/; Max-Age=10; HttpOnly; SameSite=Lax; Secure",
    "cache-control": "no-store",
  });
  assert.equal(answerTo({ kind: "session_replaced", again: undefined }, SPEECH).status, 401);
});
