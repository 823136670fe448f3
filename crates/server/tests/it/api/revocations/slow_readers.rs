//! Who reads more slowly than rows come, and who does not read at all.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::log::Subject;
use cloakroom_server::listener::{Limits, Sockets};
use cloakroom_store::memory::Memory;
use cloakroom_store::{Act, Revocations as _};
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use super::{PATH, PATIENCE, Service, named};

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
    timeout(PATIENCE, let_go).await.expect("it keeps its place");
    // Nothing is kept for it: the connection is over, and what is left of it lies with the system.
    let mut left = Vec::new();
    let _ = stalled.read_to_end(&mut left).await;
    println!("{} bytes were on the way to it when {told} rows were told", left.len());
    log.ends(&server, told..told + 1).await;
    reading.until(&tokens(told..told + 1)).await;
    serving.abort();
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
            let _ = self.store.end_token(&number.to_string(), &act).await.unwrap();
        }
        server.engine.catch_up().await.unwrap();
    }
}

/// What tokens of these numbers are called in the feed.
fn tokens(numbers: Range<u32>) -> Vec<String> {
    numbers.map(|number| named(&Subject::Token(number.to_string()))).collect()
}
