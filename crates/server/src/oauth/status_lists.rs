//! `GET /oauth/status-lists` and the lists that it names (draft-ietf-oauth-status-list, §8, §9): which grants have ended,
//! for services that look instead of asking.
//!
//! They are for everybody, and say nothing of anybody: who has no token that names a bit can tell none from another.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::status_lists::{Served, StatusListError};
use cloakroom_oauth::status_list::TYP;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::answer;
use crate::app::App;
use crate::parameters::Segment;
use crate::problem::{Kind, Problem};

/// All lists.
pub async fn all(State(app): State<App>) -> Result<Response, Problem> {
    let mut response = answer::ok(&app.engine.status_lists().await?);
    cache_for(&mut response, app.engine.settings().status_list_ttl.as_secs());
    Ok(response)
}

/// One list.
pub async fn one(
    State(app): State<App>,
    segment: Segment,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Served { token, etag, max_age } = app.engine.status_list(segment.text()).await?;
    let mut response = if answer::is_known(&headers, &etag) {
        let mut response = answer::done();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        Response::new(Body::from(token.to_string()))
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(format!("application/{TYP}")) {
        headers.insert(CONTENT_TYPE, value);
    }
    if let Ok(value) = HeaderValue::from_str(&etag) {
        headers.insert(ETAG, value);
    }
    // What is left of the list's time, so that nobody who keeps it by this is later than it says.
    cache_for(&mut response, max_age.as_secs());
    Ok(response)
}

fn cache_for(response: &mut Response, seconds: u64) {
    if let Ok(value) = HeaderValue::try_from(format!("public, max-age={seconds}")) {
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
}

impl From<StatusListError> for Problem {
    fn from(error: StatusListError) -> Self {
        match error {
            StatusListError::NoSuchList => Self::new(Kind::NotFound),
            StatusListError::Mint(error) => error.into(),
            StatusListError::Store(error) => error.into(),
            error => crate::refusals::internal(&error),
        }
    }
}
