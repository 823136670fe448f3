//! Who reads more slowly than rows come, and who does not read at all.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::log::{Change, Subject};
use cloakroom_server::listener::{Limits, Sockets};
use cloakroom_store::memory::Memory;
use cloakroom_store::{Act, Revocations as _};
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::server::{Server, Setup};
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{PATH, PATIENCE, Service, named};

/// Buffers of the system may take megabytes before there is no room for more.
const LONG: Duration = Duration::from_mins(2);

#[tokio::test]
async fn who_is_left_behind_while_the_stream_is_open_begins_again_and_misses_nothing() {
    let log = Log::default();
    let server = log.server().await;
    let service = Service::new(&server).await;
    let mut stream = service.follows(None).await;
    stream.until_place().await;
    log.ends(&server, 0..1).await;
    stream.until(&tokens(0..1)).await;
    // More than what is kept for those who are late.
    log.ends(&server, 1..MANY).await;
    let mut heard = Vec::new();
    loop {
        let event = stream.next().await.unwrap();
        match event.split_once(' ').unwrap() {
            ("begin", what) => {
                assert_eq!(what, " snapshot");
                assert_eq!(stream.place, None);
                // Of what came before some may have been on its way.
                heard.clear();
            }
            ("rows", rows) => heard.extend(rows.split(" -").map(str::to_owned)),
            _ => break,
        }
    }
    let heard: HashSet<_> = heard.iter().map(|row| row.split(' ').next().unwrap()).collect();
    let missed = tokens(0..MANY).iter().filter(|name| !heard.contains(&***name)).count();
    assert_eq!(missed, 0, "of {} that were heard", heard.len());
    assert!(stream.place.is_some(), "a snapshot ends with a place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_reading_loses_its_place_and_harms_nobody() {
    let log = Log::default();
    let server = log.server().await;
    let service = Service::new(&server).await;
    let sockets = Sockets::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
    let address = sockets.addresses()[0];
    let limits = Limits { taken: Duration::from_millis(200), ..Limits::default() };
    let serving = tokio::spawn(sockets.serve(server.edge(), limits, std::future::pending()));

    let stalled = TcpSocket::new_v4().unwrap();
    // So that there is soon no room for more on the way to it.
    stalled.set_recv_buffer_size(4096).unwrap();
    let mut stalled = stalled.connect(address).await.unwrap();
    let token = &service.token;
    let asked = format!(
        "GET {PATH} HTTP/1.1\r\nhost: localhost:7117\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    stalled.write_all(asked.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stalled.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let mut reading = service.follows(None).await;
    reading.until_place().await;
    assert_eq!(server.engine.vitals().followers, 2);

    let mut told = 0;
    let let_go = async {
        while server.engine.vitals().followers == 2 {
            let next = told + 1000;
            log.ends(&server, told..next).await;
            reading.until(&tokens(next - 1..next)).await;
            told = next;
        }
    };
    timeout(LONG, let_go).await.expect("it keeps its place");
    // Nothing is kept for it: the connection is over, and what is left of it lies with the system.
    let mut left = Vec::new();
    let _ = stalled.read_to_end(&mut left).await;
    println!("{} bytes were on the way to it when {told} rows were told", left.len());
    log.ends(&server, told..told + 1).await;
    reading.until(&tokens(told..told + 1)).await;
    serving.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_a_stream_no_window_loses_its_place_and_keeps_its_connection() {
    let log = Log::default();
    let server = log.server().await;
    let service = Service::new(&server).await;
    let sockets = Sockets::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
    let address = sockets.addresses()[0];
    // Pings go to and fro all the while.
    let limits = Limits {
        taken: Duration::from_millis(300),
        head: Duration::from_millis(50),
        ..Limits::default()
    };
    let serving = tokio::spawn(sockets.serve(server.edge(), limits, std::future::pending()));
    let connection = TcpStream::connect(address).await.unwrap();
    // Room for both streams, while each has its own window of 64 KiB.
    let mut http2 = h2::client::Builder::new();
    http2.initial_connection_window_size(16 << 20);
    let (mut http2, connection) = http2.handshake::<_, Bytes>(connection).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut follows = async || {
        let asked = Request::get(format!("http://localhost:7117{PATH}"));
        let asked = asked.header("authorization", format!("Bearer {}", service.token));
        http2 = http2.clone().ready().await.unwrap();
        let (answer, _) = http2.send_request(asked.body(()).unwrap(), true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body()
    };
    let mut stalled = follows().await;
    let mut reading = follows().await;
    assert_eq!(server.engine.vitals().followers, 2);

    let told = AtomicU32::new(0);
    let heard = AtomicUsize::new(0);
    let reads = async {
        while let Some(piece) = reading.data().await {
            let length = piece.expect("who takes what comes goes on").len();
            reading.flow_control().release_capacity(length).unwrap();
            heard.fetch_add(length, Ordering::Relaxed);
        }
    };
    let let_go = async {
        while server.engine.vitals().followers == 2 {
            // Far more than a window holds, and the heartbeats of a quiet log after that.
            let next = told.load(Ordering::Relaxed);
            if next < 10_000 {
                // Few at once: who tells them keeps the one who reads from reading meanwhile.
                log.ends(&server, next..next + 100).await;
                told.store(next + 100, Ordering::Relaxed);
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = reads => panic!("who takes what comes was let go"),
        done = timeout(LONG, let_go) => done.expect("it keeps its place"),
    }
    // What was on its way to it is there, and then the stream was reset; the other one, on the same connection, goes on.
    let mut had = 0;
    let reset = loop {
        match stalled.data().await.expect("an error, and no end") {
            Ok(piece) => had += piece.len(),
            Err(error) => break error,
        }
    };
    assert_eq!(reset.reason(), Some(h2::Reason::CANCEL), "{reset}");
    assert!(had <= 65_535, "{had} bytes were sent into a window of 64 KiB");
    assert!(heard.into_inner() > 65_535 || told.into_inner() < 3000);
    log.ends(&server, MANY..MANY + 1).await;
    let mut text = String::new();
    while !text.contains(&tokens(MANY..MANY + 1)[0]) {
        let piece = timeout(PATIENCE, reading.data()).await.expect("rows").unwrap().unwrap();
        reading.flow_control().release_capacity(piece.len()).unwrap();
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    assert!(!connection.is_finished());
    serving.abort();
}

#[tokio::test]
async fn who_asks_for_nothing_any_more_has_no_place_beyond_the_end_of_its_token() {
    let server = Server::with(|Setup { engine, .. }| engine.followers.of_client = 1).await;
    let service = Service::new(&server).await;
    let mut stalled = service.follows(None).await;
    stalled.until_place().await;
    server.clock.go(Duration::from_secs(599));
    server.engine.catch_up().await.unwrap();
    let service = service.again().await;
    assert_eq!(service.asks(None).await.status(), 429);
    server.clock.go(Duration::from_secs(1));
    server.engine.catch_up().await.unwrap();
    assert_eq!(server.engine.vitals().followers, 0);
    let _next = service.follows(None).await;
    // Nor does it take another one's along when its connection ends at last.
    assert_eq!(stalled.rest().await, None);
    drop(stalled);
    assert_eq!(server.engine.vitals().followers, 1);
    assert_eq!(service.asks(None).await.status(), 429);
}

/// As many rows as the ring has no room for.
const MANY: u32 = 120_000;

/// The log, into which a test writes more than people could do.
struct Log {
    clock: HandClock,
    store: Arc<Memory>,
}

impl Default for Log {
    fn default() -> Self {
        let clock = HandClock::default();
        Self { store: Arc::new(Memory::new(clock.for_store())), clock }
    }
}

impl Log {
    async fn server(&self) -> Server {
        Server::on(Arc::clone(&self.store) as _, self.clock.clone(), |_| ()).await
    }

    /// Ends tokens of these numbers, and has the node read that.
    async fn ends(&self, server: &Server, numbers: Range<u32>) {
        let at = self.clock.now();
        for number in numbers {
            let event = Event::new(at, Kind::SessionEnded, Actor::Operator);
            let act = Act { at, nonce: number.into(), event };
            let _ = self
                .store
                .announce(Subject::Token(number.to_string()), Change::Ended, &act)
                .await
                .unwrap();
        }
        server.engine.catch_up().await.unwrap();
    }
}

/// What tokens of these numbers are called in the feed.
fn tokens(numbers: Range<u32>) -> Vec<String> {
    numbers.map(|number| named(&Subject::Token(number.to_string()))).collect()
}
