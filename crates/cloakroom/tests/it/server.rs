//! A running server: started by the binary, stopped by a signal.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, ChildStdout, ExitStatus, Stdio},
    time::Duration,
};

use cloakroom_engine::clock::{Clock as _, SystemClock};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::Program;

/// Longer than any honest machine takes, so that what never happens fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that dies with this value.
pub(crate) struct Server {
    child: Child,
    printed: BufReader<ChildStdout>,
    /// What it said when it was ready, as JSON.
    pub(crate) greeting: Value,
}

impl Program {
    /// Starts a server on free ports; the commands of this program mean it from then on.
    pub(crate) fn serve(&mut self) -> Server {
        self.serve_with(&[])
    }

    /// The same, with more arguments; at another address where they name one.
    pub(crate) fn serve_with(&mut self, arguments: &[&str]) -> Server {
        // Where it is known under its earlier name, it gets a new one.
        self.unset("CLOAKROOM_PUBLIC_URL");
        let log = self.folder().join("server.log");
        let mut line = vec!["serve", "--json", "--answer-delay=50ms"];
        if !arguments.iter().any(|argument| argument.starts_with("--listen=")) {
            line.push("--listen=localhost:0");
        }
        line.extend(arguments);
        let mut child = self
            .command(&line)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        printed.read_line(&mut greeting).unwrap();
        let greeting: Value = serde_json::from_str(&greeting).unwrap_or_else(|_| {
            let status = child.wait().unwrap();
            panic!("no server, but {status}: {}", std::fs::read_to_string(&log).unwrap())
        });
        let server = Server { child, printed, greeting };
        self.set("CLOAKROOM_PUBLIC_URL", server.url());
        server
    }
}

impl Server {
    /// Its public URL.
    pub(crate) fn url(&self) -> &str {
        self.greeting["public_url"].as_str().unwrap()
    }

    /// The address it listens at first.
    pub(crate) fn address(&self) -> &str {
        self.greeting["listening"][0].as_str().unwrap()
    }

    /// Ends it at once, as a power cut would.
    pub(crate) fn kill(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::KILL).unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as an init system does, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.printed.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "one line is all that a program has to read");
        status
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until it is so, and says how long that took.
pub(crate) async fn soon(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let clock = SystemClock::new();
    while !is_so().await {
        assert!(clock.steady() < PATIENCE, "never: {what}");
        tokio::task::yield_now().await;
    }
    println!("{what} after {:?}", clock.steady());
    clock.steady()
}
