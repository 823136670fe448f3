// What a session here is worth where the issuer gives no newer tokens: an end that the feed told of long ago is forgotten.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SealedSessions, type Session } from "../../dist/relying_party/session.js";
import { json } from "../support/issuer.js";
import { IDLE_SECONDS, Scene, SESSION } from "../support/scene.js";

const HOUR = 60;

/** Answers that say nothing of the session. */
const NO_ANSWERS: readonly [string, () => Response | Promise<Response>][] = [
  ["500", () => new Response(null, { status: 500 })],
  ["429", () => json({ error: "slow_down" }, 429)],
  ["invalid_target", () => json({ error: "invalid_target" }, 400)],
  ["nothing", () => Promise.reject(new Error("the connection is reset"))],
];

for (const [name, refresh] of NO_ANSWERS) {
  test(`a session is not believed again once its end is forgotten (${name})`, async () => {
    const scene = await Scene.open();
    try {
      const cookie = await scene.session();
      assert.equal(await scene.kind(cookie), "ada");
      await scene.end("session", "s");
      scene.refresh = refresh;
      await scene.pass(63);
      assert.equal(scene.guard.vitals.concerned, 0, "the end is forgotten");
      assert.equal(await scene.kind(cookie), "unavailable");
      // The issuer knows.
      scene.refresh = () => json({ error: "invalid_grant" }, 400);
      assert.equal(await scene.kind(cookie), "session_unknown");
    } finally {
      scene.close();
    }
  });

  test(`a session is believed for an hour by the feed alone (${name})`, async () => {
    const scene = await Scene.open();
    try {
      const cookie = await scene.session();
      const { refresh: gives } = scene;
      scene.refresh = refresh;
      await scene.pass(HOUR - 1);
      assert.equal(await scene.kind(cookie), "ada");
      await scene.pass(1);
      assert.equal(await scene.kind(cookie), "unavailable");
      // An hour again, once there are newer tokens.
      scene.refresh = gives;
      assert.equal(await scene.kind(cookie), "ada");
      scene.refresh = refresh;
      await scene.pass(HOUR - 1);
      assert.equal(await scene.kind(cookie), "ada");
    } finally {
      scene.close();
    }
  });
}

for (const error of ["invalid_client", "unauthorized_client"]) {
  test(`no session is believed of an app that the issuer does not know any more (${error})`, async () => {
    const scene = await Scene.open();
    try {
      const cookie = await scene.session();
      scene.refresh = () => json({ error }, 401);
      await scene.pass(11);
      assert.equal(await scene.kind(cookie), "unavailable");
    } finally {
      scene.close();
    }
  });
}

test("a session without a refresh token is over before its end could be forgotten", async () => {
  const scene = await Scene.open();
  try {
    const [ended, cookie] = [await scene.session({ refreshToken: null }), await scene.session({ refreshToken: null })];
    await scene.pass(HOUR - 1);
    assert.equal(await scene.kind(cookie), "ada");
    await scene.end("session", "s");
    await scene.pass(63);
    assert.equal(scene.guard.vitals.concerned, 0, "the end is forgotten");
    for (const one of [ended, cookie]) assert.equal(await scene.kind(one), "session_unknown");
    assert.deepEqual(scene.presented, []);
  } finally {
    scene.close();
  }
});

test("where there is no feed a session without a refresh token lasts as long as it is used", async () => {
  const scene = await Scene.open({ feed: false });
  try {
    const cookie = await scene.session({ refreshToken: null });
    scene.ms += 2 * HOUR * 60_000;
    assert.equal(await scene.kind(cookie), "ada");
  } finally {
    scene.close();
  }
});

test("a session that was kept before the time of its tokens was noted is not believed by the feed alone", async () => {
  const scene = await Scene.open();
  try {
    const { givenAt: _, usedAt: __, ...old } = SESSION;
    const sessions = new SealedSessions(scene.store, IDLE_SECONDS);
    const kept = async (session: Omit<Session, "givenAt" | "usedAt">): Promise<string> =>
      `__Host-app=${await sessions.insert(session as Session)}`;
    const cookie = await kept(old);
    assert.equal(await scene.kind(cookie), "ada");
    assert.equal(await scene.kind(await kept({ ...old, refreshToken: null })), "session_unknown");
    await scene.pass(11);
    const { refresh: gives } = scene;
    scene.refresh = () => new Response(null, { status: 500 });
    assert.equal(await scene.kind(cookie), "unavailable");
    scene.refresh = gives;
    assert.equal(await scene.kind(cookie), "ada");
  } finally {
    scene.close();
  }
});

test("a time that a clock noted which was set back since vouches for nothing", async () => {
  const scene = await Scene.open();
  try {
    const late = SESSION.givenAt + 61;
    const cookie = await scene.session({ givenAt: late, accessUntil: late + 600 });
    scene.refresh = () => new Response(null, { status: 500 });
    assert.equal(await scene.kind(cookie), "unavailable");
    // As far as the clocks of two processes may lie apart.
    const apart = await scene.session({ givenAt: late - 1, accessUntil: late + 599 });
    assert.equal(await scene.kind(apart), "ada");
  } finally {
    scene.close();
  }
});
