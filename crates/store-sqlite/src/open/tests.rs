use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Acr, Authentication, Carrier, Device, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, User};
use cloakroom_store::{NewUser, Reading, Revocations};
use cloakroom_store_sql::rows::{insert_session, insert_user};
use cloakroom_store_sql::{Db as _, column, values};
use rusqlite::StatementStatus;
use rusqlite::types::FromSql;

use super::*;
use crate::driver::{failure, ready};
use crate::sql;
use crate::sql::tests::named;

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
async fn no_value_has_a_statement_prepared_again() {
    let one_reader = Options { readers: NonZeroUsize::MIN, ..Options::default() };
    let sqlite = Sqlite::temporary(one_reader).unwrap();
    let analysed = sqlite.writer.write(|db| {
        ready(insert_user(db, &NewUser { user: user(), password: None }))?;
        ready(insert_session(db, &session(), &Digest([1; 32])))?;
        db.connection().execute_batch("ANALYZE").map_err(failure)
    });
    analysed.await.unwrap();
    let prepared_again = |db: &SqliteDb| {
        let find = named("sessions::FIND");
        assert_eq!(db.run_now(find, values![session().id.as_bytes()])?, 1);
        let connection = db.connection();
        let statement = connection.prepare_cached(find.sqlite()).map_err(failure)?;
        Ok(statement.get_status(StatementStatus::RePrepare))
    };
    let read = || sqlite.readers.short(prepared_again).unwrap();
    // The first time it is, because there are statistics now.
    let first = read();
    assert_eq!([read(), read()], [first; 2]);
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
    let expected = own.readers.short(|db| ready(db.find(sql::NOW, &[], column::time)));
    let since = now(&own).await.since(expected.unwrap().expect("SQLite knows the time"));
    assert!(since < Duration::from_mins(1), "{since:?}");

    let clock: Clock = Arc::new(|| Timestamp(7));
    let stopped = Options { clock: Some(clock), ..Options::default() };
    let stopped = Sqlite::temporary(stopped).unwrap();
    assert_eq!(now(&stopped).await, Timestamp(7));
    assert_eq!(Revocations::read_snapshot(&stopped).await.unwrap().now, Timestamp(7));
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

async fn now(sqlite: &SqliteStore) -> Timestamp {
    match sqlite.read_log(cloakroom_model::log::Place::default(), 1).await.unwrap() {
        Reading::Rows { now, .. } => now,
        Reading::Lost => panic!("the log is empty and whole"),
    }
}

async fn of_writer<T: FromSql + Send + 'static>(sqlite: &Sqlite, name: &'static str) -> T {
    let read = move |db: &SqliteDb| pragma(&db.connection(), name).map_err(failure);
    sqlite.writer.write(read).await.unwrap()
}

fn user() -> User {
    User {
        id: UserId::from_bytes([1; 16]),
        email: Email::parse("ada@example.com").unwrap(),
        username: None,
        roles: Vec::new(),
        life: Life::Active,
        generation: 0,
        created_at: Timestamp(5),
    }
}

fn session() -> Session {
    Session {
        id: SessionId::from_bytes([2; 16]),
        user: Some(user().id),
        client: ClientId::built_in(),
        carrier: Carrier::Cookie,
        device: Device { name: "Firefox on Linux".into(), address: "192.0.2.1".into() },
        authentication: Some(Authentication {
            at: Timestamp(5),
            acr: Acr::Aal1,
            amr: vec!["pwd".into()],
        }),
        created_at: Timestamp(5),
        expires_at: Timestamp(9),
        idle: Duration::from_secs(1),
        last_seen_at: Timestamp(5),
        remembered: false,
    }
}
