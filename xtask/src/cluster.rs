//! Many nodes as one server: real processes under load, with faults, and a checker that judges what every client saw.
//!
//! A round is a load of many clients on running nodes, one fault under it, and what comes after: that everything
//! recovers by itself within a stated time, that every client asks for all that it was told, and that the whole history
//! can be explained by the promises, with nothing forgiven but what
//! [the documents](../../docs/operating/faults.md) say of the fault.

mod checker;
mod faults;
mod history;
mod load;
mod nodes;
mod report;
mod running;
mod shared;

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use self::checker::History;
use self::faults::Fault;
use self::load::Crowd;
use self::report::{Report, Round};
use self::running::Running;
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
        let mut running = start(&place)?;
        while let Some(fault) = random.pick(&mut due).copied() {
            due.swap_remove(due.iter().position(|it| *it == fault).expect("it was picked"));
            if !fault.can_strike(&running) {
                drop(running);
                running = start(&place)?;
            }
            let seed = random.next();
            let round = strike(&mut running, fault, seed)
                .with_context(|| format!("{name}: {}, round of seed {seed}", fault.name()))?;
            println!("  {round}");
            report.add(name, round);
        }
    }
    println!("\n{report}");
    ensure!(report.is_clean(), "there are histories that no promise explains, with seed {seed}");
    folder.remove()
}

/// Otherwise the rest would prove nothing.
fn a_node_that_forgets_is_caught(folder: &Path, seed: u64) -> Result<()> {
    let mut running = Running::forgetful(&folder.join("forgetful"))?;
    let watch = Arc::new(Stopwatch::start());
    let crowd = Crowd::start(running.place(), &watch, CLIENTS, seed);
    thread::sleep(BEFORE);
    Fault::KilledNode.strike(&mut running, &watch, &mut Random::from_seed(seed))?;
    let brought = crowd.stop();
    let history = History { operations: &brought.operations, allowances: &[] };
    let violations = checker::judge(history);
    let violation = violations.first().context("a node that forgets everything passes")?;
    println!("a node that forgets is caught: {}", violation.shown(&brought.operations));
    Ok(())
}

fn strike(running: &mut Running, fault: Fault, seed: u64) -> Result<Round> {
    let watch = Arc::new(Stopwatch::start());
    let crowd = Crowd::start(running.place(), &watch, CLIENTS, seed);
    thread::sleep(BEFORE);
    let mut random = Random::from_seed(seed);
    let struck = fault.strike(running, &watch, &mut random);
    let recovery = struck.and_then(|allowances| Ok((allowances, running.await_recovery()?)));
    if recovery.is_ok() {
        thread::sleep(AFTER);
    }
    let brought = crowd.stop();
    let (allowances, recovered) = recovery?;
    let history = History { operations: &brought.operations, allowances: &allowances };
    let violations = checker::judge(history);
    Ok(Round::new(fault, &brought, &violations, recovered))
}
