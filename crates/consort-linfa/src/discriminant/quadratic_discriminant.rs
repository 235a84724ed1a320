use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use faer::{Mat, Side};
use serde::{Deserialize, Serialize};

use super::{QuadraticDiscriminantModel, from_0_to_1};
use crate::{
    classes::Present,
    dense::{Standard, Training, few_enough, products},
};

/// Quadratic discriminant analysis: each class is a normal cloud with a covariance of its own, so the border between two
/// classes is curved.
///
/// `ln p(c, x) = ln π_c − ½ ln |Σ_c| − ½ (x − μ_c)ᵀ Σ_c⁻¹ (x − μ_c)`. Features are standardised first, so units decide
/// nothing. `Σ_c` is the covariance of the class (divisor `Σ ω`), shrunk to `(1 − s) Σ_c + s tr(Σ_c)/p I`; a class
/// that does not spread at all, such as one of one row, is shrunk towards the mean spread of the others. Some shrinkage is
/// wanted wherever a class has not many more rows than there are features. A class that the training rows lack has
/// probability 0.
///
/// Two passes over the rows, `n p²` multiplications; `K p³` for the inverses, `n K p²` at prediction. Weights are honoured.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::NotConverged`] for a class that is flat in some direction where nothing is shrunk;
/// [`Error::Unsupported`] for values, categories, missing values or more than 5,000 features; [`Error::NotFinite`].
///
/// Source: Smith (1946); Friedman (1989), "Regularized discriminant analysis".
///
/// ```
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::QuadraticDiscriminant;
/// // The second class surrounds the first: no straight border tells them apart.
/// let x = Column::Numeric { name: "x".into(), values: vec![-1.0, 0.0, 1.0, -6.0, 6.0, 7.0, -7.0] };
/// let classes = Classes::new(["inner", "outer"])?;
/// let y = Target::from_labels(["inner", "inner", "inner", "outer", "outer", "outer", "outer"], &classes, "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = QuadraticDiscriminant::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let p = model.predict(&Samples::all(&data))?;
/// assert!(p.at(1, 0) > 0.5 && p.at(3, 1) > 0.99 && p.at(4, 1) > 0.99);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuadraticDiscriminant {
    /// How far each covariance is shrunk to a multiple of the identity, from 0 to 1.
    pub shrinkage: f64,
}

impl Default for QuadraticDiscriminant {
    fn default() -> Self {
        Self { shrinkage: 0.1 }
    }
}

pub(super) const BY: &str = "quadratic discriminant analysis";

impl QuadraticDiscriminant {
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
    pub fn classify(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<QuadraticDiscriminantModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.classes()?;
            let width = train.width();
            few_enough(BY, width)?;
            let standard = Standard::of(&train);
            let shares = target.shares(&train);
            let mut clouds = Vec::with_capacity(shares.len());
            for c in 0..shares.len() {
                ctx.check()?;
                let places: Vec<usize> = (0..train.len()).filter(|&i| target.codes[i] as usize == c).collect();
                clouds.push(Cloud::of(&train.only(&places), &standard));
            }
            let spread = shares.iter().zip(&clouds).map(|(share, cloud)| share * cloud.spread()).sum::<f64>();
            let spread = if spread > 0.0 { spread } else { 1.0 };
            let mut model = QuadraticDiscriminantModel {
                features: train.schema.clone(),
                standard,
                means: Vec::new(),
                whitening: Vec::new(),
                constants: Vec::new(),
                present: Present::new(target),
            };
            for (c, (cloud, share)) in clouds.into_iter().zip(&shares).enumerate() {
                ctx.check()?;
                let name = &model.present.classes().names()[model.present.places()[c]];
                let (whitening, log_volume) = cloud.whitening(self.shrinkage, spread, name)?;
                model.constants.push(share.ln() - 0.5 * log_volume);
                model.means.extend(cloud.mean);
                model.whitening.extend(whitening);
            }
            Ok(model)
        })
    }
}

/// One class, in standardised features.
struct Cloud {
    mean: Vec<f64>,
    covariance: Mat<f64>,
}

impl Cloud {
    fn of(rows: &Training<'_>, standard: &Standard) -> Self {
        let own = Standard::centred(rows);
        let all = products(rows, &Standard { means: own.means.clone(), scales: standard.scales.clone() }, None);
        let total = rows.total();
        let places = own.means.iter().zip(standard.means.iter().zip(&standard.scales));
        Self {
            mean: places.map(|(own, (mean, scale))| (own - mean) / scale).collect(),
            covariance: Mat::from_fn(all.nrows(), all.ncols(), |a, b| all[(a, b)] / total),
        }
    }

    /// The mean variance of the features.
    fn spread(&self) -> f64 {
        let width = self.covariance.nrows();
        (0..width).map(|j| self.covariance[(j, j)]).sum::<f64>() / width.max(1) as f64
    }

    /// A matrix whose product with `z − mean` has the identity for covariance, column after column, and the logarithm of
    /// the determinant of the covariance.
    fn whitening(&self, shrinkage: f64, usual: f64, class: &str) -> Result<(Vec<f64>, f64)> {
        let width = self.covariance.nrows();
        let own = self.spread();
        let round = if own > 0.0 { own } else { usual };
        let shrunk = Mat::from_fn(width, width, |a, b| {
            (1.0 - shrinkage) * self.covariance[(a, b)] + if a == b { shrinkage * round } else { 0.0 }
        });
        let eigen = shrunk.self_adjoint_eigen(Side::Lower).map_err(|_| Error::NotConverged {
            method: BY,
            problem: format!("the eigenvalues of the covariance of class `{class}` were not found: shrink more"),
        })?;
        let (vectors, values) = (eigen.U(), eigen.S().column_vector());
        let floor = 1e-12 * width as f64 * round;
        if (0..width).any(|r| values[r] <= floor) {
            return Err(Error::NotConverged {
                method: BY,
                problem: format!(
                    "class `{class}` is flat in some direction (constant or collinear features, or too few rows): shrink more"
                ),
            });
        }
        let whitening = (0..width).flat_map(|r| (0..width).map(move |j| (j, r)));
        let whitening = whitening.map(|(j, r)| vectors[(j, r)] / values[r].sqrt()).collect();
        Ok((whitening, (0..width).map(|r| values[r].ln()).sum()))
    }
}

#[typetag::serde(name = "quadratic_discriminant")]
impl Learner for QuadraticDiscriminant {
    fn name(&self) -> String {
        "qda".into()
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
