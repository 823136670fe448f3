// An app on another domain than the issuer's: it sends people to the issuer's sign-in, keeps their tokens on this side, and gives
// the browser a cookie that says nothing (RFC 10017). Its sessions end with the issuer's, as soon as the feed tells.

import { Bounded } from "../bounded.js";
import type { Mark } from "../beliefs.js";
import type { Guard, Parts } from "../guard.js";
import type { Identifier } from "../identifier.js";
import type { Identity } from "../identity.js";
import { passesOriginCheck } from "../origin_check.js";
import { cookieOf, isNavigation, pathOf, tokenOf, type Presented } from "../presented.js";
import { Unanswered } from "../provider/ask.js";
import { ServiceClient } from "../provider/client.js";
import { meansNobody, type Answer, type Refusal } from "../refusal.js";
import type { Who } from "../requirements.js";
import { digestOf } from "../subject.js";
import { TokenRefused } from "../token/defect.js";
import { Flows, isFrom, returnTo, type Flow } from "./flow.js";
import { asBefore, failed, redirect, shown, wrongMethod } from "./answers.js";
import {
  hangsFrom,
  identityOf,
  isVouchedFor,
  SealedSessions,
  wantsRefresh,
  type Opened,
  type Session,
} from "./session.js";
import { clearCookie, setCookie } from "./set_cookie.js";
import { settle, type Settings, type Settled } from "./settings.js";
import { NoClient, NoLonger, NotProved, Tokens, type UserInfo } from "./tokens.js";
import { anyEnds, waitOf } from "./wait.js";

/** @throws SettingsError */
export function createRelyingParty(settings: Settings): RelyingParty {
  return new RelyingParty(settle(settings));
}

const REMEMBERED = 10_000;

/** How often newer tokens are put in the place of those that somebody else changed meanwhile. */
const TRIES = 3;

/** So many pages wait at once for the end of their session; the others are answered as if they had not asked to. */
const WAITING = 10_000;

/** Whom a session stands for, as it is kept now. */
interface Standing {
  readonly opened: Opened;
  readonly identity: Identity;
}

export class RelyingParty implements Identifier {
  readonly guard: Guard;
  readonly #settings: Settled;
  readonly #parts: Parts;
  readonly #flows: Flows;
  readonly #sessions: SealedSessions;
  readonly #tokens: Tokens;
  /** What the issuer said of users who changed, by the names of their sessions. */
  readonly #roles = new Bounded<string, { readonly roles: readonly string[]; readonly mark: Mark }>(REMEMBERED);
  readonly #refreshing = new Map<string, Promise<Opened>>();
  #waiting = 0;
  readonly #asking = new Map<string, Promise<UserInfo>>();

  /** By `createRelyingParty`. */
  constructor(settings: Settled) {
    const { guard, clientId, clientSecret } = settings;
    const parts = guard.parts;
    const client = new ServiceClient(parts.discovery, parts.asker, parts.settings.clock, clientId, clientSecret);
    this.guard = guard;
    this.#settings = settings;
    this.#parts = parts;
    this.#flows = new Flows(settings);
    this.#sessions = new SealedSessions(settings.sessions, settings.idleSeconds);
    this.#tokens = new Tokens(settings, parts, client);
  }

  /** The pages of the sign-in; `undefined` for every other request. */
  async handle(presented: Presented): Promise<Answer | undefined> {
    const { paths } = this.#settings;
    const { method } = presented;
    const path = pathOf(presented.target);
    try {
      switch (path) {
        case paths.signIn:
          return method === "GET" ? await this.#signIn(presented) : wrongMethod("GET");
        case paths.callback:
          return method === "GET" ? await this.#callback(presented) : wrongMethod("GET");
        case paths.signOut:
          return method === "POST" ? await this.#signOut(presented) : wrongMethod("POST");
        case paths.me:
          return method === "GET" ? await this.#me(presented) : wrongMethod("GET");
        default:
          return undefined;
      }
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      this.#parts.trouble(error.message);
      return this.guard.answer({ kind: "unavailable" });
    }
  }

  /** Whom a request comes from: by this app's cookie, or by what the guard knows where there is a token instead. */
  async identify(presented: Presented): Promise<Who> {
    const cookie = cookieOf(presented, this.#settings.cookie);
    // Somebody else's scheme, such as Basic, says nothing about who is there for us.
    if (cookie === undefined || tokenOf(presented) !== undefined) return this.guard.identify(presented);
    if (!this.#originPasses(presented)) return { refusal: { kind: "cross_site" } };
    try {
      const standing = await this.#standing(cookie);
      return standing === undefined ? { refusal: { kind: "session_unknown" } } : { identity: standing.identity };
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      this.#parts.trouble(error.message);
      return { refusal: { kind: "unavailable" } };
    }
  }

  /** People on the way to a page are sent to the sign-in and back; scripts are told what is the matter. */
  answer(presented: Presented, refusal: Refusal): Answer {
    const canSignIn = meansNobody(refusal) || refusal.kind === "reauthentication_required";
    if (!canSignIn || !isNavigation(presented)) return this.guard.answer(refusal);
    const query = new URLSearchParams({ return_to: presented.target });
    if (refusal.kind === "reauthentication_required") {
      if (refusal.maxAge !== undefined) query.set("max_age", String(refusal.maxAge));
      if (refusal.acrValues !== undefined) query.set("acr_values", refusal.acrValues.join(" "));
    }
    return redirect(`${this.#settings.paths.signIn}?${query}`);
  }

  /**
   * An access token of whoever is there, for services that the app asks in their name; `null` where nobody is.
   *
   * @throws Unanswered where that is not known: as a request is answered 503
   */
  async accessToken(presented: Presented): Promise<string | null> {
    return this.#withToken(presented, async ({ session }) => session.accessToken);
  }

  /**
   * What the issuer tells of whoever is there beside who it is, such as `name` or `email`, as far as the scope asks for it; `null`
   * where nobody is. The issuer is asked with each call, but for calls of the same session at once: keep what you need.
   *
   * @throws Unanswered where the issuer does not answer, or tells of somebody else, or where it is not known who is there
   */
  async userInfo(presented: Presented): Promise<UserInfo | null> {
    return this.#withToken(presented, ({ name, session }) => {
      const asking = this.#asking.get(name) ?? this.#tokens.userInfo(session).finally(() => this.#asking.delete(name));
      this.#asking.set(name, asking);
      return asking;
    });
  }

  /** What `use` makes of a session whose access token is good for a while; `null` where nobody is there. */
  async #withToken<T>(presented: Presented, use: (opened: Opened) => Promise<T>): Promise<T | null> {
    const cookie = cookieOf(presented, this.#settings.cookie);
    const standing = cookie === undefined ? undefined : await this.#standing(cookie);
    if (standing === undefined) return null;
    try {
      return await use(await this.#renewed(standing.opened, this.guard.now()));
    } catch (error) {
      if (error instanceof NoLonger) return null;
      throw error;
    }
  }

  async #signIn(presented: Presented): Promise<Answer> {
    const { authorization_endpoint: endpoint } = await this.#parts.discovery.find();
    if (endpoint === undefined) throw new Unanswered("the issuer signs nobody in");
    const query = queryOf(presented);
    const maxAge = query.get("max_age") ?? "";
    const acrValues = query.get("acr_values") ?? "";
    const wish = {
      returnTo: returnTo(query.get("return_to")),
      maxAge: /^\d{1,9}$/.test(maxAge) ? Number(maxAge) : undefined,
      acrValues: /^[\x20-\x7e]{1,200}$/.test(acrValues) ? acrValues : undefined,
    };
    const { location, cookies } = this.#flows.begin(presented, endpoint, wish, this.guard.now());
    return redirect(location, cookies);
  }

  async #callback(presented: Presented): Promise<Answer> {
    const { signIn } = this.#settings.paths;
    const query = queryOf(presented);
    const state = only(query, "state") ?? "";
    const flow = this.#flows.find(presented, state, this.guard.now());
    // Somebody else's way, an old one, or one that was gone already: a code that comes along is not looked at.
    if (flow === undefined) return failed(signIn, "This browser did not leave for the sign-in, or too long ago.");
    const over = this.#flows.end(state);
    const metadata = await this.#parts.discovery.find();
    if (!isFrom(metadata, only(query, "iss"))) return failed(signIn, "The answer is another issuer's.", [over]);
    const code = only(query, "code");
    if (code === undefined) return failed(signIn, `The sign-in was answered: ${only(query, "error") ?? "nothing"}.`, [over]);
    try {
      return await this.#begin(presented, flow, code, over);
    } catch (error) {
      if (error instanceof NoLonger) return failed(signIn, "The sign-in took too long, or was used before.", [over]);
      if (error instanceof NotProved) return failed(signIn, "The issuer did not have it proved once more who you are.", [over]);
      if (error instanceof TokenRefused) return failed(signIn, `The issuer's answer was refused: ${error.message}.`, [over]);
      throw error;
    }
  }

  async #begin(presented: Presented, flow: Flow, code: string, over: readonly ["set-cookie", string]): Promise<Answer> {
    const now = this.guard.now();
    const session = await this.#tokens.redeem(flow, code, now);
    // A new sign-in is a new session, with a new secret: nobody can prepare one for somebody else.
    const before = cookieOf(presented, this.#settings.cookie);
    const opened = before === undefined ? undefined : await this.#sessions.find(before, now);
    if (opened !== undefined) await this.#sessions.remove(opened);
    const secret = await this.#sessions.insert(session);
    return redirect(flow.returnTo, [over, setCookie(this.#settings, this.#settings.cookie, secret)]);
  }

  async #signOut(presented: Presented): Promise<Answer> {
    if (!this.#originPasses(presented)) return this.guard.answer({ kind: "cross_site" });
    const { afterSignOut, clientId, origin, cookie: name } = this.#settings;
    const cookie = cookieOf(presented, name);
    const opened = cookie === undefined ? undefined : await this.#sessions.find(cookie, this.guard.now());
    let next = afterSignOut;
    if (opened !== undefined) {
      await this.#sessions.remove(opened);
      const metadata = await this.#parts.discovery.find().catch(() => undefined);
      await this.#tokens.revoke(opened.session, metadata);
      if (metadata?.end_session_endpoint !== undefined) {
        const url = new URL(metadata.end_session_endpoint);
        url.searchParams.set("id_token_hint", opened.session.idToken);
        url.searchParams.set("client_id", clientId);
        url.searchParams.set("post_logout_redirect_uri", `${origin}${afterSignOut}`);
        next = url.href;
      }
    }
    const cleared = [clearCookie(this.#settings, name)];
    const isScript = presented.lines("accept").some((line) => line.includes("application/json"));
    return isScript ? shown({ redirect: next }, cleared) : redirect(next, cleared);
  }

  async #me(presented: Presented): Promise<Answer> {
    const seconds = waitOf(presented);
    if (seconds > 0 && !(await this.#endsWithin(seconds, presented))) return asBefore(seconds);
    const who = await this.identify(presented);
    if ("identity" in who) {
      const { user, email, username, roles, acr, authenticatedAt } = who.identity;
      const told = user === null ? null : { id: user, email, username, roles };
      return shown({ user: told, acr, authenticated_at: authenticatedAt });
    }
    return meansNobody(who.refusal) ? shown({ user: null }) : this.guard.answer(who.refusal);
  }

  /** Whether the session is over, by now or after so many seconds. To wait is no use of it: a page that is left open keeps nobody. */
  async #endsWithin(seconds: number, presented: Presented): Promise<boolean> {
    const cookie = cookieOf(presented, this.#settings.cookie);
    const find = async (): Promise<Opened | undefined> =>
      cookie === undefined ? undefined : this.#sessions.find(cookie, this.guard.now());
    const opened = await find();
    if (opened === undefined || this.#hasEnded(opened.session)) return true;
    if (this.#waiting >= WAITING) return true;
    const subjects = hangsFrom(opened.session, this.#settings.clientId);
    this.#waiting += 1;
    const ends = anyEnds(this.#parts.beliefs, subjects, seconds).finally(() => (this.#waiting -= 1));
    return (await ends) || (await find()) === undefined;
  }

  /** Whom a cookie stands for; nobody where its session is over. @throws Unanswered */
  async #standing(cookie: string): Promise<Standing | undefined> {
    const found = await this.#sessions.find(cookie, this.guard.now());
    if (found === undefined) return undefined;
    try {
      return await this.#believed(found);
    } catch (error) {
      if (!(error instanceof NoLonger)) throw error;
      await this.#sessions.remove(found);
      return undefined;
    }
  }

  /** @throws NoLonger, Unanswered */
  async #believed(found: Opened): Promise<Standing> {
    if (this.#hasEnded(found.session)) throw new NoLonger();
    const { followsFeed, whenUnheard, clock } = this.#parts.settings;
    const { beliefs } = this.#parts;
    const { clientId } = this.#settings;
    const now = this.guard.now();
    const isHeard = followsFeed && this.#parts.isHeard();
    if (followsFeed && !isHeard && whenUnheard === "refuse") throw new Unanswered("the feed is not heard");
    const opened = await this.#renewed(found, now).then(
      (renewed) => this.#sessions.use(renewed, now),
      (error: unknown) => {
        // A refresh counts as a use of the issuer's session. Where that cannot be reached, the feed would have told of its end; one
        // of long ago may be forgotten.
        const isAway = error instanceof Unanswered && !(error instanceof NoClient);
        if (isAway && isHeard && isVouchedFor(found.session, now)) return found;
        throw error;
      },
    );
    const identity = identityOf(opened.session, clientId);
    const changedAt = beliefs.changedAt(digestOf("user", opened.session.person.sub));
    if (!followsFeed || (isHeard && changedAt === 0)) return { opened, identity };
    const known = this.#roles.find(opened.name);
    const isNew = known !== undefined && known.mark.epoch === beliefs.epoch && known.mark.version >= changedAt;
    if (isHeard && isNew) return { opened, identity: { ...identity, roles: known.roles } };
    const mark = beliefs.mark(clock.steady());
    const { active, roles, keep } = await this.#tokens.ask((await this.#renewed(opened, now)).session, mark.place);
    if (!active || this.#hasEnded(opened.session)) throw new NoLonger();
    if (keep && mark.epoch === beliefs.epoch) this.#roles.put(opened.name, { roles, mark });
    return { opened, identity: { ...identity, roles } };
  }

  /** The session with an access token that is good for a while. @throws NoLonger, Unanswered */
  async #renewed(opened: Opened, now: number): Promise<Opened> {
    if (!wantsRefresh(opened.session, now)) return opened;
    let refreshing = this.#refreshing.get(opened.name);
    if (refreshing === undefined) {
      refreshing = this.#refresh(opened, now).finally(() => this.#refreshing.delete(opened.name));
      this.#refreshing.set(opened.name, refreshing);
    }
    return refreshing;
  }

  async #refresh(opened: Opened, now: number): Promise<Opened> {
    // Whoever was a moment too late for the last refresh finds what it brought: a refresh token is presented once.
    let there = await this.#sessions.findAgain(opened, now);
    if (there === undefined) throw new NoLonger();
    if (!wantsRefresh(there.session, now)) return there;
    const session = await this.#tokens.refresh(there.session, now);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const replaced = await this.#sessions.replace(there, session);
      if (replaced !== undefined) return replaced;
      // Another process was faster, or it only noted a use; or somebody signed out meanwhile.
      there = await this.#sessions.findAgain(there, now);
      if (there === undefined) {
        await this.#tokens.revoke(session, await this.#parts.discovery.find().catch(() => undefined));
        throw new NoLonger();
      }
      if (!wantsRefresh(there.session, now)) return there;
    }
    return there;
  }

  #hasEnded(session: Session): boolean {
    const { followsFeed } = this.#parts.settings;
    // Without a refresh token there is nothing by which the issuer could vouch for it once more.
    if (followsFeed && session.refreshToken === null && !isVouchedFor(session, this.guard.now())) return true;
    return hangsFrom(session, this.#settings.clientId).some((subject) => this.#parts.beliefs.hasEnded(subject));
  }

  #originPasses(presented: Presented): boolean {
    return passesOriginCheck(presented, this.#settings.origin, this.#parts.settings.trustedOrigins);
  }
}

function queryOf({ target }: Presented): URLSearchParams {
  const at = target.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : target.slice(at + 1));
}

/** The one value of a parameter; one that is there twice is none (RFC 6749 §3.1). */
function only(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  return values.length === 1 ? values[0] : undefined;
}
