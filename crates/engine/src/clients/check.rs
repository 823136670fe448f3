//! What has to hold of every client that is kept, whoever registered or changed it.

use cloakroom_jose::Algorithm;
use cloakroom_model::client::{Client, Template};
use cloakroom_model::registration::{AuthenticationMethod, Registration};
use cloakroom_oauth::profile::{Contradiction, Rules, takes_part};
use cloakroom_oauth::registration_request;
use url::Url;

use super::{ClientError, invalid};

pub(super) fn check(client: &Client, rules: &Rules) -> Result<(), ClientError> {
    if client.name.trim().is_empty() || client.name.chars().count() > 100 {
        return Err(invalid("name", "expected 1 to 100 characters".to_owned()));
    }
    for origin in &client.origins {
        let is_origin = Url::parse(origin).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.origin().ascii_serialization() == *origin
        });
        if !is_origin {
            return Err(invalid(
                "origin",
                format!("{origin}: expected an origin such as https://shop.example.com"),
            ));
        }
    }
    for audience in &client.audiences {
        if Url::parse(audience).is_err() {
            return Err(invalid(
                "audience",
                format!("{audience}: expected a URL such as https://api.example.com"),
            ));
        }
    }
    // RFC 6749 §3.3.
    let is_scope = |text: &String| {
        !text.is_empty()
            && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    if let Some(scope) = client.scopes.iter().find(|scope| !is_scope(scope)) {
        return Err(invalid(
            "scope",
            format!("{scope:?}: expected printable ASCII without spaces, quotes or \\"),
        ));
    }
    if let Some(name) = &client.algorithm {
        name.parse::<Algorithm>().map_err(|error| invalid("algorithm", error.to_string()))?;
    }
    if !client.token_places.is_empty() && client.template != Template::Legacy {
        return Err(invalid(
            "token_places",
            "a token outside the header ends in logs; only the template `legacy` may".to_owned(),
        ));
    }
    registration_request::check(&client.registration)?;
    proves_itself_in_one_way(client)?;
    let mut contradictions = rules.contradictions(client).into_iter();
    match contradictions.next().filter(|_| takes_part(client)) {
        None => Ok(()),
        Some(Contradiction { member, problem }) => {
            Err(invalid(member, format!("{problem}, as the profile {} asks", rules.name)))
        }
    }
}

/// A secret is for those who prove themselves by it, and PKCE may be left out only by those who prove themselves.
fn proves_itself_in_one_way(client: &Client) -> Result<(), ClientError> {
    let Registration { method, requests, .. } = &client.registration;
    let has_use = *method == AuthenticationMethod::Unsaid || method.needs_secret();
    if !client.authentication.is_empty() && !has_use {
        let how = method.as_str().unwrap_or_default();
        return Err(invalid(
            "confidential",
            format!("a client that proves itself by `{how}` has no secret"),
        ));
    }
    if requests.danger_without_pkce && !client.is_confidential() {
        return Err(invalid(
            "danger_without_pkce",
            "only a client that proves that it is itself may leave PKCE out".to_owned(),
        ));
    }
    Ok(())
}
