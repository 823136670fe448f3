//! Refuses changes that a page of another site makes a browser ask the API for.
//!
//! A browser adds cookies to whatever any page sends, and says by which page it was sent (Fetch Metadata §2.2,
//! Fetch §3.2); a page cannot change that. A request with an access token in its header needs no such check: no
//! browser adds one by itself, and the token is then the only identity that is looked at.

use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderMap, HeaderName, Method};

use crate::layers::cors::origin_of;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the request may go on. `own` is the public origin; `is_listed` says whether a client runs on an origin.
#[must_use]
pub fn passes(
    method: &Method,
    headers: &HeaderMap,
    own: &str,
    is_listed: impl Fn(&str) -> bool,
) -> bool {
    if method.is_safe() || has_bearer(headers) {
        return true;
    }
    let by_origin = headers.contains_key(ORIGIN);
    let ours = origin_of(headers).is_some_and(|origin| origin == own || is_listed(origin));
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    match (sites.next(), sites.next()) {
        (None, _) => !by_origin || ours,
        // A page of ours, or the user by hand. The browser's own word is right even where a proxy changed the rest.
        (Some(site), None) if site == "same-origin" || site == "none" => true,
        (Some(_), None) => ours,
        (Some(_), Some(_)) => false,
    }
}

fn has_bearer(headers: &HeaderMap) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| {
        value.as_bytes().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn our_own_pages_and_listed_origins_may_change_things() {
        assert!(post(&[("sec-fetch-site", "same-origin")]));
        assert!(post(&[("origin", "https://id.example")]));
        assert!(post(&[("origin", "https://shop.example")]));
        assert!(post(&[("origin", "https://shop.example"), ("sec-fetch-site", "cross-site")]));
    }

    #[test]
    fn programs_say_nothing_and_may_change_things() {
        assert!(post(&[]));
        assert!(post(&[("sec-fetch-site", "none")]));
    }

    #[test]
    fn other_pages_may_not() {
        for site in ["cross-site", "same-site", "", "Same-Origin"] {
            assert!(!post(&[("sec-fetch-site", site)]), "{site}");
            assert!(
                !post(&[("sec-fetch-site", site), ("origin", "https://evil.example")]),
                "{site}"
            );
        }
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://id.example",
            "https://id.example.evil.example",
        ] {
            assert!(!post(&[("origin", origin)]), "{origin}");
        }
        let site = ("sec-fetch-site", "same-origin");
        assert!(!post(&[site, site]));
        let origin = ("origin", "https://id.example");
        assert!(post(&[origin]) && !post(&[origin, origin]));
    }

    #[test]
    fn reading_is_left_to_cors_and_tokens_to_themselves() {
        let headers = map(&[("sec-fetch-site", "cross-site")]);
        assert!(passes(&Method::GET, &headers, "https://id.example", |_| false));
        assert!(post(&[("sec-fetch-site", "cross-site"), ("authorization", "bEarer x")]));
        assert!(!post(&[("sec-fetch-site", "cross-site"), ("authorization", "Basic x")]));
    }

    fn post(headers: &[(&'static str, &str)]) -> bool {
        passes(&Method::POST, &map(headers), "https://id.example", |origin| {
            origin == "https://shop.example"
        })
    }

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        map
    }
}
