// RFC 6265 and its successor's name prefixes: cookies of this app, which no script sees and no other host can set.

import type { Settled } from "./settings.js";

type Header = readonly ["set-cookie", string];

/** Kept for as long as the browser runs, or for `maxAge` seconds. */
export function setCookie({ isHttps }: Settled, name: string, value: string, maxAge?: number): Header {
  const age = maxAge === undefined ? "" : `; Max-Age=${maxAge}`;
  return ["set-cookie", `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${isHttps ? "; Secure" : ""}${age}`];
}

export function clearCookie(settings: Settled, name: string): Header {
  return setCookie(settings, name, "", 0);
}
