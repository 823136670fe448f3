//! The plans `oidcc-basic-certification-test-plan` and `oidcc-formpost-basic-certification-test-plan`: the same modules,
//! with the answer in the query and in a form.

use std::time::Duration;

use cloakroom_model::registration::{AnswerSigning, AuthenticationMethod};
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use crate::html;
use crate::oauth::relying_party::{Callback, RelyingParty, ada, callback, claims, open, walk};

/// Each module in both plans.
macro_rules! modules {
    ($($module:ident)*) => {
        mod query {
            $(#[tokio::test]
            async fn $module() {
                super::$module("query").await;
            })*
        }

        mod form_post {
            $(#[tokio::test]
            async fn $module() {
                super::$module("form_post").await;
            })*
        }
    };
}

modules! {
    oidcc_server
    oidcc_response_type_missing
    oidcc_idtoken_signature
    oidcc_idtoken_unsigned
    oidcc_userinfo_get
    oidcc_userinfo_post_header
    oidcc_userinfo_post_body
    oidcc_ensure_request_without_nonce_succeeds_for_code_flow
    oidcc_scope_profile
    oidcc_scope_email
    oidcc_scope_address
    oidcc_scope_phone
    oidcc_scope_all
    oidcc_alternate_happy_flow
    oidcc_display_page
    oidcc_display_popup
    oidcc_prompt_login
    oidcc_prompt_none_not_logged_in
    oidcc_prompt_none_logged_in
    oidcc_max_age_1
    oidcc_max_age_10000
    oidcc_ensure_request_with_unknown_parameter_succeeds
    oidcc_id_token_hint
    oidcc_login_hint
    oidcc_ui_locales
    oidcc_claims_locales
    oidcc_ensure_request_with_acr_values_succeeds
    oidcc_codereuse
    oidcc_codereuse_30seconds
    oidcc_ensure_registered_redirect_uri
    oidcc_ensure_post_request_succeeds
    oidcc_server_client_secret_post
    oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported
    oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported
    oidcc_claims_essential
    oidcc_ensure_request_object_with_redirect_uri
    oidcc_refresh_token
    oidcc_ensure_request_with_valid_pkce_succeeds
}

async fn oidcc_server(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let tokens = scene.sign_in(&[]).await;
    let id_token = claims(&tokens["id_token"]);
    assert_eq!(id_token["iss"], "http://localhost:7117");
    assert_eq!(id_token["aud"], "app");
    assert_eq!(id_token["nonce"], "the nonce");
    assert!(id_token["exp"].as_u64() > id_token["iat"].as_u64());
    assert!(id_token["sub"].as_str().unwrap().len() <= 255);
}

async fn oidcc_response_type_missing(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let refused = scene.ask(&[("response_type", "")]).await;
    assert_eq!(refused.parameters["error"], "invalid_request");
    assert_eq!(refused.parameters["state"], "the state");
}

async fn oidcc_idtoken_signature(mode: &'static str) {
    let mut scene = Scene::with(mode, |new| {
        new.registration.signing = AnswerSigning::default();
    })
    .await;
    let tokens = scene.sign_in(&[]).await;
    assert_eq!(header(&tokens["id_token"])["alg"], "RS256");
    let keys = scene.browser.get("/.well-known/jwks.json").await.json();
    let kid = header(&tokens["id_token"])["kid"].clone();
    assert!(keys["keys"].as_array().unwrap().iter().any(|key| key["kid"] == kid), "{keys}");
}

/// A client cannot register for `none`, so the suite skips the module.
async fn oidcc_idtoken_unsigned(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let token = scene.sign_in(&[]).await["id_token"].clone();
    assert_ne!(header(&token)["alg"], "none");
    assert!(!token.as_str().unwrap().ends_with('.'));
}

async fn oidcc_userinfo_get(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let tokens = scene.sign_in(&[]).await;
    let info = scene.service(&tokens).get("/oauth/userinfo").await.is(200).json();
    assert_eq!(info["sub"], claims(&tokens["id_token"])["sub"]);
}

async fn oidcc_userinfo_post_header(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let tokens = scene.sign_in(&[]).await;
    let info = scene.service(&tokens).form("/oauth/userinfo", "").await.is(200).json();
    assert_eq!(info["sub"], claims(&tokens["id_token"])["sub"]);
}

/// A token is accepted in a body only where a client is configured for it; the suite warns.
async fn oidcc_userinfo_post_body(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let tokens = scene.sign_in(&[]).await;
    let body = format!("access_token={}", tokens["access_token"].as_str().unwrap());
    let refused = scene.server.browser().form("/oauth/userinfo", &body).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_request");
}

async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let tokens = scene.sign_in(&[("nonce", "")]).await;
    assert_eq!(claims(&tokens["id_token"])["nonce"], Value::Null);
}

async fn oidcc_scope_profile(mode: &'static str) {
    let info = Scene::new(mode).await.info("openid profile").await;
    assert!(info["sub"].is_string() && info.get("email").is_none(), "{info}");
}

async fn oidcc_scope_email(mode: &'static str) {
    let info = Scene::new(mode).await.info("openid email").await;
    assert_eq!(
        (&info["email"], &info["email_verified"]),
        (&json!("ada@example.com"), &json!(false))
    );
}

/// Nobody has told Cloakroom an address; what is not known is left out.
async fn oidcc_scope_address(mode: &'static str) {
    let info = Scene::new(mode).await.info("openid address").await;
    assert_eq!(info.get("address"), None);
}

async fn oidcc_scope_phone(mode: &'static str) {
    let info = Scene::new(mode).await.info("openid phone").await;
    assert_eq!(info.get("phone_number"), None);
}

async fn oidcc_scope_all(mode: &'static str) {
    let info = Scene::new(mode).await.info("openid address email phone profile").await;
    assert_eq!(info["email"], "ada@example.com");
}

async fn oidcc_alternate_happy_flow(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let parameters = scene.parameters(&[("scope", "profile email openid")]);
    let turned: Vec<&str> = parameters.split('&').rev().collect();
    let question = format!("/oauth/authorize?{}", turned.join("&"));
    let answer = walk(&mut scene.browser, &question).await;
    scene.redeem(&answer).await;
}

async fn oidcc_display_page(mode: &'static str) {
    display(mode, "page").await;
}

async fn oidcc_display_popup(mode: &'static str) {
    display(mode, "popup").await;
}

async fn display(mode: &'static str, display: &str) {
    let mut scene = Scene::nobody(mode).await;
    let page = scene.open(&[("display", display)]).await;
    assert!(html::form(&page.text(), "sign-in").is_some(), "{}", page.text());
    scene.sign_in(&[("display", display)]).await;
}

async fn oidcc_prompt_login(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let first = scene.sign_in(&[]).await;
    scene.server.clock.go(Duration::from_secs(2));
    let page = scene.open(&[("prompt", "login")]).await;
    assert!(html::form(&page.text(), "again").is_some(), "{}", page.text());
    let second = scene.sign_in(&[("prompt", "login")]).await;
    assert!(auth_time(&second) > auth_time(&first));
}

async fn oidcc_prompt_none_not_logged_in(mode: &'static str) {
    let mut scene = Scene::nobody(mode).await;
    let refused = scene.ask(&[("prompt", "none")]).await;
    assert_eq!(refused.parameters["error"], "login_required");
}

async fn oidcc_prompt_none_logged_in(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let first = scene.sign_in(&[]).await;
    let answer = scene.ask(&[("prompt", "none")]).await;
    same_person(&first, &scene.redeem(&answer).await);
}

async fn oidcc_max_age_1(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let first = scene.sign_in(&[]).await;
    scene.server.clock.go(Duration::from_secs(2));
    let page = scene.open(&[("max_age", "1")]).await;
    assert!(html::form(&page.text(), "again").is_some(), "{}", page.text());
    let second = scene.sign_in(&[("max_age", "1")]).await;
    assert!(auth_time(&second) > auth_time(&first));
}

async fn oidcc_max_age_10000(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let first = scene.sign_in(&[("max_age", "15000")]).await;
    assert!(auth_time(&first) > 0);
    scene.server.clock.go(Duration::from_secs(2));
    let answer = scene.ask(&[("max_age", "10000")]).await;
    same_person(&first, &scene.redeem(&answer).await);
}

async fn oidcc_ensure_request_with_unknown_parameter_succeeds(mode: &'static str) {
    Scene::new(mode).await.sign_in(&[("extra", "foobar")]).await;
}

async fn oidcc_id_token_hint(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let first = scene.sign_in(&[]).await;
    let hint = first["id_token"].as_str().unwrap();
    let answer = scene.ask(&[("prompt", "none"), ("id_token_hint", hint)]).await;
    same_person(&first, &scene.redeem(&answer).await);
    // Somebody else is there, and the client asks for the first one.
    let mut eve = scene.server.browser();
    eve.sign_up("eve").await;
    let question = scene.question(&[("prompt", "none"), ("id_token_hint", hint)]);
    let refused = callback(&eve.get(&question).await).unwrap();
    assert_eq!(refused.parameters["error"], "login_required");
}

async fn oidcc_login_hint(mode: &'static str) {
    let mut scene = Scene::nobody(mode).await;
    let hint = ("login_hint", "buffy@example.com");
    let page = scene.open(&[hint]).await;
    assert!(page.text().contains("value=\"buffy@example.com\""), "{}", page.text());
    scene.sign_in(&[hint]).await;
}

async fn oidcc_ui_locales(mode: &'static str) {
    Scene::nobody(mode).await.sign_in(&[("ui_locales", "se")]).await;
}

async fn oidcc_claims_locales(mode: &'static str) {
    Scene::new(mode).await.sign_in(&[("claims_locales", "se")]).await;
}

async fn oidcc_ensure_request_with_acr_values_succeeds(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let tokens = scene.sign_in(&[("acr_values", "aal1")]).await;
    assert_eq!(claims(&tokens["id_token"])["acr"], "aal1");
    scene.sign_in(&[("acr_values", "1 2")]).await;
}

async fn oidcc_codereuse(mode: &'static str) {
    reuse(mode, Duration::ZERO).await;
}

async fn oidcc_codereuse_30seconds(mode: &'static str) {
    reuse(mode, Duration::from_secs(30)).await;
}

async fn reuse(mode: &'static str, after: Duration) {
    let mut scene = Scene::new(mode).await;
    let answer = scene.ask_as_a_person(&[]).await;
    let tokens = scene.redeem(&answer).await;
    scene.service(&tokens).get("/oauth/userinfo").await.is(200);
    scene.server.clock.go(after);
    let again = scene.app.redeem(&answer.parameters["code"]).await;
    assert_eq!(again.is(400).json()["error"], "invalid_grant");
    scene.service(&tokens).get("/oauth/userinfo").await.is(401);
}

async fn oidcc_ensure_registered_redirect_uri(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let question = scene.question(&[("redirect_uri", "https://app.example/callback/other")]);
    let page = scene.browser.get(&question).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (400, ""));
    assert!(page.text().contains("redirect_uri"), "{}", page.text());
}

async fn oidcc_ensure_post_request_succeeds(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let mut post = request(Method::POST, "/oauth/authorize", scene.parameters(&[]).into());
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    post.headers_mut().insert("content-type", form);
    post.headers_mut().insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    // Another site's form comes without the cookie.
    let sent = scene.server.browser().send(post).await;
    let answer = walk(&mut scene.browser, sent.header("location")).await;
    scene.redeem(&answer).await;
}

async fn oidcc_server_client_secret_post(mode: &'static str) {
    let mut scene = Scene::with(mode, |new| {
        new.registration.method = AuthenticationMethod::ClientSecretPost;
    })
    .await;
    let answer = scene.ask_as_a_person(&[]).await;
    let in_the_header = scene.app.redeem(&answer.parameters["code"]).await;
    assert_eq!(in_the_header.is(401).json()["error"], "invalid_client");
    // Without a secret for the header the relying party puts its name into the body, and here the secret beside it.
    let secret = scene.app.secret.take().unwrap();
    let code = &answer.parameters["code"];
    let in_the_body = [("code_verifier", ""), ("client_secret", secret.as_str())];
    let tokens = scene.app.redeem_with(code, &in_the_body).await;
    assert!(tokens.is(200).json()["id_token"].is_string());
}

async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    mode: &'static str,
) {
    let mut scene = Scene::new(mode).await;
    let refused = scene.ask(&[("request_uri", "https://app.example/request.jwt")]).await;
    assert_eq!(refused.parameters["error"], "request_uri_not_supported");
}

async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    mode: &'static str,
) {
    let mut scene = Scene::new(mode).await;
    let refused = scene.ask(&[("request", UNSIGNED)]).await;
    assert_eq!(refused.parameters["error"], "request_not_supported");
}

async fn oidcc_claims_essential(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let wanted = r#"{"userinfo":{"name":{"essential":true}}}"#;
    let tokens = scene.sign_in(&[("claims", wanted)]).await;
    // Ada has no name here, and a claim that is not known is no failure.
    scene.service(&tokens).get("/oauth/userinfo").await.is(200);
}

async fn oidcc_ensure_request_object_with_redirect_uri(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let other = ("redirect_uri", "https://app.example/callback/other");
    let question = scene.question(&[("request", UNSIGNED), other]);
    let page = scene.browser.get(&question).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (400, ""));
}

async fn oidcc_refresh_token(mode: &'static str) {
    let mut scene = Scene::new(mode).await;
    let other = RelyingParty::with(&scene.server, |new| new.id = None).await;
    let tokens = scene.sign_in(&[("scope", "openid offline_access")]).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let stolen = other.post("/oauth/token", &again).await;
    assert_eq!(stolen.is(400).json()["error"], "invalid_grant");
    let next = scene.app.post("/oauth/token", &again).await.is(200).json();
    same_person(&tokens, &next);
    assert_eq!(claims(&next["id_token"])["iss"], claims(&tokens["id_token"])["iss"]);
}

async fn oidcc_ensure_request_with_valid_pkce_succeeds(mode: &'static str) {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut browser = ada(&server).await;
    let answer = walk(&mut browser, &app.question(&[("response_mode", mode)])).await;
    app.redeem(&answer.parameters["code"]).await.is(200);
}

/// `{"alg":"none"}`, and a request.
const UNSIGNED: &str = "eyJhbGciOiJub25lIn0.eyJjbGllbnRfaWQiOiJhcHAifQ.";

/// A client as the suite registers it, which knows nothing of PKCE, and a person at a browser.
struct Scene {
    server: Server,
    app: RelyingParty,
    browser: Browser,
    mode: &'static str,
}

impl Scene {
    async fn new(mode: &'static str) -> Self {
        Self::with(mode, |_| ()).await
    }

    /// The client is registered otherwise.
    async fn with(
        mode: &'static str,
        change: impl FnOnce(&mut cloakroom_engine::clients::NewClient),
    ) -> Self {
        let server = Server::start().await;
        let app = RelyingParty::with(&server, |new| {
            new.registration.requests.danger_without_pkce = true;
            new.audiences.clear();
            new.scopes.extend(["address", "phone"].map(str::to_owned));
            change(new);
        })
        .await;
        let browser = ada(&server).await;
        Self { server, app, browser, mode }
    }

    /// Ada has an account and is not signed in.
    async fn nobody(mode: &'static str) -> Self {
        let scene = Self::new(mode).await;
        Self { browser: scene.server.browser(), ..scene }
    }

    fn parameters(&self, with: &[(&str, &str)]) -> String {
        let plain =
            [("response_mode", self.mode), ("code_challenge", ""), ("code_challenge_method", "")];
        let all: Vec<(&str, &str)> = plain.iter().chain(with).copied().collect();
        self.app.parameters(&all)
    }

    fn question(&self, with: &[(&str, &str)]) -> String {
        format!("/oauth/authorize?{}", self.parameters(with))
    }

    /// The page that is shown for a question.
    async fn open(&mut self, with: &[(&str, &str)]) -> Answer {
        let question = self.question(with);
        open(&mut self.browser, &question).await
    }

    /// Asks, and expects an answer without anybody being asked anything.
    async fn ask(&mut self, with: &[(&str, &str)]) -> Callback {
        let page = self.browser.get(&self.question(with)).await;
        self.came(callback(&page).unwrap_or_else(|| panic!("{with:?}: {}", page.text())))
    }

    /// Asks, and the person does what the pages want.
    async fn ask_as_a_person(&mut self, with: &[(&str, &str)]) -> Callback {
        let question = self.question(with);
        let answer = walk(&mut self.browser, &question).await;
        self.came(answer)
    }

    fn came(&self, answer: Callback) -> Callback {
        assert_eq!(answer.mode, self.mode, "{answer:?}");
        answer
    }

    async fn redeem(&self, answer: &Callback) -> Value {
        let code = answer.parameters.get("code").unwrap_or_else(|| panic!("{answer:?}"));
        self.app.redeem_with(code, &[("code_verifier", "")]).await.is(200).json()
    }

    async fn sign_in(&mut self, with: &[(&str, &str)]) -> Value {
        let answer = self.ask_as_a_person(with).await;
        self.redeem(&answer).await
    }

    /// Whoever holds the access token.
    fn service(&self, tokens: &Value) -> Browser {
        let mut service = self.server.browser();
        service.token = tokens["access_token"].as_str().map(str::to_owned);
        service
    }

    async fn info(&mut self, scope: &str) -> Value {
        let tokens = self.sign_in(&[("scope", scope)]).await;
        self.service(&tokens).get("/oauth/userinfo").await.is(200).json()
    }
}

fn auth_time(tokens: &Value) -> u64 {
    claims(&tokens["id_token"])["auth_time"].as_u64().unwrap()
}

fn same_person(first: &Value, second: &Value) {
    assert_eq!(auth_time(first), auth_time(second));
    assert_eq!(claims(&first["id_token"])["sub"], claims(&second["id_token"])["sub"]);
}

/// The header of a token, unverified.
fn header(token: &Value) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let header = token.as_str().unwrap().split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}
