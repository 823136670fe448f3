// Why a token was refused.

export const DEFECTS = {
  too_long: "the token is too long",
  not_compact: "the token is not three parts with dots between them",
  base64: "a part of the token is not canonical base64url",
  not_json: "header or claims are not a JSON object",
  too_deep: "header or claims are nested too deeply",
  duplicate_member: "a member name appears twice",
  header_malformed: "a header parameter is of the wrong type",
  key_in_header: "the header brings or names a key",
  critical_header: "the header asks for an extension",
  type: "the token is of another type",
  algorithm: "the algorithm is not one that is accepted",
  key_id_missing: "the token does not name its key",
  key_unknown: "the key is not a trusted one",
  signature: "the signature is not good",
  claim_missing: "a claim is missing",
  claim_malformed: "a claim is of the wrong type",
  issuer: "the token is by somebody else",
  audience: "the token is for somebody else",
  expired: "the token has expired",
  not_yet_valid: "the token is not valid yet",
  issued_in_future: "the token was made in the future",
  proof_key: "the key of the proof cannot be used",
} as const;

/** Why a token was refused, for programs. */
export type Defect = keyof typeof DEFECTS;

/** A token was refused. Holds nothing of the token. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";

  constructor(readonly defect: Defect) {
    super(DEFECTS[defect]);
  }
}
