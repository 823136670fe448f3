//! News of the log between nodes.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::id::ClientId;
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Revocations as _};
use cloakroom_store_postgres::PostgresStore;
use tokio::time::timeout;

use crate::scene::{SERVER, count_on, database, make_counts, open};

/// Long after which nothing can be called waking up.
const LONG: Duration = Duration::from_secs(20);
/// How often the log would be read by itself is less than this, so nothing else could have woken anybody.
const QUIET: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_one_node_wakes_the_others_and_nothing_else_does() {
    let url = database(&SERVER);
    let (one, other) = (open(&url).await, open(&url).await);
    make_counts(&one).await;
    // Both are told once when they begin to listen.
    timeout(LONG, one.wait_for_rows()).await.unwrap();
    timeout(LONG, other.wait_for_rows()).await.unwrap();

    count_on(&one, 1).await.unwrap();
    assert!(
        timeout(QUIET, other.wait_for_rows()).await.is_err(),
        "woken by what is not in the log"
    );

    announce(&one).await;
    timeout(LONG, other.wait_for_rows()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_nobody_waits_counts_once() {
    let url = database(&SERVER);
    let (one, other) = (open(&url).await, open(&url).await);
    timeout(LONG, other.wait_for_rows()).await.unwrap();
    for _ in 0..20 {
        announce(&one).await;
    }
    timeout(LONG, other.wait_for_rows()).await.unwrap();
    // One notice may have been on its way by then, and one for what was appended meanwhile; nothing else is left.
    let mut more = 0;
    while timeout(QUIET, other.wait_for_rows()).await.is_ok() {
        more += 1;
    }
    assert!(more <= 2, "{more}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_broke_is_made_again_and_wakes_once() {
    let url = database(&SERVER);
    let (one, other) = (open(&url).await, Arc::new(open(&url).await));
    timeout(LONG, one.wait_for_rows()).await.unwrap();
    timeout(LONG, other.wait_for_rows()).await.unwrap();
    let cut = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{}'",
        url.name()
    );
    tokio::task::block_in_place(|| SERVER.sql("postgres", &cut).unwrap());

    timeout(LONG, other.wait_for_rows()).await.unwrap();
    timeout(LONG, one.wait_for_rows()).await.unwrap();

    announce(&one).await;
    timeout(LONG, other.wait_for_rows()).await.unwrap();
}

async fn announce(node: &PostgresStore) {
    let announced = node
        .announce(Subject::Client(ClientId::built_in()), Change::Changed, &act())
        .await
        .unwrap();
    assert_eq!(announced.rows.len(), 1);
}

fn act() -> Act {
    let at = Timestamp(4_102_444_800_000);
    Act { at, nonce: 7, event: Event::new(at, Kind::Restored, Actor::Operator) }
}
