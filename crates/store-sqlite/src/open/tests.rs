use cloakroom_store::{Reading, Revocations as _};
use rusqlite::types::FromSql;

use super::*;
use crate::sql;

/// `PRAGMA synchronous`, by SQLite's numbers.
const FULL: i64 = 2;
const OFF: i64 = 0;

#[tokio::test]
async fn the_writer_syncs_each_commit_and_has_every_guard() {
    let sqlite = Sqlite::temporary(Options::default()).unwrap();
    let table = [("synchronous", FULL), ("foreign_keys", 1), ("trusted_schema", 0)];
    for (name, expected) in table {
        assert_eq!(of_writer::<i64>(&sqlite, name).await, expected, "{name}");
    }
    assert_eq!(of_writer::<String>(&sqlite, "journal_mode").await, "wal");
}

#[tokio::test]
async fn only_a_danger_turns_syncing_off() {
    let options = Options { danger_no_sync: true, ..Options::default() };
    let sqlite = Sqlite::temporary(options).unwrap();
    assert_eq!(of_writer::<i64>(&sqlite, "synchronous").await, OFF);
}

#[tokio::test]
async fn the_clock_is_sqlites_own_unless_a_test_stops_it() {
    let own = Sqlite::temporary(Options::default()).unwrap();
    let expected =
        own.readers.short(|db| db.find(sql::sqlite::NOW, [], crate::driver::column::time));
    let since = now(&own).await.since(expected.unwrap().expect("SQLite knows the time"));
    assert!(since < Duration::from_mins(1), "{since:?}");

    let clock: Arc<dyn Fn() -> Timestamp + Send + Sync> = Arc::new(|| Timestamp(7));
    let stopped = Options { clock: Some(clock), ..Options::default() };
    let stopped = Sqlite::temporary(stopped).unwrap();
    assert_eq!(now(&stopped).await, Timestamp(7));
    assert_eq!(stopped.read_snapshot().await.unwrap().now, Timestamp(7));
}

#[test]
fn only_what_is_not_there_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let attached = Sqlite::attach(&folder.path().join("nowhere.db"), Options::default()).err();
    assert!(matches!(attached, Some(OpenError::Missing { .. })));

    // What the system will not let us look for may be there.
    let file = folder.path().join("file");
    std::fs::write(&file, "not a folder").unwrap();
    let attached = Sqlite::attach(&file.join("cloakroom.db"), Options::default()).err();
    assert!(matches!(attached, Some(OpenError::Io(_))), "{attached:?}");
}

#[test]
fn what_is_no_database_is_not_ours() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter");
    std::fs::write(&file, "Dear Ada, ".repeat(999)).unwrap();
    let attached = Sqlite::attach(&file, Options::default()).err();
    assert!(matches!(attached, Some(OpenError::NotOurs)), "{attached:?}");
}

#[test]
fn a_temporary_database_takes_its_folder_along() {
    let sqlite = Sqlite::temporary(Options::default()).unwrap();
    let folder = sqlite.path().parent().unwrap().to_owned();
    assert!(sqlite.path().exists());
    drop(sqlite);
    assert!(!folder.exists());
}

async fn now(sqlite: &Sqlite) -> Timestamp {
    match sqlite.read_log(cloakroom_model::log::Place::default(), 1).await.unwrap() {
        Reading::Rows { now, .. } => now,
        Reading::Lost => panic!("the log is empty and whole"),
    }
}

async fn of_writer<T: FromSql + Send + 'static>(sqlite: &Sqlite, name: &'static str) -> T {
    let read = move |db: &Db| pragma(db.connection(), name).map_err(crate::driver::failure);
    sqlite.write(read).await.unwrap()
}
