// The service as a client of the issuer: what it may ask because it can prove who it is.

import type { Clock } from "../clock.js";
import { isTexts, type JsonObject } from "../token/strict_json.js";
import { objectOf, Unanswered, type Asker, type Reply } from "./ask.js";
import type { Discovery } from "./metadata.js";

const MAX_BYTES = 64 * 1024;

/** What was answered about a token. */
export interface Introspected {
  /** Whether it is good, now. */
  readonly active: boolean;
  readonly roles: readonly string[];
  /** Whether the answer may be kept: the node had heard the log up to the place that was named. */
  readonly keep: boolean;
}

export class ServiceClient {
  /** A token for the feed is used until it ends. */
  #token: { text: string; until: number } | undefined;

  constructor(
    private readonly discovery: Discovery,
    private readonly asker: Asker,
    private readonly clock: Clock,
    readonly clientId: string,
    private readonly clientSecret: string,
  ) {}

  /** A request to one of the issuer's endpoints, with the proof of who asks. @throws Unanswered */
  async post(endpoint: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Reply> {
    const init = {
      method: "POST",
      headers: {
        "accept": "application/json",
        "authorization": this.#basic(),
        "content-type": "application/x-www-form-urlencoded",
        ...headers,
      },
      body: new URLSearchParams(form).toString(),
    };
    return this.asker.ask(endpoint, init, MAX_BYTES);
  }

  /** An access token for the feed (RFC 6749 §4.4). @throws Unanswered */
  async feedToken(issuer: string): Promise<string> {
    const now = this.clock.steady();
    if (this.#token !== undefined && now < this.#token.until) return this.#token.text;
    const { token_endpoint: endpoint } = await this.discovery.find();
    if (endpoint === undefined) throw new Unanswered("the issuer has no token endpoint");
    const form = { grant_type: "client_credentials", scope: "revocations", resource: issuer };
    const reply = await this.post(endpoint, form);
    const answer = objectOf(reply);
    const [text, lives] = [answer?.["access_token"], answer?.["expires_in"]];
    if (reply.status !== 200 || typeof text !== "string" || typeof lives !== "number") {
      throw new Unanswered(`the client ${this.clientId} gets no token for the feed: ${why(reply, answer)}`);
    }
    // Counted from before the request; half of it at least, so that a stream opened with it lives a while.
    this.#token = { text, until: now + (lives * 1000) / 2 };
    return text;
  }

  /** After the feed refused it. */
  forgetFeedToken(): void {
    this.#token = undefined;
  }

  /** RFC 7662 §2. @throws Unanswered */
  async introspect(token: string, place: string | undefined): Promise<Introspected> {
    const { introspection_endpoint: endpoint } = await this.discovery.find();
    if (endpoint === undefined) throw new Unanswered("the issuer cannot be asked about tokens");
    const reply = await this.post(endpoint, { token, token_type_hint: "access_token" }, named(place));
    const answer = objectOf(reply);
    if (reply.status !== 200 || typeof answer?.["active"] !== "boolean") {
      throw new Unanswered(`the issuer does not say what a token is worth: ${why(reply, answer)}`);
    }
    const roles = answer["roles"];
    return { active: answer["active"], roles: isTexts(roles) ? roles : [], keep: isKept(reply, place) };
  }

  /** RFC 6749 §2.3.1: both parts are form-encoded first. */
  #basic(): string {
    const pair = [this.clientId, this.clientSecret].map((part) => formEncoded(part)).join(":");
    return `Basic ${Buffer.from(pair).toString("base64")}`;
  }
}

export function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

/** The header that names the place at which a question is asked. */
export function named(place: string | undefined): Record<string, string> {
  return place === undefined ? {} : { "cloakroom-place": place };
}

/** Whether the node that answered had heard the log up to the place. */
export function isKept({ headers }: Reply, place: string | undefined): boolean {
  return place !== undefined && headers.get("cloakroom-place") === place;
}

function why(reply: Reply, answer: JsonObject | undefined): string {
  const said = [answer?.["error"], answer?.["error_description"] ?? answer?.["detail"]];
  return [String(reply.status), ...said.filter((one) => typeof one === "string")].join(" ");
}
