//! The registered claims of RFC 7519 §4.1: those that a verifier judges by, and a type for callers who want them all.
//!
//! The verifier reads what it needs from the text of the claims, without the caller's type and without copying, and
//! keeps the times alone. The others are for the caller's own claims, or [`Registered`].

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;
use crate::strict_json;

/// The deepest nesting of claims that is read.
pub(crate) const MAX_DEPTH: usize = 16;

/// The claims that a verifier judges by.
#[derive(Debug, Default)]
pub(crate) struct Judged<'a> {
    pub(crate) issuer: Option<Cow<'a, str>>,
    pub(crate) audience: Audience<'a>,
    pub(crate) times: Times,
}

/// `aud`: one text, or an array of them.
#[derive(Debug, Default)]
pub(crate) enum Audience<'a> {
    #[default]
    Missing,
    One(Cow<'a, str>),
    Many(Vec<String>),
}

/// `exp`, `nbf` and `iat` in whole seconds since 1970; fractions are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Times {
    pub(crate) expires_at: Option<u64>,
    pub(crate) not_before: Option<u64>,
    pub(crate) issued_at: Option<u64>,
}

impl<'a> Judged<'a> {
    pub(crate) fn read(claims: &'a str) -> Result<Self, Error> {
        let mut judged = Self::default();
        let mut wrong = None;
        strict_json::members(claims, MAX_DEPTH, |name, value| {
            if let Err(error) = judged.take(name, value) {
                wrong = wrong.or(Some(error));
            }
        })?;
        wrong.map_or(Ok(judged), Err)
    }

    fn take(&mut self, name: &str, value: &'a str) -> Result<(), Error> {
        match name {
            "iss" => self.issuer = Some(text("iss", value)?),
            "aud" => self.audience = Audience::read(value).ok_or(Error::ClaimMalformed("aud"))?,
            "exp" => self.times.expires_at = Some(seconds("exp", value)?),
            "nbf" => self.times.not_before = Some(seconds("nbf", value)?),
            "iat" => self.times.issued_at = Some(seconds("iat", value)?),
            // Not judged, but nobody behind this verifier shall meet a number where RFC 7519 has a text.
            "sub" => drop(text("sub", value)?),
            "jti" => drop(text("jti", value)?),
            _ => {}
        }
        Ok(())
    }
}

impl<'a> Audience<'a> {
    /// RFC 7519 §4.1.3.
    fn read(value: &'a str) -> Option<Self> {
        match strict_json::string(value) {
            Some(one) => Some(Self::One(one)),
            None => serde_json::from_str(value).ok().map(Self::Many),
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::One(_) => false,
            Self::Many(names) => names.is_empty(),
        }
    }

    pub(crate) fn is_one_text(&self) -> bool {
        matches!(self, Self::One(_))
    }

    pub(crate) fn is_only(&self, name: &str) -> bool {
        match self {
            Self::Missing => false,
            Self::One(one) => one == name,
            Self::Many(names) => *names == [name],
        }
    }

    pub(crate) fn names_any(&self, names: &[String]) -> bool {
        let accepted = |name: &str| names.iter().any(|accepted| accepted == name);
        match self {
            Self::Missing => false,
            Self::One(one) => accepted(one),
            Self::Many(names) => names.iter().any(|name| accepted(name)),
        }
    }
}

fn text<'a>(name: &'static str, value: &'a str) -> Result<Cow<'a, str>, Error> {
    strict_json::string(value).ok_or(Error::ClaimMalformed(name))
}

/// RFC 7519 §2, `NumericDate`: a number, perhaps with a fraction. Text is not a number.
fn seconds(name: &'static str, value: &str) -> Result<u64, Error> {
    if let Ok(whole) = value.parse() {
        return Ok(whole);
    }
    value.parse().ok().and_then(whole_seconds).ok_or(Error::ClaimMalformed(name))
}

fn whole_seconds(seconds: f64) -> Option<u64> {
    /// Where an `f64` stops telling one second from the next; far behind every calendar.
    const LAST: f64 = 9_007_199_254_740_992.0;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked"
    )]
    (0.0..=LAST).contains(&seconds).then_some(seconds as u64)
}

/// The registered claims as a type, to be verified as, or flattened into a caller's own. Times are whole seconds since
/// 1970; fractions are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Registered {
    /// `iss`: who made the token.
    #[serde(rename = "iss", default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `sub`: whom it is about.
    #[serde(rename = "sub", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `aud`: whom it is for; a single text is a list of one.
    #[serde(rename = "aud", default, deserialize_with = "one_or_many")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// `exp`: from this second on it is void.
    #[serde(rename = "exp", default, deserialize_with = "numeric_date")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// `nbf`: before this second it is void.
    #[serde(rename = "nbf", default, deserialize_with = "numeric_date")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<u64>,
    /// `iat`: when it was made.
    #[serde(rename = "iat", default, deserialize_with = "numeric_date")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<u64>,
    /// `jti`: its own name.
    #[serde(rename = "jti", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumericDate {
        Whole(u64),
        Fraction(f64),
    }
    match NumericDate::deserialize(deserializer)? {
        NumericDate::Whole(seconds) => Ok(Some(seconds)),
        NumericDate::Fraction(seconds) => whole_seconds(seconds)
            .map(Some)
            .ok_or_else(|| serde::de::Error::custom("not a number of seconds")),
    }
}
