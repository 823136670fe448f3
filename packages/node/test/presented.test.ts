import assert from "node:assert/strict";
import { test } from "node:test";

import { passesOriginCheck } from "../dist/origin_check.js";
import { cookieOf, isNavigation, localTarget, tokenOf } from "../dist/presented.js";
import { request } from "./support/request.js";

test("a token is found by its scheme, whose name is compared without regard to case", () => {
  for (const [line, scheme] of [["Bearer a.b-c_d~e+f/g==", "bearer"], ["bEARER  a.b-c_d~e+f/g==", "bearer"], ["dpop a.b-c_d~e+f/g==", "dpop"]] as const) {
    assert.deepEqual(tokenOf(request({ authorization: line })), { token: "a.b-c_d~e+f/g==", scheme });
  }
});

test("another scheme is no token", () => {
  for (const line of ["Basic YTpi", "Bearerabc", ""]) assert.equal(tokenOf(request({ authorization: line })), undefined);
  assert.equal(tokenOf(request()), undefined);
});

test("what is no token, and what is there twice, cannot be read", () => {
  for (const line of ["Bearer", "Bearer ", "Bearer a b", "Bearer a=b", "Bearer =", "Bearer ü", "Bearer a,b", "Bearer a, Bearer b"]) {
    assert.equal(tokenOf(request({ authorization: line })), "malformed", line);
  }
  assert.equal(tokenOf(request({ authorization: ["Bearer a", "Bearer a"] })), "malformed");
});

test("a cookie that is there twice is none", () => {
  assert.equal(cookieOf(request({ cookie: "a=1; b=2;c=3" }), "b"), "2");
  assert.equal(cookieOf(request({ cookie: ["a=1", "b=x=y"] }), "b"), "x=y");
  assert.equal(cookieOf(request({ cookie: "b=1; b=1" }), "b"), undefined);
  assert.equal(cookieOf(request({ cookie: ["b=1", "b=2"] }), "b"), undefined);
  assert.equal(cookieOf(request({ cookie: "b; xb=1" }), "b"), undefined);
});

test("people on the way to a page are told from scripts", () => {
  assert.equal(isNavigation(request({ "sec-fetch-mode": "navigate" })), true);
  assert.equal(isNavigation(request({ "sec-fetch-mode": "cors", "accept": "text/html" })), false);
  assert.equal(isNavigation(request({ accept: "text/html,*/*" })), true);
  assert.equal(isNavigation(request({ accept: "application/json" })), false);
  assert.equal(isNavigation(request({ "sec-fetch-mode": "navigate" }, "POST")), false);
});

test("nobody is sent to another host", () => {
  for (const target of ["/", "/orders?a=b&c=%0a", "/a//b", "/?next=https://evil.example"]) {
    assert.equal(localTarget(target), target);
    assert.equal(new URL(target, "https://app.example").origin, "https://app.example");
  }
  for (const target of ["//evil.example", "/\\evil.example", "/a\\b", "https://evil.example", "", "orders", "/a b", "/\t/evil.example", "/\n/evil.example", "/ü"]) {
    assert.equal(localTarget(target), undefined, JSON.stringify(target));
  }
});

const OWN = "https://app.example";
const SHOP = "https://shop.example";

const passes = (headers: Record<string, string | string[]>, method = "POST"): boolean =>
  passesOriginCheck(request(headers, method), OWN, [SHOP]);

test("our own pages, the user's own hand and listed origins may change things", () => {
  for (const headers of [
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    { "sec-fetch-site": "same-origin", "origin": "http://10.0.0.1" },
    { origin: OWN },
    { origin: SHOP },
    { "origin": SHOP, "sec-fetch-site": "cross-site" },
    {},
  ]) {
    assert.equal(passes(headers), true, JSON.stringify(headers));
  }
});

test("other sites and sibling hosts may not", () => {
  for (const site of ["cross-site", "same-site", "", "Same-Origin", "same-origin, cross-site"]) {
    assert.equal(passes({ "sec-fetch-site": site }), false, site);
    assert.equal(passes({ "sec-fetch-site": site, "origin": OWN }), false, site);
  }
  for (const origin of ["null", "", "https://evil.example", "http://app.example", "https://app.example:8443", "https://app.example.evil.example"]) {
    assert.equal(passes({ origin }), false, origin);
  }
});

test("a header sent twice is refused", () => {
  assert.equal(passes({ origin: [OWN, OWN] }), false);
  assert.equal(passes({ "sec-fetch-site": ["same-origin", "same-origin"] }), false);
});

test("reading is open to links from anywhere, and a WebSocket is not reading", () => {
  assert.equal(passes({ "sec-fetch-site": "cross-site" }, "GET"), true);
  assert.equal(passes({ "sec-fetch-site": "cross-site", "upgrade": "websocket" }, "GET"), false);
  assert.equal(passes({ "origin": OWN, "upgrade": "websocket" }, "GET"), true);
});
