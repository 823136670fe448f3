//! Access tokens: verified once by their signature, recalled afterwards, and believed while nothing of theirs ended.

mod claims;

use std::sync::Arc;

use cloakroom_jose::{Error, Expectations, KeyRing, Verified, Verifier};

use crate::beliefs::Beliefs;
use crate::identity::Identity;
use crate::refusal::{Refusal, TokenFault};
use crate::settings::Settings;
pub(crate) use claims::{Confirmation, TokenClaims};

/// The header type of access tokens (RFC 9068 §2.1).
const TYP: &str = "at+jwt";

/// Verifies and remembers.
pub(crate) struct Tokens {
    verifier: Verifier<TokenClaims>,
}

/// A token whose signature and claims are good.
pub(crate) type Token = Arc<Verified<TokenClaims>>;

/// What is to be done with a good token.
#[derive(Debug)]
pub(crate) enum Standing {
    /// It is believed.
    Good(Identity),
    /// The server must be asked: it is not heard, or the user changed since the token said who they are.
    Ask,
}

impl Tokens {
    pub(crate) fn new(settings: &Settings, ring: Arc<KeyRing>) -> Self {
        let expect = expectations(settings);
        Self { verifier: Verifier::new(ring, expect, settings.remembered_token_bytes) }
    }

    /// Verifies strictly, or recalls that it did.
    pub(crate) fn verify(&self, token: &str, now: u64) -> Result<Token, Error> {
        self.verifier.verify(token, now)
    }

    /// Whether a key that is not known here could make the token good: whether looking for new keys is worth it.
    pub(crate) fn could_be_good(&self, token: &str, now: u64) -> bool {
        self.verifier.expectations().could_be_met_by(token, now).is_ok()
    }

    /// How many tokens are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.verifier.remembered()
    }
}

fn expectations(settings: &Settings) -> Expectations {
    let mut audiences = settings.audiences.iter();
    let first = audiences.next().map_or("", String::as_str);
    let expect = Expectations::new(settings.issuer.as_str(), first, TYP)
        .algorithms(settings.algorithms)
        .leeway_seconds(settings.leeway_seconds);
    let expect = audiences.fold(expect, Expectations::or_audience);
    if settings.plain_jwt { expect.typ_optional() } else { expect }
}

/// Whether a good token is believed by what the feed told. `fresh` is whether the feed is heard.
pub(crate) fn standing(
    token: &Verified<TokenClaims>,
    beliefs: &Beliefs,
    fresh: bool,
) -> Result<Standing, Refusal> {
    let claims = token.claims();
    let version = beliefs.version();
    if claims.is_clean_at(version) {
        return Ok(if fresh { Standing::Good(claims.identity()) } else { Standing::Ask });
    }
    if claims.has_ended(token.kid(), beliefs) {
        return Err(Refusal::TokenRevoked);
    }
    if !fresh {
        return Ok(Standing::Ask);
    }
    if claims.user_changed(beliefs) {
        return Ok(claims.asked(beliefs).map_or(Standing::Ask, Standing::Good));
    }
    claims.found_clean_at(version);
    Ok(Standing::Good(claims.identity()))
}

/// What is wrong with a token that did not verify.
pub(crate) fn fault(error: Error) -> TokenFault {
    match error {
        Error::AlgorithmUnknown | Error::AlgorithmNotAllowed => TokenFault::Algorithm,
        Error::KeyInHeader(_) => TokenFault::KeyInHeader,
        Error::KeyUnknown | Error::KeyIdMissing => TokenFault::UnknownKey,
        Error::Signature => TokenFault::Signature,
        Error::Type => TokenFault::Type,
        Error::Issuer | Error::ClaimMissing("iss") => TokenFault::Issuer,
        Error::Audience | Error::ClaimMissing("aud") => TokenFault::Audience,
        Error::Expired => TokenFault::Expired,
        Error::NotYetValid | Error::IssuedInFuture => TokenFault::NotYetValid,
        _ => TokenFault::Malformed,
    }
}
