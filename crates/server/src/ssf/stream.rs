//! `/ssf/stream` (SSF 1.0 §8.1.1): a service makes, reads, changes, replaces and removes its stream.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_model::stream::Stream;
use cloakroom_oauth::ssf::configuration::{Change, Configuration, Wish};
use http::request::Parts;
use http::{Request, StatusCode};

use super::receiver::{Right, receiver};
use super::refusal::Refused;
use super::{empty, needed, said, stream_id, unkept};
use crate::answer;
use crate::app::App;
use crate::parameters::Query;

/// Makes the service's stream.
pub(super) async fn post(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (service, wish) = said(&app, request, Right::Manage, Wish::read).await?;
    let stream = app.engine.make_stream(&service, wish).await?;
    Ok(told(&app, StatusCode::CREATED, &stream))
}

/// One stream by its name, or a list of those there are.
pub(super) async fn get(
    State(app): State<App>,
    query: Query,
    parts: Parts,
) -> Result<Response, Refused> {
    let name = stream_id(query)?;
    let service = receiver(&app, &parts, Right::Read).await?;
    if let Some(name) = name {
        let stream = app.engine.stream_named(&service, &name).await?;
        return Ok(told(&app, StatusCode::OK, &stream));
    }
    let stream = app.engine.find_stream(&service).await?;
    let issuer = &app.engine.settings().issuer;
    let all: Vec<_> = stream.iter().map(|stream| Configuration::of(issuer, stream)).collect();
    Ok(unkept(answer::ok(&all)))
}

/// Changes what is named.
pub(super) async fn patch(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (service, change) = said(&app, request, Right::Manage, Change::read).await?;
    let stream = app.engine.change_stream(&service, &change).await?;
    Ok(told(&app, StatusCode::OK, &stream))
}

/// Replaces all that is the service's to say.
pub(super) async fn put(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (service, change) = said(&app, request, Right::Manage, Change::read).await?;
    let stream = app.engine.replace_stream(&service, &change).await?;
    Ok(told(&app, StatusCode::OK, &stream))
}

/// Removes a stream.
pub(super) async fn delete(
    State(app): State<App>,
    query: Query,
    parts: Parts,
) -> Result<Response, Refused> {
    let query = stream_id(query)?;
    let service = receiver(&app, &parts, Right::Manage).await?;
    app.engine.remove_stream(&service, &needed(query)?).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn told(app: &App, status: StatusCode, stream: &Stream) -> Response {
    let issuer = &app.engine.settings().issuer;
    unkept(answer::json(status, &Configuration::of(issuer, stream)))
}
