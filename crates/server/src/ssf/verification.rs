//! `/ssf/verification` (SSF 1.0 §8.1.4): a stream shows that it works.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_oauth::ssf::requests::Verification;
use http::{Request, StatusCode};

use super::receiver::{Right, receiver};
use super::refusal::Refused;
use super::{empty, read};
use crate::app::App;

/// Has an event put into the stream.
pub(super) async fn post(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let service = receiver(&app, &parts, Right::Manage).await?;
    let wish = Verification::read(&read(&app, &parts.headers, body).await?)?;
    app.engine.verify_stream(&service, wish).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
