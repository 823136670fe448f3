import assert from "node:assert/strict";
import { test } from "node:test";

import { createGuard } from "../dist/index.js";
import { issuer } from "./support/issuer.js";
import { claims, ISSUER, makeKey, NOW, sign, AUDIENCE } from "./support/keys.js";
import { request } from "./support/request.js";

const PATIENCE_MS = 30_000;

test("whoever fills the questions about cookies keeps the guard from neither the feed nor the keys", async () => {
  const key = await makeKey();
  const feed = "event: begin\ndata: snapshot\n\nevent: rows\nid: 1.0000000000000001\ndata: 0\n\nevent: heard\ndata: 0\n\n";
  const told = issuer({ issuer: ISSUER, jwks: { keys: [key.jwk] }, feed, introspection: {} });
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((done) => (letGo = done));
  let open = 0;
  const guard = createGuard({
    issuer: ISSUER,
    audience: AUDIENCE,
    clientId: "api",
    clientSecret: "secret",
    cookie: "siblingHosts",
    openQuestions: 2,
    askTimeoutMs: 10 * PATIENCE_MS,
    clock: { wall: () => NOW, steady: () => performance.now() },
    trouble: () => undefined,
    fetch: async (input, init) => {
      const { pathname } = new URL(String(input));
      if (pathname === "/api/v1/session") {
        open += 1;
        await held;
      } else if (open < 2) {
        // Nothing else is answered before strangers have taken what room there is.
        return new Response(null, { status: 503 });
      }
      return told.fetch(input, init);
    },
  });
  try {
    const kind = async (cookie: string): Promise<string> => {
      const who = await guard.identify(request({ cookie: `__Secure-cloakroom-id=${cookie}` }));
      return "refusal" in who ? who.refusal.kind : "somebody";
    };
    const strangers = ["one", "other"].map(kind);
    assert.equal(await kind("more"), "unavailable");
    assert.equal(open, 2);
    const until = performance.now() + PATIENCE_MS;
    while (guard.vitals.unheardForMs > 5000) {
      assert.ok(performance.now() < until, "the feed is not heard");
      await new Promise((later) => setTimeout(later, 5));
    }
    const who = await guard.identify(request({ authorization: `Bearer ${await sign(key, claims())}` }));
    assert.ok("identity" in who, JSON.stringify(who));
    letGo();
    await Promise.all(strangers);
  } finally {
    guard.close();
  }
});
