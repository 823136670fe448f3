//! Which signing keys are to be made, put to use and forgotten.
//!
//! A key is published ahead of its use, so that whoever caches the key set has it in time; a retired key stays
//! published until the last token it signed is dead. Shared secrets are not rotated on schedule: somebody else
//! must be told of the new one.

use std::time::Duration;

use crate::id::KeyId;
use crate::key::{SigningKey, Stage};
use crate::log::CONCERNS_FOR;
use crate::time::Timestamp;

/// The settings of rotation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyRotation {
    /// How long a key signs.
    pub period: Duration,
    /// How long before that ends its successor is published.
    pub ahead: Duration,
}

/// One thing to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// Make a key for this algorithm, at this stage.
    Make {
        /// Its `alg`.
        algorithm: String,
        /// Where its life begins.
        stage: Stage,
    },
    /// Put this key to use; the current one retires.
    Promote {
        /// Which.
        key: KeyId,
        /// Where it is.
        from: Stage,
    },
    /// Forget this key.
    Forget(KeyId),
}

impl KeyRotation {
    /// Decides what `keys` need at `now`, so that each of the `wanted` algorithms has a key that signs.
    #[must_use]
    pub fn decide(&self, keys: &[SigningKey], wanted: &[&str], now: Timestamp) -> Vec<Step> {
        let of_algorithm = |algorithm| self.of_algorithm(keys, algorithm, now);
        let forgotten = keys.iter().filter_map(|key| match key.stage {
            Stage::Retired { since } | Stage::Compromised { since }
                if since.plus(CONCERNS_FOR) <= now =>
            {
                Some(Step::Forget(key.id.clone()))
            }
            _ => None,
        });
        wanted.iter().copied().filter_map(of_algorithm).chain(forgotten).collect()
    }

    fn of_algorithm(&self, keys: &[SigningKey], algorithm: &str, now: Timestamp) -> Option<Step> {
        let published =
            || keys.iter().filter(|key| key.algorithm == algorithm && key.audience.is_none());
        let next = published().find_map(|key| match key.stage {
            Stage::Next { since } => Some((key, since)),
            _ => None,
        });
        let current = published().find_map(|key| match key.stage {
            Stage::Current { since } => Some(since),
            _ => None,
        });
        let promote = |key: &SigningKey| Step::Promote { key: key.id.clone(), from: key.stage };
        let make = |stage| Step::Make { algorithm: algorithm.to_owned(), stage };
        match (current, next) {
            (None, Some((key, _))) => Some(promote(key)),
            (None, None) => Some(make(Stage::Current { since: now })),
            (Some(since), Some((key, published_at)))
                if since.plus(self.period) <= now && published_at.plus(self.ahead) <= now =>
            {
                Some(promote(key))
            }
            (Some(since), None) if since.plus(self.period.saturating_sub(self.ahead)) <= now => {
                Some(make(Stage::Next { since: now }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;
    const ED: &str = "Ed25519";

    #[test]
    fn the_first_key_signs_at_once() {
        let steps = policy().decide(&[], &[ED], at(0));
        assert_eq!(
            steps,
            [Step::Make { algorithm: ED.into(), stage: Stage::Current { since: at(0) } }]
        );
    }

    #[test]
    fn a_successor_is_published_a_day_ahead_and_then_signs() {
        let current = key("a", Stage::Current { since: at(0) });
        assert_eq!(policy().decide(std::slice::from_ref(&current), &[ED], at(88)), []);
        assert_eq!(
            policy().decide(std::slice::from_ref(&current), &[ED], at(89)),
            [Step::Make { algorithm: ED.into(), stage: Stage::Next { since: at(89) } }]
        );
        let next = key("b", Stage::Next { since: at(89) });
        let keys = [current, next.clone()];
        assert_eq!(policy().decide(&keys, &[ED], Timestamp(at(90).0 - 1)), []);
        assert_eq!(
            policy().decide(&keys, &[ED], at(90)),
            [Step::Promote { key: next.id, from: next.stage }]
        );
    }

    #[test]
    fn a_late_successor_is_still_published_for_its_time() {
        let keys =
            [key("a", Stage::Current { since: at(0) }), key("b", Stage::Next { since: at(100) })];
        assert_eq!(policy().decide(&keys, &[ED], at(100)), []);
        assert!(matches!(&policy().decide(&keys, &[ED], at(101))[..], [Step::Promote { .. }]));
    }

    #[test]
    fn after_a_compromise_the_next_key_signs_at_once() {
        let keys =
            [key("a", Stage::Compromised { since: at(5) }), key("b", Stage::Next { since: at(5) })];
        assert!(matches!(&policy().decide(&keys, &[ED], at(5))[..], [Step::Promote { .. }]));
    }

    #[test]
    fn a_retired_key_is_forgotten_when_its_last_token_is_dead() {
        let keys =
            [key("a", Stage::Retired { since: at(1) }), key("b", Stage::Current { since: at(1) })];
        let dead = at(1).plus(CONCERNS_FOR);
        assert_eq!(policy().decide(&keys, &[ED], Timestamp(dead.0 - 1)), []);
        assert_eq!(policy().decide(&keys, &[ED], dead), [Step::Forget(KeyId("a".into()))]);
    }

    #[test]
    fn a_shared_secret_is_left_alone() {
        let shared = SigningKey {
            audience: Some("https://old.example".into()),
            ..key("s", Stage::Current { since: at(0) })
        };
        let steps = policy().decide(&[shared], &[ED], at(400));
        assert!(matches!(&steps[..], [Step::Make { .. }]), "it is no key for everybody: {steps:?}");
    }

    fn policy() -> KeyRotation {
        KeyRotation { period: Duration::from_hours(90 * 24), ahead: Duration::from_hours(24) }
    }

    fn at(days: i64) -> Timestamp {
        Timestamp(days * DAY)
    }

    fn key(id: &str, stage: Stage) -> SigningKey {
        SigningKey {
            id: KeyId(id.into()),
            algorithm: ED.into(),
            audience: None,
            public: None,
            sealed: vec![],
            data_key: 1,
            stage,
            created_at: at(0),
        }
    }
}
