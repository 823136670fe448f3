//! Many nodes as one server: real processes under load, with faults, and a checker that judges what every client saw.
//!
//! A round is a load of many clients on running nodes, one fault under it, and what comes after: that everything
//! recovers by itself within a stated time, that every client asks for all that it was told, and that the whole history
//! since the nodes were started can be explained by the promises, with nothing forgiven but what
//! [the documents](../../docs/operating/faults.md) say of the fault.

mod checker;
mod faults;
mod history;
mod load;
mod nodes;
mod report;
mod running;
mod shared;
mod stalls;

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use self::checker::{Allowance, History, Violation};
use self::faults::Fault;
use self::history::Operation;
use self::load::Crowd;
use self::report::{Asked, Report, Round};
use self::running::Running;
use self::stalls::Stalls;
use crate::random::Random;
use crate::server::{self, Folder};
use crate::stopwatch::Stopwatch;

/// How many clients act at once.
const CLIENTS: usize = 20;
/// How long they act before the fault, and after everything has recovered.
const BEFORE: Duration = Duration::from_secs(2);
const AFTER: Duration = Duration::from_secs(2);
/// How soon everybody is served again after a fault is over.
pub(crate) const RECOVERS_WITHIN: Duration = Duration::from_secs(15);

/// Each fault once.
///
/// # Errors
///
/// After all rounds, when there was a history that no promise explains; at once, when something did not recover.
pub(crate) fn run(seed: u64) -> Result<()> {
    rounds(seed, 1)
}

/// Faults in an order that the seed decides, so many of each kind.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn rounds(seed: u64, of_each: u64) -> Result<()> {
    server::build()?;
    println!("seed {seed}");
    let folder = Folder::create("cluster")?;
    a_node_that_forgets_is_caught(folder.path(), seed)?;
    let mut random = Random::from_seed(seed);
    let mut report = Report::default();
    for (name, start, faults) in running::KINDS {
        println!("{name}:");
        let place = folder.path().join(name);
        let mut due: Vec<Fault> =
            faults.iter().flat_map(|fault| (0..of_each).map(move |_| *fault)).collect();
        let mut trial = Trial::of(start(&place)?, random.next());
        while let Some(fault) = random.pick(&mut due).copied() {
            due.swap_remove(due.iter().position(|it| *it == fault).expect("it was picked"));
            if !fault.can_strike(&trial.running) {
                drop(trial);
                trial = Trial::of(start(&place)?, random.next());
            }
            trial.reported_round(name, fault, random.next(), &mut report)?;
        }
    }
    report.finish(seed)?;
    folder.remove()
}

/// Nodes of an older build that are replaced by this one under load, one after the other. The first of them migrates the
/// database that the others go on using.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn upgrade(seed: u64, older: &Path) -> Result<()> {
    const NAME: &str = "three nodes on PostgreSQL and Redis, an older build first";
    server::build()?;
    println!("{NAME}:");
    let folder = Folder::create("upgrade")?;
    let mut random = Random::from_seed(seed);
    let mut report = Report::default();
    let running = Running::several_of(&older.canonicalize()?, folder.path())?;
    let mut trial = Trial::of(running, random.next());
    for fault in [Fault::None, Fault::Upgraded, Fault::Upgraded, Fault::Upgraded, Fault::None] {
        trial.reported_round(NAME, fault, random.next(), &mut report)?;
    }
    report.finish(seed)?;
    drop(trial);
    folder.remove()
}

/// Otherwise the rest would prove nothing.
fn a_node_that_forgets_is_caught(folder: &Path, seed: u64) -> Result<()> {
    let mut running = Running::forgetful(&folder.join("forgetful"))?;
    let watch = Arc::new(Stopwatch::start());
    let mut crowd = Crowd::of(CLIENTS, running.place(), &watch, seed);
    // Where the machine is so busy that nobody was let in yet, there is nothing to forget.
    for times in 1..=5 {
        let at_work = crowd.start();
        thread::sleep(BEFORE * times);
        Fault::KilledNode.strike(&mut running, &watch, &mut Random::from_seed(seed))?;
        let (stopped, brought) = at_work.stop();
        crowd = stopped;
        let history = History { operations: &brought.operations, allowances: &[] };
        if let Some(violation) = checker::judge(history).first() {
            println!("a node that forgets is caught: {}", violation.shown(&brought.operations));
            return Ok(());
        }
    }
    bail!("a node that forgets everything passes")
}

/// Running nodes, who uses them, and all that was asked since they were started.
struct Trial {
    running: Running,
    watch: Arc<Stopwatch>,
    stalls: Stalls,
    /// Nobody while they are at work.
    crowd: Option<Crowd>,
    operations: Vec<Operation>,
    allowances: Vec<Allowance>,
    /// What was found in earlier rounds.
    known: Vec<Violation>,
}

impl Trial {
    fn of(running: Running, seed: u64) -> Self {
        let watch = Arc::new(Stopwatch::start());
        let crowd = Crowd::of(CLIENTS, running.place(), &watch, seed);
        Self {
            running,
            stalls: Stalls::look(&watch),
            watch,
            crowd: Some(crowd),
            operations: Vec::new(),
            allowances: Vec::new(),
            known: Vec::new(),
        }
    }

    fn reported_round(
        &mut self,
        name: &'static str,
        fault: Fault,
        seed: u64,
        report: &mut Report,
    ) -> Result<()> {
        let round = self
            .round(fault, &mut Random::from_seed(seed))
            .with_context(|| format!("{name}: {}, round of seed {seed}", fault.name()))?;
        println!("  {round}");
        report.add(name, round);
        Ok(())
    }

    fn round(&mut self, fault: Fault, random: &mut Random) -> Result<Round> {
        let crowd = self.crowd.take().context("they are at work")?.start();
        thread::sleep(BEFORE);
        let recovery = self.strike(fault, random);
        if recovery.is_ok() {
            thread::sleep(AFTER);
        }
        let (crowd, brought) = crowd.stop();
        self.crowd = Some(crowd);
        let recovered = recovery?;
        for stall in self.stalls.take() {
            let long = stall.until.saturating_sub(stall.from);
            println!("  the machine stood still for {} ms", long.as_millis());
            self.allowances.push(stall);
        }
        let asked = Asked::of(&brought.operations);
        self.operations.extend(brought.operations);
        let history = History { operations: &self.operations, allowances: &self.allowances };
        let mut violations = checker::judge(history);
        violations.retain(|violation| !self.known.contains(violation));
        let round = Round::new(fault, asked, (brought.delays, &brought.strange), recovered)
            .with(&violations, &self.operations);
        self.known.extend(violations);
        Ok(round)
    }

    /// Does it, and tells how long it took until everything could be done again.
    fn strike(&mut self, fault: Fault, random: &mut Random) -> Result<Duration> {
        let mut allowances = fault.strike(&mut self.running, &self.watch, random)?;
        let recovered = self.running.await_recovery()?;
        for allowance in &mut allowances {
            allowance.is_over_at(self.watch.elapsed());
        }
        self.allowances.extend(allowances);
        Ok(recovered)
    }
}
