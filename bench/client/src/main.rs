//! What a client library needs for a question by itself: the one that a node asks to find a session, asked by nothing else.
//!
//! `bench-client postgres URL STATEMENT SECONDS FILE` runs a statement of ours, by its name; the file has the value of its
//! one parameter on each line, bytes in hexadecimal digits. `bench-client redis URL SECONDS FILE` asks the commands of the
//! file, words between spaces on each line. Both ask on as many connections as a node does, with as many questions open as
//! the bench has requests, and print how many were answered and the microseconds of processor time that one took.
//! Where hardly anything may be missing and more is, that ends it with an error: what is not found is cheap.

mod postgres;
mod processor;
mod redis;

use std::env;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How many questions are open at once.
const OPEN: usize = 32;

#[tokio::main]
async fn main() -> Result<()> {
    const USAGE: &str =
        "usage: bench-client postgres URL STATEMENT SECONDS FILE | redis URL SECONDS FILE";
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (asked, used) = match arguments[..] {
        ["postgres", url, statement, seconds, file] => {
            postgres::ask(url, statement, for_so_long(seconds)?, &fs::read_to_string(file)?).await?
        }
        ["redis", url, seconds, file] => {
            redis::ask(url, for_so_long(seconds)?, &fs::read_to_string(file)?).await?
        }
        _ => bail!(USAGE),
    };
    ensure!(asked > 0, "nothing was asked");
    let each = used.as_secs_f64() * 1e6 / f64::from(u32::try_from(asked)?);
    println!("{asked} {each}");
    Ok(())
}

fn for_so_long(seconds: &str) -> Result<Duration> {
    Ok(Duration::from_secs_f64(seconds.parse().context("SECONDS is no number")?))
}

#[expect(clippy::disallowed_methods, reason = "a load keeps time")]
fn now() -> Instant {
    Instant::now()
}
