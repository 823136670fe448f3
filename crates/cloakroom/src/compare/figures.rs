//! What was measured, in the shape that `--json` prints.

use std::time::Duration;

use serde::Serialize;

use super::arrangement::Arrangement;

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    /// This program's version.
    pub(crate) version: &'static str,
    /// On what.
    pub(crate) machine: Machine,
    /// Requests that were checked in each arrangement, and as many that were not.
    pub(crate) checks: u32,
    /// People whose memory was measured in each arrangement.
    pub(crate) users: u64,
    /// How long all of it took.
    pub(crate) took_seconds: f64,
    /// A column each.
    pub(crate) arrangements: Vec<Column>,
}

/// What it was measured on.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    /// As it calls itself.
    pub(crate) processor: String,
    /// Its cores, or threads of them.
    pub(crate) cores: usize,
    /// Its kernel.
    pub(crate) system: String,
    /// Whether this program was built to be fast.
    pub(crate) optimised: bool,
}

/// One arrangement.
#[derive(Debug, Serialize)]
pub(crate) struct Column {
    /// Which.
    pub(crate) arrangement: Arrangement,
    /// What it is.
    pub(crate) explained: &'static str,
    /// Time and processor time.
    pub(crate) cost: Cost,
    /// Bytes on the wire.
    pub(crate) traffic: Traffic,
    /// Memory for each user.
    pub(crate) memory: Memory,
    /// From an acknowledged sign-out to the refusal.
    pub(crate) revocation: Revocation,
    /// While the server is stopped and started again.
    pub(crate) restart: Absence,
    /// While the server is away after it was killed.
    pub(crate) outage: Absence,
    /// What the service answered from before the restart until after the outage.
    pub(crate) answers: Answers,
}

/// What a check costs.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "units stand last")]
pub(crate) struct Cost {
    /// From the request to the service's answer, of half of the requests at most, in microseconds.
    pub(crate) p50_us: f64,
    /// The same of 99 in 100.
    pub(crate) p99_us: f64,
    /// The same of half of those requests that were not checked.
    pub(crate) unchecked_p50_us: f64,
    /// Processor time of the service, beyond that of a request that is not checked, in microseconds.
    pub(crate) service_cpu_us: Spread,
    /// Processor time of the service for a request that is not checked, in microseconds.
    pub(crate) unchecked_cpu_us: Spread,
    /// Processor time of the server for each check, in microseconds.
    pub(crate) server_cpu_us: Spread,
}

impl Cost {
    /// What a check takes of both processors, in microseconds.
    pub(crate) fn both_us(&self) -> f64 {
        self.service_cpu_us.median.max(0.0) + self.server_cpu_us.median
    }
}

/// The middle of several rounds, and how far they lie apart.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    /// The middle one.
    pub(crate) median: f64,
    /// The lowest.
    pub(crate) lowest: f64,
    /// The highest.
    pub(crate) highest: f64,
}

impl Spread {
    /// Of some values; of none it is 0.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        Self {
            median: at(sorted.len() / 2),
            lowest: at(0),
            highest: at(sorted.len().saturating_sub(1)),
        }
    }
}

/// What goes over the wire.
#[derive(Debug, Serialize)]
pub(crate) struct Traffic {
    /// Bytes of the header by which each request brings its cookie or token.
    pub(crate) credential: usize,
    /// Bytes between service and server for each check, there and back.
    pub(crate) asked: f64,
    /// Bytes between them before the first request could be checked.
    pub(crate) to_start: u64,
    /// Bytes between them in a second in which nothing happens.
    pub(crate) standing_per_second: f64,
}

/// What one more user takes once they have been seen, in bytes.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    /// In the server.
    pub(crate) server: f64,
    /// In the service.
    pub(crate) service: f64,
}

/// How long a sign-out takes to arrive.
#[derive(Debug, Serialize)]
pub(crate) struct Revocation {
    /// The middle one, in milliseconds.
    pub(crate) p50_ms: f64,
    /// The longest.
    pub(crate) longest_ms: f64,
    /// How many people were signed out.
    pub(crate) trials: usize,
    /// How it was seen.
    pub(crate) seen_by: SeenBy,
}

/// How the end of a revocation's delay was seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeenBy {
    /// The service was asked until it refused.
    Asking,
    /// The service went on accepting, so its clock was set ahead until it refused.
    SettingTheClockAhead,
}

/// A time in which the server is not there.
#[derive(Debug, Serialize)]
pub(crate) struct Absence {
    /// From the word to stop, or the kill, until it was ready again, in milliseconds.
    pub(crate) server_away_ms: f64,
    /// How long the service went on answering after it had begun: no longer than it took altogether.
    pub(crate) served_on_ms: f64,
    /// For how long in all the service could not tell who asks.
    pub(crate) not_served_ms: f64,
    /// Whether the service let somebody in who had signed out before.
    pub(crate) let_in_who_signed_out: bool,
}

/// Nobody is asked more often than this, so that what takes less may have taken nothing, in milliseconds.
pub(crate) const AT_ONCE_MS: f64 = 25.0;

/// A service's answers over time.
#[derive(Debug, Serialize)]
pub(crate) struct Answers {
    /// To somebody who is signed in.
    pub(crate) to_signed_in: Vec<Span>,
    /// To somebody who signed out before.
    pub(crate) to_signed_out: Vec<Span>,
    /// When the server was told to stop, and when it was ready again.
    pub(crate) restart_ms: (f64, f64),
    /// When the server was killed, and when it was ready again.
    pub(crate) outage_ms: (f64, f64),
}

/// A time in which a service answered in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Span {
    /// When the first answer of it came, in milliseconds from the beginning.
    pub(crate) from_ms: f64,
    /// When the first answer came that was another one.
    pub(crate) to_ms: f64,
    /// The answer.
    pub(crate) answer: Answered,
}

/// How a service answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answered {
    /// It knows who it is.
    LetIn,
    /// It says that this is nobody, or nobody any more.
    Refused,
    /// It cannot tell.
    CannotTell,
}

/// In milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// In microseconds.
pub(crate) fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// A comparison as a machine could make it, for the tests of what is made of one.
#[cfg(test)]
pub(super) fn sample() -> Comparison {
    let spread = |median| Spread { median, lowest: median * 0.9, highest: median * 1.1 };
    let span = |from_ms, to_ms, answer| Span { from_ms, to_ms, answer };
    let columns = Arrangement::ALL.iter().zip(1_u8..).map(|(arrangement, number)| {
        let asks = arrangement.asks();
        let guarded = arrangement.guarded();
        let work = match (asks, guarded) {
            (true, _) => 80.0 * f64::from(number),
            (false, false) => 40.0,
            (false, true) => 0.4,
        };
        let forever = *arrangement == Arrangement::Jwt;
        let absence = |server_away_ms: f64| {
            let served_on_ms = match (asks, guarded) {
                (true, _) => 2.0,
                (false, false) => server_away_ms,
                (false, true) => server_away_ms.min(4600.0),
            };
            Absence {
                server_away_ms,
                served_on_ms,
                not_served_ms: if asks { server_away_ms } else { server_away_ms - served_on_ms },
                let_in_who_signed_out: forever,
            }
        };
        Column {
            arrangement: *arrangement,
            explained: arrangement.explained(),
            cost: Cost {
                p50_us: work * 2.0,
                p99_us: work * 4.0,
                unchecked_p50_us: 25.0,
                service_cpu_us: spread(work),
                unchecked_cpu_us: spread(12.0),
                server_cpu_us: spread(if asks { work / 2.0 } else { 0.0 }),
            },
            traffic: Traffic {
                credential: if arrangement.by_cookie() { 64 } else { 607 },
                asked: if asks { 797.0 } else { 0.0 },
                to_start: 625,
                standing_per_second: if guarded { 38.0 } else { 0.0 },
            },
            memory: Memory {
                server: if asks { 432.0 } else { 0.0 },
                service: if guarded { 460.0 } else { 0.0 },
            },
            revocation: Revocation {
                p50_ms: if forever { 594_004.2 } else { 3.5 },
                longest_ms: if forever { 594_004.2 } else { 8.25 },
                trials: 20,
                seen_by: if forever { SeenBy::SettingTheClockAhead } else { SeenBy::Asking },
            },
            restart: absence(194.0),
            outage: absence(7100.0),
            answers: Answers {
                to_signed_in: vec![
                    span(0.0, 700.0, Answered::LetIn),
                    span(700.0, 894.0, Answered::CannotTell),
                    span(894.0, 9600.0, Answered::LetIn),
                ],
                to_signed_out: vec![span(0.0, 9600.0, Answered::Refused)],
                restart_ms: (700.0, 894.0),
                outage_ms: (1600.0, 8700.0),
            },
        }
    });
    Comparison {
        version: "1.2.3",
        machine: Machine {
            processor: "Some CPU <fast>".to_owned(),
            cores: 2,
            system: "Linux 6.0".to_owned(),
            optimised: true,
        },
        checks: 5000,
        users: 4000,
        took_seconds: 21.5,
        arrangements: columns.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_its_middle_between_its_ends() {
        let spread = Spread::of(&[3.0, 1.0, 2.0, 9.0, 2.5]);
        assert_eq!((spread.lowest, spread.median, spread.highest), (1.0, 2.5, 9.0));
    }
}
