// Session cookies: asked about once, remembered, and believed while nothing of theirs ended or changed.
//
// A remembered answer is asked for again after a minute of use: that is how the issuer learns that the session is in use.

import { createHash } from "node:crypto";

import type { Beliefs, Mark } from "./beliefs.js";
import { Bounded } from "./bounded.js";
import type { Clock } from "./clock.js";
import { meansNobody, type Refusal } from "./refusal.js";
import type { Answered, Session } from "./provider/sessions.js";

const KEPT_MS = 60_000;
/** A cookie is a few dozen characters; what is longer is none of the issuer's. */
const LONGEST = 256;

/** For how long it is remembered that a cookie stands for nobody, and of how many. */
const REFUSED_FOR_MS = 2000;
const REFUSED = 1024;

interface Remembered {
  readonly session: Session;
  readonly mark: Mark;
  /** The steady time at which it was asked. */
  readonly askedAt: number;
}

/** A question that is under way, and what was known when it was asked. */
interface Asking {
  readonly answered: Promise<Answered>;
  readonly epoch: number;
  readonly version: number;
}

export class Cookies {
  readonly #remembered: Bounded<string, Remembered>;
  /** The steady time until which a cookie that stands for nobody is not asked about again. */
  readonly #refused = new Bounded<string, { readonly refusal: Refusal; readonly until: number }>(REFUSED);
  readonly #asking = new Map<string, Asking>();

  constructor(
    private readonly name: string,
    limit: number,
    private readonly beliefs: Beliefs,
    private readonly clock: Clock,
    /** @throws Unanswered */
    private readonly ask: (cookie: string, place: string | undefined) => Promise<Answered>,
  ) {
    this.#remembered = new Bounded(limit);
  }

  /** How many cookies are remembered. */
  get remembered(): number {
    return this.#remembered.size;
  }

  /**
   * Whose the cookie is. `fresh` is whether the feed is heard.
   *
   * @throws Unanswered
   */
  async check(value: string, fresh: boolean): Promise<Answered> {
    // Nothing that could be presented is kept, and no cookie can add to the header of the question.
    if (value.length > LONGEST || !/^[A-Za-z0-9_.~-]+$/.test(value)) return { refusal: { kind: "session_unknown" } };
    const key = createHash("sha256").update(value).digest("base64url");
    const refused = this.#refused.find(key);
    if (refused !== undefined && this.clock.steady() < refused.until) return { refusal: refused.refusal };
    // While the feed is silent each request is a question of its own: one that is on its way may be from before an end.
    if (!fresh) return this.#ask(key, value);
    const known = this.#remembered.find(key);
    if (known !== undefined && this.#isBelieved(known)) return { session: known.session, keep: true };
    const joined = this.#asking.get(key);
    let answered = await (joined ?? this.#begin(key, value)).answered;
    // Whoever joined a question that was on its way already must not believe what ended or changed since. One that is asked by now
    // was asked later than they came.
    if (joined !== undefined && "session" in answered && this.#hasChangedSince(joined, answered.session)) {
      answered = await (this.#asking.get(key) ?? this.#begin(key, value)).answered;
    }
    return "session" in answered && this.#hasEnded(answered.session) ? { refusal: { kind: "session_unknown" } } : answered;
  }

  #begin(key: string, value: string): Asking {
    const { epoch, version } = this.beliefs;
    const answered = this.#ask(key, value).finally(() => this.#asking.delete(key));
    const asking = { answered, epoch, version };
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(key: string, value: string): Promise<Answered> {
    const askedAt = this.clock.steady();
    const mark = this.beliefs.mark(askedAt);
    const answered = await this.ask(`${this.name}=${value}`, mark.place);
    // A cookie that was replaced is on its way out, and says so; one that ended never comes back.
    if ("refusal" in answered && meansNobody(answered.refusal)) {
      this.#refused.put(key, { refusal: answered.refusal, until: askedAt + REFUSED_FOR_MS });
    }
    const remembered = "session" in answered ? { session: answered.session, mark, askedAt } : undefined;
    if (remembered !== undefined && "keep" in answered && answered.keep && this.#isBelieved(remembered)) {
      this.#remembered.put(key, remembered);
    } else {
      this.#remembered.remove(key);
    }
    if ("session" in answered && this.#hasEnded(answered.session)) return { refusal: { kind: "session_unknown" } };
    return answered;
  }

  #isBelieved({ session, mark, askedAt }: Remembered): boolean {
    return (
      mark.epoch === this.beliefs.epoch &&
      this.clock.steady() - askedAt < KEPT_MS &&
      this.clock.wall() < session.until &&
      !this.#hasEnded(session) &&
      !session.hangsFrom.some((subject) => this.beliefs.hasChangedSince(subject, mark.version))
    );
  }

  #hasChangedSince({ epoch, version }: Asking, { hangsFrom }: Session): boolean {
    return epoch !== this.beliefs.epoch || hangsFrom.some((subject) => this.beliefs.hasChangedSince(subject, version));
  }

  #hasEnded({ hangsFrom }: Session): boolean {
    return hangsFrom.some((subject) => this.beliefs.hasEnded(subject));
  }
}
