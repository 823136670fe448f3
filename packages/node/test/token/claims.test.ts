import assert from "node:assert/strict";
import { test } from "node:test";

import { digestOf } from "../../dist/subject.js";
import { readTokenClaims, type TokenClaims } from "../../dist/token/claims.js";
import { claims, NOW } from "../support/keys.js";

const USER = claims()["sub"] as string;

const read = (more: Record<string, unknown> = {}): TokenClaims =>
  readTokenClaims({ claims: claims(more), kid: "k", expiresAt: NOW + 590 });

test("a token says who is there", () => {
  const { identity } = read({ sid: "s", scope: "read  write", roles: ["admin"], acr: "aal1", amr: ["pwd"], auth_time: NOW - 5 });
  assert.deepEqual(identity, {
    user: USER,
    session: "s",
    client: "shop",
    scopes: ["read", "write"],
    roles: ["admin"],
    acr: "aal1",
    amr: ["pwd"],
    authenticatedAt: NOW - 5,
    expiresAt: NOW + 590,
    carrier: "bearer",
    email: null,
    username: null,
  });
  assert.throws(() => (identity.roles as string[]).push("root"), TypeError);
});

test("a token dies with everything that it hangs from", () => {
  const { hangsFrom } = read({ sid: "s", grant_id: "g", came_from: [{ kind: "token", id: "before" }] });
  const all = [
    digestOf("user", USER),
    digestOf("key", "k"),
    digestOf("token", "before"),
    digestOf("session", "s"),
    digestOf("grant", "g"),
    digestOf("client", "shop"),
    digestOf("token", "one"),
  ];
  assert.deepEqual([...hangsFrom].sort(), all.sort());
});

test("guests and clients are no users", () => {
  for (const sub of [`guest:${USER}`, "client:shop", "shop"]) {
    const { identity, user } = read({ sub });
    assert.deepEqual([identity.user, user], [null, undefined], sub);
  }
});

test("what could not be followed to its end is refused", () => {
  read({ came_from: [] });
  for (const came_from of [[{ kind: "planet", id: "x" }], [{ kind: "token" }], ["x"], "x", null]) {
    assert.throws(() => read({ came_from }), { defect: "claim_malformed" });
  }
});

test("claims of another type are refused", () => {
  for (const more of [{ roles: "admin" }, { roles: [1] }, { scope: ["read"] }, { sid: 1 }, { cnf: "x" }, { auth_time: "x" }]) {
    assert.throws(() => read(more), { defect: "claim_malformed" }, JSON.stringify(more));
  }
  assert.throws(() => read({ sub: undefined }), { defect: "claim_malformed" });
});

test("a token that is bound to something says to what, or that it is not seen here", () => {
  assert.deepEqual(read({ cnf: { jkt: "x" } }).confirmation, { jkt: "x" });
  assert.equal(read({ cnf: { jkt: "x" } }).identity.carrier, "dpop");
  for (const cnf of [{}, { "x5t#S256": "x" }, { "jkt": "x", "x5t#S256": "x" }]) {
    assert.equal(read({ cnf }).confirmation, "not_seen_here");
  }
});
