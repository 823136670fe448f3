//! Time and randomness are arguments: every source of them that is in reach is forbidden by name in `clippy.toml`.
//!
//! Clippy itself enforces the list; this holds the list against what there is to forbid.

use crate::tree::{nothing_in, read};

const SOURCES: &[&str] = &[
    "std::time::SystemTime::now",
    "std::time::SystemTime::elapsed",
    "std::time::Instant::now",
    "std::time::Instant::elapsed",
    "rustix::time::clock_gettime",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "tokio::time::Instant::now",
    "tokio::time::Instant::elapsed",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v1",
    "uuid::Uuid::now_v6",
    "uuid::Uuid::now_v7",
    "rand::random",
    "rand::rng",
    "rand::thread_rng",
    "getrandom::fill",
    "aws_lc_rs::rand::fill",
];

#[test]
fn clippy_forbids_every_source_of_time_and_randomness() {
    let clippy: toml::Table = read("clippy.toml").parse().unwrap();
    let rules = clippy["disallowed-methods"].as_array().unwrap();
    let mut complaints = Vec::new();
    for source in SOURCES {
        let rule = rules.iter().find(|rule| rule["path"].as_str() == Some(source));
        match rule.map(|rule| rule.get("reason").and_then(toml::Value::as_str)) {
            None => complaints.push(format!("{source} is allowed")),
            Some(None) => complaints.push(format!("{source} is forbidden without a reason")),
            Some(Some(_)) => {}
        }
    }
    nothing_in(&complaints, "clippy.toml must forbid, with a reason:");
}

/// The lints are of no use where a crate may wave them away unseen.
#[test]
fn an_exception_is_an_expectation_with_a_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let clippy = &manifest["workspace"]["lints"]["clippy"];
    assert_eq!(clippy["allow_attributes"].as_str(), Some("deny"));
    assert_eq!(clippy["allow_attributes_without_reason"].as_str(), Some("deny"));
}
