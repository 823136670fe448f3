//! A replica that takes over.

use std::time::Duration;

use cloakroom_store::Revocations as _;
use cloakroom_store_postgres::{ConnectError, OpenError, Options, Postgres, Url};
use cloakroom_testservers::Postgres as Server;
use cloakroom_testservers::postgres::Replication;
use tokio::time::timeout;

use crate::scene::{count, count_on, with_counts};

#[tokio::test(flavor = "multi_thread")]
async fn the_next_host_is_asked_and_nothing_acknowledged_is_lost() {
    let (primary, replica) = tokio::task::block_in_place(|| {
        let primary = Server::start().unwrap();
        let replica = primary.replica(Replication::Synchronous).unwrap();
        (primary, replica)
    });
    let (url, first) = with_counts(&primary).await;
    drop(first);
    // Whoever names the replica alone is told what it is.
    let alone: Url = replica.url(url.name()).parse().unwrap();
    let options = Options { patience: Duration::ZERO, ..Options::default() };
    let refused = Postgres::open(&alone, options).await;
    let Err(OpenError::Connect { error: ConnectError::ReadOnly, .. }) = refused else {
        panic!("a replica was taken for a primary")
    };

    let both = primary.url(url.name()).replace(
        &format!("127.0.0.1:{}", primary.port()),
        &format!("127.0.0.1:{},127.0.0.1:{}", replica.port(), primary.port()),
    );
    let postgres = Postgres::open(&both.parse().unwrap(), Options::default()).await.unwrap();
    let before = postgres.read_snapshot().await.unwrap().timeline;
    assert!(before.0 > 0);
    for expected in 1..=50 {
        assert_eq!(count_on(&postgres, 1).await.unwrap(), expected);
    }
    tokio::task::block_in_place(|| {
        primary.kill().unwrap();
        replica.promote().unwrap();
    });

    let found_again = async {
        loop {
            if let Ok(count) = count_on(&postgres, 1).await {
                return count;
            }
        }
    };
    let counted = timeout(Duration::from_secs(30), found_again).await.unwrap();
    assert!(counted > 50, "{counted}");
    // Whoever follows the log is told that it is another server's now.
    let after = postgres.read_snapshot().await.unwrap().timeline;
    assert!(after.0 > before.0, "{before:?} and then {after:?}");
    assert_eq!(count(&postgres, 1).await.unwrap(), counted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_no_replica_confirmed_is_not_acknowledged() {
    let (primary, replica) = tokio::task::block_in_place(|| {
        let primary = Server::start().unwrap();
        let replica = primary.replica(Replication::Synchronous).unwrap();
        (primary, replica)
    });
    let (_, postgres) = with_counts(&primary).await;
    assert_eq!(count_on(&postgres, 1).await.unwrap(), 1);
    tokio::task::block_in_place(|| replica.kill().unwrap());
    // The server would say that it is done, once it has stopped waiting.
    let alone = timeout(Duration::from_secs(20), count_on(&postgres, 1)).await.unwrap();
    assert!(matches!(alone, Err(cloakroom_store::Error::Unavailable(_))), "{alone:?}");
    tokio::task::block_in_place(|| replica.start_again().unwrap());
    let confirmed = async {
        loop {
            if let Ok(count) = count_on(&postgres, 1).await {
                return count;
            }
        }
    };
    assert!(timeout(Duration::from_secs(30), confirmed).await.unwrap() >= 2);
}
