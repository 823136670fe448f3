//! What users allowed clients. Who changes any of it has the user locked, and so has who gives a code because of it.

use async_trait::async_trait;
use cloakroom_model::authorization::Consent;
use cloakroom_model::event::Reason;
use cloakroom_model::id::{ClientId, UserId};
use cloakroom_model::user::Life;
use cloakroom_store::{Act, Consents, Done, Error, GiveConsent};

use crate::doing::Doing;
use crate::{Columns, Database, Db, SqlStore, clients, endings, json, sql, users, values};

#[async_trait]
impl<D: Database> Consents for SqlStore<D> {
    async fn give_consent(&self, consent: Consent, act: &Act) -> Result<GiveConsent, Error> {
        self.act(act, consent, |doing, consent| Box::pin(give(doing, consent))).await
    }

    async fn find_consent(
        &self,
        user: UserId,
        client: &ClientId,
    ) -> Result<Option<Consent>, Error> {
        self.read((user, client.clone()), |db, (user, client)| {
            Box::pin(async move { find(db, user, &client).await })
        })
        .await
    }

    async fn list_consents(&self, user: UserId) -> Result<Vec<Consent>, Error> {
        self.read_long(user, |db, user| {
            Box::pin(async move {
                db.list(sql::consents::LIST_OF_USER, values![user.as_bytes()], consent).await
            })
        })
        .await
    }

    async fn withdraw_consent(
        &self,
        user: UserId,
        client: &ClientId,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, (user, client.clone()), |mut doing, (user, client)| {
            Box::pin(async move {
                users::find_to_change(doing.db, *user).await?;
                let of_both = values![user.as_bytes(), client.as_str()];
                if doing.db.run(sql::consents::DELETE, of_both).await? == 0 {
                    return Ok(None);
                }
                let reason = Reason::ConsentWithdrawn;
                endings::all_of_user_at(&mut doing, *user, client, reason).await?;
                doing.done(()).await.map(Some)
            })
        })
        .await
    }
}

/// Finds what a user allowed a client.
pub(crate) async fn find(
    db: &impl Db,
    user: UserId,
    client: &ClientId,
) -> Result<Option<Consent>, Error> {
    db.find(sql::consents::FIND, values![user.as_bytes(), client.as_str()], consent).await
}

async fn give(doing: Doing<'_, impl Db>, consent: &Consent) -> Result<GiveConsent, Error> {
    let db = doing.db;
    // Of two that widen the same consent the second one sees what the first one allowed.
    let user = users::find_to_change(db, consent.user).await?;
    if user.is_none_or(|user| user.life != Life::Active) {
        return Ok(GiveConsent::Pointless);
    }
    clients::stays(db, &consent.client).await?;
    let consent = match find(db, consent.user, &consent.client).await? {
        Some(before) => before.widened_by(consent.clone()),
        None => consent.clone(),
    };
    put(db, &consent).await?;
    let _nothing_to_announce = doing.done(()).await?;
    Ok(GiveConsent::Done(consent))
}

async fn put(db: &impl Db, consent: &Consent) -> Result<(), Error> {
    let Consent { user, client, scope, claims, at } = consent;
    let (scope, claims) = (json(scope)?, json(claims)?);
    let row = values![user.as_bytes(), client.as_str(), &scope, &claims, at.0];
    db.run(sql::consents::PUT, row).await?;
    Ok(())
}

fn consent(columns: &mut Columns<'_>) -> Result<Consent, Error> {
    Ok(Consent {
        user: UserId::from_bytes(columns.value()?),
        client: columns.parsed(ClientId::parse)?,
        scope: columns.json()?,
        claims: columns.json()?,
        at: columns.time()?,
    })
}
