//! What the authorization server does in a second of processor time, beside the npm package `oidc-provider` doing the same
//! and, where one request is all of it, beside the bare framework answering the same bytes.
//!
//! All of them get the same requests from the same load, on the same core. `oidc-provider` is measured where Node.js is
//! there.

mod ask;
mod oidc_provider;
mod ours;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use self::ask::{Secrets, Step};
use self::oidc_provider::OidcProvider;
use self::ours::Ours;
use super::bare::Bare;
use super::process::cpu_time;
use super::sample::Sample;
use super::{LOAD_CORE, Scale, built, jose, pinned, said};
use crate::server::Folder;

/// Enough that no server waits for the load; each has a person of its own.
const CONNECTIONS: usize = 32;

/// What is asked, and in how many requests.
const SCENARIOS: [Scenario; 5] = [
    Scenario { name: "authorize, code, tokens", file: "code", steps: ask::code_flow },
    Scenario { name: CLIENT_CREDENTIALS, file: "service", steps: ask::client_credentials },
    Scenario { name: "refresh", file: "refresh", steps: ask::refresh },
    Scenario { name: "introspection", file: "introspection", steps: ask::introspection },
    Scenario { name: "UserInfo", file: "userinfo", steps: ask::user_info },
];
const CLIENT_CREDENTIALS: &str = "client credentials";

struct Scenario {
    name: &'static str,
    file: &'static str,
    steps: fn(&Secrets) -> Vec<Step>,
}

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-oauth")?;
    let ours = Ours::start(&folder)?;
    let theirs = OidcProvider::start(&ours.secrets)?;
    let mut rows = SCENARIOS
        .iter()
        .map(|scenario| Row::new(scenario, &ours, theirs.as_ref(), folder.path()))
        .collect::<Result<Vec<_>>>()?;
    for row in &rows {
        for side in row.sides() {
            side.run(scale.warm_up_seconds)?;
        }
        if let Some(theirs) = &row.theirs {
            theirs.run(scale.compiler_seconds)?;
        }
        eprintln!("  warm: {}", row.name);
    }
    for run in 1..=scale.runs {
        for row in &mut rows {
            row.run(scale.run_seconds)?;
        }
        eprintln!("  run {run} of {}", scale.runs);
    }
    let report = report(&rows, theirs.as_ref())?;
    drop((rows, theirs, ours));
    folder.remove()?;
    Ok(report)
}

/// One scenario, and everybody who is asked.
struct Row {
    name: &'static str,
    ours: Side,
    theirs: Option<Side>,
    /// Where one request is all of it.
    bare: Option<(Side, Bare)>,
    cpu_us: Sample,
    their_cpu_us: Sample,
    bare_cpu_us: Sample,
    /// How many times the processor time of ours theirs took, each by the run beside.
    times: Sample,
    /// How many times that of the bare framework ours took.
    beside_bare: Sample,
}

impl Row {
    fn new(
        scenario: &Scenario,
        ours: &Ours,
        theirs: Option<&OidcProvider>,
        folder: &Path,
    ) -> Result<Self> {
        let Scenario { name, file, steps } = scenario;
        let side = |who: &str, port, pid, people: &[Value]| {
            let plan = folder.join(format!("{who}-{file}.json"));
            Side::new(name, port, pid, plan, &steps(&ours.secrets), people)
        };
        let bare = match steps(&ours.secrets).as_slice() {
            [step] => {
                let answer = step.ask(&mut ours.connect()?, &ours.spare).context(*name)?;
                let bare = Bare::start(step.path, &folder.join(format!("answer-{file}")), &answer)?;
                Some((side("bare", bare.port(), bare.pid(), &ours.people)?, bare))
            }
            _ => None,
        };
        let theirs = theirs.map(|it| side("theirs", it.port(), it.pid(), &it.people));
        Ok(Self {
            name,
            ours: side("ours", ours.port(), ours.pid(), &ours.people)?,
            theirs: theirs.transpose()?,
            bare,
            cpu_us: Sample::default(),
            their_cpu_us: Sample::default(),
            bare_cpu_us: Sample::default(),
            times: Sample::default(),
            beside_bare: Sample::default(),
        })
    }

    fn sides(&self) -> impl Iterator<Item = &Side> {
        let bare = self.bare.as_ref().map(|(side, _)| side);
        [bare, Some(&self.ours), self.theirs.as_ref()].into_iter().flatten()
    }

    /// One run of each, one after the other.
    fn run(&mut self, seconds: u64) -> Result<()> {
        let bare = self.bare.as_ref().map(|(side, _)| side.run(seconds)).transpose()?;
        let ours = self.ours.run(seconds)?;
        let theirs = self.theirs.as_ref().map(|side| side.run(seconds)).transpose()?;
        self.cpu_us.add(ours);
        if let Some(bare) = bare {
            self.bare_cpu_us.add(bare);
            self.beside_bare.add(ours / bare);
        }
        if let Some(theirs) = theirs {
            self.their_cpu_us.add(theirs);
            self.times.add(theirs / ours);
        }
        Ok(())
    }
}

/// A server that is asked by a plan of its own, in which the load notes what it learns.
struct Side {
    name: &'static str,
    port: u16,
    pid: u32,
    plan: PathBuf,
}

impl Side {
    fn new(
        name: &'static str,
        port: u16,
        pid: u32,
        plan: PathBuf,
        steps: &[Step],
        people: &[Value],
    ) -> Result<Self> {
        let steps: Vec<Value> = steps.iter().map(Step::planned).collect();
        fs::write(&plan, json!({"steps": steps, "connections": people}).to_string())?;
        Ok(Self { name, port, pid, plan })
    }

    /// The processor time of a round, in microseconds.
    fn run(&self, seconds: u64) -> Result<f64> {
        let mut rounds = built("bench-rounds");
        rounds.args([self.port.to_string(), seconds.to_string()]).arg(&self.plan);
        let before = cpu_time(self.pid)?;
        let rounds = said(&mut pinned(LOAD_CORE, &rounds)).context(self.name)?;
        let used = cpu_time(self.pid)?.saturating_sub(before);
        Ok(used.as_secs_f64() * 1e6 / rounds.trim().parse::<f64>()?)
    }
}

fn report(rows: &[Row], theirs: Option<&OidcProvider>) -> Result<String> {
    let who = theirs.map_or("not measured: there is no Node.js here", OidcProvider::version);
    let mut report = format!(
        "\n## The authorization server\n\n{CONNECTIONS} connections; {who}.\n\n\
         | in a second of processor time | Cloakroom | `oidc-provider` | times as many | lowest to highest |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    for Row { name, cpu_us, their_cpu_us, times, .. } in rows {
        let ours = per_second(cpu_us.median());
        if theirs.is_some() {
            let theirs = per_second(their_cpu_us.median());
            let (lowest, highest) = (times.lowest(), times.highest());
            writeln!(
                report,
                "| {name} | {ours} | {theirs} | {:.1} | {lowest:.1} to {highest:.1} |",
                times.median()
            )?;
        } else {
            writeln!(report, "| {name} | {ours} | not measured | | |")?;
        }
    }
    report.push_str(
        "\n| request | CPU | bare CPU | ratio | lowest to highest |\n| --- | --- | --- | --- | --- |\n",
    );
    for Row { name, bare, cpu_us, bare_cpu_us, beside_bare, .. } in rows {
        if bare.is_none() {
            writeln!(report, "| {name} | {:.1} µs | | | |", cpu_us.median())?;
            continue;
        }
        writeln!(
            report,
            "| {name} | {:.1} µs | {:.1} µs | {:.2} | {:.2} to {:.2} |",
            cpu_us.median(),
            bare_cpu_us.median(),
            beside_bare.median(),
            beside_bare.lowest(),
            beside_bare.highest(),
        )?;
    }
    let row = rows.iter().find(|row| row.name == CLIENT_CREDENTIALS).context("no such row")?;
    let (signature, bare, ours) =
        (jose::raw_signature()?, row.bare_cpu_us.median(), row.cpu_us.median());
    let aim = 2.0_f64.mul_add(bare, signature);
    writeln!(
        report,
        "\nA raw Ed25519 signature takes {signature:.1} µs. Client credentials take {ours:.1} µs; the signature and twice \
         the bare framework are {aim:.1} µs.",
    )?;
    Ok(report)
}

/// How often something is done in a second that takes so many microseconds, as it is read: `12,300`.
fn per_second(microseconds: f64) -> String {
    let rounded = format!("{:.0}", 1e6 / microseconds);
    let groups: Vec<&[u8]> = rounded.as_bytes().rchunks(3).rev().collect();
    String::from_utf8_lossy(&groups.join(&b',')).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_written_in_groups() {
        assert_eq!(per_second(2000.0), "500");
        assert_eq!(per_second(100.0), "10,000");
        assert_eq!(per_second(0.5), "2,000,000");
    }
}
