//! RFC 7591 §3.2.1 and RFC 7592 §3: what a client that registered is told, which is all that was registered.
//!
//! Secrets are told once, when they are made: only their digests are kept.

use cloakroom_model::client::{Client, Template};
use cloakroom_model::registration::{
    Binding, CertificateName, ClientKeys, GrantType, Registration, Subjects,
};
use cloakroom_model::session::Acr;
use cloakroom_model::time::Timestamp;
use serde_json::{Map, Value, json};

/// What goes out beside the metadata. Does not print.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The client's secret, where one was made just now.
    pub secret: Option<&'a str>,
    /// What the client may change its registration with, where it was made just now.
    pub registration_access_token: Option<&'a str>,
    /// Where it does so.
    pub registration_client_uri: &'a str,
}

/// The body of the answer.
#[must_use]
pub fn body(client: &Client, credentials: &Credentials<'_>) -> Value {
    let mut members = metadata(client);
    let mut put = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    put("client_id", json!(client.id));
    put("client_id_issued_at", json!(client.created_at.seconds()));
    put("registration_client_uri", json!(credentials.registration_client_uri));
    if let Some(secret) = credentials.secret {
        let ends = client.authentication.last().and_then(|secret| secret.expires_at);
        put("client_secret", json!(secret));
        put("client_secret_expires_at", json!(ends.map_or(0, Timestamp::seconds)));
    }
    if let Some(token) = credentials.registration_access_token {
        put("registration_access_token", json!(token));
    }
    Value::Object(members)
}

/// What the client registered, as it would register it again.
#[must_use]
pub fn metadata(client: &Client) -> Map<String, Value> {
    let Registration { requests, signing, logout, about, .. } = &client.registration;
    let registration = &client.registration;
    let grant_types: Vec<_> = registration.grant_types.iter().map(|it| it.as_str()).collect();
    let by_code = registration.grant_types.contains(&GrantType::AuthorizationCode);
    let acrs: Vec<_> = requests.default_acr_values.iter().map(|acr| Acr::as_str(*acr)).collect();
    let native = client.template == Template::Mobile;
    let members = [
        ("client_name", json!(client.name)),
        ("application_type", json!(if native { "native" } else { "web" })),
        ("scope", json!(client.scopes.join(" "))),
        ("redirect_uris", json!(registration.redirect_uris)),
        ("grant_types", json!(grant_types)),
        ("response_types", json!(if by_code { vec!["code"] } else { Vec::new() })),
        ("token_endpoint_auth_method", json!(registration.method.as_str())),
        ("subject_type", json!(subject_type(&registration.subjects))),
        ("sector_identifier_uri", json!(sector_list(&registration.subjects))),
        ("dpop_bound_access_tokens", flag(registration.binding == Binding::Dpop)),
        (
            "tls_client_certificate_bound_access_tokens",
            flag(registration.binding == Binding::Certificate),
        ),
        ("require_pushed_authorization_requests", flag(requests.pushed)),
        ("require_signed_request_object", flag(requests.signed)),
        ("request_object_signing_alg", json!(requests.algorithm)),
        ("request_uris", json!(requests.request_uris)),
        ("default_max_age", json!(requests.default_max_age_seconds)),
        ("default_acr_values", json!(acrs)),
        ("id_token_signed_response_alg", json!(signing.id_token)),
        ("userinfo_signed_response_alg", json!(signing.userinfo)),
        ("authorization_signed_response_alg", json!(signing.authorization)),
        ("introspection_signed_response_alg", json!(signing.introspection)),
        ("authorization_details_types", json!(registration.authorization_details_types)),
        // Ours: the specification of status lists has no word for it.
        ("status_list", flag(registration.status_list)),
        ("post_logout_redirect_uris", json!(logout.redirect_uris)),
        ("backchannel_logout_uri", json!(logout.back_channel)),
        ("backchannel_logout_session_required", flag(logout.back_channel_session)),
        ("frontchannel_logout_uri", json!(logout.front_channel)),
        ("frontchannel_logout_session_required", flag(logout.front_channel_session)),
        ("client_uri", json!(about.home)),
        ("logo_uri", json!(about.logo)),
        ("policy_uri", json!(about.policy)),
        ("tos_uri", json!(about.terms)),
        ("contacts", json!(about.contacts)),
        ("initiate_login_uri", json!(about.begins_at)),
    ];
    // Where nothing is meant and not what those get who do not say, it has to be said.
    let counts_empty = |name| matches!(name, "scope" | "grant_types");
    let is_empty = |value: &Value| value == "" || value.as_array().is_some_and(Vec::is_empty);
    let said = |&(name, ref value): &(&'static str, Value)| {
        !value.is_null() && (counts_empty(name) || !is_empty(value))
    };
    members
        .into_iter()
        .chain(registration.keys.as_ref().map(keys))
        .chain(registration.certificate.as_ref().map(certificate))
        .filter(said)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What is not asked for need not be said.
fn flag(set: bool) -> Value {
    if set { json!(true) } else { Value::Null }
}

fn subject_type(subjects: &Subjects) -> &'static str {
    match subjects {
        Subjects::Public => "public",
        Subjects::Pairwise { .. } => "pairwise",
    }
}

fn sector_list(subjects: &Subjects) -> Option<&str> {
    match subjects {
        Subjects::Public => None,
        Subjects::Pairwise { listed_at, .. } => listed_at.as_deref(),
    }
}

fn keys(keys: &ClientKeys) -> (&'static str, Value) {
    match keys {
        ClientKeys::Set(text) => ("jwks", serde_json::from_str(text).unwrap_or_default()),
        ClientKeys::At(uri) => ("jwks_uri", json!(uri)),
    }
}

fn certificate(name: &CertificateName) -> (&'static str, Value) {
    match name {
        CertificateName::SubjectDn(text) => ("tls_client_auth_subject_dn", json!(text)),
        CertificateName::SanDns(text) => ("tls_client_auth_san_dns", json!(text)),
        CertificateName::SanUri(text) => ("tls_client_auth_san_uri", json!(text)),
        CertificateName::SanIp(text) => ("tls_client_auth_san_ip", json!(text)),
        CertificateName::SanEmail(text) => ("tls_client_auth_san_email", json!(text)),
    }
}
