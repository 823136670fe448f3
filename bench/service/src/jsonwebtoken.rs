//! A signed token, verified with each request by the crate `jsonwebtoken`. The keys are fetched once.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::HeaderMap;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::{Settings, answer, bearer};

struct Keys {
    by_kid: Vec<(String, DecodingKey)>,
    expected: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
}

pub(crate) async fn router(settings: &Settings) -> Result<Router> {
    let url = format!("{}/.well-known/jwks.json", settings.issuer);
    let set: JwkSet = serde_json::from_slice(&reqwest::get(url).await?.bytes().await?)?;
    // Those that it cannot read are other services'.
    let by_kid = set
        .keys
        .iter()
        .filter_map(|key| Some((key.common.key_id.clone()?, DecodingKey::from_jwk(key).ok()?)));
    let mut expected = Validation::new(Algorithm::ES256);
    expected.set_audience(&[&settings.audience]);
    expected.set_issuer(&[&settings.issuer]);
    let keys = Keys { by_kid: by_kid.collect(), expected };
    Ok(Router::new().route("/who", get(who)).with_state(Arc::new(keys)))
}

async fn who(State(keys): State<Arc<Keys>>, headers: HeaderMap) -> Response {
    answer(keys.verify(&headers).ok())
}

impl Keys {
    fn verify(&self, headers: &HeaderMap) -> Result<String> {
        let token = bearer(headers).context("no token")?;
        let kid = decode_header(token)?.kid.context("no kid")?;
        let key = self.by_kid.iter().find(|(known, _)| *known == kid).context("another key")?;
        Ok(decode::<Claims>(token, &key.1, &self.expected)?.claims.sub)
    }
}
