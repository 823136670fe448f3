//! `/ssf/poll/{stream_id}` (RFC 8936): a receiver comes for what waits.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_oauth::ssf::poll::Poll;
use http::Request;

use super::receiver::Right;
use super::refusal::Refused;
use super::{said, unkept};
use crate::answer;
use crate::app::App;
use crate::parameters::Segment;

/// Takes what the receiver says it has, and gives what waits.
pub(super) async fn post(
    State(app): State<App>,
    segment: Segment,
    request: Request<Body>,
) -> Result<Response, Refused> {
    let (service, poll) = said(&app, request, Right::Read, Poll::read).await?;
    let polled = app.engine.poll_stream(&service, segment.text(), &poll).await?;
    Ok(unkept(answer::ok(&polled)))
}
