//! `GET /oauth/status-lists/…`: services see that a grant has ended without asking about a token.

use std::io::Read as _;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_engine::clients::NewClient;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::GrantType;
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::Server;
use flate2::read::ZlibDecoder;
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::relying_party::{RelyingParty, ada, claims, send};
use crate::html;

/// As long as a list is kept.
const TTL: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_token_says_where_its_grants_status_is_and_the_list_is_signed() {
    let server = Server::start().await;
    let app = listed(&server, |_| ()).await;
    let tokens = app.tokens(&mut ada(&server).await, &[]).await;
    let place = place(&tokens);
    assert!(place.uri.starts_with(&format!("{ISSUER}/oauth/status-lists/")), "{}", place.uri);
    let answer = get(&server, &place.uri).await;
    assert_eq!(answer.is(200).header("content-type"), "application/statuslist+jwt");
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    let list = verified(&server, &answer.text()).await;
    let now = server.engine.now().seconds();
    assert_eq!((&list["sub"], &list["iat"]), (&json!(place.uri), &json!(now)));
    assert_eq!((&list["ttl"], &list["exp"]), (&json!(60), &json!(now + 120)));
    assert_eq!(list["status_list"]["bits"], 1);
    assert_eq!(bits(&list).len(), 8192, "it tells nothing of how many there are");
    assert!(!is_set(&list, &place));

    // It goes along with each token of the grant, and introspection says it too.
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let next = app.post("/oauth/token", &again).await.is(200).json();
    let status = &claims(&next["access_token"])["status"];
    assert_eq!(*status, claims(&tokens["access_token"])["status"]);
    let token = next["access_token"].as_str().unwrap();
    let told = app.post("/oauth/introspect", &[("token", token)]).await.json();
    assert_eq!(told["status"], *status);

    let all = server.browser().get("/oauth/status-lists").await.is(200).json();
    assert_eq!(all, json!({ "status_lists": [place.uri] }));
    let told = server.browser().get("/.well-known/oauth-authorization-server").await.json();
    let aggregation = format!("{ISSUER}/oauth/status-lists");
    assert_eq!(told["status_list_aggregation_endpoint"], aggregation);
}

#[tokio::test]
async fn a_client_that_did_not_ask_has_no_status() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let tokens = app.tokens(&mut ada(&server).await, &[]).await;
    assert_eq!(claims(&tokens["access_token"])["status"], json!(null));
    let all = server.browser().get("/oauth/status-lists").await.is(200).json();
    assert_eq!(all, json!({ "status_lists": [] }));
    // A client's own token has no grant that could end before it.
    let listed = listed(&server, |new| new.id = None).await;
    let own = listed.post("/oauth/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(claims(&own.is(200).json()["access_token"])["status"], json!(null));
}

#[tokio::test]
async fn whatever_ends_a_grant_sets_its_bit_and_no_other() {
    let ends = ["consent", "session", "refresh token", "user", "client"];
    for end in ends {
        let server = Server::start().await;
        let app = listed(&server, |_| ()).await;
        let other = listed(&server, |new| new.id = Some(ClientId::parse("other").unwrap())).await;
        let mut browser = ada(&server).await;
        let mut bob = server.browser();
        bob.sign_up("bob").await;
        let mine = app.tokens(&mut browser, &[]).await;
        // What the other app holds of another person.
        let theirs = other.tokens(&mut bob, &[]).await;
        let (mine_at, theirs_at) = (place(&mine), place(&theirs));
        assert_eq!(mine_at.uri, theirs_at.uri);
        let list = list(&server, &mine_at).await;
        assert!(!is_set(&list, &mine_at) && !is_set(&list, &theirs_at), "{end}");

        end_by(end, &server, &app, &mut browser, &mine).await;
        // Until the time of the list is over it is as it was, to the letter.
        server.clock.go(Duration::from_secs(59));
        let same = self::list(&server, &mine_at).await;
        assert_eq!(same, list, "{end}");
        server.clock.go(Duration::from_secs(1));
        let next = self::list(&server, &mine_at).await;
        assert!(is_set(&next, &mine_at), "{end}");
        assert!(!is_set(&next, &theirs_at), "{end}");
        assert_eq!(bits(&next).iter().map(|byte| byte.count_ones()).sum::<u32>(), 1, "{end}");
    }
}

#[tokio::test]
async fn a_token_that_was_passed_on_is_seen_to_end_with_the_grant() {
    let server = Server::start().await;
    let app = listed(&server, |new| {
        new.audiences = vec!["https://orders.example".to_owned()];
    })
    .await;
    let orders = RelyingParty::with(&server, |new| {
        new.id = Some(ClientId::parse("https://orders.example").unwrap());
        new.registration.grant_types.push(GrantType::TokenExchange);
    })
    .await;
    let tokens = app.tokens(&mut ada(&server).await, &[]).await;
    let access = "urn:ietf:params:oauth:token-type:access_token";
    let form = [
        ("grant_type", GrantType::TokenExchange.as_str()),
        ("subject_token", tokens["access_token"].as_str().unwrap()),
        ("subject_token_type", access),
    ];
    let passed_on = orders.post("/oauth/token", &form).await.is(200).json();
    let status = &claims(&passed_on["access_token"])["status"];
    assert!(status.is_object());
    assert_eq!(*status, claims(&tokens["access_token"])["status"]);
}

#[tokio::test]
async fn a_sign_in_over_json_has_a_place_too() {
    let server = Server::start().await;
    let app = listed(&server, |new| {
        new.first_party = true;
        new.template = cloakroom_model::client::Template::Mobile;
    })
    .await;
    server.add_user("ada", &[]).await;
    let wish = json!({
        "identifier": "ada@example.com", "password": cloakroom_testkit::engine::PASSWORD,
        "carry": "token", "client_id": app.id,
    });
    let tokens = server.browser().post("/api/v1/sign-in", &wish).await.is(200).json();
    let place = place(&tokens);
    assert!(!is_set(&list(&server, &place).await, &place));
}

#[tokio::test]
async fn a_list_is_read_by_any_page_and_sent_once() {
    let server = Server::start().await;
    let app = listed(&server, |_| ()).await;
    let place = place(&app.tokens(&mut ada(&server).await, &[]).await);
    let first = get(&server, &place.uri).await;
    let etag = first.is(200).header("etag").to_owned();
    let path = place.uri.strip_prefix(ISSUER).unwrap();
    let again = |etag: &str| {
        let mut request = request(Method::GET, path, axum::body::Body::empty());
        request.headers_mut().insert("if-none-match", HeaderValue::from_str(etag).unwrap());
        request.headers_mut().insert("origin", HeaderValue::from_static("https://any.example"));
        request
    };
    server.clock.go(Duration::from_secs(20));
    let known = server.browser().send(again(&etag)).await;
    assert_eq!(known.is(304).header("access-control-allow-origin"), "*");
    assert_eq!(known.header("cache-control"), "public, max-age=40", "what is left of its time");
    server.browser().send(again("\"other\"")).await.is(200);
    server.clock.go(TTL);
    server.browser().send(again(&etag)).await.is(200);
}

#[tokio::test]
async fn lists_that_were_not_begun_are_not_there() {
    let server = Server::start().await;
    let app = listed(&server, |_| ()).await;
    let place = place(&app.tokens(&mut ada(&server).await, &[]).await);
    get(&server, &place.uri).await.is(200);
    let begun = place.uri.strip_suffix("-0").unwrap();
    for other in ["1", "00", "+0", "65535", "4294967295", "99999999999", "x", ""] {
        get(&server, &format!("{begun}-{other}")).await.is(404);
    }
    for other in ["0", "1-0", "00-0", "x"] {
        get(&server, &format!("{ISSUER}/oauth/status-lists/{other}")).await.is(404);
    }
}

#[tokio::test]
async fn a_list_is_signed_anew_when_its_key_was_compromised() {
    let server = Server::start().await;
    let app = listed(&server, |_| ()).await;
    let place = place(&app.tokens(&mut ada(&server).await, &[]).await);
    let before = get(&server, &place.uri).await.is(200).text();
    assert_eq!(get(&server, &place.uri).await.text(), before);
    let kid = header(&before)["kid"].as_str().unwrap().to_owned();
    let kid = cloakroom_model::id::KeyId(kid);
    server.engine.compromise_key(&kid, Actor::Operator).await.unwrap();
    let after = get(&server, &place.uri).await.is(200).text();
    assert_ne!(header(&after)["kid"], kid.0);
    verified(&server, &after).await;
}

#[tokio::test]
async fn an_operator_turns_it_on_and_off() {
    let server = Server::start().await;
    let mut admin = server.administrator().await;
    let new = json!({
        "client_id": "shop", "name": "Shop", "template": "web",
        "registration": { "redirect_uris": ["https://app.example/cb"], "status_list": true },
    });
    let added = admin.post("/api/v1/admin/clients", &new).await.is(201).json();
    assert_eq!(added["client"]["registration"]["status_list"], true, "{added}");
    let id = ClientId::parse("shop").unwrap();
    let is_on = || server.engine.find_client(&id).unwrap().registration.status_list;
    assert!(is_on());
    for (said, on) in [
        (json!({ "client_uri": "https://app.example" }), true),
        (json!({ "status_list": false }), false),
        (json!({ "status_list": true }), true),
    ] {
        let said = said.as_object().cloned().unwrap();
        server.engine.change_registration(&id, said, Actor::Operator).await.unwrap();
        assert_eq!(is_on(), on);
    }
}

/// An app whose grants have a place.
async fn listed(server: &Server, change: impl FnOnce(&mut NewClient)) -> RelyingParty {
    RelyingParty::with(server, |new| {
        new.registration.status_list = true;
        change(new);
    })
    .await
}

async fn end_by(
    end: &str,
    server: &Server,
    app: &RelyingParty,
    browser: &mut Browser,
    tokens: &Value,
) {
    match end {
        "consent" => {
            let apps = browser.get("/account/apps").await.text();
            let form = html::form(&apps, "withdraw-1").unwrap();
            send(browser, &form.action, &form.hidden).await.is(303);
        }
        "session" => {
            browser.post("/api/v1/sign-out", &json!({})).await;
        }
        "refresh token" => {
            let refresh = tokens["refresh_token"].as_str().unwrap();
            app.post("/oauth/revoke", &[("token", refresh)]).await.is(200);
        }
        "user" => {
            let user = server.engine.find_user_by("ada@example.com").await.unwrap().unwrap();
            server.engine.disable_user(user.id, Actor::Operator).await.unwrap();
        }
        _ => {
            let id = ClientId::parse(&app.id).unwrap();
            server.engine.remove_client(&id, Actor::Operator).await.unwrap();
        }
    }
}

struct Place {
    uri: String,
    idx: usize,
}

fn place(tokens: &Value) -> Place {
    let status = &claims(&tokens["access_token"])["status"]["status_list"];
    let idx = status["idx"].as_u64().unwrap_or_else(|| panic!("{status}"));
    Place { uri: status["uri"].as_str().unwrap().to_owned(), idx: idx.try_into().unwrap() }
}

async fn get(server: &Server, uri: &str) -> Answer {
    server.browser().get(uri.strip_prefix(ISSUER).unwrap()).await
}

async fn list(server: &Server, place: &Place) -> Value {
    let answer = get(server, &place.uri).await;
    verified(server, &answer.is(200).text()).await
}

/// The claims of a list, after its signature was verified as a service does it.
async fn verified(server: &Server, token: &str) -> Value {
    let published = server.browser().get("/.well-known/jwks.json").await.is(200).text();
    let header = header(token);
    assert_eq!(header["typ"], "statuslist+jwt");
    let keys: Value = serde_json::from_str(&published).unwrap();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]);
    let key = URL_SAFE_NO_PAD.decode(key.unwrap()["x"].as_str().unwrap()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ED25519, key).verify(signed.as_bytes(), &signature).unwrap();
    claims(&json!(token))
}

fn header(token: &str) -> Value {
    let header = token.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

fn bits(list: &Value) -> Vec<u8> {
    let written = URL_SAFE_NO_PAD.decode(list["status_list"]["lst"].as_str().unwrap()).unwrap();
    let mut bits = Vec::new();
    ZlibDecoder::new(&written[..]).read_to_end(&mut bits).unwrap();
    bits
}

fn is_set(list: &Value, place: &Place) -> bool {
    bits(list)[place.idx / 8] >> (place.idx % 8) & 1 == 1
}
