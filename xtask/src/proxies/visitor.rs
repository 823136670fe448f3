//! Somebody who comes through a proxy with curl: as strict about TLS and cookies as a browser, at the public name, and
//! from an address that is neither the proxy's nor the server's.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::NAME;
use super::front::{Front, Ports};
use crate::http::Answer;
use crate::shell::program;

/// All of 127.0.0.0/8 is this machine (RFC 6890 §2.2.2), and the proxy calls the server from the first of it.
pub(super) const ADDRESS: &str = "127.0.0.2";

pub(super) struct Visitor<'a> {
    front: &'a Front,
    jar: PathBuf,
}

impl<'a> Visitor<'a> {
    /// Somebody with a cookie jar of this name.
    pub(super) fn new(front: &'a Front, folder: &Path, name: &str) -> Self {
        Self { front, jar: folder.join(name).with_extension("jar") }
    }

    /// Asks for a path by https, with more of curl's arguments.
    pub(super) fn ask(&self, path: &str, arguments: &[&str]) -> Result<Answer> {
        self.ask_by("https", path, arguments)
    }

    /// The same, by http or https.
    pub(super) fn ask_by(&self, scheme: &str, path: &str, arguments: &[&str]) -> Result<Answer> {
        self.ask_for(&format!("{scheme}://{NAME}{path}"), arguments)
    }

    /// Asks another host for a path by https.
    pub(super) fn ask_at(&self, host: &str, path: &str, arguments: &[&str]) -> Result<Answer> {
        self.ask_for(&format!("https://{host}{path}"), arguments)
    }

    /// Somebody else who has got hold of all cookies.
    pub(super) fn copied(&self, name: &str) -> Result<Self> {
        let copy =
            Self { front: self.front, jar: self.jar.with_file_name(name).with_extension("jar") };
        fs::copy(&self.jar, &copy.jar)?;
        Ok(copy)
    }

    /// Keeps a cookie that a host has set.
    pub(super) fn keeps(&self, host: &str, name: &str, value: &str) -> Result<()> {
        let mut jar = OpenOptions::new().append(true).open(&self.jar)?;
        // Host, with subdomains, path, https alone, until when, name, value.
        Ok(writeln!(jar, "{host}\tFALSE\t/\tTRUE\t0\t{name}\t{value}")?)
    }

    /// What asks for a path by https, to be started in another way.
    pub(super) fn curl(&self, path: &str, arguments: &[&str]) -> Command {
        self.curl_for(&format!("https://{NAME}{path}"), arguments)
    }

    fn curl_for(&self, url: &str, arguments: &[&str]) -> Command {
        let Ports { http, https } = self.front.ports;
        let mut curl = program("curl");
        curl.args(["--silent", "--show-error", "--include", "--max-time", "90"]);
        curl.args(["--interface", &format!("host!{ADDRESS}")]);
        for (port, proxy) in [(80, http), (443, https)] {
            curl.args(["--connect-to", &format!(":{port}:127.0.0.1:{proxy}")]);
        }
        curl.arg("--cacert").arg(&self.front.authority);
        curl.arg("--cookie").arg(&self.jar).arg("--cookie-jar").arg(&self.jar);
        curl.arg("--globoff").args(arguments).arg(url);
        curl
    }

    fn ask_for(&self, url: &str, arguments: &[&str]) -> Result<Answer> {
        let output = self.curl_for(url, arguments).output().context("curl")?;
        let why = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{url}: {}", why.trim());
        read(&output.stdout).with_context(|| url.to_owned())
    }
}

/// What curl prints of an answer: its head, an empty line, its body.
fn read(printed: &[u8]) -> Result<Answer> {
    const END: &[u8] = b"\r\n\r\n";
    let end = printed.windows(END.len()).position(|window| window == END).context("no head")?;
    let head = str::from_utf8(&printed[..end])?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?;
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    Ok(Answer {
        status: status.parse()?,
        headers: lines.filter_map(header).collect(),
        body: printed[end + END.len()..].to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_body_are_told_apart() {
        let answer = read(b"HTTP/2 303 \r\nLocation: /account\r\n\r\na\r\n\r\nb").unwrap();
        assert_eq!((answer.status, answer.header("location")), (303, Some("/account")));
        assert_eq!(answer.text(), "a\r\n\r\nb");
    }

    #[test]
    fn what_breaks_off_is_no_answer() {
        assert!(read(b"HTTP/2 200 \r\nserver: x\r\n").is_err());
        assert!(read(b"").is_err());
    }
}
