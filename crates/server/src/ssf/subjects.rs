//! `/ssf/subjects/add` and `/ssf/subjects/remove` (SSF 1.0 §8.1.3): of whom a stream tells.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_oauth::ssf::requests::SubjectChange;
use http::{Request, StatusCode};

use super::receiver::Right;
use super::refusal::Refused;
use super::{empty, said};
use crate::app::App;

/// Somebody is told of again.
pub(super) async fn add(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (service, change) = said(&app, request, Right::Manage, SubjectChange::read).await?;
    app.engine.add_subject(&service, &change).await?;
    Ok(empty(StatusCode::OK))
}

/// Somebody is not told of any more.
pub(super) async fn remove(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (service, change) = said(&app, request, Right::Manage, SubjectChange::read).await?;
    app.engine.remove_subject(&service, &change).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
