//! Clients that must be told that a session has ended.

use async_trait::async_trait;
use cloakroom_model::authorization::RelyingParty;
use cloakroom_model::id::{ClientId, SessionId};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, RelyingParties};

use crate::{Columns, Database, Db, SqlStore, number, sql, values};

#[async_trait]
impl<D: Database> RelyingParties for SqlStore<D> {
    async fn list_relying_parties(&self, session: SessionId) -> Result<Vec<RelyingParty>, Error> {
        self.read(session, |db, session| {
            Box::pin(async move {
                let of_session = values![session.as_bytes()];
                db.list(sql::relying_parties::LIST_OF_SESSION, of_session, party).await
            })
        })
        .await
    }

    async fn claim_relying_parties(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<RelyingParty>, Error> {
        self.write((now, lease_until, limit), |db, (now, lease_until, limit)| {
            Box::pin(async move {
                let claim = values![lease_until.0, now.0, number(*limit)];
                let mut claimed = db.list(sql::relying_parties::CLAIM, claim, party).await?;
                // A statement answers what it changed in no order at all.
                claimed.sort_by(|one, other| {
                    (one.session, &one.client).cmp(&(other.session, &other.client))
                });
                Ok(claimed)
            })
        })
        .await
    }

    async fn forget_relying_party(
        &self,
        session: SessionId,
        client: &ClientId,
    ) -> Result<(), Error> {
        self.write((session, client.clone()), |db, (session, client)| {
            Box::pin(async move {
                let party = values![session.as_bytes(), client.as_str()];
                db.run(sql::relying_parties::FORGET, party).await.map(drop)
            })
        })
        .await
    }

    async fn put_off_relying_party(
        &self,
        session: SessionId,
        client: &ClientId,
        try_at: Timestamp,
    ) -> Result<(), Error> {
        self.write((session, client.clone(), try_at), |db, (session, client, try_at)| {
            Box::pin(async move {
                let party = values![try_at.0, session.as_bytes(), client.as_str()];
                db.run(sql::relying_parties::PUT_OFF, party).await.map(drop)
            })
        })
        .await
    }
}

/// Notes a client that was told whose session it is; the session is there, and locked.
pub(crate) async fn note(db: &impl Db, party: &RelyingParty) -> Result<(), Error> {
    let RelyingParty { session, client, subject, failures, try_at } = party;
    let row = values![session.as_bytes(), client.as_str(), subject, *failures, try_at.0];
    db.run(sql::relying_parties::NOTE, row).await?;
    Ok(())
}

fn party(columns: &mut Columns<'_>) -> Result<RelyingParty, Error> {
    Ok(RelyingParty {
        session: SessionId::from_bytes(columns.value()?),
        client: columns.parsed(ClientId::parse)?,
        subject: columns.value()?,
        failures: columns.value()?,
        try_at: columns.time()?,
    })
}
