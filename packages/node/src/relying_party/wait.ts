// RFC 7240 §4.3: a page asks who is there, and would rather be answered once that is over. So it knows of a sign-out anywhere in the
// moment in which the feed tells, and asks seldom while nothing happens.

import type { Beliefs } from "../beliefs.js";
import type { Presented } from "../presented.js";
import type { Digest } from "../subject.js";

/** Proxies give an answer up after thirty seconds or more. */
const LONGEST_SECONDS = 25;

/** How long the request would wait, in seconds; 0 where it would not. */
export function waitOf(presented: Presented): number {
  const all = presented.lines("prefer").flatMap((line) => line.split(","));
  const wait = all.map((one) => /^\s*wait\s*=\s*(\d{1,6})\s*(?:;|$)/i.exec(one)?.[1]).find((seconds) => seconds !== undefined);
  return Math.min(Number(wait ?? 0), LONGEST_SECONDS);
}

/** Resolves to `true` once one of these ends, and to `false` when none did in so many seconds. */
export function anyEnds(beliefs: Beliefs, subjects: readonly Digest[], seconds: number): Promise<boolean> {
  return new Promise((done) => {
    const end = (isOver: boolean): void => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      done(isOver);
    };
    const timer = setTimeout(end, seconds * 1000, false);
    // A process that has nothing else to do ends.
    timer.unref();
    const stops = subjects.map((subject) => beliefs.whenEnded(subject, () => end(true)));
  });
}
