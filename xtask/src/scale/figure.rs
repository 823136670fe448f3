//! A sum of costs, some of which may not have been measured.

use std::collections::BTreeSet;

/// What is known of a sum, and the costs that it is without. With any of those it is only the least that it can be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Figure {
    pub(super) known: f64,
    pub(super) without: BTreeSet<&'static str>,
}

impl Figure {
    pub(super) fn of(known: f64) -> Self {
        Self { known, without: BTreeSet::new() }
    }

    /// Nothing is known but that this cost is part of it.
    pub(super) fn without(name: &'static str) -> Self {
        Self { known: 0.0, without: BTreeSet::from([name]) }
    }

    pub(super) fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::default(), |sum, part| Self {
            known: sum.known + part.known,
            without: sum.without.union(&part.without).copied().collect(),
        })
    }

    pub(super) fn times(self, factor: f64) -> Self {
        Self { known: self.known * factor, ..self }
    }

    /// Whether nothing of it is known.
    pub(super) fn is_unknown(&self) -> bool {
        self.known == 0.0 && !self.without.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_remembers_what_it_is_without() {
        let sum = Figure::sum([Figure::of(2.0), Figure::without("b"), Figure::of(3.0)]).times(2.0);
        assert_eq!(sum, Figure { known: 10.0, without: BTreeSet::from(["b"]) });
        assert!(!sum.is_unknown());
        assert!(Figure::without("b").is_unknown());
        assert!(!Figure::of(0.0).is_unknown());
    }
}
