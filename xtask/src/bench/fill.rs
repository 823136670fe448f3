//! What it costs a node to look a session up: the same checks on a node that remembers all of them and on one that
//! remembers too few.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};

use super::node::{CONNECTIONS, Load, Node, REMEMBERS_FEW, microseconds};
use crate::server::World;

/// Two nodes of the same world.
pub(crate) struct Fills {
    warm: Node,
    pub(crate) cold: Node,
    load: Load,
}

/// One run on each, in microseconds of processor time.
pub(crate) struct Fill {
    /// A check of a session that is remembered.
    pub(crate) warm_us: f64,
    /// A check of one that is not.
    pub(crate) cold_us: f64,
    /// What looking one session up took, beyond finding it in memory.
    pub(crate) looked_up_us: f64,
    /// What it took where the session is.
    pub(crate) elsewhere_us: f64,
    /// How many were looked up.
    pub(crate) fills: f64,
}

impl Fills {
    /// The file has cookies, as [`Load::Each`] takes them.
    pub(crate) fn start(
        name: &str,
        folder: &Path,
        world: &World,
        cookies: PathBuf,
        arguments: &[&str],
    ) -> Result<Self> {
        let warm = Node::start(&format!("{name}-warm"), folder, world, arguments)?;
        let few = [&[REMEMBERS_FEW], arguments].concat();
        let cold = Node::start(&format!("{name}-cold"), folder, world, &few)?;
        Ok(Self { warm, cold, load: Load::Each { cookies } })
    }

    /// Has the one remember and the other work for so long.
    pub(crate) fn warm_up(&self, seconds: u64) -> Result<()> {
        for node in [&self.warm, &self.cold] {
            node.run(&self.load, CONNECTIONS, seconds)?;
        }
        Ok(())
    }

    /// A run of each; `elsewhere` tells the processor time so far of who is asked.
    pub(crate) fn run(
        &self,
        seconds: u64,
        elsewhere: impl Fn() -> Result<Duration>,
    ) -> Result<Fill> {
        let warm = self.warm.run(&self.load, CONNECTIONS, seconds)?;
        // What is remembered is read again after five minutes.
        ensure!(warm.remembered > 0.9, "{:.2} were remembered, not all", warm.remembered);
        let before = elsewhere()?;
        let cold = self.cold.run(&self.load, CONNECTIONS, seconds)?;
        let used = elsewhere()?.saturating_sub(before);
        ensure!(cold.remembered < 0.2, "{:.2} were remembered, not few", cold.remembered);
        let fill_us = (cold.cpu_us - warm.cpu_us) / (warm.remembered - cold.remembered);
        let fills = cold.requests * (1.0 - cold.remembered);
        Ok(Fill {
            warm_us: warm.cpu_us - fill_us * (1.0 - warm.remembered),
            cold_us: cold.cpu_us + fill_us * cold.remembered,
            looked_up_us: fill_us,
            elsewhere_us: microseconds(used) / fills,
            fills,
        })
    }
}
