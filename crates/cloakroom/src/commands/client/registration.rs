//! From arguments to the members of client metadata (RFC 7591 §2). Whether they fit is for the engine to say.

use std::fs;

use cloakroom_engine::clients::Said;
use cloakroom_model::registration::GrantType;
use serde_json::{Value, json};

use crate::{arguments::Registration, exit::Failure};

/// The members that were said.
pub(super) fn said(arguments: &Registration) -> Result<Said, Failure> {
    let grant_types: Vec<_> = arguments.grant_types.iter().map(|text| grant_type(text)).collect();
    let members = [
        ("redirect_uris", list(&arguments.redirect_uris)),
        ("grant_types", list(&grant_types)),
        ("token_endpoint_auth_method", json!(arguments.auth_method)),
        ("jwks", key_set(arguments)?),
        ("jwks_uri", json!(arguments.jwks_uri)),
        ("tls_client_auth_subject_dn", json!(arguments.certificate_subject)),
        ("status_list", json!(arguments.status_list)),
        ("post_logout_redirect_uris", list(&arguments.post_logout_redirect_uris)),
        ("backchannel_logout_uri", json!(arguments.backchannel_logout_uri)),
        ("frontchannel_logout_uri", json!(arguments.frontchannel_logout_uri)),
        ("id_token_signed_response_alg", json!(arguments.id_token_alg)),
        ("userinfo_signed_response_alg", json!(arguments.userinfo_alg)),
        ("request_uris", list(&arguments.request_uris)),
        ("request_object_signing_alg", json!(arguments.request_object_alg)),
        ("subject_type", json!(arguments.subject_type)),
        ("sector_identifier_uri", json!(arguments.sector_identifier_uri)),
        (
            "require_pushed_authorization_requests",
            if arguments.require_pushed_requests { json!(true) } else { Value::Null },
        ),
    ];
    let said = members.into_iter().filter(|(_, value)| !value.is_null());
    Ok(said.map(|(name, value)| (name.to_owned(), value)).collect())
}

fn list<T: AsRef<str>>(texts: &[T]) -> Value {
    if texts.is_empty() {
        return Value::Null;
    }
    texts.iter().map(AsRef::as_ref).collect()
}

/// Two grant types are URNs, of which nobody should have to type more than the end.
fn grant_type(text: &str) -> &str {
    let all = GrantType::ALL.map(GrantType::as_str);
    let meant = all.into_iter().find(|known| known.rsplit(':').next() == Some(text));
    meant.unwrap_or(text)
}

fn key_set(arguments: &Registration) -> Result<Value, Failure> {
    let Some(path) = &arguments.jwks else { return Ok(Value::Null) };
    let unusable = |why: &dyn std::fmt::Display| {
        Failure::Usage(format!("{} cannot be read as a JWK set: {why}", path.display()))
    };
    let text = fs::read(path).map_err(|error| unusable(&error))?;
    serde_json::from_slice(&text).map_err(|error| unusable(&error))
}
