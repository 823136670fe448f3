//! Initial access tokens.

use async_trait::async_trait;
use cloakroom_model::id::InitialTokenId;
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Error, InitialTokens};

use crate::{Columns, Database, Db, SqlStore, sql, values};

#[async_trait]
impl<D: Database> InitialTokens for SqlStore<D> {
    async fn insert_initial_token(&self, token: InitialToken, act: &Act) -> Result<(), Error> {
        self.act(act, token, |doing, token| {
            Box::pin(async move {
                let InitialToken { id, digest, note, created_at, expires_at, uses_left } = token;
                let (created_at, expires_at) = (created_at.0, expires_at.0);
                let row =
                    values![id.as_bytes(), &digest.0, note, created_at, expires_at, *uses_left];
                doing.db.run(sql::initial_tokens::INSERT, row).await?;
                doing.done(()).await.map(drop)
            })
        })
        .await
    }

    async fn list_initial_tokens(&self, now: Timestamp) -> Result<Vec<InitialToken>, Error> {
        self.read_long(now, |db, now| {
            Box::pin(async move { db.list(sql::initial_tokens::LIST, values![now.0], token).await })
        })
        .await
    }

    async fn remove_initial_token(&self, id: InitialTokenId, act: &Act) -> Result<bool, Error> {
        self.act(act, id, |doing, id| {
            Box::pin(async move {
                if doing.db.run(sql::initial_tokens::DELETE, values![id.as_bytes()]).await? == 0 {
                    return Ok(false);
                }
                doing.done(true).await.map(|done| done.value)
            })
        })
        .await
    }

    async fn expire_initial_tokens(&self, now: Timestamp) -> Result<(), Error> {
        self.forget(sql::initial_tokens::DELETE_ENDED, now).await
    }
}

/// Whether a token registers a client at `now`. It is locked until it is spent.
pub(crate) async fn works(db: &impl Db, digest: &Digest, now: Timestamp) -> Result<bool, Error> {
    db.exists(sql::initial_tokens::WORKS_TO_CHANGE, values![&digest.0, now.0]).await
}

/// Spends one use of a token that was found in the same act.
pub(crate) async fn spend(db: &impl Db, digest: &Digest) -> Result<(), Error> {
    if db.run(sql::initial_tokens::DELETE_USED_UP, values![&digest.0]).await? == 0 {
        // Without a number of uses this counts nothing down.
        db.run(sql::initial_tokens::SPEND, values![&digest.0]).await?;
    }
    Ok(())
}

fn token(columns: &mut Columns<'_>) -> Result<InitialToken, Error> {
    Ok(InitialToken {
        id: InitialTokenId::from_bytes(columns.value()?),
        digest: Digest(columns.value()?),
        note: columns.value()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        uses_left: columns.value()?,
    })
}
