// The issuer's keys: fetched, kept, asked for again when they are old or a token names one that is not known, but not more often
// than every few seconds, whatever anybody sends.

import { createHash } from "node:crypto";

import type { Clock } from "../clock.js";
import { TrustedKeys } from "../token/trusted_keys.js";
import { Unanswered, type Asker } from "./ask.js";
import type { Discovery } from "./metadata.js";

const MAX_BYTES = 256 * 1024;
/** A key that was taken out of the set is gone after this at the latest, where the issuer answers. */
const KEPT_MS = 600_000;
/** How long keys are used where it does not: longer, and a key that it gave up would be believed for ever. */
const LONGEST_MS = 24 * 3_600_000;

export class IssuerKeys {
  #keys = TrustedKeys.none;
  #digest = "";
  #generation = 0;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** Whether the last fetch brought nothing. */
  #failed = false;
  #fetching: Promise<unknown> | undefined;

  constructor(
    private readonly discovery: Discovery,
    private readonly asker: Asker,
    private readonly clock: Clock,
    /** The least time between two fetches, in milliseconds. */
    private readonly pauseMs: number,
    /** Whether it would be heard if a key was compromised. */
    private readonly isHeard: () => boolean,
  ) {}

  /** Raised whenever the set is another one. */
  get generation(): number {
    return this.#generation;
  }

  get keys(): TrustedKeys {
    return this.#keys;
  }

  /** Whether they are to be fetched again before what they verified is believed. */
  get areOld(): boolean {
    return this.#age >= KEPT_MS;
  }

  /** The keys, with `kid` among them if that is possible. @throws Unanswered where none are known */
  async with(kid: string): Promise<TrustedKeys> {
    await this.renew();
    if (this.#keys.find(kid) === undefined) await this.#again();
    return this.#keys;
  }

  /** Fetches keys again that are old. Those of an issuer that is away serve for a day. */
  async renew(): Promise<void> {
    if (!this.areOld || this.#keys === TrustedKeys.none) return;
    const again = this.#again().catch(() => undefined);
    // The known ones serve meanwhile where the feed would tell of a key that is compromised; and where the issuer was just asked
    // in vain, since nobody is to wait for one that is away.
    if (this.#age <= LONGEST_MS && (this.isHeard() || this.#failed)) return;
    await again;
    if (this.#age > LONGEST_MS && this.#keys !== TrustedKeys.none) this.#forget();
  }

  get #age(): number {
    return this.clock.steady() - this.#fetchedAt;
  }

  #forget(): void {
    [this.#keys, this.#digest] = [TrustedKeys.none, ""];
    this.#generation += 1;
  }

  async #again(): Promise<void> {
    const now = this.clock.steady();
    if (this.#fetching === undefined && now - this.#triedAt < this.pauseMs) {
      if (this.#keys === TrustedKeys.none) throw new Unanswered("the issuer's keys were asked for a moment ago");
      return;
    }
    this.#fetching ??= this.#fetch()
      .then(
        () => (this.#failed = false),
        (error: unknown) => {
          this.#failed = true;
          throw error;
        },
      )
      .finally(() => (this.#fetching = undefined));
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    const askedAt = this.clock.steady();
    this.#triedAt = askedAt;
    const { jwks_uri } = await this.discovery.find();
    const reply = await this.asker.ask(jwks_uri, { headers: { accept: "application/json" } }, MAX_BYTES);
    const keys = reply.status === 200 ? await TrustedKeys.read(reply.body) : undefined;
    if (keys === undefined) throw new Unanswered(`${jwks_uri} holds no key set`);
    this.#fetchedAt = askedAt;
    const digest = createHash("sha256").update(reply.body).digest("base64url");
    if (digest === this.#digest) return;
    [this.#keys, this.#digest] = [keys, digest];
    this.#generation += 1;
  }
}
