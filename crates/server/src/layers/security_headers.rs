//! The headers that every answer has, unless the handler said otherwise.
//!
//! Pages have more of them, and assets others: both say so themselves.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// What an answer for programs has: nobody keeps it, nobody guesses its type, shown as a document it does nothing, and no
/// page of another origin has it loaded as an image or a script. Scripts that CORS lets in are not held up by that.
static ANSWER: [(HeaderName, HeaderValue); 4] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
];

/// RFC 6797 §7.2 wants it on https alone. Sibling hosts are not ours to decide for.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Adds what is missing.
pub fn complete(headers: &mut HeaderMap, https: bool) {
    for (name, value) in &ANSWER {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_said_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        complete(&mut headers, false);
        assert_eq!(headers[CACHE_CONTROL], "public, max-age=300");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn only_https_is_told_to_stay_https() {
        let mut headers = HeaderMap::new();
        complete(&mut headers, true);
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }
}
