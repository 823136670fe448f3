use cloakroom_model::id::UserId;
use cloakroom_model::user::{Email, Life, User};
use cloakroom_store::NewUser;

use super::*;
use crate::migrate::migrate;
use crate::users;

#[test]
fn a_record_that_does_not_make_sense_is_called_corrupt() {
    let db = database();
    users::insert(&db, &NewUser { user: user(), password: None }).unwrap();
    assert_eq!(users::find(&db, user().id).unwrap(), Some(user()));

    for damage in [
        "UPDATE users SET roles = 'no list'",
        "UPDATE users SET email = 'no address'",
        "UPDATE users SET generation = -1",
        "UPDATE users SET username = '-'",
    ] {
        db.connection().execute_batch("SAVEPOINT whole").unwrap();
        db.connection().execute_batch(damage).unwrap();
        let found = users::find(&db, user().id);
        assert!(matches!(found, Err(Error::Corrupt(_))), "{damage}: {found:?}");
        db.connection().execute_batch("ROLLBACK TO whole").unwrap();
    }
    assert_eq!(users::find(&db, user().id).unwrap(), Some(user()));
}

#[test]
fn a_number_that_storage_cannot_hold_stays_as_large_as_it_can() {
    assert_eq!(number(7_u64), 7);
    assert_eq!(number(u64::MAX), i64::MAX);
    assert_eq!(milliseconds(Duration::from_secs(1)), 1000);
    assert_eq!(milliseconds(Duration::MAX), i64::MAX);
}

fn database() -> Db {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection).unwrap();
    Db::new(connection)
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
