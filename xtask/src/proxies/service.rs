//! A service that knows nothing of sign-ins: it answers every request with the head that came to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};

use crate::http::Answer;

/// It listens for as long as this program runs.
pub(super) struct Service {
    pub(super) port: u16,
    requests: Arc<AtomicUsize>,
}

impl Service {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                // A connection that breaks off concerns its proxy.
                thread::spawn(move || answer_all(stream, &counted));
            }
        });
        Ok(Self { port, requests })
    }

    /// How many requests came to it.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn answer_all(stream: TcpStream, requests: &AtomicUsize) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
            head.push_str(&line);
        }
        requests.fetch_add(1, Ordering::SeqCst);
        stream.by_ref().take(length).read_to_end(&mut Vec::new()).ok()?;
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{head}",
            head.len()
        );
        stream.get_mut().write_all(answer.as_bytes()).ok()?;
    }
}

/// The head of a request, as the service wrote it into its answer.
pub(super) struct Seen(Vec<(String, String)>);

impl Seen {
    pub(super) fn of(answer: &Answer) -> Result<Self> {
        let text = answer.text();
        let mut lines = text.lines();
        let first = lines.next().context("the service saw nothing")?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        Ok(Self([(String::new(), first.to_owned())].into_iter().chain(headers).collect()))
    }

    /// The request line.
    pub(super) fn first(&self) -> &str {
        &self.0[0].1
    }

    /// All that a framework finds under this name, which is in lower case: many take an underscore for a hyphen.
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        let reads_as =
            |(known, _): &&(String, String)| known.to_ascii_lowercase().replace('_', "-") == name;
        self.0.iter().filter(reads_as).map(|(_, value)| value.as_str()).collect()
    }

    /// The one value; empty where there is none.
    pub(super) fn value(&self, name: &str) -> Result<&str> {
        match self.values(name).as_slice() {
            [] => Ok(""),
            [value] => Ok(value),
            many => anyhow::bail!("{name} is there {} times: {many:?}", many.len()),
        }
    }
}
