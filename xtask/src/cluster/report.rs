//! What was found, for each kind of fault: how much was asked, what came of it, how long it took.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::faults::Fault;
use super::history::{Operation, Outcome};
use super::load;

/// One round that broke no promise.
pub(crate) struct Round {
    fault: Fault,
    operations: usize,
    acknowledged: usize,
    /// Asked, and not known whether it was done.
    unknown: usize,
    unsent: usize,
    delays: Vec<Duration>,
    recovered: Duration,
}

/// All rounds of each kind.
#[derive(Default)]
pub(crate) struct Report(BTreeMap<(&'static str, Fault), Vec<Round>>);

impl Round {
    pub(crate) fn new(fault: Fault, brought: load::Report, recovered: Duration) -> Self {
        let count = |fits: fn(&Operation) -> bool| {
            brought.operations.iter().filter(|operation| fits(operation)).count()
        };
        Self {
            fault,
            operations: brought.operations.len(),
            acknowledged: count(|it| it.outcome == Outcome::Acknowledged),
            unknown: count(|it| it.outcome == Outcome::Unknown),
            unsent: count(|it| it.outcome == Outcome::Unsent),
            delays: brought.delays,
            recovered,
        }
    }
}

impl Report {
    pub(crate) fn add(&mut self, running: &'static str, round: Round) {
        self.0.entry((running, round.fault)).or_default().push(round);
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, operations, acknowledged, unknown, unsent, delays, recovered } = self;
        write!(
            f,
            "{}: {operations} operations, {acknowledged} acknowledged, {unknown} without an answer, {unsent} with nobody \
             there; {}; served again after {} ms",
            fault.name(),
            Delays(delays.clone()),
            recovered.as_millis(),
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| on | fault | times | operations | lost | violations | refusal after an end: p50 / p99 / longest | \
             served again after |\n| --- | --- | --- | --- | --- | --- | --- | --- |"
        )?;
        for ((running, fault), rounds) in &self.0 {
            let operations: usize = rounds.iter().map(|round| round.operations).sum();
            let delays = rounds.iter().flat_map(|round| &round.delays).copied().collect();
            let recovered = rounds.iter().map(|round| round.recovered).max().unwrap_or_default();
            writeln!(
                f,
                "| {running} | {} | {} | {operations} | 0 | 0 | {} | {} ms |",
                fault.name(),
                rounds.len(),
                Delays(delays),
                recovered.as_millis(),
            )?;
        }
        Ok(())
    }
}

/// How long it took from the acknowledgement of an end until another node refused.
struct Delays(Vec<Duration>);

impl fmt::Display for Delays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut delays = self.0.clone();
        delays.sort_unstable();
        let Some(longest) = delays.last() else { return f.write_str("none followed") };
        let at = |per_cent: usize| delays[(delays.len() - 1) * per_cent / 100].as_millis();
        write!(f, "{} / {} / {} ms of {}", at(50), at(99), longest.as_millis(), delays.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_shown_by_their_ranks() {
        let delays = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(Delays(delays).to_string(), "100 / 198 / 200 ms of 200");
        assert_eq!(Delays(vec![Duration::from_millis(7)]).to_string(), "7 / 7 / 7 ms of 1");
        assert_eq!(Delays(Vec::new()).to_string(), "none followed");
    }
}
