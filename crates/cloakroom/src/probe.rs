//! Asking a server whether it is alive, over plain http on its own machine.
//!
//! One request on one connection with a limit on everything: less than any client for HTTP would bring along.

use std::{
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use crate::settings::{Endpoint, Listen};

/// How long a server on this machine, or the way to another one, may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// No answer to `/healthz` is longer.
const LONGEST: u64 = 8 << 10;

/// What a server at a port said.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    /// Whether it is one of ours, and alive.
    pub(crate) healthy: bool,
    /// Its `Date`, as it was written.
    pub(crate) date: Option<String>,
}

/// Asks for `/healthz` where a server with these settings listens.
pub(crate) fn ask(listen: &Listen) -> io::Result<Answer> {
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in listen.0.iter().flat_map(|endpoint: &Endpoint| endpoint.addresses()) {
        match ask_at(address) {
            Ok(answer) => return Ok(answer),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// The same, at one address.
pub(crate) fn ask_at(address: SocketAddr) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&reachable(address), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
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
