// Where a relying party keeps its sessions. What is kept is sealed under a secret that only the browser's cookie has: who
// takes the store can present nothing and read nothing.

/**
 * A place for sealed sessions, by names that are digests. Times are seconds since 1970; from `until` on a session may be
 * forgotten.
 */
export interface Sessions {
  /** Keeps a session under a name that is not there yet. */
  insert(name: string, session: Uint8Array, until: number): Promise<void>;
  /** The session of this name, if it is there. */
  find(name: string): Promise<Uint8Array | undefined>;
  /**
   * Puts `session` in the place of `seen`, in one step, and tells whether `seen` was still there. A store that cannot promise
   * this lets a session come back that was removed meanwhile: a user who signed out would be signed in again.
   */
  replace(name: string, seen: Uint8Array, session: Uint8Array, until: number): Promise<boolean>;
  /** Forgets it. After this returns, nobody finds it. */
  remove(name: string): Promise<void>;
}

/** In this process: gone when it ends, and full at some point, when those that are used least have to sign in again. */
export class MemorySessions implements Sessions {
  readonly #sessions = new Map<string, { session: Uint8Array; until: number }>();

  constructor(
    private readonly limit = 100_000,
    private readonly now: () => number = () => Math.floor(Date.now() / 1000),
  ) {}

  async insert(name: string, session: Uint8Array, until: number): Promise<void> {
    if (this.#sessions.has(name)) throw new Error("there is a session of this name");
    this.#sessions.set(name, { session, until });
    for (const [oldest] of this.#sessions) {
      if (this.#sessions.size <= this.limit) break;
      this.#sessions.delete(oldest);
    }
  }

  async find(name: string): Promise<Uint8Array | undefined> {
    const found = this.#sessions.get(name);
    if (found === undefined) return undefined;
    this.#sessions.delete(name);
    if (found.until <= this.now()) return undefined;
    // What was used last is the last to go.
    this.#sessions.set(name, found);
    return found.session;
  }

  async replace(name: string, seen: Uint8Array, session: Uint8Array, until: number): Promise<boolean> {
    const found = this.#sessions.get(name);
    if (found === undefined || Buffer.compare(found.session, seen) !== 0) return false;
    this.#sessions.set(name, { session, until });
    return true;
  }

  async remove(name: string): Promise<void> {
    this.#sessions.delete(name);
  }
}
