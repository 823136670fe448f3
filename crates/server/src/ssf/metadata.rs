//! `/.well-known/ssf-configuration` (SSF 1.0 §7.2).

use axum::extract::State;
use axum::response::Response;
use cloakroom_oauth::metadata::Endpoint;
use cloakroom_oauth::ssf::metadata::Transmitter;
use http::HeaderValue;
use http::header::CACHE_CONTROL;

use crate::answer;
use crate::app::App;

/// What the transmitter can do.
pub(super) async fn get(State(app): State<App>) -> Response {
    let issuer = app.engine.settings().issuer.as_str();
    let mut response = answer::ok(&Transmitter::new(issuer, Endpoint::Keys.path()));
    let caching = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(CACHE_CONTROL, caching);
    response
}
