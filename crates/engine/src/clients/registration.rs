//! What an operator says of a client for OAuth and OpenID Connect: in the words of RFC 7591 §2, as a client would say it of
//! itself, and with what its template knows already.

use cloakroom_jose::Algorithms;
use cloakroom_model::client::{Client, Template};
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, GrantType, Registration};
use cloakroom_oauth::registration_request::{self, Offer};
use cloakroom_oauth::registration_response;
use serde_json::{Map, Value, json};

use super::{AddedClient, ClientError, invalid, kept};
use crate::Engine;
use crate::secret::to_text;

/// The members of client metadata that were said.
pub type Said = Map<String, Value>;

/// What a client may ask for that asks who somebody is, where its operator does not say.
const USUAL_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Reads what was said, and completes it by the template. A client of which nothing was said takes no part in OAuth,
/// except a service, which is there for nothing else. `confidential` is whether it is to have a secret in any case.
pub fn read_registration(
    template: Template,
    confidential: bool,
    mut said: Said,
) -> Result<Registration, ClientError> {
    let status_list = status_list(&mut said)?.unwrap_or_default();
    if said.is_empty() && template != Template::Service {
        return Ok(Registration { status_list, ..Registration::default() });
    }
    let grant_types: Vec<_> = template.grant_types().iter().map(|it| it.as_str()).collect();
    let method = match template.authentication_method() {
        AuthenticationMethod::None if confidential => AuthenticationMethod::ClientSecretBasic,
        method => method,
    };
    said.entry("grant_types").or_insert_with(|| json!(grant_types));
    said.entry("token_endpoint_auth_method").or_insert_with(|| json!(method.as_str()));
    // Whatever can be signed with will have its key, because a client registers for it.
    let offer = Offer { scopes: &[], signing: Algorithms::ASYMMETRIC };
    let read = registration_request::read(Value::Object(said).to_string().as_bytes(), &offer)?;
    Ok(Registration { status_list, ..read.registration })
}

/// Takes out whether its grants have a place in a status list: operators say so, and no client of itself.
fn status_list(said: &mut Said) -> Result<Option<bool>, ClientError> {
    match said.remove("status_list") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(false)),
        Some(Value::Bool(wanted)) => Ok(Some(wanted)),
        Some(_) => Err(invalid("status_list", "expected true or false".to_owned())),
    }
}

/// What a client registered, as it would register it again; `None` where it takes no part in OAuth.
#[must_use]
pub fn registered(client: &Client) -> Option<Said> {
    let takes_part = client.registration != Registration::default();
    takes_part.then(|| registration_response::metadata(client))
}

impl Engine {
    /// Changes what is said of what a client registered; the rest stays. One that has to prove itself by a secret from now
    /// on, and has none, gets one.
    pub async fn change_registration(
        &self,
        id: &ClientId,
        mut said: Said,
        actor: Actor,
    ) -> Result<AddedClient, ClientError> {
        let now = self.time.now();
        let status_list = status_list(&mut said)?;
        let mut secret = None;
        let change = |client: &mut Client| {
            let mut members = registration_response::metadata(client);
            members.extend(said);
            let offer = Offer { scopes: &client.scopes, signing: Algorithms::ASYMMETRIC };
            let body = Value::Object(members).to_string();
            *client = registration_request::read(body.as_bytes(), &offer)?.applied_to(client);
            if let Some(wanted) = status_list {
                client.registration.status_list = wanted;
            }
            if client.registration.method.needs_secret() && client.authentication.is_empty() {
                let made = secret.insert(self.random.secret());
                client.authentication.push(kept(made, now));
            }
            client.scopes = scopes(std::mem::take(&mut client.scopes), &client.registration);
            Ok(())
        };
        let client = self.try_to_change_client(id, change, actor).await?;
        Ok(AddedClient { client, secret: secret.as_ref().map(to_text) })
    }
}

pub(super) fn scopes(said: Vec<String>, registration: &Registration) -> Vec<String> {
    let asks_who = registration.grant_types.iter().any(|grant_type| {
        matches!(grant_type, GrantType::AuthorizationCode | GrantType::DeviceCode)
    });
    if said.is_empty() && asks_who {
        return USUAL_SCOPES.map(str::to_owned).to_vec();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(template: Template, said: &Value) -> Result<Registration, ClientError> {
        let said = said.as_object().cloned().unwrap();
        read_registration(template, false, said)
    }

    #[test]
    fn an_address_for_answers_is_all_that_has_to_be_said() {
        let web =
            read(Template::Web, &json!({ "redirect_uris": ["https://app.example/cb"] })).unwrap();
        assert_eq!(web.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
        assert_eq!(web.method, AuthenticationMethod::ClientSecretBasic);
        let phone =
            read(Template::Mobile, &json!({ "redirect_uris": ["com.example.app:/cb"] })).unwrap();
        assert_eq!(phone.grant_types, web.grant_types);
        assert_eq!(phone.method, AuthenticationMethod::None);
        assert_eq!(scopes(Vec::new(), &web), USUAL_SCOPES);
        assert_eq!(scopes(vec!["openid".to_owned()], &web), ["openid"]);
    }

    #[test]
    fn a_service_asks_in_its_own_name_and_for_nobody() {
        let service = read(Template::Service, &json!({})).unwrap();
        assert_eq!(service.grant_types, [GrantType::ClientCredentials]);
        assert_eq!(service.method, AuthenticationMethod::ClientSecretBasic);
        assert_eq!(scopes(Vec::new(), &service), Vec::<String>::new());
    }

    #[test]
    fn a_status_list_is_asked_for_by_itself_or_with_the_rest() {
        let with_it = json!({ "status_list": true, "redirect_uris": ["https://app.example/cb"] });
        assert!(read(Template::Web, &with_it).unwrap().status_list);
        let alone = read(Template::Mobile, &json!({ "status_list": true })).unwrap();
        assert_eq!(alone, Registration { status_list: true, ..Registration::default() });
        assert!(!read(Template::Service, &json!({ "status_list": null })).unwrap().status_list);
        let error = read(Template::Web, &json!({ "status_list": "yes" })).unwrap_err();
        assert!(error.to_string().starts_with("status_list: "), "{error}");
    }

    #[test]
    fn who_says_nothing_takes_no_part() {
        assert_eq!(read(Template::Web, &json!({})).unwrap(), Registration::default());
    }

    #[test]
    fn what_was_said_goes_before_what_the_template_knows() {
        let said = json!({
            "redirect_uris": ["https://app.example/cb"],
            "grant_types": ["authorization_code"],
            "token_endpoint_auth_method": "client_secret_post",
        });
        let web = read(Template::Web, &said).unwrap();
        assert_eq!(web.grant_types, [GrantType::AuthorizationCode]);
        assert_eq!(web.method, AuthenticationMethod::ClientSecretPost);
        let with_secret = json!({ "redirect_uris": ["com.example.app:/cb"] });
        let with_secret = with_secret.as_object().cloned().unwrap();
        let phone = read_registration(Template::Mobile, true, with_secret).unwrap();
        assert_eq!(phone.method, AuthenticationMethod::ClientSecretBasic);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (member, said) in [
            ("redirect_uris", json!({ "redirect_uris": ["http://app.example/cb"] })),
            ("redirect_uris", json!({ "grant_types": ["authorization_code"] })),
            ("grant_types", json!({ "grant_types": ["password"] })),
            (
                "post_logout_redirect_uris",
                json!({ "grant_types": [], "post_logout_redirect_uris": ["javascript:x"] }),
            ),
        ] {
            let error = read(Template::Web, &said).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{member}: ")), "{said}: {error}");
        }
    }
}
