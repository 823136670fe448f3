// What an access token says (RFC 9068 §2.2 and claims of ours), in the form in which it is needed with every request.

import { frozen, type Identity } from "../identity.js";
import { digestOf, isKind, type Digest, type Kind } from "../subject.js";
import { TokenRefused } from "./defect.js";
import { secondsClaim, textClaim } from "./expectations.js";
import { isObject, isTexts, type JsonObject } from "./strict_json.js";
import type { Verified } from "./verify.js";

export interface TokenClaims {
  readonly identity: Identity;
  readonly confirmation: Confirmation | undefined;
  /** Whatever its end is the token's end. */
  readonly hangsFrom: readonly Digest[];
  readonly user: Digest | undefined;
}

/** The key that whoever presents the token must hold (RFC 7800 §3.1): by a proof, or by something that is not seen here. */
export type Confirmation = { readonly jkt: string } | "not_seen_here";

/**
 * Reads the claims of a verified access token. What another kind of provider leaves out may be missing.
 *
 * @throws TokenRefused
 */
export function readTokenClaims({ claims, kid, expiresAt }: Verified): TokenClaims {
  const sub = textClaim(claims, "sub");
  if (sub === undefined) throw new TokenRefused("claim_missing");
  const client = textClaim(claims, "client_id") ?? textClaim(claims, "azp");
  const [sid, grant, jti] = [textClaim(claims, "sid"), textClaim(claims, "grant_id"), textClaim(claims, "jti")];
  // A guest and a client have a prefix that no user's id has; elsewhere a client's own token is about the client.
  const isUser = !sub.startsWith("guest:") && !sub.startsWith("client:") && sub !== client;
  const user = isUser ? digestOf("user", sub) : undefined;
  const hangsFrom = [user, digestOf("key", kid), ...cameFrom(claims)];
  const named: [Kind, string | undefined][] = [["session", sid], ["grant", grant], ["client", client], ["token", jti]];
  for (const [kind, id] of named) if (id !== undefined) hangsFrom.push(digestOf(kind, id));
  const confirmation = confirmationOf(claims);
  const identity = frozen({
    user: isUser ? sub : null,
    session: sid ?? null,
    client: client ?? null,
    scopes: (textClaim(claims, "scope") ?? "").split(" ").filter((word) => word !== ""),
    roles: texts(claims, "roles"),
    acr: textClaim(claims, "acr") ?? null,
    amr: texts(claims, "amr"),
    authenticatedAt: secondsClaim(claims, "auth_time") ?? null,
    expiresAt,
    carrier: confirmation === undefined ? "bearer" : "dpop",
    email: textClaim(claims, "email") ?? null,
    username: null,
  });
  return { identity, confirmation, hangsFrom: hangsFrom.filter((one) => one !== undefined), user };
}

export function texts(claims: JsonObject, name: string): string[] {
  if (!Object.hasOwn(claims, name)) return [];
  const value = claims[name];
  if (!isTexts(value)) throw new TokenRefused("claim_malformed");
  return value;
}

/** What an exchanged token dies with. A kind that is not known here could not be followed to its end. */
function cameFrom(claims: JsonObject): Digest[] {
  if (!Object.hasOwn(claims, "came_from")) return [];
  const all = claims["came_from"];
  if (!Array.isArray(all)) throw new TokenRefused("claim_malformed");
  return all.map((one: unknown) => {
    if (!isObject(one) || !isKind(one["kind"]) || typeof one["id"] !== "string") {
      throw new TokenRefused("claim_malformed");
    }
    return digestOf(one["kind"], one["id"]);
  });
}

function confirmationOf(claims: JsonObject): Confirmation | undefined {
  if (!Object.hasOwn(claims, "cnf")) return undefined;
  const { cnf } = claims;
  if (!isObject(cnf)) throw new TokenRefused("claim_malformed");
  const jkt = textClaim(cnf, "jkt");
  return jkt !== undefined && Object.keys(cnf).length === 1 ? { jkt } : "not_seen_here";
}
