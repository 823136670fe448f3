//! What ends with what: a session takes its grants, unspent codes, data, links and replaced secrets with it.

use cloakroom_model::event::Reason;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_store::{Ended, Error};
use rusqlite::Params;

use crate::doing::Doing;
use crate::driver::{Columns, Db};
use crate::sql::{self, Sql};
use crate::{data, sessions};

/// Ends a signed-in session; `false` where there is none.
pub(crate) fn session(doing: &mut Doing<'_>, id: SessionId, reason: Reason) -> Result<bool, Error> {
    let user = doing.db.find(sql::sessions::DELETE, [id.as_bytes()], user_id)?;
    let Some(user) = user else { return Ok(false) };
    what_hangs_from(doing, Ended::Session { id, user, reason })?;
    Ok(true)
}

/// Ends a guest; `false` where there is none.
pub(crate) fn guest(doing: &mut Doing<'_>, id: SessionId, reason: Reason) -> Result<bool, Error> {
    if doing.db.run(sql::guests::DELETE, [id.as_bytes()])? == 0 {
        return Ok(false);
    }
    what_hangs_from(doing, Ended::Session { id, user: None, reason })?;
    Ok(true)
}

/// Ends all sessions of a user but `except`, and the user's own grants; answers how many sessions.
pub(crate) fn all_of_user(
    doing: &mut Doing<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: Reason,
) -> Result<usize, Error> {
    let count = sessions_of_user(doing, user, except, reason)?;
    grants(doing, sql::grants::DELETE_OWN_OF_USER, [user.as_bytes()], reason)?;
    Ok(count)
}

/// Ends all sessions of a user but `except`; answers how many.
pub(crate) fn sessions_of_user(
    doing: &mut Doing<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: Reason,
) -> Result<usize, Error> {
    let mut count = 0;
    for id in sessions::ids_of_user(doing.db, user)? {
        if Some(id) != except && session(doing, id, reason)? {
            count += 1;
        }
    }
    Ok(count)
}

/// Ends what a user allowed a client; answers how many grants.
pub(crate) fn all_of_user_at(
    doing: &mut Doing<'_>,
    user: UserId,
    client: &ClientId,
    reason: Reason,
) -> Result<usize, Error> {
    let of_both = (user.as_bytes(), client.as_str());
    doing.db.run(sql::codes::DELETE_FRESH_OF_USER_AT, of_both)?;
    doing.db.run(sql::device_requests::DELETE_OF_USER_AT, of_both)?;
    grants(doing, sql::grants::DELETE_OF_USER_AT, of_both, reason)
}

/// Ends every session and guest, with every grant, every one-time link and all that could become a grant; answers how
/// many sessions.
pub(crate) fn everybodys(doing: &mut Doing<'_>, reason: Reason) -> Result<usize, Error> {
    let db = doing.db;
    // Row by row this would take minutes where there are millions of guests.
    let sessions = db.list(sql::sessions::ALL_IDS, [], |row| {
        Ok(Ended::Session { id: session_id(row)?, user: user_id(row)?, reason })
    })?;
    let guests = db.list(sql::guests::ALL_IDS, [], |row| {
        Ok(Ended::Session { id: session_id(row)?, user: None, reason })
    })?;
    let count = sessions.len() + guests.len();
    sessions.into_iter().chain(guests).for_each(|ended| doing.ended(ended));
    db.run(sql::sessions::DELETE_ALL, [])?;
    db.run(sql::sessions::FORGET_ALL_REPLACED, [])?;
    db.run(sql::guests::DELETE_ALL, [])?;
    db.run(sql::documents::DELETE_OF_OWNERS, data::all_sessions())?;
    db.run(sql::links::DELETE_ALL, [])?;
    requests(db)?;
    for (id, user, session) in deleted_grants(db, sql::grants::DELETE_ALL, [])? {
        let reason = session.map_or(reason, |_| Reason::SessionEnded);
        doing.ended(Ended::Grant { id, session, user, reason });
    }
    Ok(count)
}

/// Forgets everything that could become a grant.
pub(crate) fn requests(db: &Db) -> Result<(), Error> {
    db.run(sql::pushed_requests::DELETE_ALL, [])?;
    db.run(sql::codes::DELETE_ALL, [])?;
    db.run(sql::device_requests::DELETE_ALL, [])?;
    Ok(())
}

/// Ends the grants that a statement deletes and answers; answers how many.
pub(crate) fn grants(
    doing: &mut Doing<'_>,
    delete: Sql,
    parameters: impl Params,
    reason: Reason,
) -> Result<usize, Error> {
    let ended = deleted_grants(doing.db, delete, parameters)?;
    let count = ended.len();
    for (id, user, session) in ended {
        doing.ended(Ended::Grant { id, session, user, reason });
    }
    Ok(count)
}

fn what_hangs_from(doing: &mut Doing<'_>, ended: Ended) -> Result<(), Error> {
    let Ended::Session { id, .. } = ended else { return Ok(()) };
    doing.ended(ended);
    let db = doing.db;
    let session = id.as_bytes();
    db.run(sql::sessions::FORGET_REPLACED_BY, [session])?;
    db.run(sql::documents::DELETE_OF_OWNER, [data::of_session(id)])?;
    db.run(sql::codes::DELETE_FRESH_OF_SESSION, [session])?;
    db.run(sql::device_requests::DELETE_OF_SESSION, [session])?;
    db.run(sql::links::DELETE_OF_SESSION, [session])?;
    grants(doing, sql::grants::DELETE_OF_SESSION, [session], Reason::SessionEnded)?;
    Ok(())
}

type DeletedGrant = (GrantId, Option<UserId>, Option<SessionId>);

fn deleted_grants(
    db: &Db,
    delete: Sql,
    parameters: impl Params,
) -> Result<Vec<DeletedGrant>, Error> {
    let mut deleted = db.list(delete, parameters, |row| {
        let id = GrantId::from_bytes(row.value()?);
        let user = user_id(row)?;
        let session = row.value::<Option<_>>()?.map(SessionId::from_bytes);
        Ok((id, user, session))
    })?;
    // A statement answers what it deleted in no order at all.
    deleted.sort_unstable_by_key(|(id, ..)| *id);
    Ok(deleted)
}

fn session_id(columns: &mut Columns<'_, '_>) -> Result<SessionId, Error> {
    Ok(SessionId::from_bytes(columns.value()?))
}

fn user_id(columns: &mut Columns<'_, '_>) -> Result<Option<UserId>, Error> {
    Ok(columns.value::<Option<_>>()?.map(UserId::from_bytes))
}
