//! Metrics that are a rate of counts, averaged over classes, labels or rows.

use consort_core::{Accumulator, Estimates, Reads, Result, Score, Truth, Values, blocks};

use crate::classification::tally::{OfTally, Tally};
use crate::classification::{Average, Counts, ZeroDivision, average_counts, label_is_set};
use crate::mean_over_rows::MeanOverRows;
use crate::rows::{LabelRows, weight};

/// A rate of counts, such as precision.
pub(crate) trait Rate: std::fmt::Debug + Clone + Send + Sync + 'static {
    /// Its name without the average.
    fn stem(&self) -> String;
    fn averaged_by(&self) -> Average;
    fn zero_division(&self) -> ZeroDivision;
    fn rate(&self, counts: &Counts) -> Score;
    /// Checks the parameters.
    fn check_rate(&self) -> Result<()>;

    fn rate_score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        self.check_rate()?;
        match self.averaged_by() {
            Average::Samples => OverSamples(self.clone()).mean(estimates, truth),
            _ => OverCounts(self.clone()).tallied(estimates, truth),
        }
    }

    fn rate_in_parts(&self) -> Option<Box<dyn Accumulator>> {
        match self.averaged_by() {
            Average::Samples => OverSamples(self.clone()).in_parts(),
            _ => OverCounts(self.clone()).tally_in_parts(),
        }
    }
}

#[derive(Debug, Clone)]
struct OverCounts<R>(R);

impl<R: Rate> OfTally for OverCounts<R> {
    fn by(&self) -> String {
        self.0.stem()
    }
    fn of_tally(&self, tally: &Tally) -> Score {
        let (counts, positive) = tally.counts();
        average_counts(&counts, self.0.averaged_by(), positive, self.0.zero_division(), |counts| self.0.rate(counts))
    }
}

/// The mean of each row's own rate; rows for which it is undefined are left out.
#[derive(Debug, Clone)]
struct OverSamples<R>(R);

impl<R: Rate> MeanOverRows for OverSamples<R> {
    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        let rows = LabelRows::of(estimates, truth, Reads::Label, &self.0.stem())?;
        let floor = label_is_set(estimates.gives());
        Ok(match estimates.values() {
            Values::F32(values) => self.of_rows(&rows, |i| f64::from(values[i]) >= floor),
            Values::F64(values) => self.of_rows(&rows, |i| values[i] >= floor),
        })
    }

    fn empty(&self) -> &'static str {
        "it has no value in any row that has weight"
    }
}

impl<R: Rate> OverSamples<R> {
    fn of_rows(&self, rows: &LabelRows<'_>, is_set: impl Fn(usize) -> bool + Sync) -> [f64; 2] {
        let labels = rows.labels;
        blocks::sum(rows.truth.len() / labels.max(1), |block| {
            let mut sums = [0.0; 2];
            for i in block {
                let w = weight(rows.weights, i);
                let mut counts = Counts::default();
                for k in i * labels..(i + 1) * labels {
                    counts.take(rows.truth[k], is_set(k), 1.0);
                }
                if let Score::Value(rate) = self.0.zero_division().settle(self.0.rate(&counts)) {
                    sums[0] += w * rate;
                    sums[1] += w;
                }
            }
            sums
        })
    }
}

/// The [`Metric`](consort_core::Metric) of a [`Rate`] that has the fields `average` and `zero_division`.
macro_rules! rate_metric {
    ($rate:ident, |$self:ident| $stem:expr, |$of:ident, $counts:ident| $value:expr) => {
        $crate::classification::rate::rate_metric!($rate, |$self| $stem, |$of, $counts| $value, |_metric| Ok(()));
    };
    (
        $rate:ident, |$self:ident| $stem:expr, |$of:ident, $counts:ident| $value:expr, |$checked:ident| $check:expr
    ) => {
        impl $rate {
            /// The same with another average.
            pub fn average(mut self, average: $crate::classification::Average) -> Self {
                self.average = average;
                self
            }

            /// The same with another value of 0 / 0.
            pub fn zero_division(mut self, zero_division: $crate::classification::ZeroDivision) -> Self {
                self.zero_division = zero_division;
                self
            }
        }

        impl $crate::classification::rate::Rate for $rate {
            fn stem(&self) -> String {
                let $self = self;
                $stem
            }
            fn averaged_by(&self) -> $crate::classification::Average {
                self.average
            }
            fn zero_division(&self) -> $crate::classification::ZeroDivision {
                self.zero_division
            }
            fn rate(&self, $counts: &$crate::classification::Counts) -> consort_core::Score {
                let $of = self;
                $value
            }
            fn check_rate(&self) -> consort_core::Result<()> {
                let $checked = self;
                $check
            }
        }

        #[typetag::serde]
        impl consort_core::Metric for $rate {
            fn name(&self) -> String {
                self.average.suffixed(&$crate::classification::rate::Rate::stem(self))
            }
            fn direction(&self) -> consort_core::Direction {
                consort_core::Direction::Higher
            }
            fn reads(&self) -> consort_core::Reads {
                consort_core::Reads::Label
            }
            fn suits(&self, task: consort_core::Task) -> bool {
                self.average.suits(task)
            }
            fn range(&self) -> (f64, f64) {
                (0.0, 1.0)
            }
            fn score(
                &self,
                estimates: &consort_core::Estimates<'_>,
                truth: &consort_core::Truth<'_>,
            ) -> consort_core::Result<consort_core::Score> {
                $crate::classification::rate::Rate::rate_score(self, estimates, truth)
            }
            fn accumulator(&self) -> Option<Box<dyn consort_core::Accumulator>> {
                $crate::classification::rate::Rate::rate_in_parts(self)
            }
        }
    };
}
pub(crate) use rate_metric;
