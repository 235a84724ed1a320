use std::sync::Arc;

use consort_core::{Estimates, Metric, Result, Score, Seed, Truth};

use super::{
    Drawn, Resampling,
    unit_scores::{UnitStates, Weighted, score_of_counts},
    units::Units,
};

/// An estimate taken apart into what a bootstrap draws, to be scored again and again: see [`bootstrap`](super::bootstrap).
///
/// Where the metric adds up over rows, what each unit adds is all that is kept, and the estimate itself can go before the
/// next one is made: two predictions of very many rows need not be there at once to be compared.
///
/// ```
/// use consort_core::{Estimates, Gives, Seed, Target, Truth};
/// use consort_metrics::{regression::RootMeanSquaredError, significance::{Bootstrap, ScoredUnits}};
/// let target = Target::from_values((0..50).map(f64::from).collect(), "y")?;
/// let (truth, seed) = (Truth::new(&target), Seed::new(0));
/// let apart = |off: f64| {
///     let values: Vec<f64> = (0..50).map(|i| f64::from(i) + off * f64::from(i % 3)).collect();
///     let estimates = Estimates::f64(&values, 1, Gives::Values)?;
///     let units = ScoredUnits::new(&RootMeanSquaredError, &estimates, &truth, seed)?;
///     Ok::<_, consort_core::Error>(units.without_estimates().unwrap()) // the values go
/// };
/// let (near, far) = (apart(0.1)?, apart(0.5)?);
/// let found = Bootstrap::default().resample(&RootMeanSquaredError, &[near, far], &truth, seed)?;
/// assert!(found.difference(0, 1).gain_interval().unwrap().low > 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub struct ScoredUnits<'a> {
    observed: Score,
    drawn: Drawn,
    units: usize,
    scorer: Scorer<'a>,
}

enum Scorer<'a> {
    /// Fewer than two units: nothing is drawn.
    Nothing,
    Sums(UnitStates),
    Weights(Weighted<'a>, Arc<Units>),
}

impl std::fmt::Debug for ScoredUnits<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { observed, drawn, .. } = self;
        f.debug_struct("ScoredUnits").field("observed", observed).field("drawn", drawn).finish_non_exhaustive()
    }
}

impl<'a> ScoredUnits<'a> {
    /// Takes an estimate apart. The seed is that of the bootstrap.
    ///
    /// # Errors
    /// As [`Metric::score`].
    pub fn new(metric: &dyn Metric, estimates: &Estimates<'a>, truth: &Truth<'_>, seed: Seed) -> Result<Self> {
        Self::with(&Arc::new(Units::of(truth, seed)), metric, estimates, truth)
    }

    pub(super) fn with(
        units: &Arc<Units>,
        metric: &dyn Metric,
        estimates: &Estimates<'a>,
        truth: &Truth<'_>,
    ) -> Result<Self> {
        let observed = metric.score(estimates, truth)?;
        let scorer = if units.len() < 2 {
            Scorer::Nothing
        } else {
            match UnitStates::new(metric, estimates, truth, units) {
                Some(states) if adds_up(&states, metric, estimates, truth, units, &observed)? => Scorer::Sums(states),
                _ => Scorer::Weights(Weighted::new(metric, estimates, truth, units), Arc::clone(units)),
            }
        };
        Ok(Self { observed, drawn: units.drawn(), units: units.len(), scorer })
    }

    /// The score of all rows.
    pub fn observed(&self) -> &Score {
        &self.observed
    }

    /// What a bootstrap draws.
    pub fn drawn(&self) -> Drawn {
        self.drawn
    }

    /// How many units there are.
    pub fn units(&self) -> usize {
        self.units
    }

    /// The same, no longer bound to the estimates. `None` if the metric does not add up over rows: each of its scores reads
    /// the estimates anew.
    pub fn without_estimates(self) -> Option<ScoredUnits<'static>> {
        let Self { observed, drawn, units, scorer } = self;
        let scorer = match scorer {
            Scorer::Nothing => Scorer::Nothing,
            Scorer::Sums(states) => Scorer::Sums(states),
            Scorer::Weights(..) => return None,
        };
        Some(ScoredUnits { observed, drawn, units, scorer })
    }

    /// The score of units that count so often; `weights` is room to work in.
    pub(super) fn score(
        &self,
        metric: &dyn Metric,
        truth: &Truth<'_>,
        counts: &[f64],
        weights: &mut Vec<f64>,
    ) -> Result<Score> {
        match &self.scorer {
            Scorer::Nothing => Ok(self.observed.clone()),
            Scorer::Sums(states) => states.score(metric, counts),
            Scorer::Weights(weighted, units) => weighted.score(metric, truth, units, counts, weights),
        }
    }
}

/// Whether sums give the score of all units, and of some units that count unequally; else they are not the score.
fn adds_up(
    states: &UnitStates,
    metric: &dyn Metric,
    estimates: &Estimates<'_>,
    truth: &Truth<'_>,
    units: &Units,
    observed: &Score,
) -> Result<bool> {
    if !states.merge_by_adding(metric) {
        return Ok(false);
    }
    let all = states.score(metric, &vec![1.0; units.len()]);
    // Of very many rows some units are enough, gathered, so that nothing of the size of all is made.
    let some = (units.len() * TRIED_ROWS).div_ceil(units.rows().max(1)).clamp(1, units.len());
    let mut counts = vec![0.0; units.len()];
    Resampling::Multinomial.draw(&mut Seed::new(0).child("try sums").stream(), &mut counts[..some]);
    let by_sums = states.score(metric, &counts);
    let by_weights = score_of_counts(metric, estimates, truth, units, &counts)?;
    let holds = |sums: Result<Score>, direct: &Score| match (sums.map(|s| s.value()), direct.value()) {
        (Ok(Some(a)), Some(b)) => (a - b).abs() <= 1e-9 * (1e-3 + a.abs().max(b.abs())),
        (Ok(None), None) => true,
        _ => false,
    };
    Ok(holds(all, observed) && holds(by_sums, &by_weights))
}

/// On about how many rows it is tried whether sums give the score.
const TRIED_ROWS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regression::{MaxError, RootMeanSquaredError};
    use consort_core::{Gives, Target};

    #[test]
    fn a_greatest_error_is_no_sum_even_where_one_row_alone_is_wrong() {
        let target = Target::from_values(vec![0.0; 10], "y").unwrap();
        let (truth, seed) = (Truth::new(&target), Seed::new(0));
        for wrong in 0..10 {
            let mut values = vec![0.0; 10];
            values[wrong] = 3.0;
            let estimates = Estimates::f64(&values, 1, Gives::Values).unwrap();
            let units = ScoredUnits::new(&MaxError, &estimates, &truth, seed).unwrap();
            assert!(matches!(units.scorer, Scorer::Weights(..)), "row {wrong}");
            let twice = vec![2.0; 10];
            let score = units.score(&MaxError, &truth, &twice, &mut Vec::new()).unwrap();
            assert_eq!(score.value(), Some(3.0), "row {wrong}");
            let units = ScoredUnits::new(&RootMeanSquaredError, &estimates, &truth, seed).unwrap();
            assert!(matches!(units.scorer, Scorer::Sums(..)));
        }
    }
}
