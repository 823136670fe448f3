// Signature algorithms: RFC 7518 §3.1, RFC 8037 §3.1 and RFC 9864. What is not in the table does not exist here, `none`
// first of all, and no secret that both sides share.

export const ALGORITHMS = [
  "Ed25519", "EdDSA", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
] as const;

/** How a token is signed. */
export type Algorithm = (typeof ALGORITHMS)[number];

const RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;

/** By `kty`, or by `kty` and `crv`. */
const BY_KEY: Readonly<Record<string, readonly Algorithm[]>> = {
  "OKP Ed25519": ["Ed25519", "EdDSA"],
  "EC P-256": ["ES256"],
  "EC P-384": ["ES384"],
  "EC P-521": ["ES512"],
  "RSA": RSA,
};

export function isAlgorithm(name: unknown): name is Algorithm {
  return (ALGORITHMS as readonly unknown[]).includes(name);
}

/** The algorithms that a key of this type can be used with; none where the type is not known here. */
export function algorithmsFor(kty: unknown, crv: unknown): readonly Algorithm[] {
  const name = kty === "RSA" ? "RSA" : `${String(kty)} ${String(crv)}`;
  return Object.hasOwn(BY_KEY, name) ? BY_KEY[name]! : [];
}
