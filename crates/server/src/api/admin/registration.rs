//! What an administrator says of a client for OAuth and OpenID Connect: the members of RFC 7591 §2 that make a difference
//! here. How each must look is for the engine to judge; what is not among them is refused, because it would change nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What a client registers for OAuth and OpenID Connect (RFC 7591 section 2).
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRegistration)]
pub(crate) struct Registration {
    /// Where answers may be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uris: Option<Vec<String>>,
    /// By which grants it gets tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_types: Option<Vec<String>>,
    /// How it proves that it is itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_method: Option<String>,
    /// The keys that it signs with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    jwks: Option<Value>,
    /// Where it publishes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<String>,
    /// Whom its certificate must be for, as a name of RFC 4514.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_subject_dn: Option<String>,
    /// Whom its certificate must be for, as a host.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_dns: Option<String>,
    /// Whom its certificate must be for, as a URI.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_uri: Option<String>,
    /// Whether every request is pushed first.
    #[serde(skip_serializing_if = "Option::is_none")]
    require_pushed_authorization_requests: Option<bool>,
    /// Where signed requests of its may lie.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_uris: Option<Vec<String>>,
    /// What they are signed with; anything that its keys are for where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_object_signing_alg: Option<String>,
    /// `public`, or `pairwise` for names of users that mean nothing elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_type: Option<String>,
    /// Where the redirect URIs of its sector are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    sector_identifier_uri: Option<String>,
    /// How long ago a user may have signed in, in seconds, where a request does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_max_age: Option<u64>,
    /// What its ID tokens are signed with; RS256 where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token_signed_response_alg: Option<String>,
    /// What answers about its users are signed with; plain JSON where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    userinfo_signed_response_alg: Option<String>,
    /// What answers as `jwt` are signed with; RS256 where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_signed_response_alg: Option<String>,
    /// Where a browser may go after it signed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    post_logout_redirect_uris: Option<Vec<String>>,
    /// Where it is told that a session ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_logout_uri: Option<String>,
    /// Whether it must be told which session.
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_logout_session_required: Option<bool>,
    /// What the browser loads in a frame when a session ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    frontchannel_logout_uri: Option<String>,
    /// Whether that must name the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    frontchannel_logout_session_required: Option<bool>,
    /// Whether its tokens are always bound to a key that it proves.
    #[serde(skip_serializing_if = "Option::is_none")]
    dpop_bound_access_tokens: Option<bool>,
    /// Whether its tokens are always bound to its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_certificate_bound_access_tokens: Option<bool>,
    /// Whether its grants have a place in a token status list.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_list: Option<bool>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_uri: Option<String>,
    /// Its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String>,
    /// What it does with what it learns.
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_uri: Option<String>,
    /// Its terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    tos_uri: Option<String>,
}

impl Registration {
    /// The members that were said.
    pub(super) fn said(self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        }
    }
}
