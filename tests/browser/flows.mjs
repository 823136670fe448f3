// What people do. Each flow gets a way to seat a person (with JavaScript or without) and an email that nobody has.

import assert from "node:assert/strict";
import { OTHER_PASSWORD, PASSWORD } from "./person.mjs";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) " +
  "Version/18.0 Mobile/15E148 Safari/604.1";

export const flows = {
  async "sign up, look around, sign out, sign in"({ seat, email }) {
    const ada = await seat();
    await ada.open("/");
    ada.isAt("/sign-in");
    await ada.page.getByRole("link", { name: "Create an account" }).click();
    await ada.page.waitForURL("**/sign-up?**");
    await ada.send("sign-up", { email, password: PASSWORD });
    ada.isAt("/account");
    await ada.sees(email);
    await ada.page.getByRole("link", { name: "Devices" }).click();
    await ada.page.waitForURL("**/account/devices");
    await ada.sees("this device");
    await ada.page.getByRole("link", { name: "Password" }).click();
    await ada.page.waitForURL("**/account/password");
    await ada.send("sign-out");
    ada.isAt("/sign-out");
    await ada.sees("You are signed out");
    await ada.open("/account");
    ada.isAt("/sign-in");
    await ada.send("sign-in", { identifier: email, password: PASSWORD });
    ada.isAt("/account");
  },

  async "a welcome is said once"({ seat, email }) {
    const ada = await (await seat()).signUp(email);
    await ada.sees("Your account is ready");
    await ada.page.reload();
    await ada.seesNot("Your account is ready");
  },

  async "a wrong password keeps what was typed and goes to the field"({ seat, email }) {
    await (await seat()).signUp(email);
    const again = await seat();
    await again.signIn(email, "not the right one", true);
    again.isAt("/sign-in");
    await again.sees("This email and password don’t match.");
    assert.equal(await again.value("identifier"), email);
    assert.equal(await again.value("password"), "");
    assert.equal(await again.page.locator("#remember").isChecked(), true);
    assert.equal(await again.focus(), "password");
    assert.equal(await again.page.locator("#password").getAttribute("aria-invalid"), "true");
    await again.send("sign-in", { password: PASSWORD });
    again.isAt("/account");
  },

  async "a sign-up that does not fit says why, field by field"({ seat, email }) {
    const ada = await seat();
    await ada.open("/sign-up");
    await ada.send("sign-up", { email: "ada@@example", username: "@da", password: "short" });
    ada.isAt("/sign-up");
    assert.equal(await ada.value("email"), "ada@@example");
    assert.equal(await ada.value("username"), "@da");
    assert.equal(await ada.value("password"), "");
    assert.equal(await ada.focus(), "email");
    await ada.page.getByRole("alert").getByRole("link", { name: "Password" }).click();
    assert.equal(await ada.focus(), "password");
    await ada.send("sign-up", { email, username: "", password: PASSWORD });
    ada.isAt("/account");
  },

  async "two browsers are two devices, and one ends the other"({ seat, email }) {
    const desk = await (await seat({ agent: FIREFOX })).signUp(email);
    const phone = await (await seat({ agent: IPHONE, width: 360, height: 740 })).signIn(email);
    phone.isAt("/account");
    await desk.open("/account/devices");
    const row = desk.page.locator("#devices > li", { hasText: "Safari on iPhone" });
    assert.equal(await row.count(), 1);
    assert.equal(await desk.page.locator("#devices > li").count(), 2);
    const button = row.getByRole("button", { name: "Sign out of Safari on iPhone" });
    await desk.signOutOthers((await button.getAttribute("id")).replace("submit-", "sign-out-"));
    await desk.sees("That device is signed out.");
    assert.equal(await desk.page.locator("#devices > li").count(), 1);
    await phone.open("/account");
    phone.isAt("/sign-in");
    await phone.sees("You were signed out of this browser.");
    await desk.open("/account");
    desk.isAt("/account");
  },

  async "all others go, and then everything"({ seat, email }) {
    const desk = await (await seat({ agent: FIREFOX })).signUp(email);
    const others = [await seat(), await seat({ agent: IPHONE })];
    for (const other of others) await other.signIn(email);
    await desk.open("/account/devices");
    await desk.signOutOthers();
    await desk.sees("All your other devices are signed out.");
    for (const other of others) {
      await other.open("/account");
      other.isAt("/sign-in");
    }
    await others[0].signIn(email);
    await desk.open("/account/devices");
    await desk.send("sign-out-everywhere");
    await desk.sees("You are signed out everywhere");
    for (const person of [desk, others[0]]) {
      await person.open("/account");
      person.isAt("/sign-in");
    }
  },

  async "a while after the sign-in the others go only with the password"({ seat, email }) {
    const desk = await (await seat({ agent: FIREFOX })).signUp(email);
    const phone = await seat({ agent: IPHONE });
    await desk.untilAsked(() => phone.signIn(email));
    await desk.sees("You signed in here a while ago");
    assert.equal(await desk.focus(), "password");
    await desk.send("sign-out-others", { password: "not it" });
    await desk.sees("Nobody was signed out.");
    assert.equal(await desk.focus(), "password");
    await phone.open("/account");
    phone.isAt("/account");
    await desk.send("sign-out-others", { password: PASSWORD });
    desk.isAt("/account/devices");
    await desk.sees("All your other devices are signed out.");
    await phone.open("/account");
    phone.isAt("/sign-in");
  },

  async "email and username are changed"({ seat, email }) {
    const ada = await (await seat()).signUp(email);
    const other = `new.${email}`;
    await ada.page.locator("#change-names-open").click();
    await ada.send("change-names", { email: "ada@@example", username: "@da" });
    assert.equal(await ada.value("email"), "ada@@example");
    assert.equal(await ada.value("username"), "@da");
    assert.equal(await ada.focus(), "email");
    await ada.page.getByRole("alert").getByRole("link", { name: "Your password" }).click();
    assert.equal(await ada.focus(), "current_password");
    await ada.send("change-names", { email: other, username: "", current_password: "not it" });
    await ada.sees("Nothing was changed.");
    assert.equal(await ada.value("email"), other);
    assert.equal(await ada.focus(), "current_password");
    await ada.send("change-names", { current_password: PASSWORD });
    ada.isAt("/account");
    await ada.sees("Your changes are saved.");
    await ada.sees(other);
    const again = await seat();
    await again.signIn(email);
    again.isAt("/sign-in");
    await again.signIn(other);
    again.isAt("/account");
  },

  async "the password is changed, and the others go with it"({ seat, email }) {
    const desk = await (await seat()).signUp(email);
    const other = await (await seat()).signIn(email);
    await desk.open("/account/password");
    await desk.send("change-password", { current_password: "not it", new_password: OTHER_PASSWORD, end_others: false });
    await desk.sees("This is not your current password.");
    assert.equal(await desk.focus(), "current_password");
    assert.equal(await desk.page.locator("#end_others").isChecked(), false);
    const fields = { current_password: PASSWORD, new_password: OTHER_PASSWORD, end_others: true };
    await desk.send("change-password", fields);
    await desk.sees("Your password is changed, and all your other devices are signed out.");
    await other.open("/account");
    other.isAt("/sign-in");
    await other.signIn(email);
    other.isAt("/sign-in");
    await other.signIn(email, OTHER_PASSWORD);
    other.isAt("/account");
  },

  async "an account is deleted"({ seat, email }) {
    const ada = await (await seat()).signUp(email);
    await ada.page.getByRole("link", { name: "Delete account…" }).click();
    await ada.page.waitForURL("**/account/delete");
    await ada.send("delete-account", { password: "not it" });
    await ada.sees("Nothing was deleted.");
    await ada.send("delete-account", { password: PASSWORD });
    await ada.sees("Your account is deleted");
    await ada.signIn(email);
    ada.isAt("/sign-in");
  },

  async "a lost password is recovered by a link"({ seat, email, admin }) {
    const old = await (await seat()).signUp(email);
    const link = await admin.recoveryLink(email);
    const ada = await seat();
    await ada.open(link);
    await ada.sees(email);
    await ada.send("recover", { new_password: "short" });
    assert.equal(await ada.focus(), "new_password");
    await ada.send("recover", { new_password: OTHER_PASSWORD });
    ada.isAt("/sign-in");
    await ada.sees("Your new password is set");
    await ada.send("sign-in", { identifier: email, password: OTHER_PASSWORD });
    ada.isAt("/account");
    await old.open("/account");
    old.isAt("/sign-in");
    await (await seat()).open(link).then((late) => late.sees("This link doesn’t work any more"));
  },

  async "an app hands its session to the browser"({ seat, email, app }) {
    await (await seat()).signUp(email);
    const link = await app.cookieLink(email, PASSWORD);
    const ada = await seat();
    await ada.open(link);
    await ada.sees(email);
    await ada.send("link");
    ada.isAt("/account");
    await ada.sees(email);
    await (await seat()).open(link).then((late) => late.sees("It works for one minute and only once."));
  },

  async "a form from before a sign-out earns nothing, and says so"({ seat, email }) {
    const ada = await (await seat()).signUp(email);
    const tab = await ada.context.newPage();
    await tab.goto("/account/delete");
    await ada.send("sign-out");
    await ada.signIn(email);
    await tab.locator("#password").fill(PASSWORD);
    await Promise.all([tab.waitForNavigation(), tab.locator("#submit").click()]);
    assert.match(await tab.locator("main").innerText(), /Nothing was changed yet/);
    await ada.open("/account");
    ada.isAt("/account");
  },

  async "going back after a sign-out shows nothing"({ seat, email }) {
    const ada = await (await seat()).signUp(email);
    await ada.open("/account/devices");
    await ada.send("sign-out");
    await ada.page.goBack();
    ada.isAt("/sign-in");
    await ada.seesNot("Where you are signed in");
  },
};

/** What only a script can do, and what is there instead without one. */
export const scripted = {
  async "times are shown in the reader’s zone"({ seat, email }) {
    const ada = await (await seat({ zone: "Pacific/Auckland" })).signUp(email);
    const time = ada.page.locator("time").first();
    const at = new Date(await time.getAttribute("datetime"));
    const hours = new Intl.DateTimeFormat("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      timeZone: "Pacific/Auckland",
    }).format(at);
    assert.ok((await time.innerText()).endsWith(hours), await time.innerText());
    assert.match(await time.getAttribute("title"), /UTC$/);

    const plain = await seat({ script: false, zone: "Pacific/Auckland" });
    await plain.signIn(email);
    assert.match(await plain.page.locator("time").first().innerText(), /UTC$/);
  },

  async "a password can be seen while it is typed, and is hidden when it is sent"({ seat }) {
    const ada = await seat();
    await ada.open("/sign-in");
    const field = ada.page.locator("#password");
    await field.fill("what I type");
    await ada.page.getByRole("button", { name: "Show: Password" }).click();
    assert.equal(await field.getAttribute("type"), "text");
    await ada.page.getByRole("button", { name: "Hide: Password" }).click();
    assert.equal(await field.getAttribute("type"), "password");
    await ada.page.getByRole("button", { name: "Show: Password" }).click();
    await ada.page.evaluate(() => {
      const form = document.querySelector("form");
      form.addEventListener("submit", (event) => event.preventDefault());
      form.requestSubmit();
    });
    assert.equal(await field.getAttribute("type"), "password");

    const plain = await seat({ script: false });
    await plain.open("/sign-in");
    assert.equal(await plain.page.getByRole("button").count(), 1, "no button that does nothing");
  },
};

/** From sign-up to sign-out without a pointer. */
export async function byKeyboard({ seat, email }) {
  const ada = await seat();
  const { keyboard } = ada.page;
  const tabTo = async (name) => {
    for (let presses = 0; presses < 40; presses += 1) {
      await keyboard.press("Tab");
      const focused = ada.page.locator(":focus");
      if ((await focused.count()) === 0) continue;
      const style = await focused.evaluate((element) => getComputedStyle(element).outlineStyle);
      assert.notEqual(style, "none", `no visible focus on ${await focused.evaluate((element) => element.outerHTML)}`);
      const words = await focused.evaluate(
        (element) => element.getAttribute("aria-label") ?? element.labels?.[0]?.innerText ?? element.innerText,
      );
      if (words.trim().startsWith(name)) return;
    }
    assert.fail(`${name} is not reached by Tab on ${ada.path}`);
  };
  const enter = async () => Promise.all([ada.page.waitForNavigation(), keyboard.press("Enter")]);

  await ada.open("/sign-up");
  assert.equal(await ada.focus(), "email");
  await keyboard.type(email);
  await tabTo("Username");
  await tabTo("Password");
  await keyboard.type(PASSWORD);
  await enter();
  ada.isAt("/account");

  await tabTo("Skip to the page");
  assert.ok(await ada.page.locator(".skip").isVisible());
  await keyboard.press("Enter");
  assert.equal(await ada.focus(), "main");
  await tabTo("Delete account");

  await ada.open("/account");
  await tabTo("Devices");
  await enter();
  ada.isAt("/account/devices");
  await tabTo("Sign out everywhere");
  await enter();
  await ada.sees("You are signed out everywhere");

  await ada.open("/sign-in");
  // A page is loaded before its first field has the focus, and what is typed meanwhile goes nowhere.
  assert.equal(await ada.focus(), "identifier");
  await keyboard.type(email);
  await tabTo("Password");
  await keyboard.type(PASSWORD);
  await tabTo("Keep me signed in");
  await keyboard.press("Space");
  await tabTo("Sign in");
  await enter();
  ada.isAt("/account");
  await tabTo("Sign out");
  await enter();
  await ada.sees("You are signed out");
}
