//! RFC 3986 §3, §4.3: absolute URIs, with one spelling each.
//!
//! What a browser goes to is what the URL Standard makes of a text, and that is kinder than any server: it takes a
//! backslash for a slash, `0x7f.1` for an address, and leaves out line breaks. So only a text that the URL Standard would
//! write exactly like that is a URI here, and whoever compares two of them may compare their characters.

use url::Url;

/// The longest URI that is read.
pub const MAX_BYTES: usize = 2048;

/// A URI as it was written, and what its parts are.
pub(crate) struct Absolute(Url);

impl Absolute {
    /// Reads an absolute URI: ASCII as RFC 3986 §2 has it, nobody's name and password in it, in its one spelling. An
    /// authority without a path may go without its slash.
    pub(crate) fn parse(text: &str) -> Result<Self, NotAUri> {
        let whole = text.split('%').skip(1).all(|rest| {
            rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
        });
        if text.len() > MAX_BYTES || !text.bytes().all(is_allowed) || !whole {
            return Err(NotAUri);
        }
        let url = Url::parse(text).map_err(|_| NotAUri)?;
        let written = url.as_str();
        let only_the_slash_is_missing =
            written.strip_suffix('/').is_some_and(|without| without == text) && url.path() == "/";
        let plain = url.username().is_empty() && url.password().is_none();
        if plain && (written == text || only_the_slash_is_missing) {
            Ok(Self(url))
        } else {
            Err(NotAUri)
        }
    }

    pub(crate) fn scheme(&self) -> &str {
        self.0.scheme()
    }

    pub(crate) fn host(&self) -> Option<&str> {
        self.0.host_str().filter(|host| !host.is_empty())
    }

    pub(crate) fn has_fragment(&self) -> bool {
        self.0.fragment().is_some()
    }
}

/// Unreserved, reserved, or part of an escape.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// The text is not an absolute URI in its one spelling.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "expected an absolute URI as a browser would write it: host in lower case, no default port, no dot segments, no \
     user, plain ASCII"
)]
pub struct NotAUri;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_uri_has_one_spelling() {
        for good in [
            "https://app.example",
            "https://app.example/",
            "https://app.example/cb?a=b&c=%20",
            "https://app.example:8443/cb#f",
            "http://127.0.0.1/cb",
            "http://[::1]:7000/cb",
            "com.example.app:/cb",
            "com.example.app://cb",
            "urn:example:api",
        ] {
            assert!(Absolute::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "//app.example/cb",
            "app.example/cb",
            "https:app.example",
            "https:/app.example",
            "https://",
            "https://APP.example/cb",
            "HTTPS://app.example/cb",
            "https://app.example:443/cb",
            "https://app.example/a/../cb",
            "https://app.example/%2e%2e/cb",
            "https://app.example\\cb",
            "https://app.example/\ncb",
            " https://app.example/cb",
            "https://ada@app.example/cb",
            "https://:x@app.example/cb",
            "https://app.example/ü",
            "https://app.example/%zz",
            "https://app.example/%4",
            "https://0x7f.1/cb",
            "http://2130706433/cb",
            "http://[0:0:0:0:0:0:0:1]/cb",
            "https://app.example%2eevil.example/cb",
            &format!("https://app.example/{}", "x".repeat(MAX_BYTES)),
        ] {
            assert!(Absolute::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_a_browser_goes_to(text in "(https?://|[a-z.]{2,9}:/{0,3})[a-z0-9.@:\\\\%/?#\\[\\]-]{0,30}") {
            if let Ok(uri) = Absolute::parse(&text) {
                let with_slash = format!("{text}/");
                prop_assert!([text, with_slash].contains(&uri.0.to_string()));
            }
        }
    }
}
