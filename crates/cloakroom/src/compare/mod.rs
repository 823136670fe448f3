//! `cloakroom compare`: what a session and a token cost on this machine, measured and not quoted.
//!
//! A private server and small services run as processes of their own, from this binary; this process is their client. It
//! speaks HTTP over the loopback interface, signs people out, stops the server and kills it. Leaves out what a network
//! between service and server would add to every question: here it is as near as it can be.

mod advice;
mod arrangement;
mod bars;
mod checking;
mod cost;
mod figures;
mod guarding;
mod measures;
mod memory;
mod outage;
mod people;
mod process;
mod relay;
mod report;
mod revocation;
mod scene;
mod server;
mod service;
mod serving;
mod table;
mod traffic;
mod units;
mod wire;

use cloakroom_engine::clock::Clock as _;

pub(crate) use self::{
    advice::{Advice, Kind, all as advise},
    figures::Comparison,
    report::page as report,
    scene::Steps,
    serving::run as serve,
    table::{choices, reasons, text as table},
};
use self::{
    arrangement::Arrangement,
    figures::{Column, Machine},
    scene::{Scene, Visitor},
};
use crate::exit::Failure;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Requests checked in each arrangement.
    pub(crate) checks: u32,
    /// People whose memory is measured.
    pub(crate) users: u32,
    /// People who are signed out in each arrangement.
    pub(crate) sign_outs: u32,
}

/// How many steps [`measure`] takes.
pub(crate) fn steps() -> u64 {
    let arrangements = Arrangement::ALL.len() as u64;
    2 + 1 + cost::ROUNDS_AS_STEPS + 3 * arrangements + 2
}

/// Measures everything.
pub(crate) fn measure(extent: Extent, steps: &Steps) -> Result<Comparison, Failure> {
    let leaving = u64::from(extent.sign_outs) * Arrangement::ALL.len() as u64;
    let mut scene = Scene::set(extent.users.into(), leaving, steps)?;
    let mut costs = cost::measure(&scene, extent.checks, steps)?.into_iter();
    let mut traffic = each(|arrangement| traffic::measure(&scene, arrangement, steps))?.into_iter();
    let leaving = std::mem::take(&mut scene.leaving);
    let groups: Vec<&[Visitor]> = leaving.chunks(extent.sign_outs.max(1) as usize).collect();
    let mut groups_left = groups.iter();
    let mut revocations = each(|arrangement| {
        let group = groups_left.next().copied().unwrap_or_default();
        revocation::measure(&scene, arrangement, group, steps)
    })?
    .into_iter();
    let left: Vec<&Visitor> = groups.iter().filter_map(|group| group.first()).collect();
    let mut outages = outage::measure(&mut scene, &left, steps)?.into_iter();
    let mut memory =
        each(|arrangement| memory::measure(&mut scene, arrangement, steps))?.into_iter();

    let columns = each(|arrangement| {
        let missing = || Failure::Unavailable(format!("{} was not measured", arrangement.title()));
        let seen = outages.next().ok_or_else(missing)?;
        Ok(Column {
            arrangement,
            explained: arrangement.explained(),
            cost: costs.next().ok_or_else(missing)?,
            traffic: traffic.next().ok_or_else(missing)?,
            memory: memory.next().ok_or_else(missing)?,
            revocation: revocations.next().ok_or_else(missing)?,
            restart: seen.restart,
            outage: seen.outage,
            answers: seen.answers,
        })
    })?;
    let (processor, cores, system) = process::machine();
    let optimised = !cfg!(debug_assertions);
    Ok(Comparison {
        version: env!("CARGO_PKG_VERSION"),
        machine: Machine { processor, cores, system, optimised },
        checks: extent.checks,
        users: extent.users.into(),
        took_seconds: scene.clock.steady().as_secs_f64(),
        arrangements: columns,
    })
}

fn each<T>(measured: impl FnMut(Arrangement) -> Result<T, Failure>) -> Result<Vec<T>, Failure> {
    Arrangement::ALL.iter().copied().map(measured).collect()
}
