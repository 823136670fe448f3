// How a guard is set up: who is believed, whom this service is, and what happens when nothing is heard.

import { systemClock, type Clock } from "./clock.js";
import { ALGORITHMS, isAlgorithm, type Algorithm } from "./token/algorithm.js";

/** What is said when a guard is made. Only the first two must be. */
export interface Settings {
  /** The issuer's URL as it stands in tokens, such as `https://id.example.com`. */
  readonly issuer: string;
  /** What tokens for this service name: any text that the issuer knows it by, usually its URL. Any of several will do. */
  readonly audience: string | readonly string[];
  /**
   * The client that this service is to the issuer: by it the feed is followed (scope `revocations`) and tokens are asked
   * about. Without it tokens are believed until they expire, and nothing is heard of their ends.
   */
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /**
   * Which of the issuer's cookies this service reads: `"siblingHosts"` for the one that it sets for the hosts of its
   * `cookie_domain`, which says who is there and is good for nothing else; `"sameHost"` for the session's own, for a service
   * that stands on the issuer's host behind a proxy. Without it cookies are not looked at.
   */
  readonly cookie?: "siblingHosts" | "sameHost" | undefined;
  /**
   * The origin under which browsers and clients reach this service, such as `https://shop.example.com`. Proofs of keys are
   * held against it, changes must come from it, and the issuer knows this app's client by it. Without it the `Host` of each
   * request is taken, with the issuer's scheme.
   */
  readonly origin?: string | undefined;
  /** Pages of these origins may send changes with the cookie of their user. */
  readonly trustedOrigins?: readonly string[] | undefined;
  /** Where this service describes itself (RFC 9728), named in every challenge. */
  readonly resourceMetadata?: string | undefined;
  /**
   * `false` for an issuer that has no feed: tokens are believed until they expire, cookies are asked about with every
   * request. Default `true`.
   */
  readonly feed?: boolean | undefined;
  /**
   * The oldest that anything remembered is believed, in milliseconds: what was taken back longer ago is refused whatever the
   * network does. Default 5000.
   */
  readonly maxStalenessMs?: number | undefined;
  /**
   * What happens to a request while the feed has not been heard for longer than that: `"ask"` the issuer about each (the
   * default), or `"refuse"` with 503.
   */
  readonly whenUnheard?: "ask" | "refuse" | undefined;
  /** How far the clocks of issuer and service may lie apart, 60 s at most. Default 5. */
  readonly leewaySeconds?: number | undefined;
  /** The signatures that are accepted. Default: all with a public key. Those with a shared secret never count. */
  readonly algorithms?: readonly Algorithm[] | undefined;
  /**
   * Accepts tokens of the type `JWT`, or of none, beside `at+jwt`: for issuers that do not follow RFC 9068. Their ID tokens are
   * then told from access tokens by the audience alone. Default `false`.
   */
  readonly plainJwt?: boolean | undefined;
  /** How many verified tokens are remembered. Default 50,000. */
  readonly rememberedTokens?: number | undefined;
  /** How many cookies are remembered. Default 100,000. */
  readonly rememberedCookies?: number | undefined;
  /** How long the issuer may take for an answer that a request waits for, in milliseconds. Default 3000. */
  readonly askTimeoutMs?: number | undefined;
  /**
   * How many questions to the issuer may be open at once for requests; a request that needs one more is answered 503. Those for
   * metadata, keys and the feed are not counted. Default 64.
   */
  readonly openQuestions?: number | undefined;
  /** The least time between two looks for keys that are not known, in milliseconds. Default 5000. */
  readonly keysPauseMs?: number | undefined;
  /**
   * Reaches the issuer by plain http on another machine: whoever stands between can sign anybody in. This machine's own
   * addresses need no such word. Default `false`.
   */
  readonly dangerPlainHttp?: boolean | undefined;
  /** Told, in a sentence without secrets, what an operator should mend. Default: a warning on the console. */
  readonly trouble?: ((why: string) => void) | undefined;
  /** Goes by another clock. */
  readonly clock?: Clock | undefined;
  /** Asks in another way. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** Settings with nothing left open. */
export interface Settled {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly service: { readonly clientId: string; readonly clientSecret: string } | undefined;
  readonly cookie: string | undefined;
  readonly againCookie: string;
  readonly origin: string | undefined;
  readonly trustedOrigins: readonly string[];
  readonly resourceMetadata: string | undefined;
  readonly followsFeed: boolean;
  readonly maxStalenessMs: number;
  readonly whenUnheard: "ask" | "refuse";
  readonly leewaySeconds: number;
  readonly algorithms: readonly Algorithm[];
  readonly plainJwt: boolean;
  readonly rememberedTokens: number;
  readonly rememberedCookies: number;
  readonly askTimeoutMs: number;
  readonly openQuestions: number;
  readonly keysPauseMs: number;
  readonly trouble: (why: string) => void;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
}

/** A guard cannot be set up like this. Whoever wrote the settings must change them. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** @throws SettingsError */
export function settle(settings: Settings): Settled {
  const { issuer, clientId, clientSecret } = settings;
  checkIssuer(issuer, settings.dangerPlainHttp ?? false);
  const isHttps = issuer.startsWith("https:");
  const audiences = typeof settings.audience === "string" ? [settings.audience] : [...settings.audience];
  if (audiences.length === 0 || audiences.some((one) => typeof one !== "string" || one === "")) {
    throw new SettingsError("the audience is what tokens for this service name; it cannot be empty");
  }
  if ((clientId === undefined) !== (clientSecret === undefined)) {
    throw new SettingsError("clientId and clientSecret belong together");
  }
  const algorithms = settings.algorithms ?? ALGORITHMS;
  if (algorithms.length === 0 || !algorithms.every(isAlgorithm)) {
    throw new SettingsError(`the algorithms must be some of ${ALGORITHMS.join(", ")}`);
  }
  const trustedOrigins = settings.trustedOrigins ?? [];
  for (const origin of settings.origin === undefined ? trustedOrigins : [...trustedOrigins, settings.origin]) {
    if (!isOrigin(origin)) throw new SettingsError(`${origin} is no origin, like https://shop.example.com`);
  }
  const service = clientId === undefined || clientSecret === undefined ? undefined : { clientId, clientSecret };
  return {
    issuer,
    audiences,
    service,
    cookie: cookieName(settings.cookie, isHttps),
    againCookie: isHttps ? "__Host-cloakroom-again" : "cloakroom-again",
    origin: settings.origin,
    trustedOrigins,
    resourceMetadata: settings.resourceMetadata,
    followsFeed: (settings.feed ?? true) && service !== undefined,
    maxStalenessMs: positive("maxStalenessMs", settings.maxStalenessMs ?? 5000),
    whenUnheard: settings.whenUnheard ?? "ask",
    leewaySeconds: leeway(settings.leewaySeconds ?? 5),
    algorithms,
    plainJwt: settings.plainJwt ?? false,
    rememberedTokens: positive("rememberedTokens", settings.rememberedTokens ?? 50_000),
    rememberedCookies: positive("rememberedCookies", settings.rememberedCookies ?? 100_000),
    askTimeoutMs: positive("askTimeoutMs", settings.askTimeoutMs ?? 3000),
    openQuestions: positive("openQuestions", settings.openQuestions ?? 64),
    keysPauseMs: positive("keysPauseMs", settings.keysPauseMs ?? 5000),
    trouble: settings.trouble ?? ((why) => console.warn(`@cloakroom/guard: ${why}`)),
    clock: settings.clock ?? systemClock(),
    fetch: settings.fetch ?? globalThis.fetch,
  };
}

/** Longer than this, a token would outlive what is remembered of its end. */
const LONGEST_LEEWAY_SECONDS = 60;

function leeway(seconds: number): number {
  if (!(seconds >= 0 && seconds <= LONGEST_LEEWAY_SECONDS)) {
    throw new SettingsError(`the clocks of issuer and service may lie ${LONGEST_LEEWAY_SECONDS} s apart at most`);
  }
  return seconds;
}

/** @throws SettingsError */
export function checkIssuer(issuer: string, dangerPlainHttp: boolean): void {
  const url = parsed(issuer);
  const isPlain = url !== undefined && url.search === "" && url.hash === "" && !/[?#]/.test(issuer);
  if (url === undefined || !isPlain || url.username !== "" || url.password !== "") {
    throw new SettingsError("the issuer must be a URL without query and fragment, as it stands in tokens");
  }
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && (dangerPlainHttp || isThisMachine(url)));
  if (!isSafe) throw new SettingsError("the issuer is reached by plain http and is not this machine");
}

/** As browsers write it: scheme, host, and the port where it is not the scheme's own. */
export function isOrigin(text: string): boolean {
  const url = parsed(text);
  return url !== undefined && url.origin === text;
}

function isThisMachine({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Issuers on plain http go without the prefixes that browsers hold to https. */
function cookieName(which: Settings["cookie"], isHttps: boolean): string | undefined {
  switch (which) {
    case undefined:
      return undefined;
    case "sameHost":
      return isHttps ? "__Host-cloakroom" : "cloakroom";
    case "siblingHosts":
      return isHttps ? "__Secure-cloakroom-id" : "cloakroom-id";
    default:
      throw new SettingsError('cookie is "siblingHosts" or "sameHost"');
  }
}

function positive(name: string, value: number): number {
  if (!(value > 0)) throw new SettingsError(`${name} must be more than nothing`);
  return value;
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
