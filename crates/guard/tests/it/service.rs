//! A service behind a guard, at a clock that is set by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::routing::{get, post};
use axum::{Json, Router};
use cloakroom_guard::{Clock, CookieName, Guard, Identity, Settings, require};
use cloakroom_jose::base64url;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::issuer::{AUDIENCE, Issuer, NOW};

/// Longer than any honest machine takes, in polls that each let others run.
const PATIENCE: Duration = Duration::from_secs(20);

/// The steady time at which every clock begins.
const START: Duration = Duration::from_secs(1000);

/// A clock that goes on only when it is told to. Clones are the same clock.
#[derive(Clone, Default)]
pub(crate) struct Hands(Arc<Mutex<Duration>>);

impl Hands {
    pub(crate) fn go(&self, on: Duration) {
        *self.0.lock().unwrap() += on;
    }
}

impl Clock for Hands {
    fn wall(&self) -> u64 {
        NOW + self.0.lock().unwrap().as_secs()
    }

    fn steady(&self) -> Duration {
        START + *self.0.lock().unwrap()
    }
}

/// A service that says who is there.
pub(crate) struct Service {
    pub(crate) guard: Guard,
    pub(crate) clock: Hands,
    router: Router,
    /// Since when, at the service, its present stream is open.
    opened: Duration,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

pub(crate) fn settings(issuer: &Issuer) -> Settings {
    Settings::new(&issuer.url, AUDIENCE).service("api", "hush").cookie(CookieName::SameHost)
}

impl Service {
    /// A service that follows, up to date.
    pub(crate) async fn up_to_date(issuer: &Issuer) -> Self {
        Self::with(issuer, settings(issuer)).await
    }

    pub(crate) async fn with(issuer: &Issuer, settings: Settings) -> Self {
        let service = Self::start(settings);
        issuer.said.opened(1).await;
        service.hears(issuer).await;
        service
    }

    /// A service that has heard nothing yet.
    pub(crate) fn start(settings: Settings) -> Self {
        let clock = Hands::default();
        let guard = Guard::start(settings.clock(clock.clone())).unwrap();
        let me = |me: Identity| async move {
            Json(json!({ "user": me.user(), "roles": me.roles().collect::<Vec<_>>() }))
        };
        let perhaps =
            |me: Option<Identity>| async move { Json(json!(me.as_ref().and_then(Identity::user))) };
        let orders = Router::new()
            .route("/orders", get(me))
            .layer(require::signed_in().scope("orders:read"));
        let office =
            Router::new().route("/office", get(me)).layer(require::signed_in().role("staff"));
        let vault = Router::new()
            .route("/vault", get(me))
            .layer(require::signed_in().fresh_within(Duration::from_secs(30)).step_up(["aal2"]));
        let router = Router::new()
            .route("/me", get(me))
            .route("/me", post(me))
            .route("/perhaps", get(perhaps))
            .merge(orders)
            .merge(office)
            .merge(vault)
            .layer(guard.layer());
        Self { guard, clock, router, opened: Duration::ZERO }
    }

    /// Has heard everything up to now, by the stream that is open.
    pub(crate) async fn hears(&self, issuer: &Issuer) {
        let since = self.clock.steady().saturating_sub(START + self.opened);
        issuer.said.tell(&format!("event: heard\ndata: {}\n\n", since.as_millis()));
        soon("the word is heard", async || self.guard.health().unheard_for == Some(Duration::ZERO))
            .await;
    }

    /// Its present stream was asked for at this time of the clock.
    pub(crate) fn opened_at(&mut self, at: Duration) {
        self.opened = at;
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("host", "api.example.com");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// How a bearer token is answered.
    pub(crate) async fn by_token(&self, token: &str) -> u16 {
        self.get("/me", &[("authorization", &format!("Bearer {token}"))]).await.status.as_u16()
    }

    /// How a cookie is answered.
    pub(crate) async fn by_cookie(&self, value: &str) -> u16 {
        self.get("/me", &[("cookie", &format!("cloakroom={value}"))]).await.status.as_u16()
    }
}

/// Asks again and again until it is so.
pub(crate) async fn soon(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// The digest of a row, as the feed writes it.
pub(crate) fn digest(kind: &str, id: &str) -> String {
    let text = format!("cloakroom revocation\n{kind}\n{id}");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    base64url::encode(&digest.as_ref()[..16])
}

/// An event of one row, `-` or `~`, at the place of this number.
pub(crate) fn row(number: u64, mark: char, kind: &str, id: &str) -> String {
    format!(
        "event: rows\nid: {number}.00000000000000aa\ndata: 9999999999 {mark}{}\n\n",
        digest(kind, id)
    )
}
