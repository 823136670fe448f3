//! Where a page may lead back to: a path of this server, and nothing that a browser could read as another place.
//!
//! `return_to` comes from a link that anybody may have written. Only [`LocalPath::parse`] makes a
//! [`LocalPath`], and redirects to somewhere that was asked for take one of these. What is refused here is not
//! repaired: the caller goes to its own default.

use std::fmt::{self, Write as _};

/// A path with an optional query that resolves to this origin, whoever resolves it (RFC 3986 §4.2,
/// "absolute-path reference").
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LocalPath(String);

impl LocalPath {
    /// In bytes: room for an authorization request, or for an address of another host, each of whose letters may be
    /// escaped; and for nothing that was meant to hurt.
    pub const LONGEST: usize = 3 * 2048 + 64;

    /// Accepts `/segment/segment?query` in the letters of RFC 3986 §3.3 and §3.4.
    ///
    /// Refused are all that begin otherwise (`https:`, `//host`, `/\host`), empty and dot segments in any
    /// spelling, fragments, raw control or non-ASCII letters, broken escapes, and escapes in the path that
    /// hide a slash, a backslash, a percent sign or a control letter from one reader and not from the next.
    pub fn parse(text: &str) -> Result<Self, NotLocal> {
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        let segments = path.strip_prefix('/').ok_or(NotLocal)?;
        let ok = text.len() <= Self::LONGEST
            && segments_are_plain(segments)
            && query.is_none_or(query_is_plain);
        if ok { Ok(Self(text.to_owned())) } else { Err(NotLocal) }
    }

    /// The address of the page at `page` that leads on to here.
    #[must_use]
    pub fn as_return_to(&self, page: &str) -> String {
        format!("{page}?return_to={}", encode(&self.0))
    }

    /// The text as it was given, fit for a `Location`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text does not surely lead to this server.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a path of this server, such as /account")]
pub struct NotLocal;

/// Everything but RFC 3986's unreserved letters and the slash.
pub(crate) fn encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Only the last segment may be empty: `/`, `/account/`.
fn segments_are_plain(segments: &str) -> bool {
    let mut rest = segments.split('/').peekable();
    while let Some(segment) = rest.next() {
        let last = rest.peek().is_none();
        if (segment.is_empty() && !last) || !segment_is_plain(segment) {
            return false;
        }
    }
    true
}

fn segment_is_plain(segment: &str) -> bool {
    let Some(decoded) = decode(segment, is_pchar) else {
        return false;
    };
    let hidden = |byte: &u8| matches!(byte, b'/' | b'\\' | b'%') || byte.is_ascii_control();
    decoded != b"." && decoded != b".." && !decoded.iter().any(hidden)
}

fn query_is_plain(query: &str) -> bool {
    decode(query, |byte| is_pchar(byte) || matches!(byte, b'/' | b'?')).is_some()
}

/// RFC 3986 §3.3: unreserved, sub-delims, `:` and `@`. Escapes are seen to by [`decode`].
fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// The bytes behind the escapes; `None` where a letter is not `plain` or an escape is broken.
fn decode(text: &str, plain: impl Fn(u8) -> bool) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else if plain(byte) {
            decoded.push(byte);
        } else {
            return None;
        }
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn paths_of_this_server_are_kept_as_they_are() {
        for path in [
            "/",
            "/account",
            "/account/",
            "/account/devices?page=2",
            "/oauth/authorize?client_id=shop&redirect_uri=https%3A%2F%2Fshop.example%2Fcb&state=a%0Ab",
            "/a:b@c",
            "/caf%C3%A9",
            "/account?next=//evil.example",
        ] {
            assert_eq!(LocalPath::parse(path).as_ref().map(LocalPath::as_str), Ok(path));
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for path in [
            "",
            "account",
            "?x",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/%5cevil.example",
            "/%252fevil.example",
            "/a//evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/a/../b",
            "/%2e%2E/b",
            "/.",
            "https://evil.example",
            "HTTPS:evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a\r\nSet-Cookie:x=y",
            "/a%0d%0aSet-Cookie:x=y",
            "/a%00",
            "/a b",
            "/a?b c",
            "/a?b\nc",
            "/a#b",
            "/a?b#c",
            "/ü",
            "/a?ü",
            "/%",
            "/%4",
            "/%zz",
            "/a?%zz",
            "/%é",
            " /account",
            "/account ",
            "/a?b\\c",
            "/a?\"><script>",
        ] {
            assert_eq!(LocalPath::parse(path), Err(NotLocal), "{path:?}");
        }
    }

    #[test]
    fn a_longer_path_than_the_longest_is_refused() {
        let longest = format!("/{}", "a".repeat(LocalPath::LONGEST - 1));
        assert!(LocalPath::parse(&longest).is_ok());
        assert_eq!(LocalPath::parse(&format!("{longest}a")), Err(NotLocal));
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_stays_on_this_origin(text in tricky()) {
            if let Ok(path) = LocalPath::parse(&text) {
                let here = Url::parse("https://id.example/sign-in").unwrap();
                let there = here.join(path.as_str()).unwrap();
                prop_assert_eq!(there.origin(), here.origin());
                prop_assert_eq!(there.path(), text.split('?').next().unwrap());
                prop_assert!(http::HeaderValue::from_str(path.as_str()).is_ok());
            }
        }

        #[test]
        fn any_text_at_all_gets_an_answer(text in ".*") {
            let answer = LocalPath::parse(&text);
            prop_assert!(answer.is_err() || text.starts_with('/'));
        }
    }

    /// Texts made of what open redirects are made of.
    fn tricky() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "/",
            "\\",
            ".",
            "..",
            "%2f",
            "%5C",
            "%2e",
            "%00",
            "%25",
            ":",
            "@",
            "?",
            "#",
            "a",
            "evil.example",
            "https:",
            "\t",
            "\n",
            " ",
            "é",
            "%c3%a9",
            "=",
            "&",
            ";",
            "account",
            "%",
            "%4",
        ]);
        let start = prop::sample::select(vec!["/", "", "//", "/a/"]);
        (start, prop::collection::vec(piece, 0..8))
            .prop_map(|(start, pieces)| format!("{start}{}", pieces.concat()))
    }
}
