//! Clients that must be told that a session has ended.

use async_trait::async_trait;
use cloakroom_model::authorization::RelyingParty;
use cloakroom_model::id::{ClientId, SessionId};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Error, RelyingParties};

use crate::driver::{Columns, Db, number};
use crate::{Sqlite, sql};

#[async_trait]
impl RelyingParties for Sqlite {
    async fn list_relying_parties(&self, session: SessionId) -> Result<Vec<RelyingParty>, Error> {
        let of_session = sql::relying_parties::LIST_OF_SESSION;
        self.readers.short(|db| db.list(of_session, [session.as_bytes()], party))
    }

    async fn claim_relying_parties(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<RelyingParty>, Error> {
        let claim = (lease_until.0, now.0, number(limit));
        let claimed =
            self.write(move |db| db.list(sql::relying_parties::CLAIM, claim, party)).await;
        let mut claimed = claimed?;
        // A statement answers what it changed in no order at all.
        claimed
            .sort_by(|one, other| (one.session, &one.client).cmp(&(other.session, &other.client)));
        Ok(claimed)
    }

    async fn forget_relying_party(
        &self,
        session: SessionId,
        client: &ClientId,
    ) -> Result<(), Error> {
        let client = client.clone();
        self.write(move |db| {
            let party = (session.as_bytes(), client.as_str());
            db.run(sql::relying_parties::FORGET, party).map(drop)
        })
        .await
    }

    async fn put_off_relying_party(
        &self,
        session: SessionId,
        client: &ClientId,
        try_at: Timestamp,
    ) -> Result<(), Error> {
        let client = client.clone();
        self.write(move |db| {
            let party = (try_at.0, session.as_bytes(), client.as_str());
            db.run(sql::relying_parties::PUT_OFF, party).map(drop)
        })
        .await
    }
}

/// Notes a client that was told whose session it is; the session is there.
pub(crate) fn note(db: &Db, party: &RelyingParty) -> Result<(), Error> {
    let RelyingParty { session, client, subject, failures, try_at } = party;
    let row = (session.as_bytes(), client.as_str(), subject.as_str(), *failures, try_at.0);
    db.run(sql::relying_parties::NOTE, row)?;
    Ok(())
}

fn party(columns: &mut Columns<'_, '_>) -> Result<RelyingParty, Error> {
    Ok(RelyingParty {
        session: SessionId::from_bytes(columns.value()?),
        client: columns.parsed(ClientId::parse)?,
        subject: columns.value()?,
        failures: columns.value()?,
        try_at: columns.time()?,
    })
}
