use consort_core::{Error, Matrix, Missing, Predictions, Result, blocks};
use serde::{Deserialize, Serialize};

use super::sample::on_the_scale_of_truth;

/// What is done with a row after the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum After {
    /// Nothing: the weights already make what is wanted.
    Nothing,
    /// Numbers are cut to [0, 1].
    Clip,
    /// Negative numbers become 0, then the row is divided by its sum; a row of zeros becomes equal parts.
    Renormalise,
}

/// The linear pool (Stone 1961): `intercept[k] + Σ_m coefficient[m][k] · x[m][k]`.
///
/// The fitted form of every method that ends in a weighted sum. Members are found by name, in the order of the
/// names, so the order in which they come changes no digit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LinearPool {
    members: Vec<String>,
    columns: usize,
    /// `[member][column]`
    coefficients: Vec<f64>,
    /// `[column]`
    intercept: Vec<f64>,
    after: After,
}

impl LinearPool {
    /// A pool with a coefficient a member and column: `[member][column]`.
    pub(crate) fn new(members: Vec<String>, coefficients: Vec<f64>, intercept: Vec<f64>, after: After) -> Self {
        Self { columns: intercept.len(), members, coefficients, intercept, after }
    }

    /// A pool with one weight a member.
    pub(crate) fn of_weights(members: Vec<String>, weights: &[f64], columns: usize, after: After) -> Self {
        let coefficients = weights.iter().flat_map(|&w| std::iter::repeat_n(w, columns)).collect();
        Self::new(members, coefficients, vec![0.0; columns], after)
    }

    /// The names of the members, in the order in which they were given.
    pub(crate) fn members(&self) -> &[String] {
        &self.members
    }

    /// The coefficients of one member, one a column.
    pub(crate) fn member(&self, m: usize) -> &[f64] {
        &self.coefficients[m * self.columns..(m + 1) * self.columns]
    }

    /// The numbers added to each column.
    pub(crate) fn intercept(&self) -> &[f64] {
        &self.intercept
    }

    /// The mean coefficient of each member over the columns.
    pub(crate) fn member_weights(&self) -> Vec<f64> {
        (0..self.members.len()).map(|m| self.member(m).iter().sum::<f64>() / self.columns as f64).collect()
    }

    /// Whether the pool is a weighted mean, so that what is left of it after leaving out a member can be rescaled.
    fn is_mean(&self) -> bool {
        self.intercept.iter().all(|&x| x == 0.0)
            && self.coefficients.iter().all(|&x| x >= 0.0)
            && (0..self.columns).all(|k| {
                let sum: f64 = (0..self.members.len()).map(|m| self.coefficients[m * self.columns + k]).sum();
                (sum - 1.0).abs() < 1e-6
            })
    }

    /// The fused prediction. A member whose coefficients are all 0 may be absent.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of columns, [`Error::UnknownName`] for a member that is needed and
    /// absent, [`Error::Unsupported`] for members to be left out of a pool that is not a mean.
    pub(crate) fn fuse(&self, by: &str, predictions: &Predictions) -> Result<Matrix> {
        if predictions.columns() != self.columns {
            return Err(Error::Length {
                what: "a row of the predictions".into(),
                got: predictions.columns(),
                expected: self.columns,
                unit: "columns",
                hint: format!("{by} was fitted on other classes or targets"),
            });
        }
        let mut used: Vec<usize> =
            (0..self.members.len()).filter(|&m| self.member(m).iter().any(|&x| x != 0.0)).collect();
        used.sort_by(|&a, &b| self.members[a].cmp(&self.members[b]));
        let names: Vec<&str> = used.iter().map(|&m| self.members[m].as_str()).collect();
        let known = on_the_scale_of_truth(by, &predictions.named(&names)?)?;
        let leaves_out = known.has_missing() && known.missing() == Missing::Available;
        if leaves_out && !self.is_mean() {
            return Err(Error::Unsupported {
                by: by.into(),
                what: "leaving a member out of a row".into(),
                hint: "its sum is no weighted mean: let missing predictions be an error, or propagate them".into(),
            });
        }
        let (rows, columns) = (predictions.rows(), self.columns);
        let mut fused = Matrix::zeros(rows, columns);
        blocks::fill(fused.values_mut(), columns, |rows, out| {
            let mut sums: Vec<f64> = self.intercept.iter().copied().cycle().take(out.len()).collect();
            for (place, &m) in used.iter().enumerate() {
                let coefficients = self.member(m);
                let values = known.member_rows(place, rows.clone());
                for (sums, values) in sums.chunks_exact_mut(columns).zip(values.chunks_exact(columns)) {
                    if leaves_out && values[0].is_nan() {
                        continue;
                    }
                    for ((sum, &x), &c) in sums.iter_mut().zip(values).zip(coefficients) {
                        *sum += c * f64::from(x);
                    }
                }
            }
            if leaves_out {
                for (n, i) in rows.clone().enumerate() {
                    self.rescale(&known, &used, i, &mut sums[n * columns..(n + 1) * columns]);
                }
            }
            for (out, sums) in out.chunks_exact_mut(columns).zip(sums.chunks_exact_mut(columns)) {
                self.finish(sums);
                for (out, &x) in out.iter_mut().zip(sums.iter()) {
                    *out = x as f32;
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(fused)
    }

    /// Divides a row by the weight of the members that it has; a row without any is NaN.
    fn rescale(&self, known: &Predictions, used: &[usize], i: usize, sums: &mut [f64]) {
        if (0..used.len()).all(|place| !known.is_missing(place, i)) {
            return;
        }
        for (k, sum) in sums.iter_mut().enumerate() {
            let here = |&(place, _): &(usize, &usize)| !known.is_missing(place, i);
            let weight: f64 = used.iter().enumerate().filter(here).map(|(_, &m)| self.member(m)[k]).sum();
            // 0 / 0 where no member of weight is left: NaN says "no answer".
            *sum /= weight;
        }
    }

    fn finish(&self, sums: &mut [f64]) {
        match self.after {
            After::Nothing => {}
            After::Clip => sums.iter_mut().for_each(|x| *x = x.clamp(0.0, 1.0)),
            After::Renormalise => renormalise(sums),
        }
    }
}

/// Makes a row a distribution: negatives become 0, the rest is divided by the sum; zeros become equal parts. A row
/// with NaN stays without an answer: NaN in every column.
pub(crate) fn renormalise(row: &mut [f64]) {
    if row.iter().any(|x| x.is_nan()) {
        row.fill(f64::NAN);
        return;
    }
    row.iter_mut().for_each(|x| *x = x.max(0.0));
    let sum: f64 = row.iter().sum();
    let equal = 1.0 / row.len() as f64;
    row.iter_mut().for_each(|x| *x = if sum > 0.0 { *x / sum } else { equal });
}
