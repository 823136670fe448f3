//! Nodes: processes of the server that share everything but their memory.
//!
//! A node keeps its ports when it is started again, so that a balancer finds it. It dies with the value that stands for
//! it. What it printed is in a file of its folder.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::history::Name;
use crate::http::{Connection, Request};
use crate::server::{World, free_port};
use crate::shell::{program, run_quietly};
use crate::stopwatch::Stopwatch;

/// How long a start may take before it is called a failure; a busy machine is slow, not wrong.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// What the load would wait for without proving more: answers that leave late, and proving once more who one is.
const HASTE: [&str; 2] = ["--answer-delay=50ms", "--fresh-sign-in=24h"];

pub(crate) struct Node {
    pub(crate) name: Name,
    pub(crate) port: u16,
    operators: u16,
    /// The binary that it runs.
    build: PathBuf,
    folder: PathBuf,
    /// What clients call all nodes together, without `http://`.
    host: String,
    world: World,
    /// Variables for this node alone.
    environment: Vec<(String, String)>,
    child: Option<Child>,
}

impl Node {
    /// Starts a node of this build in a folder below this one, which clients call `host`.
    pub(crate) fn start(
        build: &Path,
        name: &str,
        folder: &Path,
        port: u16,
        host: &str,
        world: World,
    ) -> Result<Self> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        let mut node = Self {
            name: name.into(),
            port,
            operators: free_port()?,
            build: build.to_owned(),
            folder,
            host: host.to_owned(),
            world,
            environment: Vec::new(),
            child: None,
        };
        node.start_again()?;
        Ok(node)
    }

    /// Starts it where it was, with these variables beside the usual ones from now on.
    pub(crate) fn start_again_with(&mut self, environment: &[(&str, &str)]) -> Result<()> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.environment = environment.iter().map(owned).collect();
        self.start_again()
    }

    /// Starts it where it was, and waits until it hears the revocation log.
    pub(crate) fn start_again(&mut self) -> Result<()> {
        let log = self.folder.join("log");
        let out = File::options().create(true).append(true).open(log)?;
        let mut serve = self.command("serve");
        serve
            .arg(format!("--listen=127.0.0.1:{}", self.port))
            .arg(format!("--admin-listen=127.0.0.1:{}", self.operators))
            .arg(format!("--public-url=http://{}", self.host))
            .arg("--trusted-proxies=127.0.0.1")
            .args(HASTE)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdout(out.try_clone()?)
            .stderr(out);
        let child = serve.spawn().with_context(|| self.build.display().to_string())?;
        self.child = Some(child);
        self.await_ready()
    }

    /// Ends it at once, as a power cut would (`SIGKILL`).
    pub(crate) fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().with_context(|| format!("{} is dead", self.name))?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Ends it as an operator does, and starts the other build where it was.
    pub(crate) fn upgrade(&mut self, build: &Path) -> Result<()> {
        self.signal("-TERM")?;
        let mut child = self.child.take().with_context(|| format!("{} is dead", self.name))?;
        child.wait()?;
        build.clone_into(&mut self.build);
        self.start_again()
    }

    /// Whether this is the binary that it runs.
    pub(crate) fn runs(&self, build: &Path) -> bool {
        self.build == build
    }

    /// Stops it where it stands (`SIGSTOP`).
    pub(crate) fn stop(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on (`SIGCONT`).
    pub(crate) fn go_on(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        let child = self.child.as_ref().with_context(|| format!("{} is dead", self.name))?;
        run_quietly(program("kill").arg(signal).arg(child.id().to_string()))
    }

    /// Whether it says of itself that it can answer.
    pub(crate) fn is_ready(&self) -> bool {
        let host = format!("127.0.0.1:{}", self.operators);
        Connection::calling(&host, self.operators, Duration::from_secs(1))
            .and_then(|mut it| it.send(&Request::get("/readyz")))
            .is_ok_and(|answer| answer.status == 200)
    }

    /// Makes an administrator, by the command line.
    pub(crate) fn add_administrator(&self, email: &str, password: &str) -> Result<()> {
        let mut add = self.command("user");
        let mut add = add.args(["add", email, "--role=admin"]).stdin(Stdio::piped()).spawn()?;
        let mut input = add.stdin.take().context("no input")?;
        writeln!(input, "{password}")?;
        drop(input);
        ensure!(add.wait()?.success(), "the administrator could not be made");
        Ok(())
    }

    /// A command of the binary about this node's data.
    fn command(&self, subcommand: &str) -> Command {
        let mut command = program(&self.build);
        command
            .arg(subcommand)
            .env("CLOAKROOM_DANGER_NO_THROTTLE", "true")
            .env("CLOAKROOM_DATA_DIR", self.folder.join("data"));
        self.world.tell(&mut command);
        command
    }

    fn await_ready(&mut self) -> Result<()> {
        let watch = Stopwatch::start();
        while watch.elapsed() < PATIENCE {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait()?
            {
                bail!("{} ended with {status}:\n{}", self.name, self.last_words());
            }
            if self.is_ready() {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        bail!("{} was not ready in {} s:\n{}", self.name, PATIENCE.as_secs(), self.last_words())
    }

    pub(crate) fn last_words(&self) -> String {
        let said = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
