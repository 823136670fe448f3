//! What was measured, and by which command: the model rests on these figures and on no others.
//!
//! A figure that nobody measured yet is `None`. The model then says what its results are without.

use super::figure::Figure;

/// One figure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) name: &'static str,
    /// `None` where it was not measured yet.
    pub(super) value: Option<f64>,
    pub(super) unit: &'static str,
    pub(super) what: &'static str,
    /// The command that measures it.
    pub(super) by: &'static str,
}

impl Cost {
    /// The cost of so many.
    pub(super) fn times(&self, count: f64) -> Figure {
        match self.value {
            Some(value) => Figure::of(value * count),
            // What is not done needs no measuring.
            None if count == 0.0 => Figure::default(),
            None => Figure::without(self.name),
        }
    }
}

macro_rules! costs {
    ($($name:ident: $value:expr, $unit:literal, $what:literal, $by:ident;)+) => {
        pub(super) struct Costs { $(pub(super) $name: Cost,)+ }

        pub(super) const MEASURED: Costs = Costs {
            $($name: Cost {
                name: stringify!($name),
                value: $value,
                unit: $unit,
                what: $what,
                by: $by,
            },)+
        };

        impl Costs {
            pub(super) fn all(&self) -> Vec<Cost> {
                vec![$(self.$name,)+]
            }
        }
    };
}

const COST: &str = "cargo xtask bench --only cost";
const MEMORY: &str = "cargo xtask bench --only memory";
const ACTS: &str = "cargo xtask bench --only acts";
const COLD: &str = "cargo xtask bench --only cold";
const SCALE: &str = "cargo xtask bench --only scale";
const GUESTS: &str = "redis-cli --eval xtask/src/scale/guests.lua";
const CALLS: &str = "sh xtask/src/scale/calls.sh";
const ROWS: &str = "psql DATABASE --file xtask/src/scale/rows.sql";

costs! {
    check_by_cookie: Some(11.1), "µs", "processor time of a session check by cookie, from a warm memory", COST;
    check_by_token: Some(12.8), "µs", "processor time of a session check by token, from a warm memory", COST;
    fill: Some(24.5), "µs", "processor time of a check where the session must be read first", COLD;
    refresh: Some(241.3), "µs", "processor time of a refresh, over PostgreSQL", ACTS;
    sign_in: Some(15_760.0), "µs", "processor time of a sign-in, nearly all of it Argon2id", ACTS;
    sign_out: Some(327.0), "µs", "processor time of a sign-out", ACTS;
    data_write: Some(172.0), "µs", "processor time of a write of 1 KiB of session data", ACTS;
    node_at_rest: Some(28.4), "MiB", "memory of a node that remembers nobody", MEMORY;
    remembered_session: Some(432.0), "bytes", "memory of a node for each session that it remembers", MEMORY;
    heard_row: Some(123.0), "bytes", "memory of a node for each row of the log that still concerns something", SCALE;
    postgres_fill: Some(20.3), "µs", "processor time of PostgreSQL for a session that is read", ACTS;
    postgres_refresh: Some(381.4), "µs", "processor time of PostgreSQL for a refresh", ACTS;
    postgres_sign_in: Some(1_320.0), "µs", "processor time of PostgreSQL for a sign-in", ACTS;
    postgres_sign_out: Some(816.0), "µs", "processor time of PostgreSQL for a sign-out", ACTS;
    postgres_data_write: Some(299.0), "µs", "processor time of PostgreSQL for a write of session data", ACTS;
    postgres_last_seen: Some(152.3), "µs", "processor time of PostgreSQL for a last-seen time", ACTS;
    wal_refresh: Some(452.0), "bytes", "PostgreSQL's own log for a refresh", ACTS;
    wal_sign_in: Some(2_441.0), "bytes", "PostgreSQL's own log for a sign-in", ACTS;
    wal_sign_out: Some(1_335.0), "bytes", "PostgreSQL's own log for a sign-out", ACTS;
    wal_data_write: Some(693.0), "bytes", "PostgreSQL's own log for a write of session data", ACTS;
    wal_last_seen: Some(538.0), "bytes", "PostgreSQL's own log for a last-seen time", ACTS;
    user_row: Some(454.0), "bytes", "a user in PostgreSQL, with its indices", ROWS;
    session_row: Some(427.0), "bytes", "a signed-in session in PostgreSQL, with its indices", ROWS;
    guest_row: Some(357.0), "bytes", "a guest in PostgreSQL, with its indices", ROWS;
    grant_row: Some(475.0), "bytes", "a grant in PostgreSQL, with its indices", ROWS;
    document_row: Some(197.0), "bytes", "a document in PostgreSQL, beside its own bytes", ROWS;
    log_row: Some(138.0), "bytes", "a row of the log in PostgreSQL, with its indices", ROWS;
    event_row: Some(454.0), "bytes", "an event in PostgreSQL, with its indices", ROWS;
    redis_guest: Some(1_418.0), "bytes", "a guest in Redis", GUESTS;
    redis_document: Some(216.0), "bytes", "a document in Redis, beside its own bytes", GUESTS;
    redis_session: Some(579.0), "bytes", "a signed-in session in the shared memory in Redis", GUESTS;
    redis_calls: Some(138_800.0), "a second", "reads of a guest that one Redis answers in a second of its thread", CALLS;
}
