// Questions to the issuer: with an end in time and in bytes, never redirected, and only so many at once.

import { isObject, readObject, type JsonObject } from "../token/strict_json.js";

/** The issuer did not answer, or not with what it should have: nobody knows. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const MAX_DEPTH = 16;

export class Asker {
  #asking = 0;

  constructor(
    private readonly fetch: typeof globalThis.fetch,
    private readonly timeoutMs: number,
    /** How many questions may be open at once; the next one is not asked. */
    private readonly limit: number,
  ) {}

  /** @throws Unanswered */
  async ask(url: string, init: RequestInit, maxBytes: number): Promise<Reply> {
    if (this.#asking >= this.limit) throw new Unanswered("too many questions are open");
    this.#asking += 1;
    try {
      const signal = AbortSignal.timeout(this.timeoutMs);
      const response = await this.fetch(url, { ...init, redirect: "error", signal });
      return { status: response.status, headers: response.headers, body: await readBody(response, maxBytes) };
    } catch (error) {
      throw error instanceof Unanswered ? error : new Unanswered(`${url} does not answer`, { cause: error });
    } finally {
      this.#asking -= 1;
    }
  }
}

/** The JSON object of a reply, strictly; `undefined` where it is none. */
export function objectOf({ body }: Reply): JsonObject | undefined {
  const read = readObject(body, MAX_DEPTH);
  return isObject(read) ? read : undefined;
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (response.body !== null) {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength;
      if (length > maxBytes) throw new Unanswered("the answer is too long");
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks);
}
