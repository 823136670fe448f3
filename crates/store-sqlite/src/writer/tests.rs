use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::time::Timestamp;
use cloakroom_store_sql::{Value, json, values};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::*;
use crate::migrate::migrate;
use crate::open::{Options, connect, create_for_owner};
use crate::sql::tests::named;

type Answer<T> = oneshot::Receiver<Result<T, Error>>;

#[test]
fn acts_that_wait_together_share_a_commit() {
    let file = File::new();
    let mut connection = file.connect(&Options::default());
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&commits);
    let count = move || {
        counted.fetch_add(1, Ordering::SeqCst);
        false
    };
    connection.commit_hook(Some(count)).unwrap();
    let writer = start(connection);

    let first = Held::by(&writer);
    let others: Vec<_> = (0..GROUP).map(|_| writer.enqueue(record).unwrap()).collect();
    first.let_go().unwrap();
    for answer in others {
        answer.blocking_recv().unwrap().unwrap();
    }

    assert_eq!(commits.load(Ordering::SeqCst), 2, "one for the first, one for the rest");
    assert_eq!(file.events(), GROUP);
}

#[test]
fn an_act_that_fails_is_undone_alone() {
    let file = File::new();
    let writer = start(file.connect(&Options::default()));
    let first = Held::by(&writer);

    let before = writer.enqueue(record).unwrap();
    let failing = writer.enqueue(|db| {
        record(db)?;
        Err::<(), _>(Error::Corrupt("on purpose".to_owned()))
    });
    let after = writer.enqueue(record).unwrap();
    first.let_go().unwrap();

    before.blocking_recv().unwrap().unwrap();
    let failed = failing.unwrap().blocking_recv().unwrap();
    assert!(matches!(failed, Err(Error::Corrupt(why)) if why == "on purpose"));
    after.blocking_recv().unwrap().unwrap();
    assert_eq!(file.events(), 2);
}

#[test]
fn an_act_that_panics_is_undone_alone() {
    let file = File::new();
    let writer = start(file.connect(&Options::default()));
    let first = Held::by(&writer);

    let before = writer.enqueue(record).unwrap();
    let panicking: Answer<()> = writer
        .enqueue(|db| {
            record(db)?;
            panic!("on purpose")
        })
        .unwrap();
    let after = writer.enqueue(record).unwrap();
    first.let_go().unwrap();

    before.blocking_recv().unwrap().unwrap();
    let failed = panicking.blocking_recv().unwrap().unwrap_err();
    assert!(matches!(&failed, Error::Unavailable(why) if why.to_string().contains("on purpose")));
    after.blocking_recv().unwrap().unwrap();
    assert_eq!(file.events(), 2);
}

#[test]
fn nobody_is_answered_before_the_commit_has_returned() {
    let file = File::new();
    let mut connection = file.connect(&Options::default());
    let (committing, has_reached_commit) = channel();
    let (commit, may_commit) = channel();
    let wait = move || {
        committing.send(()).unwrap();
        may_commit.recv().unwrap();
        false
    };
    connection.commit_hook(Some(wait)).unwrap();
    let writer = start(connection);

    let mut answer = writer.enqueue(record).unwrap();
    has_reached_commit.recv().unwrap();
    assert!(answer.try_recv().is_err(), "the act is done, and not yet committed");
    assert_eq!(file.events(), 0, "and nobody sees it");

    commit.send(()).unwrap();
    answer.blocking_recv().unwrap().unwrap();
    assert_eq!(file.events(), 1);
}

#[test]
fn a_commit_that_fails_fails_every_act_of_its_group_and_no_other() {
    let file = File::new();
    let mut connection = file.connect(&Options::default());
    let commits = AtomicUsize::new(0);
    let fail_the_second = move || commits.fetch_add(1, Ordering::SeqCst) == 1;
    connection.commit_hook(Some(fail_the_second)).unwrap();
    let writer = start(connection);

    let first = Held::by(&writer);
    let failing = [writer.enqueue(record).unwrap(), writer.enqueue(record).unwrap()];
    first.let_go().unwrap();
    for answer in failing {
        assert!(matches!(answer.blocking_recv().unwrap(), Err(Error::Unavailable(_))));
    }
    assert_eq!(file.events(), 0);

    writer.enqueue(record).unwrap().blocking_recv().unwrap().unwrap();
    assert_eq!(file.events(), 1);
}

#[test]
fn one_act_more_than_may_wait_is_told_so_at_once() {
    let file = File::new();
    let writer = start(file.connect(&Options::default()));
    let first = Held::by(&writer);

    let waiting: Vec<_> = (0..WAITING).map(|_| writer.enqueue(record).unwrap()).collect();
    assert!(matches!(writer.enqueue(record), Err(Error::Busy)));

    first.let_go().unwrap();
    for answer in waiting {
        answer.blocking_recv().unwrap().unwrap();
    }
    assert_eq!(file.events(), WAITING, "and those that waited were done");
}

#[test]
fn a_process_that_holds_the_file_is_waited_for_only_so_long() {
    let file = File::new();
    let impatient = Options { busy_timeout: Duration::ZERO, ..Options::default() };
    let writer = start(file.connect(&impatient));
    let other = file.connect(&Options::default());

    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = writer.enqueue(record).unwrap().blocking_recv().unwrap();
    assert!(matches!(answer, Err(Error::Busy)), "{answer:?}");

    other.execute_batch("COMMIT").unwrap();
    writer.enqueue(record).unwrap().blocking_recv().unwrap().unwrap();
    assert_eq!(file.events(), 1);
}

#[test]
fn closing_does_what_waits_and_takes_no_more() {
    let file = File::new();
    let writer = start(file.connect(&Options::default()));
    let first = Held::by(&writer);
    let waiting = writer.enqueue(record).unwrap();

    std::thread::scope(|scope| {
        scope.spawn(|| writer.close());
        first.let_go().unwrap();
    });

    waiting.blocking_recv().unwrap().unwrap();
    assert!(matches!(writer.enqueue(record), Err(Error::Unavailable(_))));
    assert_eq!(file.events(), 1);
}

#[test]
fn the_write_ahead_log_does_not_grow_without_end() {
    // Forty acts of a hundred pages and more: four times what is copied at once.
    let file = File::new();
    let writer =
        Writer::start(SqliteDb::new(file.connect(&Options::default()), None), Closing::Tidy)
            .unwrap();
    let longest = (0..40).map(|_| {
        let act = |db: &SqliteDb| {
            let mut event = Event::new(Timestamp(0), Kind::SignedIn, Actor::Server);
            event.detail = Some("x".repeat(100 * 4096));
            write_down(db, &event)
        };
        writer.enqueue(act).unwrap().blocking_recv().unwrap().unwrap();
        std::fs::metadata(file.log()).unwrap().len()
    });
    let longest = longest.max().unwrap();
    assert!(longest > 100 * 4096, "the log was written to: {longest}");
    assert!(longest < 1400 * 4096, "{longest} bytes");

    writer.close();
    let left = std::fs::metadata(file.log()).map_or(0, |log| log.len());
    assert_eq!(left, 0, "a server leaves nothing to be recovered");
}

fn record(db: &SqliteDb) -> Result<(), Error> {
    write_down(db, &Event::new(Timestamp(0), Kind::SignedIn, Actor::Server))
}

fn write_down(db: &SqliteDb, event: &Event) -> Result<(), Error> {
    let text = json(event)?;
    let row = values![event.at.0, Value::Null, &text];
    db.run_now(named("events::RECORD"), row).map(drop)
}

fn start(connection: Connection) -> Writer {
    // Tidying up commits as well, which the hooks of these tests are not meant for.
    Writer::start(SqliteDb::new(connection, None), Closing::Leave).unwrap()
}

/// An act that keeps the writer busy until it is let go.
struct Held {
    go: Sender<()>,
    answer: Answer<()>,
}

impl Held {
    fn by(writer: &Writer) -> Self {
        let (held, is_held) = channel();
        let (go, may_go) = channel();
        let act = move |_: &SqliteDb| {
            held.send(()).unwrap();
            may_go.recv().unwrap();
            Ok(())
        };
        let answer = writer.enqueue(act).unwrap();
        is_held.recv().unwrap();
        Self { go, answer }
    }

    fn let_go(self) -> Result<(), Error> {
        self.go.send(()).unwrap();
        self.answer.blocking_recv().unwrap()
    }
}

/// A database with nobody's connection but the test's.
struct File(TempDir);

impl File {
    fn new() -> Self {
        let file = Self(tempfile::tempdir().unwrap());
        create_for_owner(&file.path()).unwrap();
        let mut connection = file.connect(&Options::default());
        let mode: String = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "wal");
        migrate(&mut connection).unwrap();
        file
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("cloakroom.db")
    }

    fn log(&self) -> std::path::PathBuf {
        self.0.path().join("cloakroom.db-wal")
    }

    fn connect(&self, options: &Options) -> Connection {
        connect(&self.path(), OpenFlags::SQLITE_OPEN_READ_WRITE, options).unwrap()
    }

    /// How many events another connection sees.
    fn events(&self) -> usize {
        let connection = self.connect(&Options::default());
        let count: i64 =
            connection.query_row("SELECT COUNT(*) FROM events", [], |row| row.get(0)).unwrap();
        usize::try_from(count).unwrap()
    }
}
