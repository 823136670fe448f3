//! A password's hash as storage keeps it, and whether a password matches it.

use std::fmt;

use cloakroom_model::password::Password;

use super::argon2id::{Argon2Hash, SALT};
use super::cost::Cost;
use super::legacy::Legacy;
use super::memory::{Memory, NoMemory};
use super::phc::Phc;

/// A hash: its text, and what the text means. It does not print.
#[derive(Clone)]
pub struct PasswordHash {
    text: String,
    scheme: Scheme,
}

#[derive(Clone)]
enum Scheme {
    Argon2(Argon2Hash),
    Legacy(Legacy),
}

/// What a check found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The password is the one.
    Match,
    /// The password is the one, and its hash is weaker than what is made now: make a new one and replace it.
    MatchUpgrade,
    /// The password is not the one.
    Mismatch,
}

impl PasswordHash {
    /// The longest text that can be a hash, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Hashes a password with 16 random bytes.
    pub fn make(
        password: &Password,
        salt: [u8; SALT],
        cost: Cost,
        memory: &mut Memory,
    ) -> Result<Self, NoMemory> {
        let hash = Argon2Hash::make(password.canonical().as_bytes(), salt, cost, memory)?;
        Ok(Self { text: hash.to_string(), scheme: Scheme::Argon2(hash) })
    }

    /// A hash that no password matches and that costs as much to check as one that was made with `cost`: for
    /// somebody who is not there, so that the time says nothing.
    #[must_use]
    pub fn of_nobody(cost: Cost) -> Self {
        let hash = Argon2Hash::of_nobody(cost);
        Self { text: hash.to_string(), scheme: Scheme::Argon2(hash) }
    }

    /// Reads what storage kept, or what comes from another system. A hash that can be read can be checked, within
    /// bounds of time and memory that are the same for every scheme.
    pub fn parse(text: impl Into<String>) -> Result<Self, Unusable> {
        let text = text.into();
        if text.len() > Self::MAX_BYTES {
            return Err(Unusable::Malformed);
        }
        let scheme = if text.starts_with("$argon2") {
            let phc = Phc::parse(&text).ok_or(Unusable::Malformed)?;
            Scheme::Argon2(Argon2Hash::parse(&phc)?)
        } else {
            Scheme::Legacy(Legacy::parse(&text)?)
        };
        Ok(Self { text, scheme })
    }

    /// The text that storage keeps.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Checks a password, in a time that does not depend on how much of it is right. `cost` is what a new hash
    /// would cost.
    ///
    /// Argon2 is checked against form C, as ours are made of it; the others against what was received.
    pub fn verify(
        &self,
        password: &Password,
        cost: Cost,
        memory: &mut Memory,
    ) -> Result<Verdict, NoMemory> {
        let (matches, weak) = match &self.scheme {
            Scheme::Argon2(hash) => {
                let matches = hash.matches(password.canonical().as_bytes(), memory)?;
                (matches, hash.is_weaker_than(cost))
            }
            Scheme::Legacy(hash) => (hash.matches(password.received().as_bytes()), true),
        };
        Ok(match (matches, weak) {
            (true, false) => Verdict::Match,
            (true, true) => Verdict::MatchUpgrade,
            (false, _) => Verdict::Mismatch,
        })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Why a text can't be used as a hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unusable {
    /// No scheme that is checked here begins like this.
    #[error("this is no hash of a known kind")]
    Unknown,
    /// It begins like a known scheme and does not go on like one.
    #[error("this hash is damaged")]
    Malformed,
    /// To check it would take more time or memory than anybody may cause.
    #[error("this hash would cost too much to check")]
    TooCostly,
    /// It protects nothing: MD5, or no salt.
    #[error("this hash protects nothing (MD5, or without salt): let its owner set a new password")]
    Worthless,
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost::danger_next_to_nothing();

    #[test]
    fn a_password_matches_its_own_hash_and_no_other() {
        let hash = make("correct horse", 1);
        assert_eq!(verify(&hash, "correct horse"), Verdict::Match);
        for other in ["Correct horse", "correct horse ", "correct hors", ""] {
            assert_eq!(verify(&hash, other), Verdict::Mismatch, "{other:?}");
        }
    }

    #[test]
    fn another_salt_makes_another_hash() {
        assert_ne!(make("correct horse", 1).as_str(), make("correct horse", 2).as_str());
        assert_eq!(make("correct horse", 1).as_str(), make("correct horse", 1).as_str());
    }

    #[test]
    fn a_hash_survives_storage() {
        let kept = make("correct horse", 1).as_str().to_owned();
        assert!(kept.starts_with("$argon2id$v=19$m=32,t=1,p=1$AQEBAQEBAQEBAQEBAQEBAQ$"));
        assert_eq!(verify(&PasswordHash::parse(kept).unwrap(), "correct horse"), Verdict::Match);
    }

    #[test]
    fn the_end_of_the_longest_password_counts() {
        let longest = "x".repeat(Password::MAX_BYTES);
        let hash = make(&longest, 1);
        assert_eq!(verify(&hash, &longest), Verdict::Match);
        assert_eq!(verify(&hash, &format!("{}y", &longest[1..])), Verdict::Mismatch);
        assert_eq!(verify(&hash, &longest[1..]), Verdict::Mismatch);
    }

    #[test]
    fn the_same_password_from_another_keyboard_matches() {
        assert_eq!(verify(&make("caf\u{e9}", 1), "cafe\u{301}"), Verdict::Match);
        assert_eq!(verify(&make("cafe\u{301}", 1), "caf\u{e9}"), Verdict::Match);
        assert_eq!(verify(&make("\u{fb01}x", 1), "fix"), Verdict::Mismatch);
    }

    #[test]
    fn a_cheaper_hash_than_is_made_now_asks_for_an_upgrade() {
        let mut memory = Memory::none();
        let hash = make("correct horse", 1);
        let verdict = hash.verify(&password("correct horse"), Cost::DEFAULT, &mut memory).unwrap();
        assert_eq!(verdict, Verdict::MatchUpgrade);
        let verdict = hash.verify(&password("wrong horse"), Cost::DEFAULT, &mut memory).unwrap();
        assert_eq!(verdict, Verdict::Mismatch);
    }

    #[test]
    fn nobodys_hash_has_the_cost_of_a_real_one_and_no_password() {
        let nobody = PasswordHash::of_nobody(CHEAP);
        assert_eq!(verify(&nobody, "correct horse"), Verdict::Mismatch);
        let head = |hash: &PasswordHash| hash.as_str().split('$').take(4).collect::<String>();
        assert_eq!(head(&nobody), head(&make("correct horse", 1)));
        assert!(PasswordHash::parse(nobody.as_str()).is_ok());
    }

    #[test]
    fn a_hash_does_not_print() {
        assert_eq!(format!("{:?}", make("correct horse", 1)), "PasswordHash(..)");
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for (text, why) in [
            ("", Unusable::Unknown),
            ("correct horse", Unusable::Unknown),
            ("$argon2id$", Unusable::Malformed),
            ("$argon2x$v=19$m=32,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q", Unusable::Unknown),
            ("$argon2id$v=19$m=32,t=1,p=1$c2FsdA$CTFhFdXPJO1aFaMaO6Mm5Q", Unusable::Malformed),
        ] {
            assert_eq!(PasswordHash::parse(text).err(), Some(why), "{text}");
        }
        let long = format!("$argon2id${}", "x".repeat(PasswordHash::MAX_BYTES));
        assert_eq!(PasswordHash::parse(long).err(), Some(Unusable::Malformed));
    }

    fn make(typed: &str, salt: u8) -> PasswordHash {
        PasswordHash::make(&password(typed), [salt; SALT], CHEAP, &mut Memory::none()).unwrap()
    }

    fn verify(hash: &PasswordHash, typed: &str) -> Verdict {
        hash.verify(&password(typed), CHEAP, &mut Memory::none()).unwrap()
    }

    fn password(typed: &str) -> Password {
        Password::new(typed.to_owned()).unwrap()
    }
}
