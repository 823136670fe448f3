//! Whether a page of another site had the browser send a cookie.
//!
//! A browser adds cookies to whatever any page sends, and says by which page it was sent, in `Sec-Fetch-Site` (Fetch
//! Metadata §2.2) or, older ones, in `Origin` (Fetch §3.2); a page can change neither. A request with neither comes from no
//! browser that is in use, and a program has no cookie that somebody else could use. Asked of cookies alone: a token in a
//! header is added by no browser.

use http::header::{HOST, ORIGIN, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::settings::Settings;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the request may be done for the cookie's user: it only reads, or was sent by a page of this service, by the user's
/// own hand, or by a page of an origin that is trusted.
pub(crate) fn passes(method: &Method, headers: &HeaderMap, settings: &Settings) -> bool {
    // A WebSocket begins as a GET, is bound by no rule of origins, and then goes both ways.
    if method.is_safe() && !headers.contains_key(UPGRADE) {
        return true;
    }
    let (Ok(site), Ok(origin)) = (only(headers, &SEC_FETCH_SITE), only(headers, &ORIGIN)) else {
        return false;
    };
    let trusted = || {
        origin
            .and_then(|origin| origin.to_str().ok())
            .is_some_and(|origin| settings.trusted_origins.iter().any(|trusted| trusted == origin))
    };
    match site {
        // The browser's own word is right even where a proxy changed the rest.
        Some(site) => site == "same-origin" || site == "none" || trusted(),
        None => origin.is_none_or(|origin| is_own(origin, headers, settings)) || trusted(),
    }
}

fn is_own(origin: &HeaderValue, headers: &HeaderMap, settings: &Settings) -> bool {
    if let Some(own) = &settings.origin {
        return origin == own.as_str();
    }
    let scheme = if settings.is_https() { "https://" } else { "http://" };
    let host = headers.get(HOST).map(HeaderValue::as_bytes);
    host.is_some() && origin.as_bytes().strip_prefix(scheme.as_bytes()) == host
}

/// The one value of a header; two would let each reader pick its own.
pub(crate) fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Twice> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Twice),
    }
}

/// A header that may stand once stands twice.
pub(crate) struct Twice;

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "https://shop.example";
    const PARTNER: &str = "https://partner.example";

    #[test]
    fn pages_of_this_service_and_trusted_ones_may_change_things() {
        for headers in [
            vec![("sec-fetch-site", "same-origin")],
            vec![("origin", SHOP)],
            vec![("origin", PARTNER)],
            vec![("origin", PARTNER), ("sec-fetch-site", "cross-site")],
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
        for site in ["cross-site", "same-site", "", "Same-Origin"] {
            assert!(!post(&[("sec-fetch-site", site)]), "{site:?}");
            assert!(!post(&[("sec-fetch-site", site), ("origin", SHOP)]), "{site:?}");
        }
        for origin in
            ["null", "", "https://evil.example", "http://shop.example", "https://shop.example:8443"]
        {
            assert!(!post(&[("origin", origin)]), "{origin:?}");
        }
    }

    #[test]
    fn a_header_sent_twice_is_refused() {
        let (site, origin) = (("sec-fetch-site", "same-origin"), ("origin", SHOP));
        assert!(post(&[site]) && post(&[origin]));
        assert!(!post(&[site, site]) && !post(&[origin, origin]));
    }

    #[test]
    fn reading_is_open_to_links_from_anywhere_but_no_socket_is() {
        let across = [("sec-fetch-site", "cross-site")];
        assert!(passes(&Method::GET, &map(&across), &settings()));
        let socket = [("sec-fetch-site", "cross-site"), ("upgrade", "websocket")];
        assert!(!passes(&Method::GET, &map(&socket), &settings()));
        let own = [("origin", SHOP), ("upgrade", "websocket")];
        assert!(passes(&Method::GET, &map(&own), &settings()));
    }

    #[test]
    fn a_set_origin_outweighs_the_host_that_a_proxy_changed() {
        let settings = settings().origin("https://public.example");
        assert!(passes(&Method::POST, &map(&[("origin", "https://public.example")]), &settings));
        assert!(!passes(&Method::POST, &map(&[("origin", SHOP)]), &settings));
    }

    fn settings() -> Settings {
        Settings::new("https://id.example", "shop").trust_origin(PARTNER)
    }

    fn post(headers: &[(&'static str, &str)]) -> bool {
        passes(&Method::POST, &map(headers), &settings())
    }

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::from_iter([(HOST, HeaderValue::from_static("shop.example"))]);
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        map
    }
}
