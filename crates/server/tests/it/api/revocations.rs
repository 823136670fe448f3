//! `GET /api/v1/revocations`, and `Cloakroom-Place` beside it.

mod slow_readers;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use cloakroom_jose::base64url;
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::log::Subject;
use cloakroom_model::registration::GrantType;
use cloakroom_oauth::feed;
use cloakroom_store::memory::Memory;
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::faulty::{Fault, Faulty};
use cloakroom_testkit::server::{Server, Setup};
use futures_util::StreamExt as _;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::oauth::dpop::Holder;
use crate::oauth::relying_party::RelyingParty;

/// Longer than any honest machine takes.
const PATIENCE: Duration = Duration::from_secs(20);

const SNAPSHOT: &str = "begin  snapshot";
const RESUMED: &str = "begin - resumed";

#[tokio::test]
async fn a_service_hears_who_signs_out() {
    let server = Server::start().await;
    let mut ada = server.browser();
    let signed_up = ada.sign_up("ada").await.json();
    let service = Service::new(&server).await;
    let answer = service.asks(None).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    let mut stream = Stream::of(answer);
    assert_eq!(stream.next().await.unwrap(), SNAPSHOT);
    stream.until_place().await;

    ada.post("/api/v1/sign-out", &serde_json::json!({})).await.is(204);
    server.engine.catch_up().await.unwrap();
    let rows = stream.next().await.unwrap();
    let sid = signed_up["session"]["sid"].as_str().unwrap().parse::<SessionId>().unwrap();
    assert!(rows.contains(&format!(" -{}", named(&Subject::Session(sid)))), "{rows}");
    assert_eq!(stream.next().await.unwrap(), "heard - 0");
    // Until half past one: the row is of no use when no token can be good any more.
    assert!(rows.contains(" 1767229320 "), "{rows}");
}

#[tokio::test]
async fn who_comes_back_hears_what_happened_meanwhile_and_nothing_is_lost() {
    let server = Server::start().await;
    let service = Service::new(&server).await;
    let mut stream = service.follows(None).await;
    let place = stream.until_place().await;
    drop(stream);
    let ended = [ends_one(&server, "ada").await, ends_one(&server, "bea").await];

    let mut stream = service.follows(Some(&place)).await;
    assert_eq!(stream.next().await.unwrap(), RESUMED);
    stream.until(&ended).await;
    // At the last place there is nothing more, and at one of another log nobody knows.
    let last = stream.place.clone().unwrap();
    let mut at_the_end = service.follows(Some(&last)).await;
    assert_eq!(at_the_end.next().await.unwrap(), RESUMED);
    server.engine.catch_up().await.unwrap();
    assert_eq!(at_the_end.next().await.unwrap(), "heard - 0");
    for unknown in [
        "999999.0000000000000001",
        &format!("{}0000000000000000", &last[..=last.find('.').unwrap()]),
    ] {
        let mut stream = service.follows(Some(unknown)).await;
        assert_eq!(stream.next().await.unwrap(), SNAPSHOT, "{unknown}");
        stream.until(&ended).await;
    }
}

#[tokio::test]
async fn a_node_that_was_started_again_lets_go_on_who_was_there_before() {
    let clock = HandClock::default();
    let store = Arc::new(Memory::new(clock.for_store()));
    let before = Server::on(Arc::clone(&store) as _, clock.clone(), |_| ()).await;
    let service = Service::new(&before).await;
    ends_one(&before, "ada").await;
    let mut stream = service.follows(None).await;
    let place = stream.until_place().await;
    let ended = ends_one(&before, "bea").await;
    drop((stream, before));

    let after = Server::on(store, clock, |_| ()).await;
    let mut stream = Service { server: after, ..service }.follows(Some(&place)).await;
    assert_eq!(stream.next().await.unwrap(), RESUMED);
    assert!(stream.next().await.unwrap().contains(&ended));
}

#[tokio::test]
async fn nothing_is_said_to_be_heard_that_was_not_asked_for_after_the_request() {
    let server = Server::start().await;
    let service = Service::new(&server).await;
    server.engine.catch_up().await.unwrap();
    server.clock.go(Duration::from_millis(500));
    let mut stream = service.follows(None).await;
    stream.until_place().await;
    // What was heard half a second ago says nothing about now.
    let early = stream.peeks().await;
    assert_eq!(early, None, "{early:?}");
    server.clock.go(Duration::from_millis(70));
    server.engine.catch_up().await.unwrap();
    assert_eq!(stream.next().await.unwrap(), "heard - 70");

    // From then on once a second, and with rows at once.
    server.clock.go(Duration::from_millis(300));
    server.engine.catch_up().await.unwrap();
    let early = stream.peeks().await;
    assert_eq!(early, None, "{early:?}");
    ends_one(&server, "ada").await;
    assert!(stream.next().await.unwrap().starts_with("rows "));
    assert_eq!(stream.next().await.unwrap(), "heard - 370");
    server.clock.go(Duration::from_secs(1));
    server.engine.catch_up().await.unwrap();
    assert_eq!(stream.next().await.unwrap(), "heard - 1370");
}

#[tokio::test]
async fn a_node_that_cannot_hear_its_store_says_nothing_and_lets_nobody_new_in() {
    let clock = HandClock::default();
    let store = Arc::new(Faulty::new(Arc::new(Memory::new(clock.for_store()))));
    let server = Server::on(Arc::clone(&store) as _, clock, |_| ()).await;
    let service = Service::new(&server).await;
    server.engine.catch_up().await.unwrap();
    let mut stream = service.follows(None).await;
    stream.until_place().await;
    server.engine.catch_up().await.unwrap();
    assert_eq!(stream.next().await.unwrap(), "heard - 0");

    store.log(Fault::Refuses);
    server.clock.go(Duration::from_secs(3));
    server.engine.catch_up().await.unwrap_err();
    assert_eq!(stream.peeks().await, None);
    let refused = whole(service.asks(None).await).await;
    assert_eq!(refused.is(503).code(), "unavailable");
    assert_eq!(refused.header("retry-after"), "1");

    store.log(Fault::None);
    server.engine.catch_up().await.unwrap();
    assert_eq!(stream.next().await.unwrap(), "heard - 3000");
}

#[tokio::test]
async fn only_a_service_with_its_own_token_and_this_scope_follows() {
    let server = Server::start().await;
    let service = Service::new(&server).await;
    service.follows(None).await;
    let none = server.browser().get(PATH).await;
    assert_eq!(none.is(401).code(), "not_signed_in");
    assert_eq!(none.header("www-authenticate"), "Bearer realm=\"http://localhost:7117\"");
    let mut stranger = Service { token: "x".to_owned(), ..service.clone() };
    assert_eq!(whole(stranger.asks(None).await).await.is(401).code(), "invalid_token");

    let without = Service::with(&server, "without", &["read"]).await;
    let refused = whole(without.asks(None).await).await;
    assert_eq!(refused.is(403).code(), "insufficient_scope");
    let told = refused.header("www-authenticate");
    assert!(
        told.contains("insufficient_scope") && told.contains("scope=\"revocations\""),
        "{told}"
    );

    // A person's token, though its client may ask people for this word.
    let app = RelyingParty::with(&server, |new| {
        new.id = Some(ClientId::parse("web").unwrap());
        new.scopes.push(feed::SCOPE.to_owned());
        new.audiences.clear();
    })
    .await;
    let mut ada = server.browser();
    ada.sign_up("ada").await;
    let code = app.code(&mut ada, &[("scope", "openid revocations")]).await;
    let tokens = app.redeem(&code).await.is(200).json();
    assert_eq!(tokens["scope"], "openid revocations");
    stranger.token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(whole(stranger.asks(None).await).await.is(403).code(), "client_refused");

    // One for another service.
    let answer = app.post("/oauth/token", &[CLIENT_CREDENTIALS]).await;
    stranger.token = answer.is(200).json()["access_token"].as_str().unwrap().to_owned();
    stranger.follows(None).await;
    for bad in ["7", "7.xyz", "7.00000000000000FF"] {
        let refused = whole(service.asks(Some(bad)).await).await;
        assert_eq!(refused.is(400).code(), "invalid_request", "{bad}");
        assert_eq!(refused.json()["errors"][0]["field"], "Last-Event-ID", "{bad}");
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_follows_with_a_proof_and_with_nothing_else() {
    let server = Server::start().await;
    let service = Service::new(&server).await;
    let (holder, thief) = (Holder::new(&server), Holder::new(&server));
    let answer = holder.post(&service.app, "/oauth/token", &[CLIENT_CREDENTIALS]).await;
    let answer = answer.is(200).json();
    assert_eq!(answer["token_type"], "DPoP");
    let token = answer["access_token"].as_str().unwrap();
    let asks = async |scheme: &str, proof: Option<&str>| {
        let mut request = request(Method::GET, PATH, Body::empty());
        let headers = request.headers_mut();
        headers.insert("host", "localhost:7117".parse().unwrap());
        headers.insert("authorization", format!("{scheme} {token}").parse().unwrap());
        if let Some(proof) = proof {
            headers.insert("dpop", proof.parse().unwrap());
        }
        server.answer(request).await
    };
    let proof = holder.proof(PATH, token);
    let mut stream = Stream::of(asks("DPoP", Some(&proof)).await);
    assert_eq!(stream.next().await.unwrap(), SNAPSHOT);
    let elsewhere = holder.proof("/api/v1/session", token);
    let stolen = thief.proof(PATH, token);
    for (scheme, proof, what) in [
        ("DPoP", Some(&proof), "a proof that was used"),
        ("DPoP", Some(&elsewhere), "a proof for another place"),
        ("DPoP", Some(&stolen), "a proof of another key"),
        ("DPoP", None, "no proof"),
        ("Bearer", None, "a downgrade"),
    ] {
        let refused = asks(scheme, proof.map(String::as_str)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{what}");
    }
    assert_eq!(server.engine.vitals().followers, 1, "who was refused has no place");
}

#[tokio::test]
async fn a_stream_ends_when_its_token_is_given_back_when_its_client_is_removed_and_in_time() {
    let server = Server::start().await;
    let services = [
        Service::with(&server, "giver", &[feed::SCOPE]).await,
        Service::with(&server, "gone", &[feed::SCOPE]).await,
        Service::with(&server, "patient", &[feed::SCOPE]).await,
    ];
    server.engine.catch_up().await.unwrap();
    let mut streams = Vec::new();
    for service in &services {
        let mut stream = service.follows(None).await;
        stream.until_place().await;
        streams.push(stream);
    }
    let [giver, gone, patient] = &mut streams[..] else { unreachable!() };
    assert_eq!(server.engine.vitals().followers, 3);

    services[0].app.post("/oauth/revoke", &[("token", &services[0].token)]).await.is(200);
    server.engine.catch_up().await.unwrap();
    assert_eq!(giver.rest().await, None);
    server.engine.remove_client(&ClientId::parse("gone").unwrap(), Actor::Operator).await.unwrap();
    server.engine.catch_up().await.unwrap();
    assert_eq!(gone.rest().await, None);
    assert!(patient.next().await.is_some(), "the others go on");
    assert_eq!(server.engine.vitals().followers, 1);
    server.clock.go(Duration::from_mins(10));
    server.engine.catch_up().await.unwrap();
    assert_eq!(patient.rest().await, None);
    assert_eq!(server.engine.vitals().followers, 0);
}

#[tokio::test]
async fn there_are_never_more_than_may_be() {
    let server = Server::with(|Setup { engine, .. }| {
        engine.followers.all = 3;
        engine.followers.of_client = 2;
    })
    .await;
    let one = Service::with(&server, "one", &[feed::SCOPE]).await;
    let other = Service::with(&server, "other", &[feed::SCOPE]).await;
    let (first, _second) = (one.follows(None).await, one.follows(None).await);
    let refused = whole(one.asks(None).await).await;
    assert_eq!(refused.is(429).code(), "too_many_requests");
    assert_eq!(refused.header("retry-after"), "5");
    let _third = other.follows(None).await;
    let refused = whole(other.asks(None).await).await;
    assert_eq!(refused.is(503).code(), "unavailable");
    assert_eq!(refused.header("retry-after"), "5");
    drop(first);
    other.follows(None).await;
}

#[tokio::test]
async fn when_the_server_stops_every_stream_ends_and_nobody_new_comes() {
    let server = Server::start().await;
    let service = Service::new(&server).await;
    let mut stream = service.follows(None).await;
    stream.until_place().await;
    assert_eq!(stream.peeks().await, None);
    server.engine.end_following();
    assert_eq!(stream.rest().await, None);
    whole(service.asks(None).await).await.is(503);
}

#[tokio::test]
async fn where_the_log_is_another_one_the_stream_begins_again() {
    let clock = HandClock::default();
    let store = Arc::new(Memory::new(clock.for_store()));
    let server = Server::on(Arc::clone(&store) as _, clock.clone(), |_| ()).await;
    let service = Service::new(&server).await;
    let before = ends_one(&server, "ada").await;
    clock.go(Duration::from_mins(61));
    let service = service.again().await;
    let mut stream = service.follows(None).await;
    stream.until(&[before]).await;
    stream.until_place().await;
    server.engine.catch_up().await.unwrap();
    assert_eq!(stream.next().await.unwrap(), "heard - 0");

    // The row at which this node is goes, because it concerns nothing any more, before the node asks what comes after it.
    let elsewhere = Server::on(store, clock.clone(), |_| ()).await;
    let after = ends_one(&elsewhere, "bea").await;
    clock.go(Duration::from_mins(2));
    elsewhere.engine.sweep().await.unwrap();
    server.engine.catch_up().await.unwrap();
    assert_eq!(server.engine.vitals().log.lost, 1);
    assert_eq!(stream.next().await.unwrap(), SNAPSHOT);
    assert_eq!(stream.place, None, "a reader that leaves now has to begin again");
    stream.until(&[after]).await;
    stream.until_place().await;
    assert_eq!(stream.next().await.unwrap(), "heard - 120000");
}

#[tokio::test]
async fn an_answer_says_whether_the_node_has_heard_what_the_asker_has() {
    let server = Server::start().await;
    let service = Service::new(&server).await;
    let mut stream = service.follows(None).await;
    let place = stream.until_place().await;
    let mut ada = server.browser();
    let user = ada.sign_up("ada").await.json()["user"]["id"].as_str().unwrap().to_owned();
    server.engine.catch_up().await.unwrap();

    let asked = |place: &str, path: &str| {
        let mut request = request(Method::GET, path, Body::empty());
        request.headers_mut().insert("cloakroom-place", place.parse().unwrap());
        request
    };
    let answer = ada.send(asked(&place, "/api/v1/session")).await;
    assert_eq!(answer.is(200).header("cloakroom-place"), place);
    assert_eq!(ada.get("/api/v1/session").await.is(200).header("cloakroom-place"), "");
    let (seq, nonce) = place.split_once('.').unwrap();
    let next = format!("{}.{nonce}", seq.parse::<u64>().unwrap() + 1000);
    let otherwise = format!("{seq}.0000000000000000");
    let introspected = async |place: &str| {
        let about = [("token", service.token.as_str())];
        let beside = [("cloakroom-place", place)];
        service.app.post_beside("/oauth/introspect", &about, &beside).await
    };
    let answer = introspected(&place).await;
    assert_eq!(answer.is(200).header("cloakroom-place"), place);
    for unknown in [&*next, &otherwise, "x"] {
        let answer = ada.send(asked(unknown, "/api/v1/session")).await;
        assert_eq!(answer.is(200).header("cloakroom-place"), "", "{unknown}");
        let answer = introspected(unknown).await;
        assert_eq!(answer.is(200).json()["active"], true);
        assert_eq!(answer.header("cloakroom-place"), "", "{unknown}");
    }

    // A place is passed once the log is read, and not when the row was written.
    let subject = Subject::User(user.parse::<UserId>().unwrap());
    let roles = vec![cloakroom_model::user::Role::parse("editor").unwrap()];
    server.engine.set_roles(user.parse().unwrap(), roles, Actor::Operator).await.unwrap();
    server.engine.catch_up().await.unwrap();
    let mut rows = String::new();
    while !rows.contains(&format!(" ~{}", named(&subject))) {
        rows = stream.next().await.unwrap();
    }
    let answer = ada.send(asked(stream.place.as_ref().unwrap(), "/api/v1/session")).await;
    assert_eq!(answer.is(200).header("cloakroom-place"), stream.place.as_deref().unwrap());
}

const CLIENT_CREDENTIALS: (&str, &str) = ("grant_type", "client_credentials");

const PATH: &str = "/api/v1/revocations";

/// A service with a token of its own.
#[derive(Clone)]
struct Service {
    server: Server,
    app: RelyingParty,
    token: String,
}

impl Service {
    async fn new(server: &Server) -> Self {
        Self::with(server, "service", &[feed::SCOPE]).await
    }

    async fn with(server: &Server, name: &str, scopes: &[&str]) -> Self {
        let app = RelyingParty::with(server, |new| {
            new.id = Some(ClientId::parse(name).unwrap());
            new.template = Template::Service;
            new.audiences.clear();
            new.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
            new.registration.redirect_uris.clear();
            new.registration.grant_types = vec![GrantType::ClientCredentials];
        })
        .await;
        Self { server: server.clone(), app, token: String::new() }.again().await
    }

    /// With another token.
    async fn again(self) -> Self {
        let answer = self.app.post("/oauth/token", &[CLIENT_CREDENTIALS]).await;
        let token = answer.is(200).json()["access_token"].as_str().unwrap().to_owned();
        Self { token, ..self }
    }

    async fn asks(&self, place: Option<&str>) -> http::Response<Body> {
        let mut request = request(Method::GET, PATH, Body::empty());
        let headers = request.headers_mut();
        headers.insert("host", "localhost:7117".parse().unwrap());
        headers.insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        if let Some(place) = place {
            headers.insert("last-event-id", place.parse().unwrap());
        }
        self.server.answer(request).await
    }

    async fn follows(&self, place: Option<&str>) -> Stream {
        let answer = self.asks(place).await;
        assert_eq!(answer.status(), StatusCode::OK);
        Stream::of(answer)
    }
}

/// What a service is sent, an event after the other, each as one line: its name, its id (`-` where it has none), its data.
struct Stream {
    body: BodyDataStream,
    text: String,
    place: Option<String>,
}

impl Stream {
    fn of(answer: http::Response<Body>) -> Self {
        Self { body: answer.into_body().into_data_stream(), text: String::new(), place: None }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<String> {
        timeout(PATIENCE, self.read()).await.expect("an event, or the end")
    }

    /// The next event if there is one without anything happening.
    async fn peeks(&mut self) -> Option<String> {
        timeout(Duration::from_millis(100), self.read()).await.ok().flatten()
    }

    /// Reads what is there, to the end: `None`, as a stream that has ended says.
    async fn rest(&mut self) -> Option<String> {
        while self.next().await.is_some() {}
        None
    }

    /// Reads until it is told where it is.
    async fn until_place(&mut self) -> String {
        while self.place.is_none() {
            self.next().await.expect("a place");
        }
        self.place.clone().unwrap()
    }

    /// Reads until all of these were in rows, one way or the other.
    async fn until(&mut self, names: &[String]) {
        let mut heard = String::new();
        while !names.iter().all(|name| heard.contains(name)) {
            heard.push_str(&self.next().await.expect("rows"));
        }
    }

    async fn read(&mut self) -> Option<String> {
        let event = loop {
            if let Some(end) = self.text.find("\n\n") {
                break self.text.drain(..end + 2).collect::<String>();
            }
            let piece = self.body.next().await?.unwrap();
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        };
        let (mut name, mut id, mut data) = ("", "-", Vec::new());
        for line in event.trim_end().lines() {
            match line.split_once(':').unwrap() {
                ("event", value) => name = value.trim_start(),
                ("id", value) => id = value.trim_start(),
                ("data", value) => data.push(value.trim_start()),
                other => panic!("{other:?}"),
            }
        }
        match id {
            "-" => (),
            "" => self.place = None,
            id => self.place = Some(id.to_owned()),
        }
        Some(format!("{name} {id} {} ", data.join(" ")).trim_end().to_owned())
    }
}

/// Signs somebody up and out, has the node read the log, and answers what the session is called in the feed.
async fn ends_one(server: &Server, name: &str) -> String {
    let mut browser: Browser = server.browser();
    let sid = browser.sign_up(name).await.json()["session"]["sid"].as_str().unwrap().to_owned();
    browser.post("/api/v1/sign-out", &serde_json::json!({})).await.is(204);
    server.engine.catch_up().await.unwrap();
    named(&Subject::Session(sid.parse().unwrap()))
}

fn named(subject: &Subject) -> String {
    base64url::encode(&feed::digest(subject))
}

async fn whole(response: http::Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body }
}
