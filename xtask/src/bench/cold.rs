//! Session checks on a node that does not remember the session: what looking it up costs beside what the client library
//! costs by itself, asking the same.
//!
//! Every check is of another session than the ones before it. The sessions were last used later than now, so that the
//! checks are no news of them: writing last-seen times is measured apart, in the part `acts`.
//!
//! A check that finds nothing in the shared memory reads PostgreSQL, and would be measured as something else. So what is shared
//! is counted before each run, and a run in which Redis was not in time with an answer, on a machine that does too much else,
//! is done again.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Scale;
use super::client::{self, Client};
use super::fill::{Fill, Fills};
use super::load::{check_each, guests};
use super::node::{Node, REMEMBERED_FEW};
use super::nodes::spread;
use super::sample::Sample;
use super::shared::{Database, Seen, Shared};
use crate::server::{Folder, World};

/// At most so many times the client library's own cost.
const AIM: &str = "at most 1.5";

/// The least share of the looked-up sessions that has to be found in the shared memory for a run to count.
const FOUND: f64 = 0.95;

/// How often a run, or what it needs, is tried.
const ATTEMPTS: usize = 5;

/// Between two of these: longer than a node leaves a Redis alone that was late.
const CALM: Duration = Duration::from_secs(6);

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-cold")?;
    let shared = Shared::start()?;
    let (plain, with_redis) = (shared.create_database()?, shared.create_database()?);
    let mut kinds = vec![
        Kind::user_in_postgres(folder.path(), &plain, scale)?,
        Kind::user_in_redis(folder.path(), &shared, &with_redis, scale)?,
        Kind::guest_in_redis(folder.path(), &shared, &with_redis, scale)?,
    ];
    for kind in &kinds {
        kind.fills.warm_up(scale.warm_up_seconds)?;
    }
    for run in 1..=scale.runs {
        for kind in &mut kinds {
            kind.round(&shared, scale.run_seconds).context(kind.name)?;
        }
        eprintln!("  run {run} of {}", scale.runs);
    }
    let report = report(&kinds)?;
    drop(kinds);
    folder.remove()?;
    Ok(report)
}

/// Whose session, and where it is looked up.
struct Kind {
    name: &'static str,
    fills: Fills,
    client: Client,
    place: Place,
    warm_us: Sample,
    cold_us: Sample,
    fill_us: Sample,
    client_us: Sample,
    ratio: Sample,
    elsewhere_us: Sample,
}

enum Place {
    Postgres,
    /// What nodes share is used for five minutes, so these are put there again before each run.
    SharedMemory {
        cookies: Vec<String>,
    },
    Redis,
}

impl Kind {
    fn user_in_postgres(folder: &Path, database: &Database<'_>, scale: &Scale) -> Result<Self> {
        let world = World { database: Some(database.url()), redis: None };
        let fills = fills_of_users("postgres", folder, &world, database, scale)?;
        let digests = database.digests(0, scale.sessions_in_turn, scale.sessions_in_turn)?;
        let client = Client::of_postgres(database, &digests, client::file(folder, "postgres"))?;
        Ok(Self::new("user, PostgreSQL", fills, client, Place::Postgres))
    }

    /// Another node has read all of them, and what one node does not remember itself it finds in the shared memory.
    fn user_in_redis(
        folder: &Path,
        shared: &Shared,
        database: &Database<'_>,
        scale: &Scale,
    ) -> Result<Self> {
        let world = World { database: Some(database.url()), redis: Some(shared.redis_url()) };
        let fills = fills_of_users("shared", folder, &world, database, scale)?;
        let cookies = database.cookies(0, scale.sessions_in_turn, scale.sessions_in_turn)?;
        share_anew(shared, &fills.cold, &cookies)?;
        let found = || check_each(&fills.cold.server, &cookies);
        let commands = client::record(shared, "GET", found)?;
        let client = Client::of_redis(shared, &commands, client::file(folder, "shared"))?;
        Ok(Self::new(
            "user, shared memory in Redis",
            fills,
            client,
            Place::SharedMemory { cookies },
        ))
    }

    fn guest_in_redis(
        folder: &Path,
        shared: &Shared,
        database: &Database<'_>,
        scale: &Scale,
    ) -> Result<Self> {
        let world = World { database: Some(database.url()), redis: Some(shared.redis_url()) };
        let count = usize::try_from(scale.sessions_in_turn)?;
        let maker = Node::start("maker", folder, &world, &[])?;
        let cookies = guests(&maker.server, count, "cookie")?;
        drop(maker);
        use_later(shared, count)?;
        let file = folder.join("guests");
        fs::write(&file, cookies.join("\n"))?;
        let fills = Fills::start("guest", folder, &world, file, &[])?;
        let found = || check_each(&fills.cold.server, &cookies);
        let commands = client::record(shared, "EVALSHA", found)?;
        let client = Client::of_redis(shared, &commands, client::file(folder, "guests"))?;
        Ok(Self::new("guest, Redis", fills, client, Place::Redis))
    }

    fn new(name: &'static str, fills: Fills, client: Client, place: Place) -> Self {
        Self {
            name,
            fills,
            client,
            place,
            warm_us: Sample::default(),
            cold_us: Sample::default(),
            fill_us: Sample::default(),
            client_us: Sample::default(),
            ratio: Sample::default(),
            elsewhere_us: Sample::default(),
        }
    }

    fn round(&mut self, shared: &Shared, seconds: u64) -> Result<()> {
        let fill = match &self.place {
            Place::Postgres => self.fills.run(seconds, || shared.cpu_of_postgres())?,
            Place::Redis => self.fills.run(seconds, || shared.cpu_of_redis())?,
            Place::SharedMemory { cookies } => found(shared, &self.fills, cookies, seconds)?,
        };
        let client_us = self.client.run(seconds)?;
        self.warm_us.add(fill.warm_us);
        self.cold_us.add(fill.cold_us);
        self.fill_us.add(fill.looked_up_us);
        self.client_us.add(client_us);
        self.ratio.add(fill.looked_up_us / client_us);
        self.elsewhere_us.add(fill.elsewhere_us);
        Ok(())
    }
}

/// Users' sessions stored, and nodes over them.
fn fills_of_users(
    name: &str,
    folder: &Path,
    world: &World,
    database: &Database<'_>,
    scale: &Scale,
) -> Result<Fills> {
    // The first start makes the schema.
    drop(Node::start(&format!("{name}-first"), folder, world, &[])?);
    database.store(0, scale.sessions_in_turn, Seen::Ahead)?;
    let cookies = folder.join(format!("cookies-{name}"));
    database.write_cookies(&cookies, scale.sessions_in_turn, scale.sessions_in_turn)?;
    Fills::start(name, folder, world, cookies, &[])
}

/// A run in which the sessions were found in the shared memory.
fn found(shared: &Shared, fills: &Fills, cookies: &[String], seconds: u64) -> Result<Fill> {
    let counted = || Answers::of(&fills.cold);
    for _ in 0..ATTEMPTS {
        share_anew(shared, &fills.cold, cookies)?;
        let before = counted()?;
        let fill = fills.run(seconds, || shared.cpu_of_redis())?;
        let answers = counted()?.since(&before);
        if answers.found / fill.fills > FOUND {
            return Ok(fill);
        }
        eprintln!("  again: {}", answers.share(fill.fills));
        // Another run would find no more where it was not for Redis's lateness.
        ensure!(
            (answers.found + answers.unanswered) / fill.fills > FOUND,
            "{}: the node does not find or believe what was shared",
            answers.share(fill.fills)
        );
        thread::sleep(CALM);
    }
    bail!(
        "in none of {ATTEMPTS} runs did Redis answer in time: the machine does too much else to measure this"
    )
}

/// What a node has counted of the shared memory.
struct Answers {
    found: f64,
    missing: f64,
    unanswered: f64,
    disbelieved: f64,
}

impl Answers {
    fn of(node: &Node) -> Result<Self> {
        let counted = |what| node.counted(&format!("cloakroom_shared_memory_{what}_total"));
        Ok(Self {
            found: counted("hits")?,
            missing: counted("misses")?,
            unanswered: counted("unanswered")?,
            disbelieved: counted("disbelieved")?,
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            found: self.found - before.found,
            missing: self.missing - before.missing,
            unanswered: self.unanswered - before.unanswered,
            disbelieved: self.disbelieved - before.disbelieved,
        }
    }

    fn share(&self, fills: f64) -> String {
        let Self { found, missing, unanswered, disbelieved } = self;
        let percent = |count: &f64| 100.0 * count / fills;
        format!(
            "of {fills:.0} sessions {:.1} % were found in the shared memory, {:.1} % were not there, for {:.1} % Redis \
             was not in time, and {:.1} % were not believed",
            percent(found),
            percent(missing),
            percent(unanswered),
            percent(disbelieved)
        )
    }
}

/// Empties the shared memory and has a node that remembers few put each of these sessions there.
fn share_anew(shared: &Shared, node: &Node, cookies: &[String]) -> Result<()> {
    const EMPTY: &str =
        "for _, entry in ipairs(redis.call('KEYS', '*:shared:*')) do redis.call('DEL', entry) end";
    const COUNT: &str = "return #redis.call('KEYS', '*:shared:*')";
    shared.redis().command(&["EVAL", EMPTY, "0"])?;
    let mut there = 0;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            thread::sleep(CALM);
        }
        // Those that are there already are only read, and those that the node remembers itself are not shared anew.
        check_each(&node.server, cookies)?;
        there = shared.redis().command(&["EVAL", COUNT, "0"])?.trim().parse()?;
        if (there + REMEMBERED_FEW) * 100 >= cookies.len() * 99 {
            return Ok(());
        }
        eprintln!("  again: {there} of {} sessions are in the shared memory", cookies.len());
    }
    bail!("only {there} of {} sessions were taken by the shared memory in time", cookies.len())
}

/// Says of all guests in Redis that they were used later than now.
fn use_later(shared: &Shared, expected: usize) -> Result<()> {
    const SCRIPT: &str = "local guests = redis.call('KEYS', '*:guest:*')
        for _, guest in ipairs(guests) do
            redis.call('HINCRBY', guest, 'seen', 3600000)
        end
        return #guests";
    let changed: usize = shared.redis().command(&["EVAL", SCRIPT, "0"])?.parse()?;
    ensure!(changed >= expected, "{changed} guests are in Redis, not {expected}");
    Ok(())
}

fn report(kinds: &[Kind]) -> Result<String> {
    let mut report = String::from(
        "\n## Session checks on a node that does not remember the session\n\n\
         | whose session, found where | CPU remembered | CPU not remembered | difference | the client's own | times | \
         lowest to highest | aim | CPU there |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for Kind { name, warm_us, cold_us, fill_us, client_us, ratio, elsewhere_us, .. } in kinds {
        writeln!(
            report,
            "| {name} | {:.1} µs | {:.1} µs | {:.1} µs | {:.1} µs | {} | {AIM} | {:.1} µs |",
            warm_us.median(),
            cold_us.median(),
            fill_us.median(),
            client_us.median(),
            spread(ratio),
            elsewhere_us.median(),
        )?;
    }
    Ok(report)
}
