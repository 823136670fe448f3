// The examples together, as people use them: a cart from guest to sign-in, a second device, a server that is killed, a device
// that is let in and an API that forgets it, notes on another domain, and a handbook that knows nothing.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { lookAt } from "./looks.mjs";
import { PASSWORD } from "./person.mjs";

const env = (name) => process.env[name] ?? assert.fail(`${name} is not set`);
const [SHOP, NOTES, HANDBOOK, ISSUER, COATS] = ["SHOP", "NOTES", "HANDBOOK", "ISSUER", "COATS"].map(env);
/** Is given a picture of every page. */
const PICTURES = process.env.SCREENSHOTS;
if (PICTURES) mkdirSync(PICTURES, { recursive: true });
const EMAIL = "ada@example.com";

const { LD_PRELOAD: _preload, ...outside } = process.env;
const browser = await chromium.launch({
  executablePath: process.env.CLOAKROOM_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  env: outside,
});
const answers = createInterface({ input: process.stdin });

/** A browser of its own. */
async function seat(options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, timezoneId: "UTC", ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  return page;
}

/** Another tab of the same browser. */
async function tab(page, address) {
  const another = await page.context().newPage();
  another.on("pageerror", (error) => complaints.push(String(error)));
  await another.goto(address);
  return another;
}

/** What scripts threw. */
const complaints = [];

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

// The shop needs no script.
const phone = await seat({ viewport: { width: 360, height: 740 }, javaScriptEnabled: false });
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

const SEARCH = `${NOTES}/?find=umbrella#nothing-yet`;
const notes = await tab(desk, SEARCH);
await is(notes, "signed out");
await Promise.all([notes.waitForNavigation(), notes.click("#sign-in")]);
await is(notes, "signed in");
assert.equal(notes.url(), SEARCH);
assert.equal(await notes.innerText("#who"), EMAIL);
passed("who is signed in at the shop is signed in at the notes by one click, without a form, and is where they were");

await write(notes, "An umbrella for Ada\nThe green one, by the door.");
const note = notes.url();
assert.match(note, /\?find=umbrella#[0-9a-f-]{36}$/);
await write(notes, "An umbrella for Ada\nThe green one, by the door. Dry by now.");
assert.equal(notes.url(), note);
const other = await tab(desk, note);
await is(other, "signed in");
await other.locator("#list a[aria-current]").waitFor();
assert.match(await other.inputValue("#note textarea"), /Dry by now/);
const kept = await notes.context().cookies(NOTES);
assert.deepEqual(kept.map(({ name, httpOnly, secure, domain }) => [name, httpOnly, secure, domain]), [
  ["__Host-app", true, true, new URL(NOTES).hostname],
]);
assert.deepEqual(await notes.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]), ["", 0, 0]);
passed("a note has an address, and the browser has one cookie that no script sees");

const PAGE = `${HANDBOOK}/umbrellas?edition=2&of=%C3%84rmel`;
const handbook = await tab(desk, PAGE);
assert.equal(handbook.url(), PAGE);
assert.equal(await handbook.innerText("#reader"), EMAIL);
assert.equal(await handbook.locator(".mark").count(), 0);
assert.equal((await handbook.goto(`${HANDBOOK}/keys`)).status(), 404);
await handbook.goto(PAGE);
passed("the handbook, which knows nothing, is told who reads, and shows them what is for them");

await desk.goto(SHOP);
for (const [name, page] of Object.entries({ shop: desk, notes, handbook })) await looksWell(name, page);
passed("axe finds no fault in shop, notes and handbook, wide and narrow, in light and dark");

const watching = coats("watch");
assert.equal(await watching.line(), "the API lets this token in");
await desk.bringToFront();
const at = (event) => event.then(() => performance.now());
const acknowledged = at(desk.waitForResponse(`${SHOP}/sign-out`));
const ends = [watching.line().then((line) => assert.equal(line, "refused: token_revoked")), is(notes, "signed out"), is(other, "signed out")].map(at);
await press(desk, "form#sign-out button");
const delays = await Promise.all(ends.map(async (end) => Math.max(0, Math.ceil((await end) - (await acknowledged)))));
// Beyond that the API's guard believes nothing that it has not heard of; what is usual, the bench says.
assert.ok(delays[0] < 5000, `${delays[0]} ms`);
// The page waits for 25 s at most before it asks by itself: by then nobody told it.
for (const delay of delays) assert.ok(delay < 10_000, `${delay} ms`);
assert.equal(await coats("orders").ended, 1);
assert.match(await cart(desk), /Nothing is in it yet/);
assert.equal(await other.inputValue("#note textarea"), "");
assert.equal(await other.locator("#list li").count(), 0);
await handbook.reload();
assert.ok(handbook.url().startsWith(`${ISSUER}/sign-in`), handbook.url());
await phone.reload();
assert.match(await cart(phone), /Umbrella/);
passed(`signed out in the shop, the API refuses the device and two tabs of the notes show it after ${delays.join(", ")} ms; the handbook sends to the sign-in; the phone stays`);

await fill(handbook, "sign-in", { identifier: EMAIL, password: PASSWORD });
assert.equal(handbook.url(), PAGE);
assert.equal(await handbook.innerText("#reader"), EMAIL);
await Promise.all([other.waitForNavigation(), other.click("#sign-in")]);
await is(other, "signed in");
assert.equal(other.url(), note);
await other.locator("#list a[aria-current]").waitFor();
assert.match(await other.inputValue("#note textarea"), /Dry by now/);
await desk.goto(SHOP);
assert.match(await cart(desk), /Duffle coat/);
passed("signed in where the handbook was to be read, one is at that very page, and at that very note; the cart is back");

await is(notes, "signed in");
await Promise.all([other.waitForURL(`${NOTES}/`), other.click("#sign-out")]);
await is(other, "signed out");
await is(notes, "signed out");
await desk.reload();
assert.match(await cart(desk), /Nothing is in it yet/);
await handbook.reload();
assert.ok(handbook.url().startsWith(`${ISSUER}/sign-in`), handbook.url());
passed("signed out at the notes, one is signed out in its other tab, in the shop and at the handbook");

const stranger = await seat();
await stranger.goto(note);
await is(stranger, "signed out");
await Promise.all([stranger.waitForNavigation(), stranger.click("#sign-in")]);
await fill(stranger, "sign-in", { identifier: EMAIL, password: PASSWORD });
await is(stranger, "signed in");
assert.equal(stranger.url(), note);
await byKeyboard(stranger);
passed("who comes by a link to a note signs in and is at that note; written, found and deleted by keyboard alone");

const evil = await desk.context().request.post(`${SHOP}/cart`, {
  form: { article: "hat", act: "add" },
  headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
  maxRedirects: 0,
});
assert.notEqual(evil.status(), 303);
assert.equal(evil.headers()["set-cookie"], undefined);
const foreign = await stranger.context().request.post(`${NOTES}/api/notes`, {
  data: { text: "not hers" },
  headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
});
assert.equal(foreign.status(), 403);
const forged = await (await seat()).context().request.get(`${HANDBOOK}/keys`, {
  headers: { "remote-user": "admin@example.test", "remote-groups": "admin" },
  maxRedirects: 0,
});
assert.equal(forged.status(), 401);
passed("a page of another site changes no cart and no note and begins no guest; who writes the handbook's headers is nobody");

assert.deepEqual(complaints, [], "scripts complained");
await browser.close();
answers.close();

/** Awaits that the notes show somebody, or nobody. */
function is(page, status) {
  return page.locator(status === "signed in" ? "#desk" : "#stranger").waitFor();
}

/** Writes a note into the form that is there and saves it. */
async function write(page, text) {
  await page.fill("#note textarea", text);
  await page.click("#save");
  await page.getByText("Saved.").waitFor();
}

/** From the top of the page, with nothing but keys. */
async function byKeyboard(page) {
  const { keyboard } = page;
  const focus = () => page.locator(":focus").evaluate((element) => element.id || element.name || element.tagName);
  const tabTo = async (where) => {
    for (let steps = 0; steps < 20; steps += 1) {
      await keyboard.press("Tab");
      if ((await focus()) === where) return;
    }
    assert.fail(`Tab does not lead to ${where}`);
  };
  await tabTo("another");
  await keyboard.press("Enter");
  assert.equal(await focus(), "text");
  await keyboard.type("Gloves\nTwo left ones.");
  await keyboard.press("Control+Enter");
  await page.getByText("Saved.").waitFor();
  await page.reload();
  await is(page, "signed in");
  await tabTo("find");
  await keyboard.press("Control+A");
  await keyboard.type("left");
  assert.deepEqual(await page.locator("#list a").allInnerTexts(), ["Gloves"]);
  await tabTo("delete");
  await keyboard.press("Enter");
  await page.getByText("Deleted.").waitFor();
  assert.equal(await page.locator("#list li").count(), 0);
}

/** A page in every width and colour. */
async function looksWell(name, page) {
  for (const scheme of ["light", "dark"]) {
    for (const width of [1280, 640, 360, 320]) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize({ width, height: 740 });
      await lookAt({ page }, `${name}, ${scheme}, ${width} px`);
      if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.${scheme}.${width}.png`), fullPage: true });
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize({ width: 1280, height: 740 });
}
