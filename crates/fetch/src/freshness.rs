//! RFC 9111 §4.2, §5.2.2: how long an answer may be believed, within bounds of our own.
//!
//! Deviation: what may not be stored is remembered for the shortest time all the same, so that nobody can make this
//! server ask a stranger's server once for each request it gets.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};

/// However short-lived an answer calls itself.
const SHORTEST: Duration = Duration::from_mins(5);

/// However long-lived.
const LONGEST: Duration = Duration::from_hours(24);

/// How long an answer with this head may be believed.
pub(crate) fn of(headers: &HeaderMap) -> Duration {
    let directives = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let mut max_age = Duration::ZERO;
    for directive in directives.flat_map(|line| line.split(',')).map(str::trim) {
        if directive.eq_ignore_ascii_case("no-store") || directive.eq_ignore_ascii_case("no-cache")
        {
            return SHORTEST;
        }
        if let Some((name, value)) = directive.split_once('=')
            && name.trim().eq_ignore_ascii_case("max-age")
        {
            max_age = seconds(value.trim().trim_matches('"'));
        }
    }
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()).map_or(Duration::ZERO, seconds);
    max_age.saturating_sub(age).clamp(SHORTEST, LONGEST)
}

fn seconds(text: &str) -> Duration {
    Duration::from_secs(text.trim().parse::<u32>().unwrap_or_default().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_believed_as_long_as_it_says_within_bounds() {
        for (cache_control, age, minutes) in [
            (None, None, 5),
            (Some("max-age=3600"), None, 60),
            (Some("public, Max-Age=\"3600\""), None, 60),
            (Some("max-age=3600"), Some("1800"), 30),
            (Some("max-age=1"), None, 5),
            (Some("max-age=0"), None, 5),
            (Some("max-age=31536000"), None, 24 * 60),
            (Some("max-age=99999999999"), None, 5),
            (Some("max-age=-1"), None, 5),
            (Some("max-age=3600, no-store"), None, 5),
            (Some("no-cache, max-age=3600"), None, 5),
            (Some("s-maxage=3600"), None, 5),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(text) = cache_control {
                headers.insert(CACHE_CONTROL, text.parse().unwrap());
            }
            if let Some(text) = age {
                headers.insert(AGE, text.parse().unwrap());
            }
            let expected = Duration::from_mins(minutes);
            assert_eq!(of(&headers), expected, "{cache_control:?} {age:?}");
        }
    }
}
