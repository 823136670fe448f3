// Sealed bytes: what was not made here, or not for this purpose, does not open. AES-256-GCM under keys that are derived with
// HKDF, so that no two purposes share one.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const NONCE = 12;
const TAG = 16;

export class Seal {
  readonly #key: Buffer;

  /** `secret` has at least 128 bits that nobody can guess. */
  constructor(secret: Uint8Array | string, purpose: string) {
    this.#key = Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), `cloakroom ${purpose}`, 32));
  }

  /** `about` must be the same when it is opened; it is not kept. */
  seal(text: string, about: string): Buffer {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(about));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()]);
  }

  open(bytes: Uint8Array, about: string): string | undefined {
    if (bytes.byteLength < NONCE + TAG) return undefined;
    const end = bytes.byteLength - TAG;
    const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(end));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(NONCE, end)), decipher.final()]).toString("utf8");
    } catch {
      return undefined;
    }
  }
}
