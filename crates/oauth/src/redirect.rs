//! RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1.3: where answers may be sent.
//!
//! A registered URI is compared character by character. The one thing that may differ is the port of a native
//! application that listens on a loopback address, because it learns its port only when it starts. [`validate`] says
//! what can be registered; only [`verify`] and [`verify_after_logout`] make a [`VerifiedRedirect`], and only an error
//! that holds one goes back to a client.

use std::fmt;

use serde::Serialize;

use crate::uri::{Absolute, NotAUri};

/// The loopback origins whose port may differ from the registered one (RFC 8252 §7.3).
const ANY_PORT: &[&str] = &["http://127.0.0.1", "http://[::1]"];

/// A URI that the client registered: an answer may go there.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct VerifiedRedirect(String);

impl VerifiedRedirect {
    /// Where the answer goes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VerifiedRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Looks for what a request asked for among what the client registered. A request may name nothing only where there is
/// one to choose from and OpenID Connect is not asked for (OpenID Connect Core §3.1.2.1).
pub fn verify(
    registered: &[String],
    requested: Option<&str>,
    openid: bool,
) -> Result<VerifiedRedirect, NotRegistered> {
    let Some(requested) = requested else {
        return match registered {
            [only] if !openid => Ok(VerifiedRedirect(only.clone())),
            _ => Err(NotRegistered::Missing),
        };
    };
    let is_it = |known: &String| known == requested || differs_in_loopback_port(known, requested);
    if registered.iter().any(is_it) {
        Ok(VerifiedRedirect(requested.to_owned()))
    } else {
        Err(NotRegistered::Other)
    }
}

/// As [`verify`], for where a browser goes after it signed out (OpenID Connect RP-Initiated Logout 1.0 §3). Nothing may
/// differ, because no application that starts at any port needs it.
pub fn verify_after_logout(
    registered: &[String],
    requested: &str,
) -> Result<VerifiedRedirect, NotRegistered> {
    if registered.iter().any(|known| known == requested) {
        Ok(VerifiedRedirect(requested.to_owned()))
    } else {
        Err(NotRegistered::Other)
    }
}

/// Whether a URI can be registered as a `redirect_uri`: `https`, or `http` on this very machine, or a scheme that an
/// application made of a domain of its own.
pub fn validate(text: &str) -> Result<(), Invalid> {
    let uri = Absolute::parse(text)?;
    // RFC 6749 §3.1.2.
    if uri.has_fragment() {
        return Err(Invalid::Fragment);
    }
    if text.contains('*') {
        return Err(Invalid::Wildcard);
    }
    match (uri.scheme(), uri.host()) {
        ("https", Some(_)) | ("http", Some("127.0.0.1" | "[::1]" | "localhost")) => Ok(()),
        ("http", _) => Err(Invalid::PlainHttp),
        // RFC 8252 §7.1, §8.4: one with a dot cannot be a scheme that browsers give a meaning, such as `javascript`.
        (scheme, _) if scheme.contains('.') => Ok(()),
        _ => Err(Invalid::Scheme),
    }
}

/// Whether the two are loopback URIs that differ in nothing but the port.
fn differs_in_loopback_port(registered: &str, requested: &str) -> bool {
    ANY_PORT.iter().any(|origin| {
        let registered = registered.strip_prefix(origin).and_then(behind_port);
        let requested = requested.strip_prefix(origin).and_then(behind_port);
        registered.is_some() && registered == requested
    })
}

/// What follows the port, where what stands behind a host is a port (or none) and then a path, a query or nothing.
fn behind_port(text: &str) -> Option<&str> {
    let rest = match text.strip_prefix(':') {
        Some(text) => {
            let digits = text.bytes().take_while(u8::is_ascii_digit).count();
            let (port, rest) = text.split_at(digits);
            let canonical = !port.starts_with('0') && port.parse::<u16>().is_ok();
            canonical.then_some(rest)?
        }
        None => text,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

/// Why there is nowhere to send an answer. The person is told; the client cannot be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotRegistered {
    /// The request names none, and there is not one that must be meant.
    #[error("redirect_uri is missing")]
    Missing,
    /// It is not one of the client's.
    #[error("redirect_uri is not one that the client registered")]
    Other,
}

/// Why a URI cannot be registered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Invalid {
    /// Not a URI, or not in its one spelling.
    #[error("{0}")]
    NotAUri(#[from] NotAUri),
    /// What is behind a `#` never reaches a server.
    #[error("a redirect_uri has no fragment")]
    Fragment,
    /// Redirect URIs are compared, not matched.
    #[error("a redirect_uri has no wildcard; register each one")]
    Wildcard,
    /// An answer would cross a network in the clear.
    #[error("http is for 127.0.0.1, [::1] and localhost alone; everywhere else use https")]
    PlainHttp,
    /// Neither the web nor an application's own scheme.
    #[error(
        "the scheme must be https, or a domain in reverse that is the application's own, such as com.example.app"
    )]
    Scheme,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn registered(uris: &[&str]) -> Vec<String> {
        uris.iter().map(|&uri| uri.to_owned()).collect()
    }

    #[test]
    fn only_what_is_registered_is_verified_to_the_letter() {
        let known = registered(&["https://app.example/cb?a=b"]);
        let verified = verify(&known, Some("https://app.example/cb?a=b"), true).unwrap();
        assert_eq!(verified.as_str(), "https://app.example/cb?a=b");
        for other in [
            "https://app.example/cb",
            "https://app.example/cb?a=b&c=d",
            "https://app.example/cb?a=b#f",
            "https://app.example/cb/?a=b",
            "https://app.example/CB?a=b",
            "https://App.example/cb?a=b",
            "http://app.example/cb?a=b",
            "https://app.example:443/cb?a=b",
            "https://app.example:8443/cb?a=b",
            "https://app.example/x/../cb?a=b",
            "https://app.example/%63b?a=b",
            "https://evil.example@app.example/cb?a=b",
            "https://app.example.evil.example/cb?a=b",
            "https://evil.app.example/cb?a=b",
            " https://app.example/cb?a=b",
            "",
        ] {
            assert_eq!(verify(&known, Some(other), true), Err(NotRegistered::Other), "{other}");
        }
    }

    #[test]
    fn a_port_may_differ_on_a_loopback_address_and_nowhere_else() {
        let known =
            registered(&["http://127.0.0.1/cb", "http://[::1]:1/cb?x", "http://localhost/cb"]);
        for good in [
            "http://127.0.0.1/cb",
            "http://127.0.0.1:51004/cb",
            "http://[::1]:65535/cb?x",
            "http://[::1]/cb?x",
        ] {
            assert_eq!(verify(&known, Some(good), true).unwrap().as_str(), good);
        }
        for bad in [
            "http://127.0.0.1:51004/other",
            "http://127.0.0.1:51004/cb?x",
            "http://127.0.0.1:51004/cb#x",
            "https://127.0.0.1:51004/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:080/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.11/cb",
            "http://127.0.0.2:80/cb",
            "http://[::1]:80/cb",
            "http://[::1].evil.example/cb?x",
            "http://localhost:3000/cb",
        ] {
            assert_eq!(verify(&known, Some(bad), true), Err(NotRegistered::Other), "{bad}");
        }
        let app = registered(&["com.example.app:/cb", "https://127.0.0.1/cb"]);
        assert!(verify(&app, Some("com.example.app:/cb"), true).is_ok());
        assert!(verify(&app, Some("com.example.app:80/cb"), true).is_err());
        assert!(verify(&app, Some("https://127.0.0.1:8443/cb"), true).is_err());
    }

    #[test]
    fn a_request_may_leave_out_only_what_can_be_nothing_else() {
        let one = registered(&["https://app.example/cb"]);
        let two = registered(&["https://app.example/cb", "https://app.example/other"]);
        assert_eq!(verify(&one, None, false).unwrap().as_str(), "https://app.example/cb");
        for (known, openid) in [(&one, true), (&two, false), (&two, true), (&vec![], false)] {
            assert_eq!(verify(known, None, openid), Err(NotRegistered::Missing));
        }
    }

    #[test]
    fn after_signing_out_not_even_a_port_may_differ() {
        let known = registered(&["http://127.0.0.1/bye", "https://app.example/bye"]);
        assert!(verify_after_logout(&known, "https://app.example/bye").is_ok());
        assert!(verify_after_logout(&known, "http://127.0.0.1/bye").is_ok());
        for other in ["http://127.0.0.1:80/bye", "https://app.example/bye?foo=bar", ""] {
            assert_eq!(verify_after_logout(&known, other), Err(NotRegistered::Other), "{other}");
        }
    }

    #[test]
    fn what_can_be_registered_is_safe_to_go_to() {
        for good in [
            "https://app.example/cb",
            "https://app.example:8443/cb?a=b",
            "http://127.0.0.1/cb",
            "http://[::1]:7000/cb",
            "http://localhost:3000/cb",
            "com.example.app:/cb",
        ] {
            assert_eq!(validate(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("https://app.example/cb#x", Invalid::Fragment),
            ("https://app.example/cb#", Invalid::Fragment),
            ("https://*.app.example/cb", Invalid::Wildcard),
            ("https://app.example/*", Invalid::Wildcard),
            ("http://app.example/cb", Invalid::PlainHttp),
            ("http://localhost.evil.example/cb", Invalid::PlainHttp),
            ("http://127.0.0.2/cb", Invalid::PlainHttp),
            ("javascript:alert(1)", Invalid::Scheme),
            ("data:text/html,x", Invalid::Scheme),
            ("myapp://cb", Invalid::Scheme),
            ("urn:ietf:wg:oauth:2.0:oob", Invalid::Scheme),
            ("/cb", Invalid::NotAUri(NotAUri)),
            ("https://ada@app.example/cb", Invalid::NotAUri(NotAUri)),
        ] {
            assert_eq!(validate(bad), Err(why), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_a_loopback_port_can_differ(
            at in 0_usize..40, letter in "[ -~]", known in "(https://app\\.example|http://127\\.0\\.0\\.1(:7000)?)/cb"
        ) {
            let mut changed = known.clone();
            changed.insert_str(at.min(known.len()), &letter);
            if let Ok(verified) = verify(&registered(&[&known]), Some(&changed), false) {
                prop_assert!(known.starts_with("http://127.0.0.1:"), "{verified}");
                let reads = |text: &str| Absolute::parse(text).map(|uri| uri.host().map(str::to_owned));
                // Only a digit within the port, which the URL Standard reads as just that.
                prop_assert_eq!(reads(&changed), reads(&known));
            }
        }

        #[test]
        fn what_can_be_registered_is_verified_as_itself(text in "(https?|com.app):/{0,2}[a-z0-9.:*\\[\\]/?#-]{0,20}") {
            if validate(&text).is_ok() {
                prop_assert!(verify(&registered(&[&text]), Some(&text), true).is_ok());
            }
        }
    }
}
