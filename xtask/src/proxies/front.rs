//! A proxy that runs, until the value that stands for it is dropped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::visitor::Visitor;
use crate::server::free_port;
use crate::stopwatch::Stopwatch;

/// How long a start may take before it is called a failure.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// Where a proxy listens.
#[derive(Clone, Copy)]
pub(super) struct Ports {
    pub(super) http: u16,
    pub(super) https: u16,
}

impl Ports {
    pub(super) fn free() -> Result<Self> {
        Ok(Self { http: free_port()?, https: free_port()? })
    }
}

pub(super) struct Front {
    child: Child,
    log: PathBuf,
    pub(super) ports: Ports,
    /// What vouches for its certificate.
    pub(super) authority: PathBuf,
}

impl Front {
    /// Starts the proxy and waits until a request comes through it.
    ///
    /// # Errors
    ///
    /// When it ends or nothing comes through in time, with what it said last.
    pub(super) fn start(
        mut command: Command,
        folder: &Path,
        ports: Ports,
        authority: PathBuf,
    ) -> Result<Self> {
        let log = folder.join("log");
        let out = File::create(&log)?;
        let child = command.stdout(out.try_clone()?).stderr(out).spawn()?;
        let mut front = Self { child, log, ports, authority };
        front.await_passage(folder)?;
        Ok(front)
    }

    fn await_passage(&mut self, folder: &Path) -> Result<()> {
        let watch = Stopwatch::start();
        while watch.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}:\n{}", self.log()?);
            }
            let answer = Visitor::new(self, folder, "nobody").ask("/healthz", &[]);
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        bail!("nothing came through it in {} s:\n{}", PATIENCE.as_secs(), self.log()?)
    }

    fn log(&self) -> Result<String> {
        fs::read_to_string(&self.log).context("its log cannot be read")
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
