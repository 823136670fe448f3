//! OpenID Shared Signals Framework 1.0 over HTTP: services have themselves told of what happens to users.
//!
//! Every request but the one for the metadata brings a service's own access token. Nothing is told to anybody of a stream
//! that is another's: it is not there.

mod metadata;
pub(crate) mod operations;
mod poll;
mod receiver;
mod refusal;
mod status;
mod stream;
mod subjects;
mod verification;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};

use self::refusal::Refused;
use crate::app::App;
use crate::body;

/// The longest request that is read, in bytes.
const MAX_BYTES: usize = 64 << 10;

async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Refused> {
    // SSF 1.0 shows requests without a type.
    if headers.contains_key(http::header::CONTENT_TYPE) && !body::is(headers, "application/json") {
        return Err(Refused::invalid("the body must be application/json"));
    }
    Ok(body::bytes(body, MAX_BYTES.min(app.body_limit)).await?)
}

fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Done, with a status and nothing to say.
fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    unkept(response)
}
