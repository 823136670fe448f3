//! Whether a text may become somebody's password (NIST SP 800-63B-4 §3.1.1.2, ASVS 5.0 V6.2).
//!
//! Length and guessability, and nothing else: no rules of composition, no expiry, no hints. Every comparison is
//! of the whole password and never of a part of it, so that a passphrase may contain any word. The blocklist is
//! a set of whole passwords that is larger than its file:
//!
//! - the passwords of the file (`password/SOURCES.md` says which), and sentences that everybody knows, with or
//!   without their spaces;
//! - context words: the service's, and the user's own names;
//! - either of these with nothing but key rows or one repeated character before or after it (`password1234567`);
//! - anything made of key rows and repeated characters alone (`1234567890qwertyuiop`, `1q2w3e4r5t6y7u8i`);
//! - either of these repeated, and anything shorter than [`MinimumLength::FLOOR`] repeated (`abc123abc123abc`).
//!
//! The derived ones matter: lists of stolen passwords come from sites that asked for 6 or 8 characters and hold
//! few of 15, and this is what people make of an old password that has become too short.
//!
//! It leaves out what would need more than the password and its owner: lists of breached pairs, and dictionaries.

mod blocklist;
mod context;
mod pattern;

pub use context::{About, ServiceWords};

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use self::pattern::Rows;
use crate::password::Password;

/// The rules of one server.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// How long a password must be.
    pub minimum: MinimumLength,
    /// Words that everybody who attacks this server would try.
    pub service: ServiceWords,
}

/// How many code points a password must have: 15, or by configuration fewer, but never fewer than 8.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct MinimumLength(u8);

impl MinimumLength {
    /// What SP 800-63B-4 asks of a password that is the only factor.
    pub const DEFAULT: Self = Self(15);
    /// What it asks of any password.
    pub const FLOOR: Self = Self(8);
    /// Passwords of this length must be allowed, so the minimum can't be longer.
    pub const CEILING: Self = Self(64);

    /// Accepts a number of code points from 8 to 64.
    pub fn new(code_points: u8) -> Result<Self, NotAMinimumLength> {
        if (Self::FLOOR..=Self::CEILING).contains(&Self(code_points)) {
            Ok(Self(code_points))
        } else {
            Err(NotAMinimumLength)
        }
    }

    /// The number of code points.
    #[must_use]
    pub const fn code_points(self) -> usize {
        self.0 as usize
    }
}

impl Default for MinimumLength {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The number can't be a minimum length.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a password's minimum length is 8 to 64 characters")]
pub struct NotAMinimumLength;

/// Why a text may not become a password; its message is for the person who chose it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// It has too few code points.
    #[error(
        "This password is too short: use at least {minimum} characters. A few words are easy to remember."
    )]
    TooShort {
        /// How many it needs.
        minimum: usize,
    },
    /// It is on the blocklist, or is a password of that list with a row of keys before or after it.
    #[error("This password is one of those that are guessed first. Choose another one.")]
    Common,
    /// It is a name of this service or of its owner, or is one with a row of keys before or after it.
    #[error("This password is a name that anybody could guess here. Choose another one.")]
    Context,
    /// It is something short or guessable, repeated.
    #[error("This password repeats itself, which makes it easy to guess. Choose another one.")]
    Repeated,
    /// It is made of neighbouring keys, letters or digits in order.
    #[error("This password follows the keys of a keyboard or the alphabet. Choose another one.")]
    Pattern,
}

impl Refusal {
    /// The reason as a program reads it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::Common => "password_common",
            Self::Context => "password_context",
            Self::Repeated => "password_repeated",
            Self::Pattern => "password_pattern",
        }
    }
}

impl Rules {
    /// Says why `password` may not become the password of the one whom `about` describes.
    pub fn check(&self, password: &Password, about: &About<'_>) -> Result<(), Refusal> {
        let canonical = password.canonical();
        let minimum = self.minimum.code_points();
        // Each code point counts as one character (SP 800-63B-4 §3.1.1.2).
        if canonical.chars().count() < minimum {
            return Err(Refusal::TooShort { minimum });
        }
        let about = about.words();
        let known = |text: &str| {
            if blocklist::contains(text) {
                Some(Refusal::Common)
            } else if self.service.contains(text) || about.iter().any(|word| **word == *text) {
                Some(Refusal::Context)
            } else {
                None
            }
        };
        place(&fold(&canonical), known).map_or(Ok(()), Err)
    }
}

/// Where on the list of whole passwords a folded text stands, if what attackers try is `known`.
fn place(folded: &str, known: impl Fn(&str) -> Option<Refusal>) -> Option<Refusal> {
    let rows = Rows::of(folded);
    known(folded)
        .or_else(|| rows.is_all().then_some(Refusal::Pattern))
        .or_else(|| {
            let unit = pattern::repeated_unit(folded)?;
            let short = unit.chars().count() < MinimumLength::FLOOR.code_points();
            let refused = short || known(unit).is_some() || Rows::of(unit).is_all();
            refused.then_some(Refusal::Repeated)
        })
        .or_else(|| rows.cores().find_map(known))
}

/// The form in which two texts are compared: form C without regard to case. Upper case comes first so that *ß*
/// meets *ss* and *ſ* meets *s*; it is for comparing alone, and nothing is hashed in this form.
fn fold(text: &str) -> Zeroizing<String> {
    let lower = text.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let mut folded = Zeroizing::new(String::with_capacity(text.len() * 3));
    folded.extend(lower.nfc());
    folded
}

#[cfg(test)]
mod tests;
