// What holds for every page, as a stranger and as a member meet it, in its ordinary and in its refusing state.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PASSWORD } from "./person.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Desktop and a phone in every colour; the desktop at 200 % zoom and the narrowest phone once. */
const WIDTHS = { light: [1280, 640, 360, 320], dark: [1280, 360] };

const strangers = {
  "sign-in": (person) => person.open("/sign-in"),
  "sign-in, asked for": (person) => person.open("/account/devices"),
  "sign-in, empty": async (person) => (await person.open("/sign-in")).send("sign-in"),
  "sign-in, wrong": (person, { email }) => person.signIn(email, "not the right one"),
  "sign-up": (person) => person.open("/sign-up"),
  "sign-up, unfit": async (person) =>
    (await person.open("/sign-up")).send("sign-up", { email: "ada@@example", username: "@", password: "short" }),
  "sign-up, taken": async (person, { email }) =>
    (await person.open("/sign-up")).send("sign-up", { email, password: PASSWORD }),
  "recover, without a link": (person) => person.open("/recover"),
  "recover, spent": (person) => person.open("/recover?link=spent"),
  "set up, spent": (person) => person.open("/setup"),
  "link, spent": (person) => person.open("/sign-in/link"),
  "signed out": (person) => person.open("/sign-out"),
  "a question that cannot be answered": (person) => person.open("/oauth/authorize?client_id=nobody"),
  "nothing here": (person) => person.open("/nothing-here"),
};

const members = {
  profile: (person) => person.open("/account"),
  "profile, unfolded": async (person) =>
    (await person.open("/account")).page.locator("#change-names-open").click(),
  "profile, unfit": async (person) => {
    await person.open("/account");
    await person.page.locator("#change-names-open").click();
    await person.send("change-names", { email: "ada@@example", username: "@", current_password: "x" });
  },
  password: (person) => person.open("/account/password"),
  "password, wrong": async (person) =>
    (await person.open("/account/password")).send("change-password", { current_password: "x", new_password: "y" }),
  devices: (person) => person.open("/account/devices"),
  "devices, asked": (person, { email, app }) => person.untilAsked(() => app.signIn(email, PASSWORD)),
  "devices, asked again": async (person, { email, app }) =>
    (await person.untilAsked(() => app.signIn(email, PASSWORD))).send("sign-out-others", { password: "x" }),
  apps: (person) => person.open("/account/apps"),
  delete: (person) => person.open("/account/delete"),
  "delete, wrong": async (person) => (await person.open("/account/delete")).send("delete-account", { password: "x" }),
  "sign out": (person) => person.open("/sign-out"),
};

/** Looks at one page as it is now. */
export async function lookAt(person, name) {
  const { page } = person;
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), RULES);
  const found = violations.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(found, [], `axe on ${name}`);
  assert.ok(passes.length > 10, `axe looked at ${name}`);

  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `${name} is wider than the window`);

  // Links inside a sentence are as high as the sentence; everything else is as high as a finger is wide.
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("button, .button, nav a, input:not([type=hidden], [type=checkbox])")]
      .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 43.9)
      .map((element) => element.outerHTML),
  );
  assert.deepEqual(small, [], `targets on ${name}`);

  const title = await page.title();
  assert.match(title, /^.+ · .+$/, name);
  assert.equal(await page.locator("h1:visible").count(), 1, name);
}

/** Every page at every width, in one colour scheme. Answers how many were looked at. */
export async function everyPage(stage, { seat, email, app }, scheme) {
  let count = 0;
  for (const width of WIDTHS[scheme]) {
    for (const [pages, isMember] of [
      [strangers, false],
      [members, true],
    ]) {
      const person = await seat({ scheme, width, height: 740 });
      if (isMember) await person.signIn(email);
      for (const [name, visit] of Object.entries(pages)) {
        await visit(person, { email, app });
        await lookAt(person, `${name}, ${scheme}, ${width} px`);
        if (stage.screenshots) {
          const file = `${name.replaceAll(/\W+/g, "-")}.${scheme}.${width}.png`;
          await person.page.screenshot({ path: join(stage.screenshots, file), fullPage: true });
        }
        count += 1;
      }
      await person.leave();
    }
  }
  return count;
}
