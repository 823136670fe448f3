//! A token that the identity server is asked about with each request (RFC 7662), over connections that are kept.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::HeaderMap;
use reqwest::Client;
use serde::Deserialize;

use crate::{Settings, answer, bearer};

struct Asked {
    client: Client,
    url: String,
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct Introspected {
    active: bool,
    sub: Option<String>,
}

pub(crate) fn router(settings: &Settings) -> Result<Router> {
    let Settings { issuer, client_id, client_secret, .. } = settings;
    let asked = Asked {
        client: Client::builder().tcp_nodelay(true).build()?,
        url: format!("{issuer}/oauth/introspect"),
        client_id: client_id.clone(),
        client_secret: client_secret.clone(),
    };
    Ok(Router::new().route("/who", get(who)).with_state(Arc::new(asked)))
}

async fn who(State(asked): State<Arc<Asked>>, headers: HeaderMap) -> Response {
    answer(asked.introspect(&headers).await.ok())
}

impl Asked {
    async fn introspect(&self, headers: &HeaderMap) -> Result<String> {
        let token = bearer(headers).context("no token")?;
        let request = self.client.post(&self.url).form(&[("token", token)]);
        let request = request.basic_auth(&self.client_id, Some(&self.client_secret));
        let answer: Introspected = request.send().await?.error_for_status()?.json().await?;
        ensure!(answer.active, "it is worth nothing");
        answer.sub.context("nobody's")
    }
}
