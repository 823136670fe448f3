//! Times as a person reads them: UTC from here, made local by `assets/times.js` where scripts run.

use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use cloakroom_model::time::Timestamp;

/// A point in time in words: `3 November 2026, 09:14 UTC`.
#[derive(Clone, Debug, Template)]
#[template(path = "part/moment.html")]
pub struct Moment {
    /// RFC 3339, for machines.
    machine: String,
    words: String,
}

impl Moment {
    /// The words for `at`.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
        Self {
            machine: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            words: at.strftime("%-d %B %Y, %H:%M UTC").to_string(),
        }
    }
}

/// How long ago something was, which is the same in every zone: `4 minutes ago`.
#[derive(Clone, Debug, Template)]
#[template(path = "part/ago.html")]
pub struct Ago {
    moment: Moment,
    words: String,
}

impl Ago {
    /// Closer than this is not told apart from now.
    const NOW: Duration = Duration::from_mins(2);

    /// The words for `at`, seen from `now`.
    #[must_use]
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let ago = now.since(at);
        let words = if ago < Self::NOW { "now".to_owned() } else { format!("{} ago", rough(ago)) };
        Self { moment: Moment::new(at), words }
    }
}

/// The template escapes the words.
impl HtmlSafe for Moment {}
impl HtmlSafe for Ago {}

/// How long to wait, never less than it takes: `40 seconds`, `2 minutes`.
#[must_use]
pub fn wait(duration: Duration) -> String {
    let seconds = duration.as_millis().div_ceil(1000).max(1);
    match seconds {
        1..60 => count(seconds, "second"),
        60..3600 => count(seconds.div_ceil(60), "minute"),
        _ => count(seconds.div_ceil(3600), "hour"),
    }
}

fn rough(duration: Duration) -> String {
    let minutes = u128::from(duration.as_secs() / 60);
    match minutes {
        0..60 => count(minutes, "minute"),
        60..1440 => count(minutes / 60, "hour"),
        _ => count(minutes / 1440, "day"),
    }
}

fn count(number: u128, unit: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_793_697_240_000);

    #[test]
    fn a_moment_is_written_for_people_and_for_machines() {
        assert_eq!(
            Moment::new(NOW).to_string(),
            "<time datetime=\"2026-11-03T09:14:00Z\" data-local=\"text\">3 November 2026, 09:14 UTC</time>"
        );
    }

    #[test]
    fn a_time_beyond_the_calendar_does_not_panic() {
        assert!(Moment::new(Timestamp::NEVER).to_string().contains("9999"));
        assert!(Moment::new(Timestamp(i64::MIN)).to_string().contains("9999"));
    }

    #[test]
    fn how_long_ago_is_rounded_down() {
        for (seconds, words) in [
            (0, "now"),
            (119, "now"),
            (120, "2 minutes ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (86_399, "23 hours ago"),
            (86_400, "1 day ago"),
            (86_400 * 19, "19 days ago"),
        ] {
            let ago = Ago::new(NOW.minus(Duration::from_secs(seconds)), NOW);
            assert_eq!(ago.words, words);
        }
    }

    #[test]
    fn a_last_use_that_is_ahead_of_the_clock_is_now() {
        assert_eq!(Ago::new(NOW.plus(Duration::from_secs(5)), NOW).words, "now");
    }

    #[test]
    fn a_wait_is_rounded_up() {
        for (milliseconds, words) in [
            (0, "1 second"),
            (1_001, "2 seconds"),
            (59_000, "59 seconds"),
            (59_001, "1 minute"),
            (60_001, "2 minutes"),
            (3_600_001, "2 hours"),
        ] {
            assert_eq!(wait(Duration::from_millis(milliseconds)), words);
        }
    }
}
