//! The headers of every page, in one table.
//!
//! They tell a browser to run nothing but our own files, to be framed by nobody, to keep nothing and to tell
//! nobody. Assets have fewer of them and their own caching: see [`assets`](super::assets).

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::{Origin, Url};

/// What a page may do. Nothing is allowed that a page of ours does not use: no inline script or style, no
/// `data:`, no other host.
///
/// Chromium holds `form-action` against the redirects that answer a form too. A form that leads on to a
/// client's `redirect_uri` therefore needs a policy of its own.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// The same policy for a page whose form leads on to a verified redirect URI: to its origin, or to its scheme where an
/// application has one of its own. `None` where that cannot stand in a policy, and the form then leads nowhere else.
#[must_use]
pub fn policy_leading_to(redirect_uri: &str) -> Option<HeaderValue> {
    let url = Url::parse(redirect_uri).ok()?;
    let source = match url.origin() {
        origin @ Origin::Tuple(..) => origin.ascii_serialization(),
        Origin::Opaque(_) => format!("{}:", url.scheme()),
    };
    let own = "form-action 'self'";
    let policy = CONTENT_SECURITY_POLICY.replace(own, &format!("{own} {source}"));
    HeaderValue::try_from(policy).ok()
}

/// The same policy for a page that loads these addresses in frames: their origins, and no others.
#[must_use]
pub fn policy_framing(frames: &[String]) -> Option<HeaderValue> {
    let origins = frames.iter().filter_map(|frame| match Url::parse(frame).ok()?.origin() {
        origin @ Origin::Tuple(..) => Some(origin.ascii_serialization()),
        Origin::Opaque(_) => None,
    });
    let origins: BTreeSet<String> = origins.collect();
    let sources = origins.into_iter().collect::<Vec<_>>().join(" ");
    HeaderValue::try_from(format!("{CONTENT_SECURITY_POLICY}; frame-src {sources}")).ok()
}

/// Name and value of each header of a page.
pub static PAGE: [(HeaderName, &str); 9] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    // For browsers that do not know `frame-ancestors`.
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: under it browsers send `Origin: null` with our own forms (Fetch §3.2), and those
    // without Fetch Metadata could not be told from a stranger's.
    (header::REFERRER_POLICY, "same-origin"),
    // A page is one person's: neither a shared cache nor *back* after a sign-out may show it.
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Sent on https alone (RFC 6797 §7.2). Without `includeSubDomains`: the sibling hosts are not ours to decide for.
pub static TRANSPORT: (HeaderName, &str) = (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000");

/// Puts the headers of a page into an answer, in place of what it had by these names.
pub fn apply(headers: &mut HeaderMap, https: bool) {
    let transport = https.then_some(&TRANSPORT);
    for (name, value) in PAGE.iter().chain(transport) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_our_own_files_and_nothing_else() {
        let mut sources = Vec::new();
        for directive in CONTENT_SECURITY_POLICY.split("; ") {
            let (name, value) = directive.split_once(' ').unwrap();
            if name != "require-trusted-types-for" {
                assert!(matches!(value, "'self'" | "'none'"), "{directive}");
            }
            sources.push(name);
        }
        for needed in ["default-src", "script-src", "form-action", "base-uri", "frame-ancestors"] {
            assert!(sources.contains(&needed), "{needed}");
        }
    }

    #[test]
    fn a_form_leads_on_to_the_origin_of_a_client_and_to_no_other() {
        for (uri, source) in [
            ("https://app.example/cb?x=1", "https://app.example"),
            ("http://127.0.0.1:4711/cb", "http://127.0.0.1:4711"),
            ("http://[::1]:4711/cb", "http://[::1]:4711"),
            ("com.example.app:/cb", "com.example.app:"),
        ] {
            let policy = policy_leading_to(uri).unwrap();
            let expected = format!("; form-action 'self' {source}; ");
            assert!(policy.to_str().unwrap().contains(&expected), "{policy:?}");
        }
        assert_eq!(policy_leading_to("nowhere"), None);
    }

    #[test]
    fn frames_come_from_their_own_origins_and_from_no_other() {
        let frames =
            ["https://b.example/out", "https://a.example:8443/x?y", "https://b.example/", "x"];
        let policy = policy_framing(&frames.map(str::to_owned)).unwrap();
        let expected = "; frame-src https://a.example:8443 https://b.example";
        assert_eq!(policy, format!("{CONTENT_SECURITY_POLICY}{expected}"));
    }

    #[test]
    fn a_page_is_stored_by_nobody_and_framed_by_nobody() {
        let headers = applied(true);
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    }

    #[test]
    fn only_https_is_told_to_stay_https() {
        assert!(applied(true).contains_key("strict-transport-security"));
        assert!(!applied(false).contains_key("strict-transport-security"));
    }

    #[test]
    fn what_an_answer_said_before_is_replaced_not_repeated() {
        let mut headers = HeaderMap::new();
        headers.insert("cache-control", HeaderValue::from_static("public"));
        apply(&mut headers, false);
        let values: Vec<_> = headers.get_all("cache-control").iter().collect();
        assert_eq!(values, ["no-store"]);
    }

    fn applied(https: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        apply(&mut headers, https);
        headers
    }
}
