use std::time::Duration;

use cloakroom_model::event::{Actor, Event, Kind, Reason};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::session::{Carrier, Device};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, User};
use cloakroom_store::{Act, FoundSession, Guests as _, LiveGuest, Sessions as _};

use super::*;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

#[tokio::test]
async fn what_was_seeded_is_found_and_ended_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloakroom.db");

    assert_eq!(users(&path, [user()]).unwrap(), 1);
    let of_user = session(0, Some(user().user.id));
    assert_eq!(sessions(&path, [(of_user.clone(), secret(0))]).unwrap(), 1);
    let seeded = (1..=1000).map(|n| (session(n, None), secret(n)));
    assert_eq!(guests(&path, seeded).unwrap(), 1000);

    let store = Sqlite::open(&path, Options::default()).unwrap();
    let Some(FoundSession::Live(found)) = store.find_session(&secret(0), NOW).await.unwrap() else {
        panic!("the session is not there")
    };
    assert_eq!(found.session, of_user);
    let found = store.find_guest(&secret(700), NOW).await.unwrap();
    assert_eq!(found, Some(LiveGuest::Live(Box::new(session(700, None)))));

    let event = Event::new(NOW, Kind::SessionEnded, Actor::Operator);
    let act = Act { at: NOW, nonce: 1, event };
    let ended = store.end_guest(session(700, None).id, Reason::Operator, &act).await.unwrap();
    assert!(ended.is_some());
    assert_eq!(store.find_guest(&secret(700), NOW).await.unwrap(), None);
}

#[test]
fn a_row_that_cannot_be_there_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloakroom.db");
    let twice = [(session(1, None), secret(1)), (session(1, None), secret(2))];
    assert!(matches!(guests(&path, twice), Err(SeedError::Store(Error::Corrupt(_)))));
    assert_eq!(guests(&path, [(session(1, None), secret(1))]).unwrap(), 1);
}

fn user() -> NewUser {
    let user = User {
        id: UserId::new(NOW, [1; 10]),
        email: Email::parse("ada@example.com").unwrap(),
        username: None,
        roles: Vec::new(),
        life: Life::Active,
        generation: 0,
        created_at: NOW,
    };
    NewUser { user, password: None }
}

fn session(n: u64, user: Option<UserId>) -> Session {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&n.to_be_bytes());
    Session {
        id: SessionId::new(NOW, random),
        user,
        client: ClientId::built_in(),
        carrier: Carrier::Cookie,
        device: Device::default(),
        authentication: None,
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(24)),
        idle: Duration::from_hours(1),
        last_seen_at: NOW,
        remembered: false,
    }
}

fn secret(n: u64) -> Digest {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    Digest(digest)
}
