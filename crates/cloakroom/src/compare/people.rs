//! People who are signed in: written into a new database as acts would have written them, without hashing a password for
//! each.

use std::{path::Path, time::Duration};

use cloakroom_engine::{
    random::{Random, SystemRandomness},
    secret::{CookieSecret, Kind},
};
use cloakroom_model::{
    id::ClientId,
    session::{Acr, Authentication, Carrier, Device, Session},
    time::Timestamp,
    user::{Email, Life, User},
};
use cloakroom_store::NewUser;
use cloakroom_store_sqlite::seed::{self, SeedError};

use crate::exit::{Failure, whole};

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Person {
    /// The `Cookie` header that their browser sends.
    pub(crate) cookie: String,
}

/// Makes a database in this folder with so many people in it, each with one session.
pub(crate) fn make(folder: &Path, count: u64, now: Timestamp) -> Result<Vec<Person>, Failure> {
    std::fs::create_dir(folder).map_err(|error| {
        Failure::Unavailable(format!("cannot make {}: {error}", folder.display()))
    })?;
    let database = folder.join("cloakroom.db");
    let random: &dyn Random = &SystemRandomness::default();
    let users =
        (0..count).map(|number| user(number, random, now)).collect::<Result<Vec<_>, _>>()?;
    let secrets: Vec<CookieSecret> = users
        .iter()
        .map(|_| CookieSecret { kind: Kind::SignedIn, secret: random.secret() })
        .collect();
    let sessions: Vec<_> = users
        .iter()
        .zip(&secrets)
        .map(|(user, secret)| (session(&user.user, random, now), secret.digest()))
        .collect();
    seed::users(&database, users)?;
    seed::sessions(&database, sessions)?;
    Ok(secrets
        .iter()
        .map(|secret| Person { cookie: format!("cloakroom={}", *secret.to_text()) })
        .collect())
}

fn user(number: u64, random: &dyn Random, now: Timestamp) -> Result<NewUser, Failure> {
    let email = Email::parse(&format!("person{number}@example.com"));
    let email = email.map_err(|error| Failure::Unavailable(error.to_string()))?;
    let user = User {
        id: random.user_id(now),
        email,
        username: None,
        roles: Vec::new(),
        life: Life::Active,
        generation: 0,
        created_at: now,
    };
    Ok(NewUser { user, password: None })
}

fn session(user: &User, random: &dyn Random, now: Timestamp) -> Session {
    Session {
        id: random.session_id(now),
        user: Some(user.id),
        client: ClientId::built_in(),
        carrier: Carrier::Cookie,
        device: Device { name: "Firefox on Linux".into(), address: "192.0.2.1".into() },
        authentication: Some(Authentication { at: now, acr: Acr::Aal1, amr: vec!["pwd".into()] }),
        created_at: now,
        expires_at: now.plus(Duration::from_hours(24 * 30)),
        idle: Duration::from_hours(24),
        last_seen_at: now,
        remembered: false,
    }
}

impl From<SeedError> for Failure {
    fn from(error: SeedError) -> Self {
        match error {
            SeedError::Open(error) => error.into(),
            error => Self::Unavailable(whole(&error)),
        }
    }
}
