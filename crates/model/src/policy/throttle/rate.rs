//! A rate, by the generic cell rate algorithm: one number for each thing that is counted, and no timer.

use std::time::Duration;

use crate::time::Timestamp;

/// At most `burst` at once, all of which come back over `period`, one after another at equal distances.
///
/// In no stretch of time as long as the period are there more than twice `burst`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    burst: u32,
    period: Duration,
}

/// What has been spent: when all of it will have come back, in microseconds since the epoch.
///
/// It is finer than [`Timestamp`] because a rate may be faster than one in a millisecond.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Spent(i64);

/// What a rate says of one more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// Yes, and this is then spent.
    Admit(Spent),
    /// No; the same question earns a yes after this long, unless others ask meanwhile.
    Wait(Duration),
}

impl Rate {
    /// A rate of at least one in a period of at least a millisecond; smaller values are raised to these.
    #[must_use]
    pub const fn new(burst: u32, period: Duration) -> Self {
        let burst = if burst == 0 { 1 } else { burst };
        let period = if period.as_millis() == 0 { Duration::from_millis(1) } else { period };
        Self { burst, period }
    }

    /// How many may come at once.
    #[must_use]
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// In what time a burst has come back.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// After how long one comes back: the period in as many parts as the burst has, in whole microseconds.
    #[must_use]
    pub fn one(&self) -> Duration {
        let period = u64::try_from(self.period.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros((period / u64::from(self.burst)).max(1))
    }

    /// Decides on one more at `now`; `None` means that nothing was spent.
    #[must_use]
    pub fn decide(&self, spent: Option<Spent>, now: Timestamp) -> Verdict {
        let now = now.0.saturating_mul(1000);
        let one = i64::try_from(self.one().as_micros()).unwrap_or(i64::MAX);
        // Nobody has spent more than a burst: a state from a clock that was ahead heals by itself.
        let full = now.saturating_add(one.saturating_mul(i64::from(self.burst)));
        let back_at = spent.map_or(now, |Spent(back_at)| back_at.clamp(now, full));
        let after = back_at.saturating_add(one);
        if after <= full {
            return Verdict::Admit(Spent(after));
        }
        let wait = Duration::from_micros(after.abs_diff(full));
        // A timestamp has no more than milliseconds: whoever waits that long must not be early.
        let milliseconds = u64::try_from(wait.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        Verdict::Wait(Duration::from_millis(milliseconds))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn a_burst_passes_and_the_next_waits_its_turn() {
        let rate = Rate::new(3, Duration::from_mins(1));
        let spent = (0..3).fold(None, |spent, _| Some(admitted(rate.decide(spent, NOW))));
        assert_eq!(rate.decide(spent, NOW), Verdict::Wait(Duration::from_secs(20)));
        let later = NOW.plus(Duration::from_secs(20));
        let spent = Some(admitted(rate.decide(spent, later)));
        assert_eq!(rate.decide(spent, later), Verdict::Wait(Duration::from_secs(20)));
    }

    #[test]
    fn after_a_period_the_burst_is_whole_again() {
        let rate = Rate::new(3, Duration::from_mins(1));
        let spent = (0..3).fold(None, |spent, _| Some(admitted(rate.decide(spent, NOW))));
        let later = NOW.plus(Duration::from_mins(1));
        let again = (0..3).fold(spent, |spent, _| Some(admitted(rate.decide(spent, later))));
        assert!(matches!(rate.decide(again, later), Verdict::Wait(_)));
    }

    #[test]
    fn a_state_from_the_future_costs_no_more_than_a_full_one() {
        let rate = Rate::new(2, Duration::from_secs(10));
        assert_eq!(rate.decide(Some(Spent(i64::MAX)), NOW), Verdict::Wait(Duration::from_secs(5)),);
    }

    #[test]
    fn a_rate_of_nothing_is_one_in_a_millisecond() {
        let rate = Rate::new(0, Duration::ZERO);
        let spent = Some(admitted(rate.decide(None, NOW)));
        assert_eq!(rate.decide(spent, NOW), Verdict::Wait(Duration::from_millis(1)));
    }

    proptest! {
        #[test]
        fn no_period_admits_two_bursts(
            burst in 1_u32..20,
            period_ms in 1_u64..5_000,
            gaps in prop::collection::vec(0_u64..400, 1..300),
        ) {
            let rate = Rate::new(burst, Duration::from_millis(period_ms));
            let (mut now, mut spent, mut admitted_at) = (NOW, None, vec![]);
            for gap in gaps {
                now = now.plus(Duration::from_millis(gap));
                if let Verdict::Admit(after) = rate.decide(spent, now) {
                    spent = Some(after);
                    admitted_at.push(now);
                }
            }
            for (n, from) in admitted_at.iter().enumerate() {
                let within = admitted_at[n..].iter().filter(|at| at.since(*from) < rate.period()).count();
                prop_assert!(within <= 2 * burst as usize);
            }
        }

        #[test]
        fn whoever_waits_as_long_as_told_is_admitted(
            burst in 1_u32..2_000,
            period_ms in 1_u64..100_000,
            tries in 1_usize..3_000,
        ) {
            let rate = Rate::new(burst, Duration::from_millis(period_ms));
            let mut spent = None;
            for _ in 0..tries {
                match rate.decide(spent, NOW) {
                    Verdict::Admit(after) => spent = Some(after),
                    Verdict::Wait(wait) => {
                        prop_assert!(wait > Duration::ZERO && wait <= rate.period());
                        let later = NOW.plus(wait);
                        prop_assert!(matches!(rate.decide(spent, later), Verdict::Admit(_)));
                        return Ok(());
                    }
                }
            }
            prop_assert!(tries <= burst as usize);
        }
    }

    fn admitted(verdict: Verdict) -> Spent {
        match verdict {
            Verdict::Admit(spent) => spent,
            Verdict::Wait(wait) => panic!("had to wait {wait:?}"),
        }
    }
}
