//! Session checks in a storm of sign-ins (promise 10), beside those of an idle server.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::load::Account;
use super::sample::Sample;
use super::{LOAD_CORE, Scale, built, pinned, said, start};
use crate::server::{Folder, Server};

const ACCOUNTS: usize = 32;

/// More sign-ins a second than a core can hash, to see how many it can.
const TOO_MANY: f64 = 200.0;

/// The storm, as a multiple of that.
const TIMES_CAPACITY: f64 = 4.0;

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-storm")?;
    let server = start(folder.path(), &[])?;
    let plan = folder.path().join("plan");
    write_plan(&server, &plan)?;
    let blow = |rate| Seen::of(&server, &plan, scale.storm_seconds, rate);
    let capacity = blow(TOO_MANY)?.signed_in / seconds(scale);
    let rate = capacity * TIMES_CAPACITY;
    eprintln!("  {capacity:.0} sign-ins a second are hashed, the storm brings {rate:.0}");

    let (mut idle, mut storm) = (Times::default(), Times::default());
    let (mut ratio, mut last) = (Sample::default(), None);
    for run in 1..=scale.runs {
        let (calm, wild) = (blow(0.0)?, blow(rate)?);
        ratio.add(wild.p99_us / calm.p99_us);
        idle.add(&calm);
        storm.add(&wild);
        last = Some(wild);
        eprintln!("  run {run} of {}", scale.runs);
    }
    let last = last.context("there was no run")?;
    drop(server);
    folder.remove()?;

    let mut table = format!(
        "\n## Session checks in a storm of sign-ins\n\n\
         One core hashes {capacity:.0} passwords a second; the storm brings {rate:.0}. In its last run, {:.0} s, {} were \
         signed in and {} told to come back later.\n\n\
         | 400 checks a second | p50 | p99 | lowest to highest |\n| --- | --- | --- | --- |\n",
        seconds(scale),
        last.signed_in,
        last.told_to_wait,
    );
    for (name, times) in [("idle", &idle), ("in the storm", &storm)] {
        let Times { p50_us: p50, p99_us: p99 } = times;
        let (lowest, highest) = (p99.lowest(), p99.highest());
        writeln!(
            table,
            "| {name} | {:.0} µs | {:.0} µs | {lowest:.0} to {highest:.0} µs |",
            p50.median(),
            p99.median()
        )?;
    }
    let (lowest, highest) = (ratio.lowest(), ratio.highest());
    writeln!(table, "| ratio | | {:.2} | {lowest:.2} to {highest:.2} |", ratio.median())?;
    Ok(table)
}

/// What the load reads: the cookie of the checks, and the bodies of the sign-ins.
pub(crate) fn write_plan(server: &Server, plan: &Path) -> Result<()> {
    let mut connection = server.connect()?;
    let mut lines = Vec::new();
    for number in 0..ACCOUNTS {
        let (account, answer) = Account::create(&mut connection, number)?;
        if number == 0 {
            lines.push(answer.cookie().context("no cookie")?.to_owned());
        }
        lines.push(account.sign_in_body("cookie").to_string());
    }
    Ok(fs::write(plan, lines.join("\n"))?)
}

/// What the load saw.
struct Seen {
    p50_us: f64,
    p99_us: f64,
    signed_in: f64,
    told_to_wait: f64,
}

impl Seen {
    /// A storm of so many sign-ins a second, on the load's core.
    fn of(server: &Server, plan: &Path, seconds: u64, rate: f64) -> Result<Self> {
        let mut storm = built("bench-storm");
        storm.args([server.port().to_string(), seconds.to_string(), rate.to_string()]).arg(plan);
        let text = said(&mut pinned(LOAD_CORE, &storm))?;
        let value = |name: &str| {
            let mut pairs = text.lines().filter_map(|line| line.split_once(' '));
            let (_, value) = pairs.find(|(known, _)| *known == name).context(name.to_owned())?;
            anyhow::Ok(value.parse::<f64>()?)
        };
        ensure!(value("unanswered")? < 1.0, "sign-ins were answered otherwise: {text}");
        Ok(Self {
            p50_us: value("p50_us")?,
            p99_us: value("p99_us")?,
            signed_in: value("signed_in")?,
            told_to_wait: value("told_to_wait")?,
        })
    }
}

#[derive(Default)]
struct Times {
    p50_us: Sample,
    p99_us: Sample,
}

impl Times {
    fn add(&mut self, seen: &Seen) {
        self.p50_us.add(seen.p50_us);
        self.p99_us.add(seen.p99_us);
    }
}

#[expect(clippy::cast_precision_loss, reason = "some seconds")]
fn seconds(scale: &Scale) -> f64 {
    scale.storm_seconds as f64
}
