// Signs in with libraries that others wrote, from nothing but the issuer's URL, with a person in a real browser between.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { chromium } from "playwright-core";

const env = (name) => process.env[name] ?? assert.fail(`${name} is not set`);
const issuer = new URL(env("CLOAKROOM_URL"));
const EMAIL = env("CLOAKROOM_EMAIL");
const PASSWORD = env("CLOAKROOM_PASSWORD");

// The application: it only shows that the browser came back.
const app = createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  response.end("<!doctype html><title>The app</title><h1>The app</h1>");
});
await new Promise((listening) => app.listen(0, "127.0.0.1", listening));
const callback = `http://127.0.0.1:${app.address().port}/callback`;

const browser = await chromium.launch({
  executablePath: process.env.CLOAKROOM_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});

/** JSON to the API, as an administrator. */
async function administer(path, body, method = "POST") {
  const token = (await ask("/api/v1/sign-in", { identifier: EMAIL, password: PASSWORD, carry: "token" })).access_token;
  return ask(path, body, method, token);
}

async function ask(path, body, method = "POST", token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(new URL(path, issuer), { method, headers, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

async function register(client_id, template, registration, more = {}) {
  const body = { client_id, name: `The ${client_id}`, template, registration, ...more };
  return (await administer("/api/v1/admin/clients", body)).client_secret;
}

/** A person at a browser of their own, who does what the pages ask until the app is there. */
async function person({ javaScriptEnabled = true } = {}) {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  const press = async (button) => {
    const navigation = page.waitForNavigation();
    await page.locator(button).click();
    await navigation;
  };
  return {
    page,
    seen: [],
    leave: () => context.close(),
    async goThrough(url) {
      this.seen = [];
      await page.goto(url.href);
      for (let steps = 0; steps < 8; steps += 1) {
        // A form that is on its way by itself, where scripts run.
        if (javaScriptEnabled) await page.waitForLoadState("networkidle");
        if (page.url().startsWith(callback)) return new URL(page.url());
        const form = await page.locator("main form").first().getAttribute("id");
        this.seen.push(form);
        if (form === "sign-in") await page.locator("[name=identifier]").fill(EMAIL);
        if (form === "sign-in" || form === "again") await page.locator("[name=password]").fill(PASSWORD);
        await press(form === "consent" ? "#allow" : "main form button:not([type=button])");
      }
      assert.fail(`the app was never reached; last at ${page.url()}`);
    },
  };
}

let passed = 0;
const failed = [];
async function check(name, flow) {
  try {
    await flow();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed.push(name);
    const cause = error.cause ? `\n        because ${JSON.stringify(error.cause)}` : "";
    console.log(`FAILED  ${name}\n${error.stack.replaceAll(/^/gm, "        ")}${cause}`);
  }
}

const insecure = { execute: [openid.allowInsecureRequests] };

/** One sign-in with openid-client: from the question to the tokens. */
async function signIn(config, somebody, more = {}, { pushed = false } = {}) {
  const verifier = openid.randomPKCECodeVerifier();
  const [state, nonce] = [openid.randomState(), openid.randomNonce()];
  const parameters = {
    redirect_uri: callback,
    scope: "openid email offline_access",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...more,
  };
  const url = pushed
    ? await openid.buildAuthorizationUrlWithPAR(config, parameters)
    : openid.buildAuthorizationUrl(config, parameters);
  const back = await somebody.goThrough(url);
  return openid.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  await check(`openid-client: a web client signs in, ${how} JavaScript`, async () => {
    const id = `web-${how}`;
    const secret = await register(id, "web", { redirect_uris: [callback] });
    const config = await openid.discovery(issuer, id, undefined, openid.ClientSecretBasic(secret), insecure);
    const somebody = await person({ javaScriptEnabled });

    const tokens = await signIn(config, somebody);
    assert.deepEqual(somebody.seen, ["sign-in", "consent"]);
    const claims = tokens.claims();
    assert.equal(claims.aud, id);

    const info = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.equal(info.email, EMAIL);
    assert.equal((await openid.tokenIntrospection(config, tokens.access_token)).active, true);

    const next = await openid.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(next.claims().sub, claims.sub);

    // Signed in and allowed: nobody is asked anything.
    await signIn(config, somebody, { prompt: "none" });
    assert.deepEqual(somebody.seen, []);
    await signIn(config, somebody, { prompt: "login" }, { pushed: true });
    assert.deepEqual(somebody.seen, ["again"]);

    await openid.tokenRevocation(config, next.refresh_token);
    assert.equal((await openid.tokenIntrospection(config, next.access_token)).active, false);
    await assert.rejects(openid.refreshTokenGrant(config, next.refresh_token), { error: "invalid_grant" });
    await somebody.leave();
  });
}

await check("openid-client: a native client without a secret", async () => {
  const anyPort = "http://127.0.0.1/callback";
  await register("native", "mobile", { redirect_uris: [anyPort] });
  const config = await openid.discovery(issuer, "native", undefined, openid.None(), insecure);
  const somebody = await person();
  const tokens = await signIn(config, somebody);
  assert.equal(tokens.claims().aud, "native");
  await somebody.leave();
});

await check("openid-client: a service in its own name", async () => {
  const body = { client_id: "service", name: "A service", template: "service", scopes: ["invoices"] };
  const secret = (await administer("/api/v1/admin/clients", body)).client_secret;
  const config = await openid.discovery(issuer, "service", undefined, openid.ClientSecretBasic(secret), insecure);
  const tokens = await openid.clientCredentialsGrant(config, { scope: "invoices" });
  assert.equal(tokens.scope, "invoices");
});

await check("oauth4webapi: the OAuth metadata alone, a code, and an access token as RFC 9068 has it", async () => {
  const http = { [oauth.allowInsecureRequests]: true };
  // Node 18 reads no key whose `alg` is Ed25519, the name that RFC 9864 gave it.
  const old = Number.parseInt(process.versions.node, 10) < 20;
  if (old) console.log(`Node ${process.versions.node} does not know the algorithm Ed25519 by that name: ES256 in its place`);
  const algorithm = old ? { algorithm: "ES256" } : {};
  const secret = await register("plain", "web", { redirect_uris: [callback] }, algorithm);
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...http }),
  );
  const client = { client_id: "plain" };
  const proof = oauth.ClientSecretBasic(secret);
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const url = new URL(server.authorization_endpoint);
  for (const [name, value] of Object.entries({
    client_id: "plain",
    redirect_uri: callback,
    response_type: "code",
    scope: "openid profile",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
  })) {
    url.searchParams.set(name, value);
  }
  const somebody = await person();
  const back = oauth.validateAuthResponse(server, client, await somebody.goThrough(url), state);
  const answer = await oauth.authorizationCodeGrantRequest(server, client, proof, back, callback, verifier, http);
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, { requireIdToken: true });
  const request = new Request(callback, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(server, request, issuer.origin, http);
  assert.equal(claims.client_id, "plain");
  await somebody.leave();
});

await check("openidconnect, a crate: a web client signs in and out", async () => {
  const registration = { redirect_uris: [callback], post_logout_redirect_uris: [callback] };
  const secret = await register("crate", "web", registration);
  const client = spawn(env("CLOAKROOM_RUST_CLIENT"), {
    env: { ...process.env, CLIENT_ID: "crate", CLIENT_SECRET: secret, CLIENT_CALLBACK: callback },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => client.on("close", resolve));
  const somebody = await person();
  const seen = [];
  let last;
  // Each URL that it prints is one for the person.
  for await (const line of createInterface({ input: client.stdout })) {
    last = line;
    if (line === "done") continue;
    client.stdin.write(`${await somebody.goThrough(new URL(line))}\n`);
    seen.push(...somebody.seen);
  }
  assert.equal(await ended, 0);
  assert.equal(last, "done");
  assert.deepEqual(seen, ["sign-in", "consent"]);
  await somebody.leave();
});

await browser.close();
app.close();
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
