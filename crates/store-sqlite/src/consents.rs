//! What users allowed clients.

use async_trait::async_trait;
use cloakroom_model::authorization::Consent;
use cloakroom_model::event::Reason;
use cloakroom_model::id::{ClientId, UserId};
use cloakroom_store::{Act, Consents, Done, Error, GiveConsent};

use crate::driver::{Columns, Db, json};
use crate::{Sqlite, endings, sql, users};

#[async_trait]
impl Consents for Sqlite {
    async fn give_consent(&self, consent: Consent, act: &Act) -> Result<GiveConsent, Error> {
        self.act(act, move |doing| {
            let db = doing.db;
            if !users::is_active(db, consent.user)? {
                return Ok(GiveConsent::Pointless);
            }
            let consent = match find(db, consent.user, &consent.client)? {
                Some(before) => before.widened_by(consent),
                None => consent,
            };
            put(db, &consent)?;
            let _nothing_to_announce = doing.done(())?;
            Ok(GiveConsent::Done(consent))
        })
        .await
    }

    async fn find_consent(
        &self,
        user: UserId,
        client: &ClientId,
    ) -> Result<Option<Consent>, Error> {
        self.readers.short(|db| find(db, user, client))
    }

    async fn list_consents(&self, user: UserId) -> Result<Vec<Consent>, Error> {
        self.readers
            .long(move |db| db.list(sql::consents::LIST_OF_USER, [user.as_bytes()], consent))
            .await
    }

    async fn withdraw_consent(
        &self,
        user: UserId,
        client: &ClientId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        let client = client.clone();
        self.act(act, move |mut doing| {
            let of_both = (user.as_bytes(), client.as_str());
            if doing.db.run(sql::consents::DELETE, of_both)? == 0 {
                return Ok(None);
            }
            endings::all_of_user_at(&mut doing, user, &client, Reason::ConsentWithdrawn)?;
            doing.done(()).map(Some)
        })
        .await
    }
}

/// Finds what a user allowed a client.
pub(crate) fn find(db: &Db, user: UserId, client: &ClientId) -> Result<Option<Consent>, Error> {
    db.find(sql::consents::FIND, (user.as_bytes(), client.as_str()), consent)
}

fn put(db: &Db, consent: &Consent) -> Result<(), Error> {
    let Consent { user, client, scope, claims, at } = consent;
    let row = (user.as_bytes(), client.as_str(), json(scope)?, json(claims)?, at.0);
    db.run(sql::consents::PUT, row)?;
    Ok(())
}

fn consent(columns: &mut Columns<'_, '_>) -> Result<Consent, Error> {
    Ok(Consent {
        user: UserId::from_bytes(columns.value()?),
        client: columns.parsed(ClientId::parse)?,
        scope: columns.json()?,
        claims: columns.json()?,
        at: columns.time()?,
    })
}
