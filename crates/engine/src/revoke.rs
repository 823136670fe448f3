//! Giving a token back (RFC 7009), and ending grants.

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Kind, Reason};
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{GrantId, UserId};
use cloakroom_model::log::{Change, Subject};
use cloakroom_oauth::token_in_question::TokenInQuestion;
use cloakroom_store::Error;

use crate::Engine;
use crate::tokens::Tokens;

impl Engine {
    /// Ends what a client gives back: a refresh token's grant, or a single access token. What is no token, not
    /// one any more, or somebody else's, is left alone without a word (RFC 7009 §2.2).
    pub async fn revoke(
        &self,
        request: &TokenInQuestion,
        client: &Arc<Client>,
    ) -> Result<(), Error> {
        match request {
            TokenInQuestion::Refresh(presented) => {
                let Some(live) = self.store.find_grant(presented.grant).await? else {
                    return Ok(());
                };
                if live.grant.client == client.id && self.proves(presented, &live.grant).await? {
                    let actor = live.grant.user.map_or(Actor::Anybody, Actor::User);
                    self.end_grant(&live.grant, Reason::SignedOut, actor).await?;
                }
            }
            TokenInQuestion::Access(token) => {
                self.hear().await?;
                let now = self.time.now();
                let verdict = self.verify(Tokens::verify_any_audience, token, now).await?;
                let Ok(verified) = verdict else { return Ok(()) };
                let claims = verified.claims();
                // A token that has ended already is ended once: giving it back again and again writes nothing.
                if claims.client_id == client.id && !self.is_revoked(claims, verified.kid()) {
                    let mut act = self.act(Kind::GrantEnded, Actor::Anybody);
                    act.event.client = Some(client.id.clone());
                    act.event.detail = Some("one access token".to_owned());
                    let token = Subject::Token(claims.jti.clone());
                    let done = self.store.announce(token, Change::Ended, &act).await?;
                    self.heard(&done.rows).await;
                }
            }
            TokenInQuestion::Nothing => (),
        }
        Ok(())
    }

    /// All grants of a user.
    pub async fn list_grants(&self, user: UserId) -> Result<Vec<Grant>, Error> {
        self.store.list_grants_of_user(user).await
    }

    /// Ends a grant by name; answers whether there was one.
    pub async fn end_grant_by_id(
        &self,
        id: GrantId,
        reason: Reason,
        actor: Actor,
    ) -> Result<bool, Error> {
        match self.store.find_grant(id).await? {
            Some(live) => self.end_grant(&live.grant, reason, actor).await,
            None => Ok(false),
        }
    }

    async fn end_grant(&self, grant: &Grant, reason: Reason, actor: Actor) -> Result<bool, Error> {
        let mut act = self.act(Kind::GrantEnded, actor);
        act.event.user = grant.user;
        act.event.session = grant.session;
        act.event.grant = Some(grant.id);
        act.event.client = Some(grant.client.clone());
        match self.store.end_grant(grant.id, reason, &act).await? {
            Some(done) => {
                self.heard(&done.rows).await;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
