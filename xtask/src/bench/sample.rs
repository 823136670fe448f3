//! Seven runs are one figure: the median, and how far the runs lie apart.

/// The runs of one measurement.
#[derive(Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// The middle one, or the mean of the two in the middle; not a number when there are none.
    pub(crate) fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match self.0.len() {
            0 => f64::NAN,
            length if length % 2 == 1 => self.0[middle],
            _ => f64::midpoint(self.0[middle - 1], self.0[middle]),
        }
    }

    pub(crate) fn lowest(&self) -> f64 {
        self.0.first().copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn highest(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "whole numbers, which floats hold exactly")]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_one_that_is_far_off() {
        let sample = sample([3.0, 1.0, 1000.0, 2.0, 4.0]);
        assert_eq!(sample.median(), 3.0);
        assert_eq!((sample.lowest(), sample.highest()), (1.0, 1000.0));
    }

    #[test]
    fn two_in_the_middle_are_met_halfway() {
        assert_eq!(sample([1.0, 3.0]).median(), 2.0);
    }

    #[test]
    fn of_no_runs_nothing_is_known() {
        assert!(sample([]).median().is_nan());
    }

    fn sample<const N: usize>(values: [f64; N]) -> Sample {
        let mut sample = Sample::default();
        for value in values {
            sample.add(value);
        }
        sample
    }
}
