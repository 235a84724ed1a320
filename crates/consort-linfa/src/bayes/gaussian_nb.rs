use consort_core::{Classes, Error, FitContext, Learner, Matrix, Model, Result, Samples, Takes, blocks};
use serde::{Deserialize, Serialize};

use super::class_sums::class_sums;
use crate::{
    classes::Present,
    dense::{CHUNK, Schema, Table, Training, chunks, whole},
};

/// Gaussian naive Bayes: within a class each feature is normal, and independent of the others.
///
/// `ln p(c, x) = ln π_c − ½ Σ_j [ln 2π σ²_cj + (x_j − μ_cj)² / σ²_cj]`, with the share `π_c`, mean `μ_cj` and variance `σ²_cj`
/// (divisor `Σ ω`) of the class in the training rows, and probabilities by a softmax of the logarithms: they stay right
/// with any number of features, where a product of densities would underflow. To each variance `var_smoothing` times the
/// greatest variance of a feature over all rows is added, so a feature that is constant within a class has a density;
/// where all features are constant they count for nothing. With the usual smoothing that density is sharp: a row off the
/// constant counts for more than all other features do. Columns of 0 and 1, of which a class may have one value alone, want
/// a smoothing of some hundredths to tenths, and numbers scaled to a deviation of 1 beside them.
///
/// A class that the training rows lack has probability 0. Two passes over the rows, `n p` operations each. Weights are
/// honoured. linfa's own takes none, and its probabilities underflow.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Unsupported`] for values, categories or missing values; [`Error::NotFinite`].
///
/// Source: Duda, Hart (1973), "Pattern Classification and Scene Analysis".
///
/// ```
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::GaussianNb;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 5.0, 6.0] };
/// let classes = Classes::new(["no", "yes"])?;
/// let y = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = GaussianNb::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!(model.predict(&Samples::all(&data))?.at(0, 0) > 0.99);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GaussianNb {
    /// What is added to each variance, as a share of the greatest variance of a feature.
    pub var_smoothing: f64,
}

impl Default for GaussianNb {
    fn default() -> Self {
        Self { var_smoothing: 1e-9 }
    }
}

const BY: &str = "Gaussian naive Bayes";

impl GaussianNb {
    /// With this share of the greatest variance added to each.
    pub fn var_smoothing(mut self, var_smoothing: f64) -> Self {
        self.var_smoothing = var_smoothing;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a smoothing that is not above 0.
    pub fn check(&self) -> Result<()> {
        if self.var_smoothing.is_finite() && self.var_smoothing > 0.0 {
            return Ok(());
        }
        Err(Error::parameter("var_smoothing", self.var_smoothing, "finite and above 0"))
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn classify(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<GaussianNbModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.classes()?;
            let (classes, width) = (target.present.len(), train.width());
            let shares = target.shares(&train);
            let total = train.total();
            // About the first row of all, so that a constant feature has no variance, to the bit.
            let first: Vec<f64> = (0..width).map(|f| f64::from(train.table.at(0, f))).collect();
            let origin: Vec<f64> = (0..classes).flat_map(|_| first.iter().copied()).collect();
            let mut means = class_sums(&train, &target, &origin, |d| d);
            for (c, share) in shares.iter().enumerate() {
                let own = &mut means[c * width..(c + 1) * width];
                own.iter_mut().zip(&first).for_each(|(mean, first)| *mean = first + *mean / (share * total));
            }
            ctx.check()?;
            let mut variances = class_sums(&train, &target, &means, |d| d * d);
            for (c, share) in shares.iter().enumerate() {
                variances[c * width..(c + 1) * width].iter_mut().for_each(|v| *v /= share * total);
            }
            let greatest = (0..width).map(|j| spread(&shares, &means, &variances, width, j)).fold(0.0, f64::max);
            // All features are constant: any variance will do.
            let floor = if greatest > 0.0 { self.var_smoothing * greatest } else { 1.0 };
            variances.iter_mut().for_each(|v| *v += floor);
            Ok(GaussianNbModel { features: train.schema, present: Present::new(target), shares, means, variances })
        })
    }
}

/// The variance of feature `j` over all rows, from those within the classes and between them.
fn spread(shares: &[f64], means: &[f64], variances: &[f64], width: usize, j: usize) -> f64 {
    let of = |values: &[f64], c: usize| values[c * width + j];
    let first = of(means, 0);
    let mean: f64 = shares.iter().enumerate().map(|(c, share)| share * (of(means, c) - first)).sum::<f64>() + first;
    let within = |c: usize| of(variances, c) + (of(means, c) - mean).powi(2);
    shares.iter().enumerate().map(|(c, share)| share * within(c)).sum()
}

#[typetag::serde(name = "gaussian_nb")]
impl Learner for GaussianNb {
    fn name(&self) -> String {
        "gnb".into()
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

/// A fitted [`GaussianNb`].
///
/// ```
/// # use consort_core::{Classes, Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// # use consort_linfa::GaussianNb;
/// # let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 5.0, 6.0] };
/// # let classes = Classes::new(["no", "yes"])?;
/// # let y = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// # let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = GaussianNb::default().classify(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.means(1), [5.5]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianNbModel {
    features: Schema,
    present: Present,
    /// One a class present.
    shares: Vec<f64>,
    /// `[class present][feature]`
    means: Vec<f64>,
    /// `[class present][feature]`, smoothed.
    variances: Vec<f64>,
}

impl GaussianNbModel {
    /// The classes, in class order.
    pub fn classes(&self) -> &Classes {
        self.present.classes()
    }

    /// The share of each class that the training rows have.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// The mean of each feature in the `c`-th class that the training rows have.
    pub fn means(&self, c: usize) -> &[f64] {
        &self.means[c * self.features.len()..(c + 1) * self.features.len()]
    }

    /// The smoothed variance of each feature in the `c`-th class that the training rows have.
    pub fn variances(&self, c: usize) -> &[f64] {
        &self.variances[c * self.features.len()..(c + 1) * self.features.len()]
    }
}

#[typetag::serde(name = "gaussian_nb")]
impl Model for GaussianNbModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let (width, classes) = (self.features.len(), self.present.places().len());
        whole(BY, "class shares", self.shares.len(), classes)?;
        whole(BY, "means", self.means.len(), classes * width)?;
        whole(BY, "variances", self.variances.len(), classes * width)?;
        let table = Table::known(BY, &self.features, rows)?;
        let constants: Vec<f64> = (0..classes)
            .map(|c| {
                let logs = self.variances(c).iter().map(|v| (std::f64::consts::TAU * v).ln()).sum::<f64>();
                self.shares[c].ln() - 0.5 * logs
            })
            .collect();
        let factors: Vec<f64> = self.variances.iter().map(|v| -0.5 / v).collect();
        let mut predicted = Matrix::zeros(table.len(), self.present.len());
        blocks::fill(predicted.values_mut(), self.present.len(), |block, out| {
            let mut x = vec![0.0; CHUNK.min(block.len()) * width];
            let mut logs = vec![0.0; CHUNK.min(block.len()) * classes];
            for (rows, out) in chunks(block).zip(out.chunks_mut(CHUNK * self.present.len())) {
                let height = rows.len();
                let (x, logs) = (&mut x[..height * width], &mut logs[..height * classes]);
                table.columns(rows, x);
                for (c, logs) in logs.chunks_exact_mut(height).enumerate() {
                    logs.fill(constants[c]);
                    for (j, x) in x.chunks_exact(height).enumerate() {
                        let (mean, factor) = (self.means[c * width + j], factors[c * width + j]);
                        logs.iter_mut().zip(x).for_each(|(log, x)| *log += factor * (x - mean) * (x - mean));
                    }
                }
                self.present.probabilities(logs, out);
            }
            Ok::<(), Error>(())
        })?;
        Ok(predicted)
    }
}
