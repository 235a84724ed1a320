//! One target of estimates and truth, row beside row.

use std::ops::Range;

use consort_core::{Error, Estimates, Real, Result, Score, Truth, Values, blocks};

/// One column of estimates beside one column of the truth, with weights. Everything in it is finite.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, T> {
    estimates: &'a [T],
    truth: &'a [f64],
    weights: Option<&'a [f64]>,
    /// Where the column starts in a row, and how long a row is.
    column: usize,
    columns: usize,
    rows: usize,
}

impl<'a, T: Real> Rows<'a, T> {
    /// One number a row. `by` is the score that asks.
    pub(super) fn new(estimates: &'a [T], truth: &'a [f64], weights: Option<&'a [f64]>, by: &str) -> Result<Self> {
        for (what, len) in [("the truth", truth.len()), ("the weights", weights.map_or(truth.len(), <[f64]>::len))] {
            if len != estimates.len() {
                return Err(Error::Length {
                    what: what.into(),
                    got: len,
                    expected: estimates.len(),
                    unit: "rows",
                    hint: format!("{by} needs one for each estimate"),
                });
            }
        }
        if let Some(row) = weights.and_then(|w| w.iter().position(|w| !(w.is_finite() && *w >= 0.0))) {
            return Err(Error::parameter(
                "weights",
                format!("a bad number in row {}", row + 1),
                "finite and at least 0",
            ));
        }
        let rows = Self { estimates, truth, weights, column: 0, columns: 1, rows: estimates.len() };
        rows.refuse_not_finite(by)?;
        Ok(rows)
    }

    fn refuse_not_finite(&self, by: &str) -> Result<()> {
        let bad = blocks::map(self.rows, |range| {
            range
                .into_iter()
                .find(|&i| self.weight(i) > 0.0 && !(self.estimate(i).is_finite() && self.truth(i).is_finite()))
        });
        match bad.into_iter().flatten().next() {
            None => Ok(()),
            Some(i) => {
                let estimate = self.estimate(i);
                let (what, value) =
                    if estimate.is_finite() { ("truth", self.truth(i)) } else { ("estimate", estimate) };
                Err(Error::NotFinite { place: by.into(), row: i + 1, id: String::new(), what: what.into(), value })
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn estimate(&self, i: usize) -> f64 {
        self.estimates[i * self.columns + self.column].f64()
    }

    pub(super) fn truth(&self, i: usize) -> f64 {
        self.truth[i * self.columns + self.column]
    }

    pub(super) fn weight(&self, i: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[i])
    }

    /// The rows that have weight: estimate, truth, weight.
    pub(super) fn present(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        (0..self.rows).filter(|&i| self.weight(i) > 0.0).map(|i| (self.estimate(i), self.truth(i), self.weight(i)))
    }

    /// Σ w·f(estimate, truth), in blocks of rows and, within a block, in lanes.
    pub(super) fn sum<const N: usize>(&self, f: impl Fn(f64, f64) -> [f64; N] + Sync) -> [f64; N] {
        blocks::sum(self.rows, |range| self.sum_block(range, &f))
    }

    /// The same of a range of rows, within one block.
    pub(super) fn sum_block<const N: usize>(&self, range: Range<usize>, f: &impl Fn(f64, f64) -> [f64; N]) -> [f64; N] {
        // As many sums as a processor has room for.
        if N > 4 { self.sum_lanes::<N, 2>(range, f) } else { self.sum_lanes::<N, 8>(range, f) }
    }

    fn sum_lanes<const N: usize, const LANES: usize>(
        &self,
        range: Range<usize>,
        f: &impl Fn(f64, f64) -> [f64; N],
    ) -> [f64; N] {
        let mut lanes = [[0.0f64; N]; LANES];
        if self.columns == 1 && self.weights.is_none() {
            // The usual case, in a form that compiles to wide arithmetic.
            let (estimates, truth) = (&self.estimates[range.clone()], &self.truth[range]);
            let (e, t) = (estimates.chunks_exact(LANES), truth.chunks_exact(LANES));
            for (k, (e, t)) in e.remainder().iter().zip(t.remainder()).enumerate() {
                add(&mut lanes[k], f(e.f64(), *t), 1.0);
            }
            for (e, t) in e.zip(t) {
                for k in 0..LANES {
                    add(&mut lanes[k], f(e[k].f64(), t[k]), 1.0);
                }
            }
        } else {
            for i in range {
                let weight = self.weight(i);
                if weight > 0.0 {
                    add(&mut lanes[i % LANES], f(self.estimate(i), self.truth(i)), weight);
                }
            }
        }
        let mut total = [0.0; N];
        for lane in lanes {
            add(&mut total, lane, 1.0);
        }
        total
    }
}

#[inline(always)]
fn add<const N: usize>(sums: &mut [f64; N], terms: [f64; N], weight: f64) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += weight * term;
    }
}

/// One target of estimates in the precision in which they are kept.
pub(super) enum Column<'a> {
    F32(Rows<'a, f32>),
    F64(Rows<'a, f64>),
}

/// Gives the rows of a [`Column`] to code that is generic over the precision.
macro_rules! with_rows {
    ($column:expr, $rows:ident => $body:expr) => {
        match $column {
            crate::regression::rows::Column::F32($rows) => $body,
            crate::regression::rows::Column::F64($rows) => $body,
        }
    };
}
pub(super) use with_rows;

/// The targets of estimates and truth, checked. `by` is the metric that asks.
pub(super) fn targets<'a>(estimates: &Estimates<'a>, truth: &Truth<'a>, by: &str) -> Result<Vec<Column<'a>>> {
    let (values, columns) = truth.values(by)?;
    if estimates.columns() != columns {
        return Err(Error::Length {
            what: "a row of the estimates".into(),
            got: estimates.columns(),
            expected: columns,
            unit: "columns",
            hint: "one column a target".into(),
        });
    }
    estimates.check(truth, by)?;
    // The usual case, in a form that compiles to wide loads.
    let finite = values.iter().fold(true, |all, x| all & x.is_finite());
    if !finite
        && let Some(at) = (0..values.len()).find(|&at| truth.weight(at / columns) > 0.0 && !values[at].is_finite())
    {
        return Err(Error::NotFinite {
            place: by.into(),
            row: at / columns + 1,
            id: String::new(),
            what: "truth".into(),
            value: values[at],
        });
    }
    let (weights, rows) = (truth.weights(), truth.rows());
    Ok((0..columns)
        .map(|column| match estimates.values() {
            Values::F32(estimates) => Column::F32(Rows { estimates, truth: values, weights, column, columns, rows }),
            Values::F64(estimates) => Column::F64(Rows { estimates, truth: values, weights, column, columns, rows }),
        })
        .collect())
}

/// The mean of the scores of several targets; undefined if one of them is.
pub(super) fn uniform_average(scores: impl IntoIterator<Item = Score>) -> Score {
    let (mut sum, mut count) = (0.0, 0.0);
    for score in scores {
        match score {
            Score::Value(value) => sum += value,
            undefined => return undefined,
        }
        count += 1.0;
    }
    Score::ratio(sum, count, "there is no target")
}

/// The metric of a score that is computed target by target from all rows at once.
macro_rules! whole_metric {
    ($metric:ty, $tag:literal, $direction:ident, $reads:ident, $range:expr, |$this:ident| $name:expr, |$rows:ident| $score:expr) => {
        #[typetag::serde(name = $tag)]
        impl consort_core::Metric for $metric {
            fn name(&self) -> String {
                let $this = self;
                $name
            }

            fn direction(&self) -> consort_core::Direction {
                consort_core::Direction::$direction
            }

            fn reads(&self) -> consort_core::Reads {
                consort_core::Reads::$reads
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
                let $this = self;
                let scores: consort_core::Result<Vec<consort_core::Score>> =
                    crate::regression::rows::targets(estimates, truth, &self.name())?
                        .into_iter()
                        .map(|column| crate::regression::rows::with_rows!(column, $rows => $score))
                        .collect();
                Ok(crate::regression::rows::uniform_average(scores?))
            }
        }
    };
}
pub(super) use whole_metric;
