//! A service that must know who asks, and finds out in one of the usual ways: what each costs is measured from outside.
//!
//! Started as `bench-service PORT WAY FILE`, where the file holds what the way needs ([`Settings`]). `GET /who` answers
//! `{"user":"…"}`, whichever way it was found out, and 401 where nobody is there.

mod guarded;
mod introspection;
mod jsonwebtoken;
mod tower_sessions;

use std::{env, fs};

use anyhow::{Context, Result, bail};
use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

/// What the ways need to know.
#[derive(Deserialize)]
struct Settings {
    /// The identity server's URL, which its tokens name.
    issuer: String,
    /// This service, as tokens name it.
    audience: String,
    /// How the service proves itself to the identity server.
    client_id: String,
    client_secret: String,
    /// Where sessions lie that are the service's own.
    redis: String,
}

/// Who is there, as every way answers it.
#[derive(Serialize)]
struct Who {
    user: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().context("usage: bench-service PORT WAY FILE");
    let (port, way, file) = (next()?.parse()?, next()?, next()?);
    let settings: Settings = serde_json::from_str(&fs::read_to_string(file)?)?;
    let router = match way.as_str() {
        "guard" => guarded::router(&settings)?,
        "jsonwebtoken" => jsonwebtoken::router(&settings).await?,
        "introspection" => introspection::router(&settings)?,
        "tower-sessions" => tower_sessions::router(&settings).await?,
        other => bail!("there is no way `{other}`"),
    };
    Ok(cloakroom_bench_bare::serve(port, router).await?)
}

/// The token of the `Authorization` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

fn answer(user: Option<String>) -> Response {
    match user {
        Some(user) => Json(Who { user }).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}
