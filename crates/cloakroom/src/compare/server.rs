//! A private server: this binary as a child process, with a temporary data folder and free ports.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use cloakroom_model::time::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    people::{self, Person},
    relay::Relay,
    wire::{Answer, Wire, request},
};
use crate::exit::Failure;

/// Whom the tokens are for.
pub(crate) const AUDIENCE: &str = "https://api.example.com";

/// Where the application runs that gets them.
const ORIGIN: &str = "http://app.localhost";

/// A service's credentials.
pub(crate) struct Credentials {
    /// Its client's id.
    pub(crate) client: &'static str,
    /// Its secret.
    pub(crate) secret: String,
}

/// The server. What it keeps goes with this value.
pub(crate) struct Server {
    child: Option<Child>,
    address: SocketAddr,
    relay: Relay,
    folder: TempDir,
}

impl Server {
    /// Makes a database with so many people in it, each signed in once, and starts a server on it.
    pub(crate) fn prepare(count: u64, now: Timestamp) -> Result<(Self, Vec<Person>), Failure> {
        let folder = TempDir::with_prefix("cloakroom-compare-").map_err(|error| {
            Failure::Unavailable(format!("cannot make a temporary folder: {error}"))
        })?;
        let people = people::make(&folder.path().join("data"), count, now)?;
        let relay = Relay::open()?;
        // The system chooses the port, at the first start.
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child: None, address, relay, folder };
        server.start()?;
        Ok((server, people))
    }

    /// Starts it, at the address where it was before.
    pub(crate) fn start(&mut self) -> Result<(), Failure> {
        let log = self.folder.path().join("server.log");
        let mut command = self.command(&["serve", "--json", "--danger-no-throttle"])?;
        command.arg(format!("--listen={}", self.address));
        command
            .stdout(Stdio::piped())
            .stderr(File::create(&log).map_err(|error| no_process(&error))?);
        let mut child = command.spawn().map_err(|error| no_process(&error))?;
        let mut greeting = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut greeting).map_err(|error| no_process(&error))?;
        }
        // From here on it is ended with this value, whatever happens.
        self.child = Some(child);
        let greeting: Value = serde_json::from_str(&greeting).unwrap_or_default();
        let listening = greeting["listening"][0].as_str().and_then(|text| text.parse().ok());
        let Some(address) = listening else {
            let said = fs::read_to_string(&log).unwrap_or_default();
            return Err(Failure::Unavailable(format!(
                "the private server did not start: {}",
                said.trim()
            )));
        };
        self.address = address;
        self.relay.lead_to(address);
        Ok(())
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) -> Result<(), Failure> {
        if let Some(mut child) = self.child.take() {
            child.kill().map_err(|error| no_process(&error))?;
            child.wait().map_err(|error| no_process(&error))?;
        }
        Ok(())
    }

    /// Asks it to stop, as an init system does, and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<(), Failure> {
        if let Some(mut child) = self.child.take() {
            kill_process(Pid::from_child(&child), Signal::TERM)
                .map_err(io::Error::from)
                .map_err(|error| no_process(&error))?;
            child.wait().map_err(|error| no_process(&error))?;
        }
        Ok(())
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Where it listens itself.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stands between it and everybody who goes by its public URL.
    pub(crate) fn relay(&self) -> &Relay {
        &self.relay
    }

    /// Its public URL.
    pub(crate) fn public_url(&self) -> String {
        format!("http://{}", self.host())
    }

    /// The host of its public URL, with the port.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.relay.address().port())
    }

    /// Registers the application whose people are asked for, and a service; answers the service's credentials.
    pub(crate) fn register(&self) -> Result<Credentials, Failure> {
        self.say(&[
            "client",
            "add",
            "app",
            "--template=spa",
            "--first-party",
            "--origin",
            ORIGIN,
            "--audience",
            AUDIENCE,
        ])?;
        let client = "service";
        let added = self.say(&[
            "client",
            "add",
            client,
            "--template=service",
            "--scope=read",
            "--scope=revocations",
            "--audience",
            AUDIENCE,
        ])?;
        let secret = added["secret"].as_str().unwrap_or_default().to_owned();
        Ok(Credentials { client, secret })
    }

    /// Earns a short token with a person's cookie.
    pub(crate) fn token_of(&self, wire: &mut Wire, person: &Person) -> Result<String, Failure> {
        let body = json!({ "audience": AUDIENCE }).to_string();
        let answer = self.post(wire, "/api/v1/session/token", person, &body)?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match body["access_token"].as_str() {
            Some(token) => Ok(token.to_owned()),
            None => Err(unexpected("a token", &answer)),
        }
    }

    /// Signs a person out. When this returns, the server has acknowledged it.
    pub(crate) fn sign_out(&self, wire: &mut Wire, person: &Person) -> Result<(), Failure> {
        let answer = self.post(wire, "/api/v1/sign-out", person, "")?;
        if answer.status / 100 == 2 { Ok(()) } else { Err(unexpected("a sign-out", &answer)) }
    }

    fn post(
        &self,
        wire: &mut Wire,
        path: &str,
        person: &Person,
        body: &str,
    ) -> Result<Answer, Failure> {
        let host = self.host();
        let mut headers = vec![("host", &host[..]), ("cookie", &person.cookie), ("origin", ORIGIN)];
        if body.is_empty() {
            headers.push(("content-length", "0"));
        } else {
            headers.push(("content-type", "application/json"));
        }
        wire.ask(&request("POST", path, &headers, body)).map_err(|error| {
            Failure::Unavailable(format!("the private server does not answer {path}: {error}"))
        })
    }

    /// Runs a command of this binary beside the server, and reads its JSON.
    fn say(&self, words: &[&str]) -> Result<Value, Failure> {
        let output =
            self.command(words)?.arg("--json").output().map_err(|error| no_process(&error))?;
        let said = serde_json::from_slice(&output.stdout).ok();
        said.filter(|_| output.status.success()).ok_or_else(|| {
            let complaint = String::from_utf8_lossy(&output.stderr);
            Failure::Unavailable(format!(
                "`cloakroom {}` failed: {}",
                words.join(" "),
                complaint.trim()
            ))
        })
    }

    /// This binary, with nothing around it that could change its settings.
    fn command(&self, words: &[&str]) -> Result<Command, Failure> {
        let mut command = this_binary(self.folder.path())?;
        command
            .args(words)
            .arg("--data-dir=data")
            .arg(format!("--public-url={}", self.public_url()));
        command.stdin(Stdio::null());
        Ok(command)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to end.
        let _ = self.kill();
    }
}

/// This binary, to be run in a folder without variables and without a file of settings.
pub(super) fn this_binary(folder: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe().map_err(|error| no_process(&error))?);
    command.current_dir(folder).env_clear();
    Ok(command)
}

pub(super) fn no_process(error: &io::Error) -> Failure {
    Failure::Unavailable(format!("cannot run a process beside this one: {error}"))
}

pub(super) fn unexpected(what: &str, answer: &Answer) -> Failure {
    let body = String::from_utf8_lossy(&answer.body);
    Failure::Unavailable(format!(
        "asked for {what}, the answer was {}: {}",
        answer.status,
        body.trim()
    ))
}
