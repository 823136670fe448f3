//! Signing out because a client asks for it (OpenID Connect RP-Initiated Logout 1.0).
//!
//! Here the wish is read: who has it, where the browser goes afterwards, and whether a token shows that it is meant for
//! the very session that is there. Ending that session is [`sign_out`](crate::sign_out)'s.

use std::sync::Arc;

use cloakroom_model::client::Client;
use cloakroom_model::id::SessionId;
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use cloakroom_oauth::id_token::Hint;
use cloakroom_oauth::logout_request::{Decision, LogoutRequest};
use cloakroom_oauth::logout_token::front_channel;
use cloakroom_oauth::redirect::VerifiedRedirect;

use crate::throttle::{Limited, What};
use crate::visitor::Visitor;
use crate::{Engine, StoreError};

/// A client's wish that its user be signed out, read and checked.
#[derive(Clone, Debug)]
pub struct Logout {
    /// Who has it, where that is known.
    pub client: Option<Arc<Client>>,
    /// Where the browser goes afterwards, where it goes anywhere.
    pub redirect: Option<VerifiedRedirect>,
    request: LogoutRequest,
    hint: Option<Hint>,
}

/// Why a wish is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogoutError {
    /// It is not what it must be. For the person to read: nobody can be told who is not known to have sent it.
    #[error(transparent)]
    Refused(#[from] Error),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
}

impl Engine {
    /// Reads a wish that a browser brings.
    pub async fn read_logout(&self, form: &Form, visitor: &Visitor) -> Result<Logout, LogoutError> {
        self.limits.check(What::Logout, &visitor.address, self.time.now()).await?;
        let request = LogoutRequest::read(form)?;
        let hint = request.id_token_hint.as_deref().map(|token| {
            self.read_id_token_hint(token).ok_or_else(|| {
                Error::new(Code::InvalidRequest, "id_token_hint is no ID token of this server")
            })
        });
        let hint = hint.transpose()?;
        let client = request.client(hint.as_ref())?.and_then(|id| self.clients.find(&id));
        let redirect = request.redirect(client.as_deref())?;
        Ok(Logout { client, redirect, request, hint })
    }
}

impl Engine {
    /// What a page loads so that the relying parties of a session hear in this browser that it ends (OpenID Connect
    /// Front-Channel Logout 1.0). Asked for before the end: afterwards those that were told are forgotten.
    pub async fn front_channel(&self, session: SessionId) -> Result<Vec<String>, StoreError> {
        let parties = self.store.list_relying_parties(session).await?;
        let clients = parties.iter().filter_map(|party| self.clients.find(&party.client));
        let frames = clients.filter_map(|client| {
            let registered = &client.registration.logout;
            let named = (self.settings.issuer.as_str(), session);
            let named = registered.front_channel_session.then_some(named);
            Some(front_channel(registered.front_channel.as_deref()?, named))
        });
        Ok(frames.collect())
    }
}

impl Logout {
    /// Decides what happens to the `session` of the browser.
    #[must_use]
    pub fn decide(&self, session: Option<SessionId>) -> Decision {
        LogoutRequest::decide(self.hint.as_ref(), session)
    }

    /// The session that a token of ours shows to be meant.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.hint.as_ref().and_then(|hint| hint.sid)
    }

    /// Where the browser goes afterwards, with all that it brings there.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        self.redirect.as_ref().map(|redirect| self.request.location(redirect))
    }

    /// What asks for the same again, but for the token: that stays out of addresses and pages.
    #[must_use]
    pub fn carried(&self) -> Vec<(&'static str, &str)> {
        let LogoutRequest { post_logout_redirect_uri, state, .. } = &self.request;
        let client = self.client.as_ref().map(|client| client.id.as_str());
        let all = [
            ("client_id", client),
            ("post_logout_redirect_uri", post_logout_redirect_uri.as_deref()),
            ("state", state.as_deref()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}
