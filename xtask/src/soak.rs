//! The published counts: what `cargo xtask test` does a few times, done until luck is no explanation.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::needs;
use crate::shell::{cargo, run as run_shown};
use crate::stopwatch::{Shown, Stopwatch};
use crate::{cluster, crash, fuzz, steps};

#[derive(Args)]
pub(crate) struct Options {
    /// Soaks only this: races, kills, cluster, upgrade or fuzz; may be given several times
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
    /// How many schedules each race is run with
    #[arg(long, default_value_t = 100_000)]
    schedules: u64,
    /// How often the server is killed
    #[arg(long, default_value_t = 50)]
    kills: u64,
    /// How often each fault strikes a cluster under load
    #[arg(long, default_value_t = 10)]
    faults: u64,
    /// A binary of an older build: its nodes are replaced by this build's under load
    #[arg(long, value_name = "PATH")]
    older: Option<PathBuf>,
    /// How long each fuzz target runs, in seconds
    #[arg(long, default_value_t = 300)]
    fuzz_seconds: u64,
    /// Where the randomness of the kills and of the faults begins
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A part and what it soaks with, which tells how much that was.
type Part = (&'static str, fn(&Options) -> Result<String>);

const PARTS: &[Part] = &[
    ("races", |options| {
        races(options.schedules)?;
        Ok(format!("{} schedules of each race", options.schedules))
    }),
    ("kills", |options| {
        crash::run(options.kills, options.seed)?;
        Ok(format!("{} kills under load", options.kills))
    }),
    ("cluster", |options| {
        cluster::rounds(options.seed, options.faults)?;
        Ok(format!("{} faults of each kind under load", options.faults))
    }),
    ("upgrade", |options| {
        let Some(older) = &options.older else {
            ensure!(options.only.is_empty(), "say with --older which build comes before this one");
            return Ok("not run, for want of --older: nodes replaced by this build".to_owned());
        };
        cluster::upgrade(options.seed, older)?;
        Ok("nodes of an older build replaced by this one, one after the other".to_owned())
    }),
    ("fuzz", |options| {
        fuzz::run_each(options.fuzz_seconds)?;
        Ok(format!("{} s of each fuzz target", options.fuzz_seconds))
    }),
];

/// Runs all parts, and stops at the first failure.
pub(crate) fn run(options: &Options) -> Result<()> {
    for name in &options.only {
        ensure!(PARTS.iter().any(|(part, _)| part == name), "there is no part `{name}`");
    }
    let needed = steps::COMPILERS.iter().chain(steps::CLUSTER);
    needs::meet(needed.map(|need| (*need, "soak")))?;
    let mut report = String::new();
    for (name, soak) in PARTS {
        if options.only.is_empty() || options.only.iter().any(|only| only == name) {
            println!("=== {name}");
            let watch = Stopwatch::start();
            let count = soak(options).with_context(|| (*name).to_owned())?;
            writeln!(report, "{count}, in {}", Shown(watch.elapsed()))?;
        }
    }
    println!("\nnothing was found:\n{report}");
    Ok(())
}

fn races(schedules: u64) -> Result<()> {
    let mut test = cargo();
    test.env("CLOAKROOM_RACES", schedules.to_string());
    // Over a network schedules are few, whatever is asked for; those are part of every test.
    let races =
        ["--package=cloakroom-engine", "--test=it", "races::", "--", "--skip=::on_postgres"];
    run_shown(test.args(["test", "--locked", "--release"]).args(races))
}
