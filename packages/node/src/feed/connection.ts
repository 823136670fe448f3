// Holds the stream open and comes back with what was heard last.

import type { Beliefs } from "../beliefs.js";
import type { Clock } from "../clock.js";
import type { ServiceClient } from "../provider/client.js";
import { Events } from "./events.js";
import { Follower } from "./follower.js";
import { pauseBefore } from "./pause.js";

/** A stream in which nothing is heard for so long is given up: the next one may reach another node. In milliseconds. */
const SILENCE_MS = 4000;

export interface Feed {
  readonly issuer: string;
  readonly client: ServiceClient;
  readonly beliefs: Beliefs;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
  /** Told why a stream could not be followed. */
  readonly trouble: (why: string) => void;
  /** From 0 to 1; not for secrets. */
  readonly random: () => number;
}

/** Follows the feed until it is closed. */
export class Connection {
  readonly #follower: Follower;
  readonly #closed = new AbortController();
  #heard: (() => void)[] = [];
  #failures = 0;

  constructor(private readonly feed: Feed) {
    this.#follower = new Follower(feed.beliefs);
    void this.#follow();
  }

  /** Resolves once the feed is heard, or after `milliseconds`. */
  async heard(milliseconds: number): Promise<boolean> {
    const { beliefs, clock } = this.feed;
    if (beliefs.areFresh(clock.steady())) return true;
    const heard = new Promise<void>((resolve) => this.#heard.push(resolve));
    await Promise.race([heard, wait(milliseconds, this.#closed.signal)]);
    return beliefs.areFresh(clock.steady());
  }

  close(): void {
    this.#closed.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      let retryAfterMs = 0;
      try {
        await this.#stream();
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused) retryAfterMs = error.retryAfterMs;
        this.#failures += 1;
        this.feed.trouble(`the feed of revocations is not heard: ${sentence(error)}`);
      }
      await wait(Math.max(retryAfterMs, pauseBefore(this.#failures, this.feed.random())), signal);
    }
  }

  /** One stream, from its request to its end. */
  async #stream(): Promise<void> {
    const { issuer, client, clock, fetch, beliefs } = this.feed;
    const token = await client.feedToken(issuer);
    const given = new AbortController();
    const giveUp = (): void => given.abort(new Error("nothing was heard for some seconds"));
    const close = (): void => given.abort(this.#closed.signal.reason);
    this.#closed.signal.addEventListener("abort", close, { once: true });
    let silence = quietTimer(giveUp, SILENCE_MS);
    try {
      const resumeFrom = this.#follower.resumeFrom;
      this.#follower.open(clock.steady());
      const response = await fetch(`${issuer.replace(/\/$/, "")}/api/v1/revocations`, {
        headers: {
          accept: "text/event-stream",
          authorization: `Bearer ${token}`,
          ...(resumeFrom === undefined ? {} : { "last-event-id": resumeFrom }),
        },
        redirect: "error",
        signal: given.signal,
      });
      if (response.status !== 200 || response.body === null) {
        await response.body?.cancel();
        if (response.status === 401) client.forgetFeedToken();
        throw new Refused(response);
      }
      const events = new Events();
      let wasHeard = false;
      for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
        for (const event of events.push(bytes)) {
          this.#follower.take(event, clock.steady(), clock.wall());
          // What is too old to be believed does not count: the stream was asked for long before the server answered.
          if (event.kind !== "heard" || !beliefs.areFresh(clock.steady())) continue;
          clearTimeout(silence);
          silence = quietTimer(giveUp, SILENCE_MS);
          this.#failures = 0;
          wasHeard = true;
          for (const resolve of this.#heard.splice(0)) resolve();
        }
      }
      if (!wasHeard) throw new Error("a stream ended before anything was heard");
      // The server ends a stream with the token, or when it stops: the next one begins at once, with another token.
      client.forgetFeedToken();
    } finally {
      clearTimeout(silence);
      this.#closed.signal.removeEventListener("abort", close);
      // A stream that broke a rule is closed, and not left open unread.
      given.abort();
    }
  }
}

/** The server did not open a stream. */
class Refused extends Error {
  override readonly name = "Refused";
  readonly retryAfterMs: number;

  constructor({ status, headers }: Response) {
    super(`the server answered ${status}`);
    const seconds = Number(headers.get("retry-after") ?? "0");
    this.retryAfterMs = seconds > 0 && seconds <= 60 ? seconds * 1000 : 0;
  }
}

function quietTimer(act: () => void, milliseconds: number): NodeJS.Timeout {
  return setTimeout(act, milliseconds).unref();
}

/** Ends early when the signal does. Does not keep the process alive. */
function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = quietTimer(done, milliseconds);
    if (signal.aborted) done();
    else signal.addEventListener("abort", done, { once: true });
  });
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${cause}`;
}
