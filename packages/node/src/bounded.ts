// A map with an end: when it is full, what was used longest ago goes.

export class Bounded<K, V> {
  readonly #entries = new Map<K, V>();

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.#entries.size;
  }

  /** Finding something counts as a use. */
  find(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      // A map is in the order of insertion.
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  put(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size > this.limit) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
  }

  remove(key: K): void {
    this.#entries.delete(key);
  }
}
