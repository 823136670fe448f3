//! Sealed keys.

use async_trait::async_trait;
use cloakroom_model::id::KeyId;
use cloakroom_model::key::{DataKey, SigningKey, Stage};
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, AdvanceKey, Done, Error, Keys};

use crate::doing::Doing;
use crate::{Columns, Database, Db, SqlStore, corrupt, sql, values};

#[async_trait]
impl<D: Database> Keys for SqlStore<D> {
    async fn list_data_keys(&self) -> Result<Vec<DataKey>, Error> {
        self.read((), |db, ()| Box::pin(db.list(sql::keys::LIST_DATA_KEYS, &[], data_key))).await
    }

    async fn insert_data_key(&self, key: DataKey, act: &Act) -> Result<Option<Done<()>>, Error> {
        self.act(act, key, |mut doing, key| {
            Box::pin(async move {
                let row = values![key.number, &key.sealed[..], key.created_at.0];
                if doing.db.run(sql::keys::INSERT_DATA_KEY, row).await? == 0 {
                    return Ok(None);
                }
                doing.announce(Subject::Key(key.id()), Change::Changed);
                doing.done(()).await.map(Some)
            })
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
        self.write((seen, resealed), |db, (seen, resealed)| {
            Box::pin(async move {
                let list = sql::keys::LIST_DATA_KEYS_TO_CHANGE;
                if db.list(list, &[], data_key).await? != *seen {
                    return Ok(false);
                }
                for key in resealed {
                    let seal = values![&key.sealed[..], key.number];
                    db.run(sql::keys::RESEAL_DATA_KEY, seal).await?;
                }
                Ok(true)
            })
        })
        .await
    }

    async fn list_signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        self.read((), |db, ()| Box::pin(db.list(sql::keys::LIST_SIGNING_KEYS, &[], signing_key)))
            .await
    }

    async fn insert_signing_key(
        &self,
        key: SigningKey,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, key, |mut doing, key| {
            Box::pin(async move {
                let (stage, since) = stage_columns(key.stage);
                let row = values![
                    &key.id.0,
                    &key.algorithm,
                    key.audience.as_deref(),
                    key.public.as_deref(),
                    &key.sealed[..],
                    key.data_key,
                    stage,
                    since.0,
                    key.created_at.0,
                ];
                if doing.db.run(sql::keys::INSERT_SIGNING_KEY, row).await? == 0 {
                    return Ok(None);
                }
                doing.announce(Subject::Key(key.id.clone()), Change::Changed);
                doing.done(()).await.map(Some)
            })
        })
        .await
    }

    async fn advance_signing_key(
        &self,
        advance: AdvanceKey,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, advance, |doing, advance| Box::pin(advance_key(doing, advance))).await
    }

    async fn delete_signing_key(&self, id: &KeyId, act: &Act) -> Result<bool, Error> {
        self.act(act, id.clone(), |doing, id| {
            Box::pin(async move {
                if doing.db.run(sql::keys::DELETE_SIGNING_KEY, values![&id.0]).await? == 0 {
                    return Ok(false);
                }
                let _nothing_to_announce = doing.done(()).await?;
                Ok(true)
            })
        })
        .await
    }
}

async fn advance_key(
    mut doing: Doing<'_, impl Db>,
    advance: &AdvanceKey,
) -> Result<Option<Done<()>>, Error> {
    let db = doing.db;
    let AdvanceKey { key: id, from, to } = advance;
    let find = sql::keys::FIND_SIGNING_KEY_TO_CHANGE;
    let found = db.find(find, values![&id.0], signing_key).await?;
    let Some(key) = found.filter(|key| key.stage == *from) else { return Ok(None) };
    if matches!(to, Stage::Current { .. }) {
        let others = values![&key.algorithm, key.audience.as_deref()];
        let find = sql::keys::FIND_CURRENT_TO_CHANGE;
        let current = db.find(find, others, |row| row.value().map(KeyId)).await?;
        if let Some(current) = current.filter(|current| current != id) {
            set_stage(db, &current, Stage::Retired { since: doing.now() }).await?;
            doing.announce(Subject::Key(current), Change::Changed);
        }
    }
    set_stage(db, id, *to).await?;
    let change = match to {
        Stage::Compromised { .. } => Change::Ended,
        Stage::Next { .. } | Stage::Current { .. } | Stage::Retired { .. } => Change::Changed,
    };
    doing.announce(Subject::Key(id.clone()), change);
    doing.done(()).await.map(Some)
}

async fn set_stage(db: &impl Db, id: &KeyId, stage: Stage) -> Result<(), Error> {
    let (stage, since) = stage_columns(stage);
    db.run(sql::keys::SET_STAGE, values![stage, since.0, &id.0]).await.map(drop)
}

fn data_key(columns: &mut Columns<'_>) -> Result<DataKey, Error> {
    Ok(DataKey { number: columns.value()?, sealed: columns.value()?, created_at: columns.time()? })
}

fn signing_key(columns: &mut Columns<'_>) -> Result<SigningKey, Error> {
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

fn stage(columns: &mut Columns<'_>) -> Result<Stage, Error> {
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
