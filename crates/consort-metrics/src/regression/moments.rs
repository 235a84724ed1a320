//! Means and co-moments of estimates and truth, in one pass, merged without loss of digits.

use consort_core::{Accumulator, Estimates, Real, Result, Score, Truth, blocks};

use super::{
    mean_of_rows::other_state,
    rows::{Rows, targets, uniform_average, with_rows},
};

/// The weight of some rows, the means of estimate and truth, and the sums of squares and products about them
/// (merged as Chan, Golub and LeVeque 1979).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Moments {
    pub(super) weight: f64,
    mean_estimate: f64,
    mean_truth: f64,
    /// Σw(ŷ − mean)²
    pub(super) estimate: f64,
    /// Σw(y − mean)²
    pub(super) truth: f64,
    /// Σw(ŷ − mean)(y − mean)
    pub(super) product: f64,
    /// Σw(ŷ − y)², which the others give only with a loss of digits
    pub(super) error: f64,
    /// Σw(ŷ − y)
    pub(super) bias: f64,
}

impl Moments {
    pub(super) const LENGTH: usize = 8;

    pub(super) fn of<T: Real>(rows: &Rows<'_, T>) -> Self {
        let mut all = Self::default();
        for part in blocks::map(rows.len(), |range| Self::of_block(rows, range)) {
            all.merge(&part);
        }
        all
    }

    fn of_block<T: Real>(rows: &Rows<'_, T>, range: std::ops::Range<usize>) -> Self {
        // Sums about the first row that counts lose no digits that matter within a block.
        let Some(first) = range.clone().find(|&i| rows.weight(i) > 0.0) else { return Self::default() };
        let (origin_estimate, origin_truth) = (rows.estimate(first), rows.truth(first));
        let [weight, e, t, ee, tt, et, error, bias] = rows.sum_block(range, &|estimate, truth| {
            let (e, t, d) = (estimate - origin_estimate, truth - origin_truth, estimate - truth);
            [1.0, e, t, e * e, t * t, e * t, d * d, d]
        });
        Self {
            weight,
            mean_estimate: origin_estimate + e / weight,
            mean_truth: origin_truth + t / weight,
            estimate: (ee - e * e / weight).max(0.0),
            truth: (tt - t * t / weight).max(0.0),
            product: et - e * t / weight,
            error,
            bias,
        }
    }

    fn merge(&mut self, other: &Self) {
        if other.weight == 0.0 {
            return;
        }
        if self.weight == 0.0 {
            *self = *other;
            return;
        }
        let weight = self.weight + other.weight;
        let (de, dt) = (other.mean_estimate - self.mean_estimate, other.mean_truth - self.mean_truth);
        let share = self.weight * other.weight / weight;
        self.estimate += other.estimate + de * de * share;
        self.truth += other.truth + dt * dt * share;
        self.product += other.product + de * dt * share;
        self.mean_estimate += de * other.weight / weight;
        self.mean_truth += dt * other.weight / weight;
        self.error += other.error;
        self.bias += other.bias;
        self.weight = weight;
    }

    fn state(&self) -> [f64; Self::LENGTH] {
        [
            self.weight,
            self.mean_estimate,
            self.mean_truth,
            self.estimate,
            self.truth,
            self.product,
            self.error,
            self.bias,
        ]
    }

    fn from_state(s: &[f64]) -> Self {
        Self {
            weight: s[0],
            mean_estimate: s[1],
            mean_truth: s[2],
            estimate: s[3],
            truth: s[4],
            product: s[5],
            error: s[6],
            bias: s[7],
        }
    }
}

/// A score of [`Moments`].
pub(super) type OfMoments = fn(&Moments) -> Score;

/// The score of one number a row.
pub(super) fn score_slices<T: Real>(
    score: OfMoments,
    name: &str,
    estimates: &[T],
    truth: &[f64],
    weights: Option<&[f64]>,
) -> Result<Score> {
    Ok(score(&Moments::of(&Rows::new(estimates, truth, weights, name)?)))
}

/// The score of estimates, averaged over the targets.
pub(super) fn score_estimates(
    score: OfMoments,
    name: &str,
    estimates: &Estimates<'_>,
    truth: &Truth<'_>,
) -> Result<Score> {
    let targets = targets(estimates, truth, name)?;
    Ok(uniform_average(targets.iter().map(|target| score(&with_rows!(target, rows => Moments::of(rows))))))
}

/// The moments of each target. How many targets there are is known from the first rows on.
#[derive(Debug)]
pub(super) struct RunningMoments {
    pub(super) score: OfMoments,
    pub(super) name: &'static str,
    pub(super) targets: Vec<Moments>,
}

impl Accumulator for RunningMoments {
    fn update(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<()> {
        let targets = targets(estimates, truth, self.name)?;
        let state: Vec<f64> =
            targets.iter().flat_map(|target| with_rows!(target, rows => Moments::of(rows)).state()).collect();
        self.merge(&state)
    }

    fn state(&self) -> Vec<f64> {
        self.targets.iter().flat_map(Moments::state).collect()
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        if self.targets.is_empty() {
            self.targets = vec![Moments::default(); state.len() / Moments::LENGTH];
        }
        let expected = self.targets.len() * Moments::LENGTH;
        if !state.is_empty() && state.len() != expected {
            return Err(other_state(self.name, state.len(), expected));
        }
        for (target, part) in self.targets.iter_mut().zip(state.chunks_exact(Moments::LENGTH)) {
            target.merge(&Moments::from_state(part));
        }
        Ok(())
    }

    fn finish(&self) -> Score {
        uniform_average(self.targets.iter().map(self.score))
    }
}

/// The [`Metric`](consort_core::Metric) of a score of [`Moments`].
macro_rules! moments_metric {
    ($metric:ty, $tag:literal, $score:expr, $range:expr) => {
        #[typetag::serde(name = $tag)]
        impl consort_core::Metric for $metric {
            fn name(&self) -> String {
                $tag.into()
            }

            fn direction(&self) -> consort_core::Direction {
                consort_core::Direction::Higher
            }

            fn reads(&self) -> consort_core::Reads {
                consort_core::Reads::Value
            }

            fn suits(&self, task: consort_core::Task) -> bool {
                task == consort_core::Task::Regression
            }

            fn range(&self) -> (f64, f64) {
                $range
            }

            fn score(
                &self,
                estimates: &consort_core::Estimates<'_>,
                truth: &consort_core::Truth<'_>,
            ) -> consort_core::Result<consort_core::Score> {
                crate::regression::moments::score_estimates($score, $tag, estimates, truth)
            }

            fn accumulator(&self) -> Option<Box<dyn consort_core::Accumulator>> {
                Some(Box::new(crate::regression::moments::RunningMoments {
                    score: $score,
                    name: $tag,
                    targets: Vec::new(),
                }))
            }
        }
    };
}
pub(super) use moments_metric;
