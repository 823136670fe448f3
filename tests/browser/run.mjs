// Sets the server up, does everything that people do, looks at every page, and says how much that was.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";
import { byKeyboard, flows, scripted } from "./flows.mjs";
import { everyPage, lookAt } from "./looks.mjs";
import { PASSWORD, Person } from "./person.mjs";

const ADMIN = "admin@example.com";

const env = (name) => process.env[name] ?? assert.fail(`${name} is not set`);
const stage = {
  url: new URL(env("CLOAKROOM_URL")).origin,
  screenshots: process.env.CLOAKROOM_SCREENSHOTS,
  people: new Set(),
  browser: await chromium.launch({
    executablePath: process.env.CLOAKROOM_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  }),
};
if (stage.screenshots) mkdirSync(stage.screenshots, { recursive: true });

let passed = 0;
const failed = [];
let emails = 0;

async function check(name, flow) {
  const email = `person${(emails += 1)}@example.com`;
  try {
    const notes = await flow({ seat: (options) => Person.at(stage, options), email, admin, app });
    for (const person of [...stage.people]) await person.leave();
    passed += 1;
    console.log(`ok      ${name}${notes ? `: ${notes}` : ""}`);
  } catch (error) {
    failed.push(name);
    console.log(`FAILED  ${name}\n${error.stack.replaceAll(/^/gm, "        ")}`);
    for (const person of [...stage.people]) await person.leave().catch(() => {});
  }
}

/** JSON to the API, as a program sends it. */
async function ask(path, { body, token, cookie, method = "POST" } = {}) {
  const answer = await fetch(`${stage.url}${path}`, {
    method,
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...(cookie && { cookie }),
    },
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

const tokenOf = async (identifier, password) =>
  (await ask("/api/v1/sign-in", { body: { identifier, password, carry: "token" } })).access_token;

const app = {
  signIn: tokenOf,

  async cookieLink(email, password) {
    return (await ask("/api/v1/session/cookie", { token: await tokenOf(email, password) })).link;
  },
};

const admin = {
  async recoveryLink(email) {
    const token = await tokenOf(ADMIN, PASSWORD);
    const me = await ask("/api/v1/session", { method: "GET", token: await tokenOf(email, PASSWORD) });
    return (await ask(`/api/v1/admin/users/${me.user.id}/recovery-link`, { token })).link;
  },
};

await check("the set-up link makes the administrator, without a script too", async ({ seat }) => {
  const link = env("CLOAKROOM_SETUP_LINK");
  const looker = await seat();
  await looker.open(link);
  await lookAt(looker, "set up");
  await looker.send("set-up", { email: "x", password: "y" });
  await lookAt(looker, "set up, unfit");
  assert.equal(await looker.value("email"), "x");

  const person = await seat({ script: false });
  await person.open(link);
  await person.send("set-up", { email: ADMIN, password: PASSWORD });
  person.isAt("/account");
  await person.sees("Administrator");
  await looker.open(link);
  await looker.sees("This link doesn’t work any more");
});

for (const script of [true, false]) {
  for (const [name, flow] of Object.entries(flows)) {
    await check(`${name}, ${script ? "with" : "without"} JavaScript`, ({ seat, ...rest }) =>
      flow({ seat: (options) => seat({ script, ...options }), ...rest }),
    );
  }
}
for (const [name, flow] of Object.entries(scripted)) await check(name, flow);
await check("sign up to sign out by keyboard alone", byKeyboard);

for (const scheme of ["light", "dark"]) {
  await check(`every page has no fault that axe finds, in ${scheme}`, async (scene) => {
    await (await scene.seat()).signUp(scene.email);
    return `${await everyPage(stage, scene, scheme)} pages`;
  });
}

await stage.browser.close();
console.log(`${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
