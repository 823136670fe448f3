//! How often memory was of use, for operators.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Remembered;

/// Counts of one node since it started.
#[derive(Default)]
pub struct Tally {
    /// Counted with every check. In stripes, so that cores that check at once do not meet.
    believed: [Stripe; STRIPES],
    /// How often storage was asked for a session.
    asked: AtomicU64,
    /// How often it had one, which was kept.
    filled: AtomicU64,
}

const STRIPES: usize = 16;

/// As far from the next as processors fetch memory at once.
#[derive(Default)]
#[repr(align(128))]
struct Stripe(AtomicU64);

impl Tally {
    /// A check was answered by this entry.
    pub(crate) fn believed(&self, entry: &Arc<Remembered>) {
        // The lowest bits of an address are the same for all.
        let stripe = (Arc::as_ptr(entry).addr() >> 6) % STRIPES;
        self.believed[stripe].0.fetch_add(1, Ordering::Relaxed);
    }

    /// Storage is asked.
    pub(crate) fn asked(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Storage had it.
    pub(crate) fn filled(&self) {
        self.filled.fetch_add(1, Ordering::Relaxed);
    }

    /// How many checks were answered from memory.
    #[must_use]
    pub fn checks_believed(&self) -> u64 {
        self.believed.iter().map(|stripe| stripe.0.load(Ordering::Relaxed)).sum()
    }

    /// How often storage was asked.
    #[must_use]
    pub fn asked_from_store(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// How many sessions it had.
    #[must_use]
    pub fn filled_from_store(&self) -> u64 {
        self.filled.load(Ordering::Relaxed)
    }
}
