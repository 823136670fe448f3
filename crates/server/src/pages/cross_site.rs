//! Refuses what another site makes a browser send.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site` (W3C Fetch Metadata §2.2) or, older ones, in
//! `Origin` (Fetch §3.2). Neither can be set by a page. A request with neither comes from no browser that is in
//! use, and [`form_token`](super::form_token) is what stands against it.

use http::header::ORIGIN;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses an unsafe request that a page of another origin made a browser send.
///
/// `origin` is the public one as browsers write it: `https://id.example`, without a slash, with a port only where
/// it is not the scheme's own. Sibling hosts are other origins here.
pub fn check(method: &Method, headers: &HeaderMap, origin: &str) -> Result<(), CrossSite> {
    if method.is_safe() {
        return Ok(());
    }
    // The browser's own word first: it is right even where a proxy changed the host.
    let own = match only(headers, &SEC_FETCH_SITE)? {
        Some(site) => site == "same-origin" || site == "none",
        None => only(headers, &ORIGIN)?.is_none_or(|from| from == origin),
    };
    if own { Ok(()) } else { Err(CrossSite) }
}

/// A page of another origin sent this.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the request was sent by a page of another site")]
pub struct CrossSite;

/// The one value of a header; two would let each reader pick its own.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, CrossSite> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(CrossSite),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_pages_may_post() {
        assert_eq!(post(&[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(post(&[("origin", "https://id.example")]), Ok(()));
    }

    #[test]
    fn what_the_user_or_a_program_sends_is_left_to_the_token() {
        assert_eq!(post(&[("sec-fetch-site", "none")]), Ok(()));
        assert_eq!(post(&[]), Ok(()));
    }

    #[test]
    fn other_sites_and_sibling_hosts_may_not() {
        for site in ["cross-site", "same-site", "", "Same-Origin", "same-origin, cross-site"] {
            assert_eq!(post(&[("sec-fetch-site", site)]), Err(CrossSite), "{site:?}");
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
            assert_eq!(post(&[("origin", origin)]), Err(CrossSite), "{origin:?}");
        }
    }

    #[test]
    fn fetch_metadata_outweighs_an_origin_that_a_proxy_changed() {
        let both = |site| post(&[("sec-fetch-site", site), ("origin", "http://10.0.0.1")]);
        assert_eq!(both("same-origin"), Ok(()));
        assert_eq!(both("cross-site"), Err(CrossSite));
    }

    #[test]
    fn a_header_sent_twice_is_refused() {
        let site = ("sec-fetch-site", "same-origin");
        assert_eq!(post(&[site]), Ok(()));
        assert_eq!(post(&[site, site]), Err(CrossSite));
        let origin = ("origin", "https://id.example");
        assert_eq!(post(&[origin, origin]), Err(CrossSite));
    }

    #[test]
    fn reading_is_open_to_links_from_anywhere() {
        let headers = map(&[("sec-fetch-site", "cross-site")]);
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(check(&method, &headers, "https://id.example"), Ok(()));
        }
    }

    fn post(headers: &[(&'static str, &str)]) -> Result<(), CrossSite> {
        check(&Method::POST, &map(headers), "https://id.example")
    }

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        map
    }
}
