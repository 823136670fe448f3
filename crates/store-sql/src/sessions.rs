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
use crate::sweep::Sweep;
use crate::{
    Columns, Database, Db, Sql, SqlStore, begin, corrupt, elsewhere, endings, guests, json, links,
    milliseconds, number, secrets, sql, users, values,
};

#[async_trait]
impl<D: Database> Sessions for SqlStore<D> {
    async fn find_session(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<FoundSession>, Error> {
        self.read((*secret, now), |db, (secret, now)| {
            Box::pin(async move {
                let key = values![&secret.0];
                if let Some(live) = db.find(sql::sessions::FIND_BY_SECRET, key, live).await? {
                    return Ok(Some(FoundSession::Live(Box::new(live))));
                }
                // A secret that is replaced between the two statements is found by the second.
                let of = secrets::Of::Session;
                let replaced = secrets::find_replaced(db, &secret, of, now).await?;
                Ok(replaced.map(FoundSession::Replaced))
            })
        })
        .await
    }

    async fn find_session_by_id(&self, id: SessionId) -> Result<Option<LiveSession>, Error> {
        self.read(id, |db, id| Box::pin(find(db, id))).await
    }

    async fn begin_session(&self, begin: Begin, act: &Act) -> Result<Begun, Error> {
        self.act(act, begin, |doing, begin| Box::pin(begin::begin(doing, begin))).await
    }

    async fn replace_secret(&self, replace: ReplaceSecret, act: &Act) -> Result<Replacing, Error> {
        self.act(act, replace, |doing, replace| Box::pin(replace_secret(doing, replace))).await
    }

    async fn end_session(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, (id, reason), |mut doing, (id, reason)| {
            Box::pin(async move {
                let was_there = endings::session(&mut doing, *id, *reason).await?;
                doing.done_where(was_there).await
            })
        })
        .await
    }

    async fn end_sessions(
        &self,
        which: Ends,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        self.act(act, (which, reason), |mut doing, (which, reason)| {
            Box::pin(async move {
                let count = match *which {
                    Ends::AllOf(user) => {
                        endings::all_of_user(&mut doing, user, None, *reason).await
                    }
                    Ends::Others { user, except } => {
                        let except = Some(except);
                        endings::sessions_of_user(&mut doing, user, except, *reason).await
                    }
                    Ends::Everybodys => endings::everybodys(&mut doing, *reason).await,
                }?;
                doing.done(count).await
            })
        })
        .await
    }

    async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, Error> {
        self.read_long(user, |db, user| Box::pin(of_user(db, user))).await
    }

    async fn list_all_sessions(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>, Error> {
        self.read_long((after, limit), |db, (after, limit)| {
            Box::pin(async move {
                // Nothing sorts before no bytes at all.
                let after: &[u8] = after.as_ref().map_or(&[], |id| id.as_bytes());
                db.list(sql::sessions::LIST_ALL, values![after, number(limit)], session).await
            })
        })
        .await
    }

    async fn touch_sessions(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        self.touch(sql::sessions::TOUCH, seen).await
    }

    async fn expire_sessions(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        self.act(act, (lag, limit), |mut doing, (lag, limit)| {
            Box::pin(async move {
                let sweep = Sweep {
                    to_look_at: sql::sessions::TO_LOOK_AT,
                    look_later: sql::sessions::LOOK_LATER,
                    lag: *lag,
                    end: |doing, id, reason| {
                        Box::pin(async move {
                            let id = SessionId::from_bytes(id);
                            endings::session(doing, id, reason).await.map(drop)
                        })
                    },
                };
                let count = sweep.run(&mut doing, *limit).await?;
                secrets::forget_replaced(doing.db, doing.now()).await?;
                doing.done(count).await
            })
        })
        .await
    }
}

impl<D: Database> SqlStore<D> {
    /// Raises last-seen times by a statement that lowers none.
    pub(crate) async fn touch(
        &self,
        touch: Sql,
        seen: &[(SessionId, Timestamp)],
    ) -> Result<(), Error> {
        let mut seen = seen.to_vec();
        // In the order of their ids, as everybody who locks several rows.
        seen.sort_unstable();
        self.write((touch, seen), |db, (touch, seen)| {
            Box::pin(async move {
                for (id, at) in seen {
                    db.run(*touch, values![at.0, id.as_bytes()]).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// Finds a session by name.
pub(crate) async fn find(db: &impl Db, id: SessionId) -> Result<Option<LiveSession>, Error> {
    db.find(sql::sessions::FIND, values![id.as_bytes()], live).await
}

/// Whose a session is, which stays until what is to hang from it is there; nothing where there is none.
pub(crate) async fn user_of_as_parent(
    db: &impl Db,
    id: SessionId,
) -> Result<Option<UserId>, Error> {
    user_of(db, sql::sessions::USER_OF_AS_PARENT, id).await
}

/// Whose a session is that something of is about to be changed.
pub(crate) async fn user_of_to_change(
    db: &impl Db,
    id: SessionId,
) -> Result<Option<UserId>, Error> {
    user_of(db, sql::sessions::USER_OF_TO_CHANGE, id).await
}

/// Whose a session is that is about to end.
pub(crate) async fn user_of_to_end(db: &impl Db, id: SessionId) -> Result<Option<UserId>, Error> {
    user_of(db, sql::sessions::USER_OF_TO_END, id).await
}

async fn user_of(db: &impl Db, sql: Sql, id: SessionId) -> Result<Option<UserId>, Error> {
    db.find(sql, values![id.as_bytes()], |row| Ok(UserId::from_bytes(row.value()?))).await
}

/// Whether there is such a session or guest, which stays until what is to hang from it is there.
pub(crate) async fn is_anybodys_as_parent(db: &impl Db, id: SessionId) -> Result<bool, Error> {
    Ok(user_of_as_parent(db, id).await?.is_some() || guests::is_there_as_parent(db, id).await?)
}

/// The sessions of a user, by name.
pub(crate) async fn ids_of_user(db: &impl Db, user: UserId) -> Result<Vec<SessionId>, Error> {
    db.list(sql::sessions::IDS_OF_USER, values![user.as_bytes()], |row| {
        Ok(SessionId::from_bytes(row.value()?))
    })
    .await
}

/// The sessions of a user.
pub(crate) async fn of_user(db: &impl Db, user: UserId) -> Result<Vec<Session>, Error> {
    db.list(sql::sessions::LIST_OF_USER, values![user.as_bytes()], session).await
}

/// Keeps a new session of a user who is there.
pub(crate) async fn insert(
    db: &impl Db,
    session: &Session,
    secret: Option<&Digest>,
) -> Result<(), Error> {
    let Authenticated { at, acr, amr } = Authenticated::of(session.authentication.as_ref())?;
    let row = values![
        session.id.as_bytes(),
        session.user.as_ref().map(UserId::as_bytes),
        secret.map(|secret| &secret.0),
        session.client.as_str(),
        carrier_text(session.carrier),
        &session.device.name,
        &session.device.address,
        at,
        acr,
        amr.as_deref(),
        session.created_at.0,
        session.expires_at.0,
        milliseconds(session.idle),
        session.last_seen_at.0,
        session.remembered,
        session.idle_expires_at().0,
    ];
    db.run(sql::sessions::INSERT, row).await?;
    Ok(())
}

/// Reads a session from the columns of the statements' `session_columns`.
pub(crate) fn session(columns: &mut Columns<'_>) -> Result<Session, Error> {
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

pub(crate) fn carrier(columns: &mut Columns<'_>) -> Result<Carrier, Error> {
    match columns.value::<String>()?.as_str() {
        "cookie" => Ok(Carrier::Cookie),
        "token" => Ok(Carrier::Token),
        other => Err(corrupt(format!("no such carrier: {other}"))),
    }
}

pub(crate) fn device(columns: &mut Columns<'_>) -> Result<Device, Error> {
    Ok(Device { name: columns.value()?, address: columns.value()? })
}

fn live(columns: &mut Columns<'_>) -> Result<LiveSession, Error> {
    Ok(LiveSession {
        session: session(columns)?,
        user: users::user(columns)?,
        secret: columns.value::<Option<[u8; 32]>>()?.map(Digest),
    })
}

fn authentication(columns: &mut Columns<'_>) -> Result<Option<Authentication>, Error> {
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

/// Whether there is a session or a guest of this name, who is to end.
async fn is_here(db: &impl Db, id: SessionId) -> Result<bool, Error> {
    Ok(user_of_to_end(db, id).await?.is_some() || guests::is_there_to_end(db, id).await?)
}

async fn replace_secret(
    mut doing: Doing<'_, impl Db>,
    replace: &ReplaceSecret,
) -> Result<Replacing, Error> {
    let db = doing.db;
    let id = replace.session;
    let key = values![id.as_bytes()];
    if !db.exists(sql::sessions::USER_AS_PARENT, key).await? {
        return Ok(Replacing::NoSession);
    }
    let Some(mut live) = db.find(sql::sessions::FIND_TO_CHANGE, key, live).await? else {
        return Ok(Replacing::NoSession);
    };
    if replace.expected_generation.is_some_and(|expected| expected != live.user.generation) {
        return Ok(Replacing::Stale);
    }
    if let Some(link) = &replace.link {
        let found = links::find(db, link, doing.now()).await?;
        if found.is_none_or(|found| found.purpose != (Purpose::Cookie { session: id })) {
            return Ok(Replacing::LinkSpent);
        }
        links::spend(db, link).await?;
    }
    if let Some(earlier) = replace.earlier.filter(|earlier| *earlier != id) {
        let is_elsewhere = match &replace.elsewhere {
            Some(secret) if !is_here(db, earlier).await? => Some(secret),
            _ => None,
        };
        match is_elsewhere {
            Some(secret) => {
                elsewhere::supersede(&mut doing, earlier, Some(secret), id).await?;
            }
            None => secrets::supersede(&mut doing, earlier, id).await?,
        }
    }
    secrets::put(db, id, &replace.secret, doing.now()).await?;
    live.secret = Some(replace.secret);
    if let Some(authentication) = &replace.authentication {
        let Authenticated { at, acr, amr } = Authenticated::of(Some(authentication))?;
        let proof = values![at, acr, amr.as_deref(), id.as_bytes()];
        db.run(sql::sessions::SET_AUTHENTICATION, proof).await?;
        live.session.authentication = Some(authentication.clone());
    }
    doing.announce(Subject::Session(id), Change::Changed);
    Ok(Replacing::Done(doing.done(Box::new(live)).await?))
}
