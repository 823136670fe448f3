//! Session secrets, and those that were replaced: they earn nothing, and are told so for a minute.

use cloakroom_model::event::Reason;
use cloakroom_model::id::SessionId;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Replaced;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;

use crate::doing::Doing;
use crate::driver::{Db, column};
use crate::endings;
use crate::sql::{self, Sql};

/// Whose secret it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Of {
    Session,
    Guest,
}

/// Finds a secret that was replaced not long before `now`.
pub(crate) fn find_replaced(
    db: &Db,
    secret: &Digest,
    of: Of,
    now: Timestamp,
) -> Result<Option<Replaced>, Error> {
    let key = (secret.0, of == Of::Guest, now.minus(Replaced::RECOGNISED).0);
    db.find(sql::sessions::FIND_REPLACED, key, |row| {
        Ok(Replaced {
            session: SessionId::from_bytes(row.value()?),
            successor: SessionId::from_bytes(row.value()?),
            at: row.time()?,
        })
    })
}

/// Who goes on from a session that was replaced not long before `now`.
pub(crate) fn successor_of(
    db: &Db,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<SessionId>, Error> {
    let key = (id.as_bytes(), now.minus(Replaced::RECOGNISED).0);
    db.find(sql::sessions::SUCCESSOR_OF, key, |row| Ok(SessionId::from_bytes(row.value()?)))
}

/// Forgets replaced secrets that are told no more at `now`.
pub(crate) fn forget_replaced(db: &Db, now: Timestamp) -> Result<usize, Error> {
    db.run(sql::sessions::FORGET_REPLACED_BEFORE, [now.minus(Replaced::RECOGNISED).0])
}

/// Gives a signed-in session a new secret, and remembers the one it had.
pub(crate) fn put(db: &Db, id: SessionId, secret: &Digest, now: Timestamp) -> Result<(), Error> {
    remember(db, sql::sessions::SECRET_OF, Of::Session, id, id, now)?;
    db.run(sql::sessions::SET_SECRET, (secret.0, id.as_bytes()))?;
    Ok(())
}

/// Ends a session or a guest because `successor` goes on from it, and remembers its secret. Nothing where it is
/// gone already.
pub(crate) fn supersede(
    doing: &mut Doing<'_>,
    id: SessionId,
    successor: SessionId,
) -> Result<(), Error> {
    let (db, now) = (doing.db, doing.now());
    // Before the end, which forgets the secrets that name the one that ends.
    db.run(sql::sessions::HAND_OVER_REPLACED, (successor.as_bytes(), id.as_bytes()))?;
    remember(db, sql::sessions::SECRET_OF, Of::Session, id, successor, now)?;
    remember(db, sql::guests::SECRET_OF, Of::Guest, id, successor, now)?;
    if !endings::session(doing, id, Reason::Superseded)? {
        endings::guest(doing, id, Reason::Superseded)?;
    }
    Ok(())
}

/// Remembers the secret that a statement finds, if there is one.
fn remember(
    db: &Db,
    secret_of: Sql,
    of: Of,
    id: SessionId,
    successor: SessionId,
    now: Timestamp,
) -> Result<(), Error> {
    let secret = db.find(secret_of, [id.as_bytes()], column::value::<Option<[u8; 32]>>)?;
    let Some(secret) = secret.flatten() else { return Ok(()) };
    let replaced = (secret, of == Of::Guest, id.as_bytes(), successor.as_bytes(), now.0);
    db.run(sql::sessions::REMEMBER_REPLACED, replaced)?;
    Ok(())
}
