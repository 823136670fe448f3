// Session data: small JSON documents that the issuer keeps with whoever is there, such as a cart.
//
// Every version has an opaque name (`ETag`). A writer that did not see the latest version is told so, and decides again.

import { objectOf, Unanswered, type Asker, type Reply } from "./provider/ask.js";

const MAX_BYTES = 1024 * 1024;
/** How often a change is decided anew before somebody is told that it cannot be made. */
const TRIES = 8;

/** What is passed on of a request: either one. */
export interface Credentials {
  readonly cookie?: string;
  readonly authorization?: string;
}

/** A document as it was read. */
export interface Version<T> {
  readonly value: T;
  /** Opaque, and never used twice. */
  readonly etag: string;
}

/** The issuer refused; `code` is its name of the problem. */
export class DataRefused extends Error {
  override readonly name = "DataRefused";

  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** Somebody else changed the document: read it again and decide again. */
export class NotAsSeen extends Error {
  override readonly name = "NotAsSeen";
}

/** The documents of one namespace. */
export class SessionData<T> {
  readonly #url: string;

  constructor(
    private readonly asker: Asker,
    issuer: string,
    /** The origin by which the issuer knows this app's client. */
    private readonly origin: string | undefined,
    private readonly credentials: Credentials,
    namespace: string,
    /** The client whose namespace it is, where it was shared with this app's. */
    of: string | undefined,
  ) {
    const query = of === undefined ? "" : `?client_id=${encodeURIComponent(of)}`;
    this.#url = `${issuer.replace(/\/$/, "")}/api/v1/session/data/${encodeURIComponent(namespace)}${query}`;
    const isAtIssuer = origin === new URL(issuer).origin;
    if (isAtIssuer) this.origin = undefined;
  }

  /** The document; `null` where there is none. @throws DataRefused, Unanswered */
  async read(): Promise<Version<T> | null> {
    const reply = await this.#ask("GET", {});
    if (reply.status === 404) return null;
    return this.#version(reply);
  }

  /**
   * Makes the document what `change` makes of it, and decides anew where somebody else was faster. `change` is given `null`
   * where there is none, and leaves everything as it is by returning `undefined`. Returns what is there afterwards.
   *
   * @throws DataRefused, NotAsSeen where others were faster every time, Unanswered
   */
  async update(change: (value: T | null) => T | undefined | Promise<T | undefined>): Promise<T | null> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const seen = await this.read();
      const value = await change(seen?.value ?? null);
      if (value === undefined) return seen?.value ?? null;
      try {
        await this.replace(value, seen?.etag ?? null);
        return value;
      } catch (error) {
        if (!(error instanceof NotAsSeen)) throw error;
      }
    }
    throw new NotAsSeen(`others changed the document ${TRIES} times`);
  }

  /**
   * Replaces the version that was read, or makes the document where `seen` is `null`. Returns the name of the new version.
   *
   * @throws DataRefused, NotAsSeen, Unanswered
   */
  async replace(value: T, seen: string | null): Promise<string> {
    const condition = seen === null ? { "if-none-match": "*" } : { "if-match": seen };
    const reply = await this.#ask("PUT", { "content-type": "application/json", ...condition }, JSON.stringify(value));
    this.#mustBeDone(reply);
    return reply.headers.get("etag") ?? "";
  }

  /** Merges onto the latest version (RFC 7396): `null` removes a key. Returns the merged document. */
  async merge(patch: unknown): Promise<Version<T>> {
    const headers = { "content-type": "application/merge-patch+json" };
    return this.#version(await this.#ask("PATCH", headers, JSON.stringify(patch)));
  }

  /** Removes the version that was read. @throws DataRefused, NotAsSeen, Unanswered */
  async remove(seen: string): Promise<void> {
    this.#mustBeDone(await this.#ask("DELETE", { "if-match": seen }));
  }

  async #ask(method: string, headers: Record<string, string>, body?: string): Promise<Reply> {
    const { origin } = this;
    const init: RequestInit = {
      method,
      headers: { accept: "application/json", ...this.credentials, ...(origin === undefined ? {} : { origin }), ...headers },
    };
    if (body !== undefined) init.body = body;
    return this.asker.ask(this.#url, init, MAX_BYTES);
  }

  #version(reply: Reply): Version<T> {
    this.#mustBeDone(reply);
    try {
      const value = JSON.parse(Buffer.from(reply.body).toString("utf8")) as T;
      return { value, etag: reply.headers.get("etag") ?? "" };
    } catch (error) {
      throw new Unanswered("a document is no JSON", { cause: error });
    }
  }

  #mustBeDone(reply: Reply): void {
    if (reply.status >= 200 && reply.status < 300) return;
    if (reply.status === 412) throw new NotAsSeen("somebody else changed the document");
    const problem = objectOf(reply);
    const [code, detail] = [problem?.["code"], problem?.["detail"]];
    if (reply.status >= 500 || typeof code !== "string") {
      throw new Unanswered(`the issuer answered ${reply.status} about session data`);
    }
    throw new DataRefused(reply.status, code, typeof detail === "string" ? detail : code);
  }
}
