//! Servers that are killed, and networks that fall silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloakroom_store::Error;
use cloakroom_store_postgres::{Lane, PostgresStore};
use cloakroom_store_sql::{Database as _, Db as _};
use cloakroom_testservers::{Postgres as Server, Wire};
use tokio::time::{sleep, timeout};

use crate::scene::{COUNT_ON, SERVER, count, count_on, open, with_counts};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_comes_back_is_found_again_with_all_it_acknowledged() {
    let server = Arc::new(tokio::task::block_in_place(|| Server::start().unwrap()));
    let (_, postgres) = with_counts(&server).await;
    let postgres = Arc::new(postgres);
    let over = Arc::new(AtomicBool::new(false));
    let counting = {
        let (postgres, over) = (Arc::clone(&postgres), Arc::clone(&over));
        tokio::spawn(async move {
            let (mut acknowledged, mut unknown) = (0, 0);
            // Before, between and after the kills.
            let mut afterwards = 50;
            while afterwards > 0 {
                match count_on(&postgres, 1).await {
                    Ok(_) => acknowledged += 1,
                    Err(_) => unknown += 1,
                }
                afterwards -= i32::from(over.load(Ordering::Relaxed));
            }
            (acknowledged, unknown)
        })
    };
    for _ in 0..2 {
        sleep(Duration::from_millis(300)).await;
        let server = Arc::clone(&server);
        tokio::task::spawn_blocking(move || {
            server.kill().unwrap();
            server.start_again().unwrap();
        })
        .await
        .unwrap();
    }
    over.store(true, Ordering::Relaxed);
    let counting = timeout(LONG, counting).await.unwrap();
    let (acknowledged, unknown) = counting.unwrap();
    let counted = count(&postgres, 1).await.unwrap();
    assert!(counted >= acknowledged, "{counted} of {acknowledged}");
    assert!(counted <= acknowledged + unknown, "{counted} of {acknowledged} and {unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_network_is_noticed_within_seconds_and_forgotten_when_it_is_over() {
    let (url, first) = with_counts(&SERVER).await;
    drop(first);
    let wire = tokio::task::block_in_place(|| Wire::to(SERVER.port()).unwrap());
    let url = SERVER.url_at(wire.port(), url.name()).parse().unwrap();
    let postgres = open(&url).await;
    assert_eq!(count_on(&postgres, 1).await.unwrap(), 1);

    tokio::task::block_in_place(|| wire.silence().unwrap());
    // The first of each finds a connection and waits for an answer; those after them wait for a connection.
    for _ in 0..2 {
        let read = timeout(WITHIN, count(&postgres, 1)).await.expect("an answer in time");
        assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
        let act = timeout(WITHIN, count_on(&postgres, 2)).await.expect("an answer in time");
        assert!(matches!(act, Err(Error::Unavailable(_))), "{act:?}");
    }

    tokio::task::block_in_place(|| wire.heal().unwrap());
    timeout(LONG, found_again(&postgres)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_unknown_and_never_done_twice() {
    let (url, direct) = with_counts(&SERVER).await;
    let wire = tokio::task::block_in_place(|| Arc::new(Wire::to(SERVER.port()).unwrap()));
    let through = SERVER.url_at(wire.port(), url.name()).parse().unwrap();
    let postgres = open(&through).await;
    let held = Arc::clone(&wire);
    let lost = postgres
        .transact(move |db: &Lane| {
            let held = Arc::clone(&held);
            Box::pin(async move {
                db.run(COUNT_ON, &[1_i64.into()]).await?;
                // What comes now is the commit. It arrives, and nobody is told.
                tokio::task::block_in_place(|| held.hold_answers().unwrap());
                Ok(())
            })
        })
        .await;
    assert!(matches!(lost, Err(Error::Unavailable(_))), "{lost:?}");
    assert_eq!(count(&direct, 1).await.unwrap(), 1);
    tokio::task::block_in_place(|| {
        wire.cut().unwrap();
        wire.heal().unwrap();
    });
    timeout(LONG, found_again(&postgres)).await.unwrap();
    assert_eq!(count(&direct, 1).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_break_are_nobodys_business_while_new_ones_can_be_made() {
    let (url, direct) = with_counts(&SERVER).await;
    let wire = tokio::task::block_in_place(|| Wire::to(SERVER.port()).unwrap());
    let postgres = open(&SERVER.url_at(wire.port(), url.name()).parse().unwrap()).await;
    for round in 1..=5 {
        tokio::task::block_in_place(|| {
            wire.cut().unwrap();
            wire.heal().unwrap();
        });
        // No commit is under way, so that what broke is done again.
        assert_eq!(count(&postgres, 1).await.unwrap(), round - 1);
        assert_eq!(count_on(&postgres, 1).await.unwrap(), round);
    }
    assert_eq!(count(&direct, 1).await.unwrap(), 5);
}

/// By when everybody has an answer, whatever happens.
const WITHIN: Duration = Duration::from_secs(10);
/// Much longer than it may take to find a server again.
const LONG: Duration = Duration::from_secs(30);

async fn found_again(postgres: &PostgresStore) {
    while count(postgres, 1).await.is_err() || count_on(postgres, 2).await.is_err() {}
}
