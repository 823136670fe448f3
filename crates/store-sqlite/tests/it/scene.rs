//! The people and things of these tests: numbered, and all of one moment.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::grant::{Details, Grant};
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Carrier, Device, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, Role, User};
use cloakroom_store::{Act, Begin, Begun, Guests, NewUser, Sessions, Who};
use cloakroom_store_sqlite::{DataFolderLock, Options, Sqlite, SqliteStore};
use tempfile::TempDir;

/// When everything happens: 2100-01-01, so that nothing is over by SQLite's own clock.
pub(crate) const NOW: Timestamp = Timestamp(4_102_444_800_000);

/// A data folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.file("cloakroom.db")
    }

    /// Its database, as the server opens it.
    pub(crate) fn open(&self) -> Arc<SqliteStore> {
        Arc::new(Sqlite::open(&self.database(), Options::default()).unwrap())
    }

    /// Its database, as the command line opens it.
    pub(crate) fn attach(&self) -> Arc<SqliteStore> {
        Arc::new(Sqlite::attach(&self.database(), Options::default()).unwrap())
    }

    pub(crate) fn lock(&self) -> DataFolderLock {
        DataFolderLock::acquire(self.0.path()).unwrap()
    }

    /// The names of its files, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn act(kind: Kind, nonce: u64) -> Act {
    Act { at: NOW, nonce, event: Event::new(NOW, kind, Actor::Operator) }
}

pub(crate) fn user_id(n: u8) -> UserId {
    UserId::new(NOW, [n; 10])
}

pub(crate) fn session_id(n: u8) -> SessionId {
    SessionId::new(NOW, [n; 10])
}

pub(crate) fn grant_id(n: u8) -> GrantId {
    GrantId::new(NOW, [n; 10])
}

pub(crate) fn digest(n: u8) -> Digest {
    Digest([n; 32])
}

pub(crate) fn new_user(n: u8) -> NewUser {
    let user = User {
        id: user_id(n),
        email: Email::parse(&format!("user{n}@example.com")).unwrap(),
        username: None,
        roles: vec![Role::admin()],
        life: Life::Active,
        generation: 0,
        created_at: NOW,
    };
    NewUser { user, password: Some("hash".to_owned()) }
}

pub(crate) fn session(n: u8, user: Option<UserId>) -> Session {
    Session {
        id: session_id(n),
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

pub(crate) fn grant(n: u8, user: Option<UserId>, session: Option<SessionId>) -> Grant {
    Grant {
        id: grant_id(n),
        user,
        session,
        client: ClientId::built_in(),
        scope: Vec::new(),
        audience: Vec::new(),
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(24)),
        idle: Duration::from_hours(1),
        last_used_at: NOW,
        data_key: 1,
        counter: 0,
        rotations: Vec::new(),
        bound: false,
        details: Details::default(),
    }
}

/// User `n` signs up: session `n` with secret `n` and grant `n`.
pub(crate) async fn sign_up(store: &SqliteStore, n: u8) {
    let user = new_user(n);
    let begin = Begin {
        session: session(n, Some(user.user.id)),
        secret: Some(digest(n)),
        grant: Some(grant(n, Some(user.user.id), Some(session_id(n)))),
        who: Who::New(Box::new(user)),
        earlier: None,
        limit: None,
        link: None,
        device: None,
    };
    let outcome = store.begin_session(begin, &act(Kind::SignedUp, 1)).await.unwrap();
    assert!(matches!(outcome, Begun::Done(_)), "{outcome:?}");
}

/// Guest `n` comes, with secret `n`.
pub(crate) async fn come_as_guest(store: &SqliteStore, n: u8) {
    let guest = session(n, None);
    let act = act(Kind::GuestCame, 1);
    store.insert_guest(guest, Some(digest(n)), None, &act).await.unwrap();
}
