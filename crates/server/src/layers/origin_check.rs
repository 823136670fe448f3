//! Refuses changes that a page of another site makes a browser ask for: of the API and of the pages.
//!
//! A browser adds cookies to whatever any page sends, and says by which page it was sent, in `Sec-Fetch-Site` (Fetch
//! Metadata §2.2) or, older ones, in `Origin` (Fetch §3.2); a page can change neither. A request with neither comes
//! from no browser that is in use: against that stands the token of a form
//! ([`form_token`](crate::pages::form_token)), and a program has no cookie that somebody else could use.

use http::header::{AUTHORIZATION, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the request may go on: it only reads, or was sent by a page of ours, by the user's own hand, or by a page of
/// an origin that `is_listed`.
///
/// `own` is the public origin as browsers write it: `https://id.example`, without a slash, with a port only where it is
/// not the scheme's own. Sibling hosts are other origins here.
#[must_use]
pub fn passes(
    method: &Method,
    headers: &HeaderMap,
    own: &str,
    is_listed: impl Fn(&str) -> bool,
) -> bool {
    if method.is_safe() {
        return true;
    }
    let (Ok(site), Ok(origin)) = (only(headers, &SEC_FETCH_SITE), only(headers, &ORIGIN)) else {
        return false;
    };
    let listed = origin.is_some_and(|origin| origin.to_str().is_ok_and(is_listed));
    match site {
        // The browser's own word is right even where a proxy changed the rest.
        Some(site) => site == "same-origin" || site == "none" || listed,
        None => origin.is_none_or(|origin| origin == own) || listed,
    }
}

/// Whether the request brings an access token in its header. No browser adds one by itself, and the token is then the
/// only identity that is looked at, so that it does not matter by which page it was sent.
#[must_use]
pub fn has_token(headers: &HeaderMap) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| {
        let scheme = value.as_bytes().split_inclusive(|&byte| byte == b' ').next();
        let scheme = scheme.unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"bearer ") || scheme.eq_ignore_ascii_case(b"dpop ")
    })
}

/// The one value of a header; two would let each reader pick its own.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Twice> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Twice),
    }
}

/// A header that may stand once stands twice.
struct Twice;

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://id.example";
    const SHOP: &str = "https://shop.example";

    #[test]
    fn our_own_pages_and_listed_origins_may_change_things() {
        for headers in [
            vec![("sec-fetch-site", "same-origin")],
            vec![("origin", OWN)],
            vec![("origin", SHOP)],
            vec![("origin", SHOP), ("sec-fetch-site", "cross-site")],
            vec![("origin", SHOP), ("sec-fetch-site", "same-site")],
        ] {
            assert!(post(&headers), "{headers:?}");
        }
    }

    #[test]
    fn what_the_user_or_a_program_sends_goes_on() {
        assert!(post(&[]));
        assert!(post(&[("sec-fetch-site", "none")]));
    }

    #[test]
    fn other_sites_and_sibling_hosts_may_not() {
        for site in ["cross-site", "same-site", "", "Same-Origin", "same-origin, cross-site"] {
            let from = |origin| post(&[("sec-fetch-site", site), ("origin", origin)]);
            assert!(!post(&[("sec-fetch-site", site)]), "{site:?}");
            assert!(!from("https://evil.example") && !from(OWN), "{site:?}");
        }
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://id.example",
            "https://id.example:8443",
            "https://shop.id.example",
            "https://id.example.evil.example",
        ] {
            assert!(!post(&[("origin", origin)]), "{origin:?}");
        }
    }

    #[test]
    fn fetch_metadata_outweighs_an_origin_that_a_proxy_changed() {
        assert!(post(&[("sec-fetch-site", "same-origin"), ("origin", "http://10.0.0.1")]));
    }

    #[test]
    fn a_header_sent_twice_is_refused() {
        let (site, origin) = (("sec-fetch-site", "same-origin"), ("origin", OWN));
        assert!(post(&[site]) && post(&[origin]));
        assert!(!post(&[site, site]) && !post(&[origin, origin]));
    }

    #[test]
    fn reading_is_open_to_links_from_anywhere() {
        let headers = map(&[("sec-fetch-site", "cross-site")]);
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(passes(&method, &headers, OWN, |_| false), "{method}");
        }
    }

    #[test]
    fn a_token_in_the_header_is_known_by_its_scheme() {
        assert!(has_token(&map(&[("authorization", "bEarer x")])));
        assert!(has_token(&map(&[("authorization", "dPoP x")])));
        for other in ["Basic x", "Bearer", "Bearers x", "DPoP", "DPoPs x"] {
            assert!(!has_token(&map(&[("authorization", other)])), "{other}");
        }
        assert!(!has_token(&map(&[])));
    }

    fn post(headers: &[(&'static str, &str)]) -> bool {
        passes(&Method::POST, &map(headers), OWN, |origin| origin == SHOP)
    }

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        map
    }
}
