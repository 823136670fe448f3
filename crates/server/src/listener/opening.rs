//! A client that says nothing, or too little to tell HTTP/1 from HTTP/2: an error after a limit, because the clocks of either
//! version start only when it is known which one is spoken.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// What a client of HTTP/2 begins with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose other end must say within the limit which version it speaks.
pub(super) struct Opening<S> {
    stream: S,
    /// How much of the preface has come; nothing more is looked at once it is whole, or something else.
    matched: usize,
    /// Runs until then.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Opening<S> {
    pub(super) fn within(limit: Duration, stream: S) -> Self {
        Self { stream, matched: 0, waiting: Some(Box::pin(sleep(limit))) }
    }

    fn look_at(&mut self, bytes: &[u8]) {
        let rest = &PREFACE[self.matched..];
        let matches = rest.iter().zip(bytes).take_while(|(wanted, byte)| wanted == byte).count();
        self.matched += matches;
        if matches < bytes.len() || self.matched == PREFACE.len() {
            self.waiting = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let attempt = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let Some(waiting) = &mut self.waiting else { return attempt };
        if attempt.is_pending() {
            return waiting.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        self.look_at(&buffer.filled()[before..]);
        attempt
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
