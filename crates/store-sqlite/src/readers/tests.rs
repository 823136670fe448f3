use std::sync::mpsc::channel;

use rusqlite::OpenFlags;

use super::*;
use crate::open::{Options, connect};
use crate::{Sqlite, sql, users};

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
            users::has_admin(db)
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

    assert!(!sqlite.readers.short(users::has_admin).unwrap());

    for (long, _, go) in held {
        go.send(()).unwrap();
        assert!(!long.await.unwrap());
    }
}

#[tokio::test]
async fn a_read_that_panics_leaves_its_connection_as_it_was() {
    let sqlite = Sqlite::temporary(Options::default()).unwrap();
    let readers = Readers::new(vec![reader(&sqlite)], vec![reader(&sqlite)]);
    let panicking = |db: &Db| -> Result<(), Error> {
        db.snapshot(|db| {
            users::has_admin(db)?;
            panic!("on purpose")
        })
    };

    let short = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| readers.short(panicking)));
    assert!(short.is_err());
    let long = readers.long(panicking).await;
    assert!(matches!(long, Err(Error::Unavailable(_))));

    // A transaction that was still open would read as of the moment before this.
    sqlite.write(|db| db.run(sql::throttles::EXPIRE_DEVICES, [0]).map(drop)).await.unwrap();
    assert!(readers.short(|db| db.snapshot(users::has_admin)).is_ok());
    assert!(readers.long(|db| db.snapshot(users::has_admin)).await.is_ok());
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let sqlite = Sqlite::temporary(Options::default()).unwrap();
    let wrote = sqlite.readers.short(|db| db.run(sql::links::DELETE_ALL, []));
    assert!(wrote.is_err());
    assert!(sqlite.write(|db| db.run(sql::links::DELETE_ALL, [])).await.is_ok());
}

fn reader(sqlite: &Sqlite) -> Db {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
    Db::new(connect(sqlite.path(), read_only, &Options::default()).unwrap())
}
