//! What is tried of the feed through each proxy: neither a row nor the second's word fills a buffer, and both must be there at
//! once.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::front::Front;
use super::visit::{expect, sign_up};
use super::visitor::Visitor;
use crate::server::binary;
use crate::shell::program;
use crate::stopwatch::{Shown, Stopwatch};

const SERVICE: &str = "follower";

/// Promise 8 says one second; a machine that compiles meanwhile gets another.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Registers the service that follows, beside a server with the data of this folder, and answers its secret.
pub(super) fn register(folder: &Path, settings: &Path) -> Result<String> {
    let mut add = program(binary());
    add.args(["client", "add", SERVICE, "--template=service", "--scope=revocations", "--json"]);
    add.arg(format!("--data-dir={}", folder.join("data").display()));
    let output = add.env("CLOAKROOM_CONFIG", settings).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let added: Value = serde_json::from_slice(&output.stdout)?;
    added["secret"].as_str().map(str::to_owned).context("the service has no secret")
}

/// The service follows while somebody signs out. Answers how long it took until it was told.
pub(super) fn through(front: &Front, folder: &Path, secret: &str, email: &str) -> Result<String> {
    let service = Visitor::new(front, folder, SERVICE);
    let user = format!("{SERVICE}:{secret}");
    let form = ["--user", &user, "--data", "grant_type=client_credentials"];
    let token = expect(200, service.ask("/oauth/token", &form)?)?.json();
    let token = token["access_token"].as_str().context("no token")?;
    let authorization = format!("Authorization: Bearer {token}");
    let ends = Visitor::new(front, folder, "ends");
    sign_up(&ends, email)?;

    let mut stream = Stream::open(&service, &authorization)?;
    stream.until(|line| line == "event: begin")?;
    stream.until(|line| line == "event: heard")?;
    let watch = Stopwatch::start();
    stream.until(|line| line == "event: heard")?;
    ensure!(watch.elapsed() < AT_ONCE, "the next word came after {}", Shown(watch.elapsed()));
    expect(204, ends.ask("/api/v1/sign-out", &["--request", "POST"])?)?;
    let watch = Stopwatch::start();
    stream.until(|line| line.starts_with("data: ") && line.contains(" -"))?;
    let delay = watch.elapsed();
    ensure!(delay < AT_ONCE, "the row came after {}", Shown(delay));
    Ok(format!("{} ms", delay.as_millis()))
}

/// An answer that goes on, and ends with the value that stands for it.
struct Stream {
    curl: Child,
    lines: BufReader<ChildStdout>,
}

impl Stream {
    fn open(service: &Visitor<'_>, authorization: &str) -> Result<Self> {
        let arguments = ["--no-buffer", "--header", authorization];
        let mut curl = service.curl("/api/v1/revocations", &arguments);
        let mut curl = curl.stdout(Stdio::piped()).spawn().context("curl")?;
        let lines = curl.stdout.take().context("curl prints nothing")?;
        Ok(Self { curl, lines: BufReader::new(lines) })
    }

    /// Reads up to such a line.
    fn until(&mut self, is_it: impl Fn(&str) -> bool) -> Result<()> {
        let mut line = String::new();
        while !is_it(line.trim_end()) {
            line.clear();
            ensure!(self.lines.read_line(&mut line)? > 0, "the stream has ended");
        }
        Ok(())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.curl.kill();
        let _ = self.curl.wait();
    }
}
