//! Sealed keys.

use async_trait::async_trait;
use cloakroom_model::id::KeyId;
use cloakroom_model::key::{DataKey, SigningKey, Stage};
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, AdvanceKey, Done, Error, Keys};

use crate::doing::Doing;
use crate::driver::{Columns, Db, corrupt};
use crate::{Sqlite, sql};

#[async_trait]
impl Keys for Sqlite {
    async fn list_data_keys(&self) -> Result<Vec<DataKey>, Error> {
        self.readers.short(list_data_keys)
    }

    async fn insert_data_key(&self, key: DataKey, act: &Act) -> Result<Option<Done<()>>, Error> {
        self.act(act, move |mut doing| {
            let id = key.id();
            let row = (key.number, key.sealed, key.created_at.0);
            if doing.db.run(sql::keys::INSERT_DATA_KEY, row)? == 0 {
                return Ok(None);
            }
            doing.announce(Subject::Key(id), Change::Changed);
            doing.done(()).map(Some)
        })
        .await
    }

    async fn reseal_data_keys(
        &self,
        seen: &[DataKey],
        resealed: &[DataKey],
    ) -> Result<bool, Error> {
        let (mut seen, resealed) = (seen.to_vec(), resealed.to_vec());
        seen.sort_by_key(|key| key.number);
        self.write(move |db| {
            if list_data_keys(db)? != seen {
                return Ok(false);
            }
            for key in resealed {
                db.run(sql::keys::RESEAL_DATA_KEY, (key.sealed, key.number))?;
            }
            Ok(true)
        })
        .await
    }

    async fn list_signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        self.readers.short(|db| db.list(sql::keys::LIST_SIGNING_KEYS, [], signing_key))
    }

    async fn insert_signing_key(
        &self,
        key: SigningKey,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, move |mut doing| {
            let (stage, since) = stage_columns(key.stage);
            let row = (
                key.id.0.as_str(),
                key.algorithm,
                key.audience,
                key.public,
                key.sealed,
                key.data_key,
                stage,
                since.0,
                key.created_at.0,
            );
            if doing.db.run(sql::keys::INSERT_SIGNING_KEY, row)? == 0 {
                return Ok(None);
            }
            doing.announce(Subject::Key(key.id), Change::Changed);
            doing.done(()).map(Some)
        })
        .await
    }

    async fn advance_signing_key(
        &self,
        advance: AdvanceKey,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, move |doing| advance_key(doing, advance)).await
    }

    async fn delete_signing_key(&self, id: &KeyId, act: &Act) -> Result<bool, Error> {
        let id = id.clone();
        self.act(act, move |doing| {
            if doing.db.run(sql::keys::DELETE_SIGNING_KEY, [id.0.as_str()])? == 0 {
                return Ok(false);
            }
            let _nothing_to_announce = doing.done(())?;
            Ok(true)
        })
        .await
    }
}

fn advance_key(mut doing: Doing<'_>, advance: AdvanceKey) -> Result<Option<Done<()>>, Error> {
    let db = doing.db;
    let AdvanceKey { key: id, from, to } = advance;
    let found = db.find(sql::keys::FIND_SIGNING_KEY, [id.0.as_str()], signing_key)?;
    let Some(key) = found.filter(|key| key.stage == from) else { return Ok(None) };
    if matches!(to, Stage::Current { .. }) {
        let others = (key.algorithm.as_str(), key.audience.as_deref());
        let current = db.find(sql::keys::FIND_CURRENT, others, |row| row.value().map(KeyId))?;
        if let Some(current) = current.filter(|current| *current != id) {
            set_stage(db, &current, Stage::Retired { since: doing.now() })?;
            doing.announce(Subject::Key(current), Change::Changed);
        }
    }
    set_stage(db, &id, to)?;
    let change = match to {
        Stage::Compromised { .. } => Change::Ended,
        Stage::Next { .. } | Stage::Current { .. } | Stage::Retired { .. } => Change::Changed,
    };
    doing.announce(Subject::Key(id), change);
    doing.done(()).map(Some)
}

fn set_stage(db: &Db, id: &KeyId, stage: Stage) -> Result<(), Error> {
    let (stage, since) = stage_columns(stage);
    db.run(sql::keys::SET_STAGE, (stage, since.0, id.0.as_str())).map(drop)
}

fn list_data_keys(db: &Db) -> Result<Vec<DataKey>, Error> {
    db.list(sql::keys::LIST_DATA_KEYS, [], |row| {
        Ok(DataKey { number: row.value()?, sealed: row.value()?, created_at: row.time()? })
    })
}

fn signing_key(columns: &mut Columns<'_, '_>) -> Result<SigningKey, Error> {
    Ok(SigningKey {
        id: KeyId(columns.value()?),
        algorithm: columns.value()?,
        audience: columns.value()?,
        public: columns.value()?,
        sealed: columns.value()?,
        data_key: columns.value()?,
        stage: stage(columns)?,
        created_at: columns.time()?,
    })
}

fn stage(columns: &mut Columns<'_, '_>) -> Result<Stage, Error> {
    let stage: String = columns.value()?;
    let since = columns.time()?;
    Ok(match stage.as_str() {
        "next" => Stage::Next { since },
        "current" => Stage::Current { since },
        "retired" => Stage::Retired { since },
        "compromised" => Stage::Compromised { since },
        other => return Err(corrupt(format!("no such stage: {other}"))),
    })
}

fn stage_columns(stage: Stage) -> (&'static str, Timestamp) {
    match stage {
        Stage::Next { since } => ("next", since),
        Stage::Current { since } => ("current", since),
        Stage::Retired { since } => ("retired", since),
        Stage::Compromised { since } => ("compromised", since),
    }
}
