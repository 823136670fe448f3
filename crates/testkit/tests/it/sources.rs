//! How sources are written, as far as a text search can tell.

use crate::tree::{File, nothing_in, sources};

/// A file that grows past this collects everything of one kind, and nobody reads it to its end any more.
const LONGEST: usize = 600;

/// Uniform tables, where length is no burden: path and why.
const TABLES: &[(&str, &str)] = &[];

/// Tests that may let time pass: path and why no event can be awaited instead.
const SLEEPERS: &[(&str, &str)] = &[];

#[test]
fn no_source_is_too_long_to_be_read() {
    let mut complaints = Vec::new();
    for file in sources() {
        let length = file.text.lines().count();
        if length > LONGEST && !TABLES.iter().any(|(path, _)| *path == file.path) {
            complaints.push(format!("{} has {length} lines", file.path));
        }
    }
    nothing_in(&complaints, &format!("longer than {LONGEST} lines and not a listed table:"));
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not hold what it forbids.
    let words = [
        format!("{}DO", "TO"),
        format!("FIX{}", "ME"),
        format!("X{}X:", "X"),
        format!("unimplemented{}(", "!"),
        format!("todo{}(", "!"),
        format!("#[{}", "ignore"),
    ];
    let mut complaints = Vec::new();
    for file in sources() {
        for (number, line) in file.lines() {
            if words.iter().any(|word| line.contains(word)) {
                complaints.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    nothing_in(&complaints, "unfinished, or a test that does not run:");
}

#[test]
fn tests_await_events_instead_of_sleeping() {
    let words = [format!("thread::{}(", "sleep"), format!("time::{}(", "sleep")];
    let mut complaints = Vec::new();
    for file in sources() {
        if SLEEPERS.iter().any(|(path, _)| *path == file.path) {
            continue;
        }
        for (number, line) in tests_of(&file) {
            if words.iter().any(|word| line.contains(word)) {
                complaints.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    nothing_in(
        &complaints,
        "a sleep in a test is too long on a good day and too short on a bad one:",
    );
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut complaints = Vec::new();
    for file in sources() {
        // Tests beside a decision are explained by the decision.
        let beside = file.path.ends_with("/tests.rs");
        if !beside && !file.text.starts_with("//! ") {
            complaints.push(file.path);
        }
    }
    nothing_in(&complaints, "sources that do not open with `//!`:");
}

#[test]
fn exceptions_name_a_file_that_exists() {
    let sources = sources();
    for (path, reason) in TABLES.iter().chain(SLEEPERS) {
        assert!(sources.iter().any(|file| file.path == *path), "{path} is listed, but gone");
        assert!(reason.len() > 10, "{path} is listed without a reason");
    }
}

/// The lines that only a test runs: a whole file below `tests/`, or what follows `#[cfg(test)]`.
fn tests_of(file: &File) -> Vec<(usize, &str)> {
    let whole = file.path.contains("/tests/") || file.path.ends_with("/tests.rs");
    let mut inside = whole;
    file.lines()
        .filter(|(_, line)| {
            inside |= line.trim() == "#[cfg(test)]";
            inside
        })
        .collect()
}
