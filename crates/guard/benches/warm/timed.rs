//! Times and memory. Times are processor time of this thread: medians of seven runs in turn, smallest and largest in
//! brackets.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads a clock")]
#![expect(clippy::cast_precision_loss, reason = "nanoseconds are far below 2^52")]

use std::hint::black_box;
use std::time::Duration;

use cloakroom_guard::{Clock, SystemClock};

use crate::issuer::NOW;
use crate::stage::{Other, Stage, known, request, with_token};

const RUNS: usize = 7;
const ROUNDS: u64 = 200_000;
const COLD: u64 = 4_000;
const IDENTITIES: usize = 100_000;

pub(crate) async fn measure(stage: Stage) {
    let Stage { guard, token, cookie, .. } = &stage;
    let warm_token = runs(ROUNDS, |_| known(guard, token));
    let warm_cookie = runs(ROUNDS, |_| known(guard, cookie));
    line("warm token", &warm_token);
    line("warm cookie", &warm_cookie);
    cold(&stage);
    memory(&stage).await;
}

/// The machine's clocks, at the time of the tokens: reading them is a part of what is measured.
pub(crate) struct Ticking;

impl Clock for Ticking {
    fn wall(&self) -> u64 {
        black_box(SystemClock.wall());
        NOW
    }

    fn steady(&self) -> Duration {
        SystemClock.steady()
    }
}

/// Cold tokens, the raw signature over each, and `jsonwebtoken`, in turn.
fn cold(stage: &Stage) {
    let tokens = stage.cold("cold", COLD * RUNS as u64);
    let (key, jsonwebtoken) = (stage.key(), Other::new(&stage.issuer));
    let (mut raw, mut ours, mut other) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS as u64 {
        let token = |number: u64| &tokens[usize::try_from(run * COLD + number).unwrap_or(0)];
        raw.push(per_round(COLD, |number| {
            let token = token(number);
            let message = black_box(token.message.as_bytes());
            assert!(key.verify_sig(message, &token.signature).is_ok());
        }));
        ours.push(per_round(COLD, |number| known(&stage.guard, &token(number).request)));
        other.push(per_round(COLD, |_| jsonwebtoken.verify()));
    }
    let ratio = median(&ours) / median(&raw);
    line("raw signature (Ed25519)", &raw);
    line("cold token", &ours);
    line("jsonwebtoken, per request", &other);
    println!("cold token / raw signature: {ratio:.3}");
}

/// How much this process grows by remembering so many cookies, and so many tokens.
async fn memory(Stage { issuer, guard, .. }: &Stage) {
    let before = resident();
    for number in 0..IDENTITIES {
        let value = format!("cloakroom=cookie-{number:040}");
        issuer.said.session(&value, &uuid(number), &uuid(number + 1));
        guard.identify(&request("cookie", &value)).await.expect("good");
        issuer.said.forget(&value);
    }
    let cookies = resident().saturating_sub(before);
    println!(
        "{IDENTITIES} cookies ({} kept): {:.1} MiB",
        guard.health().remembered_cookies,
        mib(cookies)
    );
    let before = resident();
    for number in 0..IDENTITIES {
        known(guard, &with_token(&issuer.said.token(&uuid(number), &uuid(number + 1))));
    }
    let tokens = resident().saturating_sub(before);
    println!(
        "{IDENTITIES} tokens ({} kept): {:.1} MiB",
        guard.health().remembered_tokens,
        mib(tokens)
    );
}

fn runs(rounds: u64, mut one: impl FnMut(u64)) -> Vec<f64> {
    (0..RUNS).map(|_| per_round(rounds, &mut one)).collect()
}

/// Nanoseconds of this thread's processor time for each round.
fn per_round(rounds: u64, mut one: impl FnMut(u64)) -> f64 {
    let before = processor_time();
    (0..rounds).for_each(&mut one);
    processor_time().saturating_sub(before).as_nanos() as f64 / rounds as f64
}

fn processor_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn median(nanoseconds: &[f64]) -> f64 {
    let mut sorted = nanoseconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn line(name: &str, nanoseconds: &[f64]) {
    let least = nanoseconds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = nanoseconds.iter().copied().fold(0.0, f64::max);
    let middle = median(nanoseconds);
    println!("{name}: {:.3} µs [{:.3} to {:.3}]", middle / 1e3, least / 1e3, most / 1e3);
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

fn uuid(number: usize) -> String {
    format!("019aa1f2-6c1e-7d10-a1f5-{number:012}")
}
