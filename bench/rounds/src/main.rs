//! A load whose requests depend on the answers before them: rounds of the same steps, on several connections at once, a
//! closed loop on each.
//!
//! `bench-rounds PORT SECONDS FILE`: the file is a plan ([`plan`]). Prints how many rounds there were, and writes the plan
//! back with what each connection knows now, so that the next run goes on where this one stopped. An answer of another
//! status than the expected one, or without what the next step needs, ends the run with an error: a server that fails is
//! fast.

mod connection;
mod plan;

use std::env;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::connection::Connection;
use crate::plan::{Known, Plan, Step};

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().context("usage: bench-rounds PORT SECONDS FILE");
    let (port, seconds, file): (u16, f64, _) = (next()?.parse()?, next()?.parse()?, next()?);
    let mut plan: Plan = serde_json::from_str(&fs::read_to_string(&file)?)?;
    let over = now() + Duration::from_secs_f64(seconds);
    let steps = &plan.steps;
    let rounds: usize = thread::scope(|scope| {
        let working: Vec<_> = plan
            .connections
            .iter_mut()
            .map(|known| scope.spawn(move || go_round(port, steps, known, over)))
            .collect();
        let mut rounds = 0;
        for connection in working {
            rounds += connection.join().map_err(|_| anyhow!("a connection panicked"))??;
        }
        anyhow::Ok(rounds)
    })?;
    fs::write(&file, serde_json::to_string(&plan)?)?;
    println!("{rounds}");
    Ok(())
}

/// Rounds on one connection until the time is over; the last one is finished.
fn go_round(port: u16, steps: &[Step], known: &mut Known, over: Instant) -> Result<usize> {
    let mut connection = Connection::open(port)?;
    let mut rounds = 0;
    while now() < over {
        for step in steps {
            let answer = connection.ask(&step.request(known, port))?;
            step.learn(&answer, known)?;
        }
        rounds += 1;
    }
    Ok(rounds)
}

#[expect(clippy::disallowed_methods, reason = "a load keeps time")]
fn now() -> Instant {
    Instant::now()
}
