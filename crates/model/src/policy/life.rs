//! Whether a session or a grant is still alive.

use crate::grant::Grant;
use crate::session::Session;
use crate::time::Timestamp;

/// Where something with both an idle time and an end is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Life {
    /// It may be used.
    Live,
    /// It was not used for too long.
    Idle,
    /// Its time is over.
    Expired,
}

/// Decides on a session that was last used at `last_seen`, which memory may know better than storage.
#[must_use]
pub fn of_session(session: &Session, last_seen: Timestamp, now: Timestamp) -> Life {
    of(session.expires_at, last_seen.plus(session.idle), now)
}

/// Decides on a grant.
#[must_use]
pub fn of_grant(grant: &Grant, now: Timestamp) -> Life {
    of(grant.expires_at, grant.last_used_at.plus(grant.idle), now)
}

fn of(expires_at: Timestamp, idle_at: Timestamp, now: Timestamp) -> Life {
    if expires_at <= now {
        Life::Expired
    } else if idle_at <= now {
        Life::Idle
    } else {
        Life::Live
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_comes_at_its_moment_whichever_is_first() {
        let table = [
            (100, 50, 49, Life::Live),
            (100, 50, 50, Life::Idle),
            (100, 150, 99, Life::Live),
            (100, 150, 100, Life::Expired),
            (100, 50, 100, Life::Expired),
        ];
        for (expires, idle, now, expected) in table {
            assert_eq!(
                of(Timestamp(expires), Timestamp(idle), Timestamp(now)),
                expected,
                "{expires} {idle} {now}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_dead_lives_again_and_use_alone_keeps_it_alive(
            idle in 1_i64..1_000, absolute in 1_i64..5_000, uses in prop::collection::vec(1_i64..400, 0..40),
        ) {
            let (mut seen, mut now, mut dead) = (0, 0, false);
            for wait in uses {
                now += wait;
                let life = of(Timestamp(absolute), Timestamp(seen + idle), Timestamp(now));
                let expected_alive = now < absolute && now < seen + idle;
                prop_assert_eq!(life == Life::Live, expected_alive);
                if dead {
                    prop_assert_ne!(life, Life::Live);
                }
                if life == Life::Live { seen = now } else { dead = true }
            }
        }
    }
}
