//! A small HTTP/1.1 client for a server on this machine: one connection, one request at a time.
//!
//! Enough to drive our own server without compiling a client first. It follows no redirect, keeps no cookie and
//! knows no TLS; what it cannot read is an error and never a guess.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Longer than any honest answer takes, so that a server that hangs fails the step instead of stopping it.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) body: Option<(&'a str, String)>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, headers: Vec::new(), body: None }
    }

    pub(crate) fn get(path: &'a str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &'a str) -> Self {
        Self::new("POST", path)
    }

    pub(crate) fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Some(("application/json", body.to_string()));
        self
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Some(("text/plain", body.to_owned()));
        self
    }

    /// A form whose values need no escaping: base64url, names, numbers.
    pub(crate) fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.body = Some(("application/x-www-form-urlencoded", pairs.join("&")));
        self
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The first header of this name, which is given in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The cookie that the answer sets, as a request would send it: `name=value`.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.header("set-cookie").and_then(|cookie| cookie.split(';').next())
    }

    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What a person needs to see of an answer that was not expected.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.text())
    }
}

impl Connection {
    pub(crate) fn open(port: u16) -> io::Result<Self> {
        Self::calling(&format!("localhost:{port}"), port, PATIENCE)
    }

    /// To a server that has another name than its port says, by somebody who does not wait longer than this.
    pub(crate) fn calling(host: &str, port: u16, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self { stream: BufReader::new(stream), host: host.to_owned() })
    }

    /// Sends a request and reads the whole answer; the connection stays usable.
    pub(crate) fn send(&mut self, request: &Request<'_>) -> io::Result<Answer> {
        let Request { method, path, headers, body } = request;
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.host);
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if let Some((kind, body)) = body {
            let length = body.len().to_string();
            head.extend([
                "content-type: ",
                kind,
                "\r\ncontent-length: ",
                &length,
                "\r\n\r\n",
                body,
            ]);
        } else if *method == "GET" {
            head.push_str("\r\n");
        } else {
            head.push_str("content-length: 0\r\n\r\n");
        }
        self.stream.get_mut().write_all(head.as_bytes())?;
        read_answer(&mut self.stream)
    }
}

fn read_answer(stream: &mut impl BufRead) -> io::Result<Answer> {
    let status_line = read_line(stream)?;
    let status = status_line
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| unreadable(&status_line))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| unreadable(&line))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    answer.body = read_body(stream, &answer)?;
    Ok(answer)
}

fn read_body(stream: &mut impl BufRead, answer: &Answer) -> io::Result<Vec<u8>> {
    if answer.status == 204 || answer.status == 304 {
        return Ok(Vec::new());
    }
    if answer.header("transfer-encoding") == Some("chunked") {
        return read_chunks(stream);
    }
    let length = answer.header("content-length").ok_or_else(|| unreadable("no content-length"))?;
    let mut body = vec![0; length.parse().map_err(|_| unreadable(length))?];
    stream.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(stream)?;
        let length = u64::from_str_radix(&line, 16).map_err(|_| unreadable(&line))?;
        stream.by_ref().take(length).read_to_end(&mut body)?;
        let end = read_line(stream)?;
        if !end.is_empty() {
            return Err(unreadable(&end));
        }
        if length == 0 {
            return Ok(body);
        }
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn unreadable(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("not an answer: {what:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> io::Result<Answer> {
        read_answer(&mut text.as_bytes())
    }

    #[test]
    fn an_answer_with_a_length_is_read_to_its_end_and_no_further() {
        let two =
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 404";
        let answer = read(two).unwrap();
        assert_eq!(
            (answer.status, answer.cookie(), answer.text().as_str()),
            (200, Some("a=b"), "{}")
        );
    }

    #[test]
    fn an_answer_in_chunks_is_put_together() {
        let chunks =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n";
        assert_eq!(read(chunks).unwrap().text(), "abcd");
    }

    #[test]
    fn an_answer_that_breaks_off_is_an_error() {
        assert!(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").is_err());
        assert!(read("HTTP/1.1 200 OK\r\nContent-Le").is_err());
        assert!(read("").is_err());
    }
}
