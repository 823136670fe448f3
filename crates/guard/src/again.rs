//! A navigation whose cookie was replaced a moment ago is sent to itself, once: by then the browser has the new one.

use http::header::{ACCEPT, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};

use crate::cookie;
use crate::guard::Head;

/// How long the browser remembers that it was sent to itself, in seconds.
const REMEMBERED: u32 = 5;

/// Where a request is sent again; `None` where a script has to try again by itself, or this was the second time.
pub(crate) fn place(head: Head<'_>, https: bool) -> Option<Box<str>> {
    let first = cookie::read(name(https), head.headers).is_none();
    let navigates = *head.method == Method::GET && is_navigation(head.headers);
    let place = head.uri.path_and_query()?.as_str();
    // Two slashes would lead to another host.
    let mut bytes = place.bytes();
    let local = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    (first && navigates && local).then(|| place.into())
}

/// Has the browser remember it.
pub(crate) fn remember(headers: &mut HeaderMap, https: bool) {
    let secure = if https { "; Secure" } else { "" };
    let cookie =
        format!("{}=1; Path=/; Max-Age={REMEMBERED}; HttpOnly; SameSite=Lax{secure}", name(https));
    if let Ok(value) = HeaderValue::try_from(cookie) {
        headers.append(SET_COOKIE, value);
    }
}

const fn name(https: bool) -> &'static str {
    if https { "__Host-cloakroom-guard-again" } else { "cloakroom-guard-again" }
}

pub(crate) fn is_navigation(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| {
            accept.split(',').any(|range| range.trim_start().starts_with("text/html"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use http::Uri;

    use super::*;

    fn sent(
        method: &Method,
        uri: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Option<Box<str>> {
        let uri: Uri = uri.parse().unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        place(Head { method, uri: &uri, headers: &map }, true)
    }

    const NAVIGATES: (&str, &str) = ("sec-fetch-mode", "navigate");

    #[test]
    fn a_navigation_is_sent_to_itself_once() {
        let place = sent(&Method::GET, "/cart?page=2", &[NAVIGATES]);
        assert_eq!(place.as_deref(), Some("/cart?page=2"));
        let old = sent(&Method::GET, "/cart", &[("accept", "application/xml, text/html;q=0.9")]);
        assert_eq!(old.as_deref(), Some("/cart"));
        let marked = ("cookie", "__Host-cloakroom-guard-again=1");
        assert_eq!(sent(&Method::GET, "/cart", &[NAVIGATES, marked]), None);
    }

    #[test]
    fn scripts_and_changes_try_again_by_themselves() {
        assert_eq!(sent(&Method::POST, "/cart", &[NAVIGATES]), None);
        let script = [("sec-fetch-mode", "cors"), ("accept", "text/html")];
        assert_eq!(sent(&Method::GET, "/cart", &script), None);
        assert_eq!(sent(&Method::GET, "/cart", &[]), None);
    }

    #[test]
    fn nobody_is_sent_to_another_host() {
        for uri in ["//evil.example/", "/\\evil.example"] {
            let uri = Uri::builder().path_and_query(uri).build();
            let Ok(uri) = uri else { continue };
            let headers = HeaderMap::from_iter([(
                http::HeaderName::from_static(NAVIGATES.0),
                HeaderValue::from_static(NAVIGATES.1),
            )]);
            let head = Head { method: &Method::GET, uri: &uri, headers: &headers };
            assert_eq!(place(head, true), None, "{uri}");
        }
    }
}
