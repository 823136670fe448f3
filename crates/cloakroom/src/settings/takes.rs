//! How a setting's text becomes a value, and how what was expected is said.
//!
//! The plain kinds are here: durations, sizes, whole numbers, words, lists. Addresses, places and keys have files of
//! their own.

use std::time::Duration;

/// What a setting accepts.
pub(crate) trait Takes {
    /// What the text becomes.
    type Value;

    /// The accepted values in words, as the end of a sentence that begins with "expected".
    fn expected(&self) -> String;

    /// The value, or why there is none.
    fn read(&self, text: &str) -> Result<Self::Value, Wrong>;
}

/// Why a text is not a value.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Wrong {
    /// It is not of the expected shape; there is nothing to add.
    Shape,
    /// It has the shape, and something else is the matter.
    Because(&'static str),
    /// The same, in the words of whoever read it.
    Says(String),
}

/// A second.
pub(super) const SECOND: Duration = Duration::from_secs(1);
/// A minute.
pub(super) const MINUTE: Duration = Duration::from_mins(1);
/// An hour.
pub(super) const HOUR: Duration = Duration::from_hours(1);
/// A day of 24 hours.
pub(super) const DAY: Duration = Duration::from_hours(24);

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A duration between two others, both allowed.
pub(super) struct Lasting {
    /// The shortest.
    pub(super) from: Duration,
    /// The longest.
    pub(super) to: Duration,
}

impl Takes for Lasting {
    type Value = Duration;

    fn expected(&self) -> String {
        format!(
            "a duration from {} to {}: a whole number with ms, s, m, h or d",
            duration_text(self.from),
            duration_text(self.to)
        )
    }

    fn read(&self, text: &str) -> Result<Duration, Wrong> {
        let millis = number_with_unit(text, &UNITS).ok_or(Wrong::Shape)?;
        let duration = Duration::from_millis(millis);
        if duration < self.from || duration > self.to { Err(Wrong::Shape) } else { Ok(duration) }
    }
}

/// The duration as a setting is written, in the largest unit that leaves no rest.
pub(crate) fn duration_text(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, size) = UNITS
        .iter()
        .rev()
        .find(|(_, size)| millis != 0 && millis.is_multiple_of(*size))
        .unwrap_or(&UNITS[1]);
    format!("{}{unit}", millis / size)
}

const BINARY_UNITS: [(&str, u64); 4] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// A number of bytes between two others, both allowed.
pub(super) struct Bytes {
    /// The fewest.
    pub(super) from: u64,
    /// The most.
    pub(super) to: u64,
}

impl Takes for Bytes {
    type Value = u64;

    fn expected(&self) -> String {
        format!(
            "a size from {} to {}: a whole number with B, KiB, MiB or GiB",
            size_text(self.from),
            size_text(self.to)
        )
    }

    fn read(&self, text: &str) -> Result<u64, Wrong> {
        let bytes = number_with_unit(text, &BINARY_UNITS).ok_or(Wrong::Shape)?;
        if bytes < self.from || bytes > self.to { Err(Wrong::Shape) } else { Ok(bytes) }
    }
}

/// The size as a setting is written, in the largest unit that leaves no rest.
pub(crate) fn size_text(bytes: u64) -> String {
    let (unit, size) = BINARY_UNITS
        .iter()
        .rev()
        .find(|(_, size)| bytes != 0 && bytes.is_multiple_of(*size))
        .unwrap_or(&BINARY_UNITS[0]);
    format!("{}{unit}", bytes / size)
}

/// `10m`, with or without a space between; no sign, no fraction, nothing that overflows.
fn number_with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(end);
    let (_, size) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    digits.parse::<u64>().ok()?.checked_mul(*size)
}

/// A whole number between two others, both allowed.
pub(super) struct Whole {
    /// The least.
    pub(super) from: u32,
    /// The greatest.
    pub(super) to: u32,
}

impl Takes for Whole {
    type Value = u32;

    fn expected(&self) -> String {
        format!("a whole number from {} to {}", self.from, self.to)
    }

    fn read(&self, text: &str) -> Result<u32, Wrong> {
        let number = text.parse().map_err(|_| Wrong::Shape)?;
        if (self.from..=self.to).contains(&number) { Ok(number) } else { Err(Wrong::Shape) }
    }
}

/// One of a few words, each of which stands for a value.
pub(super) struct OneOf<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<T: Clone> Takes for OneOf<T> {
    type Value = T;

    fn expected(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| *word).collect();
        match words.as_slice() {
            [first, second] => format!("{first} or {second}"),
            _ => format!("one of {}", words.join(", ")),
        }
    }

    fn read(&self, text: &str) -> Result<T, Wrong> {
        self.0
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| value.clone())
            .ok_or(Wrong::Shape)
    }
}

/// A switch.
pub(super) const SWITCH: OneOf<bool> = OneOf(&[("true", true), ("false", false)]);

/// A word that means "nothing", or a value.
pub(super) struct Or<T>(pub(super) &'static str, pub(super) T);

impl<T: Takes> Takes for Or<T> {
    type Value = Option<T::Value>;

    fn expected(&self) -> String {
        format!("`{}` or {}", self.0, self.1.expected())
    }

    fn read(&self, text: &str) -> Result<Self::Value, Wrong> {
        if text == self.0 { Ok(None) } else { self.1.read(text).map(Some) }
    }
}

/// `none`, or values with commas between them.
pub(super) struct ListOf<T>(pub(super) T);

impl<T: Takes> Takes for ListOf<T> {
    type Value = Vec<T::Value>;

    fn expected(&self) -> String {
        format!("`none` or a list, with commas between, of {}", self.0.expected())
    }

    fn read(&self, text: &str) -> Result<Self::Value, Wrong> {
        if text == "none" {
            return Ok(Vec::new());
        }
        text.split(',').map(|item| self.0.read(item.trim())).collect()
    }
}

/// A text of which nothing is asked except that it is there.
pub(super) struct Word;

impl Takes for Word {
    type Value = String;

    fn expected(&self) -> String {
        "words".to_owned()
    }

    fn read(&self, text: &str) -> Result<String, Wrong> {
        if text.trim().is_empty() { Err(Wrong::Shape) } else { Ok(text.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_with_a_unit() {
        let takes = Lasting { from: Duration::ZERO, to: DAY * 365 };
        for (text, seconds) in
            [("30s", 30), ("10m", 600), ("24h", 86_400), ("30d", 2_592_000), ("1500 ms", 1)]
        {
            assert_eq!(takes.read(text).unwrap().as_secs(), seconds, "{text}");
        }
        for text in
            ["", "30", "s", "-1s", "1.5h", "1h30m", "30S", "30 minutes", "99999999999999999d"]
        {
            assert_eq!(takes.read(text), Err(Wrong::Shape), "{text}");
        }
    }

    #[test]
    fn a_duration_outside_its_bounds_is_wrong() {
        let takes = Lasting { from: MINUTE, to: HOUR };
        assert!(takes.read("60m").is_ok());
        assert!(takes.read("1m").is_ok());
        assert_eq!(takes.read("59s"), Err(Wrong::Shape));
        assert_eq!(takes.read("61m"), Err(Wrong::Shape));
        assert!(takes.expected().contains("from 1m to 1h"));
    }

    #[test]
    fn what_is_shown_is_read_again() {
        let takes = Lasting { from: Duration::ZERO, to: DAY * 365 };
        for text in ["250ms", "30s", "90d", "36h", "0s"] {
            assert_eq!(duration_text(takes.read(text).unwrap()), text);
        }
        let takes = Bytes { from: 0, to: u64::MAX };
        for text in ["64KiB", "19MiB", "1500B", "2GiB", "0B"] {
            assert_eq!(size_text(takes.read(text).unwrap()), text);
        }
    }

    #[test]
    fn a_size_names_its_unit() {
        let takes = Bytes { from: 1, to: 1 << 30 };
        assert_eq!(takes.read("64KiB"), Ok(65_536));
        for text in ["65536", "64KB", "64k", "2GiB", "0B"] {
            assert_eq!(takes.read(text), Err(Wrong::Shape), "{text}");
        }
    }

    #[test]
    fn a_list_may_be_empty_only_by_its_name() {
        assert_eq!(ListOf(Word).read("none"), Ok(vec![]));
        assert_eq!(ListOf(Word).read("one, two"), Ok(vec!["one".to_owned(), "two".to_owned()]));
        assert_eq!(ListOf(Word).read("one,,two"), Err(Wrong::Shape));
    }
}
