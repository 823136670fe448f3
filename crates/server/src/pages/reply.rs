//! The shapes of a page's answer.

use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, LOCATION, RETRY_AFTER, SET_COOKIE};
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

/// On to a client: `location` is an answer at a verified redirect URI. Nobody keeps it.
pub(super) fn to_client(location: &str) -> Response {
    let Ok(location) = HeaderValue::try_from(location) else {
        return Failure::BadRequest.into_response();
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // RFC 9700 §4.2.4: the client's page learns nothing of the address it came from.
    headers.insert(http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Lets the forms of a page lead to a verified redirect URI too.
pub(super) fn leading_to(mut response: Response, redirect_uri: &str) -> Response {
    if let Some(policy) = headers::policy_leading_to(redirect_uri) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Lets a page load these addresses in frames, and no others.
pub(super) fn framing(mut response: Response, frames: &[String]) -> Response {
    if let Some(policy) = headers::policy_framing(frames) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
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
