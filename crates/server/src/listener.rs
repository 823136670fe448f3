//! Accepting connections, over HTTP/1 and HTTP/2 with prior knowledge, and letting go of them.
//!
//! Rests on hyper; knows nothing of what is answered. A connection that sends no head in time is closed, there are
//! never more than so many, and when the server is told to stop, those in flight may finish within a limit. TLS is a
//! proxy's affair.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

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
    /// How long requests in flight may still take once the server is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 16_384, head: Duration::from_secs(75), drain: Duration::from_secs(10) }
    }
}

/// Opened addresses.
#[derive(Debug)]
pub struct Sockets(Vec<TcpListener>);

impl Sockets {
    /// Opens every address.
    pub fn bind(addresses: &[SocketAddr]) -> io::Result<Self> {
        addresses.iter().map(|address| open(*address)).collect::<io::Result<_>>().map(Self)
    }

    /// Adds an address, or says why it cannot be opened.
    pub fn also(&mut self, address: SocketAddr) -> io::Result<()> {
        self.0.push(open(address)?);
        Ok(())
    }

    /// Where they listen, with the ports that the system chose.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|socket| socket.local_addr().ok()).collect()
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
        let mut doors = JoinSet::new();
        for socket in self.0 {
            let door = Door {
                socket,
                answer: Arc::clone(&answer),
                places: Arc::clone(&places),
                builder: builder(limits),
                graceful: Arc::clone(&graceful),
            };
            doors.spawn(door.keep());
        }
        stop.await;
        // The addresses are free from here on.
        doors.shutdown().await;
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
    answer: Arc<A>,
    places: Arc<Semaphore>,
    builder: Arc<Builder<TokioExecutor>>,
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
        let answer = Arc::clone(&self.answer);
        let service = service_fn(move |request: Request<Incoming>| {
            let answer = Arc::clone(&answer);
            async move { Ok::<_, Infallible>(answer.answer(request, peer).await) }
        });
        let builder = Arc::clone(&self.builder);
        let watcher = self.graceful.watcher();
        async move {
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            // A client that goes away, or does not speak HTTP, is nobody's fault here.
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection broke");
            }
        }
    }
}

fn builder(limits: Limits) -> Arc<Builder<TokioExecutor>> {
    let mut builder = Builder::new(TokioExecutor::new());
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
mod tests {
    use axum::body::Body;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::{Notify, oneshot};

    use super::*;

    #[tokio::test]
    async fn requests_are_answered_over_both_versions() {
        let server = start(Limits::default(), Arc::new(Greeter));
        let answer =
            say(server.address, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with(b"HTTP/1.1 200 OK") && answer.ends_with(b"hello"));

        // The preface and an empty SETTINGS frame (RFC 9113 §3.4); a server answers with its own.
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(preface).await.unwrap();
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(head[3], 4, "a SETTINGS frame");
        drop(stream);
        assert!(server.stop().await);
    }

    #[tokio::test]
    async fn a_request_in_flight_is_answered_after_the_word_to_stop() {
        let waiter = Arc::new(Waiter::default());
        let server = start(Limits::default(), Arc::clone(&waiter));
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        waiter.begun.notified().await;

        let address = server.address;
        let stopping = tokio::spawn(server.stop());
        // Nobody new comes in once the address is free.
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        waiter.go_on.notify_one();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
        assert!(stopping.await.unwrap(), "everything finished in time");
    }

    #[tokio::test]
    async fn who_never_finishes_is_left_behind() {
        let waiter = Arc::new(Waiter::default());
        let limits = Limits { drain: Duration::from_millis(20), ..Limits::default() };
        let server = start(limits, Arc::clone(&waiter));
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        waiter.begun.notified().await;
        assert!(!server.stop().await);
    }

    #[tokio::test]
    async fn who_sends_no_head_is_shown_the_door() {
        let limits = Limits { head: Duration::from_millis(20), ..Limits::default() };
        let server = start(limits, Arc::new(Greeter));
        let answer = say(server.address, b"GET / HTTP/1.1\r\nhost:").await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&answer));
        assert!(server.stop().await);
    }

    #[tokio::test]
    async fn one_connection_more_than_allowed_waits_for_its_place() {
        let limits = Limits { connections: 1, ..Limits::default() };
        let server = start(limits, Arc::new(Greeter));
        let first = TcpStream::connect(server.address).await.unwrap();
        let address = server.address;
        let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let second = tokio::spawn(async move { say(address, request).await });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        assert!(second.await.unwrap().ends_with(b"hello"));
        assert!(server.stop().await);
    }

    #[tokio::test]
    async fn an_address_in_use_is_an_error() {
        let sockets = Sockets::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        assert!(Sockets::bind(&sockets.addresses()).is_err());
    }

    struct Greeter;

    impl Answer for Greeter {
        async fn answer(&self, _: Request<Incoming>, _: SocketAddr) -> Response {
            Response::new(Body::from("hello"))
        }
    }

    #[derive(Default)]
    struct Waiter {
        begun: Notify,
        go_on: Notify,
    }

    impl Answer for Waiter {
        async fn answer(&self, _: Request<Incoming>, _: SocketAddr) -> Response {
            self.begun.notify_one();
            self.go_on.notified().await;
            Response::new(Body::empty())
        }
    }

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        serving: tokio::task::JoinHandle<bool>,
    }

    impl Running {
        async fn stop(self) -> bool {
            self.stop.send(()).unwrap();
            self.serving.await.unwrap()
        }
    }

    fn start(limits: Limits, answer: Arc<impl Answer>) -> Running {
        let sockets = Sockets::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let address = sockets.addresses()[0];
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(sockets.serve(answer, limits, async {
            let _ = stopped.await;
        }));
        Running { address, stop, serving }
    }

    async fn say(address: SocketAddr, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is closed in anger is as good as one that is closed.
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }
}
