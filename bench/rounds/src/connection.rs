//! A connection that asks and reads the whole answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longer than any honest answer takes.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Connection(BufReader<TcpStream>);

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// All of it, from the status line to the end of the body.
    pub(crate) text: String,
}

impl Connection {
    pub(crate) fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends a request, and reads its answer to the last byte.
    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Answer> {
        self.0.get_mut().write_all(request.as_bytes())?;
        read(&mut self.0)
    }
}

/// Reads an answer that says how long it is; one that does not is empty.
fn read(stream: &mut impl BufRead) -> io::Result<Answer> {
    let mut text = String::new();
    stream.read_line(&mut text)?;
    let status = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    let status = status.ok_or_else(unreadable)?;
    let mut length = 0;
    loop {
        let begin = text.len();
        stream.read_line(&mut text)?;
        let line = &text[begin..];
        if line == "\r\n" {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(unreadable)?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| unreadable())?;
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(unreadable());
        }
    }
    let read = stream.take(length).read_to_string(&mut text)?;
    if u64::try_from(read).is_ok_and(|read| read == length) {
        Ok(Answer { status, text })
    } else {
        Err(unreadable())
    }
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not an answer with a length")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end_and_no_further() {
        let two = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 303 See Other\r\n\r\n";
        let mut stream = two.as_bytes();
        let answer = read(&mut stream).unwrap();
        assert_eq!((answer.status, answer.text.ends_with("\r\n\r\n{}")), (200, true));
        assert_eq!(read(&mut stream).unwrap().status, 303);
        assert!(stream.is_empty());
    }

    #[test]
    fn an_answer_that_breaks_off_is_none() {
        for broken in [
            "",
            "HTTP/1.1 20",
            "HTTP/1.1 200 OK\r\ncontent-le",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            assert!(read(&mut broken.as_bytes()).is_err(), "{broken:?}");
        }
    }
}
