//! What was found, for each kind of fault: how much was asked, what came of it, how long it took.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::checker::Violation;
use super::faults::Fault;
use super::history::{Operation, Outcome};

/// So much of what is wrong is shown of each round.
const SHOWN: usize = 5;

pub(crate) struct Round {
    fault: Fault,
    asked: Asked,
    delays: Vec<Duration>,
    recovered: Duration,
    lost: usize,
    /// What no promise explains, losses among it.
    violations: usize,
    /// The first of that, and of answers that nobody should get.
    shown: Vec<String>,
}

/// How much was asked, and what came of it.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    operations: usize,
    acknowledged: usize,
    /// Asked, and not known whether it was done.
    unknown: usize,
    /// There was nobody to be asked.
    unsent: usize,
}

/// All rounds of each kind.
#[derive(Default)]
pub(crate) struct Report(BTreeMap<(&'static str, Fault), Vec<Round>>);

impl Asked {
    pub(crate) fn of(operations: &[Operation]) -> Self {
        let count = |outcome: Outcome| operations.iter().filter(|it| it.outcome == outcome).count();
        Self {
            operations: operations.len(),
            acknowledged: count(Outcome::Acknowledged),
            unknown: count(Outcome::Unknown),
            unsent: count(Outcome::Unsent),
        }
    }
}

impl Round {
    pub(crate) fn new(
        fault: Fault,
        asked: Asked,
        (delays, strange): (Vec<Duration>, &[String]),
        recovered: Duration,
    ) -> Self {
        let answers = strange.iter().map(|it| format!("an answer that nobody should get: {it}"));
        Self {
            fault,
            asked,
            delays,
            recovered,
            lost: 0,
            violations: strange.len(),
            shown: answers.take(SHOWN).collect(),
        }
    }

    /// The same with what the history shows.
    pub(crate) fn with(mut self, violations: &[Violation], operations: &[Operation]) -> Self {
        let violated = violations.iter().map(|it| it.shown(operations).to_string());
        self.lost += violations.iter().filter(|it| it.is_loss()).count();
        self.violations += violations.len();
        self.shown.extend(violated.take(SHOWN));
        self
    }
}

impl Report {
    pub(crate) fn add(&mut self, running: &'static str, round: Round) {
        self.0.entry((running, round.fault)).or_default().push(round);
    }

    /// Prints it.
    ///
    /// # Errors
    ///
    /// When there was a history that no promise explains.
    pub(crate) fn finish(&self, seed: u64) -> Result<()> {
        println!("\n{self}");
        let is_clean = self.0.values().flatten().all(|round| round.violations == 0);
        // Once more, and last: of a long output the end is what somebody is shown.
        for ((running, _), rounds) in &self.0 {
            for round in rounds.iter().filter(|round| round.violations > 0) {
                println!("{running}: {round}\n");
            }
        }
        ensure!(is_clean, "there are histories that no promise explains, with seed {seed}");
        Ok(())
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, asked, .. } = self;
        let Asked { operations, acknowledged, unknown, unsent } = asked;
        write!(
            f,
            "{}: {operations} operations, {acknowledged} acknowledged, {unknown} without an answer, {unsent} with nobody \
             there; refused everywhere after {}; served again after {} ms",
            fault.name(),
            Delays(&self.delays),
            self.recovered.as_millis(),
        )?;
        for shown in &self.shown {
            write!(f, "\n{shown}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| on | fault | times | operations | lost | violations | refused everywhere after (p50 / p99 / longest) | \
             served again after |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
        )?;
        for ((running, fault), rounds) in &self.0 {
            let sum = |count: fn(&Round) -> usize| rounds.iter().map(count).sum::<usize>();
            let delays: Vec<Duration> =
                rounds.iter().flat_map(|round| &round.delays).copied().collect();
            let recovered = rounds.iter().map(|round| round.recovered).max().unwrap_or_default();
            writeln!(
                f,
                "| {running} | {} | {} | {} | {} | {} | {} | {} ms |",
                fault.name(),
                rounds.len(),
                sum(|round| round.asked.operations),
                sum(|round| round.lost),
                sum(|round| round.violations),
                Delays(&delays),
                recovered.as_millis(),
            )?;
        }
        Ok(())
    }
}

/// How long it took from the acknowledgement of an end until another node refused.
struct Delays<'a>(&'a [Duration]);

impl fmt::Display for Delays<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut delays = self.0.to_vec();
        delays.sort_unstable();
        let Some(longest) = delays.last() else { return f.write_str("no other node was asked") };
        let at = |per_cent: usize| delays[(delays.len() - 1) * per_cent / 100].as_millis();
        write!(f, "{} / {} / {} ms of {}", at(50), at(99), longest.as_millis(), delays.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_shown_by_their_ranks() {
        let delays: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(Delays(&delays).to_string(), "100 / 198 / 200 ms of 200");
        assert_eq!(Delays(&delays[..1]).to_string(), "200 / 200 / 200 ms of 1");
        assert_eq!(Delays(&[]).to_string(), "no other node was asked");
    }
}
