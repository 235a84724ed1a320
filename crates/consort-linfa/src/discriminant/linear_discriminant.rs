use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use faer::{Mat, Side};
use serde::{Deserialize, Serialize};

use super::from_0_to_1;
use crate::{
    dense::{Standard, Training, few_enough, ordered_sum, products},
    logistic::LogisticModel,
};

/// Linear discriminant analysis: classes are normal clouds of one covariance `Σ`, so the probabilities are the softmax of
/// `x·Σ⁻¹μ_c − ½ μ_c·Σ⁻¹μ_c + ln π_c`.
///
/// `Σ` is the covariance within the classes (divisor `Σ ω`), shrunk to `(1 − s) Σ + s tr(Σ)/p I`. In directions in which it
/// has no width the classes are not told apart (pseudo-inverse), so constant and collinear features, and fewer rows than
/// features, are no trouble; some shrinkage is better there. A class that the training rows lack has probability 0.
///
/// Two passes over the rows, `n p²` multiplications; `p³` for the inverse. Weights are honoured.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Unsupported`] for values, categories, missing values or more than 5,000 features;
/// [`Error::NotFinite`].
///
/// Source: Fisher (1936); Rao (1948); Friedman (1989) for shrinkage.
///
/// ```
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::LinearDiscriminant;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 5.0, 6.0] };
/// let classes = Classes::new(["no", "yes"])?;
/// let y = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = LinearDiscriminant::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!(model.predict(&Samples::all(&data))?.at(0, 0) > 0.99);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearDiscriminant {
    /// How far the covariance is shrunk to a multiple of the identity, from 0 to 1.
    pub shrinkage: f64,
}

const BY: &str = "linear discriminant analysis";

impl LinearDiscriminant {
    /// With this shrinkage.
    pub fn shrinkage(mut self, shrinkage: f64) -> Self {
        self.shrinkage = shrinkage;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a shrinkage that is not from 0 to 1.
    pub fn check(&self) -> Result<()> {
        from_0_to_1(self.shrinkage)
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn classify(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<LogisticModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.classes()?;
            let (width, classes) = (train.width(), target.present.len());
            few_enough(BY, width)?;
            let standard = Standard::centred(&train);
            let shares = target.shares(&train);
            let total = train.total();
            ctx.check()?;
            // The means of the classes, about the mean of all: `[class][feature]`.
            let mut means = ordered_sum(train.len(), classes * width, |rows| {
                let mut sums = vec![0.0; classes * width];
                for i in rows {
                    let own = &mut sums[target.codes[i] as usize * width..][..width];
                    let weight = train.weight(i);
                    for (j, sum) in own.iter_mut().enumerate() {
                        *sum += weight * (f64::from(train.table.at(i, j)) - standard.means[j]);
                    }
                }
                sums
            });
            for (c, share) in shares.iter().enumerate() {
                means[c * width..(c + 1) * width].iter_mut().for_each(|mean| *mean /= share * total);
            }
            ctx.check()?;
            let all = products(&train, &standard, None);
            let between = |a: usize, b: usize| -> f64 {
                shares.iter().enumerate().map(|(c, s)| s * means[c * width + a] * means[c * width + b]).sum()
            };
            let within = Mat::from_fn(width, width, |a, b| all[(a, b)] / total - between(a, b));
            let trace = (0..width).map(|j| within[(j, j)].max(0.0)).sum::<f64>() / width as f64;
            let covariance = Mat::from_fn(width, width, |a, b| {
                (1.0 - self.shrinkage) * within[(a, b)] + if a == b { self.shrinkage * trace } else { 0.0 }
            });
            ctx.check()?;
            // What is left of a feature's variance within the classes may be rounding of that over all.
            let variances: Vec<f64> = (0..width).map(|j| all[(j, j)] / total).collect();
            let directions = solve(&covariance, &variances, &means, classes)?;
            let height = width + 1;
            let mut unknowns = vec![0.0; classes * height];
            for c in 0..classes {
                let (own, direction) = (&means[c * width..(c + 1) * width], directions.col(c));
                let pull: f64 = own.iter().zip(direction.iter()).map(|(mean, d)| mean * d).sum();
                direction.iter().enumerate().for_each(|(j, d)| unknowns[c * height + j] = *d);
                unknowns[c * height + width] = shares[c].ln() - 0.5 * pull;
            }
            if classes == 2 {
                // The odds of the second against the first.
                let (first, second) = unknowns.split_at_mut(height);
                first.iter_mut().zip(second).for_each(|(first, second)| *first = *second - *first);
                unknowns.truncate(height);
            }
            Ok(LogisticModel::new(train.schema, target, standard, &unknowns))
        })
    }
}

/// `Σ⁺ μ_c` for each class, `[feature][class]`, in units of each feature's standard deviation so that units do not decide
/// what is rounding.
fn solve(covariance: &Mat<f64>, variances: &[f64], means: &[f64], classes: usize) -> Result<Mat<f64>> {
    let width = covariance.nrows();
    let scale: Vec<f64> = (0..width)
        .map(|j| variances[j].max(covariance[(j, j)]).sqrt())
        .map(|s| if s > 0.0 { s } else { 1.0 })
        .collect();
    let scaled = Mat::from_fn(width, width, |a, b| covariance[(a, b)] / (scale[a] * scale[b]));
    let eigen = scaled.self_adjoint_eigen(Side::Lower).map_err(|_| Error::NotConverged {
        method: BY,
        problem: "the eigenvalues of the covariance were not found: shrink more".into(),
    })?;
    let (vectors, values) = (eigen.U(), eigen.S().column_vector());
    let floor = 1e-12 * width as f64;
    let right = Mat::from_fn(width, classes, |j, c| means[c * width + j] / scale[j]);
    let mut along = vectors.transpose() * right;
    for r in 0..width {
        let factor = if values[r] > floor { 1.0 / values[r] } else { 0.0 };
        (0..classes).for_each(|c| along[(r, c)] *= factor);
    }
    let mut directions = vectors * along;
    for c in 0..classes {
        (0..width).for_each(|j| directions[(j, c)] /= scale[j]);
    }
    Ok(directions)
}

#[typetag::serde(name = "linear_discriminant")]
impl Learner for LinearDiscriminant {
    fn name(&self) -> String {
        "lda".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: false, missing: false, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let model = self.classify(train, ctx)?;
        ctx.progress.step(1, 1, "fitted");
        Ok(Box::new(model))
    }
}
