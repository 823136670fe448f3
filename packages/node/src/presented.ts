// What a request presents, as every adapter hands it over: the lines of the headers that matter, and where it went.

/** A request as the guard sees it. Names of headers are in lower case. */
export interface Presented {
  readonly method: string;
  /** Path and query as they stand in the request line. */
  readonly target: string;
  /** Each line of the header, in order; none where it is not there. */
  readonly lines: (name: HeaderName) => readonly string[];
}

export type HeaderName =
  | "authorization"
  | "dpop"
  | "cookie"
  | "host"
  | "origin"
  | "sec-fetch-site"
  | "sec-fetch-mode"
  | "accept"
  | "prefer"
  | "upgrade";

/** A token and the scheme in which it stands. Nothing about it is proved yet. */
export interface PresentedToken {
  readonly token: string;
  readonly scheme: "bearer" | "dpop";
}

/** RFC 6750 §2.1: letters, digits and `-._~+/`, then any number of `=`. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** The token of a request; `undefined` where it has none, `"malformed"` where it cannot be read or is there twice. */
export function tokenOf(presented: Presented): PresentedToken | "malformed" | undefined {
  const [line, second] = presented.lines("authorization");
  if (line === undefined) return undefined;
  if (second !== undefined) return "malformed";
  const [name, rest] = split(line, " ");
  const scheme = name.toLowerCase();
  if (scheme !== "bearer" && scheme !== "dpop") return undefined;
  const token = rest.replace(/^ +/, "");
  return TOKEN.test(token) ? { token, scheme } : "malformed";
}

/** The value of a cookie. One that is there twice is taken for none: two readers could choose differently. */
export function cookieOf(presented: Presented, name: string): string | undefined {
  let found: string | undefined;
  for (const line of presented.lines("cookie")) {
    for (const pair of line.split(";")) {
      const [of, value] = split(pair.trim(), "=");
      if (of !== name || !pair.includes("=")) continue;
      if (found !== undefined) return undefined;
      found = value;
    }
  }
  return found;
}

/** The names of the cookies of a request. */
export function cookieNames(presented: Presented): string[] {
  const pairs = presented.lines("cookie").flatMap((line) => line.split(";"));
  return pairs.map((pair) => split(pair.trim(), "=")[0]);
}

export function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE";
}

/** Whether a person is on the way to a page. */
export function isNavigation(presented: Presented): boolean {
  if (presented.method !== "GET" && presented.method !== "HEAD") return false;
  const [mode] = presented.lines("sec-fetch-mode");
  if (mode !== undefined) return mode === "navigate";
  return presented.lines("accept").some((line) => line.includes("text/html"));
}

/**
 * Where a browser can be sent on this very host: a path that no browser takes for an address of another one. `undefined` for
 * everything else.
 */
export function localTarget(target: string): string | undefined {
  // Browsers take a backslash for a slash, and leave tabs and line ends out.
  const plain = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;
  return plain.test(target) ? target : undefined;
}

/** Path without query. */
export function pathOf(target: string): string {
  return split(target, "?")[0];
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}
