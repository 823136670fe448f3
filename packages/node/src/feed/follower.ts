// One reader of the feed as a state machine: events and times in, beliefs out.
//
// It holds the rules of the stream: what begins it, when a snapshot is whole, what an elapsed time proves, and from where the
// next stream goes on. A stream that breaks one of them is closed, and the next one begins with a snapshot.

import type { Beliefs, Row } from "../beliefs.js";
import { isDigest } from "../subject.js";
import type { Event } from "./events.js";

/**
 * How much further than ours the server's steady clock may have gone in one stream, in milliseconds. More, and the stream is
 * no answer to this request: it is a recording, or forged.
 */
const DRIFT_MS = 1000;

const PLACE = /^[0-9]{1,20}\.[0-9a-f]{16}$/;
const NUMBER = /^[0-9]{1,15}$/;

/** A stream breaks a rule of the feed, and is closed. */
export class BrokenFeed extends Error {
  override readonly name = "BrokenFeed";
}

type Begun = "not" | "snapshot" | "whole";

interface Stream {
  /** The steady time at which it was asked for. */
  readonly sentAt: number;
  readonly resumesFrom: string | undefined;
  begun: Begun;
  /** The last place that was read in it. */
  place: string | undefined;
  /** The last elapsed time that was read in it. */
  elapsed: number;
}

/** The reader of one feed, over any number of streams. */
export class Follower {
  #resumeFrom: string | undefined;
  #stream: Stream | undefined;

  constructor(private readonly beliefs: Beliefs) {}

  /** What the next request names: the last place after which something was heard. */
  get resumeFrom(): string | undefined {
    return this.#resumeFrom;
  }

  /** A request for a stream is sent at the steady time `now`. */
  open(now: number): void {
    this.#stream = { sentAt: now, resumesFrom: this.#resumeFrom, begun: "not", place: undefined, elapsed: 0 };
  }

  /**
   * Takes in an event that came at the steady time `now`, `wall` in seconds since 1970.
   *
   * @throws BrokenFeed when the stream is to be closed
   */
  take(event: Event, now: number, wall: number): void {
    try {
      this.#take(event, now, wall);
    } catch (error) {
      this.#resumeFrom = undefined;
      this.#stream = undefined;
      throw error;
    }
  }

  #take({ kind, id, data }: Event, now: number, wall: number): void {
    const stream = this.#stream;
    if (stream === undefined) throw new BrokenFeed("no stream is open");
    switch (kind) {
      case "begin":
        return this.#begin(stream, data);
      case "rows":
        return this.#rows(stream, id, data, now);
      case "heard":
        this.#heard(stream, data, now);
        return this.beliefs.sweep(wall);
      // A later version of the feed may say more; what it says in other words is not about what ended.
    }
  }

  #begin(stream: Stream, how: string): void {
    if (how === "snapshot") {
      this.beliefs.beginAnew();
      this.#resumeFrom = undefined;
      stream.begun = "snapshot";
      stream.place = undefined;
    } else if (how === "resumed" && stream.begun === "not" && stream.resumesFrom !== undefined) {
      stream.begun = "whole";
    } else {
      throw new BrokenFeed("a beginning that was not asked for");
    }
  }

  #rows(stream: Stream, id: string | undefined, data: string, now: number): void {
    if (id !== undefined && !PLACE.test(id)) throw new BrokenFeed("a place that cannot be read");
    if (stream.begun === "not" || (stream.begun === "whole" && id === undefined)) {
      throw new BrokenFeed("rows that have no place");
    }
    // All of them are read before the first one counts.
    this.beliefs.take(readRows(data));
    if (id === undefined) return;
    stream.begun = "whole";
    stream.place = id;
    this.beliefs.reach(id, now);
  }

  #heard(stream: Stream, data: string, now: number): void {
    if (stream.begun !== "whole") throw new BrokenFeed("a beginning is missing");
    if (!NUMBER.test(data)) throw new BrokenFeed("an elapsed time that cannot be read");
    const elapsed = Number(data);
    if (elapsed < stream.elapsed) throw new BrokenFeed("time went back in the stream");
    const sinceSent = now - stream.sentAt;
    if (elapsed > sinceSent + DRIFT_MS) throw new BrokenFeed("more time passed in the stream than since it was asked for");
    stream.elapsed = elapsed;
    // Gone on from only now: what came before it is here as well.
    this.#resumeFrom = stream.place ?? this.#resumeFrom;
    this.beliefs.heardUpTo(stream.sentAt + Math.min(elapsed, sinceSent));
  }
}

/** Lines of `<until> <row> <row> …`. */
function readRows(data: string): Row[] {
  const rows: Row[] = [];
  for (const line of data.split("\n")) {
    const [until, ...words] = line.split(" ");
    if (until === undefined || !NUMBER.test(until)) throw new BrokenFeed("a time that cannot be read");
    for (const word of words) {
      const subject = word.slice(1);
      if ((word[0] !== "-" && word[0] !== "~") || !isDigest(subject)) throw new BrokenFeed("a row that cannot be read");
      rows.push({ ended: word[0] === "-", subject, until: Number(until) });
    }
  }
  return rows;
}
