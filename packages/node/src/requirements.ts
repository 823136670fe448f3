// What a handler needs of whoever is there, as pure functions: an identity and a time in, a refusal out where it is not met.

import { hasRole, hasScope, type Identity } from "./identity.js";
import type { Refusal } from "./refusal.js";

/** `now` is in seconds since 1970. */
export type Requirement = (identity: Identity, now: number) => Refusal | undefined;

/** Whom a request comes from, or why that is nobody. */
export type Who = { readonly identity: Identity } | { readonly refusal: Refusal };

/** Anybody: a user, a guest, a client that acts for itself. */
export function anybody(): Requirement {
  return () => undefined;
}

/** A user. Guests, and clients that act for themselves, are none. */
export function signedIn(): Requirement {
  return ({ user }) => (user === null ? { kind: "user_required" } : undefined);
}

/** A token that allows this. A cookie has no scopes: it stands for the whole session, in the user's own browser. */
export function scope(needed: string): Requirement {
  return (identity) => {
    const met = identity.carrier === "cookie" || hasScope(identity, needed);
    return met ? undefined : { kind: "insufficient_scope", scope: needed };
  };
}

/** A user who is said to be this. */
export function role(needed: string): Requirement {
  return (identity) => (hasRole(identity, needed) ? undefined : { kind: "role_required", role: needed });
}

/** A user who proved who they are at most so many seconds ago (RFC 9470). */
export function freshWithin(seconds: number): Requirement {
  return stepUp({ maxAge: seconds });
}

/**
 * A user who proved who they are in one of these ways, the one that is wished for most first, and at most so many seconds ago
 * (RFC 9470).
 */
export function stepUp(needed: { readonly acrValues?: readonly string[]; readonly maxAge?: number }): Requirement {
  const { acrValues, maxAge } = needed;
  return ({ acr, authenticatedAt }, now) => {
    const isSure = acrValues === undefined || (acr !== null && acrValues.includes(acr));
    const isFresh = maxAge === undefined || (authenticatedAt !== null && now - authenticatedAt <= maxAge);
    return isSure && isFresh ? undefined : { kind: "reauthentication_required", maxAge, acrValues };
  };
}

/** Whether whoever is there meets all of these. The first that is not met says why. */
export function check(who: Who, requirements: readonly Requirement[], now: number): Refusal | undefined {
  if ("refusal" in who) return who.refusal;
  for (const requirement of requirements) {
    const refusal = requirement(who.identity, now);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
