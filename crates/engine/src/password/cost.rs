//! What one hash costs, us and whoever guesses.

/// Memory and passes of Argon2id; always one lane, because the pool has threads enough.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// 19 MiB in two passes: OWASP's first recommendation, about 25 ms of a present-day core.
    pub const DEFAULT: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    /// Accepts 7 MiB to 1 GiB, 1 to 64 passes, and no less in all than 35 MiB passed over, the least that OWASP
    /// recommends (7 MiB five times); [`Self::DEFAULT`] passes over 38.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, CostOutOfRange> {
        let cost = Self { memory_kib, passes };
        let in_range = (7 * 1024..=1024 * 1024).contains(&memory_kib) && (1..=64).contains(&passes);
        if in_range && cost.work() >= 35 * 1024 { Ok(cost) } else { Err(CostOutOfRange) }
    }

    /// Next to nothing: 32 KiB once. For tests, and for nothing else: hashes of this cost protect nobody.
    #[must_use]
    pub const fn danger_next_to_nothing() -> Self {
        Self { memory_kib: 32, passes: 1 }
    }

    /// How much memory one hash fills, in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// How often it passes over that memory.
    #[must_use]
    pub const fn passes(self) -> u32 {
        self.passes
    }

    /// KiB passed over in all, to which the time is proportional.
    pub(super) const fn work(self) -> u64 {
        self.memory_kib as u64 * self.passes as u64
    }
}

impl Default for Cost {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The numbers can't be a [`Cost`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a hash takes 7168 to 1048576 KiB of memory and 1 to 64 passes, and at least 35840 KiB passed over in all"
)]
pub struct CostOutOfRange;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cost_is_below_what_owasp_recommends() {
        for (memory_kib, passes) in [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)]
        {
            assert!(Cost::new(memory_kib, passes).is_ok(), "{memory_kib} {passes}");
        }
        for (memory_kib, passes) in
            [(7_168, 4), (19_456, 1), (7_167, 64), (1_048_577, 1), (65_536, 65), (0, 0)]
        {
            assert_eq!(Cost::new(memory_kib, passes), Err(CostOutOfRange), "{memory_kib} {passes}");
        }
    }
}
