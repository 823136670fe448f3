//! What nodes share, as a measurement has it: a durable PostgreSQL and a Redis on the load's core, so that the server's is
//! the server's own.
//!
//! Sessions are stored by the database itself, from their numbers, because five million are; nothing is in the log or
//! among the events, as with [bench/seed](../../../bench/seed/Cargo.toml).

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cloakroom_testservers::{Postgres, Redis, postgres};

use super::LOAD_CORE;
use super::process::{children, cpu_time, cpu_time_of_family};
use crate::shell::{program, run_quietly};
use crate::stopwatch::{Shown, Stopwatch};

/// What the pages of a database may take in its own memory. Beyond it they are in the kernel's.
const BUFFERS: &str = "256MB";

/// So many are stored at once.
const BATCH: u64 = 250_000;
const SESSIONS_OF_EACH: u64 = 10;

pub(crate) struct Shared {
    postgres: Postgres,
    redis: Redis,
    /// Their processes; PostgreSQL's is the one that starts all others.
    postgres_pid: u32,
    redis_pid: u32,
}

/// When stored sessions were last used.
#[derive(Clone, Copy)]
pub(crate) enum Seen {
    /// A moment ago, so that a use is news and is written.
    Now,
    /// Later than anything that is measured, so that a use is no news: what it costs to look a session up is then not
    /// mixed with what it costs to write that it was used.
    Ahead,
}

impl Seen {
    fn milliseconds(self) -> u64 {
        match self {
            Self::Now => 0,
            Self::Ahead => 3_600_000,
        }
    }
}

impl Shared {
    pub(crate) fn start() -> Result<Self> {
        let more = vec![
            ("shared_buffers", BUFFERS.to_owned()),
            // A checkpoint in the midst of a run would be counted with it.
            ("max_wal_size", "8GB".to_owned()),
            ("checkpoint_timeout", "1h".to_owned()),
        ];
        let settings = postgres::Settings { more, ..postgres::Settings::default() };
        let (postgres, redis) = (Postgres::start_with(settings)?, Redis::start()?);
        let (postgres_pid, redis_pid) = (pid_of_postgres(&postgres)?, pid_of_redis(&redis)?);
        for pid in children(postgres_pid)?.into_iter().chain([postgres_pid, redis_pid]) {
            let pid = pid.to_string();
            run_quietly(program("taskset").args(["-acp", LOAD_CORE, &pid]))?;
        }
        Ok(Self { postgres, redis, postgres_pid, redis_pid })
    }

    /// A new empty database.
    pub(crate) fn create_database(&self) -> Result<Database<'_>> {
        Ok(Database { shared: self, name: self.postgres.create_database()? })
    }

    /// What a node is told of Redis.
    pub(crate) fn redis_url(&self) -> String {
        self.redis.url()
    }

    pub(crate) fn redis(&self) -> &Redis {
        &self.redis
    }

    /// The processor time of PostgreSQL so far, all its processes together.
    pub(crate) fn cpu_of_postgres(&self) -> Result<Duration> {
        cpu_time_of_family(self.postgres_pid)
    }

    /// The processor time of Redis so far.
    pub(crate) fn cpu_of_redis(&self) -> Result<Duration> {
        cpu_time(self.redis_pid)
    }

    /// How many bytes PostgreSQL has written to its own log so far.
    pub(crate) fn log_of_postgres(&self) -> Result<u64> {
        log_of(&self.postgres)
    }
}

/// How many bytes a PostgreSQL has written to its own log so far.
pub(super) fn log_of(postgres: &Postgres) -> Result<u64> {
    let bytes = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::BIGINT";
    Ok(postgres.sql("postgres", bytes)?.parse()?)
}

fn pid_of_postgres(postgres: &Postgres) -> Result<u32> {
    let pid = r"SELECT split_part(pg_read_file('postmaster.pid'), E'\n', 1)";
    Ok(postgres.sql("postgres", pid)?.parse()?)
}

/// The number of its process.
pub(super) fn pid_of_redis(redis: &Redis) -> Result<u32> {
    let about = redis.command(&["INFO", "server"])?;
    let pid = about.lines().find_map(|line| line.strip_prefix("process_id:"));
    Ok(pid.context("Redis does not tell its number")?.trim().parse()?)
}

pub(crate) struct Database<'a> {
    shared: &'a Shared,
    name: String,
}

impl Database<'_> {
    /// What a node is told of it.
    pub(crate) fn url(&self) -> String {
        self.shared.postgres.url(&self.name)
    }

    /// What the superuser is answered, in the schema of ours.
    pub(crate) fn sql(&self, statements: &str) -> Result<String> {
        let statements = format!("SET search_path = cloakroom; {statements}");
        Ok(self.shared.postgres.sql(&self.name, &statements)?)
    }

    /// Stores sessions with the numbers from `first` on, ten of each user. The schema is there: a node made it.
    pub(crate) fn store(&self, first: u64, count: u64, seen: Seen) -> Result<()> {
        ensure!(first.is_multiple_of(SESSIONS_OF_EACH), "whose would the sessions be?");
        self.sql(FUNCTIONS)?;
        let watch = Stopwatch::start();
        for begin in (first..first + count).step_by(usize::try_from(BATCH)?) {
            let end = (begin + BATCH).min(first + count);
            self.sql(&rows(begin, end, seen))?;
            if count > BATCH {
                let (stored, taken) = (end - first, Shown(watch.elapsed()));
                eprintln!("  {stored} of {count} sessions stored in {taken}");
            }
        }
        // What would begin by itself in the midst of a run, and what would be written then.
        // None of these can stand beside another statement.
        for alone in
            ["VACUUM ANALYZE cloakroom.users", "VACUUM ANALYZE cloakroom.sessions", "CHECKPOINT"]
        {
            self.shared.postgres.sql(&self.name, alone)?;
        }
        Ok(())
    }

    /// The cookies of so many of `count` stored sessions, in no order, each as a request sends it.
    pub(crate) fn cookies(&self, first: u64, count: u64, sample: u64) -> Result<Vec<String>> {
        self.of_some("'cloakroom=s' || bench_text(bench_secret(number))", first, count, sample)
    }

    /// The digests of the same sessions' secrets, in hexadecimal digits.
    pub(crate) fn digests(&self, first: u64, count: u64, sample: u64) -> Result<Vec<String>> {
        self.of_some("encode(sha256(bench_secret(number)), 'hex')", first, count, sample)
    }

    fn of_some(&self, what: &str, first: u64, count: u64, sample: u64) -> Result<Vec<String>> {
        let (last, step) = (first + count - 1, (count / sample).max(1));
        let lines = self.sql(&format!(
            "SELECT {what} FROM generate_series({first}::BIGINT, {last}, {step}) AS number
             ORDER BY md5(number::TEXT) LIMIT {sample}"
        ))?;
        Ok(lines.lines().map(str::to_owned).collect())
    }

    /// Writes the cookies of a sample where a load reads them.
    pub(crate) fn write_cookies(&self, to: &Path, count: u64, sample: u64) -> Result<()> {
        Ok(std::fs::write(to, self.cookies(0, count, sample)?.join("\n"))?)
    }
}

/// Ids are as the server makes them: ordered by time in the beginning, all over in the rest. Secrets, and so digests, are
/// all over.
const FUNCTIONS: &str = r"
    CREATE OR REPLACE FUNCTION bench_id(kind TEXT, number BIGINT, at BIGINT) RETURNS BYTEA LANGUAGE sql IMMUTABLE AS $$
        SELECT decode(lpad(to_hex(at), 12, '0') || '7' || substr(md5(kind || number), 1, 3) || '8' ||
            substr(md5(kind || number), 4, 15), 'hex')
    $$;
    CREATE OR REPLACE FUNCTION bench_secret(number BIGINT) RETURNS BYTEA LANGUAGE sql IMMUTABLE AS $$
        SELECT sha256(convert_to('secret ' || number, 'UTF8'))
    $$;
    CREATE OR REPLACE FUNCTION bench_text(bytes BYTEA) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
        SELECT rtrim(translate(encode(bytes, 'base64'), '+/', '-_'), '=')
    $$;
";

/// The rows of the sessions from `begin` to before `end`, and of their users, as acts would have made them.
fn rows(begin: u64, end: u64, seen: Seen) -> String {
    let (users, users_end) = (begin / SESSIONS_OF_EACH, end.div_ceil(SESSIONS_OF_EACH));
    let ahead = seen.milliseconds();
    format!(
        "BEGIN;
        SET LOCAL synchronous_commit = off;
        CREATE TEMPORARY TABLE moment ON COMMIT DROP AS
            SELECT (EXTRACT(EPOCH FROM now()) * 1000)::BIGINT AS at;
        INSERT INTO users (id, email, email_lookup, roles, is_admin, generation, created_at)
            SELECT bench_id('user', number, 1755300000000 + number), 'seeded' || number || '@example.test',
                'seeded' || number || '@example.test', '[]', 0, 0, at
            FROM generate_series({users}::BIGINT, {users_end} - 1) AS number, moment;
        INSERT INTO sessions (id, user_id, secret, client, carrier, device_name, device_address, authenticated_at, acr,
                amr, created_at, expires_at, idle, last_seen_at, remembered, look_at)
            SELECT bench_id('session', number, 1755300000000 + number),
                bench_id('user', number / {SESSIONS_OF_EACH}, 1755300000000 + number / {SESSIONS_OF_EACH}),
                sha256(bench_secret(number)), 'cloakroom', 'cookie', 'Firefox on Linux', '192.0.2.1', at, 'aal1',
                '[\"pwd\"]', at, at + 2592000000, 86400000, at + {ahead}, 0, at + 86400000
            FROM generate_series({begin}::BIGINT, {end} - 1) AS number, moment;
        COMMIT;"
    )
}
