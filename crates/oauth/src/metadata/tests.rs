use proptest::prelude::*;

use super::*;
use crate::request_object;
use crate::scene::ISSUER;

const SIGNS: Algorithms = Algorithms::of(&[Algorithm::Ed25519, Algorithm::Es256, Algorithm::Rs256]);

fn enabled<'a>(endpoints: &'a [Endpoint], scopes: &'a [String]) -> Enabled<'a> {
    Enabled {
        issuer: ISSUER,
        endpoints,
        grant_types: &GrantType::ALL,
        methods: &AuthenticationMethod::ALL,
        mtls: Some("https://mtls.example"),
        pushed_always: false,
        documents: true,
        sign_up: true,
        signs: SIGNS,
        assertions: Algorithms::ASYMMETRIC,
        requests: request_object::ALGORITHMS,
        request_uris: true,
        back_channel_logout: true,
        front_channel_logout: true,
        dpop: Algorithms::ASYMMETRIC,
        scopes,
        claims: &["sub", "email"],
        acrs: &[Acr::Aal1],
        authorization_details_types: &[],
        ui_locales: &["en"],
        resources: &[],
    }
}

#[test]
fn a_whole_server_says_all_that_a_client_must_know() {
    let scopes = ["openid".to_owned()];
    let document = server(&enabled(&Endpoint::ALL, &scopes));
    for (name, expected) in [
        ("issuer", json!(ISSUER)),
        ("authorization_endpoint", json!("https://id.example/oauth/authorize")),
        ("jwks_uri", json!("https://id.example/.well-known/jwks.json")),
        ("response_types_supported", json!(["code"])),
        (
            "response_modes_supported",
            json!(["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt"]),
        ),
        ("subject_types_supported", json!(["public", "pairwise"])),
        ("id_token_signing_alg_values_supported", json!(["Ed25519", "ES256", "RS256"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("scopes_supported", json!(["openid"])),
        (
            "prompt_values_supported",
            json!(["none", "login", "consent", "select_account", "create"]),
        ),
        ("acr_values_supported", json!(["aal1"])),
        ("require_pushed_authorization_requests", json!(false)),
    ] {
        assert_eq!(document[name], expected, "{name}");
    }
    let aliases = document["mtls_endpoint_aliases"].as_object().unwrap();
    assert_eq!(aliases["token_endpoint"], "https://mtls.example/oauth/token");
    assert!(!aliases.contains_key("authorization_endpoint"));
    // What nobody may be told can be done, because nobody can do it.
    let requests = document["request_object_signing_alg_values_supported"].as_array().unwrap();
    assert!(!requests.contains(&json!("none")) && !requests.contains(&json!("HS256")));
}

#[test]
fn what_is_off_is_not_there() {
    let few = [Endpoint::Token, Endpoint::Keys];
    let least = Enabled {
        grant_types: &[GrantType::ClientCredentials],
        methods: &[AuthenticationMethod::ClientSecretBasic],
        mtls: None,
        documents: false,
        requests: Algorithms::NONE,
        request_uris: false,
        back_channel_logout: false,
        front_channel_logout: false,
        dpop: Algorithms::NONE,
        ..enabled(&few, &[])
    };
    let document = server(&least);
    let mut members: Vec<_> = document.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "grant_types_supported",
            "issuer",
            "jwks_uri",
            "request_uri_parameter_supported",
            "response_types_supported",
            "token_endpoint",
            "token_endpoint_auth_methods_supported",
        ]
    );
    // This one is true where it is absent (OpenID Connect Discovery §3), so it is said.
    assert_eq!(document["request_uri_parameter_supported"], json!(false));
    assert_eq!(document["response_types_supported"], json!([]));
}

#[test]
fn a_document_lies_behind_the_host() {
    let name = "oauth-authorization-server";
    for (issuer, expected) in [
        ("https://id.example", "https://id.example/.well-known/oauth-authorization-server"),
        ("https://id.example/", "https://id.example/.well-known/oauth-authorization-server"),
        ("https://id.example/a/b", "https://id.example/.well-known/oauth-authorization-server/a/b"),
        ("http://localhost:7117", "http://localhost:7117/.well-known/oauth-authorization-server"),
    ] {
        assert_eq!(well_known(issuer, name), expected);
    }
}

#[test]
fn a_service_says_where_its_tokens_come_from() {
    let resource = ProtectedResource {
        resource: "https://id.example",
        authorization_servers: &[ISSUER],
        resource_name: "Cloakroom",
        scopes_supported: &[],
        bearer_methods_supported: &["header"],
        dpop_signing_alg_values_supported: vec!["ES256"],
        tls_client_certificate_bound_access_tokens: false,
    };
    assert_eq!(
        serde_json::to_value(&resource).unwrap(),
        json!({
            "resource": "https://id.example",
            "authorization_servers": [ISSUER],
            "resource_name": "Cloakroom",
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": ["ES256"],
        })
    );
}

proptest! {
    #[test]
    fn an_endpoint_is_named_if_and_only_if_it_answers(
        endpoints in proptest::sample::subsequence(Endpoint::ALL.to_vec(), 0..=11)
    ) {
        let document = server(&enabled(&endpoints, &[]));
        for endpoint in Endpoint::ALL {
            prop_assert_eq!(document.contains_key(endpoint.member()), endpoints.contains(&endpoint));
        }
    }
}
