//! Scores of predicted quantiles that are a function of means of terms over the rows.

use consort_core::{Accumulator, Error, Estimates, Metric, Real, Result, Score, Truth, Values, blocks};

use super::mean_of_rows::other_state;

/// Predicted quantiles beside the truth, checked.
pub(super) struct Quantiles<'a, T> {
    values: &'a [T],
    levels: usize,
    truth: &'a [f64],
    weights: Option<&'a [f64]>,
}

impl<'a, T: Real> Quantiles<'a, T> {
    pub(super) fn new(
        values: &'a [T],
        levels: &[f64],
        truth: &'a [f64],
        weights: Option<&'a [f64]>,
        by: &str,
    ) -> Result<Self> {
        check_levels(levels)?;
        let length = |what: &str, got: usize, expected: usize| {
            if got == expected {
                return Ok(());
            }
            let (what, hint) = (what.into(), format!("{by} needs one of each level for each row"));
            Err(Error::Length { what, got, expected, unit: "numbers", hint })
        };
        length("the quantiles", values.len(), truth.len() * levels.len())?;
        length("the weights", weights.map_or(truth.len(), <[f64]>::len), truth.len())?;
        let of = Self { values, levels: levels.len(), truth, weights };
        if let Some(row) = weights.and_then(|w| w.iter().position(|w| !(w.is_finite() && *w >= 0.0))) {
            return Err(Error::parameter(
                "weights",
                format!("a bad number in row {}", row + 1),
                "finite and at least 0",
            ));
        }
        for i in (0..truth.len()).filter(|&i| of.weight(i) > 0.0) {
            let row = &values[i * of.levels..(i + 1) * of.levels];
            let bad = row.iter().map(|x| x.f64()).chain([truth[i]]).position(|x| !x.is_finite());
            if let Some(k) = bad {
                let (what, value) = match row.get(k) {
                    Some(x) => (format!("quantile {}", levels[k]), x.f64()),
                    None => ("the truth".into(), truth[i]),
                };
                return Err(Error::NotFinite { place: by.into(), row: i + 1, id: String::new(), what, value });
            }
        }
        Ok(of)
    }

    pub(super) fn weight(&self, i: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[i])
    }

    pub(super) fn read(&self, i: usize, row: &mut [f64]) {
        for (to, from) in row.iter_mut().zip(&self.values[i * self.levels..]) {
            *to = from.f64();
        }
    }

    /// Σ w·terms and, last, Σw.
    fn sums(&self, terms: usize, work: impl Fn(&[f64], f64, &mut [f64]) + Sync) -> Vec<f64> {
        let parts = blocks::map(self.truth.len(), |range| {
            let mut sums = vec![0.0; terms + 1];
            let (mut row, mut found) = (vec![0.0; self.levels], vec![0.0; terms]);
            for i in range.filter(|&i| self.weight(i) > 0.0) {
                self.read(i, &mut row);
                work(&row, self.truth[i], &mut found);
                let weight = self.weight(i);
                sums.iter_mut().zip(&found).for_each(|(sum, term)| *sum += weight * term);
                sums[terms] += weight;
            }
            sums
        });
        let mut total = vec![0.0; terms + 1];
        for part in parts {
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        }
        total
    }

    pub(super) fn means(&self, terms: usize, work: impl Fn(&[f64], f64, &mut [f64]) + Sync) -> Vec<Score> {
        let sums = self.sums(terms, work);
        sums[..terms].iter().map(|sum| Score::ratio(*sum, sums[terms], "there is no row")).collect()
    }
}

pub(super) fn check_levels(levels: &[f64]) -> Result<()> {
    let ascend = levels.windows(2).all(|pair| pair[0] < pair[1]);
    if !levels.is_empty() && ascend && levels.iter().all(|&level| level > 0.0 && level < 1.0) {
        return Ok(());
    }
    Err(Error::parameter("levels", format!("{levels:?}"), "one or more, ascending, between 0 and 1"))
}

/// A metric of predicted quantiles that is a function of means of terms over the rows.
pub(super) trait QuantileMean: Metric + Clone + 'static {
    fn levels(&self) -> &[f64];
    fn terms(&self) -> usize;
    fn row(&self, row: &[f64], truth: f64, terms: &mut [f64]);
    fn of_means(&self, means: &[f64]) -> f64;

    fn check(&self) -> Result<()> {
        check_levels(self.levels())
    }

    fn of<T: Real>(&self, quantiles: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
        Ok(self.finish(&self.sums(quantiles, truth, weights)?))
    }

    fn sums<T: Real>(&self, quantiles: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Vec<f64>> {
        self.check()?;
        let of = Quantiles::new(quantiles, self.levels(), truth, weights, &self.name())?;
        Ok(of.sums(self.terms(), |row, truth, terms| self.row(row, truth, terms)))
    }

    fn sums_of(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Vec<f64>> {
        let (values, targets) = truth.values(&self.name())?;
        if targets != 1 {
            return Err(Error::Unsupported {
                by: self.name(),
                what: format!("{targets} targets"),
                hint: "quantiles are of one target".into(),
            });
        }
        match estimates.values() {
            Values::F32(quantiles) => self.sums(quantiles, values, truth.weights()),
            Values::F64(quantiles) => self.sums(quantiles, values, truth.weights()),
        }
    }

    fn finish(&self, sums: &[f64]) -> Score {
        match sums.split_last() {
            Some((weight, sums)) if *weight > 0.0 => {
                let means: Vec<f64> = sums.iter().map(|sum| sum / weight).collect();
                Score::from(self.of_means(&means))
            }
            _ => Score::undefined("there is no row"),
        }
    }
}

/// A running score: the sums of the terms and of the weights.
#[derive(Debug)]
pub(super) struct Running<M> {
    metric: M,
    sums: Vec<f64>,
}

impl<M: QuantileMean> Running<M> {
    pub(super) fn start(metric: &M) -> Box<dyn Accumulator> {
        Box::new(Self { metric: metric.clone(), sums: vec![0.0; metric.terms() + 1] })
    }
}

impl<M: QuantileMean> Accumulator for Running<M> {
    fn update(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<()> {
        let sums = self.metric.sums_of(estimates, truth)?;
        self.merge(&sums)
    }

    fn state(&self) -> Vec<f64> {
        self.sums.clone()
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        if state.len() != self.sums.len() {
            return Err(other_state(&self.metric.name(), state.len(), self.sums.len()));
        }
        self.sums.iter_mut().zip(state).for_each(|(sum, part)| *sum += part);
        Ok(())
    }

    fn finish(&self) -> Score {
        self.metric.finish(&self.sums)
    }
}

/// The metric of a [`QuantileMean`].
macro_rules! quantile_metric {
    ($metric:ty, $tag:literal, |$this:ident| $name:expr) => {
        #[typetag::serde(name = $tag)]
        impl consort_core::Metric for $metric {
            fn name(&self) -> String {
                let $this = self;
                $name
            }

            fn direction(&self) -> consort_core::Direction {
                consort_core::Direction::Lower
            }

            fn reads(&self) -> consort_core::Reads {
                consort_core::Reads::Value
            }

            fn suits(&self, task: consort_core::Task) -> bool {
                task == consort_core::Task::Quantile
            }

            fn range(&self) -> (f64, f64) {
                (0.0, f64::INFINITY)
            }

            fn score(
                &self,
                estimates: &consort_core::Estimates<'_>,
                truth: &consort_core::Truth<'_>,
            ) -> consort_core::Result<consort_core::Score> {
                Ok(self.finish(&self.sums_of(estimates, truth)?))
            }

            fn accumulator(&self) -> Option<Box<dyn consort_core::Accumulator>> {
                Some(crate::regression::quantile_mean::Running::start(self))
            }
        }
    };
}
pub(super) use quantile_metric;
