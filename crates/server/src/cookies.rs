//! RFC 6265 and its successor's name prefixes: the cookies of a browser, by name.
//!
//! | cookie | holds | lives |
//! | --- | --- | --- |
//! | `__Host-cloakroom` | the session's secret | as long as the browser runs, or the session where it is remembered |
//! | `__Host-cloakroom-device` | the secret by which the browser is known to users it signed in before | 400 days |
//! | `__Host-cloakroom-form` | a number that forms before a sign-in are bound to | as long as the browser runs |
//! | `__Host-cloakroom-note` | a word: what the next page says was done | a minute |
//! | `__Host-cloakroom-again` | that a navigation was sent to itself, which happens once | seconds |
//! | `__Secure-cloakroom-id` | who is there, for sibling hosts, where a cookie domain is set | as the session's |
//!
//! Their `__Host-` prefix makes browsers refuse them from any other host and over plain http. An issuer on plain http
//! can only be this machine, for development, and goes without prefix and `Secure`.

use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The longest that browsers keep a cookie (RFC 6265bis §5.5).
const LONGEST: Duration = Duration::from_hours(400 * 24);

/// The names of our cookies, and how they are set.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    https: bool,
}

/// One of our cookies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Name {
    /// The session's secret.
    Session,
    /// The secret by which a browser is known.
    Device,
    /// The number that forms before a sign-in are bound to.
    Form,
    /// What the next page says was done.
    Note,
    /// That a navigation was sent to itself.
    Again,
    /// Who is there, for the hosts of a domain.
    Identifying,
}

impl Cookies {
    /// The cookies of an issuer on https, or on plain http.
    #[must_use]
    pub const fn new(https: bool) -> Self {
        Self { https }
    }

    /// The name as it stands in headers.
    #[must_use]
    pub const fn name(self, name: Name) -> &'static str {
        match (name, self.https) {
            (Name::Session, true) => "__Host-cloakroom",
            (Name::Session, false) => "cloakroom",
            (Name::Device, true) => "__Host-cloakroom-device",
            (Name::Device, false) => "cloakroom-device",
            (Name::Form, true) => "__Host-cloakroom-form",
            (Name::Form, false) => "cloakroom-form",
            (Name::Note, true) => "__Host-cloakroom-note",
            (Name::Note, false) => "cloakroom-note",
            (Name::Again, true) => "__Host-cloakroom-again",
            (Name::Again, false) => "cloakroom-again",
            // It has a domain, which `__Host-` does not allow.
            (Name::Identifying, true) => "__Secure-cloakroom-id",
            (Name::Identifying, false) => "cloakroom-id",
        }
    }

    /// The value of a cookie. One that is there twice is taken for none: two readers could choose differently.
    #[must_use]
    pub fn read(self, name: Name, headers: &HeaderMap) -> Option<&str> {
        let wanted = self.name(name);
        let mut found = None;
        for header in headers.get_all(COOKIE) {
            // Cookies of others may hold any bytes; ours are ASCII.
            for pair in header.as_bytes().split(|&byte| byte == b';') {
                let pair = pair.trim_ascii();
                let Some(value) = pair.strip_prefix(wanted.as_bytes()) else { continue };
                let Some(value) = value.strip_prefix(b"=") else { continue };
                if found.is_some() {
                    return None;
                }
                found = Some(value);
            }
        }
        std::str::from_utf8(found?).ok()
    }

    /// The `Set-Cookie` that gives the browser `value`, for as long as it runs or for `remembered`.
    ///
    /// # Panics
    ///
    /// When `value` holds what no header may: our values are base64url.
    #[must_use]
    pub fn set(self, name: Name, value: &str, remembered: Option<Duration>) -> HeaderValue {
        self.header(name, value, &max_age(remembered))
    }

    /// The `Set-Cookie` by which a browser is known for as long as browsers allow.
    ///
    /// # Panics
    ///
    /// As [`Cookies::set`].
    #[must_use]
    pub fn set_device(self, value: &str) -> HeaderValue {
        self.set(Name::Device, value, Some(LONGEST))
    }

    /// The `Set-Cookie` that shows the hosts of `domain` who is there.
    ///
    /// # Panics
    ///
    /// As [`Cookies::set`], and when `domain` is not a host name.
    #[must_use]
    pub fn set_identifying(
        self,
        value: &str,
        domain: &str,
        remembered: Option<Duration>,
    ) -> HeaderValue {
        self.header(Name::Identifying, value, &format!("; Domain={domain}{}", max_age(remembered)))
    }

    /// The `Set-Cookie` that takes that one back.
    ///
    /// # Panics
    ///
    /// When `domain` is not a host name.
    #[must_use]
    pub fn clear_identifying(self, domain: &str) -> HeaderValue {
        self.header(Name::Identifying, "", &format!("; Domain={domain}; Max-Age=0"))
    }

    /// The `Set-Cookie` that takes a cookie back.
    ///
    /// # Panics
    ///
    /// Never.
    #[must_use]
    pub fn clear(self, name: Name) -> HeaderValue {
        self.header(name, "", "; Max-Age=0")
    }

    fn header(self, name: Name, value: &str, age: &str) -> HeaderValue {
        let secure = if self.https { "; Secure" } else { "" };
        let name = self.name(name);
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        let mut header = HeaderValue::try_from(text).expect("a cookie of ASCII letters");
        header.set_sensitive(true);
        header
    }
}

fn max_age(remembered: Option<Duration>) -> String {
    remembered.map_or_else(String::new, |age| format!("; Max-Age={}", age.min(LONGEST).as_secs()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HTTPS: Cookies = Cookies::new(true);
    const PLAIN: Cookies = Cookies::new(false);

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        assert_eq!(read(HTTPS, &["__Host-cloakroom=abc"]), Some("abc".into()));
        assert_eq!(read(HTTPS, &["a=b; __Host-cloakroom=abc; c=d"]), Some("abc".into()));
        assert_eq!(read(HTTPS, &["a=b", "__Host-cloakroom=abc"]), Some("abc".into()));
        assert_eq!(read(HTTPS, &["x=\u{fc};__Host-cloakroom=abc"]), Some("abc".into()));
        assert_eq!(read(PLAIN, &["cloakroom=a=b"]), Some("a=b".into()));
        for other in [
            "cloakroom=abc",
            "__Host-cloakroom-device=abc",
            "__host-cloakroom=abc",
            "x__Host-cloakroom=abc",
            "__Host-cloakroom",
            "__Host-cloakroom =abc",
        ] {
            assert_eq!(read(HTTPS, &[other]), None, "{other}");
        }
    }

    #[test]
    fn a_cookie_that_is_there_twice_is_none() {
        assert_eq!(read(PLAIN, &["cloakroom=a; cloakroom=b"]), None);
        assert_eq!(read(PLAIN, &["cloakroom=a", "cloakroom=a"]), None);
    }

    #[test]
    fn a_cookie_on_https_is_for_this_host_alone_and_not_for_scripts() {
        assert_eq!(
            HTTPS.set(Name::Session, "sabc", None),
            "__Host-cloakroom=sabc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            HTTPS.set(Name::Session, "sabc", Some(Duration::from_hours(24))),
            "__Host-cloakroom=sabc; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=86400"
        );
        assert_eq!(
            HTTPS.clear(Name::Session),
            "__Host-cloakroom=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
        );
    }

    #[test]
    fn plain_http_has_neither_prefix_nor_secure() {
        assert_eq!(
            PLAIN.set_device("x"),
            "cloakroom-device=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=34560000"
        );
    }

    #[test]
    fn a_cookie_does_not_print() {
        assert_eq!(format!("{:?}", HTTPS.set(Name::Session, "sabc", None)), "Sensitive");
    }

    proptest! {
        #[test]
        fn no_header_breaks_the_reader(bytes in "[ -~\u{80}-\u{ff}]*") {
            let _ = read(PLAIN, &[&bytes]);
        }

        #[test]
        fn what_is_set_is_read(value in "[A-Za-z0-9_-]{1,60}") {
            let set = HTTPS.set(Name::Session, &value, None);
            let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            prop_assert_eq!(read(HTTPS, &[&pair]), Some(value));
        }
    }

    fn read(cookies: Cookies, headers: &[&str]) -> Option<String> {
        let mut map = HeaderMap::new();
        for header in headers {
            map.append(COOKIE, HeaderValue::from_bytes(header.as_bytes()).unwrap());
        }
        cookies.read(Name::Session, &map).map(str::to_owned)
    }
}
