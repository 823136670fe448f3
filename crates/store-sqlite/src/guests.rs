//! Sessions without a user.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, SessionId};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Done, Error, Guests, LiveGuest};

use crate::driver::{Columns, Db, milliseconds};
use crate::sweep::{self, Due};
use crate::{Sqlite, endings, grants, secrets, sessions, sql};

#[async_trait]
impl Guests for Sqlite {
    async fn insert_guest(
        &self,
        guest: Session,
        secret: Option<Digest>,
        grant: Option<Grant>,
        act: &Act,
    ) -> Result<(), Error> {
        self.act(act, move |doing| {
            insert(doing.db, &guest, secret.as_ref())?;
            if let Some(grant) = &grant {
                grants::insert(doing.db, grant)?;
            }
            let _nothing_to_announce = doing.done(())?;
            Ok(())
        })
        .await
    }

    async fn find_guest(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<LiveGuest>, Error> {
        self.readers.short(|db| {
            if let Some(guest) = db.find(sql::guests::FIND_BY_SECRET, [secret.0], guest)? {
                return Ok(Some(LiveGuest::Live(Box::new(guest))));
            }
            Ok(secrets::find_replaced(db, secret, secrets::Of::Guest, now)?
                .map(LiveGuest::Replaced))
        })
    }

    async fn find_guest_by_id(&self, id: SessionId) -> Result<Option<Session>, Error> {
        self.readers.short(|db| find(db, id))
    }

    async fn end_guest(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, move |mut doing| {
            if !endings::guest(&mut doing, id, reason)? {
                return Ok(None);
            }
            doing.done(()).map(Some)
        })
        .await
    }

    async fn touch_guests(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        let seen = seen.to_vec();
        self.write(move |db| sessions::touch(db, sql::guests::TOUCH, &seen)).await
    }

    async fn expire_guests(
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
                    db.list(sql::guests::TO_LOOK_AT, (now.0, limit), |row| Due::read(row, lag))
                },
                |db, id, at| db.run(sql::guests::LOOK_LATER, (at.0, id)),
                |doing, id, reason| {
                    endings::guest(doing, SessionId::from_bytes(id), reason).map(drop)
                },
            )?;
            doing.done(count)
        })
        .await
    }
}

/// Finds a guest by name.
pub(crate) fn find(db: &Db, id: SessionId) -> Result<Option<Session>, Error> {
    db.find(sql::guests::FIND, [id.as_bytes()], guest)
}

/// Whether there is such a guest.
pub(crate) fn is_there(db: &Db, id: SessionId) -> Result<bool, Error> {
    db.exists(sql::guests::IS_THERE, [id.as_bytes()])
}

/// Keeps a new guest.
pub(crate) fn insert(db: &Db, guest: &Session, secret: Option<&Digest>) -> Result<(), Error> {
    db.run(
        sql::guests::INSERT,
        rusqlite::params![
            guest.id.as_bytes(),
            secret.map(|secret| secret.0),
            guest.client.as_str(),
            sessions::carrier_text(guest.carrier),
            guest.device.name,
            guest.device.address,
            guest.created_at.0,
            guest.expires_at.0,
            milliseconds(guest.idle),
            guest.last_seen_at.0,
            guest.remembered,
            guest.idle_expires_at().0,
        ],
    )?;
    Ok(())
}

/// Reads a guest from the columns of the statements' `guest_columns`.
fn guest(columns: &mut Columns<'_, '_>) -> Result<Session, Error> {
    Ok(Session {
        id: SessionId::from_bytes(columns.value()?),
        user: None,
        client: columns.parsed(ClientId::parse)?,
        carrier: sessions::carrier(columns)?,
        device: sessions::device(columns)?,
        authentication: None,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        idle: columns.span()?,
        last_seen_at: columns.time()?,
        remembered: columns.value()?,
    })
}
