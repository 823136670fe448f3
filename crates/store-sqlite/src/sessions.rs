//! Signed-in sessions: finding, listing, ending and expiring them. How one begins is in [`crate::begin`].

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::link::Purpose;
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::{Acr, Authentication, Carrier, Device, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{
    Act, Begin, Begun, Done, Ends, Error, FoundSession, LiveSession, ReplaceSecret, Replacing,
    Sessions,
};

use crate::doing::Doing;
use crate::driver::{Columns, Db, corrupt, json, milliseconds, number};
use crate::sweep::{self, Due};
use crate::{Sqlite, begin, endings, links, secrets, sql, users};

#[async_trait]
impl Sessions for Sqlite {
    async fn find_session(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<FoundSession>, Error> {
        self.readers.short(|db| {
            if let Some(live) = db.find(sql::sessions::FIND_BY_SECRET, [secret.0], live)? {
                return Ok(Some(FoundSession::Live(Box::new(live))));
            }
            // A secret that is replaced between the two statements is found by the second.
            Ok(secrets::find_replaced(db, secret, secrets::Of::Session, now)?
                .map(FoundSession::Replaced))
        })
    }

    async fn find_session_by_id(&self, id: SessionId) -> Result<Option<LiveSession>, Error> {
        self.readers.short(|db| find(db, id))
    }

    async fn begin_session(&self, begin: Begin, act: &Act) -> Result<Begun, Error> {
        self.act(act, move |doing| begin::begin(doing, &begin)).await
    }

    async fn replace_secret(&self, replace: ReplaceSecret, act: &Act) -> Result<Replacing, Error> {
        self.act(act, move |doing| replace_secret(doing, &replace)).await
    }

    async fn end_session(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, move |mut doing| {
            if !endings::session(&mut doing, id, reason)? {
                return Ok(None);
            }
            doing.done(()).map(Some)
        })
        .await
    }

    async fn end_sessions(
        &self,
        which: Ends,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        self.act(act, move |mut doing| {
            let count = match which {
                Ends::AllOf(user) => endings::all_of_user(&mut doing, user, None, reason),
                Ends::Others { user, except } => {
                    endings::sessions_of_user(&mut doing, user, Some(except), reason)
                }
                Ends::Everybodys => endings::everybodys(&mut doing, reason),
            }?;
            doing.done(count)
        })
        .await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, Error> {
        self.readers
            .long(move |db| db.list(sql::sessions::LIST_OF_USER, [user.as_bytes()], session))
            .await
    }

    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>, Error> {
        self.readers
            .long(move |db| {
                // Nothing sorts before no bytes at all.
                let after: &[u8] = after.as_ref().map_or(&[], |id| id.as_bytes());
                db.list(sql::sessions::LIST_ALL, (after, number(limit)), session)
            })
            .await
    }

    async fn touch_sessions(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        let seen = seen.to_vec();
        self.write(move |db| touch(db, sql::sessions::TOUCH, &seen)).await
    }

    async fn expire_sessions(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        self.act(act, move |mut doing| {
            let now = doing.now();
            let count = sweep::sweep(
                &mut doing,
                limit,
                |db, limit| {
                    db.list(sql::sessions::TO_LOOK_AT, (now.0, limit), |row| Due::read(row, lag))
                },
                |db, id, at| db.run(sql::sessions::LOOK_LATER, (at.0, id)),
                |doing, id, reason| {
                    endings::session(doing, SessionId::from_bytes(id), reason).map(drop)
                },
            )?;
            secrets::forget_replaced(doing.db, now)?;
            doing.done(count)
        })
        .await
    }
}

/// Finds a session by name.
pub(crate) fn find(db: &Db, id: SessionId) -> Result<Option<LiveSession>, Error> {
    db.find(sql::sessions::FIND, [id.as_bytes()], live)
}

/// Whose a session is; nothing where there is none.
pub(crate) fn user_of(db: &Db, id: SessionId) -> Result<Option<UserId>, Error> {
    db.find(sql::sessions::USER_OF, [id.as_bytes()], |row| Ok(UserId::from_bytes(row.value()?)))
}

/// The sessions of a user, by name.
pub(crate) fn ids_of_user(db: &Db, user: UserId) -> Result<Vec<SessionId>, Error> {
    db.list(sql::sessions::IDS_OF_USER, [user.as_bytes()], |row| {
        Ok(SessionId::from_bytes(row.value()?))
    })
}

/// The sessions of a user.
pub(crate) fn of_user(db: &Db, user: UserId) -> Result<Vec<Session>, Error> {
    db.list(sql::sessions::LIST_OF_USER, [user.as_bytes()], session)
}

/// Keeps a new session of a user who is there.
pub(crate) fn insert(db: &Db, session: &Session, secret: Option<&Digest>) -> Result<(), Error> {
    let Authenticated { at, acr, amr } = Authenticated::of(session.authentication.as_ref())?;
    db.run(
        sql::sessions::INSERT,
        rusqlite::params![
            session.id.as_bytes(),
            session.user.map(|user| *user.as_bytes()),
            secret.map(|secret| secret.0),
            session.client.as_str(),
            carrier_text(session.carrier),
            session.device.name,
            session.device.address,
            at,
            acr,
            amr,
            session.created_at.0,
            session.expires_at.0,
            milliseconds(session.idle),
            session.last_seen_at.0,
            session.remembered,
            session.idle_expires_at().0,
        ],
    )?;
    Ok(())
}

/// Raises last-seen times by a statement that lowers none.
pub(crate) fn touch(
    db: &Db,
    touch: sql::Sql,
    seen: &[(SessionId, Timestamp)],
) -> Result<(), Error> {
    for (id, at) in seen {
        db.run(touch, (at.0, id.as_bytes()))?;
    }
    Ok(())
}

/// Reads a session from the columns of the statements' `session_columns`.
pub(crate) fn session(columns: &mut Columns<'_, '_>) -> Result<Session, Error> {
    Ok(Session {
        id: SessionId::from_bytes(columns.value()?),
        user: Some(UserId::from_bytes(columns.value()?)),
        client: columns.parsed(ClientId::parse)?,
        carrier: carrier(columns)?,
        device: device(columns)?,
        authentication: authentication(columns)?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        idle: columns.span()?,
        last_seen_at: columns.time()?,
        remembered: columns.value()?,
    })
}

pub(crate) fn carrier_text(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Cookie => "cookie",
        Carrier::Token => "token",
    }
}

pub(crate) fn carrier(columns: &mut Columns<'_, '_>) -> Result<Carrier, Error> {
    match columns.value::<String>()?.as_str() {
        "cookie" => Ok(Carrier::Cookie),
        "token" => Ok(Carrier::Token),
        other => Err(corrupt(format!("no such carrier: {other}"))),
    }
}

pub(crate) fn device(columns: &mut Columns<'_, '_>) -> Result<Device, Error> {
    Ok(Device { name: columns.value()?, address: columns.value()? })
}

fn live(columns: &mut Columns<'_, '_>) -> Result<LiveSession, Error> {
    Ok(LiveSession {
        session: session(columns)?,
        user: users::user(columns)?,
        secret: columns.value::<Option<[u8; 32]>>()?.map(Digest),
    })
}

fn authentication(columns: &mut Columns<'_, '_>) -> Result<Option<Authentication>, Error> {
    let at: Option<i64> = columns.value()?;
    let acr: Option<String> = columns.value()?;
    let amr: Option<String> = columns.value()?;
    let (Some(at), Some(acr), Some(amr)) = (at, acr, amr) else { return Ok(None) };
    let acr = [Acr::Aal1, Acr::Aal2, Acr::Aal3].into_iter().find(|known| known.as_str() == acr);
    Ok(Some(Authentication {
        at: Timestamp(at),
        acr: acr.ok_or_else(|| corrupt("no such acr"))?,
        amr: serde_json::from_str(&amr).map_err(corrupt)?,
    }))
}

/// An authentication as columns.
struct Authenticated {
    at: Option<i64>,
    acr: Option<&'static str>,
    amr: Option<String>,
}

impl Authenticated {
    fn of(authentication: Option<&Authentication>) -> Result<Self, Error> {
        Ok(Self {
            at: authentication.map(|it| it.at.0),
            acr: authentication.map(|it| it.acr.as_str()),
            amr: authentication.map(|it| json(&it.amr)).transpose()?,
        })
    }
}

fn replace_secret(mut doing: Doing<'_>, replace: &ReplaceSecret) -> Result<Replacing, Error> {
    let db = doing.db;
    let id = replace.session;
    let Some(mut live) = find(db, id)? else { return Ok(Replacing::NoSession) };
    if replace.expected_generation.is_some_and(|expected| expected != live.user.generation) {
        return Ok(Replacing::Stale);
    }
    if let Some(link) = &replace.link {
        let found = links::find(db, link, doing.now())?;
        if found.is_none_or(|found| found.purpose != (Purpose::Cookie { session: id })) {
            return Ok(Replacing::LinkSpent);
        }
        links::spend(db, link)?;
    }
    if let Some(earlier) = replace.earlier.filter(|earlier| *earlier != id) {
        secrets::supersede(&mut doing, earlier, id)?;
    }
    secrets::put(db, id, &replace.secret, doing.now())?;
    live.secret = Some(replace.secret);
    if let Some(authentication) = &replace.authentication {
        let Authenticated { at, acr, amr } = Authenticated::of(Some(authentication))?;
        db.run(sql::sessions::SET_AUTHENTICATION, (at, acr, amr, id.as_bytes()))?;
        live.session.authentication = Some(authentication.clone());
    }
    doing.announce(Subject::Session(id), Change::Changed);
    Ok(Replacing::Done(doing.done(Box::new(live))?))
}
