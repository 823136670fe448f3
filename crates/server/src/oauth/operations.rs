//! The OAuth endpoints, for the router and the OpenAPI document: who calls, what is read, what is answered.

use serde_json::{Value, json};

use super::{device, discovery, introspect, jwks, par, revoke, token, userinfo};
use crate::operation::{Operation, Schema, get, post};
use crate::problem::Kind::{InvalidRequest, TooManyRequests};

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
            .says("Exchanges a code, a device's code, a refresh token, or the client's own right for tokens (RFC 6749 section 3.2)")
            .oauth()
            .takes("header", "dpop", text(), PROOF)
            .reads_form(&with_client(&[
                ("grant_type", true),
                ("code", false),
                ("redirect_uri", false),
                ("code_verifier", false),
                ("refresh_token", false),
                ("device_code", false),
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
            .answers_as(200, "What it is worth", "application/json", introspection_response())
            .refuses(&[TooManyRequests]),
        post("/oauth/revoke", "revoke", revoke::post)
            .says("Gives a token back (RFC 7009)")
            .oauth()
            .reads_form(&with_client(&[("token", true), ("token_type_hint", false)]))
            .answers_nothing(200, "The token earns nothing any more")
            .refuses(&[InvalidRequest]),
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
