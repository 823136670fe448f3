//! What people make when a password has to be longer: the same again, or along the keys.

use zeroize::Zeroizing;

/// Characters that stand next to each other, each row also read backwards: digits, the alphabet, the rows of
/// QWERTY, QWERTZ, AZERTY and ЙЦУКЕН, and the columns of QWERTY.
const ROWS: [&str; 26] = [
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopü",
    "asdfghjklöä",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "!@#$%^&*()_+",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "8ik,",
    "9ol.",
    "0p;/",
];

/// A piece of a row says little enough from this length on.
const RUN: usize = 3;

/// Where a text can be cut so that the one side is nothing but runs of at least three keys along rows, or of one
/// character; or two such texts dealt out alternately, as in `1q2w3e4r`.
pub(super) struct Rows<'a> {
    text: &'a str,
    /// Where in the text its characters begin, and where the last one ends.
    bytes: Vec<usize>,
    /// Whether everything from a character on is rows.
    from: Vec<bool>,
    /// Whether everything before a character is rows.
    before: Vec<bool>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut chars = Zeroizing::new(Vec::with_capacity(text.len()));
        chars.extend(text.chars());
        let bytes = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let from = is_rows_from(&chars);
        // A row may be read in either direction, so the front of a text is the end of the reversed one.
        chars.reverse();
        let mut before = is_rows_from(&chars);
        before.reverse();
        Self { text, bytes, from, before }
    }

    /// Whether the whole text is rows.
    pub(super) fn is_all(&self) -> bool {
        self.from[0]
    }

    /// What remains when rows are taken off the end or off the front, in every way that leaves something.
    pub(super) fn cores(&self) -> impl Iterator<Item = &'a str> {
        (1..self.bytes.len() - 1).flat_map(|at| {
            let (front, back) = self.text.split_at(self.bytes[at]);
            [self.from[at].then_some(front), self.before[at].then_some(back)].into_iter().flatten()
        })
    }
}

/// The shortest text that, at least twice in a row, makes `text`; the last time may be cut off.
pub(super) fn repeated_unit(text: &str) -> Option<&str> {
    let half = text.len() / 2;
    text.char_indices()
        .map(|(at, _)| at)
        .take_while(|at| *at <= half)
        .find(|at| *at > 0 && text.starts_with(&text[*at..]))
        .map(|at| &text[..at])
}

/// For each character, and for the end: whether everything from there on is rows. The end itself is not.
fn is_rows_from(chars: &[char]) -> Vec<bool> {
    let (straight, dealt) = (splits_from(chars, 1), splits_from(chars, 2));
    let mut from: Vec<_> =
        (0..chars.len()).map(|at| straight[at] || (dealt[at] && dealt[at + 1])).collect();
    from.push(false);
    from
}

/// For each character, and for the end: whether it and every `step`th one after it split into runs.
fn splits_from(chars: &[char], step: usize) -> Vec<bool> {
    let mut splits = vec![true; chars.len() + 1];
    for start in (0..chars.len()).rev() {
        // A longer run's beginning is a run too, so all of them are tried.
        splits[start] = (RUN..=longest_run(&chars[start..].iter().copied().step_by(step)))
            .any(|length| splits.get(start + length * step).is_none_or(|rest| *rest));
    }
    splits
}

/// How many characters from the front stand in one row, one after another in either direction, or are the same.
fn longest_run(chars: &(impl Iterator<Item = char> + Clone)) -> usize {
    let first = chars.clone().next();
    let same = chars.clone().take_while(|c| Some(*c) == first).count();
    let along = |row: &mut dyn Iterator<Item = char>| {
        let from_first = row.skip_while(|key| Some(*key) != first);
        chars.clone().zip(from_first).take_while(|(c, key)| c == key).count()
    };
    let longest = |row: &&str| along(&mut row.chars()).max(along(&mut row.chars().rev()));
    ROWS.iter().map(longest).fold(same, usize::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_either_direction_and_dealt_out_are_rows() {
        for rows in [
            "1234567890qwertyuiop",
            "abcdefghijklmno",
            "zyxwvutsrqponml",
            "1qaz2wsx3edc4rfv",
            "qazwsxedcrfvtgb",
            "1qazxsw23edcvfr4",
            "111222333444555",
            "1q2w3e4r5t6y7u8i",
            "q1w2e3r4t5y6u7i8o9p0",
            "йцукенгшщзхъ",
            "1234567890987654321",
            "aaaaaaaaaaaaaaa",
            "qwertzuiopasdfg",
        ] {
            assert!(Rows::of(rows).is_all(), "{rows}");
        }
        for other in ["", "ab", "1234567890x", "correcthorse", "abcdefgh ijklmnop", "qwertyuiopx"] {
            assert!(!Rows::of(other).is_all(), "{other}");
        }
    }

    #[test]
    fn a_unit_is_the_shortest_that_repeats() {
        for (text, unit) in [
            ("abcabc", Some("abc")),
            ("abcabcab", Some("abc")),
            ("aaaa", Some("a")),
            ("abab", Some("ab")),
            ("ababab", Some("ab")),
            ("ééé", Some("é")),
            ("passwordpassword", Some("password")),
            ("abcab", None),
            ("abcd", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(repeated_unit(text), unit, "{text}");
        }
    }

    #[test]
    fn a_core_is_what_runs_surround_on_one_side() {
        assert!(cores_of("password1234567").contains(&"password"));
        assert!(cores_of("!!!!!!!password").contains(&"password"));
        assert!(!cores_of("password12").contains(&"password"), "two keys are not a run");
        assert_eq!(cores_of("éa"), [""; 0]);
    }

    #[test]
    fn the_longest_password_is_judged_soon() {
        // Taking off either end leaves a core, unless what is taken off is fewer than three characters.
        assert_eq!(cores_of(&"x".repeat(1024)).len(), 2 * (1023 - 2));
    }

    fn cores_of(text: &str) -> Vec<&str> {
        Rows::of(text).cores().collect()
    }
}
