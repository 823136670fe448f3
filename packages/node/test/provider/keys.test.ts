import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createGuard, type Guard } from "../../dist/index.js";
import { issuer } from "../support/issuer.js";
import { AUDIENCE, claims, ISSUER, makeKey, NOW, sign, type Key } from "../support/keys.js";
import { request } from "../support/request.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const guards: Guard[] = [];
after(() => {
  for (const guard of guards) guard.close();
});

/** A guard that nobody tells of keys, at an issuer whose keys are given. */
class Story {
  ms = 0;
  /** What is asked for keys, so far. */
  fetched = 0;
  /** What becomes of a question for keys before it is answered. */
  way: () => Promise<void> = async () => undefined;
  readonly set: { keys: unknown[] };
  readonly guard: Guard;

  constructor(keys: readonly Key[], isFollowing = false) {
    this.set = { keys: keys.map(({ jwk }) => jwk) };
    const feed = "event: begin\ndata: snapshot\n\nevent: rows\nid: 1.0000000000000001\ndata: 0\n\nevent: heard\ndata: 0\n\n";
    const told = issuer({ issuer: ISSUER, jwks: this.set, feed, introspection: {} });
    this.guard = createGuard({
      issuer: ISSUER,
      audience: AUDIENCE,
      ...(isFollowing ? { clientId: "api", clientSecret: "secret" } : { feed: false }),
      maxStalenessMs: DAY,
      clock: { wall: () => NOW, steady: () => this.ms },
      trouble: () => undefined,
      fetch: async (input, init) => {
        if (!String(input).endsWith("/jwks")) return told.fetch(input, init);
        this.fetched += 1;
        await this.way();
        return told.fetch(input, init);
      },
    });
    guards.push(this.guard);
  }

  async kind(token: string): Promise<string> {
    const who = await this.guard.identify(request({ authorization: `Bearer ${token}` }));
    return "refusal" in who ? who.refusal.kind : "somebody";
  }
}

const away = (): Promise<void> => Promise.reject(new Error("the connection is reset"));

const key = await makeKey();
const other = await makeKey("ES384");
const token: string = await sign(key, claims({ jti: "one" }));
const another: string = await sign(key, claims({ jti: "another" }));
const late: string = await sign(key, claims({ jti: "late" }));

test("a key that was taken out of the set is gone after ten minutes, also for tokens that are remembered", async () => {
  for (const presented of [token, another]) {
    const story = new Story([key]);
    assert.equal(await story.kind(token), "somebody");
    story.set.keys = [other.jwk];
    story.ms = 10 * MINUTE - 1;
    assert.equal(await story.kind(token), "somebody");
    assert.equal(story.fetched, 1);
    story.ms = 10 * MINUTE;
    assert.equal(await story.kind(presented), "invalid_token");
  }
});

test("keys that are old are fetched once for all who wait", async () => {
  const story = new Story([key]);
  await story.kind(token);
  story.ms = 10 * MINUTE;
  const kinds = await Promise.all([token, another, late, token].map((one) => story.kind(one)));
  assert.deepEqual(kinds, ["somebody", "somebody", "somebody", "somebody"]);
  assert.equal(story.fetched, 2);
  story.ms = 20 * MINUTE - 1;
  await story.kind(token);
  assert.equal(story.fetched, 2);
});

test("an issuer that is away signs nobody out for a day, and is believed again when it is back", async () => {
  const story = new Story([key]);
  await story.kind(token);
  story.way = away;
  for (const at of [10 * MINUTE, 60 * MINUTE, DAY]) {
    story.ms = at;
    for (const one of [token, another]) assert.equal(await story.kind(one), "somebody");
  }
  story.ms = DAY + 1;
  for (const one of [token, another, late]) assert.equal(await story.kind(one), "unavailable");
  story.ms += 5000;
  assert.equal(await story.kind(token), "unavailable");
  story.way = async () => undefined;
  story.ms += 5000;
  for (const one of [token, late]) assert.equal(await story.kind(one), "somebody");
});

test("nobody waits twice for an issuer that does not answer", async () => {
  const story = new Story([key]);
  await story.kind(token);
  story.ms = 10 * MINUTE;
  story.way = away;
  assert.equal(await story.kind(token), "somebody");
  let letGo: () => void = () => undefined;
  story.way = () => new Promise((done) => (letGo = done));
  story.ms += 5000;
  assert.equal(await story.kind(token), "somebody");
  assert.equal(story.fetched, 3);
  story.set.keys = [other.jwk];
  letGo();
  // What it brings counts.
  while ((await story.kind(token)) !== "invalid_token") await new Promise((later) => setTimeout(later, 1));
});

test("where the feed would tell of a key nobody waits for the keys", async () => {
  const story = new Story([key], true);
  assert.ok(await story.guard.ready());
  assert.equal(await story.kind(token), "somebody");
  story.ms = 10 * MINUTE;
  let letGo: () => void = () => undefined;
  story.way = () => new Promise((done) => (letGo = done));
  for (const one of [token, another]) assert.equal(await story.kind(one), "somebody");
  assert.equal(story.fetched, 2);
  letGo();
});
