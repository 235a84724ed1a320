use consort_core::{Error, Fuser, Fusion, Matrix, Outputs, Predictions, Result, Seed, Truth};
use serde::{Deserialize, Serialize};

use super::{
    active_set::{Sum, check_finite, minimise},
    linear_pool::{After, LinearPool},
    normal_equations::NormalEquations,
    sample::Sample,
};

/// Weights at least 0 that minimise the squared error of the weighted sum, whatever they sum to.
///
/// `min_w Σ_i ω_i Σ_k (b_k + Σ_m w_m x_mik − y_ik)²`, `w ≥ 0`. One pass over the cube (`rows · columns · members²`
/// multiplications), then the active-set method of Lawson and Hanson on the normal equations. All columns share the
/// weights. Regression members that all run high or low can be put right, which a weighted mean cannot.
///
/// Classes and labels: the sum of the weights is scaled to 1, so that the fused row stays a distribution, and there
/// is no intercept. Rows that a member lacks are left out of the fit.
///
/// # Errors
/// [`Error::Unsupported`] for an intercept with classes or labels, and for quantiles; [`Error::NotConverged`] if all
/// weights are 0 where they must sum to 1, and where products of the numbers overflow.
///
/// Source: Lawson, Hanson (1974), "Solving least squares problems", ch. 23; as a stacking: Breiman (1996), "Stacked
/// regressions".
///
/// ```
/// use consort_core::{Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::weights::NonNegativeLeastSquares;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(3))
///     .member("half", Gives::Values, &[0.5, 1.0, 2.0])?
///     .member("noise", Gives::Values, &[1.0, -1.0, 0.25])?
///     .build()?;
/// let target = Target::from_values(vec![1.0, 2.0, 4.0], "y")?;
/// let fitted = NonNegativeLeastSquares::default().least_squares(&predictions, &Truth::new(&target))?;
/// assert!((fitted.weight("half").unwrap() - 2.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NonNegativeLeastSquares {
    /// Whether a constant is added, one a target.
    pub intercept: bool,
    /// Whether the weights are scaled to sum to 1 after the fit; always so for classes and labels.
    pub sum_to_one: bool,
}

impl NonNegativeLeastSquares {
    /// With a constant, or without.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// With weights scaled to sum to 1, or as they come.
    pub fn sum_to_one(mut self, sum_to_one: bool) -> Self {
        self.sum_to_one = sum_to_one;
        self
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Fuser::fit`].
    pub fn least_squares(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<NonNegativePool> {
        const BY: &str = "non-negative least squares";
        let bounded = match predictions.outputs() {
            Outputs::Quantiles(_) => {
                return Err(Error::Unsupported {
                    by: BY.into(),
                    what: "quantiles".into(),
                    hint: "squared error is not least at a quantile".into(),
                });
            }
            Outputs::Targets(_) => false,
            Outputs::Classes(_) | Outputs::Labels(_) => true,
        };
        if bounded && self.intercept {
            return Err(Error::Unsupported {
                by: BY.into(),
                what: "an intercept for probabilities".into(),
                hint: "fit without it".into(),
            });
        }
        let sample = Sample::new(BY, predictions, truth)?.on_the_scale_of_truth(BY)?;
        let columns = predictions.columns();
        let mut equations: Option<NormalEquations> = None;
        let mut parts = Vec::with_capacity(columns);
        for k in 0..columns {
            let part = NormalEquations::of_column(&sample, k, self.intercept);
            match &mut equations {
                None => equations = Some(part.clone()),
                Some(sum) => sum.add(&part),
            }
            parts.push(part);
        }
        let Some(equations) = equations else {
            return Err(Error::Empty { what: "the list of outputs".into(), hint: "declare at least one".into() });
        };
        check_finite(BY, &equations.gram, &equations.right)?;
        let mut weights = minimise(&equations.gram, &equations.right, Sum::Free, None)?;
        let sum: f64 = weights.iter().sum();
        if bounded || self.sum_to_one {
            if sum <= 0.0 {
                return Err(Error::NotConverged {
                    method: BY,
                    problem: "no weight above 0 lowers the error, so none can sum to 1; use simplex weights".into(),
                });
            }
            weights.iter_mut().for_each(|w| *w /= sum);
        }
        let intercept = parts.iter().map(|part| part.intercept(&weights)).collect();
        let weights = sample.in_given_order(&weights, 1);
        let coefficients = weights.iter().flat_map(|&w| std::iter::repeat_n(w, columns)).collect();
        Ok(NonNegativePool { pool: LinearPool::new(sample.names(), coefficients, intercept, After::Nothing) })
    }
}

/// Fitted [`NonNegativeLeastSquares`].
///
/// ```
/// # use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// # use consort_fusion::weights::NonNegativeLeastSquares;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(3))
///     .member("m", Gives::Values, &[0.0, 1.0, 2.0])?
///     .build()?;
/// let target = Target::from_values(vec![1.0, 2.0, 3.0], "y")?;
/// let fitted = NonNegativeLeastSquares::default().intercept(true).least_squares(&predictions, &Truth::new(&target))?;
/// assert!((fitted.intercept()[0] - 1.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NonNegativePool {
    pool: LinearPool,
}

impl NonNegativePool {
    /// The names of the members, in the order in which they were given.
    pub fn members(&self) -> &[String] {
        self.pool.members()
    }

    /// The weight of the member of this name, as it is multiplied.
    pub fn weight(&self, name: &str) -> Option<f64> {
        self.pool.members().iter().position(|known| known == name).map(|m| self.pool.member(m)[0])
    }

    /// The constant added to each column.
    pub fn intercept(&self) -> &[f64] {
        self.pool.intercept()
    }
}

#[typetag::serde(name = "nnls")]
impl Fusion for NonNegativePool {
    fn name(&self) -> String {
        "nnls".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        self.pool.fuse("non-negative least squares", predictions)
    }

    fn row_by_row(&self) -> bool {
        true
    }

    /// The weights as parts of their sum; none if all are 0.
    fn weights(&self) -> Option<Vec<f64>> {
        let weights = self.pool.member_weights();
        // In the order of their size, so that the order of members changes no digit.
        let mut ascending = weights.clone();
        ascending.sort_by(f64::total_cmp);
        let sum: f64 = ascending.iter().sum();
        (sum > 0.0).then(|| weights.iter().map(|w| w / sum).collect())
    }
}

#[typetag::serde(name = "nnls")]
impl Fuser for NonNegativeLeastSquares {
    fn name(&self) -> String {
        "nnls".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.least_squares(predictions, truth)?))
    }
}
