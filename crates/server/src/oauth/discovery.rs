//! `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4), `/.well-known/oauth-authorization-server` (RFC 8414
//! §3) and `/.well-known/oauth-protected-resource` (RFC 9728 §3): what this server can do, for clients that know nothing but
//! its name.
//!
//! What is enabled stands here, and nowhere else: what starts to work gets its row by being added to it.

use axum::extract::State;
use axum::response::Response;
use cloakroom_jose::{Algorithm, Algorithms};
use cloakroom_model::registration::{AuthenticationMethod, GrantType};
use cloakroom_model::session::Acr;
use cloakroom_oauth::metadata::{self, Enabled, Endpoint, ProtectedResource};
use cloakroom_oauth::{dpop, request_object, ssf};
use http::HeaderValue;
use http::header::CACHE_CONTROL;

use crate::address::PublicAddress;
use crate::answer;
use crate::app::App;

/// As long as the key set: what is enabled changes with a restart, and what is signed with when a client is registered.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

const ENDPOINTS: [Endpoint; 10] = [
    Endpoint::Authorization,
    Endpoint::Token,
    Endpoint::Revocation,
    Endpoint::Introspection,
    Endpoint::UserInfo,
    Endpoint::Pushed,
    Endpoint::Device,
    Endpoint::Logout,
    Endpoint::Keys,
    Endpoint::StatusLists,
];
const GRANT_TYPES: [GrantType; 5] = [
    GrantType::AuthorizationCode,
    GrantType::RefreshToken,
    GrantType::ClientCredentials,
    GrantType::DeviceCode,
    GrantType::TokenExchange,
];
const METHODS: [AuthenticationMethod; 4] = [
    AuthenticationMethod::ClientSecretBasic,
    AuthenticationMethod::ClientSecretPost,
    AuthenticationMethod::PrivateKeyJwt,
    AuthenticationMethod::None,
];
/// Where programs are asked for their certificate.
const METHODS_BY_CERTIFICATE: [AuthenticationMethod; 2] =
    [AuthenticationMethod::TlsClientAuth, AuthenticationMethod::SelfSignedTlsClientAuth];
const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];
const CLAIMS: [&str; 9] = [
    "sub",
    "name",
    "preferred_username",
    "email",
    "email_verified",
    "auth_time",
    "acr",
    "amr",
    "sid",
];

/// What the server says of itself as the one that makes tokens.
pub async fn server(State(app): State<App>) -> Response {
    let settings = app.engine.settings();
    let issuer = settings.issuer.as_str();
    let mtls = app.mtls_address.as_ref().map(PublicAddress::origin);
    let rules = app.engine.rules();
    let own_accord = &settings.own_accord;
    let registers = app.engine.clients_register_themselves();
    let registration = if registers { &[Endpoint::Registration][..] } else { &[] };
    let by_certificate = if mtls.is_some() { &METHODS_BY_CERTIFICATE[..] } else { &[] };
    let mut methods = [&METHODS, by_certificate].concat();
    methods.retain(|method| rules.methods.contains(method));
    let signed_by_clients = |algorithms: Algorithms| algorithms.and(rules.algorithms);
    let enabled = Enabled {
        issuer,
        endpoints: &[&ENDPOINTS, registration].concat(),
        grant_types: &GRANT_TYPES,
        methods: &methods,
        mtls,
        pushed_always: rules.pushed_always,
        documents: own_accord.documents,
        sign_up: settings.sign_up_open,
        signs: app.engine.signs_with(),
        assertions: signed_by_clients(Algorithms::ASYMMETRIC),
        requests: signed_by_clients(request_object::ALGORITHMS),
        // One that is fetched was not pushed.
        request_uris: !rules.pushed_always,
        back_channel_logout: true,
        front_channel_logout: true,
        dpop: signed_by_clients(dpop::ALGORITHMS),
        scopes: &SCOPES.map(str::to_owned),
        claims: &CLAIMS,
        acrs: &[Acr::Aal1],
        authorization_details_types: &[],
        ui_locales: &["en"],
        resources: &settings.open_audiences(),
    };
    kept_for_a_while(answer::ok(&metadata::server(&enabled)))
}

/// What the server says of itself as one that takes tokens.
pub async fn resource(State(app): State<App>) -> Response {
    let issuer = app.engine.settings().issuer.as_str();
    let rules = app.engine.rules();
    let proofs = dpop::ALGORITHMS.and(rules.algorithms);
    let methods: &[&str] = if rules.token_in_body { &["header", "body"] } else { &["header"] };
    kept_for_a_while(answer::ok(&ProtectedResource {
        resource: issuer,
        authorization_servers: &[issuer],
        resource_name: "Cloakroom",
        scopes_supported: &[&SCOPES[..], &[ssf::MANAGE, ssf::READ]]
            .concat()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        bearer_methods_supported: methods,
        dpop_signing_alg_values_supported: proofs.iter().map(Algorithm::name).collect(),
        tls_client_certificate_bound_access_tokens: app.mtls_address.is_some(),
    }))
}

fn kept_for_a_while(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, CACHING);
    response
}
