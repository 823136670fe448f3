import assert from "node:assert/strict";
import { test } from "node:test";

import { Beliefs } from "../dist/beliefs.js";
import { digestOf } from "../dist/subject.js";
import { readTokenClaims } from "../dist/token/claims.js";
import { mayBePresented, standing, type Token } from "../dist/tokens.js";
import { claims, NOW } from "./support/keys.js";

const USER = digestOf("user", claims()["sub"] as string);
const UNTIL = NOW + 3600;

function token(more: Record<string, unknown> = {}): Token {
  const read = readTokenClaims({ claims: claims(more), kid: "k", expiresAt: NOW + 590 });
  return { ...read, generation: 1, cleanAt: 0, asked: undefined };
}

const row = (subject: string, ended: boolean): { subject: string; ended: boolean; until: number } =>
  ({ subject, ended, until: UNTIL });

test("a token is believed while nothing of it ended and the feed is heard", () => {
  const beliefs = new Beliefs(5000);
  const mine = token();
  assert.deepEqual(standing(mine, beliefs, true), { identity: mine.identity });
  assert.equal(standing(mine, beliefs, false), "ask");
  beliefs.take([row(digestOf("session", "somebody else's"), true)]);
  assert.deepEqual(standing(mine, beliefs, true), { identity: mine.identity });
});

for (const [kind, more] of [
  ["user", {}],
  ["client", {}],
  ["session", { sid: "s" }],
  ["grant", { grant_id: "g" }],
  ["token", {}],
  ["key", {}],
] as const) {
  test(`a token ends with its ${kind}, heard or not`, () => {
    const id = { user: claims()["sub"] as string, client: "shop", session: "s", grant: "g", token: "one", key: "k" }[kind];
    for (const fresh of [true, false]) {
      const beliefs = new Beliefs(5000);
      const mine = token(more);
      standing(mine, beliefs, true);
      beliefs.take([row(digestOf(kind, id), true)]);
      assert.deepEqual(standing(mine, beliefs, fresh), { refusal: { kind: "token_revoked" } });
    }
  });
}

test("a token of a user who changed is asked about until an answer is newer than the change", () => {
  const beliefs = new Beliefs(5000);
  const mine = token({ roles: ["admin"] });
  beliefs.take([row(USER, false)]);
  assert.equal(standing(mine, beliefs, true), "ask");
  const identity = { ...mine.identity, roles: [] };
  mine.asked = { identity, mark: { epoch: 0, version: beliefs.version - 1, place: "p" } };
  assert.equal(standing(mine, beliefs, true), "ask");
  mine.asked = { identity, mark: { epoch: 0, version: beliefs.version, place: "p" } };
  assert.deepEqual(standing(mine, beliefs, true), { identity });
  beliefs.take([row(USER, false)]);
  assert.equal(standing(mine, beliefs, true), "ask");
});

test("no answer from before another log is believed", () => {
  const beliefs = new Beliefs(5000);
  const mine = token();
  beliefs.take([row(USER, false)]);
  mine.asked = { identity: mine.identity, mark: { epoch: 0, version: 99, place: "p" } };
  assert.deepEqual(standing(mine, beliefs, true), { identity: mine.identity });
  beliefs.beginAnew();
  beliefs.take([row(USER, false)]);
  assert.equal(standing(mine, beliefs, true), "ask");
});

test("a token that is bound to a key counts beside a proof of that key alone", () => {
  assert.equal(mayBePresented(undefined, undefined), undefined);
  assert.equal(mayBePresented({ jkt: "k" }, "k"), undefined);
  for (const [confirmation, proved] of [[{ jkt: "k" }, undefined], [{ jkt: "k" }, "other"], [undefined, "k"], ["not_seen_here", undefined], ["not_seen_here", "k"]] as const) {
    assert.equal(mayBePresented(confirmation, proved)?.kind, "invalid_token");
  }
});
