// How an app on another domain than the issuer's is set up.

import type { Guard } from "../guard.js";
import { localTarget } from "../presented.js";
import { isOrigin, SettingsError } from "../settings.js";
import { MemorySessions, type Sessions } from "./sessions.js";

/** What is said when a relying party is made. Only the first four must be. */
export interface Settings {
  /** Knows the issuer, and hears from it what ended. Its own client may be the same one, or another. */
  readonly guard: Guard;
  /** The client by which people sign in here. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where this app is, as browsers see it, such as `https://shop.example.com`. */
  readonly origin: string;
  /** What is asked for. Default `openid email`. */
  readonly scope?: string | undefined;
  /** The service that access tokens are for (RFC 8707), where the issuer shall not choose. */
  readonly resource?: string | undefined;
  /** What the cookie is called, behind `__Host-`. Default `app`. */
  readonly cookieName?: string | undefined;
  /** Where the pages of the sign-in are. `callback` is what is registered as `redirect_uri`, behind the origin. */
  readonly paths?: Partial<Paths> | undefined;
  /** Where people are after they signed out; registered as `post_logout_redirect_uri`, behind the origin. Default `/`. */
  readonly afterSignOut?: string | undefined;
  /** How long a session lasts without being used, in seconds. Default a day. */
  readonly idleSeconds?: number | undefined;
  /** How long it lasts at most, in seconds. Default 30 days. */
  readonly lifetimeSeconds?: number | undefined;
  /** Where sessions are kept. Default: in this process. */
  readonly sessions?: Sessions | undefined;
}

export interface Paths {
  /** Leads to the sign-in and back to `return_to`. Default `/sign-in`. */
  readonly signIn: string;
  /** Default `/callback`. */
  readonly callback: string;
  /** Takes a POST. Default `/sign-out`. */
  readonly signOut: string;
  /** Says who is there, in JSON, for scripts. Default `/me`. */
  readonly me: string;
}

export interface Settled {
  readonly guard: Guard;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly origin: string;
  readonly scope: string;
  readonly resource: string | undefined;
  readonly cookie: string;
  readonly isHttps: boolean;
  readonly paths: Paths;
  readonly afterSignOut: string;
  readonly idleSeconds: number;
  readonly lifetimeSeconds: number;
  readonly sessions: Sessions;
}

/** @throws SettingsError */
export function settle(settings: Settings): Settled {
  const { guard, clientId, clientSecret, origin } = settings;
  if (!isOrigin(origin)) throw new SettingsError(`${origin} is no origin, like https://shop.example.com`);
  const isHttps = origin.startsWith("https:");
  const name = settings.cookieName ?? "app";
  if (!/^[A-Za-z0-9_-]+$/.test(name)) throw new SettingsError("a cookie's name is made of letters, digits, - and _");
  const paths = { signIn: "/sign-in", callback: "/callback", signOut: "/sign-out", me: "/me", ...settings.paths };
  const afterSignOut = settings.afterSignOut ?? "/";
  for (const path of [...Object.values(paths), afterSignOut]) {
    if (localTarget(path) === undefined) throw new SettingsError(`${path} is no path on this host`);
  }
  const scope = settings.scope ?? "openid email";
  if (!scope.split(" ").includes("openid")) throw new SettingsError("the scope must hold openid");
  return {
    guard,
    clientId,
    clientSecret,
    origin,
    scope,
    resource: settings.resource,
    cookie: isHttps ? `__Host-${name}` : name,
    isHttps,
    paths,
    afterSignOut,
    idleSeconds: settings.idleSeconds ?? 86_400,
    lifetimeSeconds: settings.lifetimeSeconds ?? 30 * 86_400,
    sessions: settings.sessions ?? new MemorySessions(),
  };
}
