//! What a presented refresh token earns.
//!
//! The tokens of a chain are numbered, and any of them can be computed again, so a token that was rotated a
//! moment ago earns the newest one instead of a sign-out: two tabs, a lost answer and a retry all look like
//! that. One that was rotated longer ago means that somebody else has a copy (RFC 9700 §4.14.2), and the
//! grant ends. Where a profile wants no rotation (FAPI 2.0 Security Profile §5.3.2.1) the newest token stays what it is, since
//! without its client's proof and its key a copy is worth nothing; one from before that is old all the same.
//! Proof of the token itself (its MAC), of the client and of its key come before this.

use std::time::Duration;

use crate::grant::{Grant, Rotated};
use crate::policy::life::{self, Life};
use crate::time::Timestamp;

/// The settings of rotation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rotation {
    /// How long a rotated token still earns the newest one (`refresh_replay_window`).
    pub replay_window: Duration,
    /// Whether the newest token earns another one.
    pub rotates: bool,
}

/// What the presented token earns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Itself once more: the chain stays where it is.
    Stay,
    /// Its successor, and these are then the rotations to remember.
    Rotate(Vec<Rotated>),
    /// The chain's newest token, once more.
    Replay,
    /// Nothing yet: the chain turns faster than anybody needs.
    Wait(Duration),
    /// Nothing, and the grant ends: a copy of the token is in somebody else's hands.
    EndGrant,
    /// Nothing; there is nothing to undo.
    Refuse,
}

impl Rotation {
    /// Decides on token number `presented` at `now`. `authenticated` says that the client proved itself.
    #[must_use]
    pub fn decide(
        &self,
        grant: &Grant,
        presented: u64,
        authenticated: bool,
        now: Timestamp,
    ) -> Outcome {
        if life::of_grant(grant, now) != Life::Live || presented > grant.counter {
            return Outcome::Refuse;
        }
        if presented == grant.counter && !self.rotates {
            return Outcome::Stay;
        }
        if presented == grant.counter {
            return self.rotate(grant, now);
        }
        let rotated_at = grant.rotations.iter().find(|rotated| rotated.counter == presented);
        let newest_is_unused = presented + 1 == grant.counter;
        match rotated_at {
            Some(rotated) if now.since(rotated.at) <= self.replay_window => Outcome::Replay,
            _ if (grant.bound || authenticated) && newest_is_unused => Outcome::Replay,
            _ => Outcome::EndGrant,
        }
    }

    fn rotate(&self, grant: &Grant, now: Timestamp) -> Outcome {
        let in_window = |rotated: &&Rotated| now.since(rotated.at) <= self.replay_window;
        let mut rotations: Vec<_> = grant.rotations.iter().filter(in_window).copied().collect();
        if rotations.len() >= Grant::MAX_ROTATIONS {
            let oldest = rotations.iter().map(|rotated| rotated.at).min().unwrap_or(now);
            let wait = oldest.plus(self.replay_window).since(now);
            return Outcome::Wait(wait.max(Duration::from_millis(1)));
        }
        rotations.push(Rotated { counter: grant.counter, at: now });
        Outcome::Rotate(rotations)
    }
}

#[cfg(test)]
mod tests;
