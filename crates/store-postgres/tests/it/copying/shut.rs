//! Who may be at work in a PostgreSQL that is copied: nobody, by whatever way they came.

use cloakroom_model::log::Place as PlaceInLog;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, Marks as _, Revocations as _};
use cloakroom_store_postgres::{OpenError, Options, Place as InPostgres, Postgres, PostgresStore};
use cloakroom_store_sql::copy::{Away, ReopenError, Reopened, copy, reopen};

use super::{copied, file, how, mortal, source_at, target_at, target_in};
use crate::scene::{SERVER, database, open};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_keeps_a_copy_out_and_a_copy_keeps_nodes_out() {
    let url = database(&SERVER);
    let node = open(&url).await;
    let other = open(&url).await;
    for side in ["source", "target"] {
        let refused = match side {
            "source" => InPostgres::source(&url, Options::default()).await,
            _ => InPostgres::target(&url, Options::default()).await,
        };
        let refused = refused.unwrap_err();
        assert!(matches!(refused, OpenError::Serving { .. }), "{side}: {refused}");
    }
    drop(node);
    let refused = InPostgres::source(&url, Options::default()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Serving { .. }), "the other one serves: {refused}");
    drop(other);

    let place = source_at(&url).await;
    let refused = Postgres::open(&url, Options::default()).await.err().unwrap();
    assert!(matches!(refused, OpenError::BeingCopied), "{refused}");
    drop(place);
    assert!(Postgres::open(&url, Options::default()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_before_without_a_lock_neither_writes_nor_reads_the_log_any_more() {
    let url = database(&SERVER);
    drop(target_at(&url).await);
    // As a command does, and a node behind a PgBouncer without a way past it.
    let beside = Postgres::attach(&url, Options::default()).await.unwrap();
    writes(&beside, 1).await.unwrap();
    reads_the_log(&beside).await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let to = file(&folder, "to");
    let life = mortal::Life::of(1);
    let source = mortal::Mortal::new(source_at(&url).await, &life);
    // It dies when it is about to say that it has moved.
    copy(&source, &target_in(&to), how(7), |_| {}).await.unwrap_err();
    assert!(life.is_over());
    let refused = writes(&beside, 2).await.unwrap_err();
    assert!(said(&refused).contains("is being moved"), "{}", said(&refused));
    reads_the_log(&beside).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_moved_is_opened_again_only_with_the_danger_named() {
    let url = database(&SERVER);
    drop(target_at(&url).await);
    let beside = Postgres::attach(&url, Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    copied(&source_at(&url).await, &target_in(&file(&folder, "to"))).await;
    assert!(writes(&beside, 2).await.is_err());
    assert!(reads_the_log(&beside).await.is_err(), "it would believe its memory otherwise");

    let refused = reopen(&source_at(&url).await, false).await.unwrap_err();
    assert!(matches!(refused, ReopenError::Moved { .. }), "{refused}");
    let opened = Postgres::open(&url, Options::default()).await.err().unwrap();
    assert!(matches!(opened, OpenError::Away(Away::Moved { .. })), "{opened}");
    let reopened = reopen(&source_at(&url).await, true).await.unwrap();
    assert_eq!(reopened, Reopened::InTwoPlaces);
    writes(&beside, 3).await.unwrap();
    reads_the_log(&beside).await.unwrap();
    let node = open(&url).await;
    writes(&node, 4).await.unwrap();
    drop(node);
    let again = reopen(&source_at(&url).await, true).await.unwrap_err();
    assert!(matches!(again, ReopenError::NotShut), "{again}");
}

async fn writes(store: &PostgresStore, number: u8) -> Result<bool, Error> {
    store.mark_once(Digest([number; 32]), Timestamp(i64::MAX), Timestamp(0)).await
}

async fn reads_the_log(store: &PostgresStore) -> Result<(), Error> {
    store.read_log(PlaceInLog::default(), 10).await.map(drop)
}

fn said(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    cause.unwrap_or_else(|| error.to_string())
}
