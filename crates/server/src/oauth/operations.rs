//! The OAuth endpoints, for the router and the OpenAPI document: who calls, what is read, what is answered.

use serde_json::{Value, json};

use super::{
    device, discovery, introspect, jwks, par, register, revoke, status_lists, token, userinfo,
};
use crate::operation::{Operation, Schema, delete, get, post, put};
use crate::problem::Kind::{InvalidRequest, NotFound, TooManyRequests};
use crate::routes::{ASKED_AT, PASSED};

/// How a client proves itself in a body, beside the `Authorization` header.
const CLIENT: [(&str, bool); 4] = [
    ("client_id", false),
    ("client_secret", false),
    ("client_assertion", false),
    ("client_assertion_type", false),
];

/// What the header of RFC 9449 is for.
const PROOF: &str = "A proof of the key that tokens are bound to (RFC 9449)";

/// Every operation of OAuth for programs.
pub(crate) fn operations() -> Vec<Operation> {
    [for_requests(), for_registrations()].into_iter().flatten().collect()
}

fn for_requests() -> Vec<Operation> {
    vec![
        get("/.well-known/jwks.json", "publishedKeys", jwks::get)
            .says("The keys that tokens are verified with (RFC 7517)")
            .answers_as(200, "The key set", "application/jwk-set+json", key_set())
            .with("etag", "Names this state of the set")
            .answers_nothing(304, "The set is as it was"),
        get("/.well-known/openid-configuration", "openIdConfiguration", discovery::server)
            .says("What this server can do (OpenID Connect Discovery)")
            .answers_as(200, "What is enabled", "application/json", metadata()),
        get("/.well-known/oauth-authorization-server", "serverMetadata", discovery::server)
            .says("What this server can do (RFC 8414): the same document")
            .answers_as(200, "What is enabled", "application/json", metadata()),
        get("/.well-known/oauth-protected-resource", "resourceMetadata", discovery::resource)
            .says("Where this server's tokens come from (RFC 9728)")
            .answers_as(200, "What it takes", "application/json", resource_metadata()),
        post("/oauth/token", "token", token::post)
            .says("Exchanges a code, a device's code, a refresh token, another token, or the client's own right for tokens (RFC 6749 section 3.2)")
            .oauth()
            .takes("header", "dpop", text(), PROOF)
            .reads_form(&with_client(&[
                ("grant_type", true),
                ("code", false),
                ("redirect_uri", false),
                ("code_verifier", false),
                ("refresh_token", false),
                ("device_code", false),
                ("subject_token", false),
                ("subject_token_type", false),
                ("actor_token", false),
                ("actor_token_type", false),
                ("requested_token_type", false),
                ("audience", false),
                ("scope", false),
                ("resource", false),
            ]))
            .answers_as(200, "The tokens", "application/json", token_response())
            .refuses(&[TooManyRequests]),
        post("/oauth/par", "pushAuthorizationRequest", par::post)
            .says("Keeps an authorization request, for a browser to bring by its name (RFC 9126)")
            .oauth()
            .takes("header", "dpop", text(), PROOF)
            .reads_form(&with_client(&[
                ("redirect_uri", true),
                ("response_type", false),
                ("scope", false),
                ("state", false),
                ("code_challenge", false),
                ("code_challenge_method", false),
            ]))
            .answers_as(201, "The name", "application/json", pushed_response())
            .refuses(&[TooManyRequests]),
        post("/oauth/device", "authorizeDevice", device::post)
            .says("Lets a device without a browser wait for a person to let it in (RFC 8628)")
            .oauth()
            .reads_form(&with_client(&[("scope", false), ("resource", false)]))
            .answers_as(200, "What it asks with, and what a person types", "application/json", waiting_response())
            .refuses(&[TooManyRequests]),
        post("/oauth/introspect", "introspect", introspect::post)
            .says("Says what a token is worth (RFC 7662)")
            .oauth()
            .reads_form(&with_client(&[("token", true), ("token_type_hint", false)]))
            .takes("header", "cloakroom-place", text(), ASKED_AT)
            .answers_as(200, "What it is worth", "application/json", introspection_response())
            .with("cloakroom-place", PASSED)
            .refuses(&[TooManyRequests]),
        get("/oauth/status-lists", "statusLists", status_lists::all)
            .says("Where the token status lists lie (Token Status List, section 9)")
            .answers_as(200, "All of them", "application/json", all_status_lists()),
        get("/oauth/status-lists/{list}", "statusList", status_lists::one)
            .says("Which grants have ended (Token Status List, section 8)")
            .names_text("list", "The name that a token's claim `status` ends with")
            .answers_as(200, "The signed list", "application/statuslist+jwt", Schema::inline(text()))
            .with("etag", "Names this state of the list")
            .answers_nothing(304, "The list is as it was"),
        post("/oauth/revoke", "revoke", revoke::post)
            .says("Gives a token back (RFC 7009)")
            .oauth()
            .reads_form(&with_client(&[("token", true), ("token_type_hint", false)]))
            .answers_nothing(200, "The token earns nothing any more")
            .refuses(&[InvalidRequest, TooManyRequests]),
        get("/oauth/userinfo", "userInfo", userinfo::get)
            .says("Says who a token's user is (OpenID Connect Core section 5.3)")
            .by_token()
            .answers_as(200, "What the token's scope allows", "application/json", claims()),
        post("/oauth/userinfo", "userInfoByForm", userinfo::post)
            .says("The same, for clients that post; one that may put its token into a body sends it as `access_token`")
            .by_token()
            .answers_as(200, "What the token's scope allows", "application/json", claims()),
    ]
}

/// Where clients register themselves. Nothing is there while that is off.
fn for_registrations() -> Vec<Operation> {
    const PATH: &str = "/oauth/register/{client_id}";
    let own = |operation: Operation| {
        operation
            .by_token()
            .takes("path", "client_id", text(), "The client's name")
            .refuses(&[NotFound, TooManyRequests])
    };
    vec![
        post("/oauth/register", "registerClient", register::post)
            .says("Registers a client at its own wish (RFC 7591, OpenID Connect Dynamic Client Registration)")
            .by_token()
            .reads_as("application/json", client_metadata())
            .answers_as(201, "The client, with its secret and its registration access token this once", "application/json", registered())
            .refuses(&[NotFound, TooManyRequests]),
        own(get(PATH, "readOwnRegistration", register::get))
            .says("What a client registered (RFC 7592)")
            .answers_as(200, "The client", "application/json", registered()),
        own(put(PATH, "changeOwnRegistration", register::put))
            .says("Replaces what a client registered, and its registration access token (RFC 7592)")
            .reads_as("application/json", client_metadata())
            .answers_as(200, "The client", "application/json", registered()),
        own(delete(PATH, "removeOwnRegistration", register::delete))
            .says("Removes a client that registered itself; its grants end (RFC 7592)")
            .answers_nothing(204, "It is gone"),
    ]
}

/// RFC 7591 §2. A member that is null is not there.
fn client_metadata() -> Schema {
    let texts = json!({ "type": ["array", "null"], "items": text(), "maxItems": 32 });
    let maybe = json!({ "type": ["string", "null"] });
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "redirect_uris": texts,
            "client_name": maybe,
            "grant_types": texts,
            "token_endpoint_auth_method": maybe,
            "scope": maybe,
        },
    }))
}

/// RFC 7591 §3.2.1.
fn registered() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "client_id": text(),
            "client_id_issued_at": { "type": "integer" },
            "client_secret": text(),
            "client_secret_expires_at": { "type": "integer" },
            "registration_access_token": text(),
            "registration_client_uri": text(),
        },
        "required": ["client_id", "registration_client_uri"],
    }))
}

fn with_client(fields: &[(&'static str, bool)]) -> Vec<(&'static str, bool)> {
    fields.iter().chain(&CLIENT).copied().collect()
}

fn text() -> Value {
    json!({ "type": "string" })
}

/// RFC 7517 §5.
fn key_set() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": { "keys": { "type": "array", "items": { "type": "object" } } },
        "required": ["keys"],
    }))
}

/// RFC 8414 §2.
fn metadata() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": { "issuer": text() },
        "required": ["issuer"],
    }))
}

/// RFC 9728 §2.
fn resource_metadata() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": { "resource": text() },
        "required": ["resource"],
    }))
}

/// RFC 6749 §5.1.
fn token_response() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "access_token": text(),
            "token_type": { "enum": ["Bearer", "DPoP"] },
            "expires_in": { "type": "integer" },
            "refresh_token": text(),
            "id_token": text(),
            "scope": text(),
            "authorization_details": { "type": "array" },
            "issued_token_type": text(),
        },
        "required": ["access_token", "token_type", "expires_in"],
    }))
}

/// RFC 9126 §2.2.
fn pushed_response() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": { "request_uri": text(), "expires_in": { "type": "integer" } },
        "required": ["request_uri", "expires_in"],
    }))
}

/// RFC 8628 §3.2.
fn waiting_response() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "device_code": text(),
            "user_code": text(),
            "verification_uri": text(),
            "verification_uri_complete": text(),
            "expires_in": { "type": "integer" },
            "interval": { "type": "integer" },
        },
        "required": ["device_code", "user_code", "verification_uri", "expires_in"],
    }))
}

/// Token Status List, §9.3.
fn all_status_lists() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": { "status_lists": { "type": "array", "items": text() } },
        "required": ["status_lists"],
    }))
}

/// RFC 7662 §2.2.
fn introspection_response() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": { "active": { "type": "boolean" } },
        "required": ["active"],
    }))
}

/// OpenID Connect Core §5.3.2.
fn claims() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": { "sub": text() },
        "required": ["sub"],
    }))
}
