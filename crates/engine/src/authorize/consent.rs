//! What people allowed clients: asked once, kept, shown in the account, and taken back there.

use std::sync::Arc;

use cloakroom_model::authorization::Consent;
use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::{ClientId, UserId};
use cloakroom_model::policy::authorization::Consented;
use cloakroom_oauth::error::Code;
use cloakroom_store::{Error, GiveConsent};

use super::{Question, Unanswerable};
use crate::Engine;
use crate::identity::Identity;
use crate::visitor::Visitor;

impl Engine {
    /// What the user allowed the client of a question before.
    pub(super) async fn consented(
        &self,
        question: &Question,
        user: UserId,
    ) -> Result<Consented, Error> {
        let given = self.store.find_consent(user, &question.client.id).await?;
        let (scope, claims) = wanted(question);
        // What is allowed in detail is allowed once: the next payment is another one.
        let covers = question.request.authorization_details.is_empty();
        Ok(match given {
            Some(given) if covers && given.covers(&scope, &claims) => Consented::ToAll(given.at),
            // Whoever allowed details did so for this very question.
            Some(given) if given.at >= question.began_at && given.covers(&scope, &claims) => {
                Consented::ToAll(given.at)
            }
            _ if question.client.first_party && covers => Consented::NeedNot,
            _ => Consented::NotToAll,
        })
    }

    /// The person who is there allows the client what it asks for.
    pub async fn allow(
        &self,
        question: &Question,
        identity: &Identity,
        visitor: &Visitor,
    ) -> Result<(), Unanswerable> {
        let Some(user) = identity.user_id() else { return Ok(()) };
        let (scope, claims) = wanted(question);
        let mut act = self.act(Kind::ConsentGiven, Actor::User(user));
        act.event.user = Some(user);
        act.event.session = Some(identity.sid());
        act.event.client = Some(question.client.id.clone());
        act.event.address = Some(visitor.address.to_string());
        let client = question.client.id.clone();
        let consent = Consent { user, client, scope, claims, at: act.at };
        match self.store.give_consent(consent, &act).await? {
            GiveConsent::Done(_) => Ok(()),
            GiveConsent::Pointless => Err(self.refuse(question, Code::LoginRequired.into())),
        }
    }

    /// What a user allowed, with the clients that are still there.
    pub async fn list_consents(
        &self,
        user: UserId,
    ) -> Result<Vec<(Consent, Option<Arc<Client>>)>, Error> {
        let given = self.store.list_consents(user).await?;
        Ok(given
            .into_iter()
            .map(|consent| {
                let client = self.clients.find(&consent.client);
                (consent, client)
            })
            .collect())
    }

    /// Takes back what a user allowed a client; its grants for the user end. Answers whether there was anything.
    pub async fn withdraw(
        &self,
        identity: &Identity,
        client: &ClientId,
        visitor: &Visitor,
    ) -> Result<bool, Error> {
        let Some(user) = identity.user_id() else { return Ok(false) };
        let mut act = self.act(Kind::ConsentWithdrawn, Actor::User(user));
        act.event.user = Some(user);
        act.event.client = Some(client.clone());
        act.event.address = Some(visitor.address.to_string());
        match self.store.withdraw_consent(user, client, &act).await? {
            Some(done) => {
                self.heard(&done.rows).await;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// What is asked for: scopes, and claims one by one, each sorted.
fn wanted(question: &Question) -> (Vec<String>, Vec<String>) {
    let mut scope = question.request.scope.words().to_vec();
    scope.sort_unstable();
    let claims = question.request.claims.names().into_iter().map(str::to_owned).collect();
    (scope, claims)
}
