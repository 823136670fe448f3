//! The registered claims of RFC 7519 §4.1, read from the text of the claims without the caller's type.

use std::borrow::Cow;

use crate::error::Error;
use crate::strict_json;

/// The deepest nesting of claims that is read.
pub(crate) const MAX_DEPTH: usize = 16;

/// Claims with a meaning for every token. Times are whole seconds since 1970; fractions are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registered {
    /// `iss`: who made the token.
    pub issuer: Option<String>,
    /// `sub`: whom it is about.
    pub subject: Option<String>,
    /// `aud`: whom it is for; a single text is a list of one.
    pub audience: Vec<String>,
    /// `exp`: from this second on it is void.
    pub expires_at: Option<u64>,
    /// `nbf`: before this second it is void.
    pub not_before: Option<u64>,
    /// `iat`: when it was made.
    pub issued_at: Option<u64>,
    /// `jti`: its own name.
    pub id: Option<String>,
}

impl Registered {
    pub(crate) fn read(claims: &str) -> Result<Self, Error> {
        let mut registered = Self::default();
        let mut wrong = None;
        strict_json::members(claims, MAX_DEPTH, |name, value| {
            if let Err(error) = registered.take(name, value) {
                wrong = wrong.or(Some(error));
            }
        })?;
        wrong.map_or(Ok(registered), Err)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "iss" => self.issuer = Some(text("iss", value)?),
            "sub" => self.subject = Some(text("sub", value)?),
            "aud" => self.audience = one_or_many(value).ok_or(Error::ClaimMalformed("aud"))?,
            "exp" => self.expires_at = Some(seconds("exp", value)?),
            "nbf" => self.not_before = Some(seconds("nbf", value)?),
            "iat" => self.issued_at = Some(seconds("iat", value)?),
            "jti" => self.id = Some(text("jti", value)?),
            _ => {}
        }
        Ok(())
    }
}

fn text(name: &'static str, value: &str) -> Result<String, Error> {
    strict_json::string(value).map(Cow::into_owned).ok_or(Error::ClaimMalformed(name))
}

/// RFC 7519 §4.1.3: one text, or an array of texts.
fn one_or_many(value: &str) -> Option<Vec<String>> {
    match strict_json::string(value) {
        Some(one) => Some(vec![one.into_owned()]),
        None => serde_json::from_str(value).ok(),
    }
}

/// RFC 7519 §2, `NumericDate`: a number, perhaps with a fraction. Text is not a number.
fn seconds(name: &'static str, value: &str) -> Result<u64, Error> {
    /// Where an `f64` stops telling one second from the next; far behind every calendar.
    const LAST: f64 = 9_007_199_254_740_992.0;

    if let Ok(whole) = value.parse() {
        return Ok(whole);
    }
    match value.parse::<f64>() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range is checked"
        )]
        Ok(seconds) if (0.0..=LAST).contains(&seconds) => Ok(seconds as u64),
        _ => Err(Error::ClaimMalformed(name)),
    }
}
