//! How many sessions a user may have at once, and which gives way.

use crate::id::SessionId;
use crate::time::Timestamp;

/// The operator's choice. Without one there is no limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// At most this many signed-in sessions of one user; at least 1.
    pub sessions: usize,
    /// What happens to one more.
    pub when_full: WhenFull,
}

/// What happens to one session more than the limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhenFull {
    /// The sessions that were not used for longest end.
    EvictOldest,
    /// The sign-in is refused.
    Refuse,
}

/// Whether there is room for one session more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// There is.
    Admit,
    /// There is once these have ended.
    Evict(Vec<SessionId>),
    /// There is not.
    Refuse,
}

impl Limit {
    /// Decides on one session more beside the `live` ones, each with its last use.
    #[must_use]
    pub fn decide(&self, live: &[(SessionId, Timestamp)]) -> Outcome {
        let room = self.sessions.max(1) - 1;
        if live.len() <= room {
            return Outcome::Admit;
        }
        match self.when_full {
            WhenFull::Refuse => Outcome::Refuse,
            WhenFull::EvictOldest => {
                let mut oldest_first = live.to_vec();
                oldest_first.sort_by_key(|(id, seen)| (*seen, *id));
                oldest_first.truncate(live.len() - room);
                Outcome::Evict(oldest_first.into_iter().map(|(id, _)| id).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_the_limit_evicts_the_one_unused_for_longest() {
        let limit = Limit { sessions: 2, when_full: WhenFull::EvictOldest };
        assert_eq!(limit.decide(&[session(1, 5)]), Outcome::Admit);
        assert_eq!(
            limit.decide(&[session(1, 5), session(2, 3)]),
            Outcome::Evict(vec![session(2, 3).0])
        );
        assert_eq!(
            limit.decide(&[session(1, 5), session(2, 3), session(3, 9)]),
            Outcome::Evict(vec![session(2, 3).0, session(1, 5).0]),
        );
    }

    #[test]
    fn a_full_house_can_refuse_instead() {
        let limit = Limit { sessions: 1, when_full: WhenFull::Refuse };
        assert_eq!(limit.decide(&[]), Outcome::Admit);
        assert_eq!(limit.decide(&[session(1, 5)]), Outcome::Refuse);
    }

    fn session(n: u8, seen: i64) -> (SessionId, Timestamp) {
        (SessionId::from_bytes([n; 16]), Timestamp(seen))
    }
}
