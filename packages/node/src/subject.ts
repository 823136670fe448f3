// What a row of the feed is about: the digest of a kind and a name, which only who holds the name recognises.

import { createHash } from "node:crypto";

import { decode } from "./base64url.js";

/** What can end or change, by its name in the feed and in the claim `came_from`. */
export const KINDS = ["session", "grant", "client", "key", "user", "token"] as const;

export type Kind = (typeof KINDS)[number];

/** The digest of a subject as it is written in a row: 22 letters. */
export type Digest = string;

const DIGEST_BYTES = 16;

export function isKind(name: unknown): name is Kind {
  return (KINDS as readonly unknown[]).includes(name);
}

/** The first 16 bytes of SHA-256 over `cloakroom revocation\n<kind>\n<id>`. */
export function digestOf(kind: Kind, id: string): Digest {
  const whole = createHash("sha256").update(`cloakroom revocation\n${kind}\n${id}`).digest();
  return whole.subarray(0, DIGEST_BYTES).toString("base64url");
}

/** Whether a text is a digest in its one spelling. */
export function isDigest(text: string): boolean {
  return decode(text)?.length === DIGEST_BYTES;
}
