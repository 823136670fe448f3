//! Attacks that RFC 9700 §4 names and that have no better place: each as the attacker would go about it.
//!
//! `docs/security/attacks.md` lists all of them with the tests that show the defence.

use std::time::Duration;

use cloakroom_testkit::browser::Answer;
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::relying_party::{CALLBACK, RelyingParty, VERIFIER, ada, callback, claims, send};
use crate::html;

/// RFC 9700 §4.1, §4.11: whoever can choose how an address is written cannot choose where the code goes.
#[tokio::test]
async fn no_spelling_of_a_redirect_uri_leads_elsewhere() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| new.first_party = true).await;
    let mut browser = ada(&server).await;
    app.code(&mut browser, &[]).await;
    for spelling in [
        // Another host, by what browsers and parsers disagree about.
        "https://app.example.evil.example/callback",
        "https://evil.example/https://app.example/callback",
        "https://app.example@evil.example/callback",
        "https://app.example:@evil.example/callback",
        "https://app.example%40evil.example/callback",
        "https://evil.example\\@app.example/callback",
        "https://app.example\\.evil.example/callback",
        "https://app.example#@evil.example/callback",
        "https://evil.example?https://app.example/callback",
        "https:/app.example/callback",
        "https:app.example/callback",
        "//app.example/callback",
        "//evil.example/callback",
        "https://app.example./callback",
        "https://xn--app-.example/callback",
        "https://sub.app.example/callback",
        "https://example/callback",
        // The same host, by another way.
        "https://APP.EXAMPLE/callback",
        "HTTPS://app.example/callback",
        "http://app.example/callback",
        "https://app.example:443/callback",
        "https://app.example:444/callback",
        "https://user@app.example/callback",
        "https://app.example/Callback",
        "https://app.example/callback/",
        "https://app.example//callback",
        "https://app.example/./callback",
        "https://app.example/callback/../redirect?to=https://evil.example",
        "https://app.example/callback/%2e%2e/redirect",
        "https://app.example/callback%2f..%2fredirect",
        "https://app.example/%63allback",
        "https://app.example/callback?code=injected",
        "https://app.example/callback#fragment",
        "https://app.example/callback ",
        " https://app.example/callback",
        "https://app.example/callback\t",
        "https://app.example/callback\r\nLocation: https://evil.example",
        "https://app.example/callback\0",
        // No place at all.
        "javascript:alert(1)//https://app.example/callback",
        "data:text/html,https://app.example/callback",
    ] {
        let with = [("redirect_uri", spelling), ("prompt", "none")];
        let page = browser.get(&app.question(&with)).await;
        leads_nowhere(&page, spelling);
        let pushed: Vec<(String, String)> =
            url::form_urlencoded::parse(app.parameters(&with).as_bytes()).into_owned().collect();
        let pushed: Vec<_> = pushed.iter().map(|(name, value)| (&**name, &**value)).collect();
        app.post("/oauth/par", &pushed).await.is(400);
    }
}

/// RFC 9700 §4.5: a code that was stolen from one sign-in is put into the thief's own.
#[tokio::test]
async fn a_stolen_code_does_not_fit_into_the_thiefs_own_sign_in() {
    const OTHERS_CHALLENGE: &str = "6F0T92FLKlhY5Q_XuZf7OE8AXY5wZQBt3iP4f2MGyhs";
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let mut victim = ada(&server).await;
    let stolen = app
        .code(&mut victim, &[("code_challenge", OTHERS_CHALLENGE), ("nonce", "the victim's")])
        .await;
    // The thief's browser began a sign-in of its own: its client has the verifier and the nonce of that one.
    let own = app.code(&mut victim, &[("nonce", "the thief's")]).await;
    let injected = app.redeem_with(&stolen, &[("code_verifier", VERIFIER)]).await;
    assert_eq!(injected.is(400).json()["error"], "invalid_grant");
    let tokens = app.redeem(&own).await.is(200).json();
    assert_eq!(claims(&tokens["id_token"])["nonce"], "the thief's");
}

/// RFC 9700 §4.12: a redirect that keeps the method would hand a password on to the client.
#[tokio::test]
async fn what_a_person_typed_is_never_sent_on_by_a_redirect() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    server.add_user("ada", &[]).await;
    let mut browser = server.browser();
    let mut page = browser.get(&app.question(&[])).await;
    let mut posted = 0;
    for _ in 0..12 {
        if page.status.is_redirection() {
            assert_eq!(page.status, 303, "{page:?}");
            if callback(&page).is_some() {
                assert_eq!(posted, 2, "the password and the consent");
                return;
            }
            let location = page.header("location").to_owned();
            page = browser.get(&location).await;
            continue;
        }
        let text = page.text();
        let form = html::form(&text, "sign-in").or_else(|| html::form(&text, "consent"));
        let mut form = form.unwrap_or_else(|| panic!("{text}"));
        for (name, value) in
            [("identifier", "ada@example.com"), ("password", PASSWORD), ("answer", "allow")]
        {
            form.hidden.insert(name.to_owned(), value.to_owned());
        }
        page = send(&mut browser, &form.action, &form.hidden).await;
        posted += 1;
    }
    panic!("nothing came of it");
}

/// RFC 9700 §4.14: a thief who refreshes together with the owner gets no chain of their own, and one of the two shows the
/// theft when they come back late.
#[tokio::test]
async fn a_thief_who_refreshes_beside_the_owner_gets_no_chain_of_their_own() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| {
        new.confidential = false;
        new.registration.method = cloakroom_model::registration::AuthenticationMethod::None;
    })
    .await;
    let tokens = app.tokens(&mut ada(&server).await, &[("scope", "openid offline_access")]).await;
    let stolen = tokens["refresh_token"].as_str().unwrap();
    let refresh = async |token: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        app.post("/oauth/token", &form).await
    };
    let token_of = |answer: &Answer| -> String {
        let tokens: Value = answer.json();
        tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned()
    };
    let all = tokio::join!(refresh(stolen), refresh(stolen), refresh(stolen), refresh(stolen));
    let newest = [&all.0, &all.1, &all.2, &all.3].map(|answer| token_of(answer.is(200)));
    assert!(newest.iter().all(|token| *token == newest[0]), "a forked chain");

    server.clock.go(Duration::from_mins(1));
    let owners = token_of(refresh(&newest[0]).await.is(200));
    server.clock.go(Duration::from_mins(1));
    assert_eq!(refresh(stolen).await.is(400).json()["error"], "invalid_grant");
    assert_eq!(refresh(&owners).await.is(400).json()["error"], "invalid_grant", "theft shows");
}

/// RFC 6749 §3.1, §3.2: what stands twice is read by one program as the first and by the next as the last.
#[tokio::test]
async fn a_parameter_that_stands_twice_is_no_request_anywhere() {
    let server = Server::start().await;
    let app = RelyingParty::with(&server, |new| new.first_party = true).await;
    let mut browser = ada(&server).await;
    let question = app.question(&[]);
    let code = callback(&browser.get(&question).await).unwrap().parameters["code"].clone();
    for (name, value) in [
        ("client_id", app.id.as_str()),
        ("redirect_uri", CALLBACK),
        ("redirect_uri", "https://evil.example/"),
        ("scope", "openid"),
        ("state", "another"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("response_mode", "query"),
    ] {
        let once = Serializer::new(String::new()).append_pair(name, value).finish();
        // One that the usual question does not have is put there twice.
        let more = if name == "response_mode" { format!("{once}&{once}") } else { once };
        leads_nowhere(&browser.get(&format!("{question}&{more}")).await, name);
    }
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in exchange {
        let twice: Vec<_> = exchange.into_iter().chain([(name, value)]).collect();
        let refused = app.post("/oauth/token", &twice).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_request", "{name}");
    }
    for path in ["/oauth/revoke", "/oauth/introspect"] {
        app.post(path, &[("token", "one")]).await.is(200);
        let refused = app.post(path, &[("token", "one"), ("token", "other")]).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_request", "{path}");
    }
    app.post("/oauth/token", &exchange).await.is(200);
}

/// The person is told, and the browser is sent to nobody.
fn leads_nowhere(page: &Answer, why: &str) {
    assert_eq!((page.status.as_u16(), page.header("location")), (400, ""), "{why:?}");
    assert!(html::form(&page.text(), "form-post").is_none(), "{why:?}");
}
