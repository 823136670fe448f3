//! What acts cost over PostgreSQL when many are under way: processor time of the node and of PostgreSQL, bytes of
//! PostgreSQL's own log, and how many there are in a second.
//!
//! Commits share their waits for the disk, as they do under load; the part `scale` has each act alone. What both do
//! anyway in that time is counted with it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::cost::{Ask, REFRESHING, REPLAY_WINDOW};
use super::fill::Fills;
use super::load::{Account, CONNECTIONS, SIGNING_IN, in_parallel};
use super::node::{self, Load, Node, REMEMBERS_FEW, count, microseconds};
use super::sample::Sample;
use super::shared::{Database, Seen, Shared};
use super::{Scale, wrk};
use crate::http::Request;
use crate::server::{Folder, World};
use crate::stopwatch::Stopwatch;

/// Who signs in.
const ACCOUNTS: usize = 32;

/// A document of a kilobyte.
const DOCUMENT_BYTES: usize = 1_000;

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-acts")?;
    let shared = Shared::start()?;
    let database = shared.create_database()?;
    let world = World { database: Some(database.url()), redis: None };
    let node = Node::start("node", folder.path(), &world, &[REPLAY_WINDOW, "--answer-delay=50ms"])?;
    let stored = scale.sessions_in_turn;
    database.store(0, stored, Seen::Ahead)?;
    let stage =
        Stage { shared: &shared, database: &database, node: &node, folder: folder.path(), scale };

    let mut acts = vec![stage.sign_ins()?, stage.refreshes()?, stage.data_writes()?];
    let fills = stage.fills(&world)?;
    acts.push(stage.last_seen(&world, &fills)?);
    acts.push(stage.sign_outs()?);
    let report = report(&acts, &fills)?;
    drop(node);
    folder.remove()?;
    Ok(report)
}

/// Where acts are measured.
struct Stage<'a> {
    shared: &'a Shared,
    database: &'a Database<'a>,
    node: &'a Node,
    folder: &'a Path,
    scale: &'a Scale,
}

/// What one act took.
struct Act {
    name: &'static str,
    /// `None` where the node does it beside its requests.
    node_us: Option<f64>,
    postgres_us: f64,
    log_bytes: f64,
    per_second: Option<f64>,
}

/// Processor time in microseconds of a session that was looked up.
struct Filled {
    node_us: Sample,
    postgres_us: Sample,
}

impl Stage<'_> {
    /// Does something, which tells how often it did it.
    fn act(&self, name: &'static str, act: impl FnOnce() -> Result<f64>) -> Result<Act> {
        eprintln!("  {name}");
        let (shared, node) = (self.shared, self.node);
        let before = (node.cpu_time()?, shared.cpu_of_postgres()?, shared.log_of_postgres()?);
        let watch = Stopwatch::start();
        let times = act().context(name)?;
        let taken = watch.elapsed();
        let of_node = node.cpu_time()?.saturating_sub(before.0);
        let of_postgres = shared.cpu_of_postgres()?.saturating_sub(before.1);
        Ok(Act {
            name,
            node_us: Some(microseconds(of_node) / times),
            postgres_us: microseconds(of_postgres) / times,
            log_bytes: count(shared.log_of_postgres()? - before.2) / times,
            per_second: Some(times / taken.as_secs_f64()),
        })
    }

    fn sign_ins(&self) -> Result<Act> {
        let server = &self.node.server;
        let mut connection = server.connect()?;
        let accounts = (0..ACCOUNTS)
            .map(|number| Ok(Account::create(&mut connection, number)?.0))
            .collect::<Result<Vec<_>>>()?;
        self.act("sign-in", || {
            let done =
                in_parallel(server, SIGNING_IN, self.scale.sign_ins, |connection, number| {
                    let answer = connection.send(&accounts[number % ACCOUNTS].sign_in("cookie"))?;
                    ensure!(answer.status == 200, "a sign-in is answered {answer:?}");
                    Ok(())
                })?;
            Ok(count(u64::try_from(done.len())?))
        })
    }

    fn refreshes(&self) -> Result<Act> {
        let ask = Ask::Refresh { chains: self.folder.join("chains") };
        let server = &self.node.server;
        ask.prepare(server)?;
        let mut load = ask.load("/oauth/token", server.port(), self.scale.run_seconds);
        self.act("refresh", || Ok(count(wrk::run(&mut load)?.requests)))
    }

    fn data_writes(&self) -> Result<Act> {
        let cookies = self.cookies(self.scale.acts)?;
        let document = json!({"bench": "x".repeat(DOCUMENT_BYTES)});
        self.act("write of 1 KiB of data", || {
            self.each(&cookies, 200, |cookie| {
                let write = Request::new("PATCH", "/api/v1/session/data/bench").json(&document);
                write.header("cookie", cookie)
            })
        })
    }

    fn sign_outs(&self) -> Result<Act> {
        let cookies = self.cookies(self.scale.acts)?;
        self.act("sign-out", || {
            self.each(&cookies, 204, |cookie| {
                Request::post("/api/v1/sign-out").header("cookie", cookie)
            })
        })
    }

    /// What it takes to look sessions up.
    fn fills(&self, world: &World) -> Result<Filled> {
        eprintln!("  session looked up");
        let cookies = self.folder.join("cookies");
        let stored = self.scale.sessions_in_turn;
        self.database.write_cookies(&cookies, stored, stored)?;
        let fills = Fills::start("fill", self.folder, world, cookies, &[])?;
        fills.warm_up(self.scale.warm_up_seconds)?;
        let mut filled = Filled { node_us: Sample::default(), postgres_us: Sample::default() };
        for _ in 0..self.scale.runs {
            let one = fills.run(self.scale.run_seconds, || self.shared.cpu_of_postgres())?;
            filled.node_us.add(one.looked_up_us);
            filled.postgres_us.add(one.elsewhere_us);
        }
        Ok(filled)
    }

    /// What it takes PostgreSQL to be told that sessions were used: of sessions that were looked up and used, what is
    /// beyond looking them up.
    fn last_seen(&self, world: &World, looked_up: &Filled) -> Result<Act> {
        eprintln!("  last-seen time");
        let (first, count_of) = (self.scale.sessions_in_turn, self.scale.sessions_in_turn);
        self.database.store(first, count_of, Seen::Now)?;
        let file = self.folder.join("cookies-seen");
        let cookies = self.database.cookies(first, count_of, count_of)?;
        fs::write(&file, cookies.join("\n"))?;
        let node =
            Node::start("seen", self.folder, world, &["--last-seen-flush=1s", REMEMBERS_FEW])?;
        let load = Load::Each { cookies: file };
        let before =
            (self.updates()?, self.shared.cpu_of_postgres()?, self.shared.log_of_postgres()?);
        let run = node.run(&load, node::CONNECTIONS, self.scale.run_seconds)?;
        let updates = self.updates_when_written(before.0)?;
        ensure!(updates > 0.0, "no last-seen time was written");
        let of_postgres = microseconds(self.shared.cpu_of_postgres()?.saturating_sub(before.1));
        let fills = run.requests * (1.0 - run.remembered);
        let log_bytes = count(self.shared.log_of_postgres()? - before.2);
        Ok(Act {
            name: "last-seen time, written in batches",
            node_us: None,
            postgres_us: (of_postgres - fills * looked_up.postgres_us.median()).max(0.0) / updates,
            log_bytes: log_bytes / updates,
            per_second: None,
        })
    }

    /// How many rows of sessions were changed so far.
    fn updates(&self) -> Result<f64> {
        let updates = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'sessions'";
        Ok(self.database.sql(updates)?.parse()?)
    }

    /// How many were changed since, when no more are: a batch may still be under way, and PostgreSQL counts late.
    fn updates_when_written(&self, before: f64) -> Result<f64> {
        let watch = Stopwatch::start();
        let mut last = f64::NAN;
        loop {
            thread::sleep(Duration::from_secs(3));
            let now = self.updates()?;
            if now.to_bits() == last.to_bits() {
                return Ok(now - before);
            }
            ensure!(
                watch.elapsed() < Duration::from_mins(2),
                "last-seen times are written without an end"
            );
            last = now;
        }
    }

    /// Asks once for each of these cookies; answers how often.
    fn each<'a>(
        &self,
        cookies: &'a [String],
        status: u16,
        request: impl Fn(&'a str) -> Request<'a> + Sync,
    ) -> Result<f64> {
        let server = &self.node.server;
        let done = in_parallel(server, CONNECTIONS, cookies.len(), |connection, number| {
            let answer = connection.send(&request(&cookies[number]))?;
            ensure!(answer.status == status, "it was answered {answer:?}");
            Ok(())
        })?;
        Ok(count(u64::try_from(done.len())?))
    }

    fn cookies(&self, number: u64) -> Result<Vec<String>> {
        let cookies = self.database.cookies(0, self.scale.sessions_in_turn, number)?;
        ensure!(
            count(u64::try_from(cookies.len())?) >= count(number),
            "there are too few sessions"
        );
        Ok(cookies)
    }
}

fn report(acts: &[Act], fills: &Filled) -> Result<String> {
    let Filled { node_us, postgres_us } = fills;
    let mut report = format!(
        "\n## Acts over PostgreSQL, many at once\n\n\
         | act | CPU | CPU of PostgreSQL | PostgreSQL's log | a second |\n\
         | --- | --- | --- | --- | --- |\n\
         | session looked up | {:.1} µs | {:.1} µs | | |\n",
        node_us.median(),
        postgres_us.median(),
    );
    for Act { name, node_us, postgres_us, log_bytes, per_second } in acts {
        let node = node_us.map(|it| format!("{it:.1} µs")).unwrap_or_default();
        let rate = per_second.map(|it| format!("{it:.0}")).unwrap_or_default();
        writeln!(
            report,
            "| {name} | {node} | {postgres_us:.1} µs | {log_bytes:.0} bytes | {rate} |"
        )?;
    }
    writeln!(
        report,
        "\nSigning in are {SIGNING_IN} at once, refreshing {REFRESHING}, the others {CONNECTIONS}. Each sign-out raises the \
         log's counter and waits for the disk."
    )?;
    Ok(report)
}
