//! RFC 6265bis §4.1.3, §5.6: cookies of this app, which no script sees and no other host can set.

use http::HeaderValue;

/// What the cookies of an app have in common.
#[derive(Clone, Copy)]
pub(super) struct Cookies {
    pub(super) https: bool,
}

impl Cookies {
    /// The name as it stands in headers. On plain http, for development, it has no prefix.
    pub(super) fn name(self, name: &str) -> String {
        if self.https { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// Kept for as long as the browser runs, or for `max_age` seconds.
    pub(super) fn set(self, name: &str, value: &str, max_age: Option<u64>) -> HeaderValue {
        let secure = if self.https { "; Secure" } else { "" };
        let age = max_age.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
        let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        // Names and values are letters, digits, `-` and `_`.
        let mut line = HeaderValue::try_from(line).unwrap_or(HeaderValue::from_static(""));
        line.set_sensitive(true);
        line
    }

    pub(super) fn clear(self, name: &str) -> HeaderValue {
        self.set(name, "", Some(0))
    }
}
