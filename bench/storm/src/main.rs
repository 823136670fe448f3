//! A storm of sign-ins at a fixed rate, and session checks at another meanwhile: an open loop, in which a slow answer
//! slows nothing down.
//!
//! `bench-storm PORT SECONDS RATE FILE`: the file's first line is the cookie of the checks, each further line the JSON
//! body of a sign-in; they are taken in turn. Prints what was seen, `name value` on each line. A check is timed from the
//! moment at which it was due, so that a check which waits for another one counts the wait. Sign-ins come from many
//! addresses of this machine, because the server is fair to networks, and give way to the checks on the load's own core.

mod checks;
mod connection;
mod sign_ins;

use std::env;
use std::fs;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::sign_ins::Counts;

/// What both sides go by.
struct Plan {
    port: u16,
    begin: Instant,
    lasts: Duration,
}

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().context("usage: bench-storm PORT SECONDS RATE FILE");
    let (port, seconds): (_, f64) = (next()?.parse()?, next()?.parse()?);
    let (rate, file): (f64, _) = (next()?.parse()?, fs::read_to_string(next()?)?);
    let mut lines = file.lines();
    let cookie = lines.next().context("the file has no cookie")?;
    let bodies: Vec<&str> = lines.collect();

    let plan = Plan { port, begin: now(), lasts: Duration::from_secs_f64(seconds) };
    let over = AtomicBool::new(false);
    let counts = Counts::default();
    let mut latencies = thread::scope(|scope| {
        let checking: Vec<_> = (0..checks::LANES)
            .map(|lane| {
                let plan = &plan;
                scope.spawn(move || checks::run(plan, cookie, lane))
            })
            .collect();
        if rate > 0.0 {
            scope.spawn(|| sign_ins::run(&plan, &bodies, rate, &over, &counts));
        }
        let mut latencies = Vec::new();
        for lane in checking {
            latencies.extend(lane.join().map_err(|_| anyhow!("a lane panicked"))??);
        }
        over.store(true, Relaxed);
        anyhow::Ok(latencies)
    })?;
    latencies.sort();
    println!("checks {}", latencies.len());
    println!("p50_us {}", quantile(&latencies, 50).as_micros());
    println!("p99_us {}", quantile(&latencies, 99).as_micros());
    println!("signed_in {}", counts.signed_in.load(Relaxed));
    println!("told_to_wait {}", counts.told_to_wait.load(Relaxed));
    println!("unanswered {}", counts.unanswered.load(Relaxed));
    Ok(())
}

/// The value that `percent` of all do not exceed.
fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or_default()
}

impl Plan {
    /// Waits until `due`, counted from the beginning.
    fn await_due(&self, due: Duration) {
        thread::sleep(due.saturating_sub(self.elapsed()));
    }

    fn elapsed(&self) -> Duration {
        now().duration_since(self.begin)
    }
}

#[expect(clippy::disallowed_methods, reason = "a load keeps time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(quantile(&sorted, 50), Duration::from_millis(100));
        assert_eq!(quantile(&sorted, 99), Duration::from_millis(198));
        assert_eq!(quantile(&sorted[..1], 99), Duration::from_millis(1));
        assert_eq!(quantile(&[], 99), Duration::ZERO);
    }
}
