//! What a verifier expects of a token: the only thing that a token is measured by (RFC 8725 §3).

use crate::algorithm::{Algorithm, Algorithms};
use crate::claims::{Judged, Times};
use crate::error::Error;

/// The longest token that is read unless told otherwise, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Issuer, audience, type, algorithms, and the tolerance in time.
///
/// By default a token must have `exp`, and times are compared exactly; a verifier whose clock is not the issuer's asks
/// for some [leeway](Self::leeway_seconds).
#[derive(Debug, Clone)]
pub struct Expectations {
    issuer: String,
    /// Empty means any.
    audiences: Vec<String>,
    /// None means `JWT` or nothing.
    typ: Option<String>,
    /// `JWT` or nothing are as good as `typ`.
    typ_optional: bool,
    /// The token is for one audience, written as one text.
    audience_alone: bool,
    algorithms: Algorithms,
    leeway_seconds: u64,
    expiry: Expiry,
    key_id_required: bool,
    max_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expiry {
    Required,
    Optional,
    Ignored,
}

impl Expectations {
    /// A token by `issuer` for `audience` with the header type `typ`, such as `at+jwt` (compared as RFC 7515 §4.1.9
    /// says: without regard to case, `application/` in front is optional).
    #[must_use]
    pub fn new(
        issuer: impl Into<String>,
        audience: impl Into<String>,
        typ: impl Into<String>,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            typ: Some(typ.into()),
            typ_optional: false,
            audience_alone: false,
            algorithms: Algorithms::ALL,
            leeway_seconds: 0,
            expiry: Expiry::Required,
            key_id_required: true,
            max_bytes: MAX_TOKEN_BYTES,
        }
    }

    /// Accept tokens for this audience as well.
    #[must_use]
    pub fn or_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Accept tokens of type `JWT` or of none, for kinds from before types were asked for, like ID tokens. Something
    /// else must then keep the kinds apart.
    #[must_use]
    pub fn untyped(self) -> Self {
        Self { typ: None, ..self }
    }

    /// Accept tokens of type `JWT` or of none as well, for kinds that were given a type late, like client assertions
    /// (RFC 10070). Something else must then keep the kinds apart.
    #[must_use]
    pub fn typ_optional(self) -> Self {
        Self { typ_optional: true, ..self }
    }

    /// Accept only a token whose audience is one text, and no list of any length: one that serves in several places is
    /// as good as lent to each of them (RFC 10070).
    #[must_use]
    pub fn audience_alone(self) -> Self {
        Self { audience_alone: true, ..self }
    }

    /// Accept only these algorithms, whatever the trusted keys allow.
    #[must_use]
    pub fn algorithms(self, algorithms: Algorithms) -> Self {
        Self { algorithms, ..self }
    }

    /// Take `exp`, `nbf` and `iat` as met when they are off by at most so many seconds.
    #[must_use]
    pub fn leeway_seconds(self, leeway_seconds: u32) -> Self {
        Self { leeway_seconds: leeway_seconds.into(), ..self }
    }

    /// Accept tokens without `exp`, like security event tokens (RFC 8417 §2.2). One that is there still counts.
    #[must_use]
    pub fn expiry_optional(self) -> Self {
        Self { expiry: Expiry::Optional, ..self }
    }

    /// Accept a token without `kid` if there is exactly one trusted key, as client assertions may come
    /// (OpenID Connect Core §10.1).
    #[must_use]
    pub fn key_id_optional(self) -> Self {
        Self { key_id_required: false, ..self }
    }

    /// Read tokens of up to so many bytes.
    #[must_use]
    pub fn max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }

    /// Accept expired tokens, where a token is only a hint about the past, like `id_token_hint`. Never to grant anything.
    #[must_use]
    pub fn danger_accept_expired(self) -> Self {
        Self { expiry: Expiry::Ignored, ..self }
    }

    /// Accept a token whoever it is for, where the caller looks at the audience itself before it believes anything.
    #[must_use]
    pub fn danger_any_audience(mut self) -> Self {
        self.audiences.clear();
        self
    }

    pub(crate) fn size(&self, token: &str) -> Result<(), Error> {
        if token.len() > self.max_bytes { Err(Error::TooLong) } else { Ok(()) }
    }

    pub(crate) fn key_id_required(&self) -> bool {
        self.key_id_required
    }

    pub(crate) fn algorithm(&self, algorithm: Algorithm) -> Result<(), Error> {
        if self.algorithms.contains(algorithm) { Ok(()) } else { Err(Error::AlgorithmNotAllowed) }
    }

    pub(crate) fn typ(&self, typ: Option<&str>) -> Result<(), Error> {
        let is = |typ: &str, one: &str| subtype(typ).eq_ignore_ascii_case(subtype(one));
        let plain = self.typ_optional || self.typ.is_none();
        let met = match typ {
            Some(typ) => {
                plain && is(typ, "JWT") || self.typ.as_ref().is_some_and(|one| is(typ, one))
            }
            None => plain,
        };
        if met { Ok(()) } else { Err(Error::Type) }
    }

    /// `only` is the audience of a shared secret, which a token under it must be for, alone.
    pub(crate) fn parties(&self, claims: &Judged<'_>, only: Option<&str>) -> Result<(), Error> {
        match &claims.issuer {
            None => return Err(Error::ClaimMissing("iss")),
            Some(issuer) if *issuer != *self.issuer => return Err(Error::Issuer),
            Some(_) => {}
        }
        if let Some(only) = only
            && !claims.audience.is_only(only)
        {
            return Err(Error::Audience);
        }
        if self.audience_alone && !claims.audience.is_one_text() && !claims.audience.is_missing() {
            return Err(Error::Audience);
        }
        if self.audiences.is_empty() || claims.audience.names_any(&self.audiences) {
            Ok(())
        } else if claims.audience.is_missing() {
            Err(Error::ClaimMissing("aud"))
        } else {
            Err(Error::Audience)
        }
    }

    pub(crate) fn times(&self, times: Times, now: u64) -> Result<(), Error> {
        match (self.expiry, times.expires_at) {
            (Expiry::Required, None) => return Err(Error::ClaimMissing("exp")),
            // RFC 7519 §4.1.4: on the second of `exp` itself the token is void.
            (Expiry::Required | Expiry::Optional, Some(at))
                if now >= at.saturating_add(self.leeway_seconds) =>
            {
                return Err(Error::Expired);
            }
            _ => {}
        }
        let latest = now.saturating_add(self.leeway_seconds);
        if times.not_before.is_some_and(|at| at > latest) {
            return Err(Error::NotYetValid);
        }
        if times.issued_at.is_some_and(|at| at > latest) {
            return Err(Error::IssuedInFuture);
        }
        Ok(())
    }
}

/// RFC 7515 §4.1.9: a type without a slash has `application/` in front of it.
fn subtype(typ: &str) -> &str {
    match typ.split_at_checked("application/".len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
        _ => typ,
    }
}
