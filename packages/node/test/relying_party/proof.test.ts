// What was asked of the sign-in is held against what the issuer says of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ISSUER, makeKey, NOW, sign } from "../support/keys.js";
import { request } from "../support/request.js";
import { given, Scene } from "../support/scene.js";

const key = await makeKey();

/** Leaves for the sign-in with this query, and comes back with what the issuer says of the proof. */
async function signIn(query: string, said: Record<string, unknown>): Promise<{ status: number; body: string; cookies: string[] }> {
  const scene = await Scene.open({}, { jwks: { keys: [key.jwk] } });
  try {
    const left = await scene.app.handle(request({}, "GET", `/sign-in?${query}`));
    assert.ok(left !== undefined);
    const header = (name: string): string => left.headers.find(([one]) => one === name)?.[1] ?? "";
    const asked = new URL(header("location")).searchParams;
    const claims = { iss: ISSUER, aud: "shop", sub: "ada", iat: NOW, exp: NOW + 60, nonce: asked.get("nonce"), ...said };
    const idToken = await sign(key, claims, { typ: "JWT" });
    scene.refresh = () => given("access", { id_token: idToken });
    const back = `/callback?state=${asked.get("state")}&code=code`;
    const answer = await scene.app.handle(request({ cookie: header("set-cookie").split(";")[0]! }, "GET", back));
    assert.ok(answer !== undefined);
    const cookies = answer.headers.filter(([name]) => name === "set-cookie").map(([, line]) => line.split("=")[0]!);
    return { status: answer.status, body: answer.body, cookies };
  } finally {
    scene.close();
  }
}

const asked = "acr_values=phr%20aal2";

for (const [what, query, said, isGood] of [
  ["no proof was asked for", "", {}, true],
  ["the second way was taken", asked, { acr: "aal2" }, true],
  ["the first way was taken", asked, { acr: "phr" }, true],
  ["a weaker way was taken", asked, { acr: "aal1" }, false],
  ["the way is not said", asked, {}, false],
  ["a way was taken that only looks alike", asked, { acr: "phr aal2" }, false],
  ["it was recent", "max_age=60", { auth_time: NOW - 60 }, true],
  ["it was long ago", "max_age=60", { auth_time: NOW - 126 }, false],
  ["it is not said when", "max_age=60", {}, false],
] as const) {
  test(`who was to prove who they are ${isGood ? "is signed in" : "is not signed in"} where ${what}`, async () => {
    const { status, body, cookies } = await signIn(query, said);
    assert.equal(cookies.includes("__Host-app"), isGood);
    assert.equal(status, isGood ? 303 : 400);
    if (!isGood) assert.match(body, /did not have it proved once more/);
  });
}
