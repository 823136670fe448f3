// Refuses changes that a page of another site makes a browser ask for.
//
// A browser adds cookies to whatever any page sends, and says by which page it was sent, in `Sec-Fetch-Site` (Fetch Metadata
// §2.2) or, older ones, in `Origin` (Fetch §3.2); a page can change neither. A request with neither comes from no browser that
// is in use, and a program has no cookie that somebody else could use.

import { isSafe, type Presented } from "./presented.js";

/**
 * Whether a request that brings a cookie may go on: it only reads, or was sent by a page of ours, by the user's own hand, or by
 * a page of a listed origin. `own` is this service's origin as browsers write it, where it is known. Sibling hosts are other
 * origins here.
 */
export function passesOriginCheck(presented: Presented, own: string | undefined, listed: readonly string[]): boolean {
  // A WebSocket begins as a GET, is bound by no rule of origins, and then goes both ways.
  if (isSafe(presented.method) && presented.lines("upgrade").length === 0) return true;
  const [sites, origins] = [presented.lines("sec-fetch-site"), presented.lines("origin")];
  // Two would let each reader pick its own.
  if (sites.length > 1 || origins.length > 1) return false;
  const [site, origin] = [sites[0], origins[0]];
  const isListed = origin !== undefined && listed.includes(origin);
  // The browser's own word is right even where a proxy changed the rest.
  if (site !== undefined) return site === "same-origin" || site === "none" || isListed;
  return origin === undefined || origin === own || isListed;
}
