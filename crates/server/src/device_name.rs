//! What a client is, in words for its owner: `Firefox on Linux`.
//!
//! Read from `User-Agent`, which is a claim and nothing more: the words help somebody to recognise their own devices
//! in a list, and nothing is decided by them.

/// The longest name.
pub const MAX_CHARS: usize = 100;

/// What is looked for, in this order: several browsers also say the names of those they descend from.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Headless Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Android says Linux too, and an iPad that asks for the desktop's pages says Macintosh.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
    ("Linux", "Linux"),
];

/// The words for a `User-Agent`.
#[must_use]
pub fn of(user_agent: Option<&str>) -> String {
    let Some(agent) = user_agent.map(str::trim).filter(|agent| !agent.is_empty()) else {
        return "Unknown device".to_owned();
    };
    let in_table = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (in_table(BROWSERS), in_table(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, system) => program(agent, system),
    }
}

/// A program names itself first (RFC 9110 §10.1.5): `curl/8.5.0`.
fn program(agent: &str, system: Option<&str>) -> String {
    let product = agent.split(['/', ' ', '(']).next().unwrap_or_default();
    let plain = |c: &char| c.is_ascii_alphanumeric() || "._-".contains(*c);
    let name: String = product.chars().filter(plain).take(60).collect();
    match (name.as_str(), system) {
        ("" | "Mozilla", Some(system)) => format!("A browser on {system}"),
        ("" | "Mozilla", None) => "Unknown device".to_owned(),
        (name, Some(system)) => format!("{name} on {system}"),
        (name, None) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn devices_have_the_names_that_people_use() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.5.0", "curl"),
            ("okhttp/4.12.0 (Linux; Android 14)", "okhttp on Android"),
            ("Mozilla/5.0 (compatible)", "Unknown device"),
            ("<script>", "script"),
            ("  ", "Unknown device"),
        ] {
            assert_eq!(of(Some(agent)), name, "{agent}");
        }
        assert_eq!(of(None), "Unknown device");
    }

    proptest! {
        #[test]
        fn a_name_is_short_and_plain(agent in "\\PC*") {
            let name = of(Some(&agent));
            prop_assert!(!name.is_empty() && name.len() <= MAX_CHARS);
            prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b" ._-".contains(&b)));
        }
    }
}
