//! Moments in which the machine itself stood still, so that no process on it could hear anything.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::checker::{Allowance, Allows};
use super::history::Moment;
use crate::stopwatch::Stopwatch;

/// Between two looks at the clock.
const NAP: Duration = Duration::from_millis(10);
/// Who does nothing but sleep wakes up sooner than this, however much others have to do.
const STOOD_STILL: Duration = Duration::from_millis(200);

/// What is found of them until it is dropped.
pub(crate) struct Stalls(Arc<Mutex<Vec<Allowance>>>);

impl Stalls {
    pub(crate) fn look(watch: &Arc<Stopwatch>) -> Self {
        let stalls = Self(Arc::default());
        let (watch, found) = (Arc::clone(watch), Arc::downgrade(&stalls.0));
        thread::spawn(move || {
            let mut before = watch.elapsed();
            while let Some(found) = found.upgrade() {
                thread::sleep(NAP);
                let now = watch.elapsed();
                if let Some(stall) = stall(before, now) {
                    found.lock().unwrap_or_else(PoisonError::into_inner).push(stall);
                }
                before = now;
            }
        });
        stalls
    }

    /// What was found since it was asked last.
    pub(crate) fn take(&self) -> Vec<Allowance> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn stall(before: Moment, now: Moment) -> Option<Allowance> {
    let stood_still = now.saturating_sub(before) >= STOOD_STILL;
    stood_still.then_some(Allowance { from: before, until: now, allows: Allows::Deafness })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nap_is_no_stall_and_a_long_one_is() {
        let at = Duration::from_millis;
        assert_eq!(stall(at(1_000), at(1_190)), None);
        let found = stall(at(1_000), at(1_200)).unwrap();
        assert_eq!((found.from, found.until), (at(1_000), at(1_200)));
        assert_eq!(found.allows, Allows::Deafness);
    }
}
