//! The bare framework on the server's core, answering what our server answered.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::{SERVER_CORE, built, pinned};
use crate::http::Answer;
use crate::server::free_port;
use crate::stopwatch::Stopwatch;

/// Dies with the value that stands for it.
pub(crate) struct Bare {
    child: Child,
    port: u16,
}

impl Bare {
    /// Starts it with one route; the answer is passed in `file`.
    pub(crate) fn start(path: &str, file: &Path, answer: &Answer) -> Result<Self> {
        // These the framework writes itself.
        let own = ["content-length", "date", "transfer-encoding", "connection"];
        let headers: Vec<_> =
            answer.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())).collect();
        let recorded = json!({"status": answer.status, "headers": headers, "body": answer.text()});
        fs::write(file, recorded.to_string())?;
        let port = free_port()?;
        let mut bare = built("bench-bare");
        bare.arg(port.to_string()).arg(path).arg(file);
        let bare = Self { child: pinned(SERVER_CORE, &bare).spawn()?, port };
        let watch = Stopwatch::start();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(watch.elapsed() < Duration::from_mins(1), "the bare framework does not start");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(bare)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
