//! `/ssf/status` (SSF 1.0 §8.1.2): whether signals go out.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_oauth::ssf::requests::{StatusChange, StatusTold};
use http::Request;

use super::receiver::{Right, receiver};
use super::refusal::Refused;
use super::{read, unkept};
use crate::answer;
use crate::app::App;
use crate::parameters::Query;

/// What it is.
pub(super) async fn get(
    State(app): State<App>,
    query: Query,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let query = query.only(&["stream_id"])?;
    let (parts, _) = request.into_parts();
    let service = receiver(&app, &parts, Right::Read).await?;
    let name = query.text("stream_id");
    let name = name.ok_or_else(|| Refused::invalid("stream_id: expected the stream's name"))?;
    let stream = app.engine.stream_named(&service, name).await?;
    Ok(unkept(answer::ok(&StatusTold::of(&stream))))
}

/// What it is to be.
pub(super) async fn post(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let service = receiver(&app, &parts, Right::Manage).await?;
    let change = StatusChange::read(&read(&app, &parts.headers, body).await?)?;
    let stream = app.engine.set_stream_status(&service, change).await?;
    Ok(unkept(answer::ok(&StatusTold::of(&stream))))
}
