//! A stream of HTTP/2 whose client lets nothing of its answer through: it is reset after a limit, so that what it holds is free.
//!
//! Such a client may keep its connection in good order, answer pings and take what other streams bring, so nothing below this can
//! tell. What tells is that nobody asks for the answer's next piece: hyper asks when the window had room for the one before.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};

tokio::task_local! {
    /// Of the stream that this task answers.
    static PIECES: Arc<Pieces>;
}

/// Answers the streams of connections, each in a task of its own.
#[derive(Clone)]
pub(super) struct Streams {
    limit: Duration,
}

impl Streams {
    /// A piece of an answer must find room within the limit.
    pub(super) fn taken_within(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let pieces = Arc::<Pieces>::default();
        let answering = answering(stream, Arc::clone(&pieces), self.limit);
        tokio::spawn(PIECES.scope(pieces, answering));
    }
}

/// An answer whose pieces are counted where a stream of HTTP/2 takes it.
pub(super) fn counted(answer: Response) -> http::Response<Counted> {
    let pieces = PIECES.try_with(Arc::clone).ok();
    answer.map(|body| Counted { body, pieces })
}

/// Goes on until the stream is at its end or a piece finds no room for too long. What is dropped before its end is reset.
async fn answering(stream: impl Future<Output = ()>, pieces: Arc<Pieces>, limit: Duration) {
    let mut stream = pin!(stream);
    let mut waiting: Option<(u64, Pin<Box<Sleep>>)> = None;
    std::future::poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(piece) = pieces.on_its_way() else {
            waiting = None;
            return Poll::Pending;
        };
        let (_, sleep) = match &mut waiting {
            Some(waiting) if waiting.0 == piece => waiting,
            waiting => waiting.insert((piece, Box::pin(sleep(limit)))),
        };
        sleep.as_mut().poll(cx)
    })
    .await;
}

/// How many pieces of an answer were given away, and how many of them were let through: the two together, so that an odd number
/// means that one is on its way.
#[derive(Default)]
struct Pieces(AtomicU64);

impl Pieces {
    fn on_its_way(&self) -> Option<u64> {
        let count = self.0.load(Ordering::Relaxed);
        (count % 2 == 1).then_some(count)
    }

    fn asked_for(&self) {
        if self.on_its_way().is_some() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn given(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A body that counts its pieces.
pub(super) struct Counted {
    body: Body,
    pieces: Option<Arc<Pieces>>,
}

impl hyper::body::Body for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(pieces) = &self.pieces {
            pieces.asked_for();
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let (Poll::Ready(Some(_)), Some(pieces)) = (&frame, &self.pieces) {
            pieces.given();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
