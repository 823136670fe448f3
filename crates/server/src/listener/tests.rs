use axum::body::{Body, Bytes};
use futures_util::stream;
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

/// Also who sends nothing, or what both versions could begin with.
#[tokio::test]
async fn who_sends_no_head_is_shown_the_door() {
    let limits = Limits { head: Duration::from_millis(20), ..Limits::default() };
    let server = start(limits, Arc::new(Greeter));
    for begun in ["", "P", "PRI * HTTP/2.0\r\n", "PRI * H\r\n", "GET / HTTP/1.1\r\nhost:"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{begun:?}: {answer:?}");
    }
    assert!(server.stop().await);
}

/// Also when the answer takes longer than a head may, and when its bytes come one by one.
#[tokio::test]
async fn who_has_sent_a_head_is_not_hurried() {
    let limits = Limits { head: Duration::from_millis(500), ..Limits::default() };
    let waiter = Arc::new(Waiter::default());
    let server = start(limits, Arc::clone(&waiter));
    for head in
        ["POST / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        for byte in head.as_bytes() {
            stream.write_all(&[*byte]).await.unwrap();
        }
        waiter.begun.notified().await;
        let let_go = tokio::time::timeout(limits.head * 2, stream.read(&mut [0])).await;
        assert!(let_go.is_err(), "{let_go:?}");
        waiter.go_on.notify_one();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.") && answer[8..].starts_with(b" 200"), "{answer:?}");
    }
    assert!(server.stop().await);
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go_and_who_takes_it_is_not() {
    let endless = Arc::new(Endless::default());
    let limits = Limits { taken: Duration::from_secs(2), ..Limits::default() };
    let server = start(limits, Arc::clone(&endless));
    let mut taking = TcpStream::connect(server.address).await.unwrap();
    taking.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut stopped = TcpStream::connect(server.address).await.unwrap();
    stopped.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut piece = vec![0; 1 << 20];
    tokio::select! {
        () = endless.let_go.notified() => {}
        () = async { while taking.read(&mut piece).await.unwrap() > 0 {} } => panic!("it has ended"),
    }
    // Who was let go is the one that took nothing.
    taking.read_exact(&mut piece).await.unwrap();
    let mut told = Vec::new();
    let _ = stopped.read_to_end(&mut told).await;
    assert!(!told.ends_with(b"0\r\n\r\n"), "an endless answer came to its end");
    drop(taking);
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

/// Answers without an end, and says when nobody is there to be answered any more.
#[derive(Default)]
struct Endless {
    let_go: Arc<Notify>,
}

impl Answer for Endless {
    async fn answer(&self, _: Request<Incoming>, _: SocketAddr) -> Response {
        let says = Says(Arc::clone(&self.let_go));
        let pieces = stream::unfold(says, async |says| {
            Some((Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 4096])), says))
        });
        Response::new(Body::from_stream(pieces))
    }
}

/// Says that it is dropped.
struct Says(Arc<Notify>);

impl Drop for Says {
    fn drop(&mut self) {
        self.0.notify_one();
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
