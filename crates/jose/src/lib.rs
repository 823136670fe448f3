//! Signed tokens: keys, key sets, making tokens and reading them strictly.
//!
//! Covers JSON Web Signature in compact serialization (RFC 7515), keys and key sets (RFC 7517, 7518, 8037), thumbprints
//! (RFC 7638) and JSON Web Tokens (RFC 7519, with the advice of RFC 8725), over one cryptographic provider, aws-lc-rs.
//! It stands on its own: a service that only verifies tokens needs nothing else.
//!
//! What it promises about reading:
//!
//! - A token is measured by what the verifier [expects](Expectations), never by what it says of itself. The header's
//!   algorithm must be one that the key, found by `kid` among the [trusted](TrustedKeys), is for. Keys offered in the
//!   header refuse the token.
//! - One token has one spelling: canonical base64url, no white space, no member name twice at any depth. Size and depth
//!   are limited before anything is parsed.
//! - A shared secret is a [type of its own](HmacKey), which no key set can produce or contain.
//! - [`Verified`] is made by verification alone.
//! - A key that a header brings is used for one thing, to see that whoever made a [`DpopProof`] holds it. That type is no
//!   [`Verified`], and its header type is not for the caller to choose.
//!
//! What it leaves out: encryption (JWE), the JSON serializations, extensions (`crit`), and fetching of keys. It does no
//! I/O and asks no clock: `now` is an argument, in seconds since 1970. New keys and the randomness in ECDSA and PSS
//! signatures come from the provider's own generator; there is no other source of randomness in here.

mod algorithm;
pub mod base64url;
mod claims;
mod dpop_proof;
mod error;
mod expectations;
mod header;
mod hmac_key;
pub mod htu;
mod jwk;
mod jwks;
mod plausible;
mod private_jwk;
mod signer;
mod signing_key;
pub mod strict_json;
mod trusted_keys;
mod verifier;
mod verify;
mod verifying_key;

pub use algorithm::{Algorithm, Algorithms, Curve, KeyType, UnknownAlgorithm};
pub use claims::Registered;
pub use dpop_proof::DpopProof;
pub use error::{Error, KeyError, SignError};
pub use expectations::{Expectations, MAX_TOKEN_BYTES};
pub use hmac_key::HmacKey;
pub use jwk::{Jwk, MAX_JWK_BYTES};
pub use jwks::{Jwks, MAX_JWKS_BYTES};
pub use private_jwk::PrivateJwk;
pub use signer::Signer;
pub use signing_key::{Pkcs8, RsaSize, SigningKey};
pub use trusted_keys::{KeyRing, TrustedKeys};
pub use verifier::Verifier;
pub use verify::{Payload, Verified};
pub use verifying_key::VerifyingKey;
