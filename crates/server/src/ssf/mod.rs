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
use cloakroom_engine::service::Service;
use cloakroom_oauth::ssf::Invalid;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, Request, StatusCode};

use self::receiver::{Right, receiver};
use self::refusal::Refused;
use crate::app::App;
use crate::body;
use crate::parameters::Query;

/// The longest request that is read, in bytes.
const MAX_BYTES: usize = 64 << 10;

/// Who asks, and what they say.
async fn said<T>(
    app: &App,
    request: Request<Body>,
    right: Right,
    read_as: impl FnOnce(&[u8]) -> Result<T, Invalid>,
) -> Result<(Service, T), Refused> {
    let (parts, body) = request.into_parts();
    let service = receiver(app, &parts, right).await?;
    Ok((service, read_as(&read(app, &parts.headers, body).await?)?))
}

/// The stream that the query names, where it names one and nothing else.
fn stream_id(query: Query) -> Result<Option<String>, Refused> {
    let query = query.only(&["stream_id"])?;
    Ok(query.text("stream_id").map(str::to_owned))
}

/// The stream's name, which must be there.
fn needed(stream_id: Option<String>) -> Result<String, Refused> {
    stream_id.ok_or_else(|| Refused::invalid("stream_id: expected the stream's name"))
}

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
