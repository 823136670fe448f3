//! The passwords of the file, looked up where they lie: no heap, and no page of the file in memory that no
//! look-up has touched.

use zeroize::Zeroizing;

/// Folded, sorted by bytes, one a line.
const COMMON: &str = include_str!("common.txt");

/// Sentences that everybody knows, of letters and digits alone; in the same form.
const PHRASES: &str = include_str!("phrases.txt");

/// Whether a folded text is in one of the files. In a phrase, spaces and punctuation make no difference.
pub(super) fn contains(folded: &str) -> bool {
    let mut letters = Zeroizing::new(String::with_capacity(folded.len()));
    letters.extend(folded.chars().filter(|c| c.is_alphanumeric()));
    is_line_of(COMMON, folded) || is_line_of(PHRASES, &letters)
}

fn is_line_of(lines: &str, folded: &str) -> bool {
    let wanted = folded.as_bytes();
    let mut rest = lines.as_bytes();
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let start = rest[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end =
            rest[start..].iter().position(|byte| *byte == b'\n').map_or(rest.len(), |n| start + n);
        match rest[start..end].cmp(wanted) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => rest = rest.get(end + 1..).unwrap_or_default(),
            std::cmp::Ordering::Greater => rest = &rest[..start],
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::{MinimumLength, fold};
    use super::*;

    #[test]
    fn the_files_are_folded_sorted_and_without_repetition() {
        for file in [COMMON, PHRASES] {
            let lines: Vec<_> = file.lines().collect();
            assert!(lines.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
            for line in lines {
                assert_eq!(*fold(line), line);
                assert_eq!(line.trim(), line);
            }
        }
        assert!(PHRASES.lines().all(|line| line.chars().all(char::is_alphanumeric)));
    }

    #[test]
    fn it_holds_more_than_the_three_thousand_that_asvs_asks_for() {
        let floor = MinimumLength::FLOOR.code_points();
        assert!(COMMON.lines().filter(|line| line.chars().count() >= floor).count() > 16_000);
    }

    #[test]
    fn every_line_is_found_and_nothing_beside_it() {
        for line in COMMON.lines().chain(PHRASES.lines()) {
            assert!(contains(line), "{line}");
        }
        for absent in
            ["", "\n", "passwo", "passwordd", "zzzzzzzzzzzzz", "\u{10ffff}", "password\nq"]
        {
            assert!(!contains(absent), "{absent:?}");
        }
    }
}
