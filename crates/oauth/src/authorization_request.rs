//! RFC 6749 §4.1.1, OpenID Connect Core 1.0 §3.1.2.1, and what RFC 7636, 8707, 9101, 9126, 9396 and 9449 add: what a
//! client asks the authorization endpoint.
//!
//! The whole order of checks stands in [`AuthorizationRequest::read`]. Where the request comes from, as parameters, as a
//! signed object or by reference, is found out before, by [`Source`]; whether its person must be asked anything is
//! decided after, in `model::policy::authorization`. What is not known is ignored (RFC 6749 §3.1).

mod asked;
mod parameters;
mod refused;
mod source;

use cloakroom_model::client::Client;
use cloakroom_model::policy::authorization::Prompt;
use serde::{Deserialize, Serialize};

pub use self::refused::{Refused, Returned};
pub use self::source::{Endpoint, REQUEST_URI_PREFIX, Source};
use crate::authorization_details::AuthorizationDetails;
use crate::claims::ClaimsRequest;
use crate::error::Error;
use crate::form::Form;
use crate::pkce::Challenge;
use crate::profile;
use crate::redirect::{self, VerifiedRedirect};
use crate::response_mode::ResponseMode;
use crate::scope::Scope;
use crate::scopes;

/// What a client asks for. It is kept as JSON while the person is asked, and with the code.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AuthorizationRequest {
    /// Where the answer goes. Registered when it was read; [`AuthorizationRequest::redirect`] asks again.
    pub redirect_uri: String,
    /// Whether the request named it, so that the token request must name it too (RFC 6749 §4.1.3).
    pub redirect_uri_sent: bool,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// Comes back as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What the tokens shall allow.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// Which services they shall be for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// What they shall allow in detail.
    #[serde(default, skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
    /// What who redeems the code must know the origin of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<Challenge>,
    /// The thumbprint of the key that who redeems the code must prove (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// Stands in the ID token as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What the person shall be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<Prompt>,
    /// How long ago they may have proved who they are, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u64>,
    /// How surely, the preferred first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// Who they might be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// An ID token that says who they must be. Nothing about it is proved yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_hint: Option<String>,
    /// The languages they might read, the preferred first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// What the page is shown on.
    #[serde(default)]
    pub display: Display,
    /// The claims that are asked for one by one.
    #[serde(default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
}

/// What the page is shown on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// A whole page.
    #[default]
    Page,
    /// A small window.
    Popup,
    /// A screen that is touched.
    Touch,
    /// A phone from before there were such screens.
    Wap,
}

/// How the parameters came here.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Arrival {
    /// The client itself sent them, and proved who it is (RFC 9126).
    pub pushed: bool,
    /// The client signed them (RFC 9101).
    pub signed: bool,
}

/// What this server asks of every request, whatever its client registered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rules<'a> {
    /// The issuer's own URL, which every client's tokens may be for.
    pub issuer: &'a str,
    /// What the server's profile asks for.
    pub profile: &'a profile::Rules,
}

impl AuthorizationRequest {
    /// Reads the parameters of a request by `client`.
    pub fn read(
        form: &Form,
        client: &Client,
        arrival: Arrival,
        rules: &Rules<'_>,
    ) -> Result<Self, Refused> {
        // Until it is known where an answer may go, none goes anywhere.
        let redirect = parameters::redirect(form, client, rules)?;
        // From here on every error is an answer, and comes as the client wants its answers to come.
        let state = parameters::echo(form, "state");
        let mode = parameters::response_mode(form);
        Self::behind_redirect(form, client, arrival, rules, &redirect).map_err(|error| {
            let (mode, state) = (mode.unwrap_or_default(), state.ok().flatten());
            Refused::Returned(Box::new(Returned { redirect, mode, state, error }))
        })
    }

    /// All checks but the first, in their order.
    fn behind_redirect(
        form: &Form,
        client: &Client,
        arrival: Arrival,
        rules: &Rules<'_>,
        redirect: &VerifiedRedirect,
    ) -> Result<Self, Error> {
        let state = parameters::echo(form, "state")?;
        let response_mode = parameters::response_mode(form)?;
        parameters::response_type(form)?;
        parameters::codes_are_its_way(client)?;
        parameters::came_as_it_must(form, client, arrival, rules)?;
        let code_challenge = parameters::code_challenge(form, client, rules)?;
        let scope = parameters::scope(form, client)?;
        Ok(Self {
            redirect_uri: redirect.as_str().to_owned(),
            redirect_uri_sent: form.value("redirect_uri").is_some(),
            response_mode,
            state,
            scope,
            resources: parameters::resources(form, client, rules)?,
            authorization_details: parameters::authorization_details(form, client)?,
            code_challenge,
            dpop_jkt: parameters::dpop_jkt(form)?,
            nonce: parameters::echo(form, "nonce")?,
            prompts: parameters::prompts(form)?,
            max_age_seconds: parameters::max_age(form)?,
            acr_values: parameters::words(form, "acr_values"),
            login_hint: parameters::login_hint(form),
            id_token_hint: form.value("id_token_hint").map(str::to_owned),
            ui_locales: parameters::words(form, "ui_locales"),
            display: parameters::display(form)?,
            claims: parameters::claims(form)?,
        })
    }

    /// Where the answer goes, if the client still registers it.
    pub fn redirect(&self, client: &Client) -> Result<VerifiedRedirect, Error> {
        let registered = &client.registration.redirect_uris;
        let verified = redirect::verify(registered, Some(&self.redirect_uri), true);
        verified.map_err(|problem| parameters::invalid(problem.to_string()))
    }

    /// This request, answered with an error.
    #[must_use]
    pub fn refused(&self, client: &Client, error: Error) -> Refused {
        match self.redirect(client) {
            Ok(redirect) => {
                let (mode, state) = (self.response_mode, self.state.clone());
                Refused::Returned(Box::new(Returned { redirect, mode, state, error }))
            }
            Err(unregistered) => Refused::Shown(unregistered),
        }
    }

    /// Whether an ID token is asked for.
    #[must_use]
    pub fn is_openid(&self) -> bool {
        self.scope.contains(scopes::OPENID)
    }

    /// Whether what it earns outlives the session.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.scope.contains(scopes::OFFLINE_ACCESS)
    }
}

#[cfg(test)]
mod tests;
