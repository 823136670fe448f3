//! A program that runs until the value that stands for it is dropped.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::http::Connection;
use crate::stopwatch::Stopwatch;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program that listens at a port.
pub(super) struct Service(Child);

impl Service {
    pub(super) fn start(
        name: &str,
        mut command: Command,
        folder: &Path,
        port: u16,
    ) -> Result<Self> {
        let path = folder.join(format!("{name}.log"));
        let log = File::create(&path)?;
        let child =
            command.stdout(log.try_clone()?).stderr(log).spawn().context(name.to_owned())?;
        let mut service = Self(child);
        let watch = Stopwatch::start();
        while Connection::open(port).is_err() {
            let ended = service.0.try_wait()?.is_some();
            if ended || watch.elapsed() > PATIENCE {
                bail!("{name} does not listen:\n{}", fs::read_to_string(path)?);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(service)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
