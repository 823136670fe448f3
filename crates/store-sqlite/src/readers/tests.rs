use std::sync::mpsc::channel;

use cloakroom_store_sql::values;
use rusqlite::OpenFlags;

use super::*;
use crate::Sqlite;
use crate::open::{Options, connect};
use crate::sql::tests::named;

#[tokio::test]
async fn a_long_read_makes_no_short_one_wait() {
    let sqlite = Sqlite::temporary(Options::default()).unwrap();
    let mut held = Vec::new();
    for _ in 0..LONG {
        let (reading, is_reading) = channel();
        let (go, may_go) = channel::<()>();
        let long = sqlite.readers.long(move |db| {
            reading.send(()).unwrap();
            may_go.recv().unwrap();
            has_admin(db)
        });
        held.push((Box::pin(long), is_reading, go));
    }
    // A first poll hands each to its thread.
    for (long, is_reading, _) in &mut held {
        let polled = std::future::poll_fn(|context| {
            std::task::Poll::Ready(long.as_mut().poll(context).is_pending())
        });
        assert!(polled.await);
        is_reading.recv().unwrap();
    }

    assert!(!sqlite.readers.short(has_admin).unwrap());

    for (long, _, go) in held {
        go.send(()).unwrap();
        assert!(!long.await.unwrap());
    }
}

#[tokio::test]
async fn a_read_that_panics_leaves_its_connection_as_it_was() {
    let sqlite = Sqlite::temporary(Options::default()).unwrap();
    let readers = Readers::new(vec![reader(&sqlite)], vec![reader(&sqlite)]);
    let panicking = |db: &SqliteDb| -> Result<(), Error> {
        db.snapshot(|db| {
            has_admin(db)?;
            panic!("on purpose")
        })
    };

    let short = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| readers.short(panicking)));
    assert!(short.is_err());
    let long = readers.long(panicking).await;
    assert!(matches!(long, Err(Error::Unavailable(_))));

    // A transaction that was still open would read as of the moment before this.
    let expire =
        |db: &SqliteDb| db.run_now(named("throttles::EXPIRE_DEVICES"), values![0_i64]).map(drop);
    sqlite.writer.write(expire).await.unwrap();
    assert!(readers.short(|db| db.snapshot(has_admin)).is_ok());
    assert!(readers.long(|db| db.snapshot(has_admin)).await.is_ok());
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let sqlite = Sqlite::temporary(Options::default()).unwrap();
    let write = |db: &SqliteDb| db.run_now(named("links::DELETE_ALL"), &[]);
    assert!(sqlite.readers.short(write).is_err());
    assert!(sqlite.writer.write(write).await.is_ok());
}

fn has_admin(db: &SqliteDb) -> Result<bool, Error> {
    Ok(db.run_now(named("users::HAS_ADMIN"), &[])? > 0)
}

fn reader(sqlite: &Sqlite) -> SqliteDb {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
    SqliteDb::new(connect(sqlite.path(), read_only, &Options::default()).unwrap(), None)
}
