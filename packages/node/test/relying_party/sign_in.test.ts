// An app on another domain, before the real server: somebody signs in, is there, and signs out.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";

import express from "express";

import { identify, requires } from "../../dist/express.js";
import { createGuard, freshWithin, signedIn, type Guard } from "../../dist/index.js";
import { createRelyingParty } from "../../dist/relying_party/index.js";
import { Browser } from "../support/browser.js";
import { PASSWORD, Server, type Client } from "../support/server.js";

let server: Server;
let shop: Client;
let guard: Guard;
let app: { url: string; close(): void };

before(async () => {
  server = await Server.start();
  await server.addUser("ada@example.com", "--role=admin");
  const listener = createServer();
  await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const addresses = [`--redirect-uri=${url}/callback`, `--post-logout-redirect-uri=${url}/`];
  shop = await server.addClient("shop", "--first-party", ...addresses);
  guard = createGuard({ issuer: server.url, audience: url, ...shop, feed: false });
  const relyingParty = createRelyingParty({ guard, ...shop, origin: url });
  const service = express();
  service.use(identify(relyingParty));
  service.get("/", (_request, response) => void response.send("The shop"));
  service.get("/orders", requires(signedIn()), (request, response) => void response.json(request.identity));
  service.get("/admin", requires(freshWithin(1)), (_request, response) => void response.send("fresh"));
  service.post("/buy", requires(signedIn()), (_request, response) => void response.send("bought"));
  listener.on("request", service);
  app = {
    url,
    close: () => {
      listener.close();
      listener.closeAllConnections();
    },
  };
});

after(async () => {
  guard.close();
  app.close();
  await server.end();
});

/** A browser in which somebody is signed in at the issuer. */
async function adasBrowser(): Promise<Browser> {
  const browser = new Browser();
  const body = JSON.stringify({ identifier: "ada@example.com", password: PASSWORD, carry: "cookie" });
  const answer = await browser.send("POST", `${server.url}/api/v1/sign-in`, { "content-type": "application/json" }, body);
  assert.equal(answer.status, 200, answer.body);
  return browser;
}

async function me(browser: Browser): Promise<unknown> {
  return (JSON.parse((await browser.send("GET", `${app.url}/me`)).body) as { user: unknown }).user;
}

test("somebody who wants to see their orders comes back to them signed in", async () => {
  const browser = await adasBrowser();
  assert.equal(await me(browser), null);
  const page = await browser.visit(`${app.url}/orders?page=2`);
  assert.equal(page.status, 200, page.body);
  assert.equal(page.url, `${app.url}/orders?page=2`);
  assert.deepEqual(
    page.way.map((url) => new URL(url).pathname),
    ["/orders", "/sign-in", "/oauth/authorize", "/callback", "/orders"],
  );
  const identity = JSON.parse(page.body) as Record<string, unknown>;
  assert.deepEqual([identity["carrier"], identity["client"], identity["email"]], ["cookie", "shop", "ada@example.com"]);
  assert.deepEqual(identity["roles"], ["admin"]);
  assert.match(String(identity["session"]), /^[0-9a-f-]{36}$/);
  assert.deepEqual(await me(browser), { id: identity["user"], email: "ada@example.com", username: null, roles: ["admin"] });
});

test("the browser never sees a token", async () => {
  const browser = await adasBrowser();
  await browser.visit(`${app.url}/orders`);
  const cookies = [...browser.jar(app.url)];
  assert.deepEqual(cookies.map(([name]) => name), ["app"]);
  assert.match(cookies[0]![1], /^[A-Za-z0-9_-]{43}$/);
});

test("a script is told what is the matter instead of being sent away", async () => {
  const answer = await new Browser().send("GET", `${app.url}/orders`);
  assert.deepEqual([answer.status, (JSON.parse(answer.body) as { code: string }).code], [401, "not_signed_in"]);
});

test("who is not signed in at the issuer is asked there", async () => {
  const page = await new Browser().visit(`${app.url}/orders`);
  assert.equal(new URL(page.url).origin, server.url);
  assert.match(page.body, /name="password"/);
});

test("nobody is sent on to another host", async () => {
  const browser = await adasBrowser();
  for (const to of ["https://evil.example/", "//evil.example/", "/\\evil.example/"]) {
    const page = await browser.visit(`${app.url}/sign-in?return_to=${encodeURIComponent(to)}`);
    assert.equal(page.url, `${app.url}/`, to);
  }
});

test("a code that somebody else brought is not taken", async () => {
  const [ada, other] = [await adasBrowser(), await adasBrowser()];
  const { headers } = await ada.send("GET", `${app.url}/sign-in`);
  const authorize = await ada.send("GET", String(headers["location"]), { "sec-fetch-mode": "navigate" });
  const callback = String(authorize.headers["location"]);
  assert.ok(callback.startsWith(`${app.url}/callback?`), callback);
  const stolen = await other.visit(callback);
  assert.equal(stolen.status, 400);
  assert.equal(await me(other), null);
  // A code that says it came from elsewhere is another issuer's.
  const elsewhere = callback.replace(/iss=[^&]*/, `iss=${encodeURIComponent("https://evil.example")}`);
  assert.notEqual(elsewhere, callback);
  assert.match((await ada.visit(elsewhere)).body, /another issuer/);
  // The way is gone by then, whatever comes.
  assert.equal((await ada.visit(callback)).status, 400);
  assert.equal(await me(ada), null);
});

test("a callback that is loaded again signs nobody in again", async () => {
  const browser = await adasBrowser();
  const page = await browser.visit(`${app.url}/orders`);
  const callback = page.way.find((url) => url.includes("/callback"))!;
  assert.equal((await browser.visit(callback)).status, 400);
  assert.ok(await me(browser));
});

test("each sign-in has a session of its own, and the one before it is over", async () => {
  const browser = await adasBrowser();
  await browser.visit(`${app.url}/orders`);
  const before = browser.jar(app.url).get("app")!;
  await browser.visit(`${app.url}/sign-in`);
  assert.notEqual(browser.jar(app.url).get("app"), before);
  const old = new Browser();
  old.jar(app.url).set("app", before);
  assert.equal(await me(old), null);
});

test("who proved too long ago who they are proves it again, and comes back", async () => {
  const browser = await adasBrowser();
  await browser.visit(`${app.url}/orders`);
  let page = await browser.visit(`${app.url}/admin`);
  // A sign-in may still be fresh; a second later it is not.
  for (const until = Date.now() + 5000; page.status === 200 && Date.now() < until; ) page = await browser.visit(`${app.url}/admin`);
  assert.ok(page.url.startsWith(server.url), page.way.join(" → "));
  const sent = page.way.find((url) => url.includes("/oauth/authorize"))!;
  assert.equal(new URL(sent).searchParams.get("max_age"), "1");
});

test("signing out here signs out at the issuer, and leads back", async () => {
  const browser = await adasBrowser();
  await browser.visit(`${app.url}/orders`);
  const answer = await browser.send("POST", `${app.url}/sign-out`, { accept: "application/json" });
  const { redirect } = JSON.parse(answer.body) as { redirect: string };
  assert.equal(await me(browser), null);
  assert.ok(redirect.startsWith(`${server.url}/oauth/logout?`), redirect);
  const page = await browser.visit(redirect);
  assert.equal(page.url, `${app.url}/`, page.body);
  assert.equal((await browser.send("GET", `${server.url}/api/v1/session`)).status, 401);
});

test("a page of another site signs nobody out and buys nothing", async () => {
  const browser = await adasBrowser();
  await browser.visit(`${app.url}/orders`);
  assert.equal((await browser.send("POST", `${app.url}/buy`)).status, 200);
  for (const path of ["/sign-out", "/buy"]) {
    assert.equal((await browser.send("POST", `${app.url}${path}`, { "sec-fetch-site": "cross-site" })).status, 403);
  }
  assert.equal((await browser.send("GET", `${app.url}/sign-out`)).status, 405);
  assert.ok(await me(browser));
});
