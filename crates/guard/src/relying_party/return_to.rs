//! Where somebody goes on after the sign-in: a path that no browser takes for an address of another host.

/// The longest way back that fits into a cookie with the rest.
const LONGEST: usize = 2000;

/// Where to go on, if what was asked is a path on this host; else `/`.
pub(super) fn return_to(asked: Option<&str>) -> String {
    let fits = |asked: &&str| {
        let (path, fragment) = asked.split_once('#').unwrap_or((asked, ""));
        asked.len() <= LONGEST
            && is_local(path)
            && fragment.bytes().all(|byte| byte.is_ascii_graphic())
    };
    asked.filter(fits).unwrap_or("/").to_owned()
}

/// Whether a browser that is sent there stays on this very host. Browsers take a backslash for a slash, and leave tabs and line
/// ends out.
pub(super) fn is_local(target: &str) -> bool {
    let mut bytes = target.bytes();
    bytes.next() == Some(b'/')
        && bytes.next() != Some(b'/')
        && target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_host_is_kept_whole() {
        for path in
            ["/", "/orders?page=2", "/orders#last", "/a//b", "/@evil.example", "/?u=https://a"]
        {
            assert_eq!(return_to(Some(path)), path);
        }
        assert_eq!(return_to(None), "/");
    }

    #[test]
    fn what_a_browser_could_take_for_another_host_is_not_followed() {
        for path in [
            "",
            "https://evil.example",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " /orders",
            "/a b",
            "javascript:alert(1)",
            "evil.example",
            "@evil.example",
            "/a\\b",
            "/orders\r\nSet-Cookie: a=b",
            "/\u{2f}\u{ff0f}evil",
            "/a#b c",
            "?a",
            "#a",
        ] {
            assert_eq!(return_to(Some(path)), "/", "{path:?}");
        }
        assert_eq!(return_to(Some(&format!("/{}", "a".repeat(LONGEST)))), "/");
    }
}
