use std::time::Duration;

use cloakroom_model::id::UserId;
use cloakroom_model::user::{Email, Life, User};
use cloakroom_store::{NewUser, Users as _};
use cloakroom_store_sql::rows::insert_user;
use cloakroom_store_sql::{milliseconds, number};

use super::*;
use crate::{Options, Sqlite};

#[tokio::test]
async fn a_record_that_does_not_make_sense_is_called_corrupt() {
    for damage in [
        "UPDATE users SET roles = 'no list'",
        "UPDATE users SET email = 'no address'",
        "UPDATE users SET generation = -1",
        "UPDATE users SET username = '-'",
    ] {
        let sqlite = Sqlite::temporary(Options::default()).unwrap();
        let insert =
            |db: &SqliteDb| ready(insert_user(db, &NewUser { user: user(), password: None }));
        sqlite.writer.write(insert).await.unwrap();
        assert_eq!(sqlite.find_user(user().id).await.unwrap(), Some(user()));

        let spoil = |db: &SqliteDb| db.connection().execute_batch(damage).map_err(failure);
        sqlite.writer.write(spoil).await.unwrap();
        let found = sqlite.find_user(user().id).await;
        assert!(matches!(found, Err(Error::Corrupt(_))), "{damage}: {found:?}");
    }
}

#[test]
fn a_column_of_another_type_is_called_corrupt() {
    let db = SqliteDb::new(Connection::open_in_memory().unwrap(), None);
    let read = |sql, read: fn(&mut Columns<'_>) -> Result<(), Error>| {
        ready(db.find(Sql::shared(sql), &[], read))
    };
    assert!(read("SELECT 1", |row| row.value::<i64>().map(drop)).is_ok());
    assert!(matches!(
        read("SELECT '1'", |row| row.value::<i64>().map(drop)),
        Err(Error::Corrupt(_))
    ));
    assert!(matches!(
        read("SELECT NULL", |row| row.value::<i64>().map(drop)),
        Err(Error::Corrupt(_))
    ));
    assert!(matches!(
        read("SELECT 1", |row| row.value::<String>().map(drop)),
        Err(Error::Corrupt(_))
    ));
    assert!(matches!(
        read("SELECT '1'", |row| row.value::<Vec<u8>>().map(drop)),
        Err(Error::Corrupt(_))
    ));
}

#[tokio::test]
async fn an_act_that_waits_is_an_error() {
    let waits = ready(std::future::pending::<Result<(), Error>>());
    assert!(matches!(waits, Err(Error::Unavailable(_))), "{waits:?}");
    assert!(ready(async { Ok(()) }).is_ok());
}

#[test]
fn a_number_that_storage_cannot_hold_stays_as_large_as_it_can() {
    assert_eq!(number(7_u64), 7);
    assert_eq!(number(u64::MAX), i64::MAX);
    assert_eq!(milliseconds(Duration::from_secs(1)), 1000);
    assert_eq!(milliseconds(Duration::MAX), i64::MAX);
}

fn user() -> User {
    User {
        id: UserId::from_bytes([1; 16]),
        email: Email::parse("ada@example.com").unwrap(),
        username: None,
        roles: Vec::new(),
        life: Life::Active,
        generation: 3,
        created_at: Timestamp(5),
    }
}
