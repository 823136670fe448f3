//! Rows as acts would have made them, for measurements of a large database: nothing is checked, and nothing is in the
//! log or among the events.

use cloakroom_model::secret::Digest;
use cloakroom_model::session::Session;
use cloakroom_store::{Error, NewUser};

use crate::{Db, guests, sessions, users};

/// Makes a user.
pub async fn insert_user(db: &impl Db, user: &NewUser) -> Result<(), Error> {
    users::insert_row(db, user).await.map(drop)
}

/// Makes a session of a user who is there.
pub async fn insert_session(db: &impl Db, session: &Session, secret: &Digest) -> Result<(), Error> {
    sessions::insert(db, session, Some(secret)).await
}

/// Makes a guest.
pub async fn insert_guest(db: &impl Db, guest: &Session, secret: &Digest) -> Result<(), Error> {
    guests::insert(db, guest, Some(secret)).await
}
