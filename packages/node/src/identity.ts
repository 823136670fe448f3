// Who a request comes from, however it was carried.

/** How a request brought its identity: a session's cookie, an access token, or one with a proof of its key (RFC 9449). */
export type Carrier = "cookie" | "bearer" | "dpop";

/**
 * Who a request comes from. Shared between requests, and frozen.
 *
 * A cookie, a bearer token and a DPoP token of one session give the same answers, but for what only one of them has: a cookie
 * has no scopes, since it stands for the whole session.
 */
export interface Identity {
  /** The user's id; `null` for a guest, and for a client that acts for itself. */
  readonly user: string | null;
  /** The public name of the session (`sid`); `null` where there is none, as with a client that acts for itself. */
  readonly session: string | null;
  /** The client that the token came by (`client_id`), where the issuer says so; `null` for a cookie, which is no client's. */
  readonly client: string | null;
  /** What the token allows; nothing for a cookie. */
  readonly scopes: readonly string[];
  /** What the user is said to be. */
  readonly roles: readonly string[];
  /** How surely the user is known, in the issuer's words. */
  readonly acr: string | null;
  /** By which means the user proved who they are (RFC 8176). */
  readonly amr: readonly string[];
  /** When the user last proved who they are, in seconds since 1970. */
  readonly authenticatedAt: number | null;
  /** The second since 1970 from which on the token is void, or the session over. */
  readonly expiresAt: number;
  /** How this request brought it. */
  readonly carrier: Carrier;
  /** Where the issuer tells it. */
  readonly email: string | null;
  /** Where the issuer tells it. */
  readonly username: string | null;
}

export function hasScope(identity: Identity, scope: string): boolean {
  return identity.scopes.includes(scope);
}

export function hasRole(identity: Identity, role: string): boolean {
  return identity.roles.includes(role);
}

/** Nothing of it can be changed by who it is handed to. */
export function frozen(identity: Identity): Identity {
  for (const list of [identity.scopes, identity.roles, identity.amr]) Object.freeze(list);
  return Object.freeze(identity);
}
