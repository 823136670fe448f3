//! `GET /api/v1/revocations`: the feed of what ends and changes, for services.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::feed::{FollowError, Following};
use cloakroom_model::log::Place;
use cloakroom_model::session::Carrier;
use cloakroom_oauth::feed;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::app::App;
use crate::caller::{lacks_scope, nobody, not_signed_in, refused, spend_proof};
use crate::presented::Presented;
use crate::problem::Problem;

/// Where a reader was, as readers of event streams say it.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Has nginx pass on what it gets at once.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Tells whoever may follow for as long as they listen.
pub async fn get(State(app): State<App>, parts: Parts) -> Result<Response, Problem> {
    let from = named(&parts.headers)?;
    let presented = Presented::of(&app, &parts, None, None);
    let presented = presented.map_err(|error| refused(&app, &error))?;
    let presented = presented.ok_or_else(|| nobody(&app))?;
    let key = presented.key();
    let following = app.engine.follow_revocations(presented.token, key.as_ref(), from).await;
    let following = following.map_err(|error| match error {
        FollowError::Token(why) => not_signed_in(&app, why, Carrier::Token),
        FollowError::Scope => lacks_scope(&app, feed::SCOPE),
        error => error.into(),
    })?;
    spend_proof(&app, &presented).await?;
    Ok(told(following))
}

fn named(headers: &HeaderMap) -> Result<Option<Place>, Problem> {
    let Some(named) = headers.get(LAST_EVENT_ID).filter(|named| !named.is_empty()) else {
        return Ok(None);
    };
    let place = named.to_str().ok().and_then(|named| feed::parse_place(named).ok());
    let expected = || Problem::field("Last-Event-ID", feed::NotAPlace.to_string());
    place.map(Some).ok_or_else(expected)
}

fn told(following: Following) -> Response {
    let events = stream::unfold(following, async |mut following| {
        let event = following.next().await?;
        Some((Ok::<_, Infallible>(event), following))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(feed::MEDIA_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    response
}
