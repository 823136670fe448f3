//! What is compared: a row each, read by the table in the terminal and by the tables of the report.

use super::{
    figures::{AT_ONCE_MS, Absence, Column, SeenBy},
    units::{bytes, difference, time, time_ms},
};

/// A row.
pub(crate) struct Measure {
    /// What it says.
    pub(crate) name: &'static str,
    /// How much it is in one arrangement.
    pub(crate) cell: fn(&Column) -> String,
}

/// The time that a client waits.
pub(crate) const TIME: &[Measure] = &[
    Measure { name: "half of the answers come within", cell: |column| time(column.cost.p50_us) },
    Measure { name: "99 in 100 within", cell: |column| time(column.cost.p99_us) },
];

/// The work that a check is.
pub(crate) const PROCESSOR: &[Measure] = &[
    Measure {
        name: "processor time at the service",
        cell: |column| difference(column.cost.service_cpu_us.median),
    },
    Measure {
        name: "and at the server",
        cell: |column| difference(column.cost.server_cpu_us.median),
    },
];

/// What goes over the wire.
pub(crate) const WIRE: &[Measure] = &[
    Measure {
        name: "each request brings",
        cell: |column| bytes(as_float(column.traffic.credential)),
    },
    Measure { name: "and asks the server with", cell: |column| bytes(column.traffic.asked) },
    Measure {
        name: "a second at rest takes",
        cell: |column| bytes(column.traffic.standing_per_second),
    },
];

/// What is remembered.
pub(crate) const MEMORY: &[Measure] = &[
    Measure { name: "server's memory for each user", cell: |column| bytes(column.memory.server) },
    Measure { name: "and the service's", cell: |column| bytes(column.memory.service) },
];

/// What a sign-out is worth.
pub(crate) const REVOCATION: &[Measure] = &[
    Measure {
        name: "who signs out is refused after",
        cell: |column| time_ms(column.revocation.p50_ms),
    },
    Measure {
        name: "the longest took",
        cell: |column| match column.revocation.seen_by {
            SeenBy::Asking => time_ms(column.revocation.longest_ms),
            SeenBy::SettingTheClockAhead => "until it expires".to_owned(),
        },
    },
];

/// What becomes of it without the server.
pub(crate) const ABSENCE: &[Measure] = &[
    Measure {
        name: "server restarted: unanswered for",
        cell: |column| unanswered(&column.restart),
    },
    Measure {
        name: "server killed: goes on for",
        cell: |column| {
            let outage = &column.outage;
            if outage.not_served_ms <= 0.0 {
                format!("all of {}", time_ms(outage.server_away_ms))
            } else if outage.served_on_ms < AT_ONCE_MS {
                "no time".to_owned()
            } else {
                time_ms(outage.served_on_ms)
            }
        },
    },
    Measure {
        name: "and lets in who signed out before",
        cell: |column| if column.outage.let_in_who_signed_out { "yes" } else { "no" }.to_owned(),
    },
];

/// All of them, in the order in which they are shown.
pub(crate) const ALL: &[&[Measure]] = &[TIME, PROCESSOR, WIRE, MEMORY, REVOCATION, ABSENCE];

fn unanswered(absence: &Absence) -> String {
    if absence.not_served_ms > 0.0 { time_ms(absence.not_served_ms) } else { "never".to_owned() }
}

/// A size as a float.
#[expect(clippy::cast_precision_loss, reason = "far fewer bytes than a float can count")]
pub(crate) fn as_float(size: usize) -> f64 {
    size as f64
}
