//! `/ssf/verification` (SSF 1.0 §8.1.4): a stream shows that it works.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_oauth::ssf::requests::Verification;
use http::{Request, StatusCode};

use super::receiver::Right;
use super::refusal::Refused;
use super::{empty, said};
use crate::app::App;

/// Has an event put into the stream.
pub(super) async fn post(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (service, wish) = said(&app, request, Right::Manage, Verification::read).await?;
    app.engine.verify_stream(&service, wish).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
