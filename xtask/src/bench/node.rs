//! A node on the server's core, what it is asked by wrk, and what that takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::process::cpu_time;
use super::{LOAD_CORE, SERVER_CORE, pinned, wrk};
use crate::http::{Connection, Request};
use crate::server::{Server, World, binary, free_port};
use crate::shell::{program, root};

/// What a session check asks for.
pub(crate) const CHECK: &str = "/api/v1/session";

/// Enough that the server never waits for the load.
pub(crate) const CONNECTIONS: u32 = 32;

/// Remembers so few that a session is forgotten before its turn comes again.
pub(crate) const REMEMBERS_FEW: &str = "--remembered-sessions=100";

/// How many that is.
pub(crate) const REMEMBERED_FEW: usize = 100;

pub(crate) struct Node {
    pub(crate) server: Server,
    operators: u16,
}

impl Node {
    /// Starts a node in a folder of this name below `folder`.
    pub(crate) fn start(
        name: &str,
        folder: &Path,
        world: &World,
        arguments: &[&str],
    ) -> Result<Self> {
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        let mut command = pinned(SERVER_CORE, &program(binary()));
        world.tell(&mut command);
        let operators = free_port()?;
        let admin_listen = format!("--admin-listen=127.0.0.1:{operators}");
        let arguments = [&[admin_listen.as_str()], arguments].concat();
        let server = Server::start_as(command, &folder, &arguments).context(name.to_owned())?;
        Ok(Self { server, operators })
    }

    /// One of its counters; 0 where it has none of that name.
    pub(crate) fn counted(&self, name: &str) -> Result<f64> {
        let host = format!("127.0.0.1:{}", self.operators);
        let mut connection = Connection::calling(&host, self.operators, Duration::from_secs(10))?;
        let metrics = connection.send(&Request::get("/metrics"))?.text();
        let lines = metrics.lines().filter_map(|line| line.rsplit_once(' '));
        let mut values = lines.filter(|(counter, _)| *counter == name).map(|(_, value)| value);
        Ok(values.next().map(str::parse).transpose()?.unwrap_or(0.0))
    }

    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        cpu_time(self.server.pid())
    }

    /// Asks it for so many seconds.
    pub(crate) fn run(&self, load: &Load, connections: u32, seconds: u64) -> Result<Run> {
        let before = (self.cpu_time()?, self.counted(BELIEVED)?);
        let report = wrk::run(&mut load.command(self.server.port(), connections, seconds))?;
        let used = self.cpu_time()?.saturating_sub(before.0);
        let requests = count(report.requests);
        Ok(Run {
            cpu_us: microseconds(used) / requests,
            requests,
            per_second: report.per_second,
            remembered: (self.counted(BELIEVED)? - before.1) / requests,
        })
    }
}

const BELIEVED: &str = "cloakroom_memory_believed_total";

/// What one run took.
pub(crate) struct Run {
    /// The node's processor time of a request, in microseconds.
    pub(crate) cpu_us: f64,
    pub(crate) requests: f64,
    pub(crate) per_second: f64,
    /// The share of requests that the node answered from its memory.
    pub(crate) remembered: f64,
}

/// Session checks.
#[derive(Clone)]
pub(crate) enum Load {
    /// Of one session.
    One { cookie: String },
    /// Of the sessions whose cookies are in this file, in turn.
    Each { cookies: PathBuf },
}

impl Load {
    fn command(&self, port: u16, connections: u32, seconds: u64) -> Command {
        let url = format!("http://127.0.0.1:{port}{CHECK}");
        let mut wrk = wrk::command(&url, 1, connections, seconds);
        // The server answers to its public name alone.
        wrk.args(["-H", &format!("Host: localhost:{port}")]);
        match self {
            Self::One { cookie } => {
                wrk.args(["-H", &format!("Cookie: {cookie}")]);
            }
            Self::Each { cookies } => {
                wrk.arg("-s").arg(root().join("bench/wrk/each.lua"));
                wrk.args(["--", CHECK]).arg(cookies);
            }
        }
        pinned(LOAD_CORE, &wrk)
    }

    /// Asks any port, which need not be a node's.
    pub(crate) fn ask(&self, port: u16, seconds: u64) -> Result<wrk::Report> {
        wrk::run(&mut self.command(port, CONNECTIONS, seconds))
    }
}

pub(crate) fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub(crate) fn count(number: u64) -> f64 {
    number as f64
}
