// The notes of all users, in one file. A database would do the same for more of them.

import { randomUUID } from "node:crypto";
import { open, readFile, rename } from "node:fs/promises";

/** So many notes may somebody have. */
const MOST = 500;

/** There is no room for another note. */
export class Full extends Error {
  constructor() {
    super(`${MOST} notes are as many as there is room for. Delete one first.`);
  }
}

/** A note is `{ id, text, changedAt }`; times are ISO 8601. */
export class Notes {
  #path;
  #byUser;
  /** Writes come one after the other. */
  #written = Promise.resolve();

  constructor(path, byUser) {
    this.#path = path;
    this.#byUser = byUser;
  }

  /** What lies in the file at `path`; nothing where there is none yet. */
  static async open(path) {
    const text = await readFile(path, "utf8").catch((error) => {
      if (error.code === "ENOENT") return "{}";
      throw error;
    });
    return new Notes(path, new Map(Object.entries(JSON.parse(text))));
  }

  /** The notes of a user, the one that was changed last first. */
  of(user) {
    return this.#byUser.get(user) ?? [];
  }

  /** @throws Full */
  async add(user, text) {
    const notes = this.of(user);
    if (notes.length >= MOST) throw new Full();
    const note = { id: randomUUID(), text, changedAt: new Date().toISOString() };
    await this.#keep(user, [note, ...notes]);
    return note;
  }

  /** `undefined` where there is no such note. */
  async change(user, id, text) {
    const notes = this.of(user);
    if (!notes.some((note) => note.id === id)) return undefined;
    const note = { id, text, changedAt: new Date().toISOString() };
    await this.#keep(user, [note, ...notes.filter((other) => other.id !== id)]);
    return note;
  }

  async remove(user, id) {
    await this.#keep(user, this.of(user).filter((note) => note.id !== id));
  }

  /** Resolves once it is on the disk: the file is replaced whole, so that no power cut leaves half of it. */
  #keep(user, notes) {
    this.#byUser.set(user, notes);
    const write = async () => {
      const file = await open(`${this.#path}.new`, "w", 0o600);
      try {
        await file.writeFile(JSON.stringify(Object.fromEntries(this.#byUser)));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${this.#path}.new`, this.#path);
    };
    this.#written = this.#written.catch(() => undefined).then(write);
    return this.#written;
  }
}
