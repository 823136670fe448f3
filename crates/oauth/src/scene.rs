//! A client and its requests, as the tests of this crate need them.

use cloakroom_model::client::{Client, ClientSecret, Template};
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, GrantType, Registration};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::authorization_request::{Arrival, AuthorizationRequest, Refused, Rules};
use crate::form::Form;
use crate::profile::Profile;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const REDIRECT: &str = "https://app.example/cb";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const RULES: Rules<'static> =
    Rules { issuer: ISSUER, profile: Profile::OAuth21.rules() };

/// A client of somebody else's, with a secret, that may ask for most things.
pub(crate) fn client() -> Client {
    let registration = Registration {
        redirect_uris: vec![REDIRECT.to_owned()],
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        method: AuthenticationMethod::ClientSecretBasic,
        authorization_details_types: vec!["payment".to_owned()],
        ..Registration::default()
    };
    let secret =
        ClientSecret { digest: Digest([1; 32]), created_at: Timestamp(1), expires_at: None };
    Client {
        id: ClientId::parse("app").unwrap(),
        name: "App".to_owned(),
        template: Template::Web,
        first_party: false,
        carriers: vec![],
        token_places: vec![],
        lifetimes: Template::Web.lifetimes(),
        audiences: vec!["https://api.example".to_owned()],
        scopes: ["openid", "profile", "email", "offline_access", "read"]
            .map(str::to_owned)
            .to_vec(),
        algorithm: None,
        origins: vec![],
        authentication: vec![secret],
        data: vec![],
        data_of_others: vec![],
        registration,
        created_at: Timestamp(1),
    }
}

/// The parameters of a request that is granted, and `more` behind them.
pub(crate) fn parameters(more: &str) -> String {
    format!(
        "response_type=code&client_id=app&redirect_uri={REDIRECT}&scope=openid&state=s\
         &code_challenge={CHALLENGE}&code_challenge_method=S256&{more}"
    )
}

pub(crate) fn read(text: &str, client: &Client) -> Result<AuthorizationRequest, Refused> {
    let form = Form::parse(text.as_bytes()).unwrap();
    AuthorizationRequest::read(&form, client, Arrival::default(), &RULES)
}

/// A request that is granted, with `more`.
pub(crate) fn request(more: &str) -> AuthorizationRequest {
    read(&parameters(more), &client()).unwrap()
}
