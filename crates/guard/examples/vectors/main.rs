//! Writes the vectors that every implementation of a guard passes: `vectors tokens` or `vectors follower`.
//!
//! The keys are those of RFC 7515 and RFC 8037: public, and fit for nothing else. What is to come out is written here by
//! hand, and not by the code that is tested with it.

#![expect(
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "a long table of cases, each a line"
)]

mod follower;
mod tokens;

fn main() {
    let vectors = match std::env::args().nth(1).as_deref() {
        Some("tokens") => tokens::all(),
        Some("follower") => follower::all(),
        _ => panic!("vectors of what: tokens or follower?"),
    };
    let text = serde_json::to_string_pretty(&vectors).expect("a value is written as JSON");
    println!("{text}");
}
