//! Our server as the steps run it: the release binary on a free port with a data folder of its own.
//!
//! It dies with the value that stands for it. What it printed stays in a file beside its data, and the end of that
//! file is shown when it does not come up.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cloakroom_testservers::Port;

use crate::http::{Connection, Request};
use crate::shell::{cargo, program, root, run, target};
use crate::stopwatch::Stopwatch;

/// How long a start may take before it is called a failure; a busy machine is slow, not wrong.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(5);

/// Builds the binary as it is shipped; nothing happens when it is there already.
pub(crate) fn build() -> Result<()> {
    run(cargo().args(["build", "--locked", "--release", "--package=cloakroom"]))
}

/// Where [`build`] leaves it.
pub(crate) fn binary() -> PathBuf {
    target().join("release/cloakroom")
}

/// A folder below `target/` that begins empty and is gone in the end, unless something failed meanwhile.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn create(name: &str) -> Result<Self> {
        let path = root().join("target/xtask").join(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes it: what it holds is of no more use.
    pub(crate) fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.0).with_context(|| self.0.display().to_string())
    }
}

/// Sealed by this, keys are read by every node of one database: 32 bytes in hexadecimal, good for a test alone.
const MASTER_KEY: &str = "5a00c1a0a2005a00c1a0a2005a00c1a0a2005a00c1a0a2005a00c1a0a2005a00";

/// What nodes are told of the rest of the world.
#[derive(Clone, Default)]
pub(crate) struct World {
    /// A database that other nodes use too; without it there is a file in the node's folder.
    pub(crate) database: Option<String>,
    pub(crate) redis: Option<String>,
}

impl World {
    /// Tells it to a node, or to a command about what it keeps.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env("CLOAKROOM_MASTER_KEY", MASTER_KEY);
        if let Some(database) = &self.database {
            command.env("CLOAKROOM_DATABASE", database);
        }
        if let Some(redis) = &self.redis {
            command.env("CLOAKROOM_REDIS", redis);
        }
    }
}

pub(crate) struct Server {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts the server on the data in this folder and waits until it answers.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Result<Self> {
        Self::start_as(program(binary()), folder, arguments)
    }

    /// The same, with a command that runs the binary in its own way (pinned, traced).
    ///
    /// # Errors
    ///
    /// When it ends or does not answer in time, with what it said last.
    pub(crate) fn start_as(command: Command, folder: &Path, arguments: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let public_url = format!("--public-url=http://localhost:{port}");
        Self::start_at(port, command, folder, &[&[public_url.as_str()], arguments].concat())
    }

    /// Starts the server with a file that says what it is called and what else operators decide.
    pub(crate) fn start_configured(folder: &Path, settings: &Path) -> Result<Self> {
        let mut command = program(binary());
        command.env("CLOAKROOM_CONFIG", settings);
        Self::start_at(free_port()?, command, folder, &[])
    }

    /// Starts the server at a port that others were told already.
    pub(crate) fn start_again(port: u16, folder: &Path, arguments: &[&str]) -> Result<Self> {
        Self::start_at(port, program(binary()), folder, arguments)
    }

    fn start_at(
        port: u16,
        mut command: Command,
        folder: &Path,
        arguments: &[&str],
    ) -> Result<Self> {
        let log = folder.join("server.log");
        let out = File::options().create(true).append(true).open(&log)?;
        let data = folder.join("data");
        let child = command
            .arg("serve")
            .arg(format!("--listen=127.0.0.1:{port}"))
            .arg(format!("--data-dir={}", data.display()))
            .args(arguments)
            .env("CLOAKROOM_DANGER_NO_THROTTLE", "true")
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("{} could not be started", binary().display()))?;
        let mut server = Self { child, port, log };
        server.await_answer()?;
        Ok(server)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub(crate) fn connect(&self) -> io::Result<Connection> {
        Connection::open(self.port)
    }

    /// What it printed so far.
    pub(crate) fn said(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.log)?)
    }

    /// The one-time link that makes the first administrator, from what the server printed.
    pub(crate) fn setup_link(&self) -> Result<String> {
        let said = self.said()?;
        let link = said.split_whitespace().rfind(|word| word.contains("/setup"));
        link.map(str::to_owned).context("the server printed no set-up link")
    }

    /// Ends it at once, as a power cut would (`SIGKILL`).
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn await_answer(&mut self) -> Result<()> {
        let watch = Stopwatch::start();
        while watch.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}:\n{}", self.last_words());
            }
            let answered = self.connect().and_then(|mut it| it.send(&Request::get("/healthz")));
            if answered.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        bail!("the server did not answer in {} s:\n{}", PATIENCE.as_secs(), self.last_words())
    }

    fn last_words(&self) -> String {
        let said = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port for as long as this process lives: whoever was killed there finds it free when it is started again.
pub(crate) fn free_port() -> Result<u16> {
    static TAKEN: Mutex<Vec<Port>> = Mutex::new(Vec::new());
    let port = Port::free()?;
    let number = port.number();
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner).push(port);
    Ok(number)
}
