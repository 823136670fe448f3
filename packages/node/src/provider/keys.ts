// The issuer's keys: fetched, kept, asked for again when a token names one that is not known, but not more often than every
// few seconds, whatever anybody sends.

import { createHash } from "node:crypto";

import type { Clock } from "../clock.js";
import { TrustedKeys } from "../token/trusted_keys.js";
import { Unanswered, type Asker } from "./ask.js";
import type { Discovery } from "./metadata.js";

const MAX_BYTES = 256 * 1024;
/** A key that was taken out of the set is gone after this at the latest. */
const KEPT_MS = 600_000;

export class IssuerKeys {
  #keys = TrustedKeys.none;
  #digest = "";
  #generation = 0;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(
    private readonly discovery: Discovery,
    private readonly asker: Asker,
    private readonly clock: Clock,
    /** The least time between two fetches, in milliseconds. */
    private readonly pauseMs: number,
  ) {}

  /** Raised whenever the set is another one. */
  get generation(): number {
    return this.#generation;
  }

  get keys(): TrustedKeys {
    return this.#keys;
  }

  /** The keys, with `kid` among them if that is possible. @throws Unanswered where none are known yet */
  async with(kid: string): Promise<TrustedKeys> {
    if (this.#keys.find(kid) === undefined) {
      await this.#again();
    } else if (this.clock.steady() - this.#fetchedAt >= KEPT_MS) {
      // The known ones serve meanwhile.
      this.#again().catch(() => undefined);
    }
    return this.#keys;
  }

  async #again(): Promise<void> {
    const now = this.clock.steady();
    if (this.#fetching === undefined && now - this.#triedAt < this.pauseMs) {
      if (this.#generation === 0) throw new Unanswered("the issuer's keys were asked for a moment ago");
      return;
    }
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    this.#triedAt = this.clock.steady();
    const { jwks_uri } = await this.discovery.find();
    const reply = await this.asker.ask(jwks_uri, { headers: { accept: "application/json" } }, MAX_BYTES);
    const keys = reply.status === 200 ? await TrustedKeys.read(reply.body) : undefined;
    if (keys === undefined) throw new Unanswered(`${jwks_uri} holds no key set`);
    this.#fetchedAt = this.clock.steady();
    const digest = createHash("sha256").update(reply.body).digest("base64url");
    if (digest === this.#digest) return;
    [this.#keys, this.#digest] = [keys, digest];
    this.#generation += 1;
  }
}
