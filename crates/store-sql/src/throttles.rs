//! Failures in a row, and the devices that are known.

use async_trait::async_trait;
use cloakroom_model::id::UserId;
use cloakroom_model::policy::throttle::{KNOWN_DEVICES, STRANGERS_REMEMBERED};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{AccountFailures, Act, Error, Throttles};

use crate::{Columns, Database, Db, SqlStore, number, sql, users, values};

#[async_trait]
impl<D: Database> Throttles for SqlStore<D> {
    async fn find_failures(
        &self,
        user: UserId,
        device: Option<&Digest>,
    ) -> Result<AccountFailures, Error> {
        self.read((user, device.copied()), |db, (user, device)| {
            Box::pin(async move { find(db, user, device.as_ref()).await })
        })
        .await
    }

    async fn count_failure(
        &self,
        user: UserId,
        device: Option<&Digest>,
        at: Timestamp,
    ) -> Result<AccountFailures, Error> {
        self.write((user, device.copied(), at), |db, (user, device, at)| {
            Box::pin(async move {
                if let Some(device) = device {
                    let failure = values![at.0, user.as_bytes(), &device.0];
                    let counted =
                        db.find(sql::throttles::COUNT_OF_DEVICE, failure, of_device).await?;
                    if let Some(counted) = counted {
                        return Ok(counted);
                    }
                }
                let failure = values![at.0, user.as_bytes(), at.minus(STRANGERS_REMEMBERED).0];
                let counted =
                    db.find(sql::throttles::COUNT_OF_UNKNOWN, failure, of_unknown).await?;
                // A user who is gone has no failures.
                Ok(counted.unwrap_or_default())
            })
        })
        .await
    }

    async fn forget_failures(&self, user: UserId, device: Option<&Digest>) -> Result<(), Error> {
        self.write((user, device.copied()), |db, (user, device)| {
            Box::pin(async move {
                if let Some(device) = device {
                    let known = values![user.as_bytes(), &device.0];
                    if db.run(sql::throttles::FORGET_OF_DEVICE, known).await? > 0 {
                        return Ok(());
                    }
                }
                let user = values![user.as_bytes()];
                db.run(sql::throttles::FORGET_OF_UNKNOWN, user).await.map(drop)
            })
        })
        .await
    }

    async fn clear_failures(&self, user: UserId, act: &Act) -> Result<bool, Error> {
        self.act(act, user, |doing, user| {
            Box::pin(async move {
                if users::find_as_parent(doing.db, *user).await?.is_none() {
                    return Ok(false);
                }
                forget_all(doing.db, *user).await?;
                let _nothing_to_announce = doing.done(()).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn expire_devices(&self, before: Timestamp) -> Result<(), Error> {
        self.forget(sql::throttles::EXPIRE_DEVICES, before).await
    }

    async fn find_failures_of_nobody(&self, name: &Digest) -> Result<AccountFailures, Error> {
        self.read(*name, |db, name| {
            Box::pin(async move {
                let name = values![&name.0];
                let found = db.find(sql::throttles::FIND_OF_NOBODY, name, of_unknown).await?;
                Ok(found.unwrap_or_default())
            })
        })
        .await
    }

    async fn count_failure_of_nobody(
        &self,
        name: &Digest,
        at: Timestamp,
    ) -> Result<AccountFailures, Error> {
        self.write((*name, at), |db, (name, at)| {
            Box::pin(async move {
                let failure = values![&name.0, at.0, at.minus(STRANGERS_REMEMBERED).0];
                let counted = db.find(sql::throttles::COUNT_OF_NOBODY, failure, of_unknown).await?;
                counted.ok_or_else(|| Error::Corrupt("a failure was not counted".to_owned()))
            })
        })
        .await
    }

    async fn expire_failures_of_nobody(&self, until: Timestamp) -> Result<(), Error> {
        self.forget(sql::throttles::EXPIRE_OF_NOBODY, until).await
    }
}

/// A browser signed this user in, who is locked. Those that were seen longest ago are forgotten where there are too many.
pub(crate) async fn know_device(
    db: &impl Db,
    user: UserId,
    device: &Digest,
    now: Timestamp,
) -> Result<(), Error> {
    let known = values![user.as_bytes(), &device.0, now.0];
    db.run(sql::throttles::KNOW_DEVICE, known).await?;
    let latest = values![user.as_bytes(), number(KNOWN_DEVICES)];
    db.run(sql::throttles::FORGET_OLDEST_DEVICES, latest).await?;
    Ok(())
}

/// Forgets every failure at a user, by whatever device.
pub(crate) async fn forget_all(db: &impl Db, user: UserId) -> Result<(), Error> {
    let user = values![user.as_bytes()];
    db.run(sql::throttles::FORGET_OF_UNKNOWN, user).await?;
    db.run(sql::throttles::FORGET_OF_ALL_DEVICES, user).await?;
    Ok(())
}

async fn find(
    db: &impl Db,
    user: UserId,
    device: Option<&Digest>,
) -> Result<AccountFailures, Error> {
    if let Some(device) = device {
        let known = values![user.as_bytes(), &device.0];
        if let Some(known) = db.find(sql::throttles::FIND_DEVICE, known, of_device).await? {
            return Ok(known);
        }
    }
    let of_user = values![user.as_bytes()];
    let unknown = db.find(sql::throttles::FIND_UNKNOWN, of_user, of_unknown).await?;
    Ok(unknown.unwrap_or_default())
}

fn of_device(columns: &mut Columns<'_>) -> Result<AccountFailures, Error> {
    failures(columns, true)
}

fn of_unknown(columns: &mut Columns<'_>) -> Result<AccountFailures, Error> {
    failures(columns, false)
}

fn failures(columns: &mut Columns<'_>, known_device: bool) -> Result<AccountFailures, Error> {
    Ok(AccountFailures {
        known_device,
        in_a_row: columns.value()?,
        last_at: columns.value::<Option<i64>>()?.map(Timestamp),
    })
}
