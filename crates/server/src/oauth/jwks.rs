//! `GET /.well-known/jwks.json` (RFC 7517 §5): the keys that tokens are verified with.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::answer;
use crate::app::App;

/// Five minutes: short beside the time by which a key is published ahead of its use, and long beside a request.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The published keys.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    let published = app.engine.published_keys();
    let known = answer::is_known(&headers, &published.etag);
    let mut response = if known {
        let mut response = answer::done();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(published.json.to_string()))
    };
    let headers = response.headers_mut();
    // RFC 7517 §8.5.2.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/jwk-set+json"));
    headers.insert(CACHE_CONTROL, CACHING);
    if let Ok(etag) = HeaderValue::from_str(&published.etag) {
        headers.insert(ETAG, etag);
    }
    response
}
