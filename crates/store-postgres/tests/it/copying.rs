//! Everything out of one database into another: between SQLite and PostgreSQL in both ways, interrupted wherever that is
//! possible, and with nobody at work in either.

mod fill;
mod mortal;
mod shut;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use cloakroom_store_postgres::{OpenError, Options, Place as InPostgres, Postgres, Url};
use cloakroom_store_sql::Database as _;
use cloakroom_store_sql::copy::{
    Away, Copied, CopyError, How, Place, ReopenError, Reopened, TABLES, copy, reopen,
};
use cloakroom_store_sqlite::{OpenError as SqliteError, Place as InSqlite, Sqlite};
use tempfile::TempDir;

use self::fill::{ROWS, fill};
use self::mortal::Mortal;
use crate::scene::{SERVER, database};

/// Small enough that every table needs several.
const BATCH: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn what_went_there_and_back_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let first = file(&folder, "first");
    fill(&InSqlite::target(&first).unwrap()).await;
    let url = database(&SERVER);

    let there = copied(&source_in(&first), &target_at(&url).await).await;
    let second = file(&folder, "second");
    let back = copied(&source_at(&url).await, &target_in(&second)).await;
    let third = file(&folder, "third");
    let on = copied(&source_in(&second), &target_in(&third)).await;
    let other = database(&SERVER);
    let away = copied(&source_in(&third), &target_at(&other).await).await;
    let last = database(&SERVER);
    let between_two = copied(&source_at(&other).await, &target_at(&last).await).await;

    // Every table, and in those that may have any number of rows as many as were made.
    assert_eq!(there.tables.len(), TABLES.len());
    for (table, (_, digest)) in TABLES.iter().zip(&there.tables) {
        let expected = if table.is_born_with_a_row { 1 } else { ROWS };
        assert_eq!(digest.rows, expected, "{}", table.name);
    }
    for other in [back, on, away, between_two] {
        assert_eq!(other.tables, there.tables);
    }
    // And what came of it is a database like any other.
    assert!(Postgres::attach(&last, Options::default()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_dies_at_every_step_goes_on_until_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let from = file(&folder, "from");
    fill(&InSqlite::target(&from).unwrap()).await;
    let url = database(&SERVER);

    let steps = dies_at_every_step(
        async || source_in(&from),
        async || target_at(&url).await,
        async || (file_is_served(&from), is_served(&url).await),
    )
    .await;
    assert!(steps > 2 * 22, "only {steps}");
    let back = file(&folder, "back");
    dies_at_every_step(
        async || source_at(&url).await,
        async || target_in(&back),
        async || (is_served(&url).await, file_is_served(&back)),
    )
    .await;

    let moved = Sqlite::attach(&from, cloakroom_store_sqlite::Options::default()).unwrap_err();
    assert!(matches!(&moved, SqliteError::Away(Away::Moved { .. })), "{moved}");
    let said = moved.to_string();
    assert!(said.contains(&url.shown()) && !said.contains("only%20for"), "{said}");
    let moved = Postgres::open(&url, Options::default()).await.err().unwrap();
    assert!(matches!(moved, OpenError::Away(Away::Moved { .. })), "{moved}");
}

/// Runs a copy that gets one step further each time, and in between dies in the middle of the next one; answers how many
/// steps there were. At no moment may both sides be served.
async fn dies_at_every_step<S: Place, T: Place>(
    source: impl AsyncFn() -> S,
    target: impl AsyncFn() -> T,
    served: impl AsyncFn() -> (bool, bool),
) -> i64 {
    assert_eq!(served().await, (true, false));
    let mut steps = 0;
    loop {
        // The first one dies before anything is done, and the second between the two marks, which are set anew by the
        // third.
        let life = mortal::Life::of(if steps == 2 { 2 } else { steps.min(1) });
        let (source, target) =
            (Mortal::new(source().await, &life), Mortal::new(target().await, &life));
        match copy(&source, &target, how(1), |_| {}).await {
            Ok(done) => {
                assert_eq!(done.rows, rows_in_all());
                drop((source, target));
                assert_eq!(served().await, (false, true));
                return steps;
            }
            Err(error) => assert!(life.is_over(), "{error}"),
        }
        drop((source, target));
        // Before the first one an empty database is one, too.
        assert!(steps == 0 || served().await != (true, true), "after {steps} steps");
        steps += 1;
        assert!(steps < 1000, "it does not come to an end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_done_says_so_again() {
    let folder = tempfile::tempdir().unwrap();
    let from = file(&folder, "from");
    fill(&InSqlite::target(&from).unwrap()).await;
    let url = database(&SERVER);
    let (source, target) = (source_in(&from), target_at(&url).await);
    let done = copied(&source, &target).await;
    let again = copied(&source, &target).await;
    assert_eq!((again.rows, again.before), (done.rows, done.rows));

    drop(target);
    let elsewhere = target_at(&database(&SERVER)).await;
    let refused = copy(&source, &elsewhere, how(7), |_| {}).await.unwrap_err();
    assert!(matches!(&refused, CopyError::AlreadyMoved { to, .. } if *to == url.shown()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_something_in_it_is_left_alone_and_so_is_the_source() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (file(&folder, "from"), file(&folder, "to"));
    fill(&InSqlite::target(&from).unwrap()).await;
    fill(&InSqlite::target(&to).unwrap()).await;
    let refused = copy(&source_in(&from), &target_in(&to), how(7), |_| {}).await;
    assert!(matches!(refused.unwrap_err(), CopyError::NotEmpty { .. }));
    assert!(file_is_served(&from) && file_is_served(&to));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_not_like_its_source_is_never_served() {
    let folder = tempfile::tempdir().unwrap();
    let from = file(&folder, "from");
    fill(&InSqlite::target(&from).unwrap()).await;
    let url = database(&SERVER);
    let tampered = mortal::Tampered(target_at(&url).await);
    let source = source_in(&from);
    let refused = copy(&source, &tampered, how(7), |_| {}).await.unwrap_err();
    let (in_source, in_target) = (ROWS, ROWS - 1);
    assert!(
        matches!(refused, CopyError::Differs { table: "marks", in_source: s, in_target: t }
            if (s, t) == (in_source, in_target)),
        "{refused}"
    );
    drop(source);
    assert!(!file_is_served(&from));
    let opened = Postgres::attach(&url, Options::default()).await.err().unwrap();
    assert!(matches!(opened, OpenError::Away(Away::Incoming { .. })), "{opened}");

    // Given up, the source is what it was, and what was copied of it is of no use.
    assert_eq!(reopen(&source_in(&from), false).await.unwrap(), Reopened::GivenUp);
    assert!(file_is_served(&from));
    let refused = reopen(&tampered, true).await.unwrap_err();
    assert!(matches!(refused, ReopenError::Incomplete { .. }), "{refused}");
    let refused = copy(&source_in(&from), &tampered, how(7), |_| {}).await.unwrap_err();
    assert!(matches!(refused, CopyError::OtherCopy { .. }), "{refused}");
    assert!(file_is_served(&from), "what is refused shuts nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_of_an_event_is_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let from = file(&folder, "from");
    let first = InSqlite::target(&from).unwrap();
    fill(&first).await;
    // The latest events were forgotten.
    first.transact(|db| Box::pin(fill::forget_events(db))).await.unwrap();
    drop(first);
    let url = database(&SERVER);
    copied(&source_in(&from), &target_at(&url).await).await;
    let there = target_at(&url).await;
    assert_eq!(fill::event(&there).await, fill::LAST_EVENT + 1);
    let back = file(&folder, "back");
    copied(&there, &target_in(&back)).await;
    assert_eq!(fill::event(&target_in(&back)).await, fill::LAST_EVENT + 2);
}

fn file(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join(format!("{name}.db"))
}

fn source_in(path: &Path) -> InSqlite {
    InSqlite::source(path).unwrap()
}

fn target_in(path: &Path) -> InSqlite {
    InSqlite::target(path).unwrap()
}

async fn source_at(url: &Url) -> InPostgres {
    InPostgres::source(url, Options::default()).await.unwrap()
}

async fn target_at(url: &Url) -> InPostgres {
    InPostgres::target(url, Options::default()).await.unwrap()
}

fn file_is_served(path: &Path) -> bool {
    Sqlite::attach(path, cloakroom_store_sqlite::Options::default()).is_ok()
}

async fn is_served(url: &Url) -> bool {
    Postgres::attach(url, Options::default()).await.is_ok()
}

fn how(copy: u8) -> How {
    How { copy: [copy; 16], batch: NonZeroUsize::new(BATCH).unwrap() }
}

async fn copied(source: &impl Place, target: &impl Place) -> Copied {
    copy(source, target, how(7), |_| {}).await.unwrap()
}

fn rows_in_all() -> u64 {
    TABLES.iter().map(|table| if table.is_born_with_a_row { 1 } else { ROWS }).sum()
}
