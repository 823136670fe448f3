//! Grants and their chains of refresh tokens.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_store::{Act, Done, Error, Grants, InsertGrant, LiveGrant, Rotate, RotateOutcome};

use crate::driver::{Columns, Db, column, corrupt, json, milliseconds, number};
use crate::sweep::{self, Due};
use crate::{Sqlite, endings, guests, sessions, sql, statuses, users};

#[async_trait]
impl Grants for Sqlite {
    async fn insert_grant(&self, grant: Grant, act: &Act) -> Result<InsertGrant, Error> {
        self.act(act, move |doing| {
            if !may_hang(doing.db, grant.user, grant.session)? {
                return Ok(InsertGrant::Pointless);
            }
            insert(doing.db, &grant)?;
            let _nothing_to_announce = doing.done(())?;
            Ok(InsertGrant::Done)
        })
        .await
    }

    async fn find_grant(&self, id: GrantId) -> Result<Option<LiveGrant>, Error> {
        self.readers.short(|db| db.snapshot(|db| find(db, id)))
    }

    async fn rotate(&self, rotate: Rotate, act: &Act) -> Result<RotateOutcome, Error> {
        let at = act.at;
        self.write(move |db| {
            let (expected, next) = (number(rotate.expected), number(rotate.next));
            let chain = (next, json(&rotate.rotations)?, at.0, rotate.grant.as_bytes(), expected);
            let moved = db.find(sql::grants::ROTATE, chain, column::value::<Option<[u8; 16]>>)?;
            let Some(session) = moved else { return Ok(RotateOutcome::Lost) };
            if let Some(session) = session {
                db.run(sql::sessions::TOUCH, (at.0, session))?;
                db.run(sql::guests::TOUCH, (at.0, session))?;
            }
            Ok(RotateOutcome::Done)
        })
        .await
    }

    async fn end_grant(
        &self,
        id: GrantId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, move |mut doing| {
            if endings::grants(&mut doing, sql::grants::DELETE, [id.as_bytes()], reason)? == 0 {
                return Ok(None);
            }
            doing.done(()).map(Some)
        })
        .await
    }

    async fn end_grants_of_user_at(
        &self,
        user: UserId,
        client: &ClientId,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        let client = client.clone();
        self.act(act, move |mut doing| {
            let count = endings::all_of_user_at(&mut doing, user, &client, reason)?;
            doing.done(count)
        })
        .await
    }

    async fn list_grants_of_session(&self, session: SessionId) -> Result<Vec<Grant>, Error> {
        self.readers.short(|db| db.list(sql::grants::LIST_OF_SESSION, [session.as_bytes()], grant))
    }

    async fn list_grants_of_user(&self, user: UserId) -> Result<Vec<Grant>, Error> {
        self.readers
            .long(move |db| db.list(sql::grants::LIST_OF_USER, [user.as_bytes()], grant))
            .await
    }

    async fn list_grants_of_user_at(
        &self,
        user: UserId,
        client: &ClientId,
    ) -> Result<Vec<Grant>, Error> {
        let of_both = (user.as_bytes(), client.as_str());
        self.readers.short(|db| db.list(sql::grants::LIST_OF_USER_AT, of_both, grant))
    }

    async fn expire_grants(&self, limit: usize, act: &Act) -> Result<Done<usize>, Error> {
        self.act(act, move |mut doing| {
            let now = doing.now();
            let count = sweep::sweep(
                &mut doing,
                limit,
                // A use of a grant is written at once: there is no lag.
                |db, limit| {
                    db.list(sql::grants::TO_LOOK_AT, (now.0, limit), |row| {
                        Due::read(row, Duration::ZERO)
                    })
                },
                |db, id, at| db.run(sql::grants::LOOK_LATER, (at.0, id)),
                |doing, id, reason| {
                    endings::grants(doing, sql::grants::DELETE, [id], reason).map(drop)
                },
            )?;
            doing.done(count)
        })
        .await
    }
}

/// Whether there is what a grant would hang from: an active user, a live session of theirs or of a guest.
pub(crate) fn may_hang(
    db: &Db,
    user: Option<UserId>,
    session: Option<SessionId>,
) -> Result<bool, Error> {
    if let Some(user) = user
        && !users::is_active(db, user)?
    {
        return Ok(false);
    }
    Ok(match (session, user) {
        (None, _) => true,
        (Some(session), Some(_)) => sessions::user_of(db, session)? == user,
        (Some(session), None) => guests::is_there(db, session)?,
    })
}

/// Keeps a new grant.
pub(crate) fn insert(db: &Db, grant: &Grant) -> Result<(), Error> {
    db.run(
        sql::grants::INSERT,
        rusqlite::params![
            grant.id.as_bytes(),
            grant.user.map(|user| *user.as_bytes()),
            grant.session.map(|session| *session.as_bytes()),
            grant.client.as_str(),
            json(&grant.scope)?,
            json(&grant.audience)?,
            grant.created_at.0,
            grant.expires_at.0,
            milliseconds(grant.idle),
            grant.last_used_at.0,
            grant.data_key,
            number(grant.counter),
            json(&grant.rotations)?,
            grant.bound,
            json(&grant.details)?,
            grant.idle_expires_at().0,
        ],
    )?;
    statuses::put(db, grant)
}

/// Finds a grant with what it hangs from.
pub(crate) fn find(db: &Db, id: GrantId) -> Result<Option<LiveGrant>, Error> {
    let Some(grant) = db.find(sql::grants::FIND, [id.as_bytes()], grant)? else {
        return Ok(None);
    };
    let gone = |what| corrupt(format!("the grant {id} hangs from a {what} that is gone"));
    let (session, user) = match (grant.session, grant.user) {
        (Some(session), Some(_)) => {
            let live = sessions::find(db, session)?.ok_or_else(|| gone("session"))?;
            (Some(live.session), Some(live.user))
        }
        (Some(session), None) => {
            (Some(guests::find(db, session)?.ok_or_else(|| gone("guest"))?), None)
        }
        (None, Some(user)) => (None, Some(users::find(db, user)?.ok_or_else(|| gone("user"))?)),
        (None, None) => (None, None),
    };
    Ok(Some(LiveGrant { grant, session, user }))
}

/// Reads a grant from the columns of the statements' `grant_columns`.
fn grant(columns: &mut Columns<'_, '_>) -> Result<Grant, Error> {
    Ok(Grant {
        id: GrantId::from_bytes(columns.value()?),
        user: columns.value::<Option<_>>()?.map(UserId::from_bytes),
        session: columns.value::<Option<_>>()?.map(SessionId::from_bytes),
        client: columns.parsed(ClientId::parse)?,
        scope: columns.json()?,
        audience: columns.json()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        idle: columns.span()?,
        last_used_at: columns.time()?,
        data_key: columns.value()?,
        counter: columns.count()?,
        rotations: columns.json()?,
        bound: columns.value()?,
        details: columns.json()?,
    })
}
