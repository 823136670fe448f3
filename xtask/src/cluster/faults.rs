//! What is done to running nodes, and what the documents allow of it.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cloakroom_testservers::Wire;
use cloakroom_testservers::postgres::Replication;

use super::checker::{Allowance, Allows};
use super::nodes::Node;
use super::running::Running;
use super::shared::Shared;
use crate::http::{Connection, Request};
use crate::random::Random;
use crate::server::binary;
use crate::stopwatch::Stopwatch;

macro_rules! faults {
    ($($Fault:ident $name:literal [$($Allows:ident),*];)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(crate) enum Fault {
            $($Fault,)*
        }

        impl Fault {
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$Fault => $name,)*
                }
            }

            fn allows(self) -> &'static [Allows] {
                match self {
                    $(Self::$Fault => &[$(Allows::$Allows),*],)*
                }
            }
        }
    };
}

// A fault, what it is called, and what it allows. A node that was killed has no memory that it could believe.
faults! {
    None "no fault" [];
    KilledNode "kill -9 of a node" [];
    StoppedNode "a node stopped and continued" [Deafness];
    WrongClock "a node whose clock is five minutes off" [];
    KilledPostgres "kill -9 of PostgreSQL" [Deafness];
    SynchronousFailover "failover to a synchronous replica" [Deafness];
    AsynchronousFailover "failover to an asynchronous replica" [Deafness, LostActs, LostGuests];
    FullDisk "PostgreSQL's disk full" [Deafness];
    CutFromPostgres "a node cut off from PostgreSQL" [Deafness];
    SilentPostgres "a node whose PostgreSQL is silent" [Deafness];
    SlowPostgres "a node whose PostgreSQL is slow" [Deafness];
    KilledRedis "kill -9 of Redis" [LostGuests, LeftGuests];
    EmptyRedis "Redis started empty" [LostGuests, LeftGuests];
    OldRedis "Redis restored from an old snapshot" [LostGuests, LeftGuests];
    CutFromRedis "a node cut off from Redis" [LeftGuests];
    SilentRedis "a node whose Redis is silent" [LeftGuests];
    SlowRedis "a node whose Redis is slow" [LeftGuests];
    Upgraded "a node of an older build replaced by this one" [];
}

/// What a single node with a database of its own stands.
pub(crate) const OF_ONE_NODE: &[Fault] = &[Fault::None, Fault::KilledNode, Fault::StoppedNode];

/// What several nodes stand. The disk comes before the replicas that take its place.
pub(crate) const OF_SEVERAL_NODES: &[Fault] = &[
    Fault::None,
    Fault::KilledNode,
    Fault::StoppedNode,
    Fault::WrongClock,
    Fault::KilledPostgres,
    Fault::FullDisk,
    Fault::CutFromPostgres,
    Fault::SilentPostgres,
    Fault::SlowPostgres,
    Fault::KilledRedis,
    Fault::EmptyRedis,
    Fault::OldRedis,
    Fault::CutFromRedis,
    Fault::SilentRedis,
    Fault::SlowRedis,
    Fault::SynchronousFailover,
    Fault::AsynchronousFailover,
];

/// Longer than a node believes its memory without news.
const LONG: Duration = Duration::from_millis(3_500);
/// How long a dead process stays away.
const AWAY: Duration = Duration::from_millis(700);
/// How much later everything arrives on a slow way, each way.
const LATE: Duration = Duration::from_millis(150);
/// How far the past of a snapshot lies back.
const OLD: Duration = Duration::from_secs(1);

impl Fault {
    /// Whether it can be done to what runs.
    pub(crate) fn can_strike(self, running: &Running) -> bool {
        self != Self::FullDisk || running.shared.as_ref().is_some_and(Shared::has_disk)
    }

    /// Does it, and undoes it; tells what is allowed of it, and when.
    ///
    /// # Errors
    ///
    /// When it could not be done: then nothing was tried.
    pub(crate) fn strike(
        self,
        running: &mut Running,
        watch: &Stopwatch,
        random: &mut Random,
    ) -> Result<Vec<Allowance>> {
        let mut from = watch.elapsed();
        let Running { nodes, shared, .. } = running;
        let node = random.pick(nodes).context("there is no node")?;
        match self {
            Self::None => thread::sleep(LONG),
            Self::KilledNode => {
                node.kill()?;
                thread::sleep(AWAY);
                node.start_again()?;
            }
            Self::StoppedNode => {
                node.stop()?;
                thread::sleep(LONG);
                node.go_on()?;
            }
            Self::WrongClock => with_a_wrong_clock(node)?,
            Self::Upgraded => {
                let mut older = nodes.iter_mut().filter(|node| !node.runs(&binary()));
                older.next().context("every node is of this build")?.upgrade(&binary())?;
            }
            of_what_is_shared => {
                let shared = shared.as_mut().context("nothing is shared")?;
                of_what_is_shared.strike_shared(shared, random, || from = watch.elapsed())?;
            }
        }
        let until = watch.elapsed();
        let allows = self.allows().iter();
        Ok(allows.map(|allows| Allowance { from, until, allows: *allows }).collect())
    }

    fn strike_shared(
        self,
        shared: &mut Shared,
        random: &mut Random,
        begins: impl FnOnce(),
    ) -> Result<()> {
        let to_postgres = random.pick(&mut shared.to_postgres).map(|wire| &*wire);
        let to_redis = random.pick(&mut shared.to_redis).map(|wire| &*wire);
        let (to_postgres, to_redis) =
            (to_postgres.context("no way to PostgreSQL")?, to_redis.context("no way to Redis")?);
        match self {
            Self::None
            | Self::KilledNode
            | Self::StoppedNode
            | Self::WrongClock
            | Self::Upgraded => Ok(()),
            Self::KilledPostgres => {
                shared.postgres.kill()?;
                thread::sleep(AWAY);
                Ok(shared.postgres.start_again()?)
            }
            Self::SynchronousFailover => shared.fail_over(Replication::Synchronous, begins),
            Self::AsynchronousFailover => shared.fail_over(Replication::Asynchronous, begins),
            Self::FullDisk => shared.be_full(LONG),
            Self::KilledRedis => {
                shared.redis.kill()?;
                thread::sleep(AWAY);
                Ok(shared.redis.start_again()?)
            }
            Self::EmptyRedis => {
                shared.redis.kill()?;
                thread::sleep(AWAY);
                Ok(shared.redis.start_empty()?)
            }
            Self::OldRedis => {
                let old = shared.redis.snapshot()?;
                thread::sleep(OLD);
                Ok(shared.redis.restore(&old)?)
            }
            Self::CutFromPostgres => broken(to_postgres, Wire::cut),
            Self::SilentPostgres => broken(to_postgres, Wire::silence),
            Self::SlowPostgres => broken(to_postgres, |wire| wire.delay(LATE)),
            Self::CutFromRedis => broken(to_redis, Wire::cut),
            Self::SilentRedis => broken(to_redis, Wire::silence),
            Self::SlowRedis => broken(to_redis, |wire| wire.delay(LATE)),
        }
    }
}

fn broken(
    wire: &Wire,
    fault: impl FnOnce(&Wire) -> cloakroom_testservers::Result<()>,
) -> Result<()> {
    fault(wire)?;
    thread::sleep(LONG);
    Ok(wire.heal()?)
}

/// Runs a node with another idea of the time of day for a while. Its steady clock is as before.
fn with_a_wrong_clock(node: &mut Node) -> Result<()> {
    const LIBRARY: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";
    let wrong =
        [("LD_PRELOAD", LIBRARY), ("FAKETIME", "+5m"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
    let right = date(node)?;
    node.kill()?;
    node.start_again_with(&wrong)?;
    let told = date(node)?;
    ensure!(right != told, "the clock is not off: {told}");
    thread::sleep(LONG);
    node.kill()?;
    node.start_again_with(&[])
}

/// What a node says about the time, to the minute.
fn date(node: &Node) -> Result<String> {
    let mut connection = Connection::open(node.port)?;
    let answer = connection.send(&Request::get("/healthz"))?;
    let date = answer.header("date").context("an answer without a date")?;
    // `Thu, 26 Nov 2026 01:02:03 GMT`
    Ok(date.get(..22).unwrap_or(date).to_owned())
}
