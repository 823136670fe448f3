//! What is posted to receivers.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_engine::fetch::{Fetch, FetchError, Fetched, Limits, Message};
use cloakroom_model::event::Actor;
use cloakroom_store::memory::Memory;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::fetch::{OtherServers, Sent};
use cloakroom_testkit::server::Server;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use url::Url;

use super::receiver::{ENDPOINT, Receiver, ada, caep, change_password, risc, types};

#[tokio::test]
async fn what_happens_is_posted_in_order_and_once() {
    let (server, warehouse) = scene().await;
    let (mut browser, user, session) = ada(&server).await;
    change_password(&mut browser).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    warehouse.deliver().await;
    let told = warehouse.told();
    assert_eq!(types(&told), [caep("credential-change"), caep("session-revoked")]);
    assert_eq!(told[0]["sub_id"]["sub"], user.as_str());
    assert_eq!(told[1]["sub_id"]["session"]["id"], session.as_str());
    assert_eq!(warehouse.posted()[0].authorization.as_deref(), Some("Bearer secret"));
    warehouse.deliver().await;
    assert_eq!(warehouse.posted().len(), 2);
}

#[tokio::test]
async fn a_receiver_that_is_away_loses_nothing_and_nothing_passes_another() {
    let (server, warehouse) = scene().await;
    let (mut browser, ..) = ada(&server).await;
    warehouse.answers(503, "");
    change_password(&mut browser).await;
    warehouse.deliver().await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    warehouse.deliver().await;
    // The first is tried alone, and it is left alone for a while.
    assert_eq!(types(&warehouse.told()), [caep("credential-change")]);
    let mut tried = 1;
    for pause in [2, 10, 60, 300, 900] {
        server.clock.go(Duration::from_millis(pause * 1000 - 1));
        warehouse.deliver().await;
        assert_eq!(warehouse.posted().len(), tried);
        server.clock.go(Duration::from_millis(1));
        warehouse.deliver().await;
        tried += 1;
        assert_eq!(warehouse.posted().len(), tried);
    }
    warehouse.takes();
    server.clock.go(Duration::from_hours(6));
    warehouse.deliver().await;
    let told = warehouse.told();
    let names = |told: &[Value]| told.iter().map(|it| it["jti"].clone()).collect::<Vec<_>>();
    assert_eq!(types(&told[tried..]), [caep("credential-change"), caep("session-revoked")]);
    assert!(names(&told[..=tried]).iter().all(|jti| *jti == told[0]["jti"]), "one name each time");
}

#[tokio::test]
async fn a_token_that_is_refused_again_and_again_does_not_hold_up_the_others() {
    let (server, warehouse) = scene().await;
    let (mut browser, ..) = ada(&server).await;
    change_password(&mut browser).await;
    warehouse.answers(400, r#"{"err":"invalid_key","description":"unknown"}"#);
    for _ in 0..5 {
        warehouse.deliver().await;
        server.clock.go(Duration::from_hours(1));
    }
    assert_eq!(warehouse.posted().len(), 5);
    browser.post("/api/v1/sign-out", &json!({})).await;
    warehouse.deliver().await;
    let told = types(&warehouse.told());
    assert_eq!(told[5..], [caep("credential-change"), caep("session-revoked")], "given up");
}

#[tokio::test]
async fn only_refusals_in_a_row_of_one_token_give_it_up() {
    let (server, mut warehouse) = scene().await;
    let stream = stream_of(&mut warehouse).await;
    two_wait(&server).await;
    tries(&warehouse, 503, 7).await;
    tries(&warehouse, 400, 5).await;
    tries(&warehouse, 503, 1).await;
    tries(&warehouse, 400, 5).await;
    // Another place, or the same one with other keys.
    warehouse.renew().await;
    let change = json!({ "stream_id": stream, "description": "anew" });
    warehouse.send(http::Method::PATCH, &change).await.is(200);
    tries(&warehouse, 400, 5).await;
    let told = types(&warehouse.told());
    assert_eq!(told, vec![caep("credential-change"); 23]);
    tries(&warehouse, 400, 1).await;
    // It was refused for the sixth time, and the next one for the first.
    tries(&warehouse, 400, 5).await;
    warehouse.takes();
    warehouse.deliver().await;
    let told = types(&warehouse.told());
    assert_eq!(told[23..24], [caep("credential-change")]);
    assert_eq!(told[24..], vec![caep("session-revoked"); 6]);
}

#[tokio::test]
async fn a_paused_stream_is_not_posted_and_a_disabled_one_says_so() {
    let (server, mut warehouse) = scene().await;
    let stream = warehouse.calls.get("/ssf/stream").await.json()[0]["stream_id"].clone();
    let paused = json!({ "stream_id": stream, "status": "paused" });
    warehouse.post("/ssf/status", &paused).await.is(200);
    let (mut browser, ..) = ada(&server).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    warehouse.deliver().await;
    assert_eq!(warehouse.posted(), []);
    server.clock.go(Duration::from_hours(7 * 24) + Duration::from_millis(1));
    server.engine.disable_abandoned_streams().await.unwrap();
    warehouse.deliver().await;
    assert_eq!(types(&warehouse.told()), [super::receiver::ssf("stream-updated")]);
}

#[tokio::test]
async fn what_becomes_of_accounts_is_told() {
    let (server, warehouse) = scene().await;
    let mut administrator = server.administrator().await;
    let eve = server.add_user("eve", &[]).await.id;
    for what in ["disable", "enable"] {
        let path = format!("/api/v1/admin/users/{eve}/{what}");
        administrator.post(&path, &json!({})).await.is(204);
    }
    administrator.delete(&format!("/api/v1/admin/users/{eve}")).await.is(204);
    warehouse.deliver().await;
    let told = warehouse.told();
    let expected = ["account-disabled", "account-enabled", "account-purged"].map(risc);
    assert_eq!(types(&told), expected);
    assert!(told.iter().all(|claims| claims["sub_id"]["sub"] == json!(eve)));
}

#[tokio::test]
async fn another_address_is_told_by_the_one_that_was_given_up() {
    let (server, warehouse) = scene().await;
    let (mut browser, ..) = ada(&server).await;
    let wish = json!({
        "email": "ada@example.net",
        "username": null,
        "current_password": cloakroom_testkit::engine::PASSWORD,
    });
    let answer = browser.json(http::Method::PUT, "/api/v1/account", &wish).await;
    answer.is(200);
    warehouse.deliver().await;
    let told = warehouse.told();
    assert_eq!(types(&told), [risc("identifier-changed")]);
    let subject = json!({ "format": "email", "email": "ada@example.com" });
    assert_eq!(told[0]["sub_id"], subject);
    assert_eq!(super::receiver::event(&told[0]).1, json!({ "new-value": "ada@example.net" }));
}

#[tokio::test]
async fn of_two_nodes_one_delivers_a_stream_and_the_other_goes_on_where_it_died() {
    let (clock, one, other) = two_nodes().await;
    let mut warehouse = Receiver::new(&one).await;
    warehouse.is_pushed(None).await;
    other.engine.catch_up().await.unwrap();
    let (mut browser, ..) = ada(&one).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
    // The first node claims the stream, and dies while its receiver has not answered.
    let never: Arc<dyn Fetch> = Arc::new(Silent);
    let engine = one.engine.clone();
    let dying = tokio::spawn(async move { engine.deliver_signals(&never).await });
    tokio::task::yield_now().await;
    let ways: Arc<dyn Fetch> = other.others.clone();
    assert!(!other.engine.deliver_signals(&ways).await.unwrap());
    assert_eq!(other.others.sent(), [], "it is claimed");
    dying.abort();
    clock.go(Duration::from_mins(1));
    assert!(!other.engine.deliver_signals(&ways).await.unwrap());
    warehouse.deliver().await;
    assert_eq!((other.others.sent().len(), one.others.sent().len()), (1, 0));
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_holds_up_no_other() {
    let (server, _warehouse) = scene().await;
    let (bell, mut rings) = mpsc::unbounded_channel();
    let engine = server.engine.clone();
    let delivering =
        tokio::spawn(async move { engine.keep_delivering(Arc::new(Bell(bell))).await });
    two_wait(&server).await;
    let mut rang = async || tokio::time::timeout(Duration::from_mins(1), rings.recv()).await;
    assert_eq!(rang().await.unwrap().as_deref(), Some(ENDPOINT));
    let mut other = Receiver::named(&server, "other", "ssf.manage").await;
    let stream = other.is_pushed(None).await["stream_id"].clone();
    let delivery = json!({ "method": super::receiver::PUSH, "endpoint_url": ELSEWHERE });
    let change = json!({ "stream_id": stream, "delivery": delivery });
    other.send(http::Method::PATCH, &change).await.is(200);
    other.post("/ssf/verification", &json!({ "stream_id": stream })).await.is(204);
    assert_eq!(rang().await.unwrap().as_deref(), Some(ELSEWHERE));
    delivering.abort();
}

#[tokio::test]
async fn a_node_that_has_not_heard_of_a_client_tries_again_and_loses_nothing() {
    let (clock, one, other) = two_nodes().await;
    let mut warehouse = Receiver::new(&one).await;
    warehouse.is_pushed(None).await;
    two_wait(&one).await;
    let ways: Arc<dyn Fetch> = other.others.clone();
    assert!(!other.engine.deliver_signals(&ways).await.unwrap());
    assert_eq!(other.others.sent(), []);
    other.engine.catch_up().await.unwrap();
    clock.go(Duration::from_secs(2));
    assert!(!other.engine.deliver_signals(&ways).await.unwrap());
    assert_eq!(other.others.sent().len(), 2);
}

#[tokio::test]
async fn a_node_that_has_not_heard_of_a_data_key_opens_what_it_sealed() {
    let (_, one, other) = two_nodes().await;
    let mut warehouse = Receiver::new(&one).await;
    other.engine.catch_up().await.unwrap();
    one.engine.renew_data_key(Actor::Operator).await.unwrap();
    warehouse.is_pushed(Some("Bearer secret")).await;
    two_wait(&one).await;
    let ways: Arc<dyn Fetch> = other.others.clone();
    assert!(!other.engine.deliver_signals(&ways).await.unwrap());
    let sent = other.others.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|it| it.authorization.as_deref() == Some("Bearer secret")));
}

#[tokio::test]
async fn a_receiver_that_moves_gets_the_rest_where_it_is_now() {
    let (server, warehouse) = scene().await;
    two_wait(&server).await;
    meanwhile(&warehouse, moves).await;
    let urls = || server.others.sent().into_iter().map(|it| it.url).collect::<Vec<_>>();
    assert_eq!(urls(), [ENDPOINT]);
    warehouse.deliver().await;
    assert_eq!(urls(), [ENDPOINT, ELSEWHERE]);
    let read = |it: &Sent| warehouse.read(&it.body);
    let told: Vec<_> = server.others.sent().iter().map(read).collect();
    assert_eq!(types(&told), [caep("credential-change"), caep("session-revoked")]);
}

#[tokio::test]
async fn a_stream_that_is_paused_or_off_or_gone_is_posted_no_more() {
    for (status, left) in [(Some("paused"), 1), (Some("disabled"), 0), (None, 0)] {
        let (server, mut warehouse) = scene().await;
        let stream = stream_of(&mut warehouse).await;
        two_wait(&server).await;
        meanwhile(&warehouse, |receiver| becomes(receiver, status)).await;
        warehouse.deliver().await;
        assert_eq!(types(&warehouse.told()), [caep("credential-change")], "{status:?}");
        if status.is_some() {
            let enabled = json!({ "stream_id": stream, "status": "enabled" });
            warehouse.post("/ssf/status", &enabled).await.is(200);
        }
        warehouse.deliver().await;
        let lost = vec![caep("session-revoked"); left];
        assert_eq!(types(&warehouse.told())[1..], lost, "{status:?}");
    }
}

#[tokio::test]
async fn what_a_place_refused_that_was_given_up_meanwhile_is_not_lost() {
    let (server, warehouse) = scene().await;
    two_wait(&server).await;
    tries(&warehouse, 400, 5).await;
    meanwhile(&warehouse, moves).await;
    warehouse.deliver().await;
    let sent = server.others.sent();
    let urls: Vec<_> = sent.iter().map(|it| &*it.url).collect();
    assert_eq!(urls, [[ENDPOINT; 6].as_slice(), &[ELSEWHERE; 2]].concat());
    let names: Vec<_> = sent.iter().map(|it| warehouse.read(&it.body)["jti"].clone()).collect();
    assert_eq!(names[..7], vec![names[0].clone(); 7]);
}

/// Where the receiver wants to be told after it moved.
const ELSEWHERE: &str = "https://warehouse.example/elsewhere";

/// Two nodes of one store, whose receivers take what they are posted.
async fn two_nodes() -> (HandClock, Server, Server) {
    let clock = HandClock::default();
    let store = Arc::new(Memory::new(clock.for_store()));
    let one = Server::on(store.clone(), clock.clone(), |_| ()).await;
    let other = Server::on(store, clock.clone(), |_| ()).await;
    for node in [&one, &other] {
        node.others.answer(ENDPOINT, taken());
    }
    (clock, one, other)
}

/// Posts what is due so often while the receiver answers with this status, whenever it is left alone no longer.
async fn tries(warehouse: &Receiver, status: u16, times: usize) {
    warehouse.answers(status, r#"{"err":"invalid_key","description":"unknown"}"#);
    for _ in 0..times {
        warehouse.deliver().await;
        warehouse.server.clock.go(Duration::from_hours(1));
    }
}

/// What happened to Ada waits: a changed password, and the end of her session.
async fn two_wait(server: &Server) {
    let (mut browser, ..) = ada(server).await;
    change_password(&mut browser).await;
    browser.post("/api/v1/sign-out", &json!({})).await.is(204);
}

async fn stream_of(receiver: &mut Receiver) -> Value {
    receiver.calls.get("/ssf/stream").await.json()[0]["stream_id"].clone()
}

/// Has the receiver told elsewhere from now on.
async fn moves(mut receiver: Receiver) {
    receiver.renew().await;
    receiver.server.others.answer(ELSEWHERE, taken());
    let delivery = json!({ "method": super::receiver::PUSH, "endpoint_url": ELSEWHERE });
    let change = json!({ "stream_id": stream_of(&mut receiver).await, "delivery": delivery });
    receiver.send(http::Method::PATCH, &change).await.is(200);
}

fn taken() -> Fetched {
    Fetched {
        status: 202,
        content_type: None,
        body: b"".as_slice().into(),
        fresh_for: Duration::ZERO,
    }
}

/// Sets the status of the receiver's stream, or removes the stream.
async fn becomes(mut receiver: Receiver, status: Option<&'static str>) {
    let stream = stream_of(&mut receiver).await;
    if let Some(status) = status {
        let change = json!({ "stream_id": stream, "status": status });
        receiver.post("/ssf/status", &change).await.is(200);
    } else {
        let path = format!("/ssf/stream?stream_id={}", stream.as_str().unwrap());
        receiver.calls.delete(&path).await.is(204);
    }
}

/// Posts what is due, and has something done while the receiver answers the first token.
async fn meanwhile<F>(receiver: &Receiver, what: impl FnOnce(Receiver) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let what = Mutex::new(Some(Box::pin(what(receiver.clone())) as Pin<Box<_>>));
    let others = receiver.server.others.clone();
    let fetch: Arc<dyn Fetch> = Arc::new(Meanwhile { others, what });
    assert!(!receiver.server.engine.deliver_signals(&fetch).await.unwrap());
}

/// Other servers, while the first of which answers something happens.
struct Meanwhile {
    others: Arc<OtherServers>,
    what: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
}

#[async_trait]
impl Fetch for Meanwhile {
    async fn fetch(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError> {
        self.others.fetch(url, limits).await
    }

    async fn fetch_anew(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError> {
        self.others.fetch_anew(url, limits).await
    }

    async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Fetched, FetchError> {
        self.others.post(url, form, limits).await
    }

    async fn send(
        &self,
        url: &Url,
        message: Message<'_>,
        limits: Limits,
    ) -> Result<Fetched, FetchError> {
        let answer = self.others.send(url, message, limits).await;
        let what = self.what.lock().await.take();
        if let Some(what) = what {
            what.await;
        }
        answer
    }
}

/// Says where it is posted to, and never answers.
struct Bell(mpsc::UnboundedSender<String>);

#[async_trait]
impl Fetch for Bell {
    async fn fetch(&self, _: &Url, _: Limits) -> Result<Fetched, FetchError> {
        Err(FetchError::Busy)
    }

    async fn fetch_anew(&self, _: &Url, _: Limits) -> Result<Fetched, FetchError> {
        Err(FetchError::Busy)
    }

    async fn post(&self, _: &Url, _: &[(&str, &str)], _: Limits) -> Result<Fetched, FetchError> {
        Err(FetchError::Busy)
    }

    async fn send(&self, url: &Url, _: Message<'_>, _: Limits) -> Result<Fetched, FetchError> {
        self.0.send(url.to_string()).unwrap();
        std::future::pending().await
    }
}

/// A receiver that never answers.
struct Silent;

#[async_trait]
impl Fetch for Silent {
    async fn fetch(&self, _: &Url, _: Limits) -> Result<Fetched, FetchError> {
        std::future::pending().await
    }

    async fn fetch_anew(&self, _: &Url, _: Limits) -> Result<Fetched, FetchError> {
        std::future::pending().await
    }

    async fn post(&self, _: &Url, _: &[(&str, &str)], _: Limits) -> Result<Fetched, FetchError> {
        std::future::pending().await
    }

    async fn send(&self, _: &Url, _: Message<'_>, _: Limits) -> Result<Fetched, FetchError> {
        std::future::pending().await
    }
}

/// A service whose stream is pushed.
async fn scene() -> (Server, Receiver) {
    let server = Server::start().await;
    let mut warehouse = Receiver::new(&server).await;
    warehouse.is_pushed(Some("Bearer secret")).await;
    (server, warehouse)
}
