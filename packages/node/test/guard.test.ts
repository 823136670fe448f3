// A guard before the real server, without the feed: what any standard issuer gives.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { createGuard, type Guard, type Settings, type Who } from "../dist/index.js";
import { request } from "./support/request.js";
import { basic, PASSWORD, Server, type Client } from "./support/server.js";

const AUDIENCE = "https://api.example.test";

let server: Server;
let api: Client;
const guards: Guard[] = [];

before(async () => {
  server = await Server.start();
  await server.addUser("ada@example.com", "--role=admin");
  api = await server.addClient("api", "--template=service", "--scope=orders", "--scope=invoices", `--audience=${AUDIENCE}`);
});

after(async () => {
  for (const guard of guards) guard.close();
  await server.end();
});

function guard(more: Partial<Settings> = {}): Guard {
  const made = createGuard({ issuer: server.url, audience: AUDIENCE, ...api, feed: false, cookie: "sameHost", ...more });
  guards.push(made);
  return made;
}

async function serviceToken(form: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${server.url}/oauth/token`, {
    method: "POST",
    headers: { authorization: basic(api) },
    body: new URLSearchParams({ grant_type: "client_credentials", ...form }),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return ((await answer.json()) as { access_token: string }).access_token;
}

function identityOf(who: Who): Record<string, unknown> {
  assert.ok("identity" in who, JSON.stringify(who));
  return { ...who.identity };
}

function kindOf(who: Who): string {
  assert.ok("refusal" in who, JSON.stringify(who));
  return who.refusal.kind;
}

test("a service's token is verified by keys that are found by the issuer's name", async () => {
  const token = await serviceToken({ scope: "orders" });
  const identity = identityOf(await guard().identify(request({ authorization: `Bearer ${token}` })));
  assert.deepEqual([identity["user"], identity["client"], identity["scopes"]], [null, "api", ["orders"]]);
});

test("a user's token and a user's cookie tell the same", async () => {
  const issuersOwn = guard({ audience: server.url });
  const { access_token } = await server.tokens("ada@example.com");
  const byToken = identityOf(await issuersOwn.identify(request({ authorization: `Bearer ${access_token}` })));
  const byCookie = identityOf(await issuersOwn.identify(request({ cookie: await server.cookie("ada@example.com") })));
  for (const name of ["user", "roles", "acr", "amr"]) assert.deepEqual(byToken[name], byCookie[name], name);
  assert.deepEqual(byToken["roles"], ["admin"]);
  assert.deepEqual([byToken["carrier"], byCookie["carrier"]], ["bearer", "cookie"]);
  assert.equal(byCookie["email"], "ada@example.com");
});

test("a token for another audience is refused", async () => {
  const { access_token } = await server.tokens("ada@example.com");
  const who = await guard().identify(request({ authorization: `Bearer ${access_token}` }));
  assert.deepEqual(who, { refusal: { kind: "invalid_token", why: "The token is for another audience." } });
});

test("a token counts, and a cookie beside it does not", async () => {
  const cookie = await server.cookie("ada@example.com");
  const token = await serviceToken();
  const both = await guard().identify(request({ authorization: `Bearer ${token}`, cookie }));
  assert.equal(identityOf(both)["client"], "api");
  assert.equal(kindOf(await guard().identify(request({ authorization: "Bearer x", cookie }))), "invalid_token");
  assert.equal(kindOf(await guard().identify(request({ authorization: "Bearer", cookie }))), "invalid_request");
});

test("a cookie whose session ended is nobody's", async () => {
  const cookie = await server.cookie("ada@example.com");
  const mine = guard();
  identityOf(await mine.identify(request({ cookie })));
  await server.ask("POST", "/api/v1/sign-out", { headers: { cookie } });
  // Without the feed each request asks.
  assert.equal(kindOf(await mine.identify(request({ cookie }))), "session_unknown");
  assert.equal(kindOf(await mine.identify(request())), "not_signed_in");
});

test("a page of another site changes nothing with a cookie", async () => {
  const cookie = await server.cookie("ada@example.com");
  const mine = guard({ origin: "https://app.example.test", trustedOrigins: ["https://admin.example.test"] });
  const post = (headers: Record<string, string>): Promise<Who> => mine.identify(request({ cookie, ...headers }, "POST"));
  identityOf(await post({ "sec-fetch-site": "same-origin" }));
  identityOf(await post({ origin: "https://app.example.test" }));
  identityOf(await post({ "origin": "https://admin.example.test", "sec-fetch-site": "same-site" }));
  assert.equal(kindOf(await post({ "sec-fetch-site": "cross-site" })), "cross_site");
  assert.equal(kindOf(await post({ origin: "https://evil.example" })), "cross_site");
});

test("a cookie that was replaced says so, and a navigation is sent to itself once", async () => {
  const before = await server.cookie("ada@example.com");
  const mine = guard();
  const page = { "cookie": before, "sec-fetch-mode": "navigate" };
  identityOf(await mine.identify(request(page)));
  const again = { body: { password: PASSWORD }, headers: { cookie: before } };
  await server.ask("POST", "/api/v1/session/reauthenticate", again);
  const ask = (headers: Record<string, string>, target = "/cart?a=b"): Promise<Who> => mine.identify(request(headers, "GET", target));
  assert.deepEqual(await ask(page), { refusal: { kind: "session_replaced", again: "/cart?a=b" } });
  assert.deepEqual(await ask({ cookie: before }), { refusal: { kind: "session_replaced", again: undefined } });
  const once = { ...page, cookie: `${before}; cloakroom-again=1` };
  assert.deepEqual(await ask(once), { refusal: { kind: "session_replaced", again: undefined } });
  assert.deepEqual(await ask(page, "//evil.example"), { refusal: { kind: "session_replaced", again: undefined } });
});

test("keys that are not known are looked for, but not with every request", async () => {
  let fetched = 0;
  const mine = guard({
    fetch: (input, init) => {
      if (String(input).endsWith("jwks.json")) fetched += 1;
      return fetch(input, init);
    },
  });
  const good = await serviceToken();
  identityOf(await mine.identify(request({ authorization: `Bearer ${good}` })));
  assert.equal(fetched, 1);
  const [, payload, signature] = good.split(".");
  for (let number = 0; number < 20; number += 1) {
    const header = Buffer.from(JSON.stringify({ alg: "EdDSA", typ: "at+jwt", kid: `made up ${number}` })).toString("base64url");
    assert.equal(kindOf(await mine.identify(request({ authorization: `Bearer ${header}.${payload}.${signature}` }))), "invalid_token");
  }
  assert.equal(fetched, 1);
});

test("a token by a new key is good at once, and by a key that is gone no more", async () => {
  const mine = guard({ keysPauseMs: 1 });
  const before = await serviceToken();
  identityOf(await mine.identify(request({ authorization: `Bearer ${before}` })));
  await server.command(["key", "compromise", keyOf(before), "--yes"]);
  let after = await serviceToken();
  for (const until = Date.now() + 10_000; keyOf(after) === keyOf(before) && Date.now() < until; ) after = await serviceToken();
  assert.notEqual(keyOf(after), keyOf(before));
  identityOf(await mine.identify(request({ authorization: `Bearer ${after}` })));
  assert.equal(kindOf(await mine.identify(request({ authorization: `Bearer ${before}` }))), "invalid_token");
});

test("where the issuer does not answer nobody is let in and nobody is turned away for good", async () => {
  const troubles: string[] = [];
  const mine = createGuard({
    issuer: "http://localhost:1",
    audience: AUDIENCE,
    feed: false,
    cookie: "sameHost",
    trouble: (why) => troubles.push(why),
  });
  const who = await mine.identify(request({ cookie: `cloakroom=s${"A".repeat(43)}` }));
  assert.equal(kindOf(who), "unavailable");
  // What could be no token of that issuer's is refused without asking it.
  const token = await serviceToken();
  assert.equal(kindOf(await mine.identify(request({ authorization: `Bearer ${token}` }))), "invalid_token");
  assert.equal(troubles.length, 1);
});

function keyOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split(".")[0]!, "base64url").toString()) as { kid: string }).kid;
}
