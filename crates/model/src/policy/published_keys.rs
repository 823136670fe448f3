//! When a client's key set is asked for, where the client publishes it at a URL.
//!
//! A set that was read is believed for as long as the client's server said. Whoever brings a signature that no key of it
//! made may be a client that changed its keys or anybody at all, so that is worth asking again, but not at every such
//! signature: nobody can make this server knock at another's door more often than [`BETWEEN`] allows.

use std::time::Duration;

use crate::time::Timestamp;

/// Between two questions for the same set, however the first one ended; the shortest that a set is believed, too.
pub const BETWEEN: Duration = Duration::from_mins(1);

/// The longest that a set is believed: a key that its client took back is refused after that at the latest.
pub const BELIEVED_FOR: Duration = Duration::from_hours(1);

/// What is known of a set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Known {
    /// When it was last asked for.
    pub asked_at: Timestamp,
    /// Until when the set that was read is believed, where one was.
    pub good_until: Option<Timestamp>,
}

/// What a set is wanted for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// To find a key in it.
    Any,
    /// To find a key that was not in the one that is known.
    Newer,
}

/// What to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Take the set that is known.
    Use,
    /// Ask for it.
    Ask,
    /// Do without: there is none, and it is too early to ask again.
    Refuse,
}

/// Decides at `now`.
#[must_use]
pub fn decide(known: Option<Known>, wanted: Wanted, now: Timestamp) -> Decision {
    let Some(Known { asked_at, good_until }) = known else { return Decision::Ask };
    let is_good = good_until.is_some_and(|until| now < until);
    let may_ask = asked_at.plus(BETWEEN) <= now;
    match (is_good, wanted) {
        (true, Wanted::Any) => Decision::Use,
        _ if may_ask => Decision::Ask,
        (true, Wanted::Newer) => Decision::Use,
        (false, _) => Decision::Refuse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_asked_for_when_it_is_over_or_not_enough_and_never_twice_in_a_minute() {
        use Decision::{Ask, Refuse, Use};
        use Wanted::{Any, Newer};

        let at = Timestamp::from_seconds;
        let read = Some(Known { asked_at: at(1000), good_until: Some(at(1300)) });
        let failed = Some(Known { asked_at: at(1000), good_until: None });
        // The set was read long ago, and a question for a newer one was in vain.
        let old = Some(Known { asked_at: at(1290), good_until: Some(at(1300)) });
        for (known, wanted, seconds, expected) in [
            (None, Any, 1000, Ask),
            (None, Newer, 1000, Ask),
            (read, Any, 1000, Use),
            (read, Any, 1299, Use),
            (read, Any, 1300, Ask),
            (read, Newer, 1059, Use),
            (read, Newer, 1060, Ask),
            (failed, Any, 1059, Refuse),
            (failed, Newer, 1059, Refuse),
            (failed, Any, 1060, Ask),
            (old, Any, 1299, Use),
            (old, Any, 1300, Refuse),
            (old, Newer, 1349, Refuse),
            (old, Any, 1350, Ask),
        ] {
            assert_eq!(
                decide(known, wanted, at(seconds)),
                expected,
                "{known:?} {wanted:?} {seconds}"
            );
        }
    }
}
