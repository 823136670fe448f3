//! `GET /api/v1/session`: what the server says of the session that a cookie stands for.

use jiff::Timestamp;
use serde::Deserialize;

use crate::identity::{Carrier, Identity, Told};

/// What the server said, read.
pub(crate) struct SessionAnswer {
    pub(super) identity: Identity,
    /// The second from which on the session is over, unless it is used meanwhile.
    pub(super) over_at: u64,
}

#[derive(Deserialize)]
struct Written {
    session: Session,
    user: Option<User>,
}

#[derive(Deserialize)]
struct Session {
    sid: Box<str>,
    authenticated_at: Option<Timestamp>,
    expires_at: Timestamp,
    idle_expires_at: Timestamp,
    acr: Option<Box<str>>,
    amr: Box<[Box<str>]>,
}

#[derive(Deserialize)]
struct User {
    id: Box<str>,
    roles: Box<[Box<str>]>,
}

impl SessionAnswer {
    /// Reads the answer's body.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let Written { session, user } = serde_json::from_slice(body).ok()?;
        let (user, roles) = user.map(|user| (user.id, user.roles)).unzip();
        let over_at = seconds(session.idle_expires_at.min(session.expires_at));
        let identity = Identity::new(Told {
            user,
            session: Some(session.sid),
            client: None,
            scope: Box::default(),
            roles: roles.unwrap_or_default(),
            acr: session.acr,
            amr: session.amr,
            authenticated_at: session.authenticated_at.map(seconds),
            carrier: Carrier::Cookie,
            expires_at: seconds(session.expires_at),
        });
        Some(Self { identity, over_at })
    }
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}
