//! RFC 9449 §4, §5, §7, §8: a request shows that its sender holds a key, so that a token bound to that key is of no use to
//! anybody else.
//!
//! The signature is `jose`'s to verify, under the key that the proof brings. Here the proof is held against the request
//! that it came with. What remains to be done is to mark it as used, which storage does, and to compare its thumbprint with
//! the one that the token is bound to.

mod nonce;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use aws_lc_rs::digest;
use cloakroom_jose::{Algorithms, DpopProof, base64url, htu};
use cloakroom_model::grant::Confirmation;
use cloakroom_model::time::Timestamp;
use serde::Deserialize;
use subtle::ConstantTimeEq;

pub use self::nonce::Nonces;
use crate::bearer::{self, Needs};
use crate::error::{Code, Error};
use crate::replay::Mark;

/// What proofs may be signed with (`dpop_signing_alg_values_supported`).
pub const ALGORITHMS: Algorithms = Algorithms::ASYMMETRIC;

/// How old a proof may be when it arrives.
pub const AGE: Duration = Duration::from_mins(2);

/// How far the clock of its maker may be ahead of ours.
pub const AHEAD: Duration = Duration::from_secs(30);

/// The longest name that a proof may have, in bytes.
const MAX_JTI: usize = 255;

/// The request that a proof came with.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Its method.
    pub method: &'a str,
    /// Where it went, as its sender sees it: the public URL. Query and fragment do not matter.
    pub url: &'a str,
    /// The access token that it presents; `None` where it asks for one.
    pub access_token: Option<&'a str>,
}

/// Whether a proof must have a nonce of ours. One that is there must be good in either case.
#[derive(Clone, Copy)]
pub enum Freshness<'a> {
    /// The time that the proof states is enough.
    Stated(&'a Nonces),
    /// It must hold a nonce, so that it was made after we gave that out (§8).
    Proved(&'a Nonces),
}

/// What a good proof tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Proved {
    /// The thumbprint of the key (`jkt`).
    pub thumbprint: String,
    /// What must be marked as used before the proof counts.
    pub mark: Mark,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    ath: Option<String>,
    nonce: Option<String>,
    nbf: Option<f64>,
    exp: Option<f64>,
}

impl Proved {
    /// Whether the key that was proved is the one that a token is bound to.
    #[must_use]
    pub fn holds(&self, confirmation: &Confirmation) -> bool {
        matches!(confirmation, Confirmation::Key(thumbprint) if *thumbprint == self.thumbprint)
    }
}

/// The token of an `Authorization` header in the scheme `DPoP` (§7.1), `None` where the header is for another. Such a
/// token counts only beside a proof that [holds](Proved::holds) its key; and a token that is bound to a key does not
/// count in any other scheme.
pub fn token(authorization: &[u8]) -> Result<Option<&str>, Error> {
    bearer::in_header(authorization, "DPoP")
}

/// The one proof of a request, from the lines of its `DPoP` header (§4.3, check 1).
pub fn only<'a>(mut lines: impl Iterator<Item = &'a [u8]>) -> Result<Option<&'a str>, Error> {
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => std::str::from_utf8(line)
            .map(|proof| Some(proof.trim_ascii()))
            .map_err(|_| refused("the DPoP header is not a proof")),
        (Some(_), Some(_)) => Err(refused("there is more than one DPoP header")),
    }
}

/// Verifies `proof`, which may be signed with one of `accept`, for `request` at `now` (§4.3).
pub fn verify(
    proof: &str,
    request: &Request<'_>,
    freshness: Freshness<'_>,
    accept: Algorithms,
    now: Timestamp,
) -> Result<Proved, Error> {
    let proof = DpopProof::<Claims>::verify(proof, accept.and(ALGORITHMS))
        .map_err(|error| refused(format!("the DPoP proof was refused: {error}")))?;
    let claims = proof.claims();
    if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
        return Err(refused("jti of the DPoP proof is empty or too long"));
    }
    if claims.htm != request.method {
        return Err(refused("htm of the DPoP proof is another method"));
    }
    if !htu::same(&claims.htu, request.url) {
        return Err(refused("htu of the DPoP proof is another URL"));
    }
    if let Some(token) = request.access_token {
        let bound = claims.ath.as_ref().is_some_and(|ath| is_digest_of(ath, token));
        if !bound {
            return Err(refused("ath of the DPoP proof is not of this access token"));
        }
    }
    let made_at = time(claims.iat).ok_or_else(|| refused("iat of the DPoP proof is no time"))?;
    freshness.check(claims.nonce.as_deref(), now)?;
    if made_at.plus(AGE) < now || made_at > now.plus(AHEAD) {
        return Err(refused("the DPoP proof was not made just now"));
    }
    // Nobody has to say these; what is said must hold (RFC 7519 §4.1.4, §4.1.5).
    let begins = claims.nbf.is_none_or(|nbf| time(nbf).is_some_and(|at| at <= now.plus(AHEAD)));
    let lasts = claims.exp.is_none_or(|exp| time(exp).is_some_and(|at| at.plus(AHEAD) > now));
    if !begins || !lasts {
        return Err(refused("nbf or exp of the DPoP proof does not hold"));
    }
    let thumbprint = proof.key().thumbprint();
    // A whole second more, since `iat` lost its fraction.
    let until = made_at.plus(AGE).plus(Duration::from_secs(1));
    let mark = Mark::of("dpop", &thumbprint, &claims.jti, until);
    Ok(Proved { thumbprint, mark })
}

impl Freshness<'_> {
    fn check(self, nonce: Option<&str>, now: Timestamp) -> Result<(), Error> {
        let good = match (self, nonce) {
            (Self::Stated(_), None) => true,
            (Self::Proved(_), None) => false,
            (Self::Stated(nonces) | Self::Proved(nonces), Some(nonce)) => {
                nonces.accepts(nonce, now)
            }
        };
        if good { Ok(()) } else { Err(Code::UseDpopNonce.into()) }
    }
}

/// RFC 9449 §4.2: `ath` is SHA-256 of the token as it is written.
fn is_digest_of(ath: &str, token: &str) -> bool {
    let digest = base64url::encode(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    digest.as_bytes().ct_eq(ath.as_bytes()).into()
}

fn time(seconds: f64) -> Option<Timestamp> {
    /// Behind every calendar, and far from where a number of seconds is no longer exact.
    const LAST: f64 = 1e12;

    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (0.0..LAST).contains(&seconds).then(|| Timestamp::from_seconds(seconds as i64))
}

/// The value of a `WWW-Authenticate` header for the scheme `DPoP` (§7.1).
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    /// Why the request was refused; `None` where it had no token.
    pub refused: Option<&'a Error>,
    /// What a better token would have.
    pub needs: Needs<'a>,
    /// What the next proof may be signed with.
    pub accept: Algorithms,
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accept = self.accept.and(ALGORITHMS);
        let names: Vec<&str> = accept.iter().map(cloakroom_jose::Algorithm::name).collect();
        f.write_str("DPoP ")?;
        if let Some(Error { code, description }) = self.refused {
            // What may not stand between quotes (RFC 6750 §3) is left out.
            let fits = |c: &char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
            let description: String = description.chars().filter(fits).collect();
            write!(f, "error=\"{}\", error_description=\"{description}\", ", code.as_str())?;
        }
        write!(f, "algs=\"{}\"{}", names.join(" "), self.needs)
    }
}

fn refused(description: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidDpopProof, description)
}

#[cfg(test)]
mod tests;
