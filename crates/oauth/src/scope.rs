//! RFC 6749 §3.3: what an access token allows, as a set of words.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A set of scope tokens, sorted and without repetition. Written as one text with spaces. Clones share the words.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(Arc<[String]>);

/// The longest text that is read.
pub const MAX_BYTES: usize = 1024;

impl Scope {
    /// Reads words with one space between them. An empty text is refused: whoever wants no scope says nothing.
    pub fn parse(text: &str) -> Result<Self, NotAScope> {
        // RFC 6749 §3.3: %x21 / %x23-5B / %x5D-7E.
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        let word = |word: &str| !word.is_empty() && word.bytes().all(allowed);
        if text.len() > MAX_BYTES || !text.split(' ').all(word) {
            return Err(NotAScope);
        }
        Ok(Self::of(text.split(' ').map(str::to_owned).collect()))
    }

    /// The set of these words, which are known to be scope tokens.
    #[must_use]
    pub fn of(mut words: Vec<String>) -> Self {
        words.sort_unstable();
        words.dedup();
        Self(words.into())
    }

    /// Whether no word is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `word` is in it.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|known| known == word)
    }

    /// Whether every word of it is in `granted`: RFC 6749 §6 lets a refresh narrow and never widen.
    #[must_use]
    pub fn is_within(&self, granted: &Self) -> bool {
        self.0.iter().all(|word| granted.contains(word))
    }

    /// The words that are in both.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|word| other.contains(word)).cloned().collect())
    }

    /// Its words, sorted.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl TryFrom<String> for Scope {
    type Error = NotAScope;

    fn try_from(text: String) -> Result<Self, NotAScope> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0.join(" ")
    }
}

/// The text is not a scope.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected words of printable ASCII with one space between them")]
pub struct NotAScope;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn order_and_repetition_mean_nothing() {
        let scope = Scope::parse("b a b").unwrap();
        assert_eq!(scope, Scope::parse("a b").unwrap());
        assert_eq!(scope.to_string(), "a b");
    }

    #[test]
    fn text_that_is_no_scope_is_refused() {
        assert!(Scope::parse("session:cookie").is_ok());
        for bad in ["", " ", "a  b", " a", "a ", "a\tb", "a\"b", "a\\b", "ü", &"x".repeat(1025)] {
            assert_eq!(Scope::parse(bad), Err(NotAScope), "{bad:?}");
        }
    }

    #[test]
    fn a_part_is_within_the_whole_and_not_the_other_way_round() {
        let (part, whole) = (Scope::parse("a").unwrap(), Scope::parse("a b").unwrap());
        assert!(part.is_within(&whole) && whole.is_within(&whole));
        assert!(!whole.is_within(&part));
        assert!(Scope::default().is_within(&part));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "[!#-\\[\\]-~]{1,8}( [!#-\\[\\]-~]{1,8}){0,5}") {
            let scope = Scope::parse(&text).unwrap();
            prop_assert_eq!(Scope::parse(&scope.to_string()).unwrap(), scope);
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC*") {
            let _ = Scope::parse(&text);
        }
    }
}
