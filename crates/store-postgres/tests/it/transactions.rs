//! All or nothing, done again where others were in the way, and let go of tidily.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cloakroom_store::Error;
use cloakroom_store_postgres::{Lane, Options, Postgres};
use cloakroom_store_sql::{Database as _, Db as _, Sql, column};
use tokio::sync::Barrier;
use tokio::time::timeout;

use crate::scene::{COUNT_ON, SERVER, count, count_on, database, with_counts};

#[tokio::test(flavor = "multi_thread")]
async fn of_work_that_fails_nothing_is_done() {
    let (_, postgres) = with_counts(&SERVER).await;
    assert_eq!(count_on(&postgres, 1).await.unwrap(), 1);
    let failed: Result<(), Error> = postgres
        .transact(|db: &Lane| {
            Box::pin(async move {
                db.run(COUNT_ON, &[1_i64.into()]).await?;
                Err(Error::Corrupt("on purpose".to_owned()))
            })
        })
        .await;
    assert!(matches!(failed, Err(Error::Corrupt(why)) if why == "on purpose"));
    assert_eq!(count(&postgres, 1).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_failed_cannot_be_passed_over() {
    const NONSENSE: Sql = Sql::shared("SELECT 1 / count FROM counts WHERE id = $1");
    let (_, postgres) = with_counts(&SERVER).await;
    let passed_over = postgres
        .transact(|db: &Lane| {
            Box::pin(async move {
                db.run(COUNT_ON, &[2_i64.into()]).await?;
                assert!(db.run(NONSENSE, &[1_i64.into()]).await.is_err());
                Ok(())
            })
        })
        .await;
    assert!(matches!(passed_over, Err(Error::Corrupt(_))));
    assert_eq!(count(&postgres, 2).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_wait_for_each_other_are_both_done() {
    let (_, postgres) = with_counts(&SERVER).await;
    let postgres = Arc::new(postgres);
    let meeting = Arc::new(Barrier::new(2));
    let tries = Arc::new(AtomicU32::new(0));
    let crossing = |first: i64, then: i64| {
        let (postgres, meeting, tries) =
            (Arc::clone(&postgres), Arc::clone(&meeting), Arc::clone(&tries));
        tokio::spawn(async move {
            postgres
                .transact(move |db: &Lane| {
                    let (meeting, tries) = (Arc::clone(&meeting), Arc::clone(&tries));
                    Box::pin(async move {
                        db.run(COUNT_ON, &[first.into()]).await?;
                        // The third try is that of the one whose transaction was given up.
                        if tries.fetch_add(1, Ordering::SeqCst) < 2 {
                            meeting.wait().await;
                        }
                        db.run(COUNT_ON, &[then.into()]).await.map(drop)
                    })
                })
                .await
        })
    };
    let (one, other) = (crossing(1, 2), crossing(2, 1));
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    assert_eq!(count(&postgres, 1).await.unwrap(), 2);
    assert_eq!(count(&postgres, 2).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_was_taken_meanwhile_is_seen_the_second_time() {
    const THERE: Sql = Sql::shared("SELECT 1 FROM counts WHERE id = $1");
    const INSERT: Sql = Sql::shared("INSERT INTO counts (id, count) VALUES ($1, 0)");
    let (_, postgres) = with_counts(&SERVER).await;
    let postgres = Arc::new(postgres);
    let meeting = Arc::new(Barrier::new(2));
    let insert = || {
        let (postgres, meeting) = (Arc::clone(&postgres), Arc::clone(&meeting));
        let looks = Arc::new(AtomicU32::new(0));
        tokio::spawn(async move {
            postgres
                .transact(move |db: &Lane| {
                    let (meeting, looks) = (Arc::clone(&meeting), Arc::clone(&looks));
                    Box::pin(async move {
                        let there = db.exists(THERE, &[7_i64.into()]).await?;
                        if looks.fetch_add(1, Ordering::SeqCst) == 0 {
                            meeting.wait().await;
                        }
                        if there {
                            return Ok(false);
                        }
                        db.run(INSERT, &[7_i64.into()]).await?;
                        Ok(true)
                    })
                })
                .await
        })
    };
    let (one, other) = (insert(), insert());
    let mut made = [one.await.unwrap().unwrap(), other.await.unwrap().unwrap()];
    made.sort_unstable();
    assert_eq!(made, [false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_dropped_half_way_is_undone_and_its_connection_used_again() {
    let (url, _other) = with_counts(&SERVER).await;
    let options = Options { writers: 1.try_into().unwrap(), ..Options::default() };
    let postgres = Postgres::open(&url, options).await.unwrap();
    for _ in 0..20 {
        let dropped = postgres.transact(|db: &Lane| {
            Box::pin(async move {
                db.run(COUNT_ON, &[1_i64.into()]).await?;
                std::future::pending::<Result<(), Error>>().await
            })
        });
        assert!(timeout(Duration::from_millis(20), dropped).await.is_err());
    }
    // Its one connection is free, and so is the row.
    assert_eq!(count_on(&postgres, 1).await.unwrap(), 1);
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND state LIKE 'idle in transaction%'",
        url.name()
    );
    let open = tokio::task::block_in_place(|| SERVER.sql("postgres", &open).unwrap());
    assert_eq!(open, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_lock_too_long_is_told_that_storage_is_busy() {
    let (_, postgres) = with_counts(&SERVER).await;
    let postgres = Arc::new(postgres);
    let holds = Arc::new(Barrier::new(2));
    let holding = {
        let (postgres, holds) = (Arc::clone(&postgres), Arc::clone(&holds));
        tokio::spawn(async move {
            postgres
                .transact(move |db: &Lane| {
                    let holds = Arc::clone(&holds);
                    Box::pin(async move {
                        db.run(COUNT_ON, &[1_i64.into()]).await?;
                        holds.wait().await;
                        holds.wait().await;
                        Ok(())
                    })
                })
                .await
        })
    };
    holds.wait().await;
    assert!(matches!(count_on(&postgres, 1).await, Err(Error::Busy)));
    // Whoever needs another row does not wait.
    assert_eq!(count_on(&postgres, 2).await.unwrap(), 1);
    holds.wait().await;
    holding.await.unwrap().unwrap();
    assert_eq!(count_on(&postgres, 1).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_are_told_so_at_once() {
    let url = database(&SERVER);
    let options = Options { writers: 1.try_into().unwrap(), waiting: 1, ..Options::default() };
    let postgres = Arc::new(Postgres::open(&url, options).await.unwrap());
    let holds = Arc::new(Barrier::new(2));
    let act = |held: bool| {
        let (postgres, holds) = (Arc::clone(&postgres), Arc::clone(&holds));
        tokio::spawn(async move {
            postgres
                .transact(move |_: &Lane| {
                    let holds = Arc::clone(&holds);
                    Box::pin(async move {
                        if held {
                            holds.wait().await;
                            holds.wait().await;
                        }
                        Ok(())
                    })
                })
                .await
        })
    };
    let holding = act(true);
    holds.wait().await;
    let (one, other) = (act(false), act(false));
    // Of two one may wait.
    let told = tokio::select! { told = one => told, told = other => told };
    assert!(matches!(told.unwrap(), Err(Error::Busy)));
    holds.wait().await;
    holding.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_longer_than_most_is_still_done() {
    const LONG: Sql = Sql::shared("SELECT count FROM counts, pg_sleep(4) WHERE id = $1");
    let (_, postgres) = with_counts(&SERVER).await;
    let counted = postgres
        .transact(|db: &Lane| {
            Box::pin(async move {
                db.run(COUNT_ON, &[1_i64.into()]).await?;
                db.find(LONG, &[1_i64.into()], column::value::<i64>).await
            })
        })
        .await
        .unwrap();
    assert_eq!(counted, Some(1));
    assert_eq!(count(&postgres, 1).await.unwrap(), 1);
}
