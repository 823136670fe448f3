import assert from "node:assert/strict";
import { test } from "node:test";

import { SealedSessions, type Session } from "../../dist/relying_party/session.js";
import { MemorySessions } from "../../dist/relying_party/sessions.js";
import { NOW } from "../support/keys.js";
import { SESSION as USUAL } from "../support/scene.js";

const SESSION: Session = { ...USUAL, grantId: "g", endsAt: NOW + 86_400 };

test("a session is found by its cookie, and by no other", async () => {
  const sessions = new SealedSessions(new MemorySessions(10, () => NOW), 3600);
  const cookie = await sessions.insert(SESSION);
  assert.match(cookie, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual((await sessions.find(cookie, NOW))?.session, SESSION);
  for (const other of ["", "x", `${cookie}A`, Buffer.alloc(32).toString("base64url")]) {
    assert.equal(await sessions.find(other, NOW), undefined);
  }
});

test("who takes the store can present nothing and read nothing", async () => {
  const kept: string[] = [];
  const store = new MemorySessions(10, () => NOW);
  const spied = {
    insert: (name: string, session: Uint8Array, until: number) => {
      kept.push(name, Buffer.from(session).toString("latin1"));
      return store.insert(name, session, until);
    },
    find: (name: string) => store.find(name),
    replace: (...all: Parameters<MemorySessions["replace"]>) => store.replace(...all),
    remove: (name: string) => store.remove(name),
  };
  const sessions = new SealedSessions(spied, 3600);
  const cookie = await sessions.insert(SESSION);
  const [name = "", sealed = ""] = kept;
  for (const text of ["access token", "refresh token", "ada", cookie]) assert.ok(!sealed.includes(text), text);
  assert.equal(await sessions.find(name, NOW), undefined);
});

test("a session that was removed does not come back", async () => {
  const sessions = new SealedSessions(new MemorySessions(10, () => NOW), 3600);
  const opened = await sessions.find(await sessions.insert(SESSION), NOW);
  assert.ok(opened);
  assert.ok(await sessions.replace(opened, SESSION));
  // Another request replaced it meanwhile.
  assert.equal(await sessions.replace(opened, SESSION), undefined);
  await sessions.remove(opened);
  assert.equal(await sessions.replace(opened, SESSION), undefined);
});

test("a session ends when it was not used, and at its end whatever happens", async () => {
  let now = NOW;
  const sessions = new SealedSessions(new MemorySessions(10, () => now), 3600);
  const cookie = await sessions.insert(SESSION);
  now = NOW + 3600;
  assert.equal(await sessions.find(cookie, now), undefined);
  now = NOW;
  const other = await sessions.insert({ ...SESSION, endsAt: NOW + 10 });
  assert.ok(await sessions.find(other, NOW + 9));
  assert.equal(await sessions.find(other, NOW + 10), undefined);
});

/** A store that keeps what it may forget. */
class Forever extends MemorySessions {
  constructor() {
    super(10, () => 0);
  }
}

test("a session ends when it was not used, whatever the store keeps", async () => {
  const sessions = new SealedSessions(new Forever(), 3600);
  const cookie = await sessions.insert(SESSION);
  const found = await sessions.find(cookie, NOW + 360);
  assert.ok(found);
  // Noted now and then, and not with every request.
  assert.equal(await sessions.use(found, NOW + 360), found);
  await sessions.use(found, NOW + 361);
  assert.ok(await sessions.find(cookie, NOW + 361 + 3599));
  assert.equal(await sessions.find(cookie, NOW + 361 + 3600), undefined);
  assert.ok(await sessions.find(await sessions.insert({ ...SESSION, endsAt: NOW + 10 }), NOW + 9));
  assert.equal(await sessions.find(await sessions.insert({ ...SESSION, endsAt: NOW + 10 }), NOW + 10), undefined);
});

test("a session that was kept before uses were noted ends when its tokens have not been renewed", async () => {
  const sessions = new SealedSessions(new Forever(), 3600);
  const { usedAt: _, ...old } = SESSION;
  const cookie = await sessions.insert(old as Session);
  const found = await sessions.find(cookie, NOW + 600 + 3599);
  assert.equal(found?.session.usedAt, NOW + 600);
  assert.equal(await sessions.find(cookie, NOW + 600 + 3600), undefined);
});

test("memory has an end", async () => {
  const store = new MemorySessions(2, () => NOW);
  for (const name of ["a", "b"]) await store.insert(name, new Uint8Array(1), NOW + 1);
  await store.find("a");
  await store.insert("c", new Uint8Array(1), NOW + 1);
  assert.deepEqual([(await store.find("a"))?.length, await store.find("b")], [1, undefined]);
  await assert.rejects(store.insert("a", new Uint8Array(1), NOW + 1), /there is a session/);
});
