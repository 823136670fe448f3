//! RFC 7240 §4.3: a page asks who is there, and would rather be answered once that is over. So it knows of a sign-out anywhere in
//! the moment in which the feed tells, and asks seldom while nothing happens.

use std::time::Duration;

use http::HeaderMap;

/// Proxies give an answer up after thirty seconds or more.
const LONGEST_SECONDS: u64 = 25;

/// How long the request would wait, in whole seconds and not for ever; `None` where it would not.
pub(super) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all("prefer").iter().filter_map(|line| line.to_str().ok());
    let seconds = lines.flat_map(|line| line.split(',')).find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        let fits = (1..=6).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
        (name.eq_ignore_ascii_case("wait") && fits).then(|| value.parse::<u64>().ok())?
    })?;
    (seconds > 0).then(|| Duration::from_secs(seconds.min(LONGEST_SECONDS)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn how_long_somebody_would_wait_is_read_as_the_specification_writes_it() {
        let asked = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("prefer", HeaderValue::from_static(line));
            }
            asked(&headers).map(|wait| wait.as_secs())
        };
        assert_eq!(asked(&["wait=10"]), Some(10));
        assert_eq!(asked(&["respond-async, Wait = 10; x=y"]), Some(10));
        assert_eq!(asked(&["respond-async", "wait=1"]), Some(1));
        assert_eq!(asked(&["wait=999999"]), Some(25));
        for not in ["wait=0", "wait", "wait=", "wait=-1", "wait=\"10\"", "wait=9999999", "waits=1"]
        {
            assert_eq!(asked(&[not]), None, "{not}");
        }
        assert_eq!(asked(&[]), None);
    }
}
