//! Why a token, a key or a signature was refused: one row for each reason, and no secret, claim or key in any of them.

use crate::algorithm::Algorithm;

/// Why a token was refused. A row for each refusal, so that a caller's table of answers is checked by the compiler:
/// adding a row is a breaking change on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Longer than the verifier reads. Nothing was decoded.
    #[error("the token is longer than is accepted")]
    TooLong,
    /// Not three parts separated by dots (RFC 7515 §7.1). An encrypted token has five.
    #[error("the token is not in compact serialization")]
    NotCompact,
    /// A part is not canonical base64url: padding, white space, a foreign character, or bits behind the end.
    #[error("a part of the token is not canonical base64url")]
    Base64,
    /// Header or claims are not one JSON object in UTF-8.
    #[error("the token's header or claims are not a JSON object")]
    NotJson,
    /// Header or claims are nested deeper than is read.
    #[error("the token's header or claims are nested too deeply")]
    TooDeep,
    /// A member name appears twice in one object of header or claims (RFC 7515 §4, RFC 7519 §4).
    #[error("a member name appears twice in the token")]
    DuplicateMember,
    /// A header parameter has the wrong type.
    #[error("the header parameter {0} has the wrong type")]
    HeaderMalformed(&'static str),
    /// `alg` is missing or not one that exists here; `none` is such a one.
    #[error("the token's algorithm is not supported")]
    AlgorithmUnknown,
    /// The algorithm is not one that this verifier, or the key that `kid` names, is for.
    #[error("the token's algorithm is not the key's")]
    AlgorithmNotAllowed,
    /// The header carries or points to a key (`jwk`, `jku`, `x5c`, `x5u`).
    #[error("the token's header offers its own key ({0})")]
    KeyInHeader(&'static str),
    /// A proof of possession brings no key, or one that cannot be used: private, shared, or not one to sign with.
    #[error("the proof's key is missing or cannot be used")]
    ProofKey,
    /// `crit` names an extension; none is understood here (RFC 7515 §4.1.11). `b64` without `crit` counts too.
    #[error("the token needs an extension that is not supported")]
    CriticalHeader,
    /// There is no `kid`, and the trusted keys are not looked at without one.
    #[error("the token does not name its key")]
    KeyIdMissing,
    /// No trusted key has this `kid`. For a verifier that follows a published key set: the moment to look again.
    #[error("the token's key is not among the trusted keys")]
    KeyUnknown,
    /// The signature is not the key's over these bytes.
    #[error("the token's signature is wrong")]
    Signature,
    /// `typ` is missing or another one than expected (RFC 8725 §3.11).
    #[error("the token is of another type")]
    Type,
    /// A registered claim has the wrong type, for example `exp` as text.
    #[error("the claim {0} has the wrong type")]
    ClaimMalformed(&'static str),
    /// A claim that the verifier relies on is missing.
    #[error("the claim {0} is missing")]
    ClaimMissing(&'static str),
    /// `iss` is another issuer.
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` does not name this audience; or a token under a shared secret is not for that secret's audience alone.
    #[error("the token is for another audience")]
    Audience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is still to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is still to come.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// The claims are sound JSON, but not of the shape that the caller's type asks for.
    #[error("the token's claims are not of the expected shape")]
    Claims,
}

/// Why a key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a JSON object, not PKCS#8, a member missing or of the wrong type or length, not a point on its curve.
    #[error("the key is malformed")]
    Malformed,
    /// `kty` or `crv` is one that is not supported here.
    #[error("the type of the key is not supported")]
    Unsupported,
    /// The key is not of the type that the algorithm takes.
    #[error("the key is not one for {0}")]
    Mismatch(Algorithm),
    /// None of the algorithms that the verifier accepts fits the key.
    #[error("the key fits none of the accepted algorithms")]
    NoAlgorithm,
    /// `alg` names an algorithm that is not supported here.
    #[error("the algorithm of the key is not supported")]
    AlgorithmUnknown,
    /// RSA below 2048 or above 8192 bits or with an exponent below 65537, or a secret shorter than the hash.
    #[error("the key is of a refused size")]
    Size,
    /// A private parameter in what should be a public key: whoever published it must replace the key.
    #[error("a public key contains private parameters")]
    Private,
    /// A shared secret where a public key belongs.
    #[error("a shared secret is not a public key")]
    Symmetric,
    /// `use` or `key_ops` say that the key is not for signatures.
    #[error("the key is not for signatures")]
    Use,
    /// Two keys of a set have the same `kid`.
    #[error("two keys have the same kid")]
    DuplicateKid,
    /// Not a key set: not JSON, too long, too deep, a member twice, or no `keys`.
    #[error("the key set is malformed")]
    NotAKeySet,
    /// The provider failed: no randomness, or no memory.
    #[error("the cryptographic provider failed")]
    Provider,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims don't become JSON.
    #[error("the claims can't be written as JSON")]
    Claims(#[source] serde_json::Error),
    /// The provider failed.
    #[error("the cryptographic provider failed")]
    Provider,
}
