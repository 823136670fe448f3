//! Randomness from a printed seed, so that a run can be had again.

/// The generator known as `SplitMix64`.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One of these, or none when there are none.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a mut [T]) -> Option<&'a mut T> {
        let end = u64::try_from(from.len()).expect("a length fits 64 bits");
        if end == 0 {
            return None;
        }
        from.get_mut(usize::try_from(self.below(end)).expect("an index fits"))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let run = |seed| {
            let mut random = Random::from_seed(seed);
            [random.next(), random.next(), random.next()]
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }

    #[test]
    fn there_is_nothing_to_pick_from_nothing() {
        let mut random = Random::from_seed(1);
        assert_eq!(random.pick::<u8>(&mut []), None);
        assert_eq!(random.pick(&mut [5]), Some(&mut 5));
    }
}
