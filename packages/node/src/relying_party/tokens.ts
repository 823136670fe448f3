// The tokens of a session: a code becomes them (RFC 6749 §4.1.3), they become newer ones (§6), and are given back (RFC 7009).

import type { Parts } from "../guard.js";
import { objectOf, Unanswered, type Reply } from "../provider/ask.js";
import type { Introspected, ServiceClient } from "../provider/client.js";
import type { Metadata } from "../provider/metadata.js";
import { TokenRefused } from "../token/defect.js";
import { takeApart } from "../token/compact.js";
import type { JsonObject } from "../token/strict_json.js";
import type { Flow } from "./flow.js";
import { readIdToken, type Person } from "./id_token.js";
import { looselyRead, type Session } from "./session.js";
import type { Settled } from "./settings.js";

const MAX_BYTES = 64 * 1024;

/** The issuer says that it is over: the code or the refresh token is good for nothing any more. */
export class NoLonger extends Error {
  override readonly name = "NoLonger";
}

/** Who they are was not proved as recently, or not in the way, that was asked for. */
export class NotProved extends Error {
  override readonly name = "NotProved";
}

/** The issuer does not take this app for its client, or for one that may ask for this. Whoever set them up must mend it. */
export class NoClient extends Unanswered {}

/** What an issuer tells of a person: what the scope asks for and the person has (OpenID Connect Core §5.1, §5.4). */
export type UserInfo = JsonObject & { readonly sub: string };

export class Tokens {
  constructor(
    private readonly settings: Settled,
    private readonly parts: Parts,
    private readonly client: ServiceClient,
  ) {}

  /** @throws NoLonger, NotProved, TokenRefused, Unanswered */
  async redeem(flow: Flow, code: string, now: number): Promise<Session> {
    const { origin, paths, lifetimeSeconds } = this.settings;
    const redirectUri = `${origin}${paths.callback}`;
    const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: flow.verifier };
    const answer = await this.#ask(form);
    const idToken = text(answer, "id_token");
    if (idToken === null) throw new Unanswered("the issuer gives no ID token");
    const person = await this.#person(idToken, flow.nonce, now);
    checkProof(person, flow, now, this.parts.settings.leewaySeconds);
    const tokens = this.#tokens(answer, now);
    const known = await this.#known(person, tokens.accessToken);
    return { ...tokens, person: known, idToken, endsAt: now + lifetimeSeconds };
  }

  /** @throws NoLonger, Unanswered */
  async refresh(session: Session, now: number): Promise<Session> {
    const form = { grant_type: "refresh_token", refresh_token: session.refreshToken ?? "" };
    const answer = await this.#ask(form);
    const tokens = this.#tokens(answer, now);
    const refreshToken = tokens.refreshToken ?? session.refreshToken;
    const { grantId, roles } = looselyRead(tokens.accessToken);
    let { person, idToken } = session;
    const next = text(answer, "id_token");
    if (next !== null) {
      const told = await this.#person(next, undefined, now).catch((error: unknown) => {
        throw error instanceof TokenRefused ? new NoLonger() : error;
      });
      // OpenID Connect Core §12.2: it is still about the same person.
      if (told.sub !== person.sub) throw new NoLonger();
      const { acr, amr, authenticatedAt } = told;
      [person, idToken] = [{ ...person, acr, amr, authenticatedAt }, next];
    }
    if (grantId !== null) person = { ...person, roles };
    return { ...session, ...tokens, refreshToken, grantId: grantId ?? session.grantId, person, idToken };
  }

  /** @throws Unanswered */
  ask(session: Session, place: string | undefined): Promise<Introspected> {
    return this.client.introspect(session.accessToken, place);
  }

  /** Gives the tokens back. Where the issuer does not take them they end with its session, which is ended next. */
  async revoke({ refreshToken, accessToken }: Session, metadata: Metadata | undefined): Promise<void> {
    const endpoint = metadata?.revocation_endpoint;
    if (endpoint === undefined) return;
    await this.client.post(endpoint, { token: refreshToken ?? accessToken }).catch((error: unknown) => {
      if (!(error instanceof Unanswered)) throw error;
      this.parts.trouble(error.message);
    });
  }

  /** What the issuer tells of the person of a session (OpenID Connect Core §5.3). @throws NoLonger, Unanswered */
  async userInfo({ accessToken, person }: Session): Promise<UserInfo> {
    const { userinfo_endpoint: endpoint } = await this.parts.discovery.find();
    if (endpoint === undefined) throw new Unanswered("the issuer tells nothing of people");
    const reply = await this.#askAbout(endpoint, accessToken);
    // RFC 6750 §3.1: the token is void, and so is what it hangs from.
    if (reply.status === 401) throw new NoLonger();
    const told = about(person.sub, reply);
    if (told === undefined) throw new Unanswered(`the issuer does not tell of the person: ${reply.status}`);
    return told;
  }

  #askAbout(endpoint: string, accessToken: string): Promise<Reply> {
    const headers = { accept: "application/json", authorization: `Bearer ${accessToken}` };
    return this.parts.asker.ask(endpoint, { headers }, MAX_BYTES);
  }

  async #ask(form: Record<string, string>): Promise<JsonObject> {
    const { token_endpoint: endpoint } = await this.parts.discovery.find();
    if (endpoint === undefined) throw new Unanswered("the issuer has no token endpoint");
    const { resource } = this.settings;
    const reply = await this.client.post(endpoint, resource === undefined ? form : { ...form, resource });
    const answer = objectOf(reply);
    if (reply.status === 200 && answer !== undefined) return answer;
    const error = answer?.["error"];
    if (error === "invalid_grant") throw new NoLonger();
    const why = `the client ${this.client.clientId} gets no tokens: ${described(reply, answer)}`;
    if (error === "invalid_client" || error === "unauthorized_client") throw new NoClient(why);
    throw new Unanswered(why);
  }

  async #person(idToken: string, nonce: string | undefined, now: number): Promise<Person> {
    const { issuer, leewaySeconds } = this.parts.settings;
    const keys = await this.parts.keys.with(takeApart(idToken).header.kid ?? "");
    return readIdToken(idToken, keys, { issuer, clientId: this.settings.clientId, nonce, leewaySeconds }, now);
  }

  #tokens(answer: JsonObject, now: number): Omit<Session, "person" | "idToken" | "endsAt"> {
    const accessToken = text(answer, "access_token");
    const lives = answer["expires_in"];
    // RFC 6750 alone: a token that wants more than to be presented would be of no use here.
    const isBearer = text(answer, "token_type")?.toLowerCase() === "bearer";
    if (accessToken === null || !isBearer) throw new Unanswered("the issuer gives no access token that can be used");
    const accessUntil = now + (typeof lives === "number" && lives > 0 ? Math.floor(lives) : 60);
    const { grantId } = looselyRead(accessToken);
    return { accessToken, accessUntil, refreshToken: text(answer, "refresh_token"), givenAt: now, grantId, usedAt: now };
  }

  /** What the issuer tells of a person beside the ID token (OpenID Connect Core §5.3), and what the access token says. */
  async #known(person: Person, accessToken: string): Promise<Person> {
    const roles = person.roles.length > 0 ? person.roles : looselyRead(accessToken).roles;
    const { userinfo_endpoint: endpoint } = await this.parts.discovery.find();
    const wants = this.settings.scope.split(" ").some((word) => word === "email" || word === "profile");
    if (endpoint === undefined || !wants) return { ...person, roles };
    const answer = about(person.sub, await this.#askAbout(endpoint, accessToken));
    if (answer === undefined) return { ...person, roles };
    const email = text(answer, "email") ?? person.email;
    return { ...person, roles, email, username: text(answer, "preferred_username") ?? person.username };
  }
}

/** How long somebody may be on the way back, in seconds. */
const ON_THE_WAY = 60;

/**
 * OpenID Connect Core §3.1.2.1: whoever was to prove who they are did so, at the sign-in or not long before, and in one of the
 * ways that were asked for. Or they would be sent there for ever.
 */
function checkProof({ authenticatedAt, acr }: Person, { maxAge, acrValues }: Flow, now: number, leewaySeconds: number): void {
  const until = (authenticatedAt ?? Number.NEGATIVE_INFINITY) + (maxAge ?? 0) + ON_THE_WAY + leewaySeconds;
  const isRecent = maxAge === undefined || now <= until;
  const isOfTheKind = acrValues === undefined || (acr !== null && acrValues.split(" ").includes(acr));
  if (!isRecent || !isOfTheKind) throw new NotProved();
}

/** What is told, where it is told of this person: an answer about somebody else is none (OpenID Connect Core §5.3.2). */
function about(sub: string, reply: Reply): UserInfo | undefined {
  const told = reply.status === 200 ? objectOf(reply) : undefined;
  return told?.["sub"] === sub ? { ...told, sub } : undefined;
}

function text(answer: JsonObject, name: string): string | null {
  const value = answer[name];
  return typeof value === "string" ? value : null;
}

function described({ status }: Reply, answer: JsonObject | undefined): string {
  const said = [answer?.["error"], answer?.["error_description"]].filter((one) => typeof one === "string");
  return [String(status), ...said].join(" ");
}
