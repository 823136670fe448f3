//! A follower that does no more than notice rows: a connection, and what tells when they came.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;

use crate::now;

const ROWS: &[u8] = b"event: rows";
/// Comes after the snapshot, and so when all that was before is here.
const HEARD: &[u8] = b"event: heard";

/// Follows from now on; returns when everything from before is here.
///
/// # Errors
///
/// When the feed cannot be read.
pub(crate) async fn follow(
    issuer: &str,
    token: &str,
    number: usize,
    news: UnboundedSender<(usize, Instant)>,
) -> Result<()> {
    let host = issuer.strip_prefix("http://").context("the feed of a bench is plain http")?;
    let mut stream = TcpStream::connect(host).await?;
    let request = format!(
        "GET /api/v1/revocations HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Accept: text/event-stream\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut read = Vec::new();
    while !contains(&read, HEARD) {
        ensure!(stream.read_buf(&mut read).await? > 0, "the feed ended before its snapshot did");
        ensure!(read.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&read));
    }
    tokio::spawn(async move {
        let mut read = Vec::with_capacity(4096);
        while stream.read_buf(&mut read).await.is_ok_and(|length| length > 0) {
            if contains(&read, ROWS) && news.send((number, now())).is_err() {
                return;
            }
            // A name that was cut in two is found with the next piece.
            let rest = read.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            read.drain(..rest);
        }
    });
    Ok(())
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_wherever_it_stands() {
        assert!(contains(b"event: rows\nid: 1", ROWS) && contains(b"1f\r\nevent: rows", ROWS));
        assert!(!contains(b"event: row", ROWS) && !contains(b"", ROWS));
    }
}
