//! Session checks on a node from a warm memory, over each kind of storage, and on two nodes of one database.
//!
//! What is remembered is asked for nowhere, so all should cost the same as over SQLite.

use std::fmt::Write as _;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use super::bare::Bare;
use super::load::{Account, guests};
use super::node::{CHECK, CONNECTIONS, Load, Node, microseconds};
use super::process::cpu_time;
use super::sample::Sample;
use super::shared::Shared;
use super::{Scale, node};
use crate::http::Request;
use crate::server::{Folder, World};

const AIM: &str = "within 5 %";

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-nodes")?;
    let shared = Shared::start()?;
    let mut scene = Scene::set(folder.path(), &shared)?;
    scene.round(scale.warm_up_seconds)?;
    scene.forget();
    for run in 1..=scale.runs {
        scene.round(scale.run_seconds)?;
        eprintln!("  run {run} of {}", scale.runs);
    }
    let report = scene.report()?;
    drop(scene);
    folder.remove()?;
    Ok(report)
}

struct Scene {
    /// Each after the one that it is compared with.
    rows: Vec<Row>,
    pair: Pair,
}

/// A kind of storage, and whose sessions are checked.
struct Row {
    name: &'static str,
    node: Node,
    load: Load,
    /// Answers the same over SQLite, where it is the first of its kind; the others are compared with that one.
    bare: Option<Bare>,
    cpu_us: Sample,
    bare_us: Sample,
    /// Beside the first of its kind in the same round.
    ratio: Sample,
    per_second: Sample,
}

/// Two nodes of one database, asked at the same time.
struct Pair {
    other: Node,
    cpu_us: Sample,
    ratio: Sample,
    per_cpu_second: Sample,
}

/// The row whose node is one of the pair.
const FIRST_OF_PAIR: usize = 1;

impl Scene {
    fn set(folder: &Path, shared: &Shared) -> Result<Self> {
        let (plain, with_redis) = (shared.create_database()?, shared.create_database()?);
        let postgres = World { database: Some(plain.url()), redis: None };
        let both = World { database: Some(with_redis.url()), redis: Some(shared.redis_url()) };
        let rows = vec![
            Row::of("user, SQLite", folder, "sqlite", &World::default(), Whose::User)?
                .with_bare(folder)?,
            Row::of("user, PostgreSQL", folder, "postgres", &postgres, Whose::User)?,
            Row::of("user, PostgreSQL and Redis", folder, "redis", &both, Whose::User)?,
            Row::of("guest, SQLite", folder, "sqlite-guest", &World::default(), Whose::Guest)?
                .with_bare(folder)?,
            Row::of("guest, Redis", folder, "redis-guest", &both, Whose::Guest)?,
        ];
        let keys = shared.redis().command(&["DBSIZE"])?;
        ensure!(keys != "0", "the guest is not in Redis");
        let other = Node::start("postgres-too", folder, &postgres, &[])?;
        let pair = Pair {
            other,
            cpu_us: Sample::default(),
            ratio: Sample::default(),
            per_cpu_second: Sample::default(),
        };
        Ok(Self { rows, pair })
    }

    fn round(&mut self, seconds: u64) -> Result<()> {
        let (mut compared_with, mut alone_us) = (f64::NAN, f64::NAN);
        for (number, row) in self.rows.iter_mut().enumerate() {
            if let Some(bare) = &row.bare {
                let before = cpu_time(bare.pid())?;
                let report = row.load.ask(bare.port(), seconds)?;
                let used = cpu_time(bare.pid())?.saturating_sub(before);
                row.bare_us.add(microseconds(used) / node::count(report.requests));
            }
            let run = row.node.run(&row.load, CONNECTIONS, seconds).context(row.name)?;
            ensure!(run.remembered > 0.99, "{}: the memory was not warm", row.name);
            if row.bare.is_some() {
                compared_with = run.cpu_us;
            } else {
                row.ratio.add(run.cpu_us / compared_with);
            }
            if number == FIRST_OF_PAIR {
                alone_us = run.cpu_us;
            }
            row.cpu_us.add(run.cpu_us);
            row.per_second.add(run.per_second);
        }
        self.pair.round(&self.rows[FIRST_OF_PAIR], alone_us, seconds)
    }

    /// What was measured while everything became warm.
    fn forget(&mut self) {
        for row in &mut self.rows {
            for sample in [&mut row.cpu_us, &mut row.bare_us, &mut row.ratio, &mut row.per_second] {
                *sample = Sample::default();
            }
        }
        let Pair { cpu_us, ratio, per_cpu_second, .. } = &mut self.pair;
        for sample in [cpu_us, ratio, per_cpu_second] {
            *sample = Sample::default();
        }
    }

    fn report(&self) -> Result<String> {
        let mut report = String::from(
            "\n## Session checks on a node, from a warm memory\n\n\
             | whose session, over what | CPU | bare CPU | beside SQLite | lowest to highest | aim | requests/s |\n\
             | --- | --- | --- | --- | --- | --- | --- |\n",
        );
        for Row { name, bare, cpu_us, bare_us, ratio, per_second, .. } in &self.rows {
            let (cpu, rate) = (cpu_us.median(), per_second.median());
            if bare.is_some() {
                let bare = bare_us.median();
                writeln!(report, "| {name} | {cpu:.1} µs | {bare:.1} µs | 1 | | | {rate:.0} |")?;
            } else {
                writeln!(
                    report,
                    "| {name} | {cpu:.1} µs | | {} | {AIM} | {rate:.0} |",
                    spread(ratio)
                )?;
            }
        }
        let one = &self.rows[FIRST_OF_PAIR].cpu_us;
        let Pair { cpu_us, ratio, per_cpu_second, .. } = &self.pair;
        write!(
            report,
            "\n| nodes over one PostgreSQL, each asked directly | CPU | beside one node | lowest to highest | aim | \
             requests in a second of CPU |\n| --- | --- | --- | --- | --- | --- |\n\
             | one | {:.1} µs | 1 | | | {:.0} |\n| two at the same time, on one core | {:.1} µs | {} | {AIM} | {:.0} |\n",
            one.median(),
            1e6 / one.median(),
            cpu_us.median(),
            spread(ratio),
            per_cpu_second.median(),
        )?;
        Ok(report)
    }
}

#[derive(Clone, Copy)]
enum Whose {
    User,
    Guest,
}

impl Row {
    fn of(
        name: &'static str,
        folder: &Path,
        place: &str,
        world: &World,
        whose: Whose,
    ) -> Result<Self> {
        let node = Node::start(place, folder, world, &[])?;
        let cookie = match whose {
            Whose::User => {
                let (_, signed_up) = Account::create(&mut node.server.connect()?, 0)?;
                signed_up.cookie().context("no cookie")?.to_owned()
            }
            Whose::Guest => guests(&node.server, 1, "cookie")?.pop().context("no guest")?,
        };
        Ok(Self {
            name,
            node,
            load: Load::One { cookie },
            bare: None,
            cpu_us: Sample::default(),
            bare_us: Sample::default(),
            ratio: Sample::default(),
            per_second: Sample::default(),
        })
    }

    fn with_bare(self, folder: &Path) -> Result<Self> {
        let Load::One { cookie } = &self.load else { return Ok(self) };
        let request = Request::get(CHECK).header("cookie", cookie.as_str());
        let answer = self.node.server.connect()?.send(&request)?;
        ensure!(answer.status == 200, "the session is answered {answer:?}");
        let file = folder.join(format!("answer for {}", self.name));
        let bare = Some(Bare::start(CHECK, &file, &answer)?);
        Ok(Self { bare, ..self })
    }
}

impl Pair {
    /// Half of the connections to each, beside what the first took alone in this round.
    fn round(&mut self, first: &Row, alone_us: f64, seconds: u64) -> Result<()> {
        let (load, one) = (&first.load, &first.node);
        let runs = thread::scope(|scope| {
            let other = scope.spawn(|| self.other.run(load, CONNECTIONS / 2, seconds));
            let one = one.run(load, CONNECTIONS / 2, seconds);
            anyhow::Ok([one?, other.join().map_err(|_| anyhow!("a load panicked"))??])
        })?;
        let requests: f64 = runs.iter().map(|run| run.requests).sum();
        let used: f64 = runs.iter().map(|run| run.requests * run.cpu_us).sum();
        self.cpu_us.add(used / requests);
        self.ratio.add(used / requests / alone_us);
        self.per_cpu_second.add(requests / used * 1e6);
        Ok(())
    }
}

/// A ratio as two columns.
pub(crate) fn spread(ratio: &Sample) -> String {
    format!("{:.2} | {:.2} to {:.2}", ratio.median(), ratio.lowest(), ratio.highest())
}
