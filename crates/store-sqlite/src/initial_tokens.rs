//! Initial access tokens.

use async_trait::async_trait;
use cloakroom_model::id::InitialTokenId;
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Error, InitialTokens};

use crate::driver::{Columns, Db};
use crate::{Sqlite, sql};

#[async_trait]
impl InitialTokens for Sqlite {
    async fn insert_initial_token(&self, token: InitialToken, act: &Act) -> Result<(), Error> {
        self.act(act, move |doing| {
            let InitialToken { id, digest, note, created_at, expires_at, uses_left } = token;
            let row = (id.as_bytes(), digest.0, note, created_at.0, expires_at.0, uses_left);
            doing.db.run(sql::initial_tokens::INSERT, row)?;
            doing.done(()).map(drop)
        })
        .await
    }

    async fn list_initial_tokens(&self, now: Timestamp) -> Result<Vec<InitialToken>, Error> {
        self.readers.long(move |db| db.list(sql::initial_tokens::LIST, [now.0], token)).await
    }

    async fn remove_initial_token(&self, id: InitialTokenId, act: &Act) -> Result<bool, Error> {
        self.act(act, move |doing| {
            if doing.db.run(sql::initial_tokens::DELETE, [id.as_bytes()])? == 0 {
                return Ok(false);
            }
            doing.done(true).map(|done| done.value)
        })
        .await
    }

    async fn expire_initial_tokens(&self, now: Timestamp) -> Result<(), Error> {
        self.write(move |db| db.run(sql::initial_tokens::DELETE_ENDED, [now.0]).map(drop)).await
    }
}

/// Whether a token registers a client at `now`.
pub(crate) fn works(db: &Db, digest: &Digest, now: Timestamp) -> Result<bool, Error> {
    db.exists(sql::initial_tokens::WORKS, (digest.0, now.0))
}

/// Spends one use of a token that was found in the same act.
pub(crate) fn spend(db: &Db, digest: &Digest) -> Result<(), Error> {
    if db.run(sql::initial_tokens::DELETE_USED_UP, [digest.0])? == 0 {
        // Without a number of uses this counts nothing down.
        db.run(sql::initial_tokens::SPEND, [digest.0])?;
    }
    Ok(())
}

fn token(columns: &mut Columns<'_, '_>) -> Result<InitialToken, Error> {
    Ok(InitialToken {
        id: InitialTokenId::from_bytes(columns.value()?),
        digest: Digest(columns.value()?),
        note: columns.value()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        uses_left: columns.value()?,
    })
}
