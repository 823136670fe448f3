//! RFC 7523 §2.2, §3 as RFC 10070 has it: a client proves itself with a token that it signs (`private_key_jwt`).
//!
//! The keys are those the client registered, given by the caller. What remains to be done is to mark the assertion as
//! used, which storage does: an assertion is good once.

use std::time::Duration;

use cloakroom_jose::{
    Algorithms, Error as TokenError, Expectations, TrustedKeys, base64url, strict_json,
};
use cloakroom_model::id::ClientId;
use cloakroom_model::time::Timestamp;
use serde::Deserialize;

use crate::error::{Code, Error};
use crate::replay::Mark;

/// The one `client_assertion_type` that is read.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The `typ` of its header (RFC 10070), without `application/`. Most clients are older than that and say `JWT` or nothing.
pub const TYP: &str = "client-authentication+jwt";

/// How far from now an assertion may end: its mark is kept as long.
pub const LONGEST: Duration = Duration::from_hours(1);

/// How far the client's clock may be ahead of ours, or behind.
pub const LEEWAY: Duration = Duration::from_secs(30);

/// The longest assertion that is read, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// The longest name that an assertion may have, in bytes.
const MAX_JTI: usize = 255;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    jti: String,
}

/// Who an assertion says it is from, so that the keys to verify it with can be found. Nothing is proved.
pub fn claimed_client(assertion: &str) -> Result<ClientId, Error> {
    #[derive(Deserialize)]
    struct Claimed {
        sub: String,
    }
    let read = || {
        let claims = assertion.split('.').nth(1).filter(|_| assertion.len() <= MAX_BYTES)?;
        let claims = base64url::decode(claims).ok()?;
        strict_json::check(&claims, strict_json::DEEPEST).ok()?;
        let Claimed { sub } = serde_json::from_slice(&claims).ok()?;
        ClientId::parse(&sub).ok()
    };
    read().ok_or_else(|| refused("the client assertion does not name its client in sub"))
}

/// Whether `assertion` could be one by `client`, for `issuer`, that is still good at `now`, if only there was a key for it:
/// what is asked before keys are fetched. Nothing is proved.
pub fn could_be(
    assertion: &str,
    client: &ClientId,
    accept: Algorithms,
    issuer: &str,
    now: Timestamp,
) -> Result<(), Error> {
    expectations(client, accept, issuer).could_be_met_by(assertion, seconds(now)).map_err(refusal)
}

/// Verifies that `assertion` is by `client`, for `issuer` and nobody else, signed with one of `accept` by one of its
/// `keys`, and still good at `now`. Returns what must be marked as used before it counts.
pub fn verify(
    assertion: &str,
    client: &ClientId,
    keys: &TrustedKeys,
    accept: Algorithms,
    issuer: &str,
    now: Timestamp,
) -> Result<Mark, Error> {
    let expect = expectations(client, accept, issuer);
    let verified = keys.verify::<Claims>(assertion, &expect, seconds(now)).map_err(refusal)?;
    let until = verified.expires_at().and_then(|end| i64::try_from(end).ok());
    let until = Timestamp::from_seconds(until.unwrap_or(i64::MAX));
    let Claims { sub, jti } = verified.into_claims();
    if sub != client.as_str() {
        return Err(refused("iss and sub of the client assertion are not the client"));
    }
    if jti.is_empty() || jti.len() > MAX_JTI {
        return Err(refused("jti of the client assertion is empty or too long"));
    }
    if until > now.plus(LONGEST) {
        return Err(refused("the client assertion lives longer than an hour"));
    }
    Ok(Mark::of("client assertion", client.as_str(), &jti, until.plus(LEEWAY)))
}

/// RFC 10070: the audience is the issuer's name alone, and not in a list. The URL of an endpoint, which RFC 7523 let pass,
/// is what another server can make a client put there.
fn expectations(client: &ClientId, accept: Algorithms, issuer: &str) -> Expectations {
    Expectations::new(client.as_str(), issuer, TYP)
        .typ_optional()
        .audience_alone()
        .algorithms(accept.and(Algorithms::ASYMMETRIC))
        .key_id_optional()
        .leeway_seconds(u32::try_from(LEEWAY.as_secs()).unwrap_or(0))
        .max_bytes(MAX_BYTES)
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.seconds()).unwrap_or(0)
}

fn refusal(error: TokenError) -> Error {
    refused(format!("the client assertion was refused: {error}"))
}

fn refused(description: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidClient, description)
}

#[cfg(test)]
mod tests;
