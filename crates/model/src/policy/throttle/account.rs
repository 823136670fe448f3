//! Failures in a row at one account (NIST SP 800-63B-4 §3.2.2).
//!
//! Whoever guesses at an account is stopped; its owner is not. So failures are counted in two places: those of
//! all devices that never signed this user in, together, and those of each device that did, for itself. The
//! strangers' count can't touch the owner's devices, and the owner's successes can't help the strangers.
//!
//! A success ends the row it stands in (§3.2.2) and no other: if the owner's everyday sign-in from a known device
//! forgave the strangers, they would have a fresh hundred guesses every day. A new password is a new
//! authenticator, and what was guessed at the old one says nothing about it: it ends every row, and so does an
//! operator who clears them.
//!
//! Deviation: SP 800-63B-4 counts a hundred for the account as a whole and then disables the password, which
//! would let anybody lock anybody out. Here each known device may fail a hundred times of its own. An attacker
//! can't make a device known without the password, so that what strangers may guess stays a hundred in all.
//!
//! Deviation: the strangers' row ends by itself after a long time without a failure, where SP 800-63B-4 knows no such end.
//! Names that nobody has are counted like accounts and must be forgotten one day, because there is no end to them; if
//! accounts were not forgotten with them, to wait and to try once more would tell which is which. So strangers have at
//! most a hundred tries in any [`STRANGERS_REMEMBERED`].

use std::time::Duration;

use crate::time::Timestamp;

/// So many devices are known of one user, those that were seen last. A program that signs in anew each time keeps no
/// cookie, and is another device each time.
pub const KNOWN_DEVICES: usize = 100;

/// How long failures of unknown devices count after the last of them, at an account as at a name that nobody has. The
/// shorter, the more guesses in a year; the longer, the more names of nobody are kept.
pub const STRANGERS_REMEMBERED: Duration = Duration::from_hours(90 * 24);

/// The settings of one server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Account {
    /// This many failures in a row cost no time: people mistype.
    pub free: u32,
    /// What the next failure costs; each further one costs twice as much.
    pub first_wait: Duration,
    /// What a failure costs at most.
    pub longest_wait: Duration,
    /// After this many in a row nobody from there is asked for a password any more.
    pub refuse_after: u32,
}

impl Default for Account {
    /// Five for nothing, then 1 s, 2 s, 4 s … up to 15 minutes, and no more than the hundred of §3.2.2: for the
    /// guesser about a day.
    fn default() -> Self {
        Self {
            free: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(15),
            refuse_after: 100,
        }
    }
}

/// Failures in a row: a known device's own, or those of all unknown ones together.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Failures {
    /// How many.
    pub in_a_row: u32,
    /// When the last of them was.
    pub last_at: Option<Timestamp>,
}

impl Failures {
    /// What failures of unknown devices come to at `now`.
    #[must_use]
    pub fn of_strangers(self, now: Timestamp) -> Self {
        match self.last_at {
            Some(last) if now.since(last) >= STRANGERS_REMEMBERED => Self::default(),
            _ => self,
        }
    }
}

/// Whether the password is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is.
    Admit,
    /// Not yet.
    Wait(Duration),
    /// It is not, however long one waits before the count is forgotten. A known device still signs in, a one-time link
    /// gives a new password, and an operator can clear the count.
    Refuse,
}

impl Account {
    /// Decides on one more try at `now`, after these failures from where it comes.
    #[must_use]
    pub fn decide(&self, failures: Failures, now: Timestamp) -> Outcome {
        if failures.in_a_row >= self.refuse_after {
            return Outcome::Refuse;
        }
        let wait = self.wait_after(failures.in_a_row);
        let waited = failures.last_at.map_or(Duration::MAX, |last| now.since(last));
        match wait.saturating_sub(waited) {
            Duration::ZERO => Outcome::Admit,
            remaining => Outcome::Wait(remaining),
        }
    }

    /// What that many failures in a row cost.
    fn wait_after(&self, in_a_row: u32) -> Duration {
        let Some(doublings) = in_a_row.checked_sub(self.free) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first_wait.saturating_mul(factor).min(self.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn failures_cost_more_and_more_and_then_everything() {
        let seconds = Duration::from_secs;
        for (in_a_row, outcome) in [
            (0, Outcome::Admit),
            (4, Outcome::Admit),
            (5, Outcome::Wait(seconds(1))),
            (6, Outcome::Wait(seconds(2))),
            (7, Outcome::Wait(seconds(4))),
            (14, Outcome::Wait(seconds(512))),
            (15, Outcome::Wait(seconds(900))),
            (99, Outcome::Wait(seconds(900))),
            (100, Outcome::Refuse),
            (u32::MAX, Outcome::Refuse),
        ] {
            assert_eq!(policy().decide(failed(in_a_row, 0), NOW), outcome, "{in_a_row}");
        }
    }

    #[test]
    fn waiting_long_enough_earns_the_next_try_but_not_the_hundred_and_first() {
        assert_eq!(policy().decide(failed(7, 3_999), NOW), Outcome::Wait(Duration::from_millis(1)));
        assert_eq!(policy().decide(failed(7, 4_000), NOW), Outcome::Admit);
        assert_eq!(policy().decide(failed(99, 900_000), NOW), Outcome::Admit);
        let a_year = 365 * 24 * 3_600_000;
        assert_eq!(policy().decide(failed(100, a_year), NOW), Outcome::Refuse);
    }

    #[test]
    fn what_strangers_did_is_forgotten_when_they_have_stayed_away_for_long() {
        let long = u64::try_from(STRANGERS_REMEMBERED.as_millis()).unwrap();
        for in_a_row in [1, 7, 100] {
            let (almost, over) = (failed(in_a_row, long - 1), failed(in_a_row, long));
            assert_eq!(almost.of_strangers(NOW), almost);
            assert_eq!(over.of_strangers(NOW), Failures::default());
        }
        assert_eq!(Failures::default().of_strangers(NOW), Failures::default());
    }

    #[test]
    fn strangers_lock_out_strangers_and_not_the_owners_devices() {
        let mut account = Counts::default();
        for _ in 0..1_000 {
            fail(&mut account.strangers, NOW);
        }
        assert_eq!(policy().decide(account.strangers, NOW), Outcome::Refuse);
        assert_eq!(policy().decide(account.owners_device, NOW), Outcome::Admit);
    }

    proptest! {
        #[test]
        fn strangers_never_have_more_than_a_hundred_tries_at_one_password(
            steps in prop::collection::vec((any::<bool>(), 0_u64..2_000), 1..600),
        ) {
            let (mut account, mut now, mut tried) = (Counts::default(), NOW, 0_u32);
            for (owner_signs_in, wait) in steps {
                now = now.plus(Duration::from_secs(wait));
                if owner_signs_in {
                    prop_assert_eq!(policy().decide(account.owners_device, now), Outcome::Admit);
                    account.owners_device = Failures::default();
                } else if policy().decide(account.strangers, now) == Outcome::Admit {
                    tried += 1;
                    fail(&mut account.strangers, now);
                }
            }
            prop_assert!(tried <= 100);
        }

        #[test]
        fn one_failure_more_is_never_cheaper(in_a_row in 0_u32..200) {
            let rank = |outcome| match outcome {
                Outcome::Admit => Duration::ZERO,
                Outcome::Wait(wait) => wait,
                Outcome::Refuse => Duration::MAX,
            };
            let cost = |n| rank(policy().decide(failed(n, 0), NOW));
            prop_assert!(cost(in_a_row) <= cost(in_a_row + 1));
        }
    }

    fn policy() -> Account {
        Account::default()
    }

    /// That many failures in a row, the last of them so many milliseconds ago.
    fn failed(in_a_row: u32, ago: u64) -> Failures {
        Failures { in_a_row, last_at: Some(NOW.minus(Duration::from_millis(ago))) }
    }

    /// The counts of one account with one known device.
    #[derive(Default)]
    struct Counts {
        owners_device: Failures,
        strangers: Failures,
    }

    fn fail(failures: &mut Failures, at: Timestamp) {
        *failures = Failures { in_a_row: failures.in_a_row + 1, last_at: Some(at) };
    }
}
