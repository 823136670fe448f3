//! What the next page says about what was just done: one word in a cookie of a minute.
//!
//! An act answers with a redirect, so that loading its page again repeats nothing. The word does not go into the
//! address, where anybody could write it.

use std::time::Duration;

/// How long a note waits for its page.
pub(super) const LIVES: Duration = Duration::from_mins(1);

/// What was done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Note {
    Welcome,
    Recovered,
    ProfileChanged,
    PasswordChanged,
    PasswordChangedAndOthersOut,
    DeviceOut,
    DeviceOutAlready,
    OthersOut,
    AllOut,
    Withdrawn,
    LetIn,
    TurnedAway,
    Deleted,
}

/// Each note and its word.
const WORDS: [(Note, &str); 13] = [
    (Note::Welcome, "welcome"),
    (Note::Recovered, "recovered"),
    (Note::ProfileChanged, "profile-changed"),
    (Note::PasswordChanged, "password-changed"),
    (Note::PasswordChangedAndOthersOut, "password-changed-others-out"),
    (Note::DeviceOut, "device-out"),
    (Note::DeviceOutAlready, "device-out-already"),
    (Note::OthersOut, "others-out"),
    (Note::AllOut, "all-out"),
    (Note::Withdrawn, "withdrawn"),
    (Note::LetIn, "let-in"),
    (Note::TurnedAway, "turned-away"),
    (Note::Deleted, "deleted"),
];

impl Note {
    /// Reads the cookie's value.
    pub(super) fn parse(value: &str) -> Option<Self> {
        WORDS.iter().find(|(_, word)| *word == value).map(|(note, _)| *note)
    }

    /// The cookie's value.
    pub(super) fn word(self) -> &'static str {
        WORDS.iter().find(|(note, _)| *note == self).map_or("", |(_, word)| word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_note_is_read_as_it_was_written() {
        for (note, word) in WORDS {
            assert_eq!(note.word(), word);
            assert_eq!(Note::parse(word), Some(note));
        }
        assert_eq!(Note::parse(""), None);
        assert_eq!(Note::parse("Welcome"), None);
    }
}
