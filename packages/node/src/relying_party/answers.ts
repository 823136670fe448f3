// What a relying party answers by itself. Nothing of it is kept by anybody, and no address of it is told to another host.

import type { Answer } from "../refusal.js";

type Header = readonly [name: string, value: string];

const KEPT_BY_NOBODY: readonly Header[] = [
  ["cache-control", "no-store"],
  ["referrer-policy", "no-referrer"],
];

export function redirect(location: string, cookies: readonly Header[] = []): Answer {
  return { status: 303, headers: [["location", location], ...KEPT_BY_NOBODY, ...cookies], body: "" };
}

export function shown(value: unknown, cookies: readonly Header[] = []): Answer {
  const headers: Header[] = [["content-type", "application/json"], ...KEPT_BY_NOBODY, ...cookies];
  return { status: 200, headers, body: JSON.stringify(value) };
}

/** To a question that waited: it is as it was. RFC 7240 §3. */
export function asBefore(seconds: number): Answer {
  return { status: 204, headers: [["preference-applied", `wait=${seconds}`], ...KEPT_BY_NOBODY], body: "" };
}

export function wrongMethod(allowed: string): Answer {
  return { status: 405, headers: [["allow", allowed], ...KEPT_BY_NOBODY], body: "" };
}

/** A page for a person whose sign-in did not succeed: why, and the way to try again. */
export function failed(signIn: string, why: string, cookies: readonly Header[] = []): Answer {
  const headers: Header[] = [
    ["content-type", "text/html; charset=utf-8"],
    ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
    ...KEPT_BY_NOBODY,
    ...cookies,
  ];
  const body =
    `<!doctype html><html lang="en"><title>Not signed in</title><h1>Not signed in</h1>` +
    `<p>${escaped(why)}</p><p><a href="${escaped(signIn)}">Try again</a></p></html>`;
  return { status: 400, headers, body };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
