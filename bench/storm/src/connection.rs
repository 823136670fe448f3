//! A connection that asks and reads the whole answer, and keeps its status alone.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

/// Longer than any honest answer takes.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    /// Opens one to this machine, from one of its own addresses.
    pub(crate) fn open(port: u16, from: [u8; 4]) -> io::Result<Self> {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&socket, &SocketAddr::from((from, 0)))?;
        connect(&socket, &SocketAddr::from(([127, 0, 0, 1], port)))?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request; answers its status when the answer is there to its last byte.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<u16> {
        self.0.get_mut().write_all(request.as_bytes())?;
        read(&mut self.0)
    }
}

/// Reads an answer that says how long it is.
fn read(stream: &mut impl BufRead) -> io::Result<u16> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.ok_or_else(unreadable)?;
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| unreadable())?;
        }
    }
    let read = io::copy(&mut stream.take(length), &mut io::sink())?;
    if line == "\r\n" && read == length { Ok(status) } else { Err(unreadable()) }
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not an answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end_and_no_further() {
        let two = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 503 Busy\r\n\r\n";
        let mut stream = two.as_bytes();
        assert_eq!(read(&mut stream).unwrap(), 200);
        assert_eq!(read(&mut stream).unwrap(), 503);
        assert!(stream.is_empty());
    }

    #[test]
    fn an_answer_that_breaks_off_is_none() {
        for broken in [
            "",
            "HTTP/1.1 20",
            "HTTP/1.1 200 OK\r\ncontent-le",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}",
        ] {
            assert!(read(&mut broken.as_bytes()).is_err(), "{broken:?}");
        }
    }
}
