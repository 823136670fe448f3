//! The npm package `oidc-provider` on the server's core, with the same clients, and somebody signed in for each connection.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpStream;
use std::process::Child;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::CONNECTIONS;
use super::ask::{self, Secrets, code_flow};
use crate::bench::{SERVER_CORE, pinned};
use crate::http::{Answer, Connection, Request};
use crate::server::free_port;
use crate::shell::{program, root, succeeds};
use crate::stopwatch::Stopwatch;
use crate::tools::{node, npm_ci};

const FOLDER: &str = "bench/oidc-provider";

/// Dies with the value that stands for it.
pub(crate) struct OidcProvider {
    child: Child,
    port: u16,
    version: String,
    /// What each connection knows.
    pub(crate) people: Vec<Value>,
}

impl OidcProvider {
    /// Starts it where there is Node.js.
    pub(crate) fn start(secrets: &Secrets) -> Result<Option<Self>> {
        let is_there = |name| succeeds(program(name).arg("--version"));
        if !(is_there("node") && is_there("npm")) {
            return Ok(None);
        }
        npm_ci(FOLDER)?;
        let version = version()?;
        let port = free_port()?;
        let mut server = pinned(SERVER_CORE, node(FOLDER)?.arg("server.mjs"));
        server.current_dir(root().join(FOLDER));
        server.env("NODE_ENV", "production").env("PORT", port.to_string());
        server.env("APP_SECRET", &secrets.app).env("SERVICE_SECRET", &secrets.service);
        let child = server.spawn()?;
        let mut it = Self { child, port, version, people: Vec::new() };
        let mut connection = it.await_connection()?;
        for _ in 0..CONNECTIONS {
            let cookie = sign_in(&mut connection, port, secrets)?;
            it.people.push(ask::person(&mut connection, &cookie, None, secrets)?);
        }
        Ok(Some(it))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What is measured beside, by name and version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    fn await_connection(&mut self) -> Result<Connection> {
        let watch = Stopwatch::start();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("oidc-provider ended with {status}");
            }
            ensure!(watch.elapsed() < Duration::from_mins(1), "oidc-provider does not start");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Connection::open(self.port)?)
    }
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Goes where the question leads until it leads back to the app, as a browser would; answers the cookie of the session.
fn sign_in(connection: &mut Connection, port: u16, secrets: &Secrets) -> Result<String> {
    let question = code_flow(secrets).swap_remove(0).planned();
    let mut path = question["path"].as_str().context("no path")?.to_owned();
    let mut jar = BTreeMap::new();
    for _ in 0..5 {
        let cookies: Vec<String> =
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = connection.send(&Request::get(&path).header("cookie", cookies.join("; ")))?;
        ensure!(answer.status == 303, "{path} was answered {answer:?}");
        keep(&answer, &mut jar);
        let location = answer.header("location").context("no location")?;
        let origin = format!("http://localhost:{port}");
        location.strip_prefix(&origin).unwrap_or(location).clone_into(&mut path);
        if !path.starts_with('/') {
            let session = jar.get("_session").context("there is no session")?;
            return Ok(format!("_session={session}"));
        }
    }
    bail!("the sign-in does not end; last at {path}")
}

fn keep(answer: &Answer, jar: &mut BTreeMap<String, String>) {
    for (_, cookie) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
        let cookie = cookie.split(';').next().unwrap_or_default();
        if let Some((name, value)) = cookie.split_once('=') {
            jar.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn version() -> Result<String> {
    let lock = fs::read_to_string(root().join(FOLDER).join("package-lock.json"))?;
    let lock: Value = serde_json::from_str(&lock)?;
    let package = lock["packages"]["node_modules/oidc-provider"]["version"].as_str();
    let node = String::from_utf8(program("node").arg("--version").output()?.stdout)?;
    Ok(format!("`oidc-provider` {} on Node.js {}", package.context("no version")?, node.trim()))
}
