import assert from "node:assert/strict";
import { test } from "node:test";

import type { Identity } from "../dist/identity.js";
import { anybody, check, freshWithin, role, scope, signedIn, stepUp, type Requirement } from "../dist/requirements.js";
import { NOW } from "./support/keys.js";

const ADA: Identity = {
  user: "ada",
  session: "s",
  client: "shop",
  scopes: ["orders"],
  roles: ["admin"],
  acr: "aal2",
  amr: ["pwd"],
  authenticatedAt: NOW - 60,
  expiresAt: NOW + 600,
  carrier: "bearer",
  email: null,
  username: null,
};
const GUEST: Identity = { ...ADA, user: null, roles: [], authenticatedAt: null, acr: null };

const asked = (identity: Identity, ...requirements: Requirement[]): string | undefined =>
  check({ identity }, requirements, NOW)?.kind;

test("whoever meets everything is let on", () => {
  const all = [anybody(), signedIn(), scope("orders"), role("admin"), freshWithin(60), stepUp({ acrValues: ["aal2"] })];
  assert.equal(asked(ADA, ...all), undefined);
  assert.equal(asked(GUEST, anybody()), undefined);
});

test("nobody is told why they are nobody", () => {
  assert.deepEqual(check({ refusal: { kind: "session_expired" } }, [], NOW), { kind: "session_expired" });
});

test("a guest is no user", () => {
  assert.equal(asked(GUEST, signedIn()), "user_required");
  assert.equal(asked(GUEST, role("admin")), "role_required");
  for (const requirement of [freshWithin(60), stepUp({ acrValues: ["aal1"] })]) {
    assert.equal(asked(GUEST, requirement), "reauthentication_required");
  }
});

test("a scope limits tokens, and a cookie stands for the whole session", () => {
  assert.deepEqual(check({ identity: ADA }, [scope("invoices")], NOW), { kind: "insufficient_scope", scope: "invoices" });
  assert.equal(asked({ ...ADA, scopes: [], carrier: "cookie" }, scope("invoices")), undefined);
  assert.equal(asked({ ...ADA, scopes: [], carrier: "dpop" }, scope("invoices")), "insufficient_scope");
});

test("a role must be there by its name", () => {
  assert.equal(asked(ADA, role("adm")), "role_required");
});

test("a proof of who is there grows old to the second", () => {
  assert.equal(asked(ADA, freshWithin(59)), "reauthentication_required");
  assert.equal(asked({ ...ADA, authenticatedAt: null }, freshWithin(60)), "reauthentication_required");
});

test("a user is known in one of the ways that are listed", () => {
  const at = (acr: string | null, ...acrValues: string[]): string | undefined => asked({ ...ADA, acr }, stepUp({ acrValues }));
  assert.equal(at("gold", "silver", "gold"), undefined);
  assert.equal(at("gold", "silver"), "reauthentication_required");
  assert.equal(at(null, "aal1"), "reauthentication_required");
});

test("the first requirement that is not met says why", () => {
  assert.equal(asked(ADA, scope("x"), role("y")), "insufficient_scope");
  assert.equal(asked(ADA, role("y"), scope("x")), "role_required");
});
