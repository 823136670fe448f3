//! Cross-Origin Resource Sharing (Fetch §3.3): scripts of a client's listed origins may call the API.
//!
//! What is well known, and the status lists, say nothing of anybody, and any page may read them. Elsewhere no origin is let
//! in that no client lists. Credentials are allowed to those that are: a single-page application on a
//! sibling host sends its cookie. Answers say `Vary: Origin`, or a cache would give one origin's answer to another.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};

/// The one origin that a request names, as text.
#[must_use]
pub fn origin_of(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(ORIGIN).iter();
    match (values.next(), values.next()) {
        (Some(origin), None) => origin.to_str().ok(),
        _ => None,
    }
}

/// Whether any page may read what is there. Nothing that is there looks at who asks.
#[must_use]
pub fn is_for_everybody(path: &str) -> bool {
    // Token Status List, §8.1.
    path.starts_with("/.well-known/") || path.starts_with("/oauth/status-lists")
}

/// Lets the scripts of every origin read an answer, without credentials.
pub fn allow_everybody(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag"));
}

/// Whether the request asks whether another may be sent.
#[must_use]
pub fn is_preflight<B>(request: &Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight. Without the headers a browser sends nothing more.
#[must_use]
pub fn preflight(origin: &HeaderValue, listed: bool) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if listed {
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE"),
        );
        headers.insert(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("authorization, content-type, dpop, if-match, if-none-match"),
        );
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
    allow(headers, Some(origin), listed);
    response
}

/// Lets the scripts of `origin` read an answer, if a client lists it. What is answered to nobody's script varies too: a
/// cache that kept it without a word would give it to a listed origin later, whose browser would then hide it.
pub fn allow(headers: &mut HeaderMap, origin: Option<&HeaderValue>, listed: bool) {
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|_| listed) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("dpop-nonce, etag, retry-after, www-authenticate"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: HeaderValue = HeaderValue::from_static("https://shop.example.com");

    #[test]
    fn a_listed_origin_may_send_and_read() {
        let response = preflight(&SHOP, true);
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], SHOP);
        assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(response.headers()[VARY], "origin");
    }

    #[test]
    fn another_origin_is_told_nothing_that_would_let_it_in() {
        let response = preflight(&SHOP, false);
        assert!(!response.headers().keys().any(|name| name.as_str().starts_with("access-control")));
        assert_eq!(response.headers()[VARY], "origin");
    }

    #[test]
    fn a_preflight_is_known_by_what_it_asks() {
        let asks = |method: &str, names: &[&str]| {
            let mut request = Request::builder().method(method);
            for name in names {
                request = request.header(*name, "x");
            }
            is_preflight(&request.body(()).unwrap())
        };
        assert!(asks("OPTIONS", &["origin", "access-control-request-method"]));
        assert!(!asks("OPTIONS", &["origin"]));
        assert!(!asks("POST", &["origin", "access-control-request-method"]));
    }

    #[test]
    fn two_origins_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(ORIGIN, SHOP);
        assert_eq!(origin_of(&headers), Some("https://shop.example.com"));
        headers.append(ORIGIN, SHOP);
        assert_eq!(origin_of(&headers), None);
    }
}
