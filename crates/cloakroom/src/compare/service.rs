//! A small service that checks each request in one of the arrangements: this binary as a child process.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Stdio},
};

use serde::{Deserialize, Serialize};

use super::{
    arrangement::Arrangement,
    server::{AUDIENCE, Credentials, Server, no_process, this_binary},
};
use crate::exit::Failure;

/// The hidden command that serves.
const COMMAND: &str = "compare-service";

/// What a service is told at its start: one line of JSON on its standard input.
#[derive(Deserialize, Serialize)]
pub(crate) struct Task {
    /// How it checks.
    pub(crate) arrangement: Arrangement,
    /// The server's public URL.
    pub(crate) issuer: String,
    /// Where the server is asked about single requests.
    pub(crate) server: SocketAddr,
    /// Whom tokens must be for.
    pub(crate) audience: String,
    /// Its own client's id.
    pub(crate) client: String,
    /// Its secret.
    pub(crate) secret: String,
}

/// Which way a service takes to ask about single requests.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// Straight, so that nothing is added to the time.
    Straight,
    /// Through the relay, so that bytes are counted.
    Counted,
}

/// A running service. It ends with this value, and also with this process.
pub(crate) struct Service {
    child: Child,
    commands: Option<ChildStdin>,
    said: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Service {
    /// Starts one and waits until it serves.
    pub(crate) fn start(
        arrangement: Arrangement,
        way: Way,
        server: &Server,
        credentials: &Credentials,
    ) -> Result<Self, Failure> {
        let task = Task {
            arrangement,
            issuer: server.public_url(),
            server: match way {
                Way::Straight => server.address(),
                Way::Counted => server.relay().address(),
            },
            audience: AUDIENCE.to_owned(),
            client: credentials.client.to_owned(),
            secret: credentials.secret.clone(),
        };
        let mut command = this_binary(Path::new("/"))?;
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| no_process(&error))?;
        let (Some(mut commands), Some(said)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::Unavailable("a service has no standard input".to_owned()));
        };
        let task = serde_json::to_string(&task).map_err(std::io::Error::from)?;
        // One that has gone already says why.
        let _ = writeln!(commands, "{task}");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let commands = Some(commands);
        let mut service = Self { child, commands, said: BufReader::new(said), address };
        service.address = service.next_line()?.parse().map_err(|_| {
            Failure::Unavailable("a service says something else than its address".to_owned())
        })?;
        Ok(service)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sets the clock by which it judges tokens ahead of the machine's.
    pub(crate) fn set_clock_ahead(&mut self, seconds: u64) -> Result<(), Failure> {
        if let Some(commands) = &mut self.commands {
            writeln!(commands, "{seconds}").map_err(|error| no_process(&error))?;
        }
        self.next_line().map(drop)
    }

    fn next_line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.said.read_line(&mut line).map_err(|error| no_process(&error))?;
        if line.ends_with('\n') {
            return Ok(line.trim_end().to_owned());
        }
        let mut complaint = String::new();
        if let Some(errors) = self.child.stderr.take() {
            // A first line is enough to know what is wrong; without one the sentence says so too.
            let _ = BufReader::new(errors).read_line(&mut complaint);
        }
        let complaint = complaint.trim();
        Err(Failure::Unavailable(format!("a service of the comparison ended: {complaint}")))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.commands = None;
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
