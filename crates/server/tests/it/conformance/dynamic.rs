//! The plan `oidcc-dynamic-certification-test-plan`: every client is registered by itself, and knows nothing of PKCE.

use cloakroom_engine::settings::Registering;
use cloakroom_jose::{Algorithm, SigningKey};
use cloakroom_model::event::Actor;
use cloakroom_testkit::browser::{Answer, Browser};
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};

use crate::html;
use crate::oauth::keys::{fresh, public, signed};
use crate::oauth::register::{app, register, relying_party};
use crate::oauth::relying_party::{
    CALLBACK, Callback, RelyingParty, ada, callback, claims, open, walk,
};

const WITH_QUERY: &str = "https://app.example/callback?foo=bar";
const SECTOR: &str = "https://app.example/sector.json";

#[tokio::test]
async fn oidcc_idtoken_rs256() {
    let mut scene = Scene::of(json!({ "id_token_signed_response_alg": "RS256" })).await;
    let tokens = scene.sign_in(&[]).await;
    let header = header(&tokens["id_token"]);
    assert_eq!(header["alg"], "RS256");
    assert!(scene.keys().await.contains(&header["kid"]));
}

/// A client cannot register for `none`, so the suite skips the module.
#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    let server = server().await;
    let mut said = app();
    register(&server, None, &said).await.is(201);
    said["id_token_signed_response_alg"] = json!("none");
    let refused = register(&server, None, &said).await.is(400).json();
    assert_eq!(refused["error"], "invalid_client_metadata");
}

#[tokio::test]
async fn oidcc_userinfo_rs256() {
    let mut scene = Scene::of(json!({ "userinfo_signed_response_alg": "RS256" })).await;
    let tokens = scene.sign_in(&[]).await;
    let told = scene.service(&tokens).get("/oauth/userinfo").await;
    assert_eq!(told.is(200).header("content-type"), "application/jwt");
    let token = json!(told.text());
    assert_eq!(header(&token)["alg"], "RS256");
    assert!(scene.keys().await.contains(&header(&token)["kid"]));
    let info = claims(&token);
    assert_eq!((&info["iss"], &info["aud"]), (&json!(ISSUER), &json!(scene.app.id)));
    assert_eq!(info["sub"], claims(&tokens["id_token"])["sub"]);
}

#[tokio::test]
async fn oidcc_ensure_redirect_uri_in_authorization_request() {
    let two = json!({ "redirect_uris": [CALLBACK, "https://app.example/other"] });
    let mut scene = Scene::of(two).await;
    scene.sign_in(&[]).await;
    let page = scene.shown(&[("redirect_uri", "")]).await;
    assert!(page.text().contains("redirect_uri"), "{}", page.text());
}

#[tokio::test]
async fn oidcc_redirect_uri_query_ok() {
    let mut scene = Scene::of(json!({ "redirect_uris": [WITH_QUERY] })).await;
    let answer = scene.ask(&[("redirect_uri", WITH_QUERY)]).await;
    assert_eq!(answer.parameters["foo"], "bar");
    let code = &answer.parameters["code"];
    let with = [("code_verifier", ""), ("redirect_uri", WITH_QUERY)];
    assert!(scene.app.redeem_with(code, &with).await.is(200).json()["id_token"].is_string());
}

#[tokio::test]
async fn oidcc_redirect_uri_query_mismatch() {
    let mut scene = Scene::of(json!({ "redirect_uris": [WITH_QUERY] })).await;
    scene.ask(&[("redirect_uri", WITH_QUERY)]).await;
    let page = scene.shown(&[("redirect_uri", "https://app.example/callback?bar=foo")]).await;
    assert!(page.text().contains("redirect_uri"), "{}", page.text());
}

#[tokio::test]
async fn oidcc_redirect_uri_query_added() {
    let mut scene = Scene::new().await;
    scene.sign_in(&[]).await;
    let page = scene.shown(&[("redirect_uri", WITH_QUERY)]).await;
    assert!(page.text().contains("redirect_uri"), "{}", page.text());
}

#[tokio::test]
async fn oidcc_redirect_uri_regfrag() {
    let server = server().await;
    let mut said = app();
    register(&server, None, &said).await.is(201);
    said["redirect_uris"] = json!(["https://app.example/callback#foobar"]);
    let refused = register(&server, None, &said).await.is(400).json();
    assert_eq!(refused["error"], "invalid_redirect_uri");
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let server = server().await;
    let document = server.browser().get("/.well-known/openid-configuration").await.is(200).json();
    let at = document["registration_endpoint"].as_str().unwrap();
    assert!(at.starts_with(ISSUER), "{at}");
    // Before anybody has registered.
    let signs = document["id_token_signing_alg_values_supported"].as_array().unwrap();
    assert!(signs.contains(&json!("RS256")), "{document}");
    for member in ["response_types_supported", "subject_types_supported", "claims_supported"] {
        assert!(document[member].is_array(), "{member}: {document}");
    }
}

#[tokio::test]
async fn oidcc_server() {
    let mut scene = Scene::new().await;
    let id_token = claims(&scene.sign_in(&[]).await["id_token"]);
    assert_eq!(id_token["iss"], ISSUER);
    assert_eq!(id_token["aud"], scene.app.id.as_str());
    assert_eq!(id_token["nonce"], "the nonce");
}

/// The logo is a link beside the client's name.
#[tokio::test]
async fn oidcc_registration_logo_uri() {
    let page = page_with("logo_uri", "https://app.example/logo.png").await;
    assert!(!page.contains("<img"), "no page asks another host for anything: {page}");
}

#[tokio::test]
async fn oidcc_registration_policy_uri() {
    page_with("policy_uri", "https://app.example/policy").await;
}

#[tokio::test]
async fn oidcc_registration_tos_uri() {
    page_with("tos_uri", "https://app.example/terms").await;
}

#[tokio::test]
async fn oidcc_registration_sector_uri() {
    let server = server().await;
    server.others.put(SECTOR, "application/json", &json!([CALLBACK]).to_string());
    let mut said = app();
    said["sector_identifier_uri"] = json!(SECTOR);
    said["subject_type"] = json!("pairwise");
    let registered = register(&server, None, &said).await.is(201).json();
    assert_eq!(registered["subject_type"], "pairwise");
    assert_eq!(registered["sector_identifier_uri"], SECTOR);
}

#[tokio::test]
async fn oidcc_registration_sector_bad() {
    let server = server().await;
    let mut said = app();
    register(&server, None, &said).await.is(201);
    let other = json!(["https://other.example/callback"]);
    server.others.put(SECTOR, "application/json", &other.to_string());
    said["sector_identifier_uri"] = json!(SECTOR);
    let refused = register(&server, None, &said).await.is(400).json();
    assert_eq!(refused["error"], "invalid_client_metadata");
}

#[tokio::test]
async fn oidcc_server_rotate_keys() {
    let mut scene = Scene::new().await;
    let before = scene.keys().await;
    let old = header(&scene.sign_in(&[]).await["id_token"])["kid"].clone();
    scene.server.engine.rotate_key(Algorithm::Rs256, Actor::Operator).await.unwrap();
    let after = scene.keys().await;
    assert!(after.contains(&old), "{after:?}");
    assert!(after.iter().any(|kid| !before.contains(kid)), "{after:?}");
    let new = header(&scene.sign_in(&[]).await["id_token"])["kid"].clone();
    assert!(new != old && after.contains(&new));
}

/// Requests that nobody signed are not read, so the suite skips the module. The address beside one leads nowhere.
#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let mut scene = Scene::new().await;
    scene.sign_in(&[]).await;
    let unsigned = "eyJhbGciOiJub25lIn0.eyJjbGllbnRfaWQiOiJhcHAifQ.";
    let other = ("redirect_uri", "https://app.example/callback/other");
    scene.shown(&[("request", unsigned), other]).await;
}

#[tokio::test]
async fn oidcc_refresh_token() {
    let mut scene = Scene::new().await;
    let other = register(&scene.server, None, &app()).await.is(201).json();
    let other = relying_party(&scene.server, &other);
    let tokens = scene.sign_in(&[("scope", "openid offline_access")]).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let stolen = other.post("/oauth/token", &again).await;
    assert_eq!(stolen.is(400).json()["error"], "invalid_grant");
    let next = scene.app.post("/oauth/token", &again).await.is(200).json();
    for claim in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(claims(&next["id_token"])[claim], claims(&tokens["id_token"])[claim]);
    }
}

#[tokio::test]
async fn oidcc_ensure_client_assertion_with_iss_aud_succeeds() {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let mut jwk = public(&key);
    jwk["kid"] = json!(key.kid());
    jwk["alg"] = json!("ES256");
    let mut scene = Scene::of(json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [jwk] },
    }))
    .await;
    let answer = scene.ask(&[]).await;
    let id = scene.app.id.as_str();
    let now = scene.server.engine.now().seconds();
    let assertion = signed(
        &key,
        &json!({ "alg": "ES256", "kid": key.kid() }),
        &json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": fresh(), "iat": now, "exp": now + 60 }),
    );
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let with = [
        ("code_verifier", ""),
        ("client_assertion", assertion.as_str()),
        ("client_assertion_type", kind),
    ];
    let tokens = scene.app.redeem_with(&answer.parameters["code"], &with).await;
    assert_eq!(claims(&tokens.is(200).json()["id_token"])["aud"], id);
}

/// A server at which anybody registers, set up for the certification.
async fn server() -> Server {
    Server::with(|setup| {
        setup.engine.own_accord.registering = Registering::Open;
        setup.engine.own_accord.danger_without_pkce = true;
    })
    .await
}

/// The page that somebody who is not signed in gets for a client that registered this address of its own.
async fn page_with(member: &str, address: &str) -> String {
    let mut scene = Scene::of(json!({ member: address, "client_name": "The Client" })).await;
    scene.browser = scene.server.browser();
    let question = scene.question(&[]);
    let page = open(&mut scene.browser, &question).await.text();
    assert!(html::form(&page, "sign-in").is_some(), "{page}");
    assert!(page.contains("The Client asks who you are"), "{page}");
    assert!(page.contains(&format!("href=\"{address}\"")), "{page}");
    page
}

/// A client that registered itself, and a person at a browser.
struct Scene {
    server: Server,
    app: RelyingParty,
    browser: Browser,
}

impl Scene {
    async fn new() -> Self {
        Self::of(json!({})).await
    }

    /// The client says this beside the usual.
    async fn of(said: Value) -> Self {
        let server = server().await;
        let mut all = app();
        all.as_object_mut().unwrap().extend(said.as_object().cloned().unwrap());
        let registered = register(&server, None, &all).await.is(201).json();
        let app = relying_party(&server, &registered);
        let browser = ada(&server).await;
        Self { server, app, browser }
    }

    fn question(&self, with: &[(&str, &str)]) -> String {
        let plain = [("code_challenge", ""), ("code_challenge_method", "")];
        let all: Vec<(&str, &str)> = plain.iter().chain(with).copied().collect();
        self.app.question(&all)
    }

    /// Asks, and the person does what the pages want.
    async fn ask(&mut self, with: &[(&str, &str)]) -> Callback {
        let question = self.question(with);
        walk(&mut self.browser, &question).await
    }

    /// Asks, and the person is told what is wrong, because nobody knows where an answer may go.
    async fn shown(&mut self, with: &[(&str, &str)]) -> Answer {
        let question = self.question(with);
        let page = self.browser.get(&question).await;
        assert!(callback(&page).is_none(), "{with:?}: {}", page.header("location"));
        page.is(400);
        page
    }

    async fn sign_in(&mut self, with: &[(&str, &str)]) -> Value {
        let answer = self.ask(with).await;
        let code = answer.parameters.get("code").unwrap_or_else(|| panic!("{answer:?}"));
        self.app.redeem_with(code, &[("code_verifier", "")]).await.is(200).json()
    }

    /// Whoever holds the access token.
    fn service(&self, tokens: &Value) -> Browser {
        let mut service = self.server.browser();
        service.token = tokens["access_token"].as_str().map(str::to_owned);
        service
    }

    /// The names of the published keys.
    async fn keys(&self) -> Vec<Value> {
        let set = self.server.browser().get("/.well-known/jwks.json").await.is(200).json();
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect()
    }
}

/// The header of a token, unverified.
fn header(token: &Value) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let header = token.as_str().unwrap().split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}
