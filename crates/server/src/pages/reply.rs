//! The shapes of a page's answer.

use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderValue, StatusCode};

use super::failure::Failure;
use super::{Pages, headers};

/// A page.
pub(super) fn page(pages: &Pages, status: StatusCode, view: &impl Template) -> Response {
    let mut response = match view.render() {
        Ok(html) => Response::new(Body::from(html)),
        Err(error) => return Failure::ours(&error).into_response(),
    };
    *response.status_mut() = status;
    headers::apply(response.headers_mut(), pages.address.is_https());
    response
}

/// On to another page: `path` is one of ours, or a [`LocalPath`](super::local_path::LocalPath). Nobody keeps this
/// answer, because it depends on who asks.
pub(super) fn see_other(path: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    // A path of ours is ASCII; of anything else the account is the better place.
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/account"));
    headers.insert(LOCATION, location);
    headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Adds a cookie.
pub(super) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// Says how long to wait, in whole seconds upwards.
pub(super) fn retry_after(response: &mut Response, wait: Duration) {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
}
