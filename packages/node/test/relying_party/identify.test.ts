// Whom a request to an app on another domain comes from, and on whose behalf it asks others.

import assert from "node:assert/strict";
import { test } from "node:test";

import { request } from "../support/request.js";
import { Scene } from "../support/scene.js";

test("a token takes the place of the cookie, and what somebody else's scheme says does not", async () => {
  const scene = await Scene.open();
  try {
    const cookie = await scene.session();
    const kind = async (authorization: string | string[]): Promise<string | null> => {
      const who = await scene.app.identify(request({ cookie, authorization }));
      return "refusal" in who ? who.refusal.kind : who.identity.user;
    };
    for (const other of ["Basic YWRhOnNlY3JldA==", "Negotiate x", "Basic"]) assert.equal(await kind(other), "ada");
    for (const token of ["Bearer x", "bearer x", "DPoP x"]) assert.equal(await kind(token), "invalid_token");
    for (const wrong of ["Bearer", "Bearer a b", ["Basic a", "Bearer b"]]) assert.equal(await kind(wrong), "invalid_request");
  } finally {
    scene.close();
  }
});

test("no token is handed out for a session that would not be believed", async () => {
  const scene = await Scene.open({ whenUnheard: "refuse" });
  try {
    const presented = request({ cookie: await scene.session() });
    assert.equal(await scene.app.accessToken(presented), "access token");
    assert.equal(await scene.app.accessToken(request()), null);
    // Nothing is heard for ten seconds.
    scene.ms += 10_000;
    await assert.rejects(scene.app.accessToken(presented), { name: "Unanswered" });
    await assert.rejects(scene.app.userInfo(presented), { name: "Unanswered" });
  } finally {
    scene.close();
  }
});

test("while the feed is silent the issuer is asked before a token is handed out", async () => {
  const scene = await Scene.open();
  try {
    const presented = request({ cookie: await scene.session() });
    scene.ms += 10_000;
    assert.equal(await scene.app.accessToken(presented), "access token");
    assert.equal(scene.issuer.asked(), 1);
    scene.introspection["active"] = false;
    assert.equal(await scene.app.accessToken(presented), null);
  } finally {
    scene.close();
  }
});

test("a token that is handed out is good for a while", async () => {
  const scene = await Scene.open();
  try {
    const presented = request({ cookie: await scene.session() });
    await scene.pass(10);
    assert.equal(await scene.app.accessToken(presented), "newer");
    scene.refresh = () => new Response(null, { status: 500 });
    await scene.pass(10);
    // Who is there is known, and no good token is.
    assert.ok("identity" in (await scene.app.identify(presented)));
    await assert.rejects(scene.app.accessToken(presented), { name: "Unanswered" });
  } finally {
    scene.close();
  }
});
