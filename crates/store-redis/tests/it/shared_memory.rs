//! The memory that nodes share.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_engine::start::InCommon;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Carrier;
use cloakroom_store::SharedMemory as _;
use cloakroom_store::memory::Memory;
use cloakroom_store_redis::RedisMemory;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{ada, of_many, settings, visitor};

use crate::server::{GENEROUS, Server, connection};

const NAME: Digest = Digest([7; 32]);
const LONG: Duration = Duration::from_mins(5);

#[tokio::test]
async fn what_is_kept_is_recalled_until_its_time_is_over() {
    let server = Server::start();
    let memory = RedisMemory::new(connection(&server, "one"));
    assert_eq!(memory.recall(&NAME).await.unwrap(), None);
    memory.keep(&NAME, b"a \0 thing", LONG).await.unwrap();
    assert_eq!(memory.recall(&NAME).await.unwrap().unwrap(), b"a \0 thing");
    assert_eq!(memory.recall(&Digest([8; 32])).await.unwrap(), None);
    let elsewhere = RedisMemory::new(connection(&server, "two"));
    assert_eq!(elsewhere.recall(&NAME).await.unwrap(), None, "another prefix");

    memory.keep(&NAME, b"another", Duration::from_millis(20)).await.unwrap();
    let over = async { while memory.recall(&NAME).await.unwrap().is_some() {} };
    tokio::time::timeout(GENEROUS, over).await.expect("it stays");
}

#[tokio::test]
async fn when_it_is_away_that_is_an_error_and_when_it_was_emptied_a_miss() {
    let mut server = Server::start();
    let connection = connection(&server, "one");
    let memory = RedisMemory::new(connection.clone());
    memory.keep(&NAME, b"a thing", LONG).await.unwrap();
    server.stop();
    memory.recall(&NAME).await.unwrap_err();
    memory.keep(&NAME, b"a thing", LONG).await.unwrap_err();
    server.start_again();
    tokio::time::timeout(GENEROUS, connection.there()).await.expect("it does not come back");
    assert_eq!(memory.recall(&NAME).await.unwrap(), None);
}

#[tokio::test]
async fn nodes_read_a_session_from_storage_once() {
    let server = Server::start();
    let (clock, connection) = (HandClock::default(), connection(&server, "nodes"));
    let store = Arc::new(Memory::new(clock.for_store()));
    let node = async |seed| {
        let memory = Some(Arc::new(RedisMemory::new(connection.clone())) as _);
        let in_common = InCommon { memory, ..InCommon::default() };
        of_many(Arc::clone(&store) as _, in_common, &clock, seed, settings()).await
    };
    let here = node(1).await;
    let cookie = here.sign_up(ada(Carrier::Cookie), &visitor()).await.unwrap().cookie.unwrap();
    // A node does not wait for long, and a test's machine may be busy: then storage was asked, and it is tried again.
    let shared = async {
        loop {
            let (one, other) = (node(2).await, node(3).await);
            let identity = one.check_cookie(&cookie).await.unwrap();
            assert_eq!(other.check_cookie(&cookie).await.unwrap().sid(), identity.sid());
            let vitals = other.vitals();
            if vitals.shared.unwrap().hits == 1 {
                assert_eq!(vitals.memory.asked, 0);
                return (one, other, identity);
            }
        }
    };
    let (one, other, identity) =
        tokio::time::timeout(GENEROUS, shared).await.expect("nothing is shared");

    here.sign_out(&identity).await.unwrap();
    for node in [&one, &other] {
        node.catch_up().await.unwrap();
        assert!(node.check_cookie(&cookie).await.is_err());
    }
}
