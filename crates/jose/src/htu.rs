//! RFC 9449 §4.3, check 9, with RFC 3986 §6.2.2, §6.2.3: whether `htu` is where the request went.

use url::{Position, Url};

/// The longest `htu` that is read, in bytes.
const MAX_BYTES: usize = 2048;

/// Whether two URLs name the same place, once query and fragment are gone and what may be written in several ways is
/// written in one: letters of scheme and host, the scheme's own port, dots in the path, and needless escapes.
#[must_use]
pub fn same(htu: &str, url: &str) -> bool {
    matches!((place(htu), place(url)), (Some(one), Some(other)) if one == other)
}

fn place(text: &str) -> Option<String> {
    // What a browser would kindly repair is not a URL here.
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !plain || text.len() > MAX_BYTES {
        return None;
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    Some(unescaped(&url[..Position::AfterPath]))
}

/// RFC 3986 §6.2.2.1, §6.2.2.2: escapes of unreserved characters undone, the others in capital letters.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let hex = part.get(..2).filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (hex, byte) {
            (Some(_), Some(byte)) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                written.push(char::from(byte));
            }
            (Some(hex), _) => written.extend(["%", &hex.to_ascii_uppercase()]),
            (None, _) => written.push('%'),
        }
        written.push_str(hex.map_or(part, |_| &part[2..]));
    }
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URL: &str = "https://id.example/oauth/token";

    #[test]
    fn spellings_of_one_place_are_the_same() {
        for htu in [
            URL,
            "HTTPS://ID.example/oauth/token",
            "https://id.example:443/oauth/token",
            "https://id.example/oauth/token?a=b",
            "https://id.example/oauth/token#c",
            "https://id.example/oauth/./token",
            "https://id.example/oauth/x/../token",
            "https://id.example/%6fauth/token",
        ] {
            assert!(same(htu, URL), "{htu}");
        }
        assert!(same("https://id.example", "https://id.example/"));
        assert!(same("https://id.example/a%2fb", "https://id.example/a%2Fb"));
        assert!(same("http://localhost:7117/oauth/token", "http://localhost:7117/oauth/token?x"));
    }

    #[test]
    fn other_places_are_not() {
        for htu in [
            "http://id.example/oauth/token",
            "https://id.example:8443/oauth/token",
            "https://id.example/oauth/token/",
            "https://id.example/oauth/Token",
            "https://id.example/oauth%2Ftoken",
            "https://id.example.thief.example/oauth/token",
            "https://thief@id.example/oauth/token",
            "https:\\\\id.example\\oauth\\token",
            " https://id.example/oauth/token",
            "https://id.example/oauth/\ttoken",
            "/oauth/token",
            "id.example/oauth/token",
            "ftp://id.example/oauth/token",
            "",
        ] {
            assert!(!same(htu, URL), "{htu}");
        }
        assert!(!same(&format!("{URL}?{}", "x".repeat(MAX_BYTES)), URL));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_comparison(text in "(https://id\\.example)?\\PC*|https://id\\.example/[%0-9a-fA-F]{0,12}") {
            prop_assert_eq!(same(&text, URL), same(URL, &text));
        }

        #[test]
        fn escaping_what_needs_no_escape_changes_nothing(path in "[A-Za-z0-9._~-]{1,20}") {
            prop_assume!(path != "." && path != "..");
            let escaped: Vec<_> = path.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let escaped = escaped.concat();
            let (one, other) = (format!("https://a.example/x{path}"), format!("https://a.example/x{escaped}"));
            prop_assert!(same(&one, &other));
        }
    }
}
