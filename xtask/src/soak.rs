//! The published counts: what `cargo xtask test` does a few times, done until luck is no explanation.

use anyhow::Result;
use clap::Args;

use crate::needs;
use crate::shell::{cargo, run as run_shown};
use crate::stopwatch::{Shown, Stopwatch};
use crate::{crash, fuzz, steps};

#[derive(Args)]
pub(crate) struct Options {
    /// How often the server is killed
    #[arg(long, default_value_t = 50)]
    kills: u64,
    /// How many schedules each race is run with
    #[arg(long, default_value_t = 100_000)]
    schedules: u64,
    /// How long each fuzz target runs, in seconds
    #[arg(long, default_value_t = 300)]
    fuzz_seconds: u64,
    /// Where the randomness begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Runs all of it, and stops at the first failure.
pub(crate) fn run(options: &Options) -> Result<()> {
    needs::meet(steps::COMPILERS.iter().map(|need| (*need, "soak")))?;
    let watch = Stopwatch::start();
    races(options.schedules)?;
    crash::run(options.kills, options.seed)?;
    fuzz::run_each(options.fuzz_seconds)?;
    println!(
        "soaked for {}: {} schedules of each race, {} kills, {} s of each fuzz target",
        Shown(watch.elapsed()),
        options.schedules,
        options.kills,
        options.fuzz_seconds,
    );
    Ok(())
}

fn races(schedules: u64) -> Result<()> {
    let mut test = cargo();
    test.env("CLOAKROOM_RACES", schedules.to_string());
    let races = ["--package=cloakroom-engine", "--test=it", "races::"];
    run_shown(test.args(["test", "--locked", "--release"]).args(races))
}
