//! What goes back to a client by way of the browser.

use cloakroom_jose::Algorithm;
use cloakroom_model::client::Client;
use cloakroom_oauth::authorization_request::Returned;
use cloakroom_oauth::authorization_response::{AuthorizationResponse, Delivery};
use cloakroom_oauth::id_token;
use cloakroom_oauth::redirect::VerifiedRedirect;

use super::Question;
use crate::Engine;
use crate::tokens::{MintError, seconds};

/// An answer, ready for the browser.
#[derive(Debug)]
pub struct Answer(pub Delivery);

impl Engine {
    pub(super) fn answer_code(
        &self,
        question: &Question,
        redirect: VerifiedRedirect,
        code: &str,
    ) -> Result<Answer, MintError> {
        let Question { client, request, .. } = question;
        let (mode, state) = (request.response_mode, request.state.clone());
        self.deliver(client, AuthorizationResponse::code(redirect, mode, state, code))
    }

    pub(super) fn answer_error(
        &self,
        client: &Client,
        returned: Returned,
    ) -> Result<Answer, MintError> {
        self.deliver(client, AuthorizationResponse::error(returned))
    }

    /// The algorithm that a client registered for an answer, or the profile's where it did not.
    pub(crate) fn algorithm_of(&self, registered: Option<&str>) -> Result<Algorithm, MintError> {
        let rules = self.rules();
        let Some(name) = registered else { return Ok(rules.default_algorithm) };
        let algorithm = name.parse().ok();
        let allowed = algorithm.filter(|algorithm| rules.algorithms.contains(*algorithm));
        allowed.ok_or_else(|| MintError::Algorithm(name.to_owned()))
    }

    fn deliver(
        &self,
        client: &Client,
        response: AuthorizationResponse,
    ) -> Result<Answer, MintError> {
        let now = seconds(self.time.now());
        let signing = &client.registration.signing;
        // JARM §3 has RS256 where nothing is registered; what the client's ID tokens have it can read for sure.
        let registered = signing.authorization.as_deref().or(signing.id_token.as_deref());
        let algorithm = self.algorithm_of(registered)?;
        response
            .deliver(&self.settings.issuer, &client.id, now, |claims| {
                self.sign_as(id_token::TYP, algorithm, claims)
            })
            .map(Answer)
    }
}
