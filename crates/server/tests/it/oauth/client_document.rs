//! Clients whose name is the address of a document about them, and the whole way of one that knows nothing but the address
//! of a service, as the authorization of the Model Context Protocol has it.

use std::time::Duration;

use cloakroom_engine::fetch::Fetched;
use cloakroom_jose::{Algorithms, Expectations, Jwks, TrustedKeys};
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::AuthenticationMethod;
use cloakroom_testkit::browser::Answer;
use cloakroom_testkit::engine::ISSUER;
use cloakroom_testkit::server::{Server, Setup};
use serde_json::{Value, json};

use super::relying_party::{CALLBACK, RelyingParty, ada, claims, open, walk};
use crate::html;

const CLIENT: &str = "https://agent.example/oauth/client.json";
const SERVICE: &str = "https://mcp.example/mcp";
const JSON: &str = "application/json";

#[tokio::test]
async fn an_agent_works_from_nothing_but_the_address_of_a_service() {
    let server = server().await;
    server.others.put(CLIENT, JSON, &document().to_string());
    let service = Service { server: server.clone() };
    // The service sends it to its metadata, that to the issuer, and that to everything else (RFC 9728 §5, RFC 8414 §3).
    let (status, challenge) = service.ask(None).await;
    assert_eq!(status, 401);
    assert_eq!(
        challenge,
        "Bearer resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\""
    );
    let resource = Service::metadata();
    assert_eq!(resource["authorization_servers"], json!([ISSUER]));
    let mut agent = server.browser();
    let metadata = agent.get("/.well-known/oauth-authorization-server").await.is(200).json();
    assert_eq!(metadata["issuer"], resource["authorization_servers"][0]);
    assert_eq!(metadata["client_id_metadata_document_supported"], true);
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert!(metadata["protected_resources"].as_array().unwrap().contains(&json!(SERVICE)));
    assert_eq!(metadata["authorization_endpoint"], format!("{ISSUER}/oauth/authorize"));

    let app = agent_of(&server);
    let mut browser = ada(&server).await;
    let scope = ("scope", "notes:read offline_access");
    let callback = walk(&mut browser, &app.question(&[("resource", SERVICE), scope])).await;
    assert_eq!(callback.parameters["iss"], ISSUER);
    let code = &callback.parameters["code"];
    let tokens = app.redeem_with(code, &[("resource", SERVICE)]).await.is(200).json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims(&tokens["access_token"])["client_id"], CLIENT);
    assert_eq!(service.ask(Some(token)).await.0, 200);

    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("resource", SERVICE),
    ];
    let next = app.post("/oauth/token", &again).await.is(200).json();
    assert_eq!(service.ask(next["access_token"].as_str()).await.0, 200);
    // A token for the issuer is none for the service.
    let plain = app.tokens(&mut browser, &[scope]).await;
    assert_eq!(service.ask(plain["access_token"].as_str()).await.0, 401);
}

#[tokio::test]
async fn people_see_the_host_that_the_client_is_known_by() {
    let server = server().await;
    server.others.put(CLIENT, JSON, &document().to_string());
    let page = open(&mut ada(&server).await, &agent_of(&server).question(&[])).await.text();
    assert!(html::form(&page, "consent").is_some(), "{page}");
    for words in [
        "<strong id=\"document-host\">agent.example</strong>",
        "has checked who this is",
        "<strong>app.example</strong>",
    ] {
        assert!(page.contains(words), "no {words} in {page}");
    }
}

#[tokio::test]
async fn where_it_is_off_an_address_names_nobody() {
    for on in [true, false] {
        let server = server_with(|setup| setup.engine.own_accord.documents = on).await;
        server.others.put(CLIENT, JSON, &document().to_string());
        let page = open(&mut ada(&server).await, &agent_of(&server).question(&[])).await;
        assert_eq!(page.status, if on { 200 } else { 400 });
        let known = server.engine.find_client(&ClientId::parse(CLIENT).unwrap()).is_some();
        assert_eq!(known, on);
        let metadata = server.browser().get("/.well-known/openid-configuration").await.json();
        assert_eq!(metadata.get("client_id_metadata_document_supported").is_some(), on);
    }
}

#[tokio::test]
async fn what_lies_elsewhere_or_is_no_document_makes_no_client() {
    let server = server().await;
    let mut browser = ada(&server).await;
    let good = document().to_string();
    let answers = |status: u16, content_type: &str, body: &str| Fetched {
        status,
        content_type: Some(content_type.to_owned()),
        body: body.as_bytes().into(),
        fresh_for: Duration::ZERO,
    };
    let mut told = Vec::new();
    // Nobody answers.
    told.push(shown(&open(&mut browser, &agent_of(&server).question(&[])).await));
    for bad in [
        answers(302, JSON, &good),
        answers(404, JSON, &good),
        answers(200, "text/html", &good),
        answers(200, JSON, &format!("{good}{}", " ".repeat(6_000))),
    ] {
        server.others.answer(CLIENT, bad);
        told.push(shown(&open(&mut browser, &agent_of(&server).question(&[])).await));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "what answered where is not told: {told:?}");
    for (member, value) in [
        ("client_id", json!("https://agent.example/oauth/other.json")),
        ("client_id", json!("app")),
        ("client_id", Value::Null),
        ("client_secret", json!("hunter2")),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("redirect_uris", json!(["http://agent.example/callback"])),
        ("redirect_uris", json!(["javascript:alert(1)"])),
        ("grant_types", json!(["client_credentials"])),
        ("client_name", json!("Cloakroom")),
    ] {
        let mut bad = document();
        bad[member] = value.clone();
        server.others.put(CLIENT, JSON, &bad.to_string());
        let page = open(&mut browser, &agent_of(&server).question(&[])).await;
        assert_eq!(page.status, 400, "{member}: {value}");
    }
    for address in [
        "http://agent.example/oauth/client.json",
        "https://agent.example",
        "https://AGENT.example/oauth/client.json",
        "https://agent.example/oauth/../client.json",
        "https://agent.example:443/oauth/client.json",
    ] {
        let mut there = document();
        there["client_id"] = json!(address);
        server.others.put(address, JSON, &there.to_string());
        let app = RelyingParty { id: address.to_owned(), ..agent_of(&server) };
        let page = open(&mut browser, &app.question(&[])).await;
        assert_eq!(page.status, 400, "{address}");
    }
    assert!(server.engine.list_clients().iter().all(|client| client.id.as_str() != CLIENT));
    server.others.put(CLIENT, JSON, &good);
    open(&mut browser, &agent_of(&server).question(&[])).await.is(200);
}

#[tokio::test]
async fn a_document_counts_as_it_is_once_it_is_old() {
    let server = server().await;
    server.others.put(CLIENT, JSON, &document().to_string());
    let app = agent_of(&server);
    let mut browser = ada(&server).await;
    let offline = ("scope", "notes:read offline_access");
    let tokens = app.tokens(&mut browser, &[offline]).await;
    let mut moved = document();
    moved["redirect_uris"] = json!(["https://app.example/moved"]);
    server.others.put(CLIENT, JSON, &moved.to_string());
    let at = ("redirect_uri", "https://app.example/moved");
    assert_eq!(open(&mut browser, &app.question(&[at])).await.status, 400, "it is fresh still");
    server.clock.go(Duration::from_mins(5));
    walk(&mut browser, &app.question(&[at])).await;
    assert_eq!(open(&mut browser, &app.question(&[])).await.status, 400);
    // What was allowed before goes on.
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    refreshed(&app, &refresh).await;
}

#[tokio::test]
async fn a_document_that_is_gone_lets_nobody_new_in_and_ends_nothing() {
    let server = server().await;
    let app = agent_of(&server);
    let mut browser = ada(&server).await;
    let good = document().to_string();
    server.others.put(CLIENT, JSON, &good);
    let offline = ("scope", "notes:read offline_access");
    let tokens = app.tokens(&mut browser, &[offline]).await;
    let refresh = refreshed(&app, tokens["refresh_token"].as_str().unwrap()).await;
    let gone = Fetched {
        status: 404,
        content_type: None,
        body: b"".as_slice().into(),
        fresh_for: Duration::ZERO,
    };
    server.others.answer(CLIENT, gone);
    server.clock.go(Duration::from_mins(5));
    assert_eq!(open(&mut browser, &app.question(&[])).await.status, 400);
    let refresh = refreshed(&app, &refresh).await;

    // A person takes it back like any other app.
    let apps = browser.get("/account/apps").await.is(200).text();
    assert!(apps.contains("Agent"), "{apps}");
    let root = server.engine.find_client(&ClientId::parse(CLIENT).unwrap()).unwrap();
    server.engine.remove_client(&root.id, Actor::Operator).await.unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(app.post("/oauth/token", &again).await.status, 401);
    // Its name is refused while tokens of it could be alive.
    server.others.put(CLIENT, JSON, &good);
    assert_eq!(open(&mut browser, &app.question(&[])).await.status, 400);
}

#[tokio::test]
async fn while_nobody_answers_the_last_good_document_does_for_two_days() {
    let server = server().await;
    let app = agent_of(&server);
    server.others.put(CLIENT, JSON, &document().to_string());
    open(&mut ada(&server).await, &app.question(&[])).await.is(200);
    let mut browser = server.browser();
    browser.sign_in("ada", "cookie").await;
    server.others.take(CLIENT);
    for _ in 0..2 {
        server.clock.go(Duration::from_hours(23));
        open(&mut browser, &app.question(&[])).await.is(200);
    }
    server.clock.go(Duration::from_hours(3));
    let mut browser = server.browser();
    browser.sign_in("ada", "cookie").await;
    assert_eq!(open(&mut browser, &app.question(&[])).await.status, 400);
}

#[tokio::test]
async fn a_name_of_the_operators_is_not_looked_up() {
    let server = server().await;
    let mut other = document();
    other["redirect_uris"] = json!(["https://thief.example/callback"]);
    server.others.put(CLIENT, JSON, &other.to_string());
    let app = RelyingParty::with(&server, |new| {
        new.id = Some(ClientId::parse(CLIENT).unwrap());
        new.confidential = false;
        new.registration.method = AuthenticationMethod::None;
    })
    .await;
    let mut browser = ada(&server).await;
    let stolen = ("redirect_uri", "https://thief.example/callback");
    assert_eq!(open(&mut browser, &app.question(&[stolen])).await.status, 400);
    app.tokens(&mut browser, &[]).await;
}

#[tokio::test]
async fn a_question_may_be_pushed_by_a_client_that_nobody_has_met() {
    let server = server().await;
    server.others.put(CLIENT, JSON, &document().to_string());
    let app = agent_of(&server);
    let question = app.parameters(&[]);
    let pairs: Vec<_> = url::form_urlencoded::parse(question.as_bytes()).collect();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
    let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| *name != "client_id").collect();
    let pushed = app.post("/oauth/par", &pairs).await.is(201).json();
    let uri = pushed["request_uri"].as_str().unwrap();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", CLIENT)
        .append_pair("request_uri", uri)
        .finish();
    let callback = walk(&mut ada(&server).await, &format!("/oauth/authorize?{query}")).await;
    app.redeem(&callback.parameters["code"]).await.is(200);
}

#[tokio::test]
async fn one_network_has_so_many_documents_read_and_no_more() {
    let server = server().await;
    let mut browser = ada(&server).await;
    for n in 0..61 {
        let id = format!("https://agent{n}.example/client.json");
        let app = RelyingParty { id, ..agent_of(&server) };
        let page = browser.get(&app.question(&[])).await;
        assert_eq!(page.status, if n < 60 { 400 } else { 429 }, "{n}");
    }
}

#[tokio::test]
async fn there_is_an_end_to_clients_with_documents() {
    let server = server_with(|setup| setup.engine.own_accord.limit = 2).await;
    let mut browser = ada(&server).await;
    let mut meet = async |n: u32| {
        let id = format!("https://agent{n}.example/client.json");
        let mut there = document();
        there["client_id"] = json!(id);
        server.others.put(&id, JSON, &there.to_string());
        let app = RelyingParty { id, ..agent_of(&server) };
        open(&mut browser, &app.question(&[])).await.status.as_u16()
    };
    assert_eq!((meet(1).await, meet(2).await, meet(3).await), (200, 200, 400));
    // Questions are kept for half an hour.
    server.clock.go(Duration::from_hours(2));
    server.engine.sweep().await.unwrap();
    assert_eq!(meet(3).await, 200, "one that nobody uses made room");
    server.clock.go(Duration::from_hours(26));
    server.engine.sweep().await.unwrap();
    let strangers = |client: &&std::sync::Arc<cloakroom_model::client::Client>| {
        client.id.as_str().starts_with("https://agent")
    };
    assert_eq!(server.engine.list_clients().iter().filter(strangers).count(), 0);
}

/// A server at which clients may have documents, and whose strangers may have tokens for the service.
async fn server() -> Server {
    server_with(|_| ()).await
}

async fn server_with(change: impl FnOnce(&mut Setup)) -> Server {
    Server::with(|setup| {
        let own_accord = &mut setup.engine.own_accord;
        own_accord.documents = true;
        own_accord.resources = vec![SERVICE.to_owned()];
        own_accord.scopes = ["openid", "offline_access", "notes:read"].map(str::to_owned).to_vec();
        change(setup);
    })
    .await
}

/// What the agent says of itself.
fn document() -> Value {
    json!({
        "client_id": CLIENT,
        "client_name": "Agent",
        "redirect_uris": [CALLBACK, "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
    })
}

fn agent_of(server: &Server) -> RelyingParty {
    RelyingParty { server: server.clone(), id: CLIENT.to_owned(), secret: None }
}

/// Refreshes, and answers the next refresh token.
async fn refreshed(app: &RelyingParty, token: &str) -> String {
    let again = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let tokens = app.post("/oauth/token", &again).await.is(200).json();
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

/// What a person is told.
fn shown(page: &Answer) -> String {
    assert_eq!(page.status, 400, "{}", page.text());
    page.text()
}

/// A service of the Model Context Protocol, as far as it asks who calls: it knows the issuer and its own name.
struct Service {
    server: Server,
}

impl Service {
    /// RFC 9728 §2.
    fn metadata() -> Value {
        json!({ "resource": SERVICE, "authorization_servers": [ISSUER] })
    }

    /// Its answer: the status, and where it leads whoever has no token for it.
    async fn ask(&self, token: Option<&str>) -> (u16, String) {
        let keys = self.server.browser().get("/.well-known/jwks.json").await.is(200).text();
        let keys = Jwks::from_json(keys.as_bytes()).unwrap();
        let keys = keys.verifying_keys(Algorithms::ASYMMETRIC).flatten();
        let keys = TrustedKeys::new(keys).unwrap();
        let expect = Expectations::new(ISSUER, SERVICE, "at+jwt");
        let now = u64::try_from(self.server.engine.now().seconds()).unwrap();
        let verified = token.and_then(|token| keys.verify::<Value>(token, &expect, now).ok());
        let is_mine = verified.is_some_and(|token| {
            token.claims()["scope"].as_str().unwrap_or_default().contains("notes:read")
        });
        if is_mine {
            return (200, String::new());
        }
        let at = "https://mcp.example/.well-known/oauth-protected-resource/mcp";
        (401, format!("Bearer resource_metadata=\"{at}\""))
    }
}
