//! Whether somebody proved who they are recently enough for an act that an open browser must not do by itself.

use std::time::Duration;

use crate::session::Authentication;
use crate::time::Timestamp;

/// How recent a proof must be. With zero none is recent enough: every act asks for one of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Freshness {
    /// A proof that is no older is fresh, as `max_age` means it too (OpenID Connect Core §3.1.2.1).
    pub within: Duration,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Nothing: the act may go on.
    GoOn,
    /// Whoever asks proves once more who they are.
    AskAgain,
}

impl Freshness {
    /// Decides on an act at `now` in a session with this proof.
    #[must_use]
    pub fn decide(&self, proof: Option<&Authentication>, now: Timestamp) -> Outcome {
        match proof {
            Some(proof) if !self.within.is_zero() && now.since(proof.at) <= self.within => {
                Outcome::GoOn
            }
            _ => Outcome::AskAgain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Acr;

    #[test]
    fn a_proof_is_fresh_until_its_time_is_over() {
        let quarter = Freshness { within: Duration::from_mins(15) };
        let proof = proof_at(1_000);
        for (now, outcome) in [
            (1_000, Outcome::GoOn),
            (901_000, Outcome::GoOn),
            (901_001, Outcome::AskAgain),
            (i64::MAX, Outcome::AskAgain),
        ] {
            assert_eq!(quarter.decide(Some(&proof), Timestamp(now)), outcome, "{now}");
        }
    }

    #[test]
    fn without_a_proof_or_without_any_time_everybody_is_asked() {
        let quarter = Freshness { within: Duration::from_mins(15) };
        assert_eq!(quarter.decide(None, Timestamp(0)), Outcome::AskAgain);
        let never = Freshness { within: Duration::ZERO };
        assert_eq!(never.decide(Some(&proof_at(5)), Timestamp(5)), Outcome::AskAgain);
    }

    fn proof_at(at: i64) -> Authentication {
        Authentication { at: Timestamp(at), acr: Acr::Aal1, amr: vec!["pwd".to_owned()] }
    }
}
