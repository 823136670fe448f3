//! `/ssf/status` (SSF 1.0 §8.1.2): whether signals go out.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_oauth::ssf::requests::{StatusChange, StatusTold};
use http::Request;
use http::request::Parts;

use super::receiver::{Right, receiver};
use super::refusal::Refused;
use super::{needed, said, stream_id, unkept};
use crate::answer;
use crate::app::App;
use crate::parameters::Query;

/// What it is.
pub(super) async fn get(
    State(app): State<App>,
    query: Query,
    parts: Parts,
) -> Result<Response, Refused> {
    let query = stream_id(query)?;
    let service = receiver(&app, &parts, Right::Read).await?;
    let stream = app.engine.stream_named(&service, &needed(query)?).await?;
    Ok(unkept(answer::ok(&StatusTold::of(&stream))))
}

/// What it is to be.
pub(super) async fn post(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (service, change) = said(&app, request, Right::Manage, StatusChange::read).await?;
    let stream = app.engine.set_stream_status(&service, change).await?;
    Ok(unkept(answer::ok(&StatusTold::of(&stream))))
}
