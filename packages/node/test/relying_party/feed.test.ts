// An app on another domain hears of the end of the issuer's session, and of what a user may do, by the feed of the real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { guarded, presentedBy } from "../../dist/fetch.js";
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
/** What becomes of what the issuer tells of a person, on its way. */
let tells = (told: object): object => told;

const fetched: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init);
  if (!String(input).endsWith("/oauth/userinfo") || answer.status !== 200) return answer;
  return Response.json(tells((await answer.json()) as object));
};

before(async () => {
  server = await Server.start();
  await server.addUser("ada@example.com", "--role=clerk");
  app = await serveFetch((request) => handler(request));
  const backend = await server.addClient("backend", "--template=service", "--scope=revocations", `--audience=${app.url}`);
  const shop = await server.addClient("shop", "--first-party", `--redirect-uri=${app.url}/callback`);
  guard = createGuard({ issuer: server.url, audience: app.url, ...backend, fetch: fetched });
  const relyingParty = createRelyingParty({ guard, ...shop, origin: app.url });
  const identities = guarded(relyingParty, [signedIn()], (_request, identity) => Response.json(identity));
  handler = async (request) => {
    if (!request.url.endsWith("/profile")) return identities(request);
    const told = relyingParty.userInfo(presentedBy(request));
    return Response.json(await told.catch((error: Error) => ({ is: error.name })));
  };
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

test("what the issuer tells of a person is asked for when the app wants to know", async () => {
  const browser = await adasBrowser();
  const told = async (): Promise<unknown> => JSON.parse((await browser.send("GET", `${app.url}/profile`)).body);
  const { user } = JSON.parse((await browser.send("GET", `${app.url}/orders`)).body) as { user: string };
  const profile = (await told()) as Record<string, unknown>;
  assert.deepEqual([profile["sub"], profile["email"]], [user, "ada@example.com"]);
  tells = (answer) => ({ ...answer, sub: "somebody else" });
  assert.deepEqual(await told(), { is: "Unanswered" });
  tells = (answer) => answer;
  assert.deepEqual(await told(), profile);
  await browser.send("POST", `${server.url}/api/v1/sign-out`);
  assert.equal(await told(), null);
  assert.equal((await new Browser().send("GET", `${app.url}/profile`)).body, "null");
});

test("a role that is taken away is gone here", async () => {
  const browser = await adasBrowser();
  const roles = async (): Promise<string[]> =>
    (JSON.parse((await browser.send("GET", `${app.url}/orders`)).body) as { roles: string[] }).roles;
  assert.deepEqual(await roles(), ["clerk"]);
  await server.command(["user", "roles", "ada@example.com", "--remove", "clerk"]);
  await until(async () => (await roles()).length === 0, "the role is gone");
});
