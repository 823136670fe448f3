//! RFC 8414, OpenID Connect Discovery 1.0 §3, RFC 9728, and the members that other specifications registered for them:
//! what this server can do, for clients that know nothing but its name.
//!
//! One table writes the document, from what is enabled; a member of something that is off is not there. So a document
//! cannot promise what no endpoint keeps.

use cloakroom_jose::{Algorithm, Algorithms};
use cloakroom_model::policy::authorization::Prompt;
use cloakroom_model::registration::{AuthenticationMethod, GrantType};
use cloakroom_model::session::Acr;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::pkce;
use crate::response_mode::ResponseMode;

/// What clients can send requests to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Endpoint {
    /// Where browsers are sent.
    Authorization,
    /// Where tokens come from.
    Token,
    /// Where tokens are given back.
    Revocation,
    /// Where services ask about tokens.
    Introspection,
    /// Where clients ask who somebody is.
    UserInfo,
    /// Where requests are pushed.
    Pushed,
    /// Where devices begin.
    Device,
    /// Where clients register themselves.
    Registration,
    /// Where browsers are sent to be signed out.
    Logout,
    /// The public keys.
    Keys,
    /// Where all token status lists are named.
    StatusLists,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 11] = [
        Self::Authorization,
        Self::Token,
        Self::Revocation,
        Self::Introspection,
        Self::UserInfo,
        Self::Pushed,
        Self::Device,
        Self::Registration,
        Self::Logout,
        Self::Keys,
        Self::StatusLists,
    ];

    /// Its path behind the issuer's URL.
    #[must_use]
    pub const fn path(self) -> &'static str {
        self.row().0
    }

    /// The member that names it.
    #[must_use]
    pub const fn member(self) -> &'static str {
        self.row().1
    }

    /// Whether clients prove themselves there, so that one with a certificate needs it under another name (RFC 8705 §5).
    #[must_use]
    pub const fn has_clients_of_its_own(self) -> bool {
        self.row().2
    }

    const fn row(self) -> (&'static str, &'static str, bool) {
        match self {
            Self::Authorization => ("/oauth/authorize", "authorization_endpoint", false),
            Self::Token => ("/oauth/token", "token_endpoint", true),
            Self::Revocation => ("/oauth/revoke", "revocation_endpoint", true),
            Self::Introspection => ("/oauth/introspect", "introspection_endpoint", true),
            Self::UserInfo => ("/oauth/userinfo", "userinfo_endpoint", true),
            Self::Pushed => ("/oauth/par", "pushed_authorization_request_endpoint", true),
            Self::Device => ("/oauth/device", "device_authorization_endpoint", true),
            Self::Registration => ("/oauth/register", "registration_endpoint", false),
            Self::Logout => ("/oauth/logout", "end_session_endpoint", false),
            Self::Keys => ("/.well-known/jwks.json", "jwks_uri", false),
            // draft-ietf-oauth-status-list, §9.2
            Self::StatusLists => ("/oauth/status-lists", "status_list_aggregation_endpoint", false),
        }
    }
}

/// What is enabled.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one thing of its own whether it is on"
)]
pub struct Enabled<'a> {
    /// The issuer's URL.
    pub issuer: &'a str,
    /// The endpoints that answer.
    pub endpoints: &'a [Endpoint],
    /// The ways to tokens.
    pub grant_types: &'a [GrantType],
    /// How clients may prove themselves.
    pub methods: &'a [AuthenticationMethod],
    /// The URL at which clients present certificates, where there is one.
    pub mtls: Option<&'a str>,
    /// Whether every request is pushed.
    pub pushed_always: bool,
    /// Whether a URL can be a client's name (Client ID Metadata Documents).
    pub documents: bool,
    /// Whether people can make accounts.
    pub sign_up: bool,
    /// What this server signs with.
    pub signs: Algorithms,
    /// What clients may sign assertions of who they are with (RFC 7523).
    pub assertions: Algorithms,
    /// What clients may sign their requests with (RFC 9101); none where signed requests are not read.
    pub requests: Algorithms,
    /// Whether signed requests are fetched from where a client says they lie.
    pub request_uris: bool,
    /// Whether clients are told by themselves that a session ended.
    pub back_channel_logout: bool,
    /// Whether they are told by the browser.
    pub front_channel_logout: bool,
    /// What clients may sign proofs of a key with (RFC 9449); none where that is off.
    pub dpop: Algorithms,
    /// The scopes that are worth telling.
    pub scopes: &'a [String],
    /// The claims that this server can know.
    pub claims: &'a [&'a str],
    /// How surely it can know somebody.
    pub acrs: &'a [Acr],
    /// The types of `authorization_details` that some client may ask for.
    pub authorization_details_types: &'a [String],
    /// The languages of its pages.
    pub ui_locales: &'a [&'a str],
    /// The services whose own metadata name this server (RFC 9728 §4).
    pub resources: &'a [String],
}

/// The document of the server: the same for RFC 8414 and for OpenID Connect.
#[must_use]
pub fn server(enabled: &Enabled<'_>) -> Map<String, Value> {
    let is = |endpoint| enabled.endpoints.contains(&endpoint);
    let front = is(Endpoint::Authorization);
    let signs = names(enabled.signs);
    let methods: Vec<_> = enabled.methods.iter().filter_map(|method| method.as_str()).collect();
    let assertions = enabled.methods.contains(&AuthenticationMethod::PrivateKeyJwt);
    let assertion_algorithms = || assertions.then(|| names(enabled.assertions));
    let signed = !enabled.requests.is_empty();
    let when = |condition: bool, value: Value| condition.then_some(value);
    let proves = |endpoint| when(is(endpoint), json!(methods));
    // RFC 7662 §2.1: who proves nothing is told nothing of a token.
    let surely: Vec<_> = methods.iter().filter(|method| **method != "none").collect();
    let prompts =
        Prompt::ALL.into_iter().filter(|prompt| enabled.sign_up || *prompt != Prompt::Create);
    let prompts: Vec<_> = prompts.map(Prompt::as_str).collect();
    let acrs: Vec<_> = enabled.acrs.iter().map(|acr| acr.as_str()).collect();
    let grant_types: Vec<_> = enabled.grant_types.iter().map(|grant| grant.as_str()).collect();
    let mut rows: Vec<(&str, Option<Value>)> = vec![
        // RFC 8414, OpenID Connect Discovery
        ("issuer", Some(json!(enabled.issuer))),
        ("scopes_supported", some(enabled.scopes)),
        ("response_types_supported", Some(if front { json!(["code"]) } else { json!([]) })),
        (
            "response_modes_supported",
            when(front, json!(ResponseMode::ALL.map(ResponseMode::as_str))),
        ),
        ("grant_types_supported", Some(json!(grant_types))),
        ("token_endpoint_auth_methods_supported", proves(Endpoint::Token)),
        ("token_endpoint_auth_signing_alg_values_supported", assertion_algorithms()),
        ("revocation_endpoint_auth_methods_supported", proves(Endpoint::Revocation)),
        (
            "introspection_endpoint_auth_methods_supported",
            when(is(Endpoint::Introspection), json!(surely)),
        ),
        ("code_challenge_methods_supported", when(front, json!([pkce::METHOD]))),
        ("ui_locales_supported", when(front, json!(enabled.ui_locales))),
        ("subject_types_supported", when(front, json!(["public", "pairwise"]))),
        ("id_token_signing_alg_values_supported", when(front, signs.clone())),
        ("userinfo_signing_alg_values_supported", when(is(Endpoint::UserInfo), signs.clone())),
        ("acr_values_supported", when(front, json!(acrs))),
        ("display_values_supported", when(front, json!(["page", "popup", "touch", "wap"]))),
        ("claim_types_supported", when(front, json!(["normal"]))),
        ("claims_supported", when(front, json!(enabled.claims))),
        ("claims_parameter_supported", when(front, json!(true))),
        // OpenID Connect Core §6, RFC 9101
        ("request_parameter_supported", when(front, json!(signed))),
        ("request_uri_parameter_supported", Some(json!(front && enabled.request_uris))),
        ("require_request_uri_registration", when(front && enabled.request_uris, json!(true))),
        (
            "request_object_signing_alg_values_supported",
            when(front && signed, names(enabled.requests)),
        ),
        // Initiating User Registration via OpenID Connect
        ("prompt_values_supported", when(front, json!(prompts))),
        // RFC 9207, JARM
        ("authorization_response_iss_parameter_supported", when(front, json!(true))),
        ("authorization_signing_alg_values_supported", when(front, signs.clone())),
        // RFC 9701
        ("introspection_signing_alg_values_supported", when(is(Endpoint::Introspection), signs)),
        // RFC 9126
        (
            "require_pushed_authorization_requests",
            when(is(Endpoint::Pushed), json!(enabled.pushed_always)),
        ),
        // RFC 8705
        ("tls_client_certificate_bound_access_tokens", when(enabled.mtls.is_some(), json!(true))),
        ("mtls_endpoint_aliases", enabled.mtls.map(|url| aliases(enabled.endpoints, url))),
        // RFC 9449
        ("dpop_signing_alg_values_supported", when(!enabled.dpop.is_empty(), names(enabled.dpop))),
        // RFC 9396
        ("authorization_details_types_supported", some(enabled.authorization_details_types)),
        // OpenID Connect Back-Channel Logout, Front-Channel Logout
        ("backchannel_logout_supported", when(enabled.back_channel_logout, json!(true))),
        ("backchannel_logout_session_supported", when(enabled.back_channel_logout, json!(true))),
        ("frontchannel_logout_supported", when(enabled.front_channel_logout, json!(true))),
        ("frontchannel_logout_session_supported", when(enabled.front_channel_logout, json!(true))),
        // Client ID Metadata Documents
        ("client_id_metadata_document_supported", when(enabled.documents, json!(true))),
        // RFC 9728
        ("protected_resources", some(enabled.resources)),
    ];
    for endpoint in enabled.endpoints {
        rows.push((endpoint.member(), Some(json!(at(enabled.issuer, *endpoint)))));
    }
    rows.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Where the document about `issuer` lies: behind its host, before its path (RFC 8414 §3, RFC 9728 §3.1). OpenID Connect
/// alone puts it behind the path.
#[must_use]
pub fn well_known(issuer: &str, name: &str) -> String {
    let authority = issuer.find("://").map_or(0, |at| at + 3);
    let path = issuer[authority..].find('/').map_or(issuer.len(), |at| authority + at);
    let (origin, path) = issuer.split_at(path);
    format!("{origin}/.well-known/{name}{}", path.trim_end_matches('/'))
}

/// What a service says of itself (RFC 9728 §2), so that a client finds out where its tokens come from.
#[derive(Clone, Debug, Serialize)]
pub struct ProtectedResource<'a> {
    /// The service's own URL: the `resource` to ask for.
    pub resource: &'a str,
    /// Who makes its tokens.
    pub authorization_servers: &'a [&'a str],
    /// Its name for people.
    pub resource_name: &'a str,
    /// The scopes that it knows.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub scopes_supported: &'a [String],
    /// The places where it takes a token: `header`, `body`, `query`.
    pub bearer_methods_supported: &'a [&'a str],
    /// What proofs of a key may be signed with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<&'a str>,
    /// Whether it takes tokens that are bound to a certificate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
}

fn at(url: &str, endpoint: Endpoint) -> String {
    format!("{}{}", url.trim_end_matches('/'), endpoint.path())
}

fn aliases(endpoints: &[Endpoint], url: &str) -> Value {
    let own = endpoints.iter().filter(|endpoint| endpoint.has_clients_of_its_own());
    let pairs = own.map(|endpoint| (endpoint.member().to_owned(), json!(at(url, *endpoint))));
    Value::Object(pairs.collect())
}

fn names(algorithms: Algorithms) -> Value {
    json!(algorithms.iter().map(Algorithm::name).collect::<Vec<_>>())
}

fn some(texts: &[String]) -> Option<Value> {
    (!texts.is_empty()).then(|| json!(texts))
}

#[cfg(test)]
mod tests;
