//! A check of the clock, as far as a machine can tell without asking another one.
//!
//! The store's clock and the server's are this machine's own, so comparing them says nothing. What can be seen from
//! here: a time that cannot be, things that happened later than now, and whether somebody sets the clock.

use std::path::Path;

use cloakroom_engine::clock::{Clock as _, SystemClock};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{EventFilter, Page};

use super::Finding;
use crate::{
    offline::{self, Attached},
    probe,
    settings::Settings,
    when::When,
};

/// 2026-01-01: this program is not older.
const TOO_EARLY: Timestamp = Timestamp(1_767_225_600_000);

/// Files that exist while something keeps the clock right: systemd's, chrony's and ntpd's.
const KEEPERS: [&str; 3] =
    ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/ntpd.pid"];

/// Whether the clock can be right.
pub(super) fn clock(settings: &Settings) -> Finding {
    let now = SystemClock::new().wall();
    let kept = KEEPERS.iter().any(|path| Path::new(path).exists());
    let server = probe::ask(settings).ok().and_then(|answer| answer.date);
    judge(now, latest_event(settings), server.as_deref().and_then(seconds), kept)
}

fn judge(now: Timestamp, latest: Option<Timestamp>, server: Option<i64>, kept: bool) -> Finding {
    const SET_IT: &str = "set the clock, and let chrony or systemd-timesyncd keep it";
    let shown = format!("{} UTC", When(now).to_minute());
    if now < TOO_EARLY {
        return Finding::Fail(format!("{shown} cannot be"), SET_IT);
    }
    if let Some(latest) = latest.filter(|latest| latest.since(now).as_secs() > 5) {
        let found = format!(
            "{shown}, but the database has an event of {} UTC: the clock was set back, or was ahead",
            When(latest).to_minute()
        );
        return Finding::Fail(found, SET_IT);
    }
    if let Some(server) = server.filter(|server| server.abs_diff(now.seconds()) > 5) {
        let found = format!("{shown}, and the server's clock is {} s off", server - now.seconds());
        return Finding::Fail(found, SET_IT);
    }
    if kept {
        Finding::Ok(format!("{shown}, and something keeps it"))
    } else {
        Finding::Ok(format!(
            "{shown}; nothing here contradicts it, but whether it is right only another clock can tell"
        ))
    }
}

/// When the last thing happened that the database knows of.
fn latest_event(settings: &Settings) -> Option<Timestamp> {
    let filter = EventFilter { user: None, page: Page { before: None, limit: 1 } };
    let events = offline::block_on(async {
        let attached = Attached::to(settings).await?;
        Ok(attached.store().list_events(&filter).await?)
    });
    let events = events.ok()?;
    Some(events.first()?.event.at)
}

/// The second that an HTTP date means (RFC 9110 §5.6.7).
fn seconds(date: &str) -> Option<i64> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(at.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn what_cannot_be_is_a_failure() {
        assert!(matches!(judge(Timestamp(0), None, None, true), Finding::Fail(..)));
        let later = NOW.plus(std::time::Duration::from_mins(1));
        assert!(matches!(judge(NOW, Some(later), None, true), Finding::Fail(..)));
        assert!(matches!(judge(NOW, None, Some(NOW.seconds() + 60), true), Finding::Fail(..)));
    }

    #[test]
    fn what_can_be_is_well_and_no_more_is_claimed() {
        let found = judge(NOW, Some(NOW), Some(NOW.seconds()), false);
        let Finding::Ok(text) = found else { panic!("not well") };
        assert!(text.contains("only another clock can tell"), "{text}");
    }

    #[test]
    fn an_http_date_is_read() {
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(seconds("yesterday"), None);
    }
}
