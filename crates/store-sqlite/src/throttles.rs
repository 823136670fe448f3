//! Failures in a row, and the devices that are known.

use async_trait::async_trait;
use cloakroom_model::id::UserId;
use cloakroom_model::policy::throttle::KNOWN_DEVICES;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{AccountFailures, Act, Error, Throttles};

use crate::driver::{Columns, Db, number};
use crate::{Sqlite, sql, users};

#[async_trait]
impl Throttles for Sqlite {
    async fn find_failures(
        &self,
        user: UserId,
        device: Option<&Digest>,
    ) -> Result<AccountFailures, Error> {
        self.readers.short(|db| find(db, user, device))
    }

    async fn count_failure(
        &self,
        user: UserId,
        device: Option<&Digest>,
        at: Timestamp,
    ) -> Result<AccountFailures, Error> {
        let device = device.copied();
        self.write(move |db| {
            if let Some(device) = device {
                let failure = (at.0, user.as_bytes(), device.0);
                let counted = db.find(sql::throttles::COUNT_OF_DEVICE, failure, of_device)?;
                if let Some(counted) = counted {
                    return Ok(counted);
                }
            }
            let failure = (at.0, user.as_bytes());
            let counted = db.find(sql::throttles::COUNT_OF_UNKNOWN, failure, of_unknown)?;
            // A user who is gone has no failures.
            Ok(counted.unwrap_or_default())
        })
        .await
    }

    async fn forget_failures(&self, user: UserId, device: Option<&Digest>) -> Result<(), Error> {
        let device = device.copied();
        self.write(move |db| {
            if let Some(device) = device {
                let known = (user.as_bytes(), device.0);
                if db.run(sql::throttles::FORGET_OF_DEVICE, known)? > 0 {
                    return Ok(());
                }
            }
            db.run(sql::throttles::FORGET_OF_UNKNOWN, [user.as_bytes()]).map(drop)
        })
        .await
    }

    async fn clear_failures(&self, user: UserId, act: &Act) -> Result<bool, Error> {
        self.act(act, move |doing| {
            if users::find(doing.db, user)?.is_none() {
                return Ok(false);
            }
            forget_all(doing.db, user)?;
            let _nothing_to_announce = doing.done(())?;
            Ok(true)
        })
        .await
    }

    async fn expire_devices(&self, before: Timestamp) -> Result<(), Error> {
        self.write(move |db| db.run(sql::throttles::EXPIRE_DEVICES, [before.0]).map(drop)).await
    }
}

/// A browser signed this user in. Those that were seen longest ago are forgotten where there are too many.
pub(crate) fn know_device(
    db: &Db,
    user: UserId,
    device: &Digest,
    now: Timestamp,
) -> Result<(), Error> {
    db.run(sql::throttles::KNOW_DEVICE, (user.as_bytes(), device.0, now.0))?;
    let latest = (user.as_bytes(), number(KNOWN_DEVICES));
    db.run(sql::throttles::FORGET_OLDEST_DEVICES, latest)?;
    Ok(())
}

/// Forgets every failure at a user, by whatever device.
pub(crate) fn forget_all(db: &Db, user: UserId) -> Result<(), Error> {
    db.run(sql::throttles::FORGET_OF_UNKNOWN, [user.as_bytes()])?;
    db.run(sql::throttles::FORGET_OF_ALL_DEVICES, [user.as_bytes()])?;
    Ok(())
}

fn find(db: &Db, user: UserId, device: Option<&Digest>) -> Result<AccountFailures, Error> {
    if let Some(device) = device {
        let known = (user.as_bytes(), device.0);
        if let Some(known) = db.find(sql::throttles::FIND_DEVICE, known, of_device)? {
            return Ok(known);
        }
    }
    let unknown = db.find(sql::throttles::FIND_UNKNOWN, [user.as_bytes()], of_unknown)?;
    Ok(unknown.unwrap_or_default())
}

fn of_device(columns: &mut Columns<'_, '_>) -> Result<AccountFailures, Error> {
    failures(columns, true)
}

fn of_unknown(columns: &mut Columns<'_, '_>) -> Result<AccountFailures, Error> {
    failures(columns, false)
}

fn failures(columns: &mut Columns<'_, '_>, known_device: bool) -> Result<AccountFailures, Error> {
    Ok(AccountFailures {
        known_device,
        in_a_row: columns.value()?,
        last_at: columns.value::<Option<i64>>()?.map(Timestamp),
    })
}
