import assert from "node:assert/strict";
import { test } from "node:test";

import { settle, type Settings } from "../dist/settings.js";

const GOOD: Settings = { issuer: "https://id.example.com", audience: "https://api.example.com" };

const refused = (more: Partial<Settings>, why: RegExp): void => {
  settle(GOOD);
  assert.throws(() => settle({ ...GOOD, ...more }), (error: Error) => error.name === "SettingsError" && why.test(error.message));
};

test("nothing is sent to another machine by plain http", () => {
  for (const issuer of ["http://localhost:7117", "http://id.localhost", "http://127.0.0.1:1", "http://[::1]:1"]) {
    settle({ ...GOOD, issuer });
  }
  refused({ issuer: "http://id.example.com" }, /plain http/);
  refused({ issuer: "http://localhost.example.com" }, /plain http/);
  refused({ issuer: "ftp://localhost" }, /plain http/);
  settle({ ...GOOD, issuer: "http://id.example.com", dangerPlainHttp: true });
});

test("an issuer is a URL without query and fragment", () => {
  for (const issuer of ["", "id.example.com", "https://id.example.com?", "https://id.example.com?a", "https://id.example.com#a", "https://a:b@id.example.com"]) {
    refused({ issuer }, /URL without query/);
  }
});

test("an origin is written as browsers write it", () => {
  settle({ ...GOOD, origin: "https://shop.example.com", trustedOrigins: ["http://localhost:8080"] });
  for (const origin of ["https://shop.example.com/", "https://shop.example.com:443", "shop.example.com", "null", "https://Shop.example.com"]) {
    refused({ origin }, /no origin/);
    refused({ trustedOrigins: [origin] }, /no origin/);
  }
});

test("shared secrets are no algorithms here, and there must be one", () => {
  refused({ algorithms: [] }, /algorithms/);
  refused({ algorithms: ["HS256" as "ES256"] }, /algorithms/);
});

test("no token is good for longer than its end is remembered", () => {
  settle({ ...GOOD, leewaySeconds: 0 });
  settle({ ...GOOD, leewaySeconds: 60 });
  for (const leewaySeconds of [61, -1, Number.NaN]) refused({ leewaySeconds }, /60 s apart/);
});

test("a service has a name and a secret, or neither", () => {
  refused({ clientId: "api" }, /belong together/);
  refused({ audience: [] }, /audience/);
  refused({ audience: "" }, /audience/);
  refused({ maxStalenessMs: 0 }, /maxStalenessMs/);
});

test("cookies of issuers on https have the prefixes that browsers hold to it", () => {
  const http = { ...GOOD, issuer: "http://localhost:1" };
  assert.equal(settle({ ...GOOD, cookie: "sameHost" }).cookie, "__Host-cloakroom");
  assert.equal(settle({ ...http, cookie: "sameHost" }).cookie, "cloakroom");
  assert.equal(settle({ ...GOOD, cookie: "siblingHosts" }).cookie, "__Secure-cloakroom-id");
  assert.equal(settle({ ...http, cookie: "siblingHosts" }).cookie, "cloakroom-id");
  assert.equal(settle(GOOD).cookie, undefined);
});
