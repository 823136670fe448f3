//! What is done to running nodes, and what the documents allow of it.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::checker::{Allowance, Allows};
use super::running::Running;
use crate::random::Random;
use crate::stopwatch::Stopwatch;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Fault {
    /// Nothing, for the figures of quiet times.
    None,
    /// `SIGKILL` for a node, which is started again.
    KilledNode,
    /// `SIGSTOP` for a node, longer than memory is believed, and `SIGCONT`.
    StoppedNode,
}

/// What a single node with a database of its own stands.
pub(crate) const OF_ONE_NODE: &[Fault] = &[Fault::None, Fault::KilledNode, Fault::StoppedNode];

/// Longer than a node believes its memory without news.
const LONG: Duration = Duration::from_millis(3_500);
/// How long a dead process stays away.
const AWAY: Duration = Duration::from_millis(700);

impl Fault {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "no fault",
            Self::KilledNode => "kill -9 of a node",
            Self::StoppedNode => "a node stopped and continued",
        }
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
        let from = watch.elapsed();
        match self {
            Self::None => thread::sleep(LONG),
            Self::KilledNode => {
                if let Some(node) = random.pick(&mut running.nodes) {
                    node.kill()?;
                    thread::sleep(AWAY);
                    node.start_again()?;
                }
            }
            Self::StoppedNode => {
                if let Some(node) = random.pick(&mut running.nodes) {
                    node.stop()?;
                    thread::sleep(LONG);
                    node.go_on()?;
                }
            }
        }
        let until = watch.elapsed();
        let allows = self.allows().iter();
        Ok(allows.map(|allows| Allowance { from, until, allows: *allows }).collect())
    }

    fn allows(self) -> &'static [Allows] {
        match self {
            // A node that was killed has no memory that it could believe.
            Self::None | Self::KilledNode => &[],
            Self::StoppedNode => &[Allows::Deafness],
        }
    }
}
