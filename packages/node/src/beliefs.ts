// What the feed told so far, and whether it was heard recently enough to believe what is remembered.
//
// Nothing that is remembered is searched for when a row comes: the row is put here, and whoever uses an entry asks whether a
// row concerns it.
//
// - `version` is raised with each event of rows. What was found clean at the present version is clean.
// - `epoch` is raised when the log turns out to be another one. No answer from before is believed then.
// - Everything before the steady time `heardAt` is known here. It only moves on, but for a log that begins anew: then nothing
//   is believed until all of it is here.

import type { Digest } from "./subject.js";

interface Heard {
  /** Whether it ended. What ended stays ended, in whatever order the rows came. */
  ended: boolean;
  /** The version at which it was last said to have changed; 0 where it never was. */
  changed: number;
  /** The second from which on all of it may be forgotten. */
  until: number;
}

/** A place of the feed, with the version at which it was reached: what a question names, so that its answer may be kept. */
export interface Mark {
  readonly epoch: number;
  readonly version: number;
  readonly place: string | undefined;
}

/** How long a place has been known when it is named in a question: a node may be a little behind the one that is followed. */
const SETTLED_MS = 300;

export class Beliefs {
  readonly #heard = new Map<Digest, Heard>();
  #version = 1;
  #epoch = 0;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** The last places of this epoch, oldest first; all but the first are younger than `SETTLED_MS`. */
  #places: { place: string; version: number; at: number }[] = [];
  #sweptAt = 0;
  readonly #waiting = new Map<Digest, Set<() => void>>();

  constructor(readonly maxStalenessMs: number) {}

  get version(): number {
    return this.#version;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** How many subjects are known to have ended or changed. */
  get concerned(): number {
    return this.#heard.size;
  }

  /** For how many milliseconds before the steady time `now` nothing is known here; infinite while nothing is believed. */
  unheardFor(now: number): number {
    return Math.max(0, now - this.#heardAt);
  }

  /** Whether what is remembered may be believed at the steady time `now`. */
  areFresh(now: number): boolean {
    return this.unheardFor(now) <= this.maxStalenessMs;
  }

  hasEnded(subject: Digest): boolean {
    return this.#heard.get(subject)?.ended === true;
  }

  /** Whether the subject was said to have changed after `version` was reached. */
  hasChangedSince(subject: Digest, version: number): boolean {
    return this.changedAt(subject) > version;
  }

  /** The version at which the subject was last said to have changed; 0 where it never was. */
  changedAt(subject: Digest): number {
    return this.#heard.get(subject)?.changed ?? 0;
  }

  /** Calls back when the subject ends, from now on and until the function that is returned is called. */
  whenEnded(subject: Digest, tell: () => void): () => void {
    const all = this.#waiting.get(subject) ?? new Set<() => void>();
    this.#waiting.set(subject, all.add(tell));
    return () => {
      if (all.delete(tell) && all.size === 0) this.#waiting.delete(subject);
    };
  }

  /** What to name in a question that is asked at the steady time `now`. */
  mark(now: number): Mark {
    const settled = this.#places.filter(({ at }) => now - at >= SETTLED_MS).at(-1) ?? this.#places[0];
    if (settled === undefined) return { epoch: this.#epoch, version: 0, place: undefined };
    return { epoch: this.#epoch, version: settled.version, place: settled.place };
  }

  /** Takes in rows that come together. */
  take(rows: Iterable<Row>): void {
    this.#version += 1;
    const waiting: (() => void)[] = [];
    for (const { ended, subject, until } of rows) {
      const heard = this.#heard.get(subject) ?? { ended: false, changed: 0, until: 0 };
      heard.ended ||= ended;
      if (!ended) heard.changed = this.#version;
      heard.until = Math.max(heard.until, until);
      this.#heard.set(subject, heard);
      if (ended) waiting.push(...(this.#waiting.get(subject) ?? []));
    }
    // Once all of it is here: whoever is told may look.
    for (const tell of waiting) tell();
  }

  /** Everything before `place` in the log is known here. */
  reach(place: string, now: number): void {
    this.#places.push({ place, version: this.#version, at: now });
    const young = this.#places.findIndex(({ at }) => now - at < SETTLED_MS);
    if (young > 1) this.#places.splice(0, young - 1);
  }

  /** Everything up to the steady time `at` is known here. */
  heardUpTo(at: number): void {
    this.#heardAt = Math.max(this.#heardAt, at);
  }

  /** The log is another one, or what came in between is lost. What ended has ended all the same. */
  beginAnew(): void {
    this.#version += 1;
    this.#epoch += 1;
    this.#heardAt = Number.NEGATIVE_INFINITY;
    this.#places = [];
    for (const [subject, heard] of this.#heard) {
      heard.changed = 0;
      if (!heard.ended) this.#heard.delete(subject);
    }
  }

  /** Forgets rows that concern nothing any more at `now`, in seconds since 1970; looks at all of them once a minute. */
  sweep(now: number): void {
    if (now - this.#sweptAt < 60) return;
    this.#sweptAt = now;
    for (const [subject, { until }] of this.#heard) {
      if (until <= now) this.#heard.delete(subject);
    }
  }
}

export interface Row {
  /** Ended, or changed. */
  readonly ended: boolean;
  readonly subject: Digest;
  /** The second from which on the row may be forgotten. */
  readonly until: number;
}
