//! Accepting connections, over HTTP/1 and HTTP/2, with TLS and without, and letting go of them.
//!
//! Rests on hyper; knows nothing of what is answered. A connection that sends no head in time is closed, and so is one that
//! takes nothing of its answer; there are never more than so many, and when the server is told to stop, those in flight may
//! finish within a limit.

mod handshake;
mod opening;
mod streams;
mod taken;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::handshake::Handshakes;
use self::opening::Opening;
use self::streams::{Streams, counted};
use self::taken::Taken;
use crate::tls::{ShownChain, Tls};

/// What answers requests.
pub trait Answer: Send + Sync + 'static {
    /// Answers a request that came from `peer`.
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send;
}

/// How much is held open, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most connections at once; more wait in the system's queue.
    pub connections: usize,
    /// How long a client may take from the opening of a connection, or from its last answer, to the end of its next
    /// head. Longer than proxies keep idle connections, so that they close first.
    pub head: Duration,
    /// How long a client may take nothing of what is written to it, once there is no room for more on the way to it, or in
    /// the window that it gives a stream of HTTP/2.
    pub taken: Duration,
    /// The most TLS handshakes at once; more wait, and their time runs.
    pub handshakes: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long requests in flight may still take once the server is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            head: Duration::from_secs(75),
            taken: Duration::from_secs(30),
            handshakes: 1024,
            handshake: Duration::from_secs(10),
            drain: Duration::from_secs(10),
        }
    }
}

/// Opened addresses, each with the TLS that is spoken there, if any.
#[derive(Debug)]
pub struct Sockets(Vec<(TcpListener, Option<Tls>)>);

impl Sockets {
    /// Opens every address.
    pub fn bind(addresses: &[SocketAddr]) -> io::Result<Self> {
        let mut sockets = Self(Vec::new());
        for address in addresses {
            sockets.also(*address)?;
        }
        Ok(sockets)
    }

    /// Adds an address, or says why it cannot be opened.
    pub fn also(&mut self, address: SocketAddr) -> io::Result<()> {
        self.0.push((open(address)?, None));
        Ok(())
    }

    /// The same addresses, where TLS is spoken.
    #[must_use]
    pub fn over(self, tls: &Tls) -> Self {
        Self(self.0.into_iter().map(|(socket, _)| (socket, Some(tls.clone()))).collect())
    }

    /// These and those, which share the limits.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Where they listen, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|(socket, _)| socket.local_addr().ok()).collect()
    }

    /// Answers what comes in until `stop`, then lets requests in flight finish. Answers whether all of them did.
    pub async fn serve(
        self,
        answer: Arc<impl Answer>,
        limits: Limits,
        stop: impl Future<Output = ()>,
    ) -> bool {
        let graceful = Arc::new(GracefulShutdown::new());
        let places = Arc::new(Semaphore::new(limits.connections));
        let (stopping, told) = watch::channel(false);
        let handshakes = Handshakes::new(limits.handshakes, limits.handshake, told);
        let mut doors = JoinSet::new();
        for (socket, tls) in self.0 {
            let door = Door {
                socket,
                tls: tls.map(|tls| (tls, handshakes.clone())),
                answer: Arc::clone(&answer),
                places: Arc::clone(&places),
                builder: builder(limits),
                head: limits.head,
                taken: limits.taken,
                graceful: Arc::clone(&graceful),
            };
            doors.spawn(door.keep());
        }
        stop.await;
        // The addresses are free from here on.
        doors.shutdown().await;
        stopping.send_replace(true);
        let Some(graceful) = Arc::into_inner(graceful) else { return false };
        tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_ok()
    }
}

/// Completes when this process is asked to stop: SIGTERM, or an interrupt from the keyboard.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            tracing::error!(%error, "cannot hear SIGTERM");
            return std::future::pending().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// One address that connections come in by.
struct Door<A> {
    socket: TcpListener,
    tls: Option<(Tls, Handshakes)>,
    answer: Arc<A>,
    places: Arc<Semaphore>,
    builder: Arc<Builder<Streams>>,
    head: Duration,
    taken: Duration,
    graceful: Arc<GracefulShutdown>,
}

impl<A: Answer> Door<A> {
    async fn keep(self) {
        loop {
            // Never closed, so there is always a place at some time.
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return };
            let (stream, peer) = match self.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    after(&error).await;
                    continue;
                }
            };
            let connection = self.connection(stream, peer);
            tokio::spawn(async move {
                connection.await;
                drop(place);
            });
        }
    }

    fn connection(&self, stream: TcpStream, peer: SocketAddr) -> impl Future<Output = ()> + use<A> {
        // An answer is written at once and whole; there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        let line = Line {
            answer: Arc::clone(&self.answer),
            builder: Arc::clone(&self.builder),
            watcher: self.graceful.watcher(),
            head: self.head,
            peer,
        };
        // Below TLS, where each write that succeeds is something that the client took.
        let stream = Taken::within(self.taken, stream);
        let tls = self.tls.clone();
        async move {
            let Some((tls, handshakes)) = tls else { return line.serve(stream, None).await };
            match handshakes.make(&tls, stream).await {
                Ok((stream, shown)) => line.serve(stream, shown).await,
                Err(error) => tracing::debug!(%error, "no handshake"),
            }
        }
    }
}

/// A connection on which requests may come.
struct Line<A> {
    answer: Arc<A>,
    builder: Arc<Builder<Streams>>,
    watcher: Watcher,
    head: Duration,
    peer: SocketAddr,
}

impl<A: Answer> Line<A> {
    /// Answers until one side has enough. What the client showed of itself goes with each request.
    async fn serve<S>(self, stream: S, shown: Option<ShownChain>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { answer, builder, watcher, head, peer } = self;
        let service = service_fn(move |mut request: Request<Incoming>| {
            let answer = Arc::clone(&answer);
            if let Some(shown) = &shown {
                request.extensions_mut().insert(shown.clone());
            }
            async move { Ok::<_, Infallible>(counted(answer.answer(request, peer).await)) }
        });
        let stream = Opening::within(head, stream);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        // A client that goes away, or does not speak HTTP, is nobody's fault here.
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection broke");
        }
    }
}

fn builder(limits: Limits) -> Arc<Builder<Streams>> {
    let mut builder = Builder::new(Streams::taken_within(limits.taken));
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        // Room for what browsers send, and no more than a head needs.
        .max_buf_size(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(32 << 10)
        .keep_alive_interval(limits.head)
        .keep_alive_timeout(Duration::from_secs(20));
    Arc::new(builder)
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Without it a restart fails while the last connections fade.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// A client that left before it was accepted is no reason to wait; running out of file descriptors is.
async fn after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "cannot accept a connection");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[cfg(test)]
mod tests;
