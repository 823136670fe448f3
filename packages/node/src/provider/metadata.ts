// RFC 8414, OpenID Connect Discovery 1.0 §4: where the issuer answers what, found by its name and kept for an hour.

import type { Clock } from "../clock.js";
import { objectOf, Unanswered, type Asker } from "./ask.js";

export interface Metadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly token_endpoint: string | undefined;
  readonly introspection_endpoint: string | undefined;
  readonly revocation_endpoint: string | undefined;
  readonly authorization_endpoint: string | undefined;
  readonly userinfo_endpoint: string | undefined;
  readonly end_session_endpoint: string | undefined;
  /** RFC 9207 §3 */
  readonly authorization_response_iss_parameter_supported: boolean;
}

const MAX_BYTES = 256 * 1024;
const KEPT_MS = 3_600_000;
/** After a failure, for how long nobody asks again. */
const PAUSE_MS = 1000;

export class Discovery {
  #known: { metadata: Metadata; until: number } | undefined;
  #asking: Promise<Metadata> | undefined;
  #pauseUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly issuer: string,
    private readonly asker: Asker,
    private readonly clock: Clock,
  ) {}

  /** @throws Unanswered */
  async find(): Promise<Metadata> {
    const now = this.clock.steady();
    if (this.#known !== undefined && (now < this.#known.until || now < this.#pauseUntil)) return this.#known.metadata;
    if (now < this.#pauseUntil) throw new Unanswered("the issuer was asked a moment ago");
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    try {
      return await this.#asking;
    } catch (error) {
      // What was good for an hour is better than nothing.
      if (this.#known !== undefined) return this.#known.metadata;
      throw error;
    }
  }

  async #ask(): Promise<Metadata> {
    this.#pauseUntil = this.clock.steady() + PAUSE_MS;
    let refused: unknown;
    for (const url of addresses(this.issuer)) {
      try {
        const metadata = await this.#read(url);
        this.#known = { metadata, until: this.clock.steady() + KEPT_MS };
        this.#pauseUntil = Number.NEGATIVE_INFINITY;
        return metadata;
      } catch (error) {
        refused = error;
      }
    }
    throw refused;
  }

  async #read(url: string): Promise<Metadata> {
    const reply = await this.asker.ask(url, {}, MAX_BYTES);
    const document = reply.status === 200 ? objectOf(reply) : undefined;
    // RFC 8414 §3.3: somebody else's document proves nothing.
    if (document === undefined || document["issuer"] !== this.issuer) {
      throw new Unanswered(`${url} holds no document about ${this.issuer}`);
    }
    const endpoint = (name: string): string | undefined => {
      const value = document[name];
      if (value === undefined) return undefined;
      if (typeof value !== "string" || !mayBeAsked(value, this.issuer)) {
        throw new Unanswered(`${name} of ${this.issuer} is no address that may be asked`);
      }
      return value;
    };
    const jwksUri = endpoint("jwks_uri");
    if (jwksUri === undefined) throw new Unanswered(`${this.issuer} publishes no keys`);
    return {
      issuer: this.issuer,
      jwks_uri: jwksUri,
      token_endpoint: endpoint("token_endpoint"),
      introspection_endpoint: endpoint("introspection_endpoint"),
      revocation_endpoint: endpoint("revocation_endpoint"),
      authorization_endpoint: endpoint("authorization_endpoint"),
      userinfo_endpoint: endpoint("userinfo_endpoint"),
      end_session_endpoint: endpoint("end_session_endpoint"),
      authorization_response_iss_parameter_supported:
        document["authorization_response_iss_parameter_supported"] === true,
    };
  }
}

function addresses(issuer: string): string[] {
  const base = issuer.replace(/\/$/, "");
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  // OpenID Connect Discovery puts the path before the well-known part, RFC 8414 after it.
  return [`${base}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`];
}

/** An issuer on https is asked on https alone. */
function mayBeAsked(address: string, issuer: string): boolean {
  try {
    const { protocol } = new URL(address);
    return protocol === "https:" || (protocol === "http:" && new URL(issuer).protocol === "http:");
  } catch {
    return false;
  }
}
