use cloakroom_jose::{Algorithm, SigningKey};
use cloakroom_model::registration::{CertificateName, ClientKeys};
use cloakroom_model::secret::Digest;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::registration_response::{self, Credentials};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The least that a client of the web says.
fn least() -> Value {
    json!({"redirect_uris": ["https://app.example/cb"]})
}

fn with(member: &str, value: Value) -> Value {
    let mut body = least();
    body[member] = value;
    body
}

fn offered<R>(read: impl FnOnce(&Offer<'_>) -> R) -> R {
    let scopes = ["openid", "email"].map(str::to_owned);
    read(&Offer { scopes: &scopes, signing: Algorithm::Es256.into() })
}

fn read_value(body: &Value) -> Result<Metadata, Error> {
    offered(|offer| read(body.to_string().as_bytes(), offer))
}

fn registration_of(body: &Value) -> Registration {
    read_value(body).unwrap().registration
}

fn jwk() -> Value {
    let key = SigningKey::generate(Algorithm::Es256).unwrap().public_jwk().unwrap();
    serde_json::from_str(&key.to_json()).unwrap()
}

/// A client that says all there is to say.
fn most() -> Value {
    json!({
        "client_name": "App",
        "application_type": "native",
        "scope": "email openid",
        "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/cb"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials",
                        "urn:ietf:params:oauth:grant-type:device_code",
                        "urn:ietf:params:oauth:grant-type:token-exchange"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=app,O=Example",
        "jwks": {"keys": [jwk()]},
        "subject_type": "pairwise",
        "sector_identifier_uri": "https://app.example/sector.json",
        "tls_client_certificate_bound_access_tokens": true,
        "require_pushed_authorization_requests": true,
        "require_signed_request_object": true,
        "request_object_signing_alg": "PS256",
        "request_uris": ["https://app.example/request.jwt"],
        "default_max_age": 600,
        "default_acr_values": ["aal2"],
        "id_token_signed_response_alg": "ES256",
        "userinfo_signed_response_alg": "ES256",
        "authorization_signed_response_alg": "ES256",
        "introspection_signed_response_alg": "ES256",
        "authorization_details_types": ["payment"],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "backchannel_logout_uri": "https://app.example/logout",
        "backchannel_logout_session_required": true,
        "frontchannel_logout_uri": "https://app.example/frame",
        "frontchannel_logout_session_required": true,
        "client_uri": "https://app.example/",
        "logo_uri": "https://app.example/logo.png",
        "policy_uri": "https://app.example/policy",
        "tos_uri": "https://app.example/terms",
        "contacts": ["ops@app.example"],
        "initiate_login_uri": "https://app.example/start",
    })
}

#[test]
fn what_is_not_said_is_as_the_specification_has_it() {
    let metadata = read_value(&least()).unwrap();
    assert_eq!((metadata.name.as_deref(), metadata.native), (None, false));
    assert_eq!(metadata.scopes, ["openid", "email"]);
    assert_eq!(
        metadata.registration,
        Registration {
            redirect_uris: vec!["https://app.example/cb".into()],
            grant_types: vec![GrantType::AuthorizationCode],
            method: AuthenticationMethod::ClientSecretBasic,
            ..Registration::default()
        }
    );
}

#[test]
fn what_was_registered_is_told_and_can_be_registered_again() {
    let mut expected = most();
    let metadata = read_value(&expected).unwrap();
    let id = ClientId::parse("app").unwrap();
    let client = metadata.clone().into_client(id, None, RegisteredBy::Operator, NOW);
    let told = registration_response::body(
        &client,
        &Credentials {
            secret: None,
            registration_access_token: Some("token"),
            registration_client_uri: "https://id.example/oauth/register/app",
        },
    );
    expected["client_id"] = json!("app");
    expected["client_id_issued_at"] = json!(1_800_000_000);
    expected["registration_access_token"] = json!("token");
    expected["registration_client_uri"] = json!("https://id.example/oauth/register/app");
    expected["scope"] = json!("openid email");
    assert_eq!(told, expected);
    assert_eq!(read_value(&told).unwrap(), metadata);
}

#[test]
fn a_secret_is_told_with_its_end() {
    let secret = ClientSecret { digest: Digest([0; 32]), created_at: NOW, expires_at: None };
    let metadata = read_value(&least()).unwrap();
    let id = ClientId::parse("app").unwrap();
    let client = metadata.into_client(id, Some(secret), RegisteredBy::Operator, NOW);
    let told = registration_response::body(
        &client,
        &Credentials {
            secret: Some("hunter2"),
            registration_access_token: None,
            registration_client_uri: "u",
        },
    );
    assert_eq!(
        (&told["client_secret"], &told["client_secret_expires_at"]),
        (&json!("hunter2"), &json!(0))
    );
    assert!(told.get("registration_access_token").is_none());
}

#[test]
fn an_error_names_the_member_that_is_wrong() {
    assert!(read_value(&least()).is_ok());
    for (member, value) in [
        ("application_type", json!("desktop")),
        ("client_name", json!(7)),
        ("client_name", json!("two\nlines")),
        ("client_name", json!("x".repeat(101))),
        ("scope", json!("a  b")),
        ("grant_types", json!("authorization_code")),
        ("grant_types", json!(["implicit"])),
        ("grant_types", json!(["password"])),
        ("response_types", json!(["token"])),
        ("response_types", json!(["code id_token"])),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("token_endpoint_auth_signing_alg", json!("HS256")),
        ("token_endpoint_auth_signing_alg", json!("none")),
        ("jwks", json!("{}")),
        ("jwks", json!({"keys": []})),
        ("jwks", json!({"keys": [{"kty": "oct", "k": "AA"}]})),
        ("jwks_uri", json!("http://app.example/jwks.json")),
        ("tls_client_auth_san_ip", json!("shop")),
        ("subject_type", json!("secret")),
        ("sector_identifier_uri", json!("http://app.example/s")),
        ("dpop_bound_access_tokens", json!("true")),
        ("request_object_signing_alg", json!("none")),
        ("request_uris", json!(["http://app.example/r"])),
        ("default_max_age", json!(-1)),
        ("default_max_age", json!("600")),
        ("default_acr_values", json!(["gold"])),
        ("require_auth_time", json!(1)),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("RS256")),
        ("id_token_encrypted_response_alg", json!("RSA-OAEP")),
        ("userinfo_signed_response_alg", json!("HS256")),
        ("post_logout_redirect_uris", json!(["javascript:alert(1)"])),
        ("backchannel_logout_uri", json!("http://app.example/logout")),
        ("backchannel_logout_uri", json!("https://app.example/logout#x")),
        ("frontchannel_logout_uri", json!("data:text/html,x")),
        ("client_uri", json!("javascript:alert(1)")),
        ("logo_uri", json!("data:image/png,x")),
        ("contacts", json!([7])),
        ("initiate_login_uri", json!("http://app.example/start")),
        ("authorization_details_types", json!("payment")),
    ] {
        let refused = read_value(&with(member, value.clone())).unwrap_err();
        assert_eq!(refused.code, Code::InvalidClientMetadata, "{member}: {value}");
        assert!(refused.description.starts_with(member), "{member}: {}", refused.description);
    }
}

#[test]
fn redirect_uris_have_a_code_of_their_own() {
    for uris in [
        json!([]),
        Value::Null,
        json!(["http://app.example/cb"]),
        json!(["https://app.example/cb#x"]),
        json!(["javascript:alert(1)"]),
        json!(["https://app.example/cb", "/cb"]),
    ] {
        let refused = read_value(&with("redirect_uris", uris.clone())).unwrap_err();
        assert_eq!(refused.code, Code::InvalidRedirectUri, "{uris}");
    }
    let without = json!({"grant_types": ["client_credentials"]});
    assert!(read_value(&without).is_ok());
}

#[test]
fn what_one_member_asks_for_another_must_allow() {
    for (body, member) in [
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "jwks"),
        (json!({"token_endpoint_auth_method": "self_signed_tls_client_auth"}), "jwks"),
        (json!({"token_endpoint_auth_method": "tls_client_auth"}), "tls_client_auth_subject_dn"),
        (
            json!({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}),
            "grant_types",
        ),
        (
            json!({"grant_types": ["client_credentials"], "response_types": ["code"]}),
            "response_types",
        ),
        (
            json!({"dpop_bound_access_tokens": true,
                   "tls_client_certificate_bound_access_tokens": true}),
            "tls_client_certificate_bound_access_tokens",
        ),
        (
            json!({"tls_client_auth_san_dns": "a", "tls_client_auth_san_email": "a@b"}),
            "tls_client_auth_san_email",
        ),
        (json!({"jwks": {"keys": [jwk()]}, "jwks_uri": "https://app.example/j"}), "jwks"),
        (
            json!({"subject_type": "pairwise",
                   "redirect_uris": ["https://a.example/cb", "https://b.example/cb"]}),
            "sector_identifier_uri",
        ),
    ] {
        let mut asked = least();
        asked.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let refused = read_value(&asked).unwrap_err();
        assert!(refused.description.starts_with(member), "{asked}: {}", refused.description);
    }
    let name = registration_of(&with("tls_client_auth_san_dns", json!("a.example"))).certificate;
    assert_eq!(name, None, "a name beside another method means nothing");
    let mut by_name = with("tls_client_auth_san_dns", json!("a.example"));
    by_name["token_endpoint_auth_method"] = json!("tls_client_auth");
    let name = registration_of(&by_name).certificate;
    assert_eq!(name, Some(CertificateName::SanDns("a.example".into())));
}

#[test]
fn a_private_key_is_not_taken_in() {
    let private = SigningKey::generate(Algorithm::Es256).unwrap().to_private_jwk().unwrap();
    let private: Value = serde_json::from_str(private.as_str()).unwrap();
    let both = json!({"keys": [jwk(), private]});
    let refused = read_value(&with("jwks", both)).unwrap_err();
    assert!(refused.description.contains("private"), "{}", refused.description);
    let good = registration_of(&with("jwks", json!({"keys": [jwk()]})));
    assert!(matches!(good.keys, Some(ClientKeys::Set(_))));
}

#[test]
fn what_is_unknown_is_ignored_and_what_cannot_be_believed_is_refused() {
    let strange = with("favourite_colour", json!({"any": ["thing"]}));
    assert_eq!(read_value(&strange).unwrap(), read_value(&least()).unwrap());
    let stated = with("software_statement", json!("a.b.c"));
    assert_eq!(read_value(&stated).unwrap_err().code, Code::UnapprovedSoftwareStatement);
    assert!(read_value(&with("software_statement", Value::Null)).is_ok());
    let body =
        br#"{"redirect_uris":["https://a.example/cb"],"redirect_uris":["https://b.example/cb"]}"#;
    let twice = offered(|offer| read(body, offer));
    assert_eq!(twice.unwrap_err().code, Code::InvalidClientMetadata);
}

#[test]
fn nobody_registers_a_scope_that_is_not_offered() {
    assert_eq!(read_value(&with("scope", json!("admin email"))).unwrap().scopes, ["email"]);
    let none = read_value(&with("scope", json!("admin"))).unwrap();
    assert!(none.scopes.is_empty());
    let client =
        none.into_client(ClientId::built_in(), None, RegisteredBy::default(), Timestamp(0));
    let again = Value::Object(registration_response::metadata(&client));
    assert!(read_value(&again).unwrap().scopes.is_empty(), "what is told asks for no more");
}

#[test]
fn a_change_names_its_client_and_leaves_what_is_not_the_clients_to_say() {
    let id = ClientId::parse("app").unwrap();
    let update =
        |body: &Value| offered(|offer| read_update(body.to_string().as_bytes(), &id, offer));
    let named = with("client_id", json!("app"));
    assert!(update(&named).is_ok());
    assert!(update(&least()).is_err());
    assert!(update(&with("client_id", json!("other"))).is_err());
    for given_out in ["registration_access_token", "client_id_issued_at"] {
        let mut body = named.clone();
        body[given_out] = json!("x");
        assert!(update(&body).unwrap_err().description.starts_with(given_out));
    }
    let by = RegisteredBy::Itself { token: Digest([1; 32]) };
    let mut client = read_value(&most()).unwrap().into_client(id.clone(), None, by, NOW);
    client.registration.requests.danger_without_pkce = true;
    client.first_party = true;
    let changed = update(&named).unwrap().metadata.applied_to(&client);
    assert_eq!(changed.registration.redirect_uris, ["https://app.example/cb"]);
    assert!(changed.registration.keys.is_none());
    assert!(changed.first_party && changed.registration.requests.danger_without_pkce);
    assert_eq!(changed.registration.by, client.registration.by);
    assert_eq!((changed.id, changed.created_at), (client.id, client.created_at));
}

#[test]
fn a_secret_in_a_change_is_shown_and_not_printed() {
    let id = ClientId::parse("app").unwrap();
    let mut body = with("client_id", json!("app"));
    body["client_secret"] = json!("hunter2");
    let update = offered(|offer| read_update(body.to_string().as_bytes(), &id, offer)).unwrap();
    assert_eq!(update.secret.as_ref().unwrap().as_str(), "hunter2");
    assert!(!format!("{update:?}").contains("hunter2"));
}

#[test]
fn who_registers_itself_asks_people_and_has_no_right_of_its_own() {
    let own = |body: &Value| of_its_own_accord(&read_value(body).unwrap());
    assert!(own(&least()).is_ok());
    let refreshes = json!(["authorization_code", "refresh_token"]);
    assert!(own(&with("grant_types", refreshes)).is_ok());
    for (member, value) in [
        ("grant_types", json!(["authorization_code", "client_credentials"])),
        (
            "grant_types",
            json!(["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]),
        ),
        ("authorization_details_types", json!(["payment"])),
    ] {
        let refused = own(&with(member, value.clone())).unwrap_err();
        assert_eq!(refused.code, Code::InvalidClientMetadata, "{value}");
        assert!(refused.description.starts_with(member), "{refused}");
    }
}

#[test]
fn a_sectors_list_names_every_redirect_uri() {
    let body = json!({ "redirect_uris": ["https://app.example/cb", "https://two.example/cb"] });
    let metadata = read_value(&body).unwrap();
    let good = br#"["https://two.example/cb","https://three.example/cb","https://app.example/cb"]"#;
    assert!(check_listed(&metadata, good).is_ok());
    for bad in [
        r#"["https://app.example/cb"]"#,
        r#"["https://app.example/cb","https://two.example/cb/"]"#,
        r#"{"redirect_uris":["https://app.example/cb","https://two.example/cb"]}"#,
        r#"["https://app.example/cb","https://two.example/cb",7]"#,
        "[]",
        "",
    ] {
        let refused = check_listed(&metadata, bad.as_bytes()).unwrap_err();
        assert_eq!(refused.code, Code::InvalidClientMetadata, "{bad}");
    }
}

proptest! {
    #[test]
    fn no_body_breaks_the_reader(bytes: Vec<u8>) {
        let _ = offered(|offer| read(&bytes, offer));
    }

    #[test]
    fn no_value_of_a_member_breaks_the_reader(
        member in prop::sample::select(most().as_object().unwrap().keys().cloned().collect::<Vec<_>>()),
        value in prop_oneof![
            Just(json!(null)), any::<bool>().prop_map(|it| json!(it)), any::<f64>().prop_map(|it| json!(it)),
            "\\PC*".prop_map(|it| json!(it)), "https?://[a-z.:/@#?]{0,20}".prop_map(|it| json!([it])),
            Just(json!({"keys": [{}]})), Just(json!([[]])),
        ],
    ) {
        let mut body = most();
        body[&member] = value;
        if let Ok(metadata) = read_value(&body) {
            prop_assert!(metadata.registration.redirect_uris.iter().all(|uri| redirect::validate(uri).is_ok()));
        }
    }
}
