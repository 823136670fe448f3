//! Answers that are JSON, and conditions on them.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;

/// A body of JSON.
#[must_use]
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut bytes = Vec::with_capacity(512);
    // What is answered is made of texts, numbers, lists and members with names; all of it becomes JSON.
    if let Err(error) = serde_json::to_writer(&mut bytes, body) {
        tracing::error!(%error, "an answer could not be written");
    }
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// [`json`] with status 200.
#[must_use]
pub fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// 204: done, and there is nothing to say.
#[must_use]
pub fn done() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// Whether the reader has the version `etag` (with its quotes) already: RFC 9110 §13.1.2 compares weakly.
#[must_use]
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|list| {
        list.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_known_by_any_of_the_tags() {
        let knows = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
            is_known(&headers, "\"abc\"")
        };
        for value in ["\"abc\"", "\"x\", \"abc\"", "W/\"abc\"", "*"] {
            assert!(knows(value), "{value}");
        }
        for value in ["\"abcd\"", "abc", "", "\"ab\", \"c\""] {
            assert!(!knows(value), "{value}");
        }
    }
}
