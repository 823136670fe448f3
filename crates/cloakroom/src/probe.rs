//! Asking a server whether it is alive, on its own machine.
//!
//! One request on one connection with a limit on everything: less than any client for HTTP would bring along.

mod tls;

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use crate::settings::{Endpoint, Settings};

/// How long a server on this machine, or the way to another one, may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// No answer to `/healthz` is longer.
const LONGEST: u64 = 8 << 10;

/// What is spoken at an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Speech {
    /// Plain http.
    Plain,
    /// Https.
    Tls,
}

impl Speech {
    /// What a server with these settings speaks where it listens.
    fn of(settings: &Settings) -> Self {
        if settings.speaks_tls() { Self::Tls } else { Self::Plain }
    }
}

/// What a server at a port said.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    /// Whether it is one of ours, and alive.
    pub(crate) healthy: bool,
    /// Its `Date`, as it was written.
    pub(crate) date: Option<String>,
}

/// Asks for `/healthz` where a server with these settings listens.
pub(crate) fn ask(settings: &Settings) -> io::Result<Answer> {
    let speech = Speech::of(settings);
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in settings.listen.0.iter().flat_map(|endpoint: &Endpoint| endpoint.addresses()) {
        match ask_at(address, speech) {
            Ok(answer) => return Ok(answer),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Whether a server of ours is at this address, whatever it speaks.
pub(crate) fn is_ours(address: SocketAddr) -> bool {
    match ask_at(address, Speech::Plain) {
        Ok(answer) if answer.healthy => true,
        // Whoever speaks TLS closes on plain http; silence is somebody else's.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
        {
            false
        }
        _ => ask_at(address, Speech::Tls).is_ok_and(|answer| answer.healthy),
    }
}

fn ask_at(address: SocketAddr, speech: Speech) -> io::Result<Answer> {
    let stream = TcpStream::connect_timeout(&reachable(address), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match speech {
        Speech::Plain => ask_over(stream),
        Speech::Tls => ask_over(tls::over(stream)?),
    }
}

fn ask_over(mut stream: impl Read + Write) -> io::Result<Answer> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    Ok(read(&String::from_utf8_lossy(&answer)))
}

/// All addresses of a machine are reached by its loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn read(answer: &str) -> Answer {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    let date = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("date").then(|| value.trim().to_owned())
    });
    Answer { healthy: head.starts_with("HTTP/1.1 200 ") && body == "ok\n", date }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_says_ok_and_when() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nDate: Mon, 23 Nov 2026 22:00:00 GMT\r\n\r\nok\n";
        let date = Some("Mon, 23 Nov 2026 22:00:00 GMT".to_owned());
        assert_eq!(read(answer), Answer { healthy: true, date });
    }

    #[test]
    fn another_program_is_not_ours() {
        for answer in [
            "",
            "SSH-2.0-OpenSSH\r\n",
            "HTTP/1.1 200 OK\r\n\r\n<html>",
            "HTTP/1.1 404 Not Found\r\n\r\nok\n",
        ] {
            assert!(!read(answer).healthy, "{answer}");
        }
    }
}
