//! Any bytes as the body of every operation that reads one, sent by an administrator to a whole server in this process:
//! never an answer of 5xx, and every refusal a problem that says what was wrong.
//!
//! The first byte chooses the operation, the rest is the body.

#![no_main]

use std::cell::RefCell;
use std::sync::LazyLock;

use axum::body::Body;
use cloakroom_model::event::Actor;
use cloakroom_model::user::Role;
use cloakroom_server::operation::Operation;
use cloakroom_server::routes;
use cloakroom_testkit::browser::{Answer, Browser};
use cloakroom_testkit::server::Server;
use http::Request;
use http::header::CONTENT_TYPE;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tokio::runtime::Runtime;

/// What was sent to one server accumulates in it; after so many it is replaced.
const ONE_SERVER: u32 = 2_000;

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let reading: Vec<_> =
        routes::operations().into_iter().filter(|operation| !operation.bodies.is_empty()).collect();
    assert!(reading.len() > 10, "only {} operations read a body", reading.len());
    reading
});

struct Scene {
    runtime: Runtime,
    administrator: Browser,
    user: String,
    answered: u32,
}

thread_local! {
    static SCENE: RefCell<Scene> = RefCell::new(Scene::new());
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, body)) = bytes.split_first() else { return };
    let operation = &OPERATIONS[usize::from(choice) % OPERATIONS.len()];
    SCENE.with_borrow_mut(|scene| {
        if scene.answered == ONE_SERVER {
            *scene = Scene::new();
        }
        scene.answered += 1;
        let answer = scene.send(operation, body);
        judge(operation, &answer);
        if answer.status.is_success() && !scene.is_signed_in() {
            *scene = Scene::new();
        }
    });
});

impl Scene {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (administrator, user) = runtime.block_on(async {
            let server = Server::start().await;
            let mut administrator = server.browser();
            let answer = administrator.sign_up("ada").await.json();
            let id = answer["user"]["id"].as_str().unwrap().parse().unwrap();
            server.engine.set_roles(id, vec![Role::admin()], Actor::Operator).await.unwrap();
            administrator.sign_in("ada", "token").await;
            administrator.jar.clear();
            let user = server.browser().sign_up("bob").await.json();
            (administrator, user["user"]["id"].as_str().unwrap().to_owned())
        });
        Self { runtime, administrator, user, answered: 0 }
    }

    fn send(&self, operation: &Operation, body: &[u8]) -> Answer {
        let path = operation.path.replace("{user}", &self.user).replace("{namespace}", "cart");
        let request = Request::builder()
            .method(operation.method.to_ascii_uppercase().as_str())
            .uri(path)
            .header(CONTENT_TYPE, operation.bodies[0].0)
            .body(Body::from(body.to_vec()))
            .unwrap();
        // A copy: an answer that sets a cookie must not sign the next request in as somebody else.
        let mut browser = self.administrator.clone();
        self.runtime.block_on(browser.send(request))
    }

    /// Not after signing out, and what follows would only ever be refused.
    fn is_signed_in(&self) -> bool {
        let mut browser = self.administrator.clone();
        self.runtime.block_on(browser.get("/api/v1/session")).status.is_success()
    }
}

fn judge(operation: &Operation, answer: &Answer) {
    let status = answer.status.as_u16();
    let id = operation.id;
    assert!(status < 500, "{id} answered {answer:?}");
    if status >= 400 {
        let problem: Value = serde_json::from_slice(&answer.body).expect("a refusal is JSON");
        let code = if operation.speaks_oauth { "error" } else { "title" };
        let named = problem[code].is_string() || problem["title"].is_string();
        assert!(named, "{id} refused without a word: {answer:?}");
    }
}
