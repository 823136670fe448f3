//! A session of the service's own in Redis, by the crate `tower-sessions`: read with each request.
//!
//! `POST /sign-in` puts a user into a new one. The store is that crate's interface over the client of Redis that Cloakroom
//! uses, since the store that its authors offer rests on another client.

use std::fmt;

use anyhow::Result;
use async_trait::async_trait;
use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result as Stored};
use tower_sessions::{Session, SessionManagerLayer, SessionStore};

use crate::{Settings, answer};

const USER: &str = "user";
const DAY_SECONDS: u64 = 86_400;

pub(crate) async fn router(settings: &Settings) -> Result<Router> {
    let client = redis::Client::open(settings.redis.as_str())?;
    let store = Kept(client.get_multiplexed_async_connection().await?);
    let sessions = SessionManagerLayer::new(store).with_secure(false);
    let router = Router::new().route("/who", get(who)).route("/sign-in", post(sign_in));
    Ok(router.layer(sessions))
}

async fn sign_in(session: Session, user: String) -> StatusCode {
    match session.insert(USER, user).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn who(session: Session) -> Response {
    answer(session.get(USER).await.ok().flatten())
}

#[derive(Clone)]
struct Kept(MultiplexedConnection);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

#[async_trait]
impl SessionStore for Kept {
    async fn save(&self, record: &Record) -> Stored<()> {
        let json = serde_json::to_string(record).map_err(|it| Error::Encode(it.to_string()))?;
        let saved = self.0.clone().set_ex(name(&record.id), json, DAY_SECONDS).await;
        saved.map_err(|it| Error::Backend(it.to_string()))
    }

    async fn load(&self, id: &Id) -> Stored<Option<Record>> {
        let json: Option<String> =
            self.0.clone().get(name(id)).await.map_err(|it| Error::Backend(it.to_string()))?;
        let read = json.map(|json| serde_json::from_str(&json)).transpose();
        read.map_err(|it| Error::Decode(it.to_string()))
    }

    async fn delete(&self, id: &Id) -> Stored<()> {
        let deleted = self.0.clone().del(name(id)).await;
        deleted.map_err(|it| Error::Backend(it.to_string()))
    }
}

fn name(id: &Id) -> String {
    format!("tower-sessions:{id}")
}
