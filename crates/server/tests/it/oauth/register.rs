//! `/oauth/register` and `/oauth/register/{client_id}`: clients that register themselves.

use std::time::Duration;

use cloakroom_engine::clients::NewInitialToken;
use cloakroom_engine::fetch::Fetched;
use cloakroom_engine::settings::Registering;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::RegisteredBy;
use cloakroom_testkit::browser::{Answer, request};
use cloakroom_testkit::server::{Server, Setup};
use http::{HeaderValue, Method};
use serde_json::{Value, json};

use super::relying_party::{CALLBACK, RelyingParty, ada, claims, open};

const PATH: &str = "/oauth/register";
const SECTOR: &str = "https://app.example/sector.json";

#[tokio::test]
async fn a_client_registers_itself_and_signs_people_in() {
    let server = open_server().await;
    let registered = register(&server, None, &app()).await.is(201).json();
    let id = registered["client_id"].as_str().unwrap();
    assert_eq!(registered["client_id_issued_at"], server.engine.now().seconds());
    assert_eq!(registered["client_secret"].as_str().unwrap().len(), 43);
    assert_eq!(registered["client_secret_expires_at"], 0);
    assert_eq!(registered["registration_access_token"].as_str().unwrap().len(), 43);
    assert_eq!(
        registered["registration_client_uri"],
        format!("http://localhost:7117/oauth/register/{id}")
    );
    assert_eq!(registered["redirect_uris"], json!([CALLBACK]));
    assert_eq!(registered["scope"], "openid profile email offline_access");
    let app = relying_party(&server, &registered);
    let tokens = app.tokens(&mut ada(&server).await, &[]).await;
    assert_eq!(claims(&tokens["id_token"])["aud"], id);
}

#[tokio::test]
async fn no_secret_of_it_is_kept_or_told_again() {
    let server = open_server().await;
    let registered = register(&server, None, &app()).await.is(201).json();
    let (secret, token) = (text(&registered, "client_secret"), token_of(&registered));
    let client = server.engine.find_client(&id_of(&registered)).unwrap();
    let kept = serde_json::to_string(&*client).unwrap();
    assert!(!kept.contains(&secret) && !kept.contains(&token), "{kept}");
    let told = own(&server, Method::GET, &registered, &token, None).await.is(200).json();
    assert!(told.get("client_secret").is_none());
    // To whoever has just shown it.
    assert_eq!(told["registration_access_token"], token.as_str());
    let mut root = server.administrator().await;
    let seen = root.get(&format!("/api/v1/admin/clients/{}", client.id)).await;
    assert!(!seen.is(200).text().contains(&secret) && !seen.text().contains(&token));
    assert_eq!(seen.json()["registered_by"], "itself");
}

#[tokio::test]
async fn where_it_is_off_nothing_is_there() {
    for registering in [Registering::Open, Registering::Off] {
        let server = server(|setup| setup.engine.own_accord.registering = registering).await;
        let on = registering == Registering::Open;
        let answer = register(&server, None, &app()).await;
        answer.is(if on { 201 } else { 404 });
        let discovered = server.browser().get("/.well-known/openid-configuration").await.json();
        let at = on.then_some("http://localhost:7117/oauth/register");
        assert_eq!(discovered.get("registration_endpoint").and_then(Value::as_str), at);
        if !on {
            let nothing = server.browser().get("/oauth/nothing/here").await;
            assert_eq!(answer.json()["type"], nothing.is(404).json()["type"]);
            let known = json!({ "client_id": "cloakroom" });
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                own(&server, method, &known, "x", Some(&app())).await.is(404);
            }
        }
    }
}

#[tokio::test]
async fn an_initial_token_lets_in_as_many_as_it_is_for() {
    let server = server(|setup| setup.engine.own_accord.registering = Registering::WithToken).await;
    let right = initial_token(&server, Some(2)).await;
    for bad in [None, Some(""), Some("x"), Some("qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo")] {
        let refused = register(&server, bad, &app()).await;
        assert!(matches!(refused.status.as_u16(), 400 | 401), "{bad:?}: {}", refused.text());
    }
    let refused = register(&server, None, &app()).await;
    assert_eq!(refused.is(401).json()["error"], "invalid_token");
    assert!(refused.header("www-authenticate").starts_with("Bearer "));
    // One that is not in order spends nothing.
    register(&server, Some(&right), &json!({})).await.is(400);
    register(&server, Some(&right), &app()).await.is(201);
    register(&server, Some(&right), &app()).await.is(201);
    register(&server, Some(&right), &app()).await.is(401);
    assert!(server.engine.list_initial_tokens().await.unwrap().is_empty());

    let right = initial_token(&server, Some(1)).await;
    server.clock.go(NewInitialToken::LIVES);
    register(&server, Some(&right), &app()).await.is(401);
    let right = initial_token(&server, None).await;
    register(&server, Some(&right), &app()).await.is(201);
    let [token] = &server.engine.list_initial_tokens().await.unwrap()[..] else { panic!() };
    assert!(server.engine.remove_initial_token(token.id, Actor::Operator).await.unwrap());
    register(&server, Some(&right), &app()).await.is(401);
}

#[tokio::test]
async fn of_two_who_bring_one_initial_token_one_is_let_in() {
    let server = server(|setup| setup.engine.own_accord.registering = Registering::WithToken).await;
    let right = initial_token(&server, Some(1)).await;
    let app = app();
    let (one, two) =
        tokio::join!(register(&server, Some(&right), &app), register(&server, Some(&right), &app));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401]);
}

#[tokio::test]
async fn a_change_replaces_everything_and_the_token() {
    let server = open_server().await;
    let registered = register(&server, None, &app()).await.is(201).json();
    let token = token_of(&registered);
    let mut body = app();
    body["client_id"] = registered["client_id"].clone();
    body["redirect_uris"] = json!(["https://app.example/other"]);
    body["client_name"] = json!("Renamed");
    let changed = own(&server, Method::PUT, &registered, &token, Some(&body)).await.is(200).json();
    assert_eq!(changed["client_name"], "Renamed");
    assert_eq!(changed["redirect_uris"], json!(["https://app.example/other"]));
    assert!(changed.get("client_secret").is_none(), "it showed none and keeps the one it has");
    let next = token_of(&changed);
    own(&server, Method::GET, &registered, &next, None).await.is(200);
    for (method, body) in [(Method::GET, None), (Method::PUT, Some(&body)), (Method::DELETE, None)]
    {
        let refused = own(&server, method, &registered, &token, body).await;
        assert_eq!(refused.is(401).json()["error"], "invalid_token");
    }
    let client = server.engine.find_client(&id_of(&registered)).unwrap();
    assert!(server.engine.is_client_secret(&client, &text(&registered, "client_secret")));

    body["client_secret"] = json!("another one, please");
    own(&server, Method::PUT, &registered, &next, Some(&body)).await.is(400);
    body["client_secret"] = registered["client_secret"].clone();
    let renewed = own(&server, Method::PUT, &registered, &next, Some(&body)).await.is(200).json();
    let works = |secret: &str| {
        let client = server.engine.find_client(&id_of(&registered)).unwrap();
        server.engine.is_client_secret(&client, secret)
    };
    let (old, new) = (text(&registered, "client_secret"), text(&renewed, "client_secret"));
    assert!(old != new && works(&old) && works(&new));
    server.clock.go(Duration::from_hours(25));
    assert!(!works(&old) && works(&new));

    // Without a secret it needs none, and with one it gets one.
    body["client_secret"] = Value::Null;
    body["token_endpoint_auth_method"] = json!("none");
    let next = token_of(&renewed);
    let public = own(&server, Method::PUT, &registered, &next, Some(&body)).await.is(200).json();
    assert!(!works(&new));
    body["token_endpoint_auth_method"] = json!("client_secret_post");
    let next = token_of(&public);
    let again = own(&server, Method::PUT, &registered, &next, Some(&body)).await.is(200).json();
    assert!(works(&text(&again, "client_secret")));
}

#[tokio::test]
async fn of_two_who_change_it_by_one_token_one_does() {
    let server = open_server().await;
    let registered = register(&server, None, &app()).await.is(201).json();
    let token = token_of(&registered);
    let mut body = app();
    body["client_id"] = registered["client_id"].clone();
    let (one, two) = tokio::join!(
        own(&server, Method::PUT, &registered, &token, Some(&body)),
        own(&server, Method::PUT, &registered, &token, Some(&body)),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn who_leaves_takes_along_what_it_was_allowed() {
    let server = open_server().await;
    let registered = register(&server, None, &app()).await.is(201).json();
    let app = relying_party(&server, &registered);
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[("scope", "openid offline_access")]).await;
    let mut service = server.browser();
    service.token = tokens["access_token"].as_str().map(str::to_owned);
    service.get("/oauth/userinfo").await.is(200);
    own(&server, Method::DELETE, &registered, &token_of(&registered), None).await.is(204);
    service.get("/oauth/userinfo").await.is(401);
    own(&server, Method::GET, &registered, &token_of(&registered), None).await.is(401);
    let page = open(&mut browser, &app.question(&[])).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (400, ""));
}

#[tokio::test]
async fn a_token_of_another_client_says_nothing_of_this_one() {
    let server = open_server().await;
    let mine = register(&server, None, &app()).await.is(201).json();
    let other = register(&server, None, &app()).await.is(201).json();
    own(&server, Method::GET, &mine, &token_of(&mine), None).await.is(200);
    let mut body = app();
    body["client_id"] = mine["client_id"].clone();
    let of_operator = RelyingParty::new(&server).await;
    let known = json!({ "client_id": of_operator.id });
    let unknown = json!({ "client_id": "nobody" });
    let mut told = Vec::new();
    for of in [&mine, &known, &unknown] {
        for (method, body) in
            [(Method::GET, None), (Method::PUT, Some(&body)), (Method::DELETE, None)]
        {
            for token in [&token_of(&other), &text(&mine, "client_secret")] {
                let refused = own(&server, method.clone(), of, token, body).await;
                told.push((refused.status.as_u16(), refused.text()));
            }
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, 401);
    own(&server, Method::GET, &mine, &token_of(&mine), None).await.is(200);
}

#[tokio::test]
async fn whatever_it_says_it_stays_a_stranger() {
    let server = open_server().await;
    let mut greedy = app();
    greedy["scope"] = json!("openid email admin session:cookie");
    for (name, value) in [
        ("first_party", json!(true)),
        ("danger_without_pkce", json!(true)),
        ("origins", json!(["https://app.example"])),
        ("audiences", json!(["https://api.example"])),
        ("token_places", json!(["query"])),
        ("client_id", json!("cloakroom")),
        ("client_secret", json!("hunter2")),
        ("registration", json!({ "by": "operator" })),
    ] {
        greedy[name] = value;
    }
    let registered = register(&server, None, &greedy).await.is(201).json();
    assert_ne!(registered["client_id"], "cloakroom");
    stranger(&server, &registered);
    greedy["client_id"] = registered["client_id"].clone();
    greedy["client_secret"] = Value::Null;
    let token = token_of(&registered);
    let changed = own(&server, Method::PUT, &registered, &token, Some(&greedy)).await;
    assert_eq!(changed.is(200).json()["scope"], "openid email");
    stranger(&server, &registered);
}

#[tokio::test]
async fn people_are_told_that_nobody_has_checked_it() {
    let server = open_server().await;
    let mut said = app();
    said["policy_uri"] = json!("https://app.example/privacy");
    said["logo_uri"] = json!("https://app.example/logo.png");
    let registered = register(&server, None, &said).await.is(201).json();
    let app = relying_party(&server, &registered);
    let page = open(&mut ada(&server).await, &app.question(&[])).await.text();
    for words in [
        "has checked who this is",
        "<strong>app.example</strong>",
        "href=\"https://app.example/privacy\"",
        "href=\"https://app.example/logo.png\"",
    ] {
        assert!(page.contains(words), "no {words} in {page}");
    }
    assert!(!page.contains("<img"), "no page asks another host for anything: {page}");
}

#[tokio::test]
async fn nobody_takes_a_name_of_the_operators_own() {
    let server = open_server().await;
    RelyingParty::new(&server).await;
    let named = |name: &str| {
        let mut said = app();
        said["client_name"] = json!(name);
        said
    };
    for name in ["Cloakroom", "cloak room", "THE APP", "The  App!"] {
        let refused = register(&server, None, &named(name)).await.is(400).json();
        assert_eq!(refused["error"], "invalid_client_metadata", "{name}");
    }
    let registered = register(&server, None, &named("Another App")).await.is(201).json();
    // A stranger's name is nobody's.
    register(&server, None, &named("Another App")).await.is(201);
    let mut body = named("The App");
    body["client_id"] = registered["client_id"].clone();
    let token = token_of(&registered);
    own(&server, Method::PUT, &registered, &token, Some(&body)).await.is(400);
    own(&server, Method::GET, &registered, &token, None).await.is(200);
}

#[tokio::test]
async fn what_is_not_in_order_is_refused_by_its_code() {
    let server = open_server().await;
    for (error, member, value) in [
        ("invalid_redirect_uri", "redirect_uris", json!([])),
        ("invalid_redirect_uri", "redirect_uris", json!(["http://app.example/cb"])),
        ("invalid_redirect_uri", "redirect_uris", json!(["https://app.example/cb#there"])),
        ("invalid_redirect_uri", "redirect_uris", json!(["javascript:alert(1)"])),
        ("invalid_client_metadata", "redirect_uris", json!("https://app.example/cb")),
        ("invalid_client_metadata", "redirect_uris", json!(vec!["https://app.example/cb"; 40])),
        ("invalid_client_metadata", "client_name", json!("x".repeat(101))),
        ("invalid_client_metadata", "grant_types", json!(["client_credentials"])),
        ("invalid_client_metadata", "grant_types", json!(["password"])),
        ("invalid_client_metadata", "response_types", json!(["token"])),
        ("invalid_client_metadata", "token_endpoint_auth_method", json!("magic")),
        ("invalid_client_metadata", "token_endpoint_auth_method", json!("private_key_jwt")),
        ("invalid_client_metadata", "id_token_signed_response_alg", json!("none")),
        ("invalid_client_metadata", "jwks", json!({ "keys": [] })),
        ("invalid_client_metadata", "authorization_details_types", json!(["payment"])),
        ("unapproved_software_statement", "software_statement", json!("a.b.c")),
    ] {
        let mut said = app();
        said[member] = value.clone();
        let refused = register(&server, None, &said).await.is(400).json();
        assert_eq!(refused["error"], error, "{member}: {value}");
    }
    let before = server.engine.list_clients().len();
    let twice = format!("{{\"client_name\":\"A\",{}", &app().to_string()[1..]);
    let twice =
        twice.replace("\"client_name\":\"A\",", "\"client_name\":\"A\",\"client_name\":\"B\",");
    let long = format!("{{\"x\":\"{}\"}}", "x".repeat(70_000));
    for body in [twice, long, "[]".to_owned(), "{".to_owned(), String::new()] {
        let refused = send(&server, Method::POST, PATH, None, "application/json", body).await;
        assert!(matches!(refused.status.as_u16(), 400 | 413), "{}", refused.text());
    }
    let form = "application/x-www-form-urlencoded";
    send(&server, Method::POST, PATH, None, form, app().to_string()).await.is(400);
    assert_eq!(server.engine.list_clients().len(), before);
}

#[tokio::test]
async fn a_sectors_list_must_name_every_redirect_uri() {
    let server = open_server().await;
    let mut said = app();
    said["redirect_uris"] = json!([CALLBACK, "https://other.example/callback"]);
    said["sector_identifier_uri"] = json!(SECTOR);
    said["subject_type"] = json!("pairwise");
    let good = json!([CALLBACK, "https://other.example/callback"]).to_string();
    let answers = |status: u16, content_type: &str, body: &str| Fetched {
        status,
        content_type: Some(content_type.to_owned()),
        body: body.as_bytes().into(),
        fresh_for: Duration::ZERO,
    };
    let json = "application/json";
    let mut told = Vec::new();
    // Nobody answers.
    told.push(register(&server, None, &said).await.is(400).text());
    for bad in [
        // Where it would lead is not looked at.
        answers(302, json, &good),
        answers(404, json, &good),
        answers(500, json, ""),
        answers(200, "text/html", &good),
        answers(200, json, &format!("[{}\"x\"]", "\"x\",".repeat(20_000))),
    ] {
        server.others.answer(SECTOR, bad);
        told.push(register(&server, None, &said).await.is(400).text());
    }
    // Whoever registers learns nothing of what answered where.
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    for bad in [json!([CALLBACK]), json!({ "redirect_uris": [CALLBACK] }), json!([])] {
        server.others.put(SECTOR, json, &bad.to_string());
        let refused = register(&server, None, &said).await.is(400).json();
        assert_eq!(refused["error"], "invalid_client_metadata");
    }
    server.others.put(SECTOR, json, &good);
    let registered = register(&server, None, &said).await.is(201).json();
    assert_eq!(registered["sector_identifier_uri"], SECTOR);

    // A change is held to the list as it is by then, and so is a client with public subjects.
    said["client_id"] = registered["client_id"].clone();
    said["subject_type"] = json!("public");
    server.others.put(SECTOR, json, &json!([CALLBACK]).to_string());
    let token = token_of(&registered);
    own(&server, Method::PUT, &registered, &token, Some(&said)).await.is(400);
    server.others.put(SECTOR, json, &good);
    own(&server, Method::PUT, &registered, &token, Some(&said)).await.is(200);
    said["sector_identifier_uri"] = json!("http://app.example/sector.json");
    register(&server, None, &said).await.is(400);
}

#[tokio::test]
async fn there_is_an_end_to_strangers_and_who_is_used_stays() {
    let server = server(|setup| {
        setup.engine.own_accord.registering = Registering::Open;
        setup.engine.own_accord.limit = 2;
    })
    .await;
    let used = register(&server, None, &app()).await.is(201).json();
    relying_party(&server, &used).tokens(&mut ada(&server).await, &[]).await;
    let unused = register(&server, None, &app()).await.is(201).json();
    let full = register(&server, None, &app()).await;
    assert_eq!(full.is(503).json()["error"], "temporarily_unavailable");
    RelyingParty::new(&server).await;
    server.clock.go(Duration::from_mins(61));
    let third = register(&server, None, &app()).await.is(201).json();
    assert!(server.engine.find_client(&id_of(&unused)).is_none(), "it made room");
    assert!(server.engine.find_client(&id_of(&used)).is_some());

    server.clock.go(Duration::from_hours(6 * 24));
    server.engine.sweep().await.unwrap();
    assert!(server.engine.find_client(&id_of(&third)).is_some());
    server.clock.go(Duration::from_hours(2 * 24));
    server.engine.sweep().await.unwrap();
    assert!(server.engine.find_client(&id_of(&third)).is_none());
    assert!(server.engine.find_client(&id_of(&used)).is_some());
    assert!(server.engine.find_client(&ClientId::parse("app").unwrap()).is_some());
}

#[tokio::test]
async fn one_network_registers_so_many_and_no_more() {
    let server = open_server().await;
    for _ in 0..60 {
        register(&server, None, &app()).await.is(201);
    }
    let limited = register(&server, None, &app()).await;
    limited.is(429);
    assert!(!limited.header("retry-after").is_empty());
}

#[tokio::test]
async fn tokens_are_for_what_is_open_to_strangers() {
    let server = server(|setup| {
        setup.engine.own_accord.registering = Registering::Open;
        setup.engine.own_accord.resources = vec!["https://mcp.example/mcp".to_owned()];
    })
    .await;
    let registered = register(&server, None, &app()).await.is(201).json();
    let app = relying_party(&server, &registered);
    let mut browser = ada(&server).await;
    let tokens = app.tokens(&mut browser, &[("resource", "https://mcp.example/mcp")]).await;
    assert_eq!(claims(&tokens["access_token"])["aud"], "https://mcp.example/mcp");
    let tokens = app.tokens(&mut browser, &[]).await;
    assert_eq!(claims(&tokens["access_token"])["aud"], "http://localhost:7117");
    let page = browser.get(&app.question(&[("resource", "https://api.example")])).await;
    assert!(page.header("location").contains("error=invalid_target"), "{}", page.text());
}

#[tokio::test]
async fn what_is_open_to_strangers_is_not_theirs_to_ask_about() {
    let resource = "https://mcp.example/mcp";
    let server = server(|setup| {
        setup.engine.own_accord.registering = Registering::Open;
        setup.engine.own_accord.resources = vec![resource.to_owned()];
    })
    .await;
    let mine = register(&server, None, &app()).await.is(201).json();
    let other = register(&server, None, &app()).await.is(201).json();
    let (mine, other) = (relying_party(&server, &mine), relying_party(&server, &other));
    let service =
        RelyingParty::with(&server, |new| new.audiences = vec![resource.to_owned()]).await;
    let tokens = mine.tokens(&mut ada(&server).await, &[("resource", resource)]).await;
    let token = tokens["access_token"].as_str().unwrap();
    for (asker, active) in [(&service, true), (&mine, true), (&other, false)] {
        let told = asker.post("/oauth/introspect", &[("token", token)]).await.is(200).json();
        assert_eq!(told["active"], active, "{}", asker.id);
    }
}

/// A server at which anybody registers.
pub(crate) async fn open_server() -> Server {
    server(|setup| setup.engine.own_accord.registering = Registering::Open).await
}

async fn server(change: impl FnOnce(&mut Setup)) -> Server {
    Server::with(change).await
}

/// What an application of the web says of itself.
pub(crate) fn app() -> Value {
    json!({
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        // RS256 is the default, which other tests see to.
        "id_token_signed_response_alg": "RS256",
    })
}

/// Registers, perhaps by an initial token.
pub(crate) async fn register(server: &Server, token: Option<&str>, said: &Value) -> Answer {
    let body = said.to_string();
    send(server, Method::POST, PATH, token, "application/json", body).await
}

/// The application that was registered so.
pub(crate) fn relying_party(server: &Server, registered: &Value) -> RelyingParty {
    RelyingParty {
        server: server.clone(),
        id: text(registered, "client_id"),
        secret: registered["client_secret"].as_str().map(str::to_owned),
    }
}

/// What a client does with its registration.
async fn own(
    server: &Server,
    method: Method,
    registered: &Value,
    token: &str,
    said: Option<&Value>,
) -> Answer {
    let path = format!("{PATH}/{}", text(registered, "client_id"));
    let body = said.map(Value::to_string).unwrap_or_default();
    send(server, method, &path, Some(token), "application/json", body).await
}

async fn send(
    server: &Server,
    method: Method,
    path: &str,
    token: Option<&str>,
    content_type: &'static str,
    body: String,
) -> Answer {
    let mut request = request(method, path, body.into());
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    if let Some(token) = token {
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    server.browser().send(request).await
}

async fn initial_token(server: &Server, uses: Option<u32>) -> String {
    let new = NewInitialToken { note: "team".to_owned(), lives: NewInitialToken::LIVES, uses };
    let (_, secret) = server.engine.make_initial_token(new, Actor::Operator).await.unwrap();
    secret.to_string()
}

/// Nothing of it is more than any stranger has.
fn stranger(server: &Server, registered: &Value) {
    let client = server.engine.find_client(&id_of(registered)).unwrap();
    assert!(!client.first_party && !client.registration.requests.danger_without_pkce);
    assert!(client.origins.is_empty() && client.token_places.is_empty());
    assert_eq!(client.audiences, ["http://localhost:7117"]);
    assert_eq!(client.scopes, ["openid", "email"]);
    assert!(matches!(client.registration.by, RegisteredBy::Itself { .. }));
}

fn id_of(registered: &Value) -> ClientId {
    ClientId::parse(registered["client_id"].as_str().unwrap()).unwrap()
}

fn token_of(registered: &Value) -> String {
    text(registered, "registration_access_token")
}

fn text(told: &Value, member: &str) -> String {
    told[member].as_str().unwrap_or_else(|| panic!("no {member}: {told}")).to_owned()
}
