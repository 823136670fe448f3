//! Session secrets, and those that were replaced: they earn nothing, and are told so for a minute.

use cloakroom_model::event::Reason;
use cloakroom_model::id::SessionId;
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Replaced;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;

use crate::doing::Doing;
use crate::{Db, Sql, column, endings, guests, sessions, sql, values};

/// Whose secret it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Of {
    Session,
    Guest,
}

/// Finds a secret that was replaced not long before `now`.
pub(crate) async fn find_replaced(
    db: &impl Db,
    secret: &Digest,
    of: Of,
    now: Timestamp,
) -> Result<Option<Replaced>, Error> {
    let key = values![&secret.0, of == Of::Guest, now.minus(Replaced::RECOGNISED).0];
    db.find(sql::sessions::FIND_REPLACED, key, |row| {
        Ok(Replaced {
            session: SessionId::from_bytes(row.value()?),
            successor: SessionId::from_bytes(row.value()?),
            at: row.time()?,
        })
    })
    .await
}

/// Who goes on from a session that was replaced not long before `now`.
pub(crate) async fn successor_of(
    db: &impl Db,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<SessionId>, Error> {
    let key = values![id.as_bytes(), now.minus(Replaced::RECOGNISED).0];
    db.find(sql::sessions::SUCCESSOR_OF, key, |row| Ok(SessionId::from_bytes(row.value()?))).await
}

/// Forgets replaced secrets that are told no more at `now`.
pub(crate) async fn forget_replaced(db: &impl Db, now: Timestamp) -> Result<usize, Error> {
    let before = now.minus(Replaced::RECOGNISED);
    db.run(sql::sessions::FORGET_REPLACED_BEFORE, values![before.0]).await
}

/// Gives a signed-in session a new secret, and remembers the one it had.
pub(crate) async fn put(
    db: &impl Db,
    id: SessionId,
    secret: &Digest,
    now: Timestamp,
) -> Result<(), Error> {
    remember(db, Of::Session, id, id, now).await?;
    db.run(sql::sessions::SET_SECRET, values![&secret.0, id.as_bytes()]).await?;
    Ok(())
}

/// Ends a session or a guest because `successor` goes on from it, and remembers its secret. Nothing where it is
/// gone already.
pub(crate) async fn supersede(
    doing: &mut Doing<'_, impl Db>,
    id: SessionId,
    successor: SessionId,
) -> Result<(), Error> {
    let (db, now) = (doing.db, doing.now());
    // Locked before its secrets are: whoever gives it another one does the same.
    if sessions::user_of_to_end(db, id).await?.is_none() {
        guests::is_there_to_end(db, id).await?;
    }
    // Before the end, which forgets the secrets that name the one that ends.
    let heir = values![successor.as_bytes(), id.as_bytes()];
    db.run(sql::sessions::HAND_OVER_REPLACED, heir).await?;
    remember(db, Of::Session, id, successor, now).await?;
    remember(db, Of::Guest, id, successor, now).await?;
    if !endings::session(doing, id, Reason::Superseded).await? {
        endings::guest(doing, id, Reason::Superseded).await?;
    }
    Ok(())
}

/// Remembers the secret that a session or a guest has, if there is one. It is locked: nobody gives it another one
/// meanwhile.
async fn remember(
    db: &impl Db,
    of: Of,
    id: SessionId,
    successor: SessionId,
    now: Timestamp,
) -> Result<(), Error> {
    let secret_of: Sql = match of {
        Of::Session => sql::sessions::SECRET_OF,
        Of::Guest => sql::guests::SECRET_OF,
    };
    let key = values![id.as_bytes()];
    let secret = db.find(secret_of, key, column::value::<Option<[u8; 32]>>).await?;
    let Some(secret) = secret.flatten() else { return Ok(()) };
    remember_one(db, &secret, of, id, successor, now).await
}

/// Remembers the secret of a guest that lies elsewhere.
pub(crate) async fn remember_of_guest(
    db: &impl Db,
    secret: &Digest,
    id: SessionId,
    successor: SessionId,
    now: Timestamp,
) -> Result<(), Error> {
    remember_one(db, &secret.0, Of::Guest, id, successor, now).await
}

async fn remember_one(
    db: &impl Db,
    secret: &[u8; 32],
    of: Of,
    id: SessionId,
    successor: SessionId,
    now: Timestamp,
) -> Result<(), Error> {
    let replaced = values![secret, of == Of::Guest, id.as_bytes(), successor.as_bytes(), now.0];
    db.run(sql::sessions::REMEMBER_REPLACED, replaced).await?;
    Ok(())
}
