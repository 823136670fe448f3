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

use crate::sweep::Sweep;
use crate::{
    Columns, Database, Db, SqlStore, clients, elsewhere, endings, grants, milliseconds, secrets,
    sessions, sql, values,
};

#[async_trait]
impl<D: Database> Guests for SqlStore<D> {
    async fn insert_guest(
        &self,
        guest: Session,
        secret: Option<Digest>,
        grant: Option<Grant>,
        act: &Act,
    ) -> Result<(), Error> {
        self.act(act, (guest, secret, grant), |doing, (guest, secret, grant)| {
            Box::pin(async move {
                insert(doing.db, guest, secret.as_ref()).await?;
                if let Some(grant) = grant {
                    clients::stays(doing.db, &grant.client).await?;
                    grants::insert(doing.db, grant).await?;
                }
                let _nothing_to_announce = doing.done(()).await?;
                Ok(())
            })
        })
        .await
    }

    async fn find_guest(
        &self,
        secret: &Digest,
        now: Timestamp,
    ) -> Result<Option<LiveGuest>, Error> {
        self.read((*secret, now), |db, (secret, now)| {
            Box::pin(async move {
                let key = values![&secret.0];
                if let Some(guest) = db.find(sql::guests::FIND_BY_SECRET, key, guest).await? {
                    return Ok(Some(LiveGuest::Live(Box::new(guest))));
                }
                let of = secrets::Of::Guest;
                let replaced = secrets::find_replaced(db, &secret, of, now).await?;
                Ok(replaced.map(LiveGuest::Replaced))
            })
        })
        .await
    }

    async fn find_guest_by_id(&self, id: SessionId) -> Result<Option<Session>, Error> {
        self.read(id, |db, id| Box::pin(find(db, id))).await
    }

    async fn end_guest(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, (id, reason), |mut doing, (id, reason)| {
            Box::pin(async move {
                let was_there = endings::guest(&mut doing, *id, *reason).await?;
                doing.done_where(was_there).await
            })
        })
        .await
    }

    async fn end_guest_elsewhere(
        &self,
        id: SessionId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, (id, reason), |mut doing, (id, reason)| {
            Box::pin(async move {
                let was_there = elsewhere::end(&mut doing, *id, *reason).await?;
                doing.done_where(was_there).await
            })
        })
        .await
    }

    async fn touch_guests(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        self.touch(sql::guests::TOUCH, seen).await
    }

    async fn expire_guests(
        &self,
        lag: Duration,
        limit: usize,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        self.act(act, (lag, limit), |mut doing, (lag, limit)| {
            Box::pin(async move {
                let sweep = Sweep {
                    to_look_at: sql::guests::TO_LOOK_AT,
                    look_later: sql::guests::LOOK_LATER,
                    lag: *lag,
                    end: |doing, id, reason| {
                        Box::pin(async move {
                            let id = SessionId::from_bytes(id);
                            endings::guest(doing, id, reason).await.map(drop)
                        })
                    },
                };
                let count = sweep.run(&mut doing, *limit).await?;
                doing.done(count).await
            })
        })
        .await
    }
}

/// Finds a guest by name.
pub(crate) async fn find(db: &impl Db, id: SessionId) -> Result<Option<Session>, Error> {
    db.find(sql::guests::FIND, values![id.as_bytes()], guest).await
}

/// Whether there is such a guest, who stays until what is to hang from them is there.
pub(crate) async fn is_there_as_parent(db: &impl Db, id: SessionId) -> Result<bool, Error> {
    db.exists(sql::guests::IS_THERE_AS_PARENT, values![id.as_bytes()]).await
}

/// Whether there is such a guest, of whom something is about to be changed.
pub(crate) async fn is_there_to_change(db: &impl Db, id: SessionId) -> Result<bool, Error> {
    db.exists(sql::guests::IS_THERE_TO_CHANGE, values![id.as_bytes()]).await
}

/// Whether there is such a guest, who is about to end.
pub(crate) async fn is_there_to_end(db: &impl Db, id: SessionId) -> Result<bool, Error> {
    db.exists(sql::guests::IS_THERE_TO_END, values![id.as_bytes()]).await
}

/// Keeps a new guest.
pub(crate) async fn insert(
    db: &impl Db,
    guest: &Session,
    secret: Option<&Digest>,
) -> Result<(), Error> {
    let row = values![
        guest.id.as_bytes(),
        secret.map(|secret| &secret.0),
        guest.client.as_str(),
        sessions::carrier_text(guest.carrier),
        &guest.device.name,
        &guest.device.address,
        guest.created_at.0,
        guest.expires_at.0,
        milliseconds(guest.idle),
        guest.last_seen_at.0,
        guest.remembered,
        guest.idle_expires_at().0,
    ];
    db.run(sql::guests::INSERT, row).await?;
    Ok(())
}

/// Reads a guest from the columns of the statements' `guest_columns`.
fn guest(columns: &mut Columns<'_>) -> Result<Session, Error> {
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
