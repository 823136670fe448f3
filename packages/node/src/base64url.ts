// RFC 4648 §5 without padding, in its one canonical spelling: two texts for one value would be two tokens for one signature.

const ALPHABET = /^[A-Za-z0-9_-]*$/;

export function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** `undefined` for what `encode` never writes: padding, white space, other letters, bits that belong to no byte. */
export function decode(text: string): Buffer | undefined {
  if (!ALPHABET.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
