use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Seed, Takes};
use serde::{Deserialize, Serialize};

use super::{
    Gamma, Kernel, SupportVectorModel,
    decision::{Setting, gamma},
    support_vector_model::Answers,
};
use crate::{
    classes::Present,
    dense::{Standard, Training},
};

/// Support vectors, for classes and for values.
///
/// Classes: for each class against the others, `min ½ ‖w‖² + C Σ_i ω_i max(0, 1 − s_i f(x_i))`, and a curve from scores to
/// probabilities (Platt) fitted on scores of training rows by machines that never saw them (in five parts of the training
/// rows; equal rows are in one part); with more than two classes the probabilities are scaled to sum to 1. Where a class is
/// too small for parts, the curve is fitted on the training scores. Values: `min ½ ‖w‖² + C Σ_i ω_i max(0, |y_i − f(x_i)| − ε)`,
/// target by target.
///
/// Features are standardised by their weighted means and standard deviations unless `standardise` is off. Sequential minimal
/// optimisation with second-order choice of the pair; 200 MB of the kernel are kept; about `n²` to `n³` operations, so more
/// than 10,000 rows are refused. linfa's own holds the kernel of all rows, was 8 to 23 × slower than libsvm, takes no weights
/// and calibrates on its training scores. Weights are honoured.
///
/// # Errors
/// [`Error::NotConverged`] where a pair still gains more than `tolerance` after `steps` steps; [`Error::Parameter`];
/// [`Error::Unsupported`] for more than 10,000 rows, categories or missing values; [`Error::NotFinite`].
///
/// Source: Cortes, Vapnik (1995), "Support-vector networks"; Fan, Chen, Lin (2005); Platt (1999).
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::SupportVector;
/// let x = Column::Numeric { name: "x".into(), values: (0..20).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..20).map(|i| (f64::from(i) / 3.0).sin()).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let learner = SupportVector { c: 100.0, epsilon: 0.01, ..Default::default() };
/// let model = learner.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.predict(&Samples::all(&data))?.at(5, 0) - (5f32 / 3.0).sin()).abs() < 0.1);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SupportVector {
    /// The inverse of the penalty: greater trusts the rows more.
    pub c: f64,
    /// Errors up to this are none, in units of the target, or of its standard deviations; for values only.
    pub epsilon: f64,
    /// How alike two rows are.
    pub kernel: Kernel,
    /// The factor of the kernel.
    pub gamma: Gamma,
    /// Whether features are standardised before the fit; it is part of the model.
    pub standardise: bool,
    /// Whether values are standardised for the fit, so that `c`, `epsilon` and `tolerance` mean the same in any unit.
    pub standardise_target: bool,
    /// How much a pair may still gain.
    pub tolerance: f64,
    /// The most steps of the search.
    pub steps: usize,
}

impl Default for SupportVector {
    fn default() -> Self {
        Self {
            c: 1.0,
            epsilon: 0.1,
            kernel: Kernel::Rbf,
            gamma: Gamma::Scale,
            standardise: true,
            standardise_target: false,
            tolerance: 1e-3,
            steps: 1_000_000,
        }
    }
}

const BY: &str = "the support vector machine";

/// The most rows.
const MOST: usize = 10_000;

/// In how many parts the rows are left out for calibration.
const FOLDS: usize = 5;

impl SupportVector {
    /// With this inverse of the penalty.
    pub fn c(mut self, c: f64) -> Self {
        self.c = c;
        self
    }

    /// With this kernel.
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// With this factor of the kernel.
    pub fn gamma(mut self, gamma: Gamma) -> Self {
        self.gamma = gamma;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        let gamma = if let Gamma::Value(gamma) = self.gamma { gamma } else { 1.0 };
        for (name, value) in [("c", self.c), ("gamma", gamma), ("tolerance", self.tolerance)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::parameter(name, value, "finite and above 0"));
            }
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return Err(Error::parameter("epsilon", self.epsilon, "finite and at least 0"));
        }
        if self.steps == 0 {
            return Err(Error::parameter("steps", self.steps, "at least 1"));
        }
        self.kernel.check()
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn separate(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<SupportVectorModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            if train.len() > MOST {
                return Err(Error::Unsupported {
                    by: BY.into(),
                    what: format!("{} rows (at most {MOST})", train.len()),
                    hint: "draw fewer rows, or use logistic regression or boosting".into(),
                });
            }
            ctx.check()?;
            let width = train.width();
            let standard = if self.standardise { Standard::of(&train) } else { Standard::identity(width) };
            let raw = train.table.all_rows();
            let rows = standard.apply(&raw);
            let weights: Vec<f64> = (0..train.len()).map(|i| train.weight(i)).collect();
            let setting = Setting {
                kernel: self.kernel,
                gamma: gamma(self.gamma, &rows, &weights, width),
                c: self.c,
                tolerance: self.tolerance,
                steps: self.steps,
                width,
                ctx,
            };
            let (mut decisions, mut curves) = (Vec::new(), Vec::new());
            let answers = if train.is_classification()? {
                let target = train.classes()?;
                let places = target.present.len();
                let folds = folds(&raw, width, &target.codes, places, ctx.seed.child("platt"));
                let asked = match places {
                    1 => 0..0,
                    2 => 1..2,
                    _ => 0..places,
                };
                for class in asked {
                    let is_own: Vec<bool> = target.codes.iter().map(|&code| code as usize == class).collect();
                    let (decision, curve) = setting.calibrated(&rows, &is_own, &weights, &folds)?;
                    decisions.push(decision);
                    curves.push(curve);
                }
                Answers::Classes { present: Present::new(target), curves }
            } else {
                let target = train.values()?;
                for k in 0..target.names.len() {
                    let values = target.of(k);
                    let (mean, scale) =
                        if self.standardise_target { mean_and_scale(values, &weights) } else { (0.0, 1.0) };
                    let scaled: Vec<f64> = values.iter().map(|y| (y - mean) / scale).collect();
                    let mut decision = setting.along(&rows, &scaled, &weights, self.epsilon)?;
                    decision.values.iter_mut().for_each(|value| *value *= scale);
                    decision.constant = mean + scale * decision.constant;
                    decisions.push(decision);
                }
                Answers::Values { targets: target.names }
            };
            let (kernel, gamma) = (setting.kernel, setting.gamma);
            Ok(SupportVectorModel::new(train.schema, standard, (kernel, gamma), &rows, decisions, answers))
        })
    }
}

/// The weighted mean and standard deviation of values; the latter 1 where they are all equal.
fn mean_and_scale(values: &[f64], weights: &[f64]) -> (f64, f64) {
    let total: f64 = weights.iter().sum();
    let mean = |of: &dyn Fn(f64) -> f64| values.iter().zip(weights).map(|(&y, w)| w * of(y)).sum::<f64>() / total;
    // Of the greatest size, so that no square leaves the numbers there are.
    let size = values.iter().fold(0.0f64, |size, y| size.max(y.abs()));
    if size == 0.0 {
        return (0.0, 1.0);
    }
    let centre = mean(&|y| y / size);
    let scale = mean(&|y| (y / size - centre).powi(2)).sqrt() * size;
    (centre * size, if scale > 0.0 { scale } else { 1.0 })
}

/// The part of each row: by the rank of a hash of its numbers within its class, so that equal rows are in one part, and
/// neither the order of the rows nor their weights matter.
fn folds(rows: &[f32], width: usize, codes: &[u32], classes: usize, seed: Seed) -> Vec<usize> {
    let start = seed.stream().next_u64();
    let hash = |row: &[f32]| {
        row.iter().fold(start, |hash, x| {
            // A step of SplitMix64 (Steele, Lea, Flood 2014).
            let mut z = (hash ^ u64::from(x.to_bits())).wrapping_add(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        })
    };
    let hashes: Vec<u64> = rows.chunks_exact(width).map(hash).collect();
    let mut folds = vec![0; codes.len()];
    for class in 0..classes as u32 {
        let mut distinct: Vec<u64> = (0..codes.len()).filter(|&i| codes[i] == class).map(|i| hashes[i]).collect();
        distinct.sort_unstable();
        distinct.dedup();
        for i in (0..codes.len()).filter(|&i| codes[i] == class) {
            folds[i] = distinct.partition_point(|&hash| hash < hashes[i]) % FOLDS;
        }
    }
    folds
}

#[typetag::serde(name = "support_vector")]
impl Learner for SupportVector {
    fn name(&self) -> String {
        "svm".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: false, missing: false, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let model = self.separate(train, ctx)?;
        ctx.progress.step(1, 1, "fitted");
        Ok(Box::new(model))
    }
}
