import assert from "node:assert/strict";
import { test } from "node:test";

import type { Guard } from "../../dist/index.js";
import { Flows, isFrom, returnTo } from "../../dist/relying_party/flow.js";
import { Seal } from "../../dist/relying_party/sealed.js";
import { settle } from "../../dist/relying_party/settings.js";
import { request } from "../support/request.js";
import { NOW } from "../support/keys.js";

const SETTINGS = settle({ guard: {} as Guard, clientId: "shop", clientSecret: "s", origin: "https://shop.example" });
const WISH = { returnTo: "/cart", maxAge: undefined, acrValues: undefined };

function begin(flows = new Flows(SETTINGS), cookie = ""): { state: string; cookie: string; set: string[] } {
  const { location, cookies } = flows.begin(request({ cookie }), "https://id.example/authorize", WISH, NOW);
  const set = cookies.map(([, line]) => line);
  return { state: new URL(location).searchParams.get("state")!, cookie: set.at(-1)!.split(";")[0]!, set };
}

test("who left comes back with what they left with", () => {
  const flows = new Flows(SETTINGS);
  const { state, cookie, set } = begin(flows);
  const found = flows.find(request({ cookie }), state, NOW + 599);
  assert.deepEqual([found?.state, found?.returnTo], [state, "/cart"]);
  assert.match(set[0]!, /^__Host-app-flow-[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/);
});

test("nobody comes back by another browser's way, too late, or twice with one cookie for two", () => {
  const flows = new Flows(SETTINGS);
  const [one, other] = [begin(flows), begin(flows)];
  assert.equal(flows.find(request(), one.state, NOW), undefined);
  assert.equal(flows.find(request({ cookie: other.cookie }), one.state, NOW), undefined);
  assert.equal(flows.find(request({ cookie: one.cookie }), one.state, NOW + 600), undefined);
  const renamed = one.cookie.replace(one.state.slice(0, 8), other.state.slice(0, 8));
  assert.equal(flows.find(request({ cookie: renamed }), other.state, NOW), undefined);
  // As long as the first letters are the same.
  const like = one.state.slice(0, 8) + other.state.slice(8);
  assert.equal(flows.find(request({ cookie: one.cookie }), like, NOW), undefined);
});

test("a cookie that was not sealed here opens nothing", () => {
  const theirs = new Flows({ ...SETTINGS, clientSecret: "another" });
  const { state, cookie } = begin(theirs);
  assert.ok(theirs.find(request({ cookie }), state, NOW));
  assert.equal(new Flows(SETTINGS).find(request({ cookie }), state, NOW), undefined);
});

test("only so many ways are open at once", () => {
  const cookie = ["a", "b", "c", "d", "e"].map((name) => `__Host-app-flow-${name}=x`).join("; ");
  const { set } = begin(new Flows(SETTINGS), cookie);
  assert.deepEqual(set.map((line) => /^__Host-app-flow-(.)=;.*Max-Age=0$/.exec(line)?.[1]).slice(0, -1), ["a", "b"]);
});

test("people go on on this host", () => {
  for (const path of ["/", "/cart?a=b", "/cart?a=b#end"]) assert.equal(returnTo(path), path);
  for (const path of [null, "", "cart", "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "/#\n", `/${"a".repeat(2000)}`]) {
    assert.equal(returnTo(path), "/");
  }
});

test("an answer names the issuer that gave it, where the issuer does so", () => {
  const metadata = (supported: boolean) =>
    ({ issuer: "https://id.example", authorization_response_iss_parameter_supported: supported }) as Parameters<typeof isFrom>[0];
  assert.equal(isFrom(metadata(true), "https://id.example"), true);
  assert.equal(isFrom(metadata(true), undefined), false);
  assert.equal(isFrom(metadata(true), "https://evil.example"), false);
  assert.equal(isFrom(metadata(false), undefined), true);
  assert.equal(isFrom(metadata(false), "https://evil.example"), false);
});

test("what is sealed opens under the same secret, for the same purpose, about the same thing", () => {
  const sealed = new Seal("secret", "a").seal("text", "about");
  assert.equal(new Seal("secret", "a").open(sealed, "about"), "text");
  assert.equal(new Seal("other", "a").open(sealed, "about"), undefined);
  assert.equal(new Seal("secret", "b").open(sealed, "about"), undefined);
  assert.equal(new Seal("secret", "a").open(sealed, "else"), undefined);
  for (const at of [0, 12, sealed.length - 1]) {
    const broken = Buffer.from(sealed);
    broken[at]! ^= 1;
    assert.equal(new Seal("secret", "a").open(broken, "about"), undefined);
  }
  assert.equal(new Seal("secret", "a").open(sealed.subarray(0, 20), "about"), undefined);
});

test("settings that would lead elsewhere are refused", () => {
  const good = { guard: {} as Guard, clientId: "shop", clientSecret: "s", origin: "https://shop.example" };
  assert.equal(settle({ ...good, origin: "http://localhost:1" }).cookie, "app");
  for (const wrong of [
    { origin: "https://shop.example/" },
    { paths: { signIn: "//evil.example" } },
    { afterSignOut: "https://evil.example" },
    { cookieName: "a b" },
    { scope: "email" },
  ]) {
    assert.throws(() => settle({ ...good, ...wrong }), { name: "SettingsError" });
  }
});
