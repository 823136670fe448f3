//! The request that came to the proxy, as the proxy says.
//!
//! Caddy and Traefik say it in `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri`; for nginx the configuration says it
//! in `X-Original-Method` and `X-Original-URL`. A proxy that writes the one may pass on the other from its client, so
//! whatever is there must agree, and nothing that is needed is guessed.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::hosts::{Host, Hosts};
use crate::problem::{Kind, Problem};

static FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");
static FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
static ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
static ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");

static FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// The request that came to a proxy, for a host that has a rule.
#[derive(Debug)]
pub struct Original<'a> {
    /// Its method.
    pub method: &'a str,
    /// The host it is for.
    pub host: Arc<Host>,
    /// Its path and query, as they were sent: beginning with a slash, and of visible ASCII letters.
    pub target: &'a str,
    /// How the proxy is answered.
    pub style: Style,
    /// Whether a person's browser wants to show what is there.
    pub is_navigation: bool,
}

/// What a proxy makes of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// It passes every answer but 2xx on to its client.
    Forwarded,
    /// It knows 2xx, 401 and 403 alone; its configuration makes a redirect of the `Location` of a 401.
    OriginalUrl,
}

impl Style {
    /// As the headers of the proxy's question show.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let names_url = headers.get(&ORIGINAL_URL).is_some_and(|url| !url.is_empty());
        if names_url { Self::OriginalUrl } else { Self::Forwarded }
    }
}

impl<'a> Original<'a> {
    /// What the headers say, where that can be read in one way alone.
    pub fn read(headers: &'a HeaderMap, hosts: &Hosts) -> Result<Self, Problem> {
        let said = |name| only(headers, name);
        let url = said(&ORIGINAL_URL)?.map(parts_of).transpose()?;
        let agreed = |a: (&HeaderName, Option<&'a str>), b: (&HeaderName, Option<&'a str>)| {
            agreed(a, b, |one, other| one == other)
        };
        let (scheme, host, target) = match url {
            Some((scheme, host, target)) => (Some(scheme), Some(host), Some(target)),
            None => (None, None, None),
        };
        let method = agreed(
            (&FORWARDED_METHOD, said(&FORWARDED_METHOD)?),
            (&ORIGINAL_METHOD, said(&ORIGINAL_METHOD)?),
        )?;
        let scheme = agreed((&FORWARDED_PROTO, said(&FORWARDED_PROTO)?), (&ORIGINAL_URL, scheme))?;
        let target = agreed((&FORWARDED_URI, said(&FORWARDED_URI)?), (&ORIGINAL_URL, target))?;
        let host = self::agreed(
            (&FORWARDED_HOST, said(&FORWARDED_HOST)?),
            (&ORIGINAL_URL, host),
            str::eq_ignore_ascii_case,
        )?;
        if !target.starts_with('/') {
            return Err(Problem::field(FORWARDED_URI.as_str(), "a path, and perhaps a query"));
        }
        // As some proxies call the beginning of a WebSocket (RFC 6455 §3).
        let scheme = match scheme {
            "wss" => "https",
            "ws" => "http",
            other => other,
        };
        let found = hosts.find(host).filter(|_| scheme == hosts.scheme());
        let host = Arc::clone(found.ok_or_else(|| Problem::new(Kind::HostUnknown))?);
        let (style, is_navigation) = (Style::of(headers), is_navigation(method, headers));
        Ok(Self { method, host, target, style, is_navigation })
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The address that was asked for, without the query (RFC 9449 §4.2).
    #[must_use]
    pub fn url_without_query(&self) -> String {
        format!("{}{}", self.host.origin, self.path())
    }
}

/// The one value of a header, of visible ASCII letters.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut lines = headers.get_all(name).iter();
    let (Some(line), more) = (lines.next(), lines.next()) else { return Ok(None) };
    if line.is_empty() && more.is_none() {
        return Ok(None);
    }
    let text = HeaderValue::to_str(line).ok().filter(|text| text.bytes().all(is_visible));
    match (text, more) {
        (Some(text), None) => Ok(Some(text)),
        _ => Err(Problem::field(name.as_str(), "one value of visible ASCII letters")),
    }
}

fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

/// The scheme, the host and the rest of an address.
fn parts_of(url: &str) -> Result<(&str, &str, &str), Problem> {
    let taken_apart = url.split_once("://").and_then(|(scheme, rest)| {
        let (host, _) = rest.split_once('/')?;
        Some((scheme, host, &rest[host.len()..]))
    });
    taken_apart.ok_or_else(|| Problem::field(ORIGINAL_URL.as_str(), "a whole URL with a path"))
}

/// What is said in one place, or in both in the same way.
fn agreed<'a>(
    (name, one): (&HeaderName, Option<&'a str>),
    (other_name, other): (&HeaderName, Option<&'a str>),
    is_same: impl Fn(&str, &str) -> bool,
) -> Result<&'a str, Problem> {
    match (one, other) {
        (Some(one), Some(other)) if !is_same(one, other) => {
            Err(Problem::field(name.as_str(), format!("the same as in {other_name}")))
        }
        (Some(value), _) | (None, Some(value)) => Ok(value),
        (None, None) => {
            let missing = format!("this header of the proxy, or {other_name} in its place");
            Err(Problem::field(name.as_str(), missing))
        }
    }
}

/// Whether a browser wants to show what is there: by its own word (Fetch Metadata §2.1, §2.2), or where it gives none, by
/// what it would like best.
fn is_navigation(method: &str, headers: &HeaderMap) -> bool {
    if !matches!(method, "GET" | "HEAD") {
        return false;
    }
    let says = |name: &HeaderName| headers.get(name).map(HeaderValue::as_bytes);
    match says(&FETCH_MODE) {
        Some(mode) => {
            mode == b"navigate" && says(&FETCH_DEST).is_none_or(|dest| dest == b"document")
        }
        None => headers
            .get(http::header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.split(',').any(|it| it.trim().starts_with("text/html"))),
    }
}
