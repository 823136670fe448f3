// An app on another domain hears of the end of the issuer's session, and of what a user may do, by the feed of the real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { guarded } from "../../dist/fetch.js";
import { createGuard, signedIn, type Guard } from "../../dist/index.js";
import { createRelyingParty } from "../../dist/relying_party/index.js";
import { Browser } from "../support/browser.js";
import { PASSWORD, Server } from "../support/server.js";
import { serveFetch, type Service } from "../support/services.js";

const PATIENCE_MS = 30_000;

let server: Server;
let guard: Guard;
let app: Service;
let handler: (request: Request) => Promise<Response> = async () => new Response();

before(async () => {
  server = await Server.start();
  await server.addUser("ada@example.com", "--role=clerk");
  app = await serveFetch((request) => handler(request));
  const backend = await server.addClient("backend", "--template=service", "--scope=revocations", `--audience=${app.url}`);
  const shop = await server.addClient("shop", "--first-party", `--redirect-uri=${app.url}/callback`);
  guard = createGuard({ issuer: server.url, audience: app.url, ...backend });
  const relyingParty = createRelyingParty({ guard, ...shop, origin: app.url });
  handler = guarded(relyingParty, [signedIn()], (_request, identity) => new Response(JSON.stringify(identity)));
  assert.ok(await guard.ready(PATIENCE_MS));
});

after(async () => {
  guard.close();
  await app.close();
  await server.end();
});

async function adasBrowser(): Promise<Browser> {
  const browser = new Browser();
  const body = JSON.stringify({ identifier: "ada@example.com", password: PASSWORD, carry: "cookie" });
  await browser.send("POST", `${server.url}/api/v1/sign-in`, { "content-type": "application/json" }, body);
  assert.equal((await browser.visit(`${app.url}/orders`)).url, `${app.url}/orders`);
  return browser;
}

async function until(so: () => Promise<boolean>, what: string): Promise<number> {
  const began = performance.now();
  while (!(await so())) {
    assert.ok(performance.now() - began < PATIENCE_MS, `never: ${what}`);
    await new Promise((later) => setTimeout(later, 2));
  }
  return performance.now() - began;
}

test("a session here ends with the issuer's", async (t) => {
  const browser = await adasBrowser();
  const orders = async (): Promise<number> => (await browser.send("GET", `${app.url}/orders`)).status;
  assert.equal(await orders(), 200);
  const { status } = await browser.send("POST", `${server.url}/api/v1/sign-out`);
  assert.equal(status, 204);
  const delay = await until(async () => (await orders()) === 401, "the session here is over");
  t.diagnostic(`from the acknowledged sign-out to the refusal: ${delay.toFixed(1)} ms`);
  // It is gone, and not only hidden.
  assert.equal((await browser.send("GET", `${app.url}/me`)).body, '{"user":null}');
});

test("a page that waits is answered once the session is over, and not before", async (t) => {
  const browser = await adasBrowser();
  const me = `${app.url}/me`;
  const asBefore = await browser.send("GET", me, { prefer: "respond-async, wait=1" });
  assert.deepEqual([asBefore.status, asBefore.headers["preference-applied"]], [204, "wait=1"]);

  const answer = browser.send("GET", me, { prefer: "wait=25" });
  // The question is there before the end is.
  assert.equal((await browser.send("GET", me)).status, 200);
  await browser.send("POST", `${server.url}/api/v1/sign-out`);
  const since = performance.now();
  assert.deepEqual([(await answer).status, (await answer).body], [200, '{"user":null}']);
  const delay = performance.now() - since;
  t.diagnostic(`from the acknowledged sign-out to the answer: ${delay.toFixed(1)} ms`);
  assert.ok(delay < 10_000, `${delay} ms are the end of the wait, not of the session`);

  // Nobody is there already.
  assert.equal((await browser.send("GET", me, { prefer: "wait=25" })).body, '{"user":null}');
});

test("a role that is taken away is gone here", async () => {
  const browser = await adasBrowser();
  const roles = async (): Promise<string[]> =>
    (JSON.parse((await browser.send("GET", `${app.url}/orders`)).body) as { roles: string[] }).roles;
  assert.deepEqual(await roles(), ["clerk"]);
  await server.command(["user", "roles", "ada@example.com", "--remove", "clerk"]);
  await until(async () => (await roles()).length === 0, "the role is gone");
});
