// The same service by each framework, before the real server.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { after, before, test } from "node:test";

import { CompactSign } from "jose";

import { createGuard, type Guard } from "../dist/index.js";
import { makeKey } from "./support/keys.js";
import { basic, PASSWORD, Server, type Client } from "./support/server.js";
import { expressService, fastifyService, fetchService, type Service } from "./support/services.js";

let server: Server;
const guards: Guard[] = [];
const services: Service[] = [];
let robot: Client;
let cookie: string;
let token: string;

before(async () => {
  server = await Server.start();
  await server.addUser("ada@example.com", "--role=admin");
  await server.addUser("bob@example.com");
  robot = await server.addClient("robot", "--template=service", "--scope=orders");
  cookie = await server.cookie("ada@example.com");
  token = (await server.tokens("ada@example.com")).access_token;
});

after(async () => {
  for (const guard of guards) guard.close();
  for (const service of services) await service.close();
  await server.end();
});

for (const [name, make] of [["Express", expressService], ["Fastify", fastifyService], ["fetch", fetchService]] as const) {
  const service = async (): Promise<Service> => {
    const guard = createGuard({ issuer: server.url, audience: server.url, feed: false, cookie: "sameHost" });
    guards.push(guard);
    const made = await make(guard);
    services.push(made);
    return made;
  };

  const ask = async ({ url }: Service, line: string, headers: Record<string, string> = {}, body?: string): Promise<Response> => {
    const [method, path] = line.split(" ") as [string, string];
    const init: RequestInit = { method, headers, redirect: "manual" };
    if (body !== undefined) init.body = body;
    return fetch(`${url}${path}`, init);
  };

  test(`${name}: a handler is told who is there, or that nobody is`, async () => {
    const app = await service();
    assert.deepEqual(await (await ask(app, "GET /me")).json(), { user: null });
    const { user } = (await (await ask(app, "GET /me", { cookie })).json()) as { user: string };
    assert.match(user, /^[0-9a-f-]{36}$/);
    const byToken = await ask(app, "GET /me", { authorization: `Bearer ${token}` });
    assert.deepEqual(await byToken.json(), { user });
    assert.equal((await ask(app, "GET /account", { cookie })).status, 200);
  });

  test(`${name}: who is nobody is told how to become somebody`, async () => {
    const answer = await ask(await service(), "GET /account");
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer realm="[^"]+", DPoP algs="/);
    assert.equal(((await answer.json()) as { code: string }).code, "not_signed_in");
  });

  test(`${name}: a token that is no good is refused where nobody would be let on`, async () => {
    const app = await service();
    assert.equal((await ask(app, "GET /me")).status, 200);
    const answer = await ask(app, "GET /me", { authorization: `Bearer ${token.slice(0, -3)}AAA` });
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get("www-authenticate") ?? "", /error="invalid_token"/);
    assert.equal((await ask(app, "GET /me", { authorization: "Bearer" })).status, 400);
  });

  test(`${name}: two tokens are one too many`, async () => {
    const { url } = await service();
    const line = `Bearer ${token}`;
    assert.equal((await navigate(`${url}/me`, { authorization: line })).statusCode, 200);
    assert.equal((await navigate(`${url}/me`, { authorization: [line, line] })).statusCode, 400);
  });

  test(`${name}: scopes, roles and freshness are asked for`, async () => {
    const app = await service();
    assert.equal((await ask(app, "GET /orders", { cookie })).status, 200);
    const lacking = await ask(app, "GET /orders", { authorization: `Bearer ${token}` });
    assert.equal(lacking.status, 403);
    assert.match(lacking.headers.get("www-authenticate") ?? "", /error="insufficient_scope".*scope="orders"/);
    assert.equal((await ask(app, "POST /admin", { cookie })).status, 200);
    const bobs = await ask(app, "POST /admin", { cookie: await server.cookie("bob@example.com") });
    assert.equal(((await bobs.json()) as { code: string }).code, "role_required");
  });

  test(`${name}: a page of another site changes nothing with a cookie`, async () => {
    const app = await service();
    const sent = (origin: string): Promise<Response> => ask(app, "POST /admin", { cookie, origin });
    assert.equal((await sent(app.url)).status, 200);
    assert.equal((await sent("https://evil.example")).status, 403);
  });

  test(`${name}: a cart grows by one item for each of many requests at once`, async () => {
    const app = await service();
    const items = ["hat", "coat", "scarf"];
    const mine = await server.cookie("bob@example.com");
    const headers = { "cookie": mine, "content-type": "text/plain" };
    const before = ((await (await ask(app, "POST /cart", headers, "ticket")).json()) as { items: string[] }).items;
    await Promise.all(items.map(async (item) => assert.equal((await ask(app, "POST /cart", headers, item)).status, 200)));
    const { items: all } = (await (await ask(app, "POST /cart", headers, "glove")).json()) as { items: string[] };
    assert.deepEqual([...all].sort(), [...before, ...items, "glove"].sort());
  });

  test(`${name}: a navigation with a replaced cookie is sent to itself once`, async () => {
    const app = await service();
    const old = await server.cookie("ada@example.com");
    await server.ask("POST", "/api/v1/session/reauthenticate", { body: { password: PASSWORD }, headers: { cookie: old } });
    const first = await navigate(`${app.url}/me?a=b`, { cookie: old });
    assert.equal(first.statusCode, 303);
    assert.equal(first.headers.location, "/me?a=b");
    const marked = first.headers["set-cookie"]?.[0]?.split(";")[0];
    const second = await navigate(`${app.url}/me?a=b`, { cookie: `${old}; ${marked}` });
    assert.equal(second.statusCode, 401);
  });

  test(`${name}: a token that is bound to a key counts with a proof of it, once`, async () => {
    const app = await service();
    const key = await makeKey();
    const { kid: _kid, alg: _alg, use: _use, ...jwk } = key.jwk;
    const prove = (htm: string, htu: string, accessToken?: string): Promise<string> => {
      const ath = accessToken && createHash("sha256").update(accessToken).digest("base64url");
      const claims = { jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ath };
      return new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk })
        .sign(key.privateKey);
    };
    const answer = await fetch(`${server.url}/oauth/token`, {
      method: "POST",
      headers: { authorization: basic(robot), dpop: await prove("POST", `${server.url}/oauth/token`) },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    const bound = (await answer.json()) as { access_token: string; token_type: string };
    assert.equal(bound.token_type, "DPoP", JSON.stringify(bound));

    const at = `${app.url}/me`;
    const present = (scheme: string, dpop: string): Promise<Response> =>
      ask(app, "GET /me?a=b", { authorization: `${scheme} ${bound.access_token}`, dpop });
    const proof = await prove("GET", at, bound.access_token);
    const first = await present("DPoP", proof);
    assert.equal(first.status, 200, await first.clone().text());
    for (const [scheme, wrong] of [
      ["DPoP", proof],
      ["Bearer", await prove("GET", at, bound.access_token)],
      ["DPoP", await prove("POST", at, bound.access_token)],
      ["DPoP", await prove("GET", `${app.url}/account`, bound.access_token)],
      ["DPoP", await prove("GET", at, token)],
    ] as const) {
      assert.equal((await present(scheme, wrong)).status, 401);
    }
  });
}

/** A request as a browser makes it on its way to a page; `fetch` lets nobody say so. */
function navigate(url: string, headers: Record<string, string | string[]>): Promise<IncomingMessage> {
  return new Promise((done, fail) => {
    const sent = httpRequest(url, { headers: { "sec-fetch-mode": "navigate" } }, (answer) => done(answer.resume()));
    for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value);
    sent.on("error", fail).end();
  });
}
