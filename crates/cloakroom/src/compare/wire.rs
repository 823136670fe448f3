//! A connection of HTTP/1.1 that sends what it is given and says what came back, with nothing between that costs time.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// Longer than any honest answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// No answer that is asked for here is longer.
const LONGEST: usize = 256 << 10;

/// What came back.
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// A connection, opened when it is needed.
pub(crate) struct Wire {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

impl Wire {
    /// A connection to an address.
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, read: Vec::new() }
    }

    /// Sends a whole request and reads the whole answer.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let answer = self.exchange(request);
        if answer.is_err() {
            // Whatever is left on it belongs to nobody any more.
            self.stream = None;
        }
        answer
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => self.stream.insert(connect(self.address)?),
        };
        stream.write_all(request)?;
        self.read.clear();
        let mut buffer = [0; 16 << 10];
        loop {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.read.extend_from_slice(&buffer[..count]);
            if let Some(answer) = parse(&self.read)? {
                return Ok(answer);
            }
            if self.read.len() > LONGEST {
                return Err(io::Error::other("an endless answer"));
            }
        }
    }
}

/// A request of HTTP/1.1, for one of our own services or servers.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers: String = headers.collect();
    let length =
        if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\n{headers}{length}\r\n{body}").into_bytes()
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The answer, once all of it is there.
fn parse(read: &[u8]) -> io::Result<Option<Answer>> {
    let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(None) };
    let strange = || io::Error::other("not an answer of HTTP/1.1");
    let head = str::from_utf8(&read[..end]).map_err(|_| strange())?;
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status: u16 = status.and_then(|status| status.parse().ok()).ok_or_else(strange)?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let length: usize = match length {
        Some(length) => length,
        None if status == 204 => 0,
        None => return Err(strange()),
    };
    let body = &read[end + 4..];
    Ok((body.len() >= length).then(|| Answer { status, body: body[..length].to_vec() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_length_is_there() {
        let text = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nno\n";
        for cut in 0..text.len() {
            assert!(parse(&text[..cut]).unwrap().is_none(), "{cut}");
        }
        let answer = parse(text).unwrap().unwrap();
        assert_eq!((answer.status, &answer.body[..]), (401, &b"no\n"[..]));
        assert_eq!(parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().status, 204);
        assert!(parse(b"SSH-2.0-OpenSSH\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_says_how_long_it_is() {
        let request = request("POST", "/x", &[("host", "a")], "{}");
        assert_eq!(request, b"POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}");
    }
}
