// The examples together, as people use them: a cart from guest to sign-in, a second device, a server that is killed, a device
// that is let in and an API that forgets it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { PASSWORD } from "./person.mjs";

const env = (name) => process.env[name] ?? assert.fail(`${name} is not set`);
const [SHOP, ISSUER, COATS] = ["SHOP", "ISSUER", "COATS"].map(env);
const EMAIL = "ada@example.com";

const { LD_PRELOAD: _preload, ...outside } = process.env;
const browser = await chromium.launch({
  executablePath: process.env.CLOAKROOM_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  env: outside,
});
const answers = createInterface({ input: process.stdin });

/** A browser of its own, without JavaScript: the shop needs none. */
async function seat(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false, ...options });
  return context.newPage();
}

const press = (page, selector) => Promise.all([page.waitForNavigation(), page.locator(selector).click()]);
const cart = (page) => page.locator("#cart").innerText();

async function fill(page, form, fields) {
  for (const [name, value] of Object.entries(fields)) await page.locator(`form#${form} [name=${name}]`).fill(value);
  await press(page, `form#${form} button:not([type=button])`);
}

/** Starts the app for the command line; its lines come one by one. */
function coats(...words) {
  const child = spawn(COATS, words, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "exit").then(([code]) => code);
  return { line: async () => (await lines.next()).value, ended };
}

function passed(words) {
  console.log(`ok      ${words}`);
}

const desk = await seat();
await desk.goto(SHOP);
await press(desk, "form#add-duffle button");
await press(desk, "form#add-hat button");
await press(desk, "form#add-hat button");
assert.match(await cart(desk), /2 × Felt hat/);
assert.match(await cart(desk), /€ 360/);
passed("a guest fills the cart");

await press(desk, "nav >> text=Create an account");
await fill(desk, "sign-up", { email: EMAIL, password: PASSWORD });
assert.equal(desk.url(), SHOP);
assert.match(await cart(desk), /1 × Duffle coat[^]*2 × Felt hat/);
passed("who signs up keeps it");

const phone = await seat({ viewport: { width: 360, height: 740 } });
await phone.goto(SHOP);
await press(phone, "form#add-umbrella button");
await press(phone, "nav >> text=Sign in");
await fill(phone, "sign-in", { identifier: EMAIL, password: PASSWORD });
assert.match(await cart(phone), /1 × Duffle coat[^]*2 × Felt hat[^]*1 × Umbrella/);
passed("the second device sees it, and brings what its guest had");

console.log("restart the server");
await once(answers, "line");
await desk.reload();
assert.match(await cart(desk), /1 × Duffle coat[^]*2 × Felt hat[^]*1 × Umbrella/);
passed("it is there after kill -9");

const letIn = coats("sign-in");
const page = (await letIn.line()).split(/\s+/).at(-1);
const code = (await letIn.line()).split(/\s+/).at(-1);
assert.ok(page.startsWith(ISSUER), page);
await desk.goto(page);
await fill(desk, "device", { user_code: code });
await press(desk, "#allow");
assert.equal(await letIn.line(), "This device is let in.");
assert.equal(await letIn.ended, 0);
assert.equal(await coats("order", "duffle").ended, 0);
passed("a device is let in, and orders at the API");

const watching = coats("watch");
assert.equal(await watching.line(), "the API lets this token in");
await desk.goto(SHOP);
const since = performance.now();
await press(desk, "form#sign-out button");
assert.equal(await watching.line(), "refused: token_revoked");
const delay = performance.now() - since;
assert.ok(delay < 1000, `${delay} ms`);
assert.equal(await coats("orders").ended, 1);
assert.match(await cart(desk), /Nothing is in it yet/);
await phone.reload();
assert.match(await cart(phone), /Umbrella/);
passed(`signed out in the shop, and the API refuses the device ${Math.ceil(delay)} ms after the click; the phone stays`);

const evil = await desk.context().request.post(`${SHOP}/cart`, {
  form: { article: "hat", act: "add" },
  headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
  maxRedirects: 0,
});
assert.notEqual(evil.status(), 303);
assert.equal(evil.headers()["set-cookie"], undefined);
passed("a page of another site neither changes a cart nor begins a guest");

await browser.close();
answers.close();
