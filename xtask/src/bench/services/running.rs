//! Services that run on the server's core.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cloakroom_testservers::Redis;
use serde_json::Value;

use crate::bench::{SERVER_CORE, pinned};
use crate::server::free_port;
use crate::shell::{program, root, succeeds};
use crate::stopwatch::Stopwatch;
use crate::tools::{node, npm_ci};

const EXPRESS_SESSION: &str = "bench/express-session";

/// Dies with the value that stands for it.
pub(crate) struct Service {
    child: Child,
    port: u16,
}

impl Service {
    /// Starts a program as `program … PORT words… FILE`, and waits until it can be asked.
    pub(crate) fn start(command: &Command, words: &[&str], file: Option<&Path>) -> Result<Self> {
        let port = free_port()?;
        let mut pinned = pinned(SERVER_CORE, command);
        pinned.arg(port.to_string()).args(words).args(file);
        if let Some(folder) = command.get_current_dir() {
            pinned.current_dir(folder);
        }
        for (name, value) in command.get_envs() {
            pinned.env(name, value.unwrap_or_default());
        }
        let mut child = pinned.spawn()?;
        let watch = Stopwatch::start();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("a service ended with {status}");
            }
            ensure!(watch.elapsed() < Duration::from_mins(1), "a service does not start");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { child, port })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A service by `express-session`, and by which versions, where there is Node.js.
pub(crate) fn express_session(redis: &Redis) -> Result<Option<(Service, String)>> {
    let is_there = |name| succeeds(program(name).arg("--version"));
    if !(is_there("node") && is_there("npm")) {
        return Ok(None);
    }
    npm_ci(EXPRESS_SESSION)?;
    let mut server = node(EXPRESS_SESSION)?;
    server.arg("server.mjs").env("NODE_ENV", "production");
    server.current_dir(root().join(EXPRESS_SESSION));
    let service = Service::start(&server, &[&redis.url()], None)?;
    Ok(Some((service, version()?)))
}

fn version() -> Result<String> {
    let lock = fs::read_to_string(root().join(EXPRESS_SESSION).join("package-lock.json"))?;
    let lock: Value = serde_json::from_str(&lock)?;
    let package = lock["packages"]["node_modules/express-session"]["version"].as_str();
    let node = String::from_utf8(program("node").arg("--version").output()?.stdout)?;
    let package = package.context("no version of express-session")?;
    Ok(format!("`express-session` {package} on Node.js {}", node.trim()))
}
