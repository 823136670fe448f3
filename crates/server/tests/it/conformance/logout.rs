//! The plans `oidcc-rp-initiated-logout-certification-test-plan`,
//! `oidcc-backchannel-rp-initiated-logout-certification-test-plan` and
//! `oidcc-frontchannel-rp-initiated-logout-certification-test-plan`.

use std::sync::Arc;

use cloakroom_engine::fetch::Fetch;
use cloakroom_model::registration::Logout;
use cloakroom_testkit::browser::{Answer, Browser};
use cloakroom_testkit::server::Server;
use serde_json::json;
use url::form_urlencoded::Serializer;

use crate::html;
use crate::oauth::relying_party::{RelyingParty, ada, callback, claims, send};

const BYE: &str = "https://app.example/bye";
const BACK: &str = "https://app.example/back";
const FRONT: &str = "https://app.example/front";

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let mut scene = Scene::new().await;
    let hint = scene.hint.clone();
    let gone = scene.log_out(&[("id_token_hint", &hint), BACK_TO_APP, STATE]).await;
    assert_eq!(gone.header("location"), format!("{BYE}?state=s"));
    assert!(scene.is_signed_out().await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let mut scene = Scene::new().await;
    let elsewhere = ("post_logout_redirect_uri", "https://app.example/elsewhere");
    let hint = scene.hint.clone();
    let page = scene.log_out(&[("id_token_hint", &hint), elsewhere, STATE]).await;
    scene.was_told(&page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let mut scene = Scene::new().await;
    let (head, signature) = scene.hint.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let modified = format!("{head}.{first}{}", &signature[1..]);
    let page = scene.log_out(&[("id_token_hint", &modified), BACK_TO_APP, STATE]).await;
    scene.was_told(&page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let mut scene = Scene::new().await;
    let page = scene.log_out(&[("id_token_hint", "bad"), BACK_TO_APP, STATE]).await;
    scene.was_told(&page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let mut scene = Scene::new().await;
    let page = scene.log_out(&[BACK_TO_APP, STATE]).await;
    scene.was_told(&page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let mut scene = Scene::new().await;
    let added = ("post_logout_redirect_uri", "https://app.example/bye?foo=bar");
    let hint = scene.hint.clone();
    let page = scene.log_out(&[("id_token_hint", &hint), added, STATE]).await;
    scene.was_told(&page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    let mut scene = Scene::new().await;
    let page = scene.log_out(&[]).await;
    scene.says_yes(&page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    let mut scene = Scene::new().await;
    let page = scene.log_out(&[STATE]).await;
    scene.says_yes(&page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let mut scene = Scene::new().await;
    let hint = scene.hint.clone();
    let gone = scene.log_out(&[("id_token_hint", &hint), STATE]).await;
    assert_eq!(gone.header("location"), "/sign-out");
    assert!(scene.is_signed_out().await);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let mut scene = Scene::new().await;
    let hint = scene.hint.clone();
    let gone = scene.log_out(&[("id_token_hint", &hint), BACK_TO_APP]).await;
    assert_eq!(gone.header("location"), BYE);
    assert!(scene.is_signed_out().await);
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let mut scene = Scene::new().await;
    scene.server.others.put(BACK, "text/plain", "");
    let hint = scene.hint.clone();
    scene.log_out(&[("id_token_hint", &hint), BACK_TO_APP, STATE]).await;
    let others: Arc<dyn Fetch> = scene.server.others.clone();
    scene.server.engine.tell_relying_parties(&others).await.unwrap();
    let posted = scene.server.others.posted();
    let [(name, token)] = &posted[0].form[..] else { panic!("{posted:?}") };
    assert_eq!(name, "logout_token");
    let (said, hint) = (claims(&json!(token)), claims(&json!(hint)));
    assert_eq!((&said["sid"], &said["sub"]), (&hint["sid"], &hint["sub"]));
}

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout() {
    let mut scene = Scene::with(|app| {
        app.front_channel = Some(FRONT.to_owned());
        app.front_channel_session = true;
    })
    .await;
    let hint = scene.hint.clone();
    let page = scene.log_out(&[("id_token_hint", &hint), BACK_TO_APP, STATE]).await.text();
    let frame = html::attribute(html::element(&page, "frame-1").unwrap(), "src").unwrap();
    let sid = claims(&json!(hint))["sid"].as_str().unwrap().to_owned();
    assert_eq!(frame, format!("{FRONT}?iss=http%3A%2F%2Flocalhost%3A7117&sid={sid}"));
    let onward = html::attribute(html::element(&page, "onward").unwrap(), "href");
    assert_eq!(onward, Some(format!("{BYE}?state=s")));
    assert!(scene.is_signed_out().await);
}

const BACK_TO_APP: (&str, &str) = ("post_logout_redirect_uri", BYE);
const STATE: (&str, &str) = ("state", "s");

/// Ada, who signed in to an app and has its ID token.
struct Scene {
    server: Server,
    app: RelyingParty,
    browser: Browser,
    hint: String,
}

impl Scene {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut Logout)) -> Self {
        let server = Server::start().await;
        let app = RelyingParty::with(&server, |new| {
            let logout = &mut new.registration.logout;
            logout.redirect_uris = vec![BYE.to_owned()];
            logout.back_channel = Some(BACK.to_owned());
            change(logout);
        })
        .await;
        let mut browser = ada(&server).await;
        let tokens = app.tokens(&mut browser, &[]).await;
        let hint = tokens["id_token"].as_str().unwrap().to_owned();
        Self { server, app, browser, hint }
    }

    async fn log_out(&mut self, parameters: &[(&str, &str)]) -> Answer {
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.browser.get(&format!("/oauth/logout?{query}")).await
    }

    /// An app learns by `prompt=none` whether somebody is there.
    async fn is_signed_out(&mut self) -> bool {
        let asked = self.browser.get(&self.app.question(&[("prompt", "none")])).await;
        callback(&asked).unwrap().parameters.get("error").is_some_and(|e| e == "login_required")
    }

    /// The person is told what is wrong, and nothing has happened.
    async fn was_told(&mut self, page: &Answer) {
        assert_eq!((page.status.as_u16(), page.header("location")), (400, ""));
        assert!(!self.is_signed_out().await);
    }

    /// The person is asked, and wants it; nobody is sent anywhere.
    async fn says_yes(&mut self, page: &Answer) {
        assert!(!self.is_signed_out().await);
        let form = html::form(&page.text(), "log-out").unwrap();
        let gone = send(&mut self.browser, &form.action, &form.hidden).await;
        assert_eq!(gone.header("location"), "/sign-out");
        assert!(self.is_signed_out().await);
    }
}
