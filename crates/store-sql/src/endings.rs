//! What ends with what: a session takes its grants, unspent codes, data, links and replaced secrets with it.
//!
//! The parent's row is deleted first: that waits for whoever has locked it to hang something from it, and what they
//! made is there for the statements after it.

use cloakroom_model::event::Reason;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_store::{Ended, Error};

use crate::doing::Doing;
use crate::{Columns, Db, Sql, Value, data, sessions, sql, users, values};

/// Ends a signed-in session; `false` where there is none.
pub(crate) async fn session(
    doing: &mut Doing<'_, impl Db>,
    id: SessionId,
    reason: Reason,
) -> Result<bool, Error> {
    let deleted = doing.db.find(sql::sessions::DELETE, values![id.as_bytes()], user_id).await?;
    let Some(user) = deleted else { return Ok(false) };
    what_hangs_from(doing, id, user, reason).await?;
    Ok(true)
}

/// Ends a guest; `false` where there is none.
pub(crate) async fn guest(
    doing: &mut Doing<'_, impl Db>,
    id: SessionId,
    reason: Reason,
) -> Result<bool, Error> {
    if doing.db.run(sql::guests::DELETE, values![id.as_bytes()]).await? == 0 {
        return Ok(false);
    }
    what_hangs_from(doing, id, None, reason).await?;
    Ok(true)
}

/// Ends all sessions of a user but `except`, and the user's own grants; answers how many sessions.
pub(crate) async fn all_of_user(
    doing: &mut Doing<'_, impl Db>,
    user: UserId,
    except: Option<SessionId>,
    reason: Reason,
) -> Result<usize, Error> {
    let count = sessions_of_user(doing, user, except, reason).await?;
    grants(doing, sql::grants::DELETE_OWN_OF_USER, values![user.as_bytes()], reason).await?;
    Ok(count)
}

/// Ends all sessions of a user but `except`; answers how many.
pub(crate) async fn sessions_of_user(
    doing: &mut Doing<'_, impl Db>,
    user: UserId,
    except: Option<SessionId>,
    reason: Reason,
) -> Result<usize, Error> {
    // A sign-in that is under way is over first, and its session is among them.
    users::find_to_change(doing.db, user).await?;
    let mut count = 0;
    for id in sessions::ids_of_user(doing.db, user).await? {
        if Some(id) != except && session(doing, id, reason).await? {
            count += 1;
        }
    }
    Ok(count)
}

/// Ends what a user allowed a client; answers how many grants. The user is locked: who gives a code locks the user too.
pub(crate) async fn all_of_user_at(
    doing: &mut Doing<'_, impl Db>,
    user: UserId,
    client: &ClientId,
    reason: Reason,
) -> Result<usize, Error> {
    let of_both = values![user.as_bytes(), client.as_str()];
    doing.db.run(sql::codes::DELETE_FRESH_OF_USER_AT, of_both).await?;
    doing.db.run(sql::device_requests::DELETE_OF_USER_AT, of_both).await?;
    grants(doing, sql::grants::DELETE_OF_USER_AT, of_both, reason).await
}

/// Ends every session and guest, with every grant, every one-time link and all that could become a grant; answers how
/// many sessions.
pub(crate) async fn everybodys(
    doing: &mut Doing<'_, impl Db>,
    reason: Reason,
) -> Result<usize, Error> {
    let db = doing.db;
    db.run(sql::sessions::LOCK_EVERYBODYS, &[]).await?;
    // Row by row this would take minutes where there are millions of guests.
    let read = |row: &mut Columns<'_>| {
        Ok(Ended::Session { id: session_id(row)?, user: user_id(row)?, reason })
    };
    let sessions = db.list(sql::sessions::ALL_IDS, &[], read).await?;
    let read =
        |row: &mut Columns<'_>| Ok(Ended::Session { id: session_id(row)?, user: None, reason });
    let guests = db.list(sql::guests::ALL_IDS, &[], read).await?;
    let count = sessions.len() + guests.len();
    sessions.into_iter().chain(guests).for_each(|ended| doing.ended(ended));
    db.run(sql::sessions::DELETE_ALL, &[]).await?;
    db.run(sql::sessions::FORGET_ALL_REPLACED, &[]).await?;
    db.run(sql::guests::DELETE_ALL, &[]).await?;
    let (first, after) = data::all_sessions();
    db.run(sql::documents::DELETE_OF_OWNERS, values![&first, &after]).await?;
    db.run(sql::links::DELETE_ALL, &[]).await?;
    requests(db).await?;
    for (id, user, session) in deleted_grants(db, sql::grants::DELETE_ALL, &[]).await? {
        let reason = session.map_or(reason, |_| Reason::SessionEnded);
        doing.ended(Ended::Grant { id, session, user, reason });
    }
    Ok(count)
}

/// Forgets everything that could become a grant.
pub(crate) async fn requests(db: &impl Db) -> Result<(), Error> {
    db.run(sql::pushed_requests::DELETE_ALL, &[]).await?;
    db.run(sql::codes::DELETE_ALL, &[]).await?;
    db.run(sql::device_requests::DELETE_ALL, &[]).await?;
    Ok(())
}

/// Ends the grants that a statement deletes and answers; answers how many.
pub(crate) async fn grants(
    doing: &mut Doing<'_, impl Db>,
    delete: Sql,
    values: &[Value<'_>],
    reason: Reason,
) -> Result<usize, Error> {
    let ended = deleted_grants(doing.db, delete, values).await?;
    let count = ended.len();
    for (id, user, session) in ended {
        doing.ended(Ended::Grant { id, session, user, reason });
    }
    Ok(count)
}

async fn what_hangs_from(
    doing: &mut Doing<'_, impl Db>,
    id: SessionId,
    user: Option<UserId>,
    reason: Reason,
) -> Result<(), Error> {
    doing.ended(Ended::Session { id, user, reason });
    let db = doing.db;
    let session = values![id.as_bytes()];
    db.run(sql::sessions::FORGET_REPLACED_BY, session).await?;
    db.run(sql::documents::DELETE_OF_OWNER, values![&data::of_session(id)]).await?;
    db.run(sql::codes::DELETE_FRESH_OF_SESSION, session).await?;
    db.run(sql::device_requests::DELETE_OF_SESSION, session).await?;
    db.run(sql::links::DELETE_OF_SESSION, session).await?;
    grants(doing, sql::grants::DELETE_OF_SESSION, session, Reason::SessionEnded).await?;
    Ok(())
}

type DeletedGrant = (GrantId, Option<UserId>, Option<SessionId>);

async fn deleted_grants(
    db: &impl Db,
    delete: Sql,
    values: &[Value<'_>],
) -> Result<Vec<DeletedGrant>, Error> {
    let read = |row: &mut Columns<'_>| {
        let id = GrantId::from_bytes(row.value()?);
        let user = user_id(row)?;
        let session = row.value::<Option<_>>()?.map(SessionId::from_bytes);
        Ok((id, user, session))
    };
    let mut deleted = db.list(delete, values, read).await?;
    // A statement answers what it deleted in no order at all.
    deleted.sort_unstable_by_key(|(id, ..)| *id);
    Ok(deleted)
}

fn session_id(columns: &mut Columns<'_>) -> Result<SessionId, Error> {
    Ok(SessionId::from_bytes(columns.value()?))
}

fn user_id(columns: &mut Columns<'_>) -> Result<Option<UserId>, Error> {
    Ok(columns.value::<Option<_>>()?.map(UserId::from_bytes))
}
